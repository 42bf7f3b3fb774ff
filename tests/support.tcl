# support.tcl --
#
#	What the tests share: a group address and port of their own, waiting for
#	conditions, child processes, clusters that are gone after each test.
#
#	A test file sources it after tcltest and the package under test:
#
#	    source [file join [file dirname [file normalize [info script]]] support.tcl]

namespace eval support {
    # How long anything may take before a test gives it up. No test asserts a time.
    variable patience 20000
    variable counter 0
    # Children started and not yet ended: process id -> channel.
    variable children {}
    variable directory [file dirname [file normalize [info script]]]
    namespace export address port bear acquaint serviceOf leave waitUntil idle descriptors \
	shortDirectory child childSays childLines childAsk childEnd childrenEnd shiftLibrary faultLibrary readme
}

# A multicast address for this process.
proc support::address {} {
    set pid [pid]
    return 239.[expr {1 + ($pid >> 14) % 254}].[expr {1 + ($pid >> 7) % 128}].[expr {1 + $pid % 128}]
}

# A port that no test of this process had before, and below those that systems
# give to whoever asks for any. all.tcl keeps apart what runs side by side.
proc support::port {} {
    variable counter
    set first [expr {[info exists ::env(CLUSTER_TEST_PORT)] ? $::env(CLUSTER_TEST_PORT) : [pid] * 97}]
    return [expr {10000 + ($first + [incr counter]) % 22000}]
}

# Runs the event loop until the expression (evaluated in the caller's frame)
# holds. An error after `patience` ms; what names that error.
proc support::waitUntil {condition {what ""}} {
    variable patience
    variable tick
    set end [expr {[clock milliseconds] + $patience}]
    while {![uplevel 1 [list expr $condition]]} {
	if {[clock milliseconds] > $end} {
	    error "waited in vain for [expr {$what eq {} ? $condition : $what}]"
	}
	set timer [after 5 {set ::support::tick 1}]
	vwait ::support::tick
	after cancel $timer
    }
}

# Runs the event loop for that long: for what must not happen.
proc support::idle {{ms 100}} {
    after $ms {set ::support::pause 1}
    vwait ::support::pause
}

# Descriptors this process holds, but for the one that reads the directory; empty without /proc.
proc support::descriptors {} {
    set open {}
    foreach link [glob -nocomplain -directory /proc/self/fd *] {
	if {![catch {file readlink $link} target]} {
	    lappend open [file tail $link]=$target
	}
    }
    return [lsort $open]
}

# Joins members of one cluster that each know all others, and returns their
# objects. Each argument is a list of options for one of them.
proc support::bear {args} {
    set port [port]
    set clusters {}
    foreach options $args {
	lappend clusters [cluster join -address [address] -port $port {*}$options]
    }
    acquaint $clusters
    return $clusters
}

# Waits until each of these clusters knows every other one, and how to reach it.
proc support::acquaint {clusters} {
    set others [expr {[llength $clusters] - 1}]
    foreach cluster $clusters {
	waitUntil {[llength [reachable $cluster]] >= $others} "$cluster to know $others services"
    }
    foreach cluster $clusters {
	foreach service [$cluster services] {
	    settled $service
	}
    }
}

# Waits until there is a connection to the service, if one is made: members that
# find each other and prefer connections make one, a little later.
proc support::settled {service} {
    variable tick
    set protocol [lindex [$service protocols] 0]
    for {set i 0} {$i < 100 && $protocol in {t u} && [$service socket $protocol] eq ""} {incr i} {
	after 2 {set ::support::tick 1}
	vwait ::support::tick
    }
}

# The services of a cluster whose properties it has been told.
proc support::reachable {cluster} {
    set services {}
    foreach service [$cluster services] {
	set direct [lsearch -all -inline -not -exact [$service protocols] c]
	if {[lsort [dict keys [$service props]]] eq [lsort $direct]} {
	    lappend services $service
	}
    }
    return $services
}

# The service object that one cluster has for another.
proc support::serviceOf {cluster other} {
    return ::cluster::clusters::[string range $cluster 29 end]::services::[$other uuid]
}

# Ends every cluster, and what services, queries and timers the interp has.
proc support::leave {} {
    foreach cluster [info commands ::cluster::clusters::cluster_*] {
	catch {$cluster destroy}
    }
    foreach timer [after info] {
	after cancel $timer
    }
}

# A new directory with a short name, for unix sockets, whose paths must fit in 107 bytes.
proc support::shortDirectory {} {
    close [file tempfile name]
    file delete $name
    file mkdir $name
    return $name
}

# ---- Child processes -------------------------------------------------------

