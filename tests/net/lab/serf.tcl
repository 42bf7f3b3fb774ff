# serf.tcl --
#
#	The same with agents of serf, where that is installed, for the experiments
#	that it can do: procedures serf_NAME, which return one value.

namespace eval lab {
    # By agent (its process id): its pipe, and the hosts that it takes for up.
    variable agents
    variable up
}

# An agent on a host, which joins by the one at the address. Returns its process id.
proc lab::agent {host {join {}}} {
    variable agents
    variable up
    set command [list {*}[inside $host] serf agent -node=$host -bind=[addressOf $host] \
	    -rpc-addr=127.0.0.1:7373 -profile=lan -log-level=info]
    if {$join ne ""} {
	lappend command -join=$join
    }
    set pipe [open |[list {*}$command </dev/null 2>@1] r]
    set pid [lindex [pid $pipe] 0]
    set agents($pid) $pipe
    set up($pid) {}
    fconfigure $pipe -blocking 0
    fileevent $pipe readable [list lab::hearAgent $pid]
    return $pid
}

proc lab::hearAgent {pid} {
    variable agents
    variable up
    while {[gets $agents($pid) line] >= 0} {
	if {[regexp {EventMember(Join|Failed|Leave|Reap): (\S+)} $line -> what host]} {
	    dict unset up($pid) $host
	    if {$what eq "Join"} {
		dict set up($pid) $host 1
	    }
	}
    }
    if {[eof $agents($pid)]} {
	fileevent $agents($pid) readable {}
    }
}

# An agent on each host, all of which know each other.
proc lab::meetAgents {hosts} {
    set pids [list [agent [lindex $hosts 0]]]
    foreach host [lrange $hosts 1 end] {
	rest 0.3
	lappend pids [agent $host [addressOf [lindex $hosts 0]]]
    }
    if {![until 60 {[allUp $pids $hosts]}]} {
	error "the agents of serf did not find each other" "" {LAB SERF}
    }
    calm
    return $pids
}

proc lab::allUp {pids hosts} {
    variable up
    foreach pid $pids {
	if {[dict size $up($pid)] != [llength $hosts]} {
	    return 0
	}
    }
    return 1
}

# Seconds from then until none of them takes the host for up.
proc lab::downBy {pids host when} {
    variable up
    return [took $when {[lsearch -exact [lmap pid $pids {dict exists $up($pid) $host}] 1] < 0}]
}

proc lab::endAgents {} {
    variable agents
    foreach pid [array names agents] {
	catch {exec kill -KILL $pid}
	fconfigure $agents($pid) -blocking 1
	catch {close $agents($pid)}
    }
    array unset agents
}

# ---- experiments -------------------------------------------------------------------

proc lab::serf_killhosts {} {
    set hosts [lan 8]
    set pids [meetAgents $hosts]
    return [downBy [lrange $pids 0 6] [lindex $hosts 7] [signal KILL [lindex $pids 7]]]
}

proc lab::serf_cable {} {
    set hosts [lan 8]
    set pids [meetAgents $hosts]
    set when [clock microseconds]
    cut [lindex $hosts 7]
    return [downBy [lrange $pids 0 6] [lindex $hosts 7] $when]
}

proc lab::serf_cableback {} {
    set hosts [lan 8]
    set pids [meetAgents $hosts]
    cut [lindex $hosts 7]
    rest [seconds 60]
    set when [clock microseconds]
    mend [lindex $hosts 7]
    return [took $when {[allUp $pids $hosts]}]
}

proc lab::serf_partition {} {
    set hosts [lan 8]
    set pids [meetAgents $hosts]
    part [lrange $hosts 0 3] [lrange $hosts 4 7]
    rest [seconds 60]
    set when [clock microseconds]
    heal $hosts
    return [took $when {[allUp $pids $hosts]}]
}

# Counts, at each stop, who is taken for down that is not.
proc lab::serf_falseloss {} {
    set hosts [lan 8]
    set pids [meetAgents $hosts]
    lose $hosts 10
    set lost 0
    set end [expr {[clock milliseconds] + 1000 * [seconds 300]}]
    while {[clock milliseconds] < $end} {
	set victim [pick $pids]
	signal STOP $victim
	rest 2
	signal CONT $victim
	until 8 {[clock milliseconds] > $end}
	incr lost [missing $pids $hosts]
    }
    return $lost
}

proc lab::missing {pids hosts} {
    variable up
    return [tcl::mathop::+ {*}[lmap pid $pids {expr {[llength $hosts] - [dict size $up($pid)]}}]]
}

proc lab::serf_joinloss {} {
    set hosts [lan 8]
    lose $hosts 10
    set pids [list [agent [lindex $hosts 0]]]
    rest 0.3
    foreach host [lrange $hosts 1 end] {
	lappend pids [agent $host [addressOf [lindex $hosts 0]]]
    }
    return [took [clock microseconds] {[allUp $pids $hosts]}]
}
