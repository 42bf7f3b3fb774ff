# child.tcl --
#
#	The member in Python as a child process of a test. A test file sources this
#	after support.tcl; the constraint `python3` says whether it can be run.

# Without the sanitizers that may be loaded into us, and with UTF-8 whatever the locale.
set python {env -u LD_PRELOAD PYTHONUTF8=1 python3 -B}
set program [file join [file dirname [file normalize [info script]]] peer.py]

testConstraint python3 [expr {[auto_execok python3] ne ""
	&& ![catch {exec {*}$python -c "import asyncio, fcntl, sys; assert sys.version_info >= (3, 8)"}]}]

# Process id -> {pipe P lines L} of the peers under way.
set peers {}

# Starts a member of the cluster at that port (tags: a list in ASCII, if need
# be with backslash sequences); returns its process id once it has joined.
proc peer {port tags args} {
    return [peerBy {} $port $tags {*}$args]
}

# The same by a command that ends as the one it is given, in the same process.
proc peerBy {prefix port tags args} {
    set pipe [open |[list {*}$prefix {*}$::python $::program --address [address] --port $port --tags $tags {*}$args 2>@stderr] r+]
    fconfigure $pipe -blocking 0 -buffering line -encoding utf-8 -translation lf
    set id [lindex [pid $pipe] end]
    dict set ::peers $id [dict create pipe $pipe lines {}]
    fileevent $pipe readable [list peerHear $id]
    peerSays $id joined
    return $id
}

# Splits a line into its words, the last of which may be text in JSON: its
# sequences are Tcl's as well.
proc peerWords {line} {
    if {[regexp {^([^"]*) "(.*)"$} $line -> words text]} {
	return [list {*}[split $words] [subst -nocommands -novariables $text]]
    }
    return [split $line]
}

proc peerHear {id} {
    set pipe [dict get $::peers $id pipe]
    while {[gets $pipe line] >= 0} {
	dict update ::peers $id entry {
	    dict lappend entry lines [peerWords $line]
	}
    }
    if {[eof $pipe]} {
	fileevent $pipe readable {}
    }
}

# Waits for a line that begins with those words, the number-th of that kind, and returns the rest of it.
proc peerSays {id args} {
    return [peerSaysAgain 1 $id {*}$args]
}

proc peerSaysAgain {number id args} {
    waitUntil {[llength [peerLines $id {*}$args]] >= $number} "the peer to say $args"
    return [lrange [lindex [peerLines $id {*}$args] $number-1] [llength $args] end]
}

proc peerLines {id args} {
    set found {}
    foreach line [dict get $::peers $id lines] {
	if {[lrange $line 0 [llength $args]-1] eq $args} {
	    lappend found $line
	}
    }
    return $found
}

# Gives it a command: the words, joined by blanks.
proc peerTell {id args} {
    puts [dict get $::peers $id pipe] [join $args]
}

# Ends the peers that are left.
proc peersEnd {} {
    dict for {id entry} $::peers {
	catch {exec kill -KILL $id}
	fileevent [dict get $entry pipe] readable {}
	fconfigure [dict get $entry pipe] -blocking 1
	catch {close [dict get $entry pipe]}
    }
    set ::peers {}
}
