# run.tcl --
#
#	Measures the package between two processes, and beside it in the same run
#	a plain C program, and Tcllib's package comm where that is installed.
#	Prints a table; asserts nothing.
#
#	Run by `make bench BENCHFLAGS="..."`, which compiles bench/*.c into the
#	directory named by CLUSTER_BENCH_BIN. Ours and the peer take turns, round by
#	round, so that both have the same weather. The servers run on one CPU and the
#	clients on another where taskset and two CPUs are there. A number is the
#	median of the rounds; the ratio is the median of the rounds' ratios.
#
# options:
#	-rows LIST	which rows (roundtrip events confirm; sealed: beside plain ones)
#	-rounds N	how often each is measured (9)
#	-trips N	round trips in one round (3000)
#	-events N	events in one round (100000)
#	-cpus LIST	the server's and the client's CPU (the first two there are)
#	-verbose BOOL	print every round (0)

package require Tcl 8.6-

namespace eval bench {
    variable options {-rows {roundtrip events confirm} -rounds 9 -trips 3000 -events 100000 -cpus {}
	    -verbose 0}
    variable tripBytes 64
    variable eventBytes 128
    variable limit 60000		;# ms that anything may take
    variable cpus {}			;# two to pin to, or none
    variable pipes {}			;# name -> channel
    variable directories {}
    variable answer
}

# ---- processes ------------------------------------------------------------

# Two CPUs that this process may use, empty when there is no choice.
proc bench::chooseCpus {} {
    variable cpus
    variable options
    set cpus [dict get $options -cpus]
    if {[llength $cpus] || [catch {exec taskset -cp [pid]} text] || ![regexp {[0-9,-]+$} $text list]} {
	return
    }
    set found {}
    foreach range [split $list ,] {
	lassign [split $range -] first last
	for {set i $first} {$i <= ($last eq "" ? $first : $last)} {incr i} {
	    lappend found $i
	}
    }
    if {[llength $found] >= 2} {
	set cpus [lrange $found 0 1]
    }
}

# Starts a process on the CPU for servers (0) or clients (1).
proc bench::start {name side args} {
    variable cpus
    variable pipes
    if {[llength $cpus]} {
	set args [list taskset -c [lindex $cpus $side] {*}$args]
    }
    set pipe [open |[list {*}$args 2>@stderr] r+]
    fconfigure $pipe -blocking 0 -buffering line
    dict set pipes $name $pipe
    return $pipe
}

proc bench::say {name line} {
    variable pipes
    puts [dict get $pipes $name] $line
}

# The next line of a process; an error when it does not come in time.
proc bench::hear {name} {
    variable pipes
    variable limit
    variable answer
    set pipe [dict get $pipes $name]
    set timer [after $limit [list set bench::answer [list timeout]]]
    fileevent $pipe readable [list bench::readable $pipe]
    set answer {}
    while {$answer eq ""} {
	vwait bench::answer
    }
    after cancel $timer
    fileevent $pipe readable {}
    lassign $answer what line
    if {$what ne "line"} {
	error "process $name: $what" "" [list BENCH $what]
    }
    return $line
}

proc bench::readable {pipe} {
    variable answer
    if {[gets $pipe line] >= 0} {
	set answer [list line $line]
    } elseif {[eof $pipe]} {
	set answer [list "ended too early"]
    }
}

proc bench::ask {name line} {
    say $name $line
    return [hear $name]
}

# Ends what was started, by process id.
proc bench::finish {} {
    variable pipes
    variable directories
    dict for {name pipe} $pipes {
	catch {exec kill {*}[pid $pipe]}
	catch {fconfigure $pipe -blocking 1}
	catch {close $pipe}
    }
    set pipes {}
    file delete -force {*}$directories
}

# A new directory, which is removed in the end.
proc bench::makeDirectory {} {
    variable directories
    close [file tempfile name]
    file delete $name
    file mkdir $name
    lappend directories $name
    return $name
}

# Two members that know each other, on these protocols, with more options of join.
proc bench::startMembers {server client protocols args} {
    variable pipes
    set directory [makeDirectory]
    set group 239.255.[expr {[pid] / 250 % 250}].[expr {[pid] % 250 + 1}]
    set port [expr {20000 + ([pid] + [dict size $pipes]) % 40000}]
    set script [file join [file dirname [info script]] member.tcl]
    foreach name [list $server $client] side {0 1} {
	start $name $side [info nameofexecutable] $script $name $group $port \
	    -protocols $protocols {*}[expr {"u" in $protocols ? [list -u [list path $directory/$name]] : ""}] {*}$args
    }
    hear $server
    hear $client
}

