# experiments.tcl --
#
#	The experiments. Each has a name, the rows of the table that it fills and a
#	body, which is run on no hosts, makes what it needs, and returns one value
#	for each row: Inf for what was given up. Join options are the defaults
#	unless the experiment is about one; other hosts need -remote 1.

namespace eval lab {
    # Name -> list of rows, each {title target unit}; a command in a title is
    # substituted.
    variable experiments {}
    # Seconds after which an experiment gives up.
    variable limit 20
    # How long what takes some time lasts, in seconds, instead of what the
    # experiment says.
    variable lasting ""
    # How many events are sent to be confirmed.
    variable eventCount 100000
}

proc lab::experiment {name rows body} {
    variable experiments
    dict set experiments $name $rows
    proc run_$name {} "variable sid; variable view; variable limit\n$body"
}

# How many seconds something is to last.
proc lab::seconds {default} {
    variable lasting
    return [expr {$lasting eq "" ? $default : $lasting}]
}

proc lab::rest {seconds} {
    idle [expr {round(1000 * $seconds)}]
}

# Members that have met are left alone for a while before something happens.
proc lab::calm {} {
    rest [expr {1 + 2 * rand()}]
}

proc lab::pick {list} {
    return [lindex $list [expr {int(rand() * [llength $list])}]]
}

proc lab::without {list one} {
    return [lsearch -all -inline -not -exact $list $one]
}

# Seconds from then until the last of the observers has lost the last of the
# victims. Counts who else was lost.
proc lab::lostBy {observers victims when} {
    variable sid
    variable limit
    variable wrong
    set gone [lmap pid $victims {set sid($pid)}]
    set all [until $limit {[noneKnows $observers $gone]}]
    set worst 0
    foreach pid $observers {
	foreach event [since $pid $when lost] {
	    if {[lindex $event 2] in $gone} {
		set worst [expr {max($worst, ([lindex $event 0] - $when) / 1e6)}]
	    } else {
		incr wrong
	    }
	}
    }
    return [expr {$all ? $worst : Inf}]
}

proc lab::noneKnows {observers sids} {
    variable view
    foreach pid $observers {
	foreach sid $sids {
	    if {[dict exists $view($pid) $sid]} {
		return 0
	    }
	}
    }
    return 1
}

# Seconds from then until the condition holds in the caller's frame.
proc lab::took {when condition} {
    variable limit
    if {![uplevel 1 [list lab::until $limit $condition]]} {
	return Inf
    }
    return [expr {max(0, [clock microseconds] - $when) / 1e6}]
}

# Seconds from then until the member says this.
proc lab::hears {pid when word {what *}} {
    return [took $when {[first $pid $when $word $what] ne ""}]
}

# ---- dead members --------------------------------------------------------------------

lab::experiment killone {
    {{killed, 8 on one host: all others know} 1.0 s}
} {
    set members [meet [lrepeat 8 {*}[lan 1]]]
    calm
    set victim [pick $members]
    return [lostBy [without $members $victim] [list $victim] [kill [list $victim]]]
}

lab::experiment killhosts {
    {{killed, 8 on 8 hosts: all others know} 1.5 s}
} {
    set members [meet [lan 8] -remote 1]
    calm
    set victim [pick $members]
    return [lostBy [without $members $victim] [list $victim] [kill [list $victim]]]
}

lab::experiment crash {
    {{25 of 50 killed at once: all others know} 3.0 s}
} {
    lassign [lan 2] one two
    set members [meet [concat [lrepeat 25 $one] [lrepeat 25 $two]] -remote 1]
    calm
    set victims [lrange $members 25 end]
    return [lostBy [lrange $members 0 24] $victims [kill $victims]]
}

