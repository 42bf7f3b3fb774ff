# compileCommands.tcl --
#
#	Writes a compile_commands.json, by which tools know how each source is
#	compiled.
#
# usage: tclsh compileCommands.tcl OUTPUT ?-- COMPILER ARG ... -- FILE ...? ...

# A string as JSON has it.
proc quoted {text} {
    return \"[string map {\\ \\\\ \" \\\" \n \\n \t \\t} $text]\"
}

proc entry {command file} {
    set object obj/[file rootname [file tail $file]].o
    set words {}
    foreach word [list {*}$command -c -o $object $file] {
	lappend words [quoted $word]
    }
    return "  {\"directory\": [quoted [pwd]], \"file\": [quoted $file],\n   \"arguments\": \[[join $words {, }]\]}"
}

# The words between one `--` and the next, as lists.
proc parts {words} {
    set parts {}
    set part {}
    foreach word $words {
	if {$word eq "--"} {
	    lappend parts $part
	    set part {}
	} else {
	    lappend part $word
	}
    }
    return [lappend parts $part]
}

set commands [lassign [parts $argv] output]
set entries {}
foreach {command files} $commands {
    foreach file $files {
	lappend entries [entry $command $file]
    }
}
set channel [open [lindex $output 0] w]
puts $channel "\[\n[join $entries ,\n]\n\]"
close $channel
