# member.tcl --
#
#	What a member of the laboratory runs: it joins, says what it hears with the
#	time in microseconds, and does what it is told. Its lines are Tcl lists.

package require cluster

# `tell WORD ?ARG ...?`
proc tell {args} {
    say [string map [list \n " "] [list [clock microseconds] {*}$args]]
}

proc bgerror {message} {
    tell error $message
}

proc begin {options} {
    set ::c [cluster join {*}$options]
    $::c hook service discovered {::tell found [my sid]}
    $::c hook service lost {::tell lost [my sid]}
    $::c hook event {::tell event $data}
    $::c hook query {return $data}
    tell joined [$::c sid]
}

# Evaluates a script and tells its result.
proc answer {id script} {
    set code [catch {uplevel #0 $script} result]
    tell answer $id $code $result
}

# ---- what experiments have a member do ---------------------------------------------

# From now on sends, every so many milliseconds, the next number to all members
# with the tag, or to all; tells how many a transport has taken it for.
proc talk {ms {tag ""}} {
    after $ms [list talk $ms $tag]
    set services [expr {$tag eq "" ? [$::c services] : [$::c resolve $tag]}]
    lassign [$::c send_payload $services [$::c event_payload [list data [incr ::talked]] 0] {}] taken
    tell sent $::talked [dict size $taken]
}

# From now on asks those with the tag, every so many milliseconds; tells of answers.
proc inquire {ms tag} {
    after $ms [list inquire $ms $tag]
    $::c query -resolve $tag -query x -timeout 5000 -command inquired
}
proc inquired {event} {
    if {[lindex $event 0] eq "response"} {
	tell answered
    }
}

# Packets sent until now, over all transports.
proc packets {} {
    set sum 0
    dict for {protocol counts} [dict get [$::c stats] protocols] {
	incr sum [dict get $counts packets_out]
    }
    return $sum
}

# Sends so many numbers to who has the tag, 50 each millisecond. In `burst` is how
# far it is, in `told` which were refused or reported as undelivered.
proc burst {tag count} {
    set ::told {}
    set ::burst 0
    catch {$::c hook undelivered {lappend ::told $data}}
    burstOn $tag $count
}
proc burstOn {tag count} {
    set services [$::c resolve $tag]
    for {set i 0} {$i < 50 && $::burst < $count} {incr i} {
	lassign [$::c send_payload $services [$::c event_payload [list data $::burst] 0] {}] taken
	if {[dict size $taken] == 0} {
	    lappend ::told $::burst
	}
	incr ::burst
    }
    if {$::burst < $count} {
	after 1 [list burstOn $tag $count]
    }
}