lab::experiment restart {
    {{40 restarts on one port: a ghost stays} 1.5 s}
    {{... times that a name has a ghost beside its successor} 0 {}}
} {
    set hosts [lan 4]
    set watchers [meet [lrange $hosts 0 2] -remote 1]
    set beside 0
    for {set i 0} {$i < 41} {incr i} {
	set phoenix [start [lindex $hosts 3] {-remote 1 -tags phoenix -t {port 4711}}]
	joined [list $phoenix]
	until 15 {![noneKnows $watchers [list $sid($phoenix)]]}
	incr beside [tcl::mathop::+ {*}[lmap number [askAll $watchers {llength [$c resolve phoenix]}] {
	    expr {$number > 1}
	}]]
	rest 0.2
	if {$i < 40} {
	    lappend dead $phoenix [kill [list $phoenix]]
	}
    }
    set ghosts [lmap {pid when} $dead {set sid($pid)}]
    if {![until $limit {[noneKnows $watchers $ghosts]}]} {
	return [list Inf $beside]
    }
    foreach {pid when} $dead {
	foreach watcher $watchers {
	    lappend lives 0 {*}[first $watcher $when lost $sid($pid)]
	}
    }
    return [list [tcl::mathfunc::max {*}$lives] $beside]
}

# ---- cables and addresses --------------------------------------------------------------

# Somebody goes on sending to the one that is cut off.
lab::experiment cable {
    {{cable pulled: all others know} 3.0 s}
    {{... sends said ok later than 3 s} 0 {}}
} {
    set hosts [lan 8]
    set members [meet $hosts -remote 1]
    calm
    set number [expr {int(rand() * 8)}]
    set victim [lindex $members $number]
    set others [without $members $victim]
    ask [lindex $others 0] "talk 250 $sid($victim)"
    set when [clock microseconds]
    cut [lindex $hosts $number]
    set seconds [lostBy $others [list $victim] $when]
    until 5 {[clock microseconds] > $when + 5000000}
    set taken 0
    foreach event [since [lindex $others 0] [expr {$when + 3000000}] sent] {
	incr taken [lindex $event 3]
    }
    return [list $seconds $taken]
}

lab::experiment cableback {
    {{cable back after [seconds 60] s: full view} 2.0 s}
} {
    set hosts [lan 8]
    set members [meet $hosts -remote 1]
    askAll $members {talk 1000}
    set host [pick $hosts]
    cut $host
    rest [seconds 60]
    set when [clock microseconds]
    mend $host
    return [took $when {[full $members]}]
}

lab::experiment address {
    {{address changed: both sides answer again} 3.0 s}
} {
    set hosts [lan 3]
    set members [meet $hosts -remote 1]
    calm
    lassign $members one two moved
    set when [clock microseconds]
    readdress [lindex $hosts 2] 10.99.0.33
    ask $one "inquire 500 $sid($moved)"
    ask $moved "inquire 500 $sid($one)"
    return [took $when {[first $one $when answered] ne "" && [first $moved $when answered] ne ""}]
}

lab::experiment deaf {
    {{deaf host, its beats go out: all others know} 3.0 s}
} {
    set hosts [lan 4]
    set members [meet $hosts -remote 1]
    calm
    set when [clock microseconds]
    deafen [lindex $hosts 3]
    return [lostBy [lrange $members 0 2] [lrange $members 3 3] $when]
}

# Noticed: an event arrives by another way, or one is refused, or the member is lost.
lab::experiment blackhole {
    {{TCP of a host blackholed: noticed by who sends} 3.0 s}
} {
    set hosts [lan 3]
    lassign [meet $hosts -remote 1] one two
    ask $one "talk 250 $sid($two)"
    calm
    set when [clock microseconds]
    blackhole [list [lindex $hosts 1]]
    return [took $when {
	[first $two $when event] ne "" || [first $one $when lost $sid($two)] ne ""
		|| [lsearch -index 3 [since $one $when sent] 0] >= 0
    }]
}

# ---- silence that ends -----------------------------------------------------------------

lab::experiment partition {
    {{4 and 4 apart for [seconds 60] s, repaired: full view} 2.0 s}
} {
    set hosts [lan 8]
    set members [meet $hosts -remote 1]
    askAll $members {talk 1000}
    part [lrange $hosts 0 3] [lrange $hosts 4 7]
    rest [seconds 60]
    set when [clock microseconds]
    heal $hosts
    return [took $when {[full $members]}]
}

lab::experiment resume {
    {{silent cut of [seconds 60] s repaired: events flow} 1.0 s}
} {
    set hosts [lan 2]
    lassign [meet $hosts -remote 1] one two
    ask $one "talk 250"
    calm
    part [lrange $hosts 0 0] [lrange $hosts 1 1]
    rest [seconds 60]
    set when [clock microseconds]
    heal $hosts
    return [hears $two $when event]
}

