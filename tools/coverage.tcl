# coverage.tcl --
#
#	Prints how many lines and branches of each source gcov saw run, and of
#	all of them together.
#
# usage: tclsh coverage.tcl FILE.gcda ...	in the directory of the compilation

# {executed of} of a line such as "Lines executed:97.50% of 80".
proc count {report what} {
    if {![regexp "$what:(\[0-9.\]+)% of (\[0-9\]+)" $report -> percent of]} {
	return {0 0}
    }
    return [list [expr {round($percent * $of / 100)}] $of]
}

# What gcov says of one source: executed lines, lines, branches taken, branches.
proc measure {file} {
    if {![file exists $file]} {
	error "$file is not there: nothing ran that code"
    }
    set name [file rootname [file tail $file]].c
    set report [exec gcov --no-output --branch-probabilities $file 2>@1]
    # A report for each file; headers come as well.
    foreach part [split [string map [list "File '" \uffff] $report] \uffff] {
	if {[file tail [lindex [split $part '] 0]] eq $name} {
	    return [concat [count $part "Lines executed"] [count $part "Taken at least once"]]
	}
    }
    error "gcov says nothing of $name:\n$report"
}

proc percent {part whole} {
    return [expr {$whole == 0 ? 100.0 : 100.0 * $part / $whole}]
}

proc show {name numbers} {
    lassign $numbers lines allLines branches allBranches
    puts [format "%-24s %7.2f %% of %5d lines %7.2f %% of %5d branches" $name \
	    [percent $lines $allLines] $allLines [percent $branches $allBranches] $allBranches]
}

set total {0 0 0 0}
foreach file $argv {
    set numbers [measure $file]
    show [file rootname [file tail $file]].c $numbers
    set total [lmap one $numbers sum $total {expr {$one + $sum}}]
}
show total $total