# Starts a tclsh with that script (it ends when its standard input does, or at
# the script's exit) and returns its process id. The script finds the packages
# as we do; `say WORD...` in it writes a line for childSays, or for the listener,
# a prefix that is called with the process id and the line. What else is to run
# it is a command that ends as the tclsh it is given, in the same process.
proc support::child {script {command {}} {listener {}}} {
    variable children
    lappend command [info nameofexecutable]
    set prelude {
	fconfigure stdout -buffering line -encoding utf-8
	fconfigure stdin -blocking 0 -encoding utf-8
	proc say {args} {
	    puts [join $args]
	}
	proc ::support_input {} {
	    if {[gets stdin line] >= 0} {
		uplevel #0 [encoding convertfrom utf-8 [binary decode base64 $line]]
	    } elseif {[eof stdin]} {
		exit
	    }
	}
	fileevent stdin readable ::support_input
    }
    set pipe [open |[list {*}$command 2>@stderr] r+]
    fconfigure $pipe -blocking 0 -buffering line -encoding utf-8
    set pid [lindex [pid $pipe] end]
    dict set children $pid [dict create pipe $pipe lines {} listener $listener]
    fileevent $pipe readable [list ::support::hear $pid]
    set whole [list set auto_path $::auto_path]\n$prelude\n$script\n[list vwait ::support_forever]
    puts $pipe "eval \[encoding convertfrom utf-8 \[binary decode base64 [base64 $whole]\]\]"
    flush $pipe
    return $pid
}

# Text that survives whatever encoding the child reads its input in.
proc support::base64 {text} {
    return [binary encode base64 [encoding convertto utf-8 $text]]
}

# Collects what a child prints, or hands it on.
proc support::hear {pid} {
    variable children
    set pipe [dict get $children $pid pipe]
    set listener [dict get $children $pid listener]
    while {[gets $pipe line] >= 0} {
	if {$listener ne ""} {
	    {*}$listener $pid $line
	    continue
	}
	set heard [dict get $children $pid lines]
	dict set children $pid lines [lappend heard $line]
    }
    if {[eof $pipe]} {
	fileevent $pipe readable {}
    }
}

# All lines a child has printed.
proc support::childLines {pid} {
    variable children
    return [dict get $children $pid lines]
}

# Waits for a line of the child that matches the glob pattern and returns it.
proc support::childSays {pid pattern} {
    waitUntil {[lsearch -glob [childLines $pid] $pattern] >= 0} "child to say $pattern"
    return [lindex [childLines $pid] [lsearch -glob [childLines $pid] $pattern]]
}

# Has a child evaluate a script at global level, now.
proc support::childAsk {pid script} {
    variable children
    set pipe [dict get $children $pid pipe]
    puts $pipe [base64 $script]
    flush $pipe
}

# Ends a child: by closing its input, or with a signal. Returns what was wrong
# with its end: nothing when it exited with 0.
proc support::childEnd {pid {signal ""}} {
    variable children
    if {![dict exists $children $pid]} {
	return
    }
    set pipe [dict get $children $pid pipe]
    dict unset children $pid
    if {$signal ne ""} {
	catch {exec kill -$signal $pid}
    }
    fileevent $pipe readable {}
    fconfigure $pipe -blocking 1
    if {[catch {close $pipe} message]} {
	return $message
    }
    return ""
}

proc support::childrenEnd {} {
    variable children
    foreach pid [dict keys $children] {
	childEnd $pid KILL
    }
}

# The library to preload by which a child's wall clock can be moved, see
# c/shift/clockShift.c; empty where there is none.
proc support::shiftLibrary {} {
    return [preloadable clockShift.so]
}

# The one by which calls of the system fail in a child, see c/fault/callFault.c.
proc support::faultLibrary {} {
    return [preloadable callFault.so]
}

proc support::preloadable {name} {
    foreach directory $::auto_path {
	set library [file join $directory tests $name]
	if {[file exists $library]} {
	    return $library
	}
    }
    return ""
}

# The text of the user's README of 1.1.8, empty where it is absent.
# CLUSTER_SEED names its directory.
proc support::readme {} {
    variable directory
    set seed [file join [file dirname [file dirname $directory]] shared seed]
    if {[info exists ::env(CLUSTER_SEED)]} {
	set seed $::env(CLUSTER_SEED)
    }
    set text ""
    foreach file [lsort [glob -nocomplain -directory $seed *.txt]] {
	set channel [open $file]
	chan configure $channel -encoding utf-8
	append text [read $channel]
	close $channel
    }
    return $text
}

namespace import -force support::*
