# loopback.tcl --
#
#	An example of a transport written in Tcl: members in one interpreter
#	hand each other their packets without any socket.
#
#	It is meant to be read by whoever wants to write one. To use it, source
#	this file after `package require cluster`, then name its id:
#
#	    source loopback.tcl
#	    set a [cluster join -protocols {loop c} -tags a]
#	    set b [cluster join -protocols {loop c} -tags b -loop {delay 20}]
#	    $a send -resolve b -data hello
#
#	A transport with the id ID is a class ::cluster::protocol::ID, whatever it
#	carries packets with. A cluster that lists ID in -protocols makes one
#	object of it, ::cluster::clusters::N::protocols::ID, and destroys that
#	object with itself. The cluster calls six methods of the object (proto,
#	props, descriptor, send, event, done); the object calls two of the
#	cluster's (receive, event channel). Everything else is the class's own
#	affair. What a method throws is reported as a background error, and
#	counts as a failure of this transport alone.
#
#	Options, as a dict after -loop:
#	    delay MS	how long a packet is on its way; 0 unless given

# Who can be reached: the address that a member advertises -> its transport
# object. Real transports have the network for that.
namespace eval ::cluster::loopback {
    variable objects {}
}

if {[info commands ::cluster::protocol::loop] eq ""} {
    oo::class create ::cluster::protocol::loop
}

