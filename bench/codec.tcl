# codec.tcl --
#
#	Measures the codec beside others on the same packets, in C and in Tcl.
#	Prints a table; asserts nothing.
#
#	Run by `make bench-codec BENCHFLAGS="..."`, which compiles the C program
#	into the directory named by CLUSTER_BENCH_BIN, with protobuf-c and msgpack-c
#	where they are installed. All take turns, round by round. A number is the
#	median of the rounds, each of which takes the fastest of many batches; the
#	ratio, to the first row, is the median of the rounds' ratios.
#
# options:
#	-rounds N	how often each is measured (9)
#	-ms N		for how long, each time (20)
#	-cases LIST	heartbeat event100 event64k
#	-reference DIR	a directory with bpacket-1.3.2.tm, to measure that too

package require Tcl 8.6-
package require bpacket

namespace eval bench {
    variable options {-rounds 9 -ms 20 -cases {heartbeat event100 event64k} -reference {}}
    variable template "1 varint type\n2 varint channel\n3 string hid\n4 string sid\n5 varint known
	6 varint timestamp\n7 list protocols\n8 string ruid\n9 string op\n10 string data\n11 raw raw
	12 list tags\n13 boolean keepalive\n14 list filter\n15 string error"
    variable times {}	;# case -> codec -> encode|decode -> list, one number a round
    variable reference {}	;# the interp with the reference
}

# The payloads that codec.c has as structs.
proc bench::payload {case} {
    set payload {sid 9Z2p3466 hid 02:fc:00:00:00:01}
    switch $case {
	heartbeat {
	    return [dict merge $payload {type 1 channel 0 protocols {t c} data {t {port 42885}} known 3
		tags {one two}}]
	}
	event100 { set data [string repeat x 100] }
	event64k { set data [string repeat x 65536] }
    }
    return [dict merge {filter Y2FHR676} $payload [list type 6 channel 0 protocols {t c} data $data]]
}

# Microseconds of one evaluation in that interp: of the fastest of the batches
# that so many milliseconds hold, as in the C program.
proc bench::measure {interp script ms} {
    set count 1
    while {[set best [lindex [interp eval $interp [list time $script $count]] 0]] * $count < 200} {
	set count [expr {$count * 2}]
    }
    set end [expr {[clock milliseconds] + $ms}]
    while {[clock milliseconds] < $end} {
	set best [expr {min($best, [lindex [interp eval $interp [list time $script $count]] 0])}]
    }
    return $best
}

# Notes nanoseconds.
proc bench::note {case codec what nanoseconds} {
    variable times
    set list {}
    if {[dict exists $times $case $codec $what]} {
	set list [dict get $times $case $codec $what]
    }
    dict set times $case $codec $what [lappend list $nanoseconds]
}

# One round of the C program.
proc bench::roundC {case ms} {
    foreach line [split [exec [file join $::env(CLUSTER_BENCH_BIN) codec] $case 1 $ms] \n] {
	lassign $line round codec what nanoseconds
	note $case $codec $what $nanoseconds
    }
}

# One round of a bpacket, ours or the reference, each in an interp that has made `io`.
proc bench::roundTcl {case codec interp ms} {
    interp eval $interp [list set payload [payload $case]]
    interp eval $interp {set packet [io encode $payload]}
    note $case $codec encode [expr {1000 * [measure $interp {io encode $payload} $ms]}]
    note $case $codec decode [expr {1000 * [measure $interp {io decode $packet} $ms]}]
}

# An interp whose `io` encodes and decodes by the template.
proc bench::newInterp {setup} {
    variable template
    set interp [interp create]
    interp eval $interp [list set auto_path $::auto_path]
    interp eval $interp $setup
    interp eval $interp {package require bpacket}
    interp eval $interp [list bpacket create io io $template]
    return $interp
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

proc bench::ratio {numbers others} {
    return [median [lmap number $numbers other $others {expr {double($number) / $other}}]]
}

proc bench::show {case} {
    variable times
    set codecs [dict get $times $case]
    set first [lindex [dict keys $codecs] 0]
    puts ""
    puts [format "%-22s %14s %8s %14s %8s" $case "encode, ns" ratio "decode, ns" ratio]
    dict for {codec whats} $codecs {
	set columns [list $codec]
	foreach what {encode decode} {
	    lappend columns [median [dict get $whats $what]] \
		    [ratio [dict get $whats $what] [dict get $codecs $first $what]]
	}
	puts [format "%-22s %14.0f %8.2f %14.0f %8.2f" {*}$columns]
    }
    if {[dict exists $codecs "bpacket 1.3.2 in Tcl"]} {
	foreach what {encode decode} {
	    puts [format "bpacket io is %.0f times as fast as 1.3.2 to %s" [ratio \
		    [dict get $codecs "bpacket 1.3.2 in Tcl" $what] [dict get $codecs "bpacket io" $what]] $what]
	}
    }
}

# ---- the run --------------------------------------------------------------

proc bench::main {arguments} {
    variable options
    variable reference
    foreach {option value} $arguments {
	if {![dict exists $options $option]} {
	    error "unknown option \"$option\": must be [join [dict keys $options] {, }]"
	}
	dict set options $option $value
    }
    set ms [dict get $options -ms]
    set ours [newInterp {}]
    if {[dict get $options -reference] ne ""} {
	set reference [newInterp [list apply {{directory} {
	    ::tcl::tm::path add $directory
	    package require bpacket 1.3.2-1.3.3
	}} [dict get $options -reference]]]
    }
    puts "Tcl [info patchlevel], bpacket [interp eval $ours {package require bpacket}];\
	    medians of [dict get $options -rounds] rounds"
    foreach case [dict get $options -cases] {
	for {set round 1} {$round <= [dict get $options -rounds]} {incr round} {
	    roundC $case $ms
	    roundTcl $case "bpacket io" $ours $ms
	    if {$reference ne ""} {
		roundTcl $case "bpacket 1.3.2 in Tcl" $reference $ms
	    }
	}
	show $case
    }
}

if {[catch {bench::main $argv} message]} {
    puts stderr "bench: $message"
    exit 1
}
