# lab.tcl --
#
#	Hosts for tests, see lab/net.tcl, and members on them. A test file sources
#	this after support.tcl; the constraint `hosts` says whether it works.

source [file join [file dirname [file normalize [info script]]] lab net.tcl]
namespace import lab::host lab::at lab::cable

# A process on a host that runs the script.
proc on {host script} {
    return [child $script [lab::inside $host]]
}

# A member there, which answers queries and tells what it hears.
proc member {host name args} {
    set pid [on $host [string map [list NAME $name OPTIONS [list -address [address] \
	    -port $::port -tags $name {*}$args]] {
	package require cluster
	set c [cluster join OPTIONS]
	$c hook service lost {say lost [my tags]}
	$c hook service discovered {say discovered [my tags]}
	$c hook query {return "NAME answers [my tags]"}
	$c hook event {say event $data}
	proc told {event} {
	    lassign $event what query
	    if {$what in {response error}} {say $what [$query result][$query error]}
	}
	proc ask {name} {$::c query -resolve $name -query x -command told}
	say joined
    }]]
    childSays $pid joined
    return $pid
}

# What a child's script results in, `failed` for an error.
proc value {pid script} {
    set mark value[incr ::values]
    childAsk $pid "if {\[catch [list $script] result\]} {set result failed}; say $mark \$result"
    return [string range [childSays $pid "$mark*"] [string length "$mark "] end]
}

proc demolish {} {
    childrenEnd
    lab::raze
}

testConstraint hosts [expr {![catch {
    set port [port]
    set a [host]
    set b [host]
    cable [list $a eth0 10.77.0.1/24] [list $b eth0 10.77.0.2/24]
}]}]
catch {demolish}

# Two hosts with a cable between them.
proc pair {} {
    set ::port [port]
    set ::a [host]
    set ::b [host]
    cable [list $::a eth0 10.77.0.1/24] [list $::b eth0 10.77.0.2/24]
}
