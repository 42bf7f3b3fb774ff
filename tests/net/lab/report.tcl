# report.tcl --
#
#	Figures as text, and the table of what experiments have measured.

# The one in the middle, or between the two there.
proc lab::median {values} {
    set sorted [lsort -real $values]
    set middle [expr {[llength $sorted] / 2}]
    if {[llength $sorted] % 2} {
	return [lindex $sorted $middle]
    }
    return [expr {([lindex $sorted $middle-1] + [lindex $sorted $middle]) / 2.0}]
}

# A value with its unit; what was given up is more than the limit.
proc lab::figure {value unit} {
    variable limit
    if {$value == Inf} {
	return "> $limit $unit"
    }
    if {![string is entier -strict $value]} {
	set value [format %.2f $value]
    }
    return [string trim "$value $unit"]
}

# How many processes want the processor, on average over a minute.
proc lab::load {} {
    set channel [open /proc/loadavg]
    set load [lindex [gets $channel] 0]
    close $channel
    return $load
}

proc lab::line {name title runs median worst target wrong load serf} {
    return [format "%-10s  %-54s %4s %9s %9s %7s %6s %6s %9s" \
	    $name $title $runs $median $worst $target $wrong $load $serf]
}

proc lab::heading {} {
    return [line name experiment runs median worst target wrong load serf]
}

# The lines of an experiment: its name and rows, a list of values for each run, the number
# of living members lost, the load, and the values of serf, which has but the first row.
proc lab::lines {name rows runs wrong load {theirs {}}} {
    set lines {}
    set number 0
    foreach row $rows {
	lassign $row title target unit
	set title [subst -novariables -nobackslashes $title]
	set values [lmap run $runs {lindex $run $number}]
	set serf -
	if {$number == 0 && $theirs ne ""} {
	    set serf [figure [median $theirs] $unit]
	}
	set figures {- -}
	if {$values ne ""} {
	    set figures [list [figure [median $values] $unit] [figure [tcl::mathfunc::max {*}$values] $unit]]
	}
	lappend lines [line $name $title [llength $values] {*}$figures [figure $target $unit] $wrong $load $serf]
	set name ""
	set wrong -
	incr number
    }
    return $lines
}
