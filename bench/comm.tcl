# comm.tcl --
#
#	One of the two processes that bench/run.tcl measures beside the members,
#	with Tcllib's package comm: a script is sent to the other one, which
#	evaluates it and answers, or (-async) does not. Obeys lines as member.tcl.
#
# usage: tclsh comm.tcl ?ID?	ID: the port that another such process printed

package require comm

set peer [lindex $argv 0]
set count 0
set expected -1

# What the other side calls.
proc echo {text} {
    return $text
}

proc event {data} {
    if {[incr ::count] == $::expected} {
	puts [clock microseconds]
    }
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

proc expect {events} {
    set ::count 0
    set ::expected $events
    puts ok
}

proc flood {events bytes} {
    set data [string repeat x $bytes]
    set start [clock microseconds]
    for {set i 0} {$i < $events} {incr i} {
	::comm::comm send -async $::peer event $data
    }
    puts $start
}

proc obey {} {
    if {[gets stdin line] >= 0} {
	{*}$line
    } elseif {[eof stdin]} {
	exit
    }
}

fconfigure stdout -buffering line
puts [::comm::comm self]
fconfigure stdin -blocking 0
fileevent stdin readable obey
vwait forever