# ---- packets that are lost -----------------------------------------------------------------

lab::experiment joinloss {
    {{8 join over 10 % loss: full view} 3.0 s}
} {
    set hosts [lan 8]
    lose $hosts 10
    set members [lmap host $hosts {start $host {-remote 1}}]
    joined $members
    return [took [clock microseconds] {[full $members]}]
}

lab::experiment falseloss {
    {{10 % loss, stops of 2 s, [seconds 300] s: living ones lost} 0 {}}
} {
    set hosts [lan 8]
    set members [meet $hosts -remote 1]
    askAll $members {talk 1000}
    lose $hosts 10
    set begin [clock microseconds]
    set end [expr {$begin + 1000000 * [seconds 300]}]
    while {[clock microseconds] < $end} {
	set victim [list [pick $members]]
	signal STOP $victim
	rest 2
	signal CONT $victim
	until 8 {[clock microseconds] > $end}
    }
    return [tcl::mathop::+ {*}[lmap pid $members {llength [since $pid $begin lost]}]]
}

# A member of three has a clock of its own.
lab::experiment clock {
    {{clock moved by a day: living ones lost} 0 {}}
} {
    lassign [lan 1] host
    close [file tempfile file]
    set members [meet [list $host $host]]
    lappend members [start $host {} [shifted $file]]
    joined $members
    until $limit {[full $members]}
    foreach shift {86400 0 -86400 0} {
	moveClock $file $shift
	rest [seconds 3]
    }
    file delete $file
    return [tcl::mathop::+ {*}[lmap pid $members {llength [since $pid 0 lost]}]]
}

# ---- what was sent ---------------------------------------------------------------------

# The receiver writes down what it gets, the sender what was refused or reported.
# Lost without a word: what is in neither account.
lab::experiment delivery {
    {{receiver killed in 100,000 events: lost without a word} 0 {}}
    {{... delivered twice} 0 {}}
} {
    lassign [lan 2] one two
    close [file tempfile file]
    set receive "set got \[open $file a\]; fconfigure \$got -buffering line
	\$c hook event {puts \$::got \$data}"
    lassign [meet [list $one $two] -remote 1] sender receiver
    ask $receiver "\$c tags rx; $receive"
    until $limit {[ask $sender {llength [$c resolve rx]}]}
    ask $sender {burst rx 100000}
    until 60 {[ask $sender {set burst}] > 50000}
    kill [list $receiver]
    set second [start $two {-remote 1 -tags rx}]
    joined [list $second]
    ask $second $receive
    until 120 {[ask $sender {set burst}] >= 100000}
    rest 5
    set channel [open $file]
    set got [split [string trim [read $channel]] \n]
    close $channel
    file delete $file
    foreach number [concat $got [ask $sender {set told}]] {
	incr count($number)
    }
    return [list [expr {100000 - [array size count]}] [expr {[llength $got] - [llength [lsort -unique $got]]}]]
}

# ---- what was to be confirmed -----------------------------------------------------------

# Lines of a file that is not needed any more.
proc lab::takeFile {file} {
    set channel [open $file]
    set lines [split [string trim [read $channel]] \n]
    close $channel
    file delete $file
    return $lines
}

# A receiver on that host that keeps a journal, whose file is in the caller's
# dict by its sid.
proc lab::receiver {host filesName} {
    upvar 1 $filesName files
    variable sid
    set pid [start $host {-remote 1}]
    joined [list $pid]
    close [file tempfile file]
    dict set files $sid($pid) $file
    ask $pid [list journal $file rx]
    return $pid
}

# Waits until the sender has been told of so many delivered ones, or nothing
# moves for a minute.
proc lab::delivered {sender count} {
    set last -1
    while {[set now [ask $sender {set delivered}]] < $count && $now != $last} {
	set last $now
	until 60 {[ask $sender {set delivered}] >= min($last + 1000, $count)}
    }
}

