# faults.tcl --
#
#	What can go wrong on the hosts of a switch (see net.tcl), and its repair.
#	Packets are dropped by nftables, as many kernels have no netem. All of it
#	concerns what comes in by another interface than loopback.

# Replaces the rules for a host's input; without any everything is let in.
# What the rules drop is counted, see `dropped`.
proc lab::filter {hosts args} {
    set text "table inet lab\ndelete table inet lab\n"
    if {$args ne ""} {
	append text "table inet lab {\n chain in {\n  type filter hook input priority 0\n"
	foreach rule $args {
	    append text "  iifname != \"lo\" $rule\n"
	}
	append text " }\n}\n"
    }
    foreach host $hosts {
	at $host nft -f - << $text
    }
}

# How many packets the rules of a host have dropped.
proc lab::dropped {host} {
    set sum 0
    foreach {-> count} [regexp -all -inline {counter packets (\d+)} [at $host nft list table inet lab]] {
	incr sum $count
    }
    return $sum
}

# ---- packets that are lost -------------------------------------------------------

# Each packet is lost with that probability.
proc lab::lose {hosts percent} {
    filter $hosts "numgen random mod 1000 < [expr {round(10 * $percent)}] counter drop"
}

# They hear nothing; what they send goes out.
proc lab::deafen {hosts} {
    filter $hosts {counter drop}
}

# TCP gets lost, other packets come.
proc lab::blackhole {hosts} {
    filter $hosts {meta l4proto tcp counter drop}
}

# Neither side hears the other.
proc lab::part {one two} {
    foreach {mine others} [list $one $two $two $one] {
	filter $mine "ip saddr { [sources $others] } counter drop"
    }
}

# Each connection between the sides is reset by the next packet, a new one is
# refused; datagrams come.
proc lab::reset {one two} {
    foreach {mine others} [list $one $two $two $one] {
	filter $mine "ip saddr { [sources $others] } tcp flags & rst == 0 counter reject with tcp reset"
    }
}

proc lab::sources {hosts} {
    return [join [lmap host $hosts {addressOf $host}] ", "]
}

# All of the above has an end.
proc lab::heal {hosts} {
    filter $hosts
}

# ---- cables, interfaces, addresses -------------------------------------------------

# Pulls a host's cable out at the switch: the host sees that it has no carrier.
proc lab::cut {host} {
    variable switch
    at $switch ip link set p$host down
}

proc lab::mend {host} {
    variable switch
    at $switch ip link set p$host up
}

# Another address in place of the one it has. The system may take the second
# with the first.
proc lab::readdress {host address} {
    variable addresses
    set old [dict get $addresses $host]
    at $host ip address add $address/24 dev eth0
    at $host ip address del $old/24 dev eth0
    catch {at $host ip address add $address/24 dev eth0}
    at $host ip route replace default dev eth0
    dict set addresses $host $address
}

# The interface is gone; `plug` makes a new one, with another hardware address.
proc lab::unplug {host} {
    at $host ip link del eth0
}

# ---- delay -----------------------------------------------------------------------

# Delays what goes over connections that a host opens to that address and port
# from now on, by so many milliseconds in each direction: they go through a relay
# on the host, and neither end sees that. Returns the relay's process id.
proc lab::delay {host address port ms} {
    variable directory
    set relay [child [list source [file join $directory relay.tcl]] [inside $host]]
    childAsk $relay [list relay::listen $address $port $ms]
    set listening [lindex [childSays $relay listening*] 1]
    at $host nft -f - << "table ip relay {
	chain out {
	    type nat hook output priority -100
	    ip daddr $address tcp dport $port tcp sport != 61000-61999 redirect to :$listening
	}
    }\n"
    return $relay
}

# ---- processes ---------------------------------------------------------------------

# Sends a signal to processes at once. Returns when, in microseconds.
proc lab::signal {signal pids} {
    set when [clock microseconds]
    exec kill -$signal {*}$pids
    return $when
}

# What comes before a command whose wall clock is moved by the seconds in a file,
# which `moveClock` changes.
proc lab::shifted {file} {
    set library [shiftLibrary]
    if {$library eq ""} {
	error "there is no library to move clocks with" "" {LAB CLOCK}
    }
    moveClock $file 0
    set preload [expr {[info exists ::env(LD_PRELOAD)] ? "$::env(LD_PRELOAD):$library" : $library}]
    return [list env LD_PRELOAD=$preload CLOCK_SHIFT=$file]
}

proc lab::moveClock {file seconds} {
    set channel [open $file w]
    puts $channel $seconds
    close $channel
}
