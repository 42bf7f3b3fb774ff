# crowd.tcl --
#
#	Experiments with a crowd (tests/c/crowdTest.c), for simulate.tcl and its
#	test.

interp alias {} crowd {} ::cluster::test::crowd

# Kinds of packets by their types.
set kinds {beats {0 1 2} pings 3 probes 9 acks 10 relays 11}

proc median {values} {
    set sorted [lsort -real $values]
    return [lindex $sorted [expr {[llength $sorted] / 2}]]
}

# What each node sent and heard in a second, by kind: {packets bytes packets bytes}.
proc rates {nodes ms} {
    set traffic [crowd traffic]
    set rates {}
    foreach {kind types} $::kinds {
	set sums {0 0 0 0}
	foreach type $types {
	    set sums [lmap sum $sums count [dict get $traffic $type] {expr {$sum + $count}}]
	}
	dict set rates $kind [lmap sum $sums {expr {1000.0 * $sum / $nodes / $ms}}]
    }
    return $rates
}

# Of one column of rates, over all kinds.
proc total {rates column} {
    return [tcl::mathop::+ {*}[lmap {kind row} $rates {lindex $row $column}]]
}

# So many ms at rest: the rates, and how many were suspected, and lost, who were not.
proc rest {nodes ms} {
    crowd traffic
    crowd seen
    crowd run $ms
    set count [dict create suspects 0 loses 0]
    foreach event [crowd seen] {
	dict incr count [lindex $event 3]
    }
    return [list [rates $nodes $ms] [dict get $count suspects] [dict get $count loses]]
}

# Cuts one off. Seconds until the first suspects it, the first loses it and the last of those
# who are not cut off has; how many of those have not within `limit` ms; how many others were lost.
proc cut {victim members limit} {
    crowd seen
    set start [crowd now]
    crowd cut $victim
    crowd run $limit
    set times [dict create suspects Inf loses Inf all 0]
    set knowing 0
    set wrong 0
    foreach event [crowd seen] {
	lassign $event time by of what
	if {$of != $victim} {
	    incr wrong [expr {$what eq "loses"}]
	    continue
	}
	set seconds [expr {($time - $start) / 1000.0}]
	dict set times $what [expr {min([dict get $times $what], $seconds)}]
	if {$what eq "loses"} {
	    incr knowing
	    dict set times all $seconds
	}
    }
    set ignorant [expr {$members - $knowing}]
    return [list {*}[dict values $times] $ignorant $wrong]
}

# All that there is to be measured of so many members; see simulate.tcl.
proc measure {members nodes seed cuts loss seconds} {
    crowd make $members $nodes $seed
    set row [dict create members $members nodes $nodes suspected {} first {} all {}]
    dict set row rest [lindex [rest $nodes 120000] 0]
    crowd drop $loss
    lassign [rest $nodes [expr {1000 * $seconds}]] lossy suspects false
    crowd drop 0
    crowd run 5000
    set cuts [expr {min($cuts, $members / 4)}]
    for {set i 0} {$i < $cuts} {incr i} {
	# Stand-ins, if there are enough of them, at any time of a period.
	crowd run [expr {1000 + ($i * 618) % 1000}]
	set victim [expr {$members - 1 - $i * (($members - 1) / $cuts)}]
	lassign [cut $victim [expr {$members - 1 - $i}] 15000] suspected first all ignorant wrong
	dict lappend row suspected $suspected
	dict lappend row first $first
	dict lappend row all [expr {$ignorant ? Inf : $all}]
	incr false $wrong
    }
    crowd end
    return [dict merge $row [list lossy $lossy suspects $suspects false $false]]
}
