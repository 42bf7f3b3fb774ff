# run.tcl --
#
#	Measures how dependable members are: makes hosts, lets members meet there,
#	does something to them, and prints a table of how long it took the others
#	to notice. Beside it, where serf is installed, what serf takes for the
#	same. Asserts nothing. Run by `make lab`; nothing leaves the namespaces.
#
#	Environment:
#	LAB		names of experiments (all of them)
#	LAB_ROUNDS	how often each is run (3)
#	LAB_SECONDS	how long it lasts, where something lasts: a partition, a
#			cut, stops over lossy cables, all at once (60, 60, 300, 60; see the experiment)
#	LAB_EVENTS	how many events are sent to be confirmed (100000)
#	LAB_LIMIT	seconds after which to give up: "> 20 s" in the table (20)
#	LAB_SERF	0: without serf
#
#	`wrong` counts living members that others lost meanwhile, of whom the
#	experiment was not; `load` is the machine's, at the end of the experiment.

package require Tcl 8.6-

foreach file {../../support.tcl net.tcl faults.tcl members.tcl account.tcl experiments.tcl soak.tcl serf.tcl report.tcl} {
    source [file join [file dirname [file normalize [info script]]] $file]
}

# What the environment says, or the default.
proc lab::setting {name default} {
    return [expr {[info exists ::env($name)] && $::env($name) ne "" ? $::env($name) : $default}]
}

# One run of a procedure, which leaves nothing behind. Empty when it went wrong.
proc lab::once {command} {
    variable broken
    set failed [catch $command result]
    endAgents
    demolish
    if {$failed} {
	puts stderr "lab: $command: $result"
	incr broken
	return ""
    }
    return $result
}

proc lab::measure {name rounds serf} {
    variable experiments
    variable wrong 0
    set runs {}
    set theirs {}
    for {set i 0} {$i < $rounds} {incr i} {
	set values [once run_$name]
	if {$values ne ""} {
	    lappend runs $values
	}
	if {$serf && [info procs serf_$name] ne ""} {
	    lappend theirs {*}[once serf_$name]
	}
    }
    puts [join [lines $name [dict get $experiments $name] $runs $wrong [load] $theirs] \n]
}

proc lab::main {} {
    variable experiments
    variable limit [setting LAB_LIMIT 20]
    variable lasting [setting LAB_SECONDS ""]
    variable eventCount [setting LAB_EVENTS 100000]
    variable broken 0
    set names [setting LAB [dict keys $experiments]]
    foreach name $names {
	if {![dict exists $experiments $name]} {
	    error "unknown experiment \"$name\": must be [join [dict keys $experiments] {, }]"
	}
    }
    once host
    if {$broken} {
	error "there are no hosts to be had: that takes Linux, root, iproute2 and util-linux"
    }
    set serf [expr {[setting LAB_SERF 1] && [auto_execok serf] ne ""}]
    puts "cluster [package require cluster], Tcl [info patchlevel], load [load]"
    puts [heading]
    foreach name $names {
	measure $name [setting LAB_ROUNDS 3] $serf
    }
    return $broken
}

fconfigure stdout -buffering line
if {[catch {lab::main} broken]} {
    puts stderr "lab: $broken"
    lab::demolish
    exit 1
}
exit [expr {$broken > 0}]