# The C program, sleeping in read (block) or in epoll_wait (poll).
proc bench::startPeer {how} {
    variable tripBytes
    set program [file join $::env(CLUSTER_BENCH_BIN) pingpong]
    start server-$how 0 $program serve $how $tripBytes
    start client-$how 1 $program ping $how $tripBytes [hear server-$how]
}

# Two processes with Tcllib's comm. False where that is not installed.
proc bench::startComm {} {
    variable pipes
    if {[dict exists $pipes client-comm]} {
	return 1
    }
    if {[catch {package require comm}]} {
	return 0
    }
    set script [file join [file dirname [info script]] comm.tcl]
    start server-comm 0 [info nameofexecutable] $script
    start client-comm 1 [info nameofexecutable] $script [hear server-comm]
    hear client-comm
    return 1
}

# ---- numbers --------------------------------------------------------------

proc bench::median {numbers} {
    set sorted [lsort -real $numbers]
    set middle [expr {[llength $sorted] / 2}]
    if {[llength $sorted] % 2} {
	return [lindex $sorted $middle]
    }
    return [expr {([lindex $sorted $middle-1] + [lindex $sorted $middle]) / 2.0}]
}

proc bench::line {name ours peer ratio rounds} {
    puts [format "%-38s %14s %12s %6s %7s" $name $ours $peer $ratio $rounds]
}

proc bench::verbose {text} {
    variable options
    if {[dict get $options -verbose]} {
	puts "    $text"
    }
}

# ---- rows -----------------------------------------------------------------

# Microseconds that one round trip of a peer takes.
proc bench::trip {how trips bytes} {
    return [ask client-$how [expr {$how eq "comm" ? "roundtrip $trips $bytes" : $trips}]]
}

# A query of one service over `t` and its answer, beside a message to and fro.
proc bench::row_roundtrip {rounds} {
    variable options
    variable tripBytes
    set trips [dict get $options -trips]
    set peers {block "C, blocking read" poll "C, event loop"}
    startPeer block
    startPeer poll
    if {[startComm]} {
	lappend peers comm "Tcllib's comm"
    }
    foreach how [dict keys $peers] {
	trip $how $trips $tripBytes
    }
    ask client "roundtrip $trips $tripBytes"
    for {set i 1} {$i <= $rounds} {incr i} {
	set mine [ask client "roundtrip $trips $tripBytes"]
	lappend ours $mine
	set text "round $i: ours $mine"
	foreach how [dict keys $peers] {
	    set theirs [trip $how $trips $tripBytes]
	    dict lappend times $how $theirs
	    dict lappend ratios $how [expr {$mine / $theirs}]
	    append text ", $how $theirs"
	}
	verbose "$text us"
    }
    dict for {how name} $peers {
	line "query round trip; $name" [format "%.1f us" [median $ours]] \
	    [format "%.1f us" [median [dict get $times $how]]] \
	    [format %.2f [median [dict get $ratios $how]]] $rounds
    }
}

# Events a second from one process to another. An error when they do not all arrive in time.
proc bench::flood {from to events args} {
    variable eventBytes
    ask $to "expect $events"
    set start [ask $from "flood $events $eventBytes $args"]
    return [expr {$events * 1e6 / ([hear $to] - $start)}]
}

# Events from a script's loop, until all are counted at the other side.
proc bench::row_events {rounds} {
    variable options
    variable eventBytes
    set events [dict get $options -events]
    set beside [startComm]
    set arrived 0
    for {set i 1} {$i <= $rounds} {incr i} {
	if {[catch {flood client server $events} mine]} {
	    incr arrived [ask server arrived]
	    verbose "round $i: $mine"
	    continue
	}
	incr arrived $events
	lappend ours $mine
	set text "round $i: [format %.0f $mine] events/s"
	if {$beside} {
	    lappend theirs [flood client-comm server-comm [expr {$events / 10}]]
	    lappend ratios [expr {$mine / [lindex $theirs end]}]
	    append text ", comm [format %.0f [lindex $theirs end]]"
	}
	verbose $text
    }
    line "events of $eventBytes bytes[expr {$beside ? "; Tcllib's comm" : ""}]" \
	[expr {[info exists ours] ? [format "%.0f /s" [median $ours]] : "-"}] \
	[expr {[info exists theirs] ? [format "%.0f /s" [median $theirs]] : "-"}] \
	[expr {[info exists ratios] ? [format %.2f [median $ratios]] : "-"}] $rounds
    puts "    sent [expr {$events * $rounds}], arrived $arrived"
}

