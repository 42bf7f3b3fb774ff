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

# ---- confirmed sends -----------------------------------------------------------------

# Writes down each event, before it is confirmed; then can be found by the tag.
proc journal {file tag} {
    set ::journal [open $file w]
    chan configure $::journal -buffering line
    $::c hook event {puts $::journal $data}
    $::c tags $tag
}

# Sends the numbers from 1 on to the one who has the tag, in order, at most 100
# every so many milliseconds and no more than may be open. What failed is sent
# again once nothing is open, before those behind it. `delivered` counts; of each
# send there is {number receiver} in `sends` and what was told in `outcomes`.
proc confirmed {tag count ms} {
    foreach name {tag count ms} {
	set ::$name [set $name]
    }
    array set ::sends {}
    array set ::outcomes {}
    lassign {0 0 0 0 0 {}} ::serial ::number ::open ::delivered ::failed ::again
    $::c hook drained {::confirmOn}
    confirmOn
}

proc confirmOn {} {
    after cancel confirmOn
    if {$::failed && $::open > 0} {
	return ;# until nothing is
    }
    set ::failed 0
    set ::again [lsort -integer $::again]
    set services [$::c resolve $::tag]
    for {set i 0} {$i < 100 && [llength $services] == 1 && !$::failed} {incr i} {
	if {$::again eq "" && $::number == $::count} {
	    return
	}
	if {![confirmOne [lindex $services 0]]} {
	    return ;# until it is drained, or lost
	}
    }
    after [expr {[llength $services] == 1 ? $::ms : 20}] confirmOn
}

# False when so many are open as may be.
proc confirmOne {service} {
    set number [expr {$::again eq "" ? $::number + 1 : [lindex $::again 0]}]
    set serial [expr {$::serial + 1}]
    if {[catch {$::c send -services $service -data "$serial $number" -confirm [list confirmTold $serial]} result options]} {
	if {[dict get $options -errorcode] eq "CLUSTER QUEUE_FULL"} {
	    return 0
	}
	return -options $options $result
    }
    set ::serial $serial
    set ::sends($serial) [list $number [$service sid]]
    set ::failed [expr {[llength $result] > 3}]
    incr ::open
    if {$::again eq ""} {
	incr ::number
    } else {
	set ::again [lrange $::again 1 end]
    }
    return 1
}

proc confirmTold {serial service status reason text} {
    lappend ::outcomes($serial) [list $status $reason]
    incr ::open -1
    if {$status eq "delivered"} {
	incr ::delivered
    } else {
	lappend ::again [lindex $::sends($serial) 0]
	set ::failed 1
    }
    if {$::failed && $::open == 0} {
	after cancel confirmOn
	after 0 confirmOn
    }
}

# A line for each send: {serial number receiver outcomes}.
proc confirmWrite {file} {
    set channel [open $file w]
    foreach serial [lsort -integer [array names ::sends]] {
	set outcomes [expr {[info exists ::outcomes($serial)] ? $::outcomes($serial) : ""}]
	puts $channel [list $serial {*}$::sends($serial) $outcomes]
    }
    close $channel
}
