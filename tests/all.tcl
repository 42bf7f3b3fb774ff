# all.tcl --
#
#	Runs the test files side by side, each in a tclsh and, where that can be
#	had, a network of its own, and adds up what they report.
#
#	Takes the options of tcltest (-file PATTERNS, -notfile, -match, -verbose
#	...), which reach each file as well. What a file prints is shown when it
#	ends, in one piece. A file that crashes, hangs, or ends without having
#	reported counts as one failure, unlike in tcltest's own runAllTests. The
#	last line is the total; the exit code is 0 if there was something to pass
#	and nothing failed.
#
#	Environment:
#	CLUSTER_TEST_SECONDS	how long one file may take (300)
#	CLUSTER_TEST_WORKERS	how many files run at a time (three for each
#				processor, as tests wait more than they compute)
#	CLUSTER_TEST_PREFIX	a command to run each file's tclsh by, a list
#	CLUSTER_NETNS		`no`: all share the machine's network, see tools/netns

package require Tcl 8.6-
package require tcltest 2.3

namespace eval all {
    variable directory [file dirname [file normalize [info script]]]
    variable seconds 300
    variable prefix {}
    variable totals {Total 0 Passed 0 Skipped 0 Failed 0}
    variable failing {}
    # Each run that has not ended, by its number: a dict of file, pipe, timer,
    # start, output and reported.
    variable runs {}
    # How many were started; the number of the next run.
    variable started 0
    # The number of the run that ended last, and how it went wrong.
    variable ended {}
    # What takes long comes first, so that the others fill the time beside it.
    # Only a matter of speed: a file that is not named here comes after these.
    variable long {peer.test expiryAlive.test readmeReference.test expiry.test lifetime.test linger.test
	dissector.test lab.test hosts.test scripted.test hostile.test hooks.test cookbook.test
	clock.test simulation.test crowd.test}
    if {[info exists ::env(CLUSTER_TEST_SECONDS)]} {
	set seconds $::env(CLUSTER_TEST_SECONDS)
    }
    if {[info exists ::env(CLUSTER_TEST_PREFIX)]} {
	set prefix $::env(CLUSTER_TEST_PREFIX)
    }
}

# ---- what runs, and where ----------------------------------------------------

