# lab.tcl --
#
#	Hosts for tests: each is a network namespace made here, joined to others by
#	virtual cables; they end with the process that holds them. A test file
#	sources this after support.tcl; the constraint `hosts` says whether it works.

# Namespaces by their holders' process ids, and the shell scripts that enter them.
set hosts {}

# A host with loopback up and nothing else. Returns its holder's process id.
proc host {} {
    set pid [exec unshare -n sleep 600 &]
    set mine [file readlink /proc/self/ns/net]
    waitUntil {![catch {file readlink /proc/$pid/ns/net} other] && $other ne $mine
	    && ![catch {exec cat /proc/$pid/comm} name] && $name eq "sleep"} "a namespace"
    lappend ::hosts $pid
    at $pid ip link set lo up
    return $pid
}

# Runs a command on a host.
proc at {host args} {
    return [exec nsenter --net=/proc/$host/ns/net {*}$args]
}

# A cable between two hosts; each end is {host interface address/bits}.
proc cable {one two} {
    lassign $one host name address
    lassign $two otherHost otherName otherAddress
    exec ip link add $name netns $host type veth peer name $otherName netns $otherHost
    foreach {host name address} [list {*}$one {*}$two] {
	at $host ip address add $address dev $name
	at $host ip link set $name up
    }
}

# A process on a host that runs the script. It sees the host's interfaces in
# /sys as well, where the hardware id is looked up.
proc on {host script} {
    set inside "mount -t sysfs sysfs /sys; exec \"\$0\""
    set shell [makeFile "#!/bin/sh\nexec nsenter --net=/proc/$host/ns/net\
	    unshare -m sh -c '$inside' '[info nameofexecutable]'" host$host.sh]
    file attributes $shell -permissions 0700
    return [child $script $shell]
}

# A member there, which answers queries and tells what it hears.
proc member {host name args} {
    set pid [on $host [string map [list NAME $name OPTIONS [list -address [address] \
	    -port $::port -tags $name {*}$args]] {
	package require cluster
	set c [cluster join OPTIONS]
	$c hook service lost {say lost [my tags]}
	$c hook service discovered {say discovered [my tags]}
	$c hook query {return "NAME answers [my tags]"}
	$c hook event {say event $data}
	proc told {event} {
	    lassign $event what query
	    if {$what in {response error}} {say $what [$query result][$query error]}
	}
	proc ask {name} {$::c query -resolve $name -query x -command told}
	say joined
    }]]
    childSays $pid joined
    return $pid
}

# What a child's script results in, `failed` for an error.
proc value {pid script} {
    set mark value[incr ::values]
    childAsk $pid "if {\[catch [list $script] result\]} {set result failed}; say $mark \$result"
    return [string range [childSays $pid "$mark*"] [string length "$mark "] end]
}

proc demolish {} {
    childrenEnd
    foreach host $::hosts {
	catch {exec kill -KILL $host}
	removeFile host$host.sh
    }
    set ::hosts {}
}

testConstraint hosts [expr {![catch {
    set port [port]
    set a [host]
    set b [host]
    cable [list $a eth0 10.77.0.1/24] [list $b eth0 10.77.0.2/24]
}]}]
catch {demolish}

# Two hosts with a cable between them.
proc pair {} {
    set ::port [port]
    set ::a [host]
    set ::b [host]
    cable [list $::a eth0 10.77.0.1/24] [list $::b eth0 10.77.0.2/24]
}
