# comm.tcl --
#
#	One of the two processes that bench/run.tcl measures beside the members,
#	with Tcllib's package comm: a script is sent to the other one, which
#	evaluates it and answers, or (-async) does not. Obeys lines as member.tcl.
#
# usage: tclsh comm.tcl ?ID?	ID: the port that another such process printed

package require comm
source [file join [file dirname [info script]] obey.tcl]

set peer [lindex $argv 0]

# What the other side calls.
proc echo {text} {
    return $text
}

proc event {data} {
    counted
}

# What it is told to do.
proc roundtrip {trips bytes} {
    set text [string repeat x $bytes]
    set start [clock microseconds]
    for {set i 0} {$i < $trips} {incr i} {
	::comm::comm send $::peer echo $text
    }
    puts [format %.3f [expr {([clock microseconds] - $start) / double($trips)}]]
}

proc flood {events bytes} {
    set data [string repeat x $bytes]
    set start [clock microseconds]
    for {set i 0} {$i < $events} {incr i} {
	::comm::comm send -async $::peer event $data
    }
    puts $start
}

puts [::comm::comm self]
obey
