# net.tcl --
#
#	Hosts: each is a network namespace made here, joined to others by virtual
#	cables or to all by a switch. They end with the process that made them, in
#	whatever way that ends. Needs Linux, root, iproute2 and util-linux.

namespace eval lab {
    # Pipes to the processes that hold the namespaces, by process id. A host is
    # called by that id.
    variable holders {}
    # The host that is the switch, its interface for each host, and addresses.
    variable switch
    variable addresses {}
    variable directory [file dirname [file normalize [info script]]]
    namespace export host at cable
}

# A host with loopback up and nothing else. Its holder ends when it cannot read
# any more, that is, when we have closed the pipe or are no more.
proc lab::host {} {
    variable holders
    set pipe [open |[list unshare -n sh -c {ip link set lo up && echo up && exec cat} 2>@1] r+]
    set host [lindex [pid $pipe] 0]
    dict set holders $host $pipe
    if {[gets $pipe line] < 0 || $line ne "up"} {
	error "no host: $line" "" {LAB HOST}
    }
    return $host
}

# Runs a command on a host.
proc lab::at {host args} {
    return [exec nsenter --net=/proc/$host/ns/net {*}$args]
}

# What comes before a command that runs on a host for as long as we do: also when
# it is stopped and reads nothing. It sees the host's interfaces in /sys as well,
# where the hardware id is looked up. The process that is started is the
# command's in the end.
proc lab::inside {host} {
    return [list nsenter --net=/proc/$host/ns/net unshare -m setpriv --pdeathsig KILL \
	    sh -c {mount -t sysfs sysfs /sys; exec "$@"} lab]
}

# A cable between two hosts; each end is {host interface address/bits}.
proc lab::cable {one two} {
    lassign $one host name address
    lassign $two otherHost otherName otherAddress
    exec ip link add $name netns $host type veth peer name $otherName netns $otherHost
    foreach {host name address} [list {*}$one {*}$two] {
	at $host ip address add $address dev $name
	at $host ip link set $name up
    }
}

# Several commands of ip on a host, one a line.
proc lab::ip {host lines} {
    return [at $host ip -batch - << $lines]
}

# ---- a switch --------------------------------------------------------------------

# A switch and so many hosts at it. Returns the hosts: 10.99.0.1, 10.99.0.2 ...
# The kernel opens a switch's ports a while after they are up, and drops what
# comes before.
proc lab::lan {count} {
    variable switch [host]
    ip $switch {
	link add br0 type bridge mcast_snooping 0 forward_delay 0
	link set br0 up
    }
    set hosts {}
    for {set i 1} {$i <= $count} {incr i} {
	lappend hosts [host]
	plug [lindex $hosts end] 10.99.0.$i
    }
    waitUntil {[regexp -all {state forwarding} [at $switch ip -d link show master br0]] == $count} "the switch"
    foreach host $hosts {
	waitUntil {[regexp {state UP} [at $host ip link show eth0]]} "carrier"
    }
    return $hosts
}

# A cable from a host's eth0 to the switch.
proc lab::plug {host address} {
    variable switch
    variable addresses
    exec ip link add eth0 netns $host type veth peer name p$host netns $switch
    at $switch ip link set p$host master br0 up
    ip $host "address add $address/24 dev eth0
	link set eth0 up
	route add default dev eth0"
    dict set addresses $host $address
}

proc lab::addressOf {host} {
    variable addresses
    return [dict get $addresses $host]
}

# Ends all hosts; what runs on them is not ended by that.
proc lab::raze {} {
    variable holders
    variable addresses {}
    dict for {host pipe} $holders {
	catch {close $pipe}
    }
    set holders {}
}
