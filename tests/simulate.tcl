# simulate.tcl --
#
#	Simulates clusters of up to 10,000 members on a network in memory (tests/c,
#	command `crowd`): how soon one that is cut off is suspected and lost, how
#	many living ones are lost where packets are, and what members send and hear,
#	against their number. Prints a table and writes a plot. Run by `make
#	simulate`; asserts nothing.
#
#	Up to so many members all are nodes; beyond that the first ones are, and the
#	others are stand-ins, which do the same on the network. What is sent and
#	heard is that of the nodes; bytes are those of the datagrams' payload.
#
#	Environment:
#	SIMULATE	numbers of members (10 30 100 300 1000 3000 10000)
#	SIMULATE_FULL	up to so many members all are nodes (300)
#	SIMULATE_NODES	nodes among stand-ins (50)
#	SIMULATE_CUTS	members cut off, one after another, for each number (20)
#	SIMULATE_SECONDS	of simulated time with lost packets (600)
#	SIMULATE_LOSS	percent of them (1)
#	SIMULATE_SEED	(1)
#	SIMULATE_PLOT	the file (simulate.svg)

package require Tcl 8.6-
package require clustertest

set here [file dirname [file normalize [info script]]]
source [file join $here simulate crowd.tcl]
source [file join $here simulate plot.tcl]

proc setting {name default} {
    return [expr {[info exists ::env($name)] && $::env($name) ne "" ? $::env($name) : $default}]
}

# A figure with three digits.
proc figure {value {form %.2f}} {
    return [expr {$value == Inf ? "-" : [format $form $value]}]
}

proc heading {} {
    return [format "%7s %6s  %17s %17s %17s  %9s %6s  %6s %6s %6s %6s %6s %6s  %7s %7s" members nodes \
	    "suspected, s" "first to lose, s" "all know, s" "suspects" "false" \
	    "beats" "pings" "probes" "acks" "relays" "sum" "B/s out" "B/s in"]
}

# median and the worst
proc spread {values} {
    return "[figure [median $values]] ([figure [tcl::mathfunc::max {*}$values]])"
}

proc line {row} {
    dict with row {
	return [format "%7s %6s  %17s %17s %17s  %9s %6s  %6s %6s %6s %6s %6s %6s  %7s %7s" $members $nodes \
		[spread $suspected] [spread $first] [spread $all] $suspects $false \
		{*}[lmap kind {beats pings probes acks relays} {figure [lindex [dict get $rest $kind] 0]}] \
		[figure [total $rest 0]] [figure [total $rest 1] %.0f] [figure [total $rest 3] %.0f]]
    }
}

proc main {} {
    set rows {}
    puts "period 1000 ms, [setting SIMULATE_CUTS 20] cuts, [setting SIMULATE_LOSS 1] % of packets lost\
	    for [setting SIMULATE_SECONDS 600] s; packets a second sent by each at rest; median (worst)"
    puts [heading]
    foreach members [setting SIMULATE {10 30 100 300 1000 3000 10000}] {
	set nodes [expr {$members <= [setting SIMULATE_FULL 300] ? $members : [setting SIMULATE_NODES 50]}]
	lappend rows [measure $members $nodes [setting SIMULATE_SEED 1] [setting SIMULATE_CUTS 20] \
		[setting SIMULATE_LOSS 1] [setting SIMULATE_SECONDS 600]]
	puts [line [lindex $rows end]]
    }
    set file [setting SIMULATE_PLOT simulate.svg]
    plot $file $rows
    puts "plot: $file"
}

fconfigure stdout -buffering line
main
