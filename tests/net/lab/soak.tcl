# soak.tcl --
#
#	Everything at once, for long: members talk, ask and fail in their hooks while
#	others are killed, started, stopped, cut off and reset and packets get lost.
#	In the end, when all that has an end, each is to know all others and nobody
#	else, and to need no more memory than after the first third of the time.
#
#	For a build with sanitizers, whose reports are what it is for there:
#	    make -C build-asan lab LAB=soak LAB_ROUNDS=1 LAB_SECONDS=1800

namespace eval lab {
    # Members at a time, and milliseconds from one trouble to the next.
    variable crowd 12
    variable trouble 700
    # What happens, at random; more often what stands here more often.
    variable troubles {churn churn churn goodbye stop lossy cable sides reset address}
}

# What every member does, besides what member.tcl has it do.
proc lab::busy {} {
    return {
	proc bgerror {message} {
	    if {![string match "on purpose*" $message]} {
		tell error $message
	    }
	}
	proc sometimes {share} {
	    if {rand() < $share} {
		error "on purpose"
	    }
	}
	$::c hook event {
	    ::sometimes 0.1
	    if {rand() < 0.02} {
		catch {$service send [$cluster event_payload [list data back] 0]}
	    }
	}
	$::c hook query {
	    ::sometimes 0.1
	    if {rand() < 0.1} {
		after 200 [list catch [list $service answer $ruid -data late]]
		return -code break
	    }
	    return $data
	}
	$::c hook evaluate receive {::sometimes 0.01}
	$::c hook channel 5 receive {::sometimes 0.2}
	$::c hook service validate {::sometimes 0.02}
	$::c hook service suspect {::sometimes 0.1}
	$::c hook undelivered {::sometimes 0.1}
	$::c hook tags changed {::sometimes 0.1}
	proc ignore {args} {
	    sometimes 0.1
	}
	proc work {} {
	    after 20 tireless
	    set some [lrange [$::c services] 0 [expr {int(rand() * 5)}]]
	    set size [expr {rand() < 0.02 ? 200000 : 100}]
	    switch [expr {int(rand() * 8)}] {
		0 {$::c query -resolve t[expr {int(rand() * 9)}] -query [string repeat q $size] -timeout 2000 -collect -command ignore}
		1 {$::c send -services $some -data [string repeat c $size] -confirm ignore -timeout 2000}
		2 {$::c send -broadcast 1 -data all}
		3 {$::c tags t[expr {int(rand() * 9)}]}
		4 {$::c send -services $some -channel 5 -data five}
		default {$::c send -services $some -data [string repeat e $size]}
	    }
	}
	proc tireless {} {
	    if {[catch work message options] && [lindex [dict get $options -errorcode] 0] ne "CLUSTER"} {
		tell error $message
	    }
	}
	after 20 tireless
    }
}

# One more, on any host.
proc lab::recruit {hosts} {
    set pid [start [pick $hosts] {-remote 1 -ttl 15}]
    joined [list $pid]
    ask $pid [busy]
    return $pid
}

# Does a process run, also when it is stopped? One that ended is not buried yet.
proc lab::runs {pid} {
    if {[catch {open /proc/$pid/stat} channel]} {
	return 0
    }
    set text [read $channel]
    close $channel
    return [expr {[lindex $text 2] ne "Z"}]
}

# Kilobytes of memory that a process has of its own.
proc lab::memory {pid} {
    set channel [open /proc/$pid/status]
    regexp {RssAnon:\s*(\d+)} [read $channel] -> size
    close $channel
    return $size
}

# Does one of `troubles`; the list of members in the variable is changed accordingly.
# Each but the loss of packets has an end by itself.
proc lab::happen {what hosts variable} {
    upvar 1 $variable members
    set one [pick $members]
    set host [pick $hosts]
    switch $what {
	churn {
	    kill [list $one]
	    set members [concat [without $members $one] [recruit $hosts]]
	}
	goodbye {
	    childAsk $one {catch {$c destroy}; exit}
	    until 5 {![file exists /proc/$one]}
	    kill [list $one]
	    set members [concat [without $members $one] [recruit $hosts]]
	}
	stop {
	    signal STOP $one
	    rest 2
	    signal CONT $one
	}
	lossy { lose $hosts [pick {0 5 10}] }
	cable {
	    cut $host
	    rest [pick {1 5}]
	    mend $host
	}
	sides {
	    part [lrange $hosts 0 1] [lrange $hosts 2 end]
	    rest [pick {1 4}]
	    heal $hosts
	}
	reset {
	    reset [lrange $hosts 0 1] [lrange $hosts 2 end]
	    rest 2
	    heal $hosts
	}
	address { readdress $host 10.99.0.[expr {20 + [incr ::lab::readdressed] % 200}] }
    }
}

# Replaces those that have ended by themselves, and counts them.
proc lab::bury {hosts variable} {
    upvar 1 $variable members
    variable fell
    foreach one $members {
	if {![runs $one]} {
	    incr fell
	    puts stderr "member $one has ended by itself"
	    kill [list $one]
	    set members [concat [without $members $one] [recruit $hosts]]
	}
    }
}

# What members have said since the last time is not needed any more, but for errors.
proc lab::forget {} {
    variable events
    variable errors
    foreach pid [array names events] {
	incr errors [llength [lsearch -all -index 1 $events($pid) error]]
	set events($pid) {}
    }
}

lab::experiment soak {
    {{[seconds 60] s of trouble: members that ended by themselves} 0 {}}
    {{... errors in them that were not on purpose} 0 {}}
    {{... full view when all that is over} 5.0 s}
    {{... growth of the oldest since the first third} 2000 kB}
} {
    variable crowd
    variable trouble
    variable troubles
    variable fell 0
    variable errors 0
    variable readdressed 0
    set hosts [lan 6]
    # The veteran is never touched.
    set veteran [recruit $hosts]
    for {set i 1} {$i < $crowd} {incr i} {
	lappend members [recruit $hosts]
    }
    set third 0
    set begin [clock seconds]
    while {[clock seconds] < $begin + [seconds 60]} {
	happen [pick $troubles] $hosts members
	rest [expr {$trouble / 1000.0}]
	bury $hosts members
	forget
	if {!$third && [clock seconds] > $begin + [seconds 60] / 3} {
	    set third [memory $veteran]
	}
    }
    heal $hosts
    lappend members $veteran
    set when [clock microseconds]
    set seconds [took $when {[full $members]}]
    forget
    rest 3
    set growth [expr {[runs $veteran] ? [memory $veteran] - $third : Inf}]
    foreach one [without $members $veteran] {
	incr fell [expr {![runs $one]}]
    }
    return [list $fell $errors $seconds $growth]
}