# Events that are to be confirmed, until all are, beside events that are not.
proc bench::row_confirm {rounds} {
    variable options
    variable eventBytes
    set events [dict get $options -events]
    startMembers server-confirm client-confirm {t u c}
    foreach protocol {t u} {
	set ours {}
	set theirs {}
	set ratios {}
	for {set i 1} {$i <= $rounds} {incr i} {
	    lappend theirs [flood client-confirm server-confirm $events $protocol]
	    lappend ours [expr {$events * 1e6 / [ask client-confirm "confirm $events $eventBytes $protocol"]}]
	    lappend ratios [expr {[lindex $ours end] / [lindex $theirs end]}]
	    verbose "round $i: [format "%.0f events/s, unconfirmed %.0f, ratio %.2f" \
		[lindex $ours end] [lindex $theirs end] [lindex $ratios end]]"
	}
	line "confirmed events over $protocol; unconfirmed" [format "%.0f /s" [median $ours]] \
	    [format "%.0f /s" [median $theirs]] [format %.2f [median $ratios]] $rounds
	puts "    ratio at worst [format %.2f [tcl::mathfunc::min {*}$ratios]]"
    }
}

# The least, largest and median ratio of a row in which a sealed cluster is measured beside a plain one.
proc bench::beside {name unit format rounds sealed plain} {
    foreach a $sealed b $plain {
	lappend ratios [expr {double($a) / $b}]
    }
    line $name [format "$format $unit" [median $sealed]] [format "$format $unit" [median $plain]] \
	[format %.2f [median $ratios]] $rounds
}

# What a seal costs over `t`: round trips, small events, large ones, and until a new member has met another.
proc bench::row_sealed {rounds} {
    variable options
    variable tripBytes
    variable eventBytes
    if {[catch {package require cluster} message] || [catch {cluster key} key]} {
	puts "sealed: no libsodium"
	return
    }
    startMembers server-plain client-plain {t c}
    startMembers server-sealed client-sealed {t c} -keys [list $key]
    set trips [dict get $options -trips]
    set events [dict get $options -events]
    for {set i 1} {$i <= $rounds} {incr i} {
	foreach how {plain sealed} {
	    lappend trip($how) [ask client-$how "roundtrip $trips $tripBytes"]
	    lappend small($how) [flood client-$how server-$how $events]
	    ask server-$how "expect 2000"
	    set start [ask client-$how "pour 2000 65536"]
	    lappend large($how) [expr {2000 * 65536 / ([hear server-$how] - $start)}]
	    lappend meet($how) [ask client-$how meet]
	}
	verbose "round $i: trip [lindex $trip(sealed) end] [lindex $trip(plain) end], meet [lindex $meet(sealed) end] [lindex $meet(plain) end]"
    }
    beside "sealed round trip; plain" us %.1f $rounds $trip(sealed) $trip(plain)
    beside "sealed events of $eventBytes bytes; plain" /s %.0f $rounds $small(sealed) $small(plain)
    beside "sealed events of 64 KiB; plain" MB/s %.0f $rounds $large(sealed) $large(plain)
    beside "sealed join until discovered; plain" ms %.2f $rounds $meet(sealed) $meet(plain)
}

# ---- the run --------------------------------------------------------------

proc bench::configure {arguments} {
    variable options
    foreach {option value} $arguments {
	if {![dict exists $options $option]} {
	    error "unknown option \"$option\": must be [join [dict keys $options] {, }]"
	}
	dict set options $option $value
    }
    foreach row [dict get $options -rows] {
	if {[info procs row_$row] eq ""} {
	    error "unknown row \"$row\": must be roundtrip, events, confirm or sealed"
	}
    }
}

proc bench::main {arguments} {
    variable options
    variable cpus
    configure $arguments
    chooseCpus
    startMembers server client {t c}
    puts "Tcl [info patchlevel]; [expr {[llength $cpus] ? "CPUs $cpus" : "not pinned"}]"
    line name ours peer ratio rounds
    foreach row [dict get $options -rows] {
	row_$row [dict get $options -rounds]
    }
}

fconfigure stdout -buffering line
set failed [catch {bench::main $argv} message]
bench::finish
if {$failed} {
    puts stderr "bench: $message"
    exit 1
}
