# member.tcl --
#
#	One of the two members that bench/run.tcl measures; obeys lines on its
#	standard input and answers with lines on standard output.
#
# usage: tclsh member.tcl TAG GROUP PORT ?OPTION VALUE ...?

package require cluster 1.1
source [file join [file dirname [info script]] obey.tcl]

set options [lassign $argv tag group port]
set cluster [cluster join -address $group -port $port -tags [list $tag] {*}$options]

$cluster hook service discovered {
    if {![info exists ::peer]} {
	set ::peer $service
	puts found
    }
}
$cluster hook query {
    return $data
}
$cluster hook event {
    ::counted
}

# ---- round trips ----------------------------------------------------------

# One query after the other; prints the microseconds that one took on average.
proc roundtrip {trips bytes} {
    set ::text [string repeat x $bytes]
    set ::left $trips
    set start [clock microseconds]
    ask
    vwait ::finished
    puts [format %.3f [expr {([clock microseconds] - $start) / double($trips)}]]
}

proc ask {} {
    $::cluster query -resolve $::peer -query $::text -command told
}

proc told {event} {
    if {[lindex $event 0] eq "done"} {
	if {[incr ::left -1] > 0} {
	    ask
	} else {
	    set ::finished 1
	}
    }
}

# ---- events ---------------------------------------------------------------

# Sends events from a loop; prints when it began.
proc flood {events bytes {protocols {}}} {
    set data [string repeat x $bytes]
    set start [clock microseconds]
    for {set i 0} {$i < $events} {incr i} {
	$::cluster send -services $::peer -protocols $protocols -data $data
    }
    puts $start
}

# Sends events as fast as they are taken; prints when it began.
proc pour {events bytes} {
    set ::data [string repeat x $bytes]
    set ::unsent $events
    $::cluster hook drained {::pourOn}
    set start [clock microseconds]
    pourOn
    while {$::unsent > 0} {
	vwait ::unsent
    }
    puts $start
}

proc pourOn {} {
    while {$::unsent > 0 && ![catch {$::cluster send -services $::peer -protocols t -data $::data}]} {
	incr ::unsent -1
    }
}

# One more member of the cluster, here: prints the milliseconds from join until it has discovered the other process's.
proc meet {} {
    global options group port met
    set start [clock microseconds]
    set one [cluster join -address $group -port $port {*}$options]
    $one hook service discovered {
	if {[$service sid] eq [$::peer sid]} {
	    set ::met [clock microseconds]
	}
    }
    vwait ::met
    $one destroy
    puts [expr {($met - $start) / 1e3}]
}

# Sends events to be confirmed, as many as may be open, and another for each that
# was confirmed; prints how many microseconds it took until all were.
proc confirm {events bytes protocols} {
    set ::data [string repeat x $bytes]
    set ::over $protocols
    set ::unsent $events
    set ::open $events
    set start [clock microseconds]
    while {[confirmOne]} {}
    vwait ::confirmed
    puts [expr {[clock microseconds] - $start}]
}

proc confirmOne {} {
    if {$::unsent == 0 || [catch {
	$::cluster send -services $::peer -protocols $::over -data $::data -confirm outcome
    }]} {
	return 0
    }
    incr ::unsent -1
    return 1
}

proc outcome {service status reason text} {
    if {$status ne "delivered"} {
	error "not delivered: $reason"
    }
    confirmOne
    if {[incr ::open -1] == 0} {
	set ::confirmed 1
    }
}

obey