# One host sends events to another to be confirmed, while the script does what is
# to be endured to the hosts; it finds the receiver in `pid` and may replace it.
# Returns the account.
proc lab::confirming {script} {
    variable eventCount
    set files {}
    lassign [lan 2] one two
    set sender [start $one {-remote 1}]
    joined [list $sender]
    set pid [receiver $two files]
    until 60 {[full [list $sender $pid]]}
    ask $sender [list confirmed rx $eventCount [expr {max(1, 100000 / $eventCount)}]]
    eval $script
    delivered $sender $eventCount
    rest 1
    close [file tempfile file]
    ask $sender [list confirmWrite $file]
    set sends [takeFile $file]
    set journals [dict map {receiver file} $files {join [takeFile $file]}]
    demolish
    return [account $eventCount $sends $journals]
}

# Evaluates the script each time another share of the events is delivered, some
# time after that.
proc lab::meanwhile {sender times script} {
    variable eventCount
    for {set i 1} {$i <= $times} {incr i} {
	delivered $sender [expr {$i * $eventCount / ($times + 1)}]
	rest [expr {0.03 * rand()}]
	uplevel 1 $script
    }
}

# What failed is sent again, see `confirmed` in member.tcl; what is counted, see
# account.tcl. In doubt are those that were open when the receiver was killed.
lab::experiment confirm {
    {{confirmed events, receiver killed 3 times: missing} 0 {}}
    {{... twice} 0 {}}
    {{... out of order} 0 {}}
    {{... in doubt, and sent again} 192 {}}
    {{confirmed events, 5 % loss both ways: missing} 0 {}}
    {{... twice} 0 {}}
    {{... out of order} 0 {}}
    {{... in doubt, and sent again} 0 {}}
    {{confirmed events, address changes 3 times: missing} 0 {}}
    {{... twice} 0 {}}
    {{... out of order} 0 {}}
    {{... in doubt, and sent again} 0 {}}
} {
    set killed [confirming {
	meanwhile $sender 3 {
	    kill [list $pid]
	    set pid [receiver $two files]
	}
    }]
    set lossy [confirming {
	lose [list $one $two] 5
    }]
    set moved [confirming {
	set address 32
	meanwhile $sender 3 {
	    readdress $two 10.99.0.[incr address]
	}
    }]
    return [concat $killed $lossy $moved]
}

# ---- a hundred -------------------------------------------------------------------------

lab::experiment hundred {
    {{100 on one host, [seconds 120] s at rest: packets a second, each} 5 {}}
    {{... processor of each, percent} 0.3 {}}
    {{... one more is known to all} 1.0 s}
    {{... 50 killed at once: all others know} 3.0 s}
} {
    lassign [lan 1] host
    set members [meet [lrepeat 100 $host]]
    rest 5
    # Nobody is asked anything meanwhile. Percents of a core that one uses are cores
    # that a hundred use.
    set sent [packetsOf $host]
    set used [processor $members]
    set when [clock microseconds]
    rest [seconds 120]
    set during [expr {([clock microseconds] - $when) / 1e6}]
    set percent [expr {([processor $members] - $used) / $during}]
    set packets [expr {([packetsOf $host] - $sent) / $during / 100}]

    set joiner [start $host {}]
    joined [list $joiner]
    lappend members $joiner
    set known [took [lindex [since $joiner 0 joined] 0 0] {[full $members]}]
    calm
    set victims [lrange $members 0 49]
    set lost [lostBy [lrange $members 50 end] $victims [kill $victims]]
    return [list $packets $percent $known $lost]
}

# Packets that a host's system has sent by UDP and TCP, over all members.
proc lab::packetsOf {host} {
    set sum 0
    foreach {names values} [split [string trim [at $host cat /proc/net/snmp]] \n] {
	foreach name $names value $values {
	    incr sum [expr {"[lindex $names 0]$name" in {Udp:OutDatagrams Tcp:OutSegs} ? $value : 0}]
	}
    }
    return $sum
}

# Seconds of processor that processes have used, together.
proc lab::processor {pids} {
    set sum 0
    foreach pid $pids {
	set channel [open /proc/$pid/schedstat]
	set sum [expr {$sum + [lindex [read $channel] 0] / 1e9}]
	close $channel
    }
    return $sum
}
