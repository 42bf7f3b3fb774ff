# relay.tcl --
#
#	Passes on what comes over connections, later. What it opens itself has a
#	port of 61000 to 61999, by which it is told from what is to go through it.

namespace eval relay {
    # Of the ports that were taken, counted on.
    variable last 0
}

# Takes connections for that address and port. Says at which port of ours.
proc relay::listen {address port ms} {
    set server [socket -server [list relay::accept $address $port $ms] 0]
    say listening [lindex [fconfigure $server -sockname] 2]
}

proc relay::accept {address port ms near from fromPort} {
    set far [connect $address $port]
    foreach {one other} [list $near $far $far $near] {
	fconfigure $one -blocking 0 -translation binary -buffering none
	fileevent $one readable [list relay::pass $one $other $ms]
    }
}

# From the next of our ports that is free.
proc relay::connect {address port} {
    variable last
    for {set i 0} {$i < 1000} {incr i} {
	set own [expr {61000 + [incr last] % 1000}]
	if {![catch {socket -async -myport $own $address $port} far]} {
	    return $far
	}
    }
    error "the relay has no port left"
}

# Timers of one length are run in their order, so the bytes keep theirs.
proc relay::pass {from to ms} {
    if {[catch {read $from} bytes]} {
	set bytes ""
    }
    if {$bytes ne ""} {
	after $ms [list relay::deliver $to $bytes]
    }
    if {[eof $from] || ($bytes eq "" && ![fblocked $from])} {
	fileevent $from readable {}
	after $ms [list relay::finish $from $to]
    }
}

# The other side may be gone meanwhile.
proc relay::deliver {to bytes} {
    catch {puts -nonewline $to $bytes}
}

proc relay::finish {from to} {
    catch {close $from}
    catch {close $to}
}