oo::define ::cluster::protocol::loop {
    # cluster	the cluster's command, our only way to it
    # address	under which others find us
    # delay	as configured
    # partners	chanIDs that we have reported as open; here a chanID is the
    #		address of whoever is at the other end
    # timers	packets under way to us: number -> `after` token
    # count	packets that were ever under way
    variable cluster address delay partners timers count

    # Called by `cluster join`, with the cluster's command, its number and its
    # whole configuration: what `$cluster config` returns. The value of -loop
    # is in there under `loop`, if it was given.
    #
    # An error here makes join fail with its message, and nothing is left of
    # the cluster. The cluster is not there yet to receive packets or open
    # channels. It may be asked who it is: sid, hid, uuid, tags, config.
    constructor {theCluster number config} {
	set cluster $theCluster
	set delay 0
	set partners {}
	set timers {}
	set count 0
	if {[dict exists $config loop]} {
	    my Configure [dict get $config loop]
	}
	# Something that no other member has. The sid is unique by itself.
	set address loop-[$cluster sid]
	dict set ::cluster::loopback::objects $address [self]
	# What others need to reach us has changed: the cluster asks for props
	# and sends them with its next heartbeat. At this point that happens
	# anyway; a transport that opens a new server socket later must say so.
	$cluster event channel server loop $address
    }

    # Not every method needs to be public: TclOO exports those that begin with
    # a lower-case letter.
    method Configure {options} {
	dict for {key value} $options {
	    if {$key ne "delay"} {
		throw {CLUSTER_INVALID_ARGS loop} "unknown key \"$key\" in -loop: must be delay"
	    }
	    if {![string is entier -strict $value] || $value < 0} {
		throw {CLUSTER_INVALID_ARGS loop} "bad delay \"$value\" in -loop: must be 0 or more milliseconds"
	    }
	    set delay $value
	}
    }

    # Called when the cluster is destroyed, after its goodbye, and when join
    # fails because of a later transport. The cluster's command still exists,
    # but it knows no services any more. Close what was opened; here: nobody
    # finds us, nothing arrives, and partners learn that we hung up.
    destructor {
	# The constructor may have failed before there was an address.
	if {[info exists address]} {
	    dict unset ::cluster::loopback::objects $address
	    foreach timer [dict values $timers] {
		after cancel $timer
	    }
	    foreach partner $partners {
		my Tell $partner hungUp $address
	    }
	}
    }

    # ---- what the cluster calls ---------------------------------------------

    # The id, the one in the class's name.
    method proto {} {
	return loop
    }

    # What others must know to reach us: a dict, sent around with heartbeats;
    # they get it from `$service proto_props loop`. Keep it small. Empty when
    # there is nothing to say.
    method props {} {
	return [dict create address $address]
    }

    # Where a channel leads; the same dict is in the variable `descriptor` of
    # hooks. It needs `address`: with `-remote 0` only packets from addresses
    # of this host are accepted. `local 1` vouches for this host when there is
    # no IP address to tell it from. `port`, and whatever else, is for hooks.
    #
    # Without a chanID the question is about the transport itself: `local 1`
    # then means that it cannot reach other hosts, and is not tried for those.
    method descriptor {{chanID {}}} {
	return [dict create address $chanID local 1]
    }

    # Sends one packet, a byte array, to a service. Returns 1 when it is on its
    # way, 0 when it cannot go this way: then the cluster tries the next
    # protocol of the service, and tells the service that this one failed.
    #
    # Do not deliver from in here. The receiver's hooks would run in the middle
    # of this send; they may send in turn, and so on for ever.
    method send {packet {service {}}} {
	# Only multicast-like transports are ever called without a service.
	if {$service eq ""} {
	    return 0
	}
	set props [$service proto_props loop]
	if {![dict exists $props address]} {
	    return 0
	}
	set partner [dict get $props address]
	if {![my Tell $partner take $address $packet]} {
	    # Nobody there. If there was, the channel to it is closed now.
	    my Close $partner
	    return 0
	}
	# The first packet opens a channel. With that the cluster can answer
	# `$service socket loop`, and calls `done` when it wants it closed.
	# A transport with connections would look at `$service socket loop`
	# first, and connect only when that is empty.
	my Open $partner $service
	return 1
    }

    # Things that happen elsewhere. A transport must put up with names that it
    # does not know.
    method event {name args} {
	switch -- $name {
	    heartbeat {
		# A heartbeat is about to be sent: a good time to see whether
		# all is well, for instance whether the server is still there.
		dict set ::cluster::loopback::objects $address [self]
	    }
	    refresh {
		# A member could not reach us this way. A transport with a
		# server socket opens a new one and says `event channel
		# server`. Here only the entry can be missing.
		dict set ::cluster::loopback::objects $address [self]
		$cluster event channel server loop $address
	    }
	    service_lost {
		# [lindex $args 0] is a service that is about to go. Its
		# channels were closed before, with `done`.
	    }
	}
    }

    # The cluster is done with a channel, and keepalive says whether it should
    # stay open nevertheless. `response` is not used by this version.
    method done {service chanID keepalive {response {}}} {
	if {!$keepalive} {
	    my Close $chanID
	    my Tell $chanID hungUp $address
	}
    }

    # ---- what other transports of this class call ------------------------------

    # A packet comes in. Let it arrive from the event loop, where scripts
    # expect things to happen. Timers of the same delay fire in order.
    method take {from packet} {
	incr count
	set arrive [namespace code [list my Arrive $count $from $packet]]
	# The destructor cancels what is still under way.
	dict set timers $count [after $delay $arrive]
    }

    method hungUp {from} {
	my Close $from
    }

    # ---- private -----------------------------------------------------------------

    method Arrive {number from packet} {
	dict unset timers $number
	# The packet goes in with our id and the channel it came over. This
	# does all that a packet can do, before it returns: hooks run, services
	# come and go. The cluster, and with it this object, may be gone
	# afterwards, so it is the last thing to do. What is wrong with the
	# packet is counted in `$cluster stats`, and is no error.
	$cluster receive loop $from $packet
    }

    # Says that a channel is open, once. The service is left out by transports
    # that do not know whom they are connected to; the cluster learns it from
    # the first packet.
    method Open {chanID {service {}}} {
	if {$chanID ni $partners} {
	    lappend partners $chanID
	    $cluster event channel open loop $chanID $service
	}
    }

    # Says that it is closed. The cluster forgets it; to close it twice does
    # no harm.
    method Close {chanID} {
	set partners [lsearch -all -inline -not -exact $partners $chanID]
	$cluster event channel close loop $chanID
    }

    # Calls a method of the transport behind an address. Returns whether there
    # is one.
    method Tell {partner args} {
	if {![dict exists $::cluster::loopback::objects $partner]} {
	    return 0
	}
	set object [dict get $::cluster::loopback::objects $partner]
	if {[info commands $object] eq ""} {
	    return 0
	}
	$object {*}$args
	return 1
    }
}
