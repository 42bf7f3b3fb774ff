# members.tcl --
#
#	Members on the hosts, each a process that runs member.tcl, and what they
#	have said. A member is called by its process id.

namespace eval lab {
    # By member: its sid, whom it knows (a dict of sids), its lines.
    variable sid
    variable view
    variable events
    variable answers
    variable questions 0
    # Those alive, as far as we know.
    variable living {}
    # How often experiments saw a member lost that they had left alone.
    variable wrong 0
}

# Starts a member and returns its process id; `joined` waits for it. Before its
# command comes the prefix, see `shifted`.
proc lab::start {host options {prefix {}}} {
    variable directory
    variable view
    variable events
    variable living
    set pid [child [list source [file join $directory member.tcl]] [concat [inside $host] $prefix] lab::hear]
    set view($pid) {}
    set events($pid) {}
    lappend living $pid
    childAsk $pid [list begin $options]
    return $pid
}

# A line of a member.
proc lab::hear {pid line} {
    variable sid
    variable view
    variable events
    variable answers
    lassign $line when word what
    switch $word {
	joined { set sid($pid) $what }
	found { dict set view($pid) $what $when }
	lost { dict unset view($pid) $what }
	answer {
	    set answers($what) [lrange $line 3 4]
	    return
	}
	error { puts stderr "member $pid: $what" }
    }
    lappend events($pid) $line
}

# ---- waiting, asking -------------------------------------------------------------

# Runs the event loop until the expression holds in the caller's frame or the
# time, in seconds, is over; whether it holds.
proc lab::until {seconds condition} {
    set end [expr {[clock milliseconds] + round(1000 * $seconds)}]
    while {![uplevel 1 [list expr $condition]]} {
	if {[clock milliseconds] > $end} {
	    return 0
	}
	idle 20
    }
    return 1
}

# The result of a script in a member.
proc lab::ask {pid script} {
    return [lindex [askAll [list $pid] $script] 0]
}

# The results of a script in several, which work at the same time.
proc lab::askAll {pids script} {
    variable answers
    variable questions
    foreach pid $pids {
	set id [incr questions]
	lappend ids $id
	childAsk $pid [list answer $id $script]
    }
    foreach id $ids {
	if {![until 60 {[info exists answers($id)]}]} {
	    error "no answer to: $script" "" {LAB ANSWER}
	}
	lassign $answers($id) code result
	unset answers($id)
	if {$code} {
	    error "a member: $result" "" {LAB MEMBER}
	}
	lappend results $result
    }
    return $results
}

# Waits until they have joined.
proc lab::joined {pids} {
    variable sid
    foreach pid $pids {
	if {![until 60 {[info exists sid($pid)]}]} {
	    error "a member did not join" "" {LAB JOIN}
	}
    }
}

# ---- who knows whom --------------------------------------------------------------

# Whether each knows all others of these and nobody else.
proc lab::full {pids} {
    variable sid
    variable view
    set others [expr {[llength $pids] - 1}]
    foreach pid $pids {
	if {[dict size $view($pid)] != $others} {
	    return 0
	}
    }
    foreach pid $pids {
	foreach other $pids {
	    if {$other ne $pid && ![dict exists $view($pid) $sid($other)]} {
		return 0
	    }
	}
    }
    return 1
}

# A member with these options on each of the hosts, all of which know each other.
proc lab::meet {hosts args} {
    set pids [lmap host $hosts {start $host $args}]
    joined $pids
    if {![until 60 {[full $pids]}]} {
	error "the members did not find each other" "" {LAB MEET}
    }
    return $pids
}

# What a member has said since then, of that word.
proc lab::since {pid when word} {
    variable events
    set found {}
    foreach event [lreverse $events($pid)] {
	if {[lindex $event 0] < $when} {
	    break
	}
	if {[lindex $event 1] eq $word} {
	    lappend found $event
	}
    }
    return [lreverse $found]
}

# Seconds from then until the first of these, whose next word matches; empty when
# there is none.
proc lab::first {pid when word {what *}} {
    foreach event [since $pid $when $word] {
	if {[string match $what [lindex $event 2]]} {
	    return [expr {([lindex $event 0] - $when) / 1e6}]
	}
    }
    return ""
}

# Ends members with a signal, at once. Returns when, in microseconds.
proc lab::kill {pids {signal KILL}} {
    variable living
    set when [signal $signal $pids]
    foreach pid $pids {
	childEnd $pid KILL
	set living [lsearch -all -inline -not -exact $living $pid]
    }
    return $when
}

# Ends whatever runs, and the hosts.
proc lab::demolish {} {
    variable living
    variable sid
    variable view
    variable events
    if {$living ne ""} {
	kill $living
    }
    childrenEnd
    raze
    foreach name {sid view events} {
	array unset $name
    }
}
