# plot.tcl --
#
#	A plot of what was simulated, as SVG: times and packets against the number
#	of members.

namespace eval svg {
    variable width 720
    variable height 300
    variable left 70
    variable right 170
    variable top 40
    variable bottom 45
}

# Where a number of members is, on a logarithmic scale of which these are the ends.
proc svg::x {members least most} {
    variable width
    variable left
    variable right
    set part [expr {$most > $least ? (log($members) - log($least)) / (log($most) - log($least)) : 0.5}]
    return [format %.1f [expr {$left + $part * ($width - $left - $right)}]]
}

proc svg::y {value most offset} {
    variable height
    variable top
    variable bottom
    return [format %.1f [expr {$offset + $height - $bottom - double($value) / $most * ($height - $top - $bottom)}]]
}

proc svg::text {x y text {anchor middle} {size 12}} {
    return "<text x=\"$x\" y=\"$y\" text-anchor=\"$anchor\" font-size=\"$size\">$text</text>"
}

proc svg::segment {x1 y1 x2 y2 color} {
    return "<line x1=\"$x1\" y1=\"$y1\" x2=\"$x2\" y2=\"$y2\" stroke=\"$color\"/>"
}

# Axes with a mark for each number of members, and for each unit.
proc svg::axes {title numbers most step offset} {
    variable width
    variable height
    variable left
    variable right
    variable top
    variable bottom
    set least [lindex $numbers 0]
    set last [lindex $numbers end]
    set out [list [text $left [expr {$offset + $top - 18}] $title start 14]]
    for {set value 0} {$value <= $most} {set value [expr {$value + $step}]} {
	set at [y $value $most $offset]
	lappend out [segment $left $at [expr {$width - $right}] $at "#ddd"] \
		[text [expr {$left - 8}] [expr {$at + 4}] $value end]
    }
    foreach number $numbers {
	set at [x $number $least $last]
	lappend out [segment $at [y 0 $most $offset] $at [expr {[y 0 $most $offset] + 5}] "#333"] \
		[text $at [expr {$offset + $height - $bottom + 20}] $number]
    }
    lappend out [text [expr {($left + $width - $right) / 2}] [expr {$offset + $height - 6}] "members"]
    return $out
}

# A line with dots, its name behind the last; a name moves out of another's way by `shift`.
proc svg::curve {name color numbers values most offset {shift 0}} {
    set least [lindex $numbers 0]
    set last [lindex $numbers end]
    set points {}
    set out {}
    foreach number $numbers value $values {
	if {$value != Inf} {
	    set at [list [x $number $least $last] [y [expr {min($value, $most)}] $most $offset]]
	    lappend points [join $at ,]
	    lappend out "<circle cx=\"[lindex $at 0]\" cy=\"[lindex $at 1]\" r=\"3\" fill=\"$color\"/>"
	}
    }
    lappend out "<polyline points=\"$points\" fill=\"none\" stroke=\"$color\" stroke-width=\"1.5\"/>" \
	    "<text x=\"[expr {[lindex $at 0] + 10}]\" y=\"[expr {[lindex $at 1] + 4 + $shift}]\" font-size=\"12\" fill=\"$color\">$name</text>"
    return $out
}

# The number at or above it that ends an axis well.
proc svg::ceiling {value} {
    foreach most {2 3 4 5 6 8 10 15 20 30 50 100} {
	if {$value <= $most} {
	    return $most
	}
    }
    return [expr {ceil($value / 100.0) * 100}]
}

# Rows as of `measure`.
proc plot {file rows} {
    set numbers [lmap row $rows {dict get $row members}]
    foreach name {suspected first all} {
	set $name [lmap row $rows {median [dict get $row $name]}]
    }
    set worst [lmap row $rows {tcl::mathfunc::max {*}[dict get $row all]}]
    set finite [lsearch -all -inline -not -exact [concat $worst $all] Inf]
    set most [svg::ceiling [tcl::mathfunc::max {*}$finite]]
    set out [svg::axes "One member is cut off: seconds until" $numbers $most 1 0]
    lappend out {*}[svg::curve "all know, worst" "#bbb" $numbers $worst $most 0] \
	    {*}[svg::curve "all know" "#c00" $numbers $all $most 0] \
	    {*}[svg::curve "the first loses it" "#06c" $numbers $first $most 0 8] \
	    {*}[svg::curve "the first suspects it" "#080" $numbers $suspected $most 0]
    set sent [lmap row $rows {total [dict get $row rest] 0}]
    set lossy [lmap row $rows {total [dict get $row lossy] 0}]
    set limit [svg::ceiling [tcl::mathfunc::max {*}$sent {*}$lossy 5]]
    lappend out {*}[svg::axes "Packets a second sent by each member" $numbers $limit 1 $svg::height] \
	    {*}[svg::curve "some packets lost" "#c60" $numbers $lossy $limit $svg::height -8] \
	    {*}[svg::curve "at rest" "#06c" $numbers $sent $limit $svg::height 8]
    set channel [open $file w]
    puts $channel "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"$svg::width\" height=\"[expr {2 * $svg::height}]\" font-family=\"sans-serif\">"
    puts $channel "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    puts $channel [join $out \n]
    puts $channel "</svg>"
    close $channel
}
