# obey.tcl --
#
#	What the measured processes share, member.tcl and comm.tcl: they count
#	events, and obey lines on standard input, answered by lines on standard
#	output.

set count 0
set expected -1

# To be told when so many events have come.
proc expect {events} {
    set ::count 0
    set ::expected $events
    puts ok
}

# One has come. Prints when the last one did.
proc counted {} {
    if {[incr ::count] == $::expected} {
	puts [clock microseconds]
    }
}

proc arrived {} {
    puts $::count
}

proc obeyLine {} {
    if {[gets stdin line] >= 0} {
	{*}$line
    } elseif {[eof stdin]} {
	exit
    }
}

# For ever.
proc obey {} {
    fconfigure stdin -blocking 0
    fileevent stdin readable obeyLine
    vwait forever
}

fconfigure stdout -buffering line
