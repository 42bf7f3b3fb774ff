# bench.tcl --
#
#	What tests of the membership on a network in memory share: the commands
#	node, network and hand, scenarios, and a look at what was told and sent.
#
#	A test file sources it after tcltest and clustertest. The same happens in
#	every run: what nodes draw at random repeats, by a seed that is 1 until
#	`network seed` says otherwise.

interp alias {} node {} ::cluster::test::node
interp alias {} network {} ::cluster::test::network
interp alias {} hand {} ::cluster::test::clock

set host 02:00:00:00:00:01

# A test with a network of its own. The script runs as a proc; a dead channel
# used, a timer that outlives its node and the like fail it.
proc scenario {name description script expected args} {
    test $name $description -setup {
	network reset
    } -body [list run $script] -cleanup {
	network reset
    } -result $expected {*}$args
}

proc run {script} {
    set result [apply [list {} $script]]
    set faults [network faults]
    lappend faults {*}[network reset]
    if {$faults ne ""} {
	return "FAULTS: [join $faults {, }]"
    }
    return $result
}

# Nodes with the same options that all know each other; their logs are empty.
proc nodes {names args} {
    foreach name $names {
	node create $name {*}$args
    }
    hand advance 10
    foreach name $names {
	node $name log
    }
    network counts
    network sent
}

# What node `name` was told since the last call, but for the events listed.
proc told {name {without {}}} {
    set entries {}
    foreach entry [node $name log] {
	if {[lindex $entry 0] ni $without} {
	    lappend entries $entry
	}
    }
    return $entries
}

# The same, only events of these names.
proc toldOf {name events} {
    set entries {}
    foreach entry [node $name log] {
	if {[lindex $entry 0] in $events} {
	    lappend entries $entry
	}
    }
    return $entries
}

# Ends the connection from one to the other, so that the next packet needs a new one.
proc hangUp {from to} {
    node $from hangup $to
    hand advance 0
    network counts
    network sent
}

# The packet of a member that is no node.
proc packet {sid type args} {
    set payload [dict create sid $sid hid $::host type $type channel 0 protocols c]
    return [::cluster::test::encode [dict merge $payload $args]]
}

# Packets traced since the last call whose type is among these: {from transport to payload}.
proc sent {{types {0 1 2 3 4 5 6 7 8}}} {
    set packets {}
    foreach packet [network sent] {
	if {[dict get [lindex $packet 4] type] in $types} {
	    lappend packets [lrange $packet 1 end]
	}
    }
    return $packets
}

# The payload without what its sender tells of itself, which is for node.test 16.
proc withoutSelf {payload} {
    if {[dict get $payload type] in {1 2 7} && [dict exists $payload data cluster]} {
	dict unset payload data cluster
    }
    return $payload
}

# {from transport to value-of-key ...} of each such packet; - for a key that is not there.
proc fields {packets args} {
    set rows {}
    foreach packet $packets {
	set row [lrange $packet 0 2]
	set payload [withoutSelf [lindex $packet 3]]
	foreach key $args {
	    lappend row [expr {[dict exists $payload $key] ? [dict get $payload $key] : "-"}]
	}
	lappend rows $row
    }
    return $rows
}

# Something of everything that can happen to node a. Members may be gone at any point.
proc exercise {} {
    set steps {
	{node create b -tags y}
	{node create c -tags z}
	{hand advance 1}
	{node b send a 6 {data 1}}
	{node b send a 6 {data 2} broadcast c}
	{hand advance 1}
	{node b tags {new tags}}
	{hand advance 1}
	{node a send b 6 {data x} {broadcast report}}
	{node a query {b c} q1 1000 x}
	{node a broadcast 6 {data all}}
	{hand advance 1}
	{node c send a 4 {ruid r1 data question keepalive 1}}
	{node b send a 4 {ruid r2 data question keepalive 1} broadcast c}
	{hand advance 1}
	{node c stall 1}
	{node a query {b c} q2 1000 x}
	{node b refuse now}
	{node a send b 6 {data y} {broadcast report ping}}
	{node a query b q3 1000 x}
	{hand advance 2000}
	{node b refuse later}
	{node a hangup b}
	{node a send b 6 {data z} {broadcast report ping}}
	{node b break}
	{hand advance 1}
	{node c on query {apply {args {error no}}}}
	{node c stall 0}
	{node a query c q4 1000 x}
	{hand advance 10}
	{node c stall 1}
	{node a query c q5 5000 x}
	{hand advance 1}
	{node c close}
	{hand advance 1}
	{node a query b q6 100 x}
	{node a stall 1 1}
	{node a send b 6 {data 1}}
	{node a send b 6 {data 2}}
	{node a send b 6 {data 3}}
	{node a stall 0}
	{hand advance 200}
	{node a stall 1}
	{node a send b 6 {data 1}}
	{node a lose b}
	{node a stall 0}
	{hand advance 6000}
	{node a close}
	{hand advance 10}
    }
    foreach step $steps {
	catch $step
    }
}
