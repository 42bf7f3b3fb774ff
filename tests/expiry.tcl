# expiry.tcl --
#
#	What expiry.test and expiryAlive.test share, after support.tcl: members in
#	processes of their own that say whom they lose.

testConstraint unix [expr {$::tcl_platform(platform) eq "unix"}]
testConstraint signals [expr {[testConstraint unix] && ![catch {exec kill -l}]}]

# Starts a member in a process of its own that says what it hears and whom it loses.
proc member {options} {
    set pid [child [string map [list OPTIONS $options] {
	package require cluster
	set c [cluster join OPTIONS]
	$c hook event {say heard $data}
	$c hook service lost {say lost}
	# Says so once it knows that many others, and how to reach them.
	proc known {number} {
	    set reachable 0
	    foreach service [$::c services] {
		incr reachable [expr {[llength [$service props]] > 0}]
	    }
	    if {$reachable == $number} {
		say knows $number
	    } else {
		after 5 [list known $number]
	    }
	}
	say joined
    }]]
    childSays $pid joined
    return $pid
}

# A member here, $a, and one in another process, $peer, that know each other;
# $s is the service that $a has for it, $lost counts whom $a lost.
proc meet {protocols {more {}}} {
    variable a
    variable dir [shortDirectory]
    variable lost 0
    variable options
    variable peer
    variable s
    set options [list -address [address] -port [port] -protocols $protocols]
    if {"u" in $protocols} {
	lappend options -u [list path $dir/x.sock]
    }
    set a [cluster join {*}$options -tags here]
    $a hook service lost {incr ::lost}
    set peer [member [concat $options -tags peer $more]]
    waitUntil {[llength [support::reachable $a]] == 1} "the other member"
    set s [$a services]
    childAsk $peer {known 1}
    childSays $peer {knows 1}
}

proc part {} {
    variable dir
    leave
    childrenEnd
    file delete -force $dir
}

# Opens the connection from here to the peer, or uses it.
proc speak {{word hello}} {
    variable a
    variable peer
    $a send -resolve peer -data $word
    childSays $peer "heard $word"
}
