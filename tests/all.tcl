# all.tcl --
#
#	Runs each test file in a tclsh of its own and adds up what they report.
#
#	Takes the options of tcltest (-file PATTERNS, -notfile, -match, -verbose
#	...), which reach each file as well. A file that crashes, hangs, or ends
#	without having reported counts as one failure, unlike in tcltest's own
#	runAllTests. The last line is the total; the exit code is 0 if there was
#	something to pass and nothing failed.
#
#	Environment: CLUSTER_TEST_SECONDS, how long one file may take (300).

package require Tcl 8.6-
package require tcltest 2.3

namespace eval all {
    variable seconds 300
    variable totals {Total 0 Passed 0 Skipped 0 Failed 0}
    variable failing {}
    if {[info exists ::env(CLUSTER_TEST_SECONDS)]} {
	set seconds $::env(CLUSTER_TEST_SECONDS)
    }
}

# The test files that -file and -notfile let through, also those one directory down.
proc all::files {directory} {
    set files {}
    foreach file [lsort [glob -nocomplain -directory $directory *.test */*.test]] {
	set wanted [matches $file [tcltest::configure -file]]
	if {$wanted && ![matches $file [tcltest::configure -notfile]]} {
	    lappend files $file
	}
    }
    return $files
}

proc all::matches {file patterns} {
    foreach pattern $patterns {
	if {[string match $pattern [file tail $file]]} {
	    return 1
	}
    }
    return 0
}

# Passes a file's output on, but for the lines that are added up instead.
proc all::output {pipe} {
    variable reported
    variable over
    while {[gets $pipe line] >= 0} {
	if {[regexp {^[^:]+:\tTotal\t(\d+)\tPassed\t(\d+)\tSkipped\t(\d+)\tFailed\t(\d+)} $line \
		-> total passed skipped failed]} {
	    set reported [dict create Total $total Passed $passed Skipped $skipped Failed $failed]
	} elseif {$line ne ""} {
	    puts $line
	}
    }
    if {[eof $pipe]} {
	set over eof
    }
}

# Runs one file. Returns how it went wrong, empty when it did not.
proc all::run {file} {
    variable seconds
    variable reported {}
    variable over ""
    set command [list [info nameofexecutable] -encoding utf-8 $file {*}$::argv]
    set pipe [open |[list {*}$command </dev/null 2>@1] r]
    set pids [pid $pipe]
    fconfigure $pipe -blocking 0 -encoding utf-8
    fileevent $pipe readable [list all::output $pipe]
    set timer [after [expr {1000 * $seconds}] {set all::over timeout}]
    vwait all::over
    after cancel $timer
    if {$over eq "timeout"} {
	exec kill -KILL {*}$pids
	catch {close $pipe}
	return "killed after $seconds s"
    }
    fconfigure $pipe -blocking 1
    if {[catch {close $pipe} message]} {
	return $message
    }
    if {$reported eq ""} {
	return "ended without calling tcltest::cleanupTests"
    }
    return ""
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
    variable totals
    variable reported
    variable failing
    foreach file [files [tcltest::configure -testdir]] {
	set name [file tail $file]
	set problem [run $file]
	add $reported
	if {$problem ne ""} {
	    puts "$name: $problem"
	    add {Total 1 Failed 1}
	}
	if {$reported ne ""} {
	    puts [line $name $reported]
	}
	if {$problem ne "" || [dict get $reported Failed] > 0} {
	    lappend failing $name
	}
	flush stdout
    }
    if {$failing ne ""} {
	puts "Files with failing tests: $failing"
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