# The test files that -file and -notfile let through, also those one directory
# down, in the order to start them in.
proc all::files {directory} {
    variable long
    set first {}
    set rest {}
    foreach file [lsort [glob -nocomplain -directory $directory *.test */*.test]] {
	set wanted [matches $file [tcltest::configure -file]]
	if {!$wanted || [matches $file [tcltest::configure -notfile]]} {
	    continue
	}
	set place [lsearch -exact $long [file tail $file]]
	if {$place >= 0} {
	    lappend first [list $place $file]
	} else {
	    lappend rest $file
	}
    }
    return [concat [lmap pair [lsort -integer -index 0 $first] {lindex $pair 1}] $rest]
}

proc all::matches {file patterns} {
    foreach pattern $patterns {
	if {[string match $pattern [file tail $file]]} {
	    return 1
	}
    }
    return 0
}

# How many files run at a time.
proc all::workers {} {
    if {[info exists ::env(CLUSTER_TEST_WORKERS)]} {
	return $::env(CLUSTER_TEST_WORKERS)
    }
    foreach command {{getconf _NPROCESSORS_ONLN} {sysctl -n hw.ncpu}} {
	if {![catch {exec {*}$command 2>@1} count] && [string is integer -strict $count]} {
	    return [expr {3 * $count}]
	}
    }
    return 4
}

# The command that gives a file a network of its own; empty where there is none
# to be had, which is said once.
proc all::netns {} {
    variable directory
    set netns [file join [file dirname $directory] tools netns]
    if {[info exists ::env(CLUSTER_NETNS)] && $::env(CLUSTER_NETNS) eq "no"} {
	return {}
    }
    # Where we are inside of one already, each file gets another all the same.
    unset -nocomplain ::env(CLUSTER_NETNS)
    if {[catch {exec $netns sh -c {echo "$CLUSTER_NETNS"} 2>@1} answer] || $answer ne "yes"} {
	puts $answer
	set ::env(CLUSTER_NETNS) no
	return {}
    }
    return [list $netns]
}

# The options of a file: those given to us, with a directory of its own for the
# files it makes, so that files of the same name are no matter.
proc all::options {file} {
    set options $::argv
    set place [lsearch -exact $options -tmpdir]
    set tmp [file join [lindex $options $place+1] [file rootname [file tail $file]]]
    file mkdir $tmp
    return [lreplace $options $place+1 $place+1 $tmp]
}

# ---- one run -------------------------------------------------------------------

# Starts a file.
proc all::start {file netns} {
    variable seconds
    variable prefix
    variable runs
    variable started
    set number $started
    incr started
    # Where files share a network, each has 500 ports, see support.tcl.
    set ::env(CLUSTER_TEST_PORT) [expr {[pid] * 97 + 500 * $number}]
    set command [list {*}$netns {*}$prefix [info nameofexecutable] -encoding utf-8 $file \
	    {*}[options $file]]
    set pipe [open |[list {*}$command </dev/null 2>@1] r]
    fconfigure $pipe -blocking 0 -encoding utf-8
    dict set runs $number [dict create file $file pipe $pipe output {} reported {} \
	    start [clock milliseconds] \
	    timer [after [expr {1000 * $seconds}] [list all::kill $number]]]
    fileevent $pipe readable [list all::hear $number]
}

# Keeps what a file prints, but for the lines that are added up instead.
proc all::hear {number} {
    variable runs
    set pipe [dict get $runs $number pipe]
    while {[gets $pipe line] >= 0} {
	if {[regexp {^[^:]+:\tTotal\t(\d+)\tPassed\t(\d+)\tSkipped\t(\d+)\tFailed\t(\d+)} $line \
		-> total passed skipped failed]} {
	    dict set runs $number reported \
		    [dict create Total $total Passed $passed Skipped $skipped Failed $failed]
	} elseif {$line ne ""} {
	    set output [dict get $runs $number output]
	    dict set runs $number output [lappend output $line]
	}
    }
    if {[eof $pipe]} {
	end $number
    }
}

# A run came to its end: closes the pipe and tells `main`.
proc all::end {number} {
    variable runs
    variable ended
    set pipe [dict get $runs $number pipe]
    after cancel [dict get $runs $number timer]
    fconfigure $pipe -blocking 1
    set problem ""
    if {![catch {close $pipe} message]} {
	if {[dict get $runs $number reported] eq ""} {
	    set problem "ended without calling tcltest::cleanupTests"
	}
    } else {
	set problem $message
    }
    lappend ended [list $number $problem]
}

# A run took too long.
proc all::kill {number} {
    variable runs
    variable ended
    variable seconds
    set pipe [dict get $runs $number pipe]
    exec kill -KILL {*}[pid $pipe]
    fileevent $pipe readable {}
    catch {close $pipe}
    lappend ended [list $number "killed after $seconds s"]
}

# ---- what came out ---------------------------------------------------------------

# Shows what a run that ended had to say, and counts it.
proc all::report {number problem} {
    variable runs
    variable failing
    set run [dict get $runs $number]
    dict unset runs $number
    set name [file tail [dict get $run file]]
    set reported [dict get $run reported]
    foreach line [dict get $run output] {
	puts $line
    }
    add $reported
    if {$problem ne ""} {
	puts "$name: $problem"
	add {Total 1 Failed 1}
    }
    if {$reported ne ""} {
	set took [expr {([clock milliseconds] - [dict get $run start]) / 1000.0}]
	puts [line $name $reported]\t[format %.1f $took]\ts
    }
    if {$problem ne "" || [dict get $reported Failed] > 0} {
	lappend failing $name
    }
    flush stdout
}

proc all::add {counts} {
    variable totals
    dict for {name count} $counts {
	dict incr totals $name $count
    }
}

proc all::line {name counts} {
    set line "$name:"
    dict for {key count} $counts {
	append line \t$key\t$count
    }
    return $line
}

proc all::main {} {
    variable runs
    variable ended
    variable totals
    variable failing
    set waiting [files [tcltest::configure -testdir]]
    set workers [workers]
    set netns [netns]
    while {$waiting ne "" || [dict size $runs] > 0} {
	while {$waiting ne "" && [dict size $runs] < $workers} {
	    set waiting [lassign $waiting file]
	    start $file $netns
	}
	if {$ended eq ""} {
	    vwait all::ended
	}
	set those $ended
	set ended {}
	foreach one $those {
	    report {*}$one
	}
    }
    if {$failing ne ""} {
	puts "Files with failing tests: [lsort $failing]"
    }
    puts [line all.tcl $totals]
    return [expr {[dict get $totals Failed] > 0 || [dict get $totals Passed] == 0}]
}

# What tests leave about stays out of the sources: in tests/tmp of the build directory.
if {"-tmpdir" ni $argv} {
    file mkdir tests/tmp
    lappend argv -tmpdir [file normalize tests/tmp]
}
tcltest::configure -testdir [file dirname [file normalize [info script]]] {*}$argv
exit [all::main]
