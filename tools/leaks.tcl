# leaks.tcl --
#
#	Joins two clusters, lets them do all they can with each other, and
#	destroys them, many times over; then compares what the process holds with
#	what it held before: descriptors, namespaces, commands, methods, timers
#	and memory. Ends with code 1 if any of that has grown.
#
#	Meant to run under valgrind as well, which sees what was lost for good;
#	the comparison sees what is merely kept, as Tcl 8.6 hides its values from
#	valgrind in pools of its own.
#
# usage: tools/netns tclsh tools/leaks.tcl ?CYCLES?	(500: 1,000 clusters)

package require cluster

set cycles [expr {$argc ? [lindex $argv 0] : 500}]
# Caches are filled by then.
set warm [expr {max(1, $cycles / 5)}]
# Bytes a cycle that count as none: memory is had by pages, and fragments a little.
set allowance 256

# Waits for the condition; an error after a minute (of patience, not of speed).
proc until {condition} {
    set ::late 0
    set timer [after 60000 {set ::late 1}]
    while {![uplevel 1 [list expr $condition]]} {
	if {$::late} {
	    error "waited in vain for $condition"
	}
	set ::tick [after 1 {set ::tick 0}]
	vwait ::tick
    }
    after cancel $timer
}

# Every kind of hook, as far as two members make it run.
proc hooks {cluster} {
    foreach path {
	{evaluate receive} {evaluate send} {evaluate service} {service validate} broadcast
	{channel 5 receive} {channel 5 send} {protocol t receive} {protocol t send} {protocol c receive}
    } {
	$cluster hook {*}$path {incr ::ran}
    }
    $cluster hook channel 5 send {dict set payload op changed}
    $cluster hook service discovered {set ::seen [$service info]}
    $cluster hook service lost {incr ::lost}
    $cluster hook tags changed {incr ::tagged}
    $cluster hook event {incr ::events}
    $cluster hook query {if {$data eq "fail"} {error "as asked"}; return "answer to $data"}
}

proc told {event} {
    lassign $event what query
    switch -- $what {
	response {return [$query result]}
	done {lappend ::done [$query results] [$query results -events] [$query payloads]}
    }
}

proc cycle {port} {
    set ::events 0
    set ::tagged 0
    set ::done {}
    set a [cluster join -port $port -channels 5 -tags {one two}]
    set b [cluster join -port $port -channels 5]
    hooks $a
    hooks $b
    foreach cluster [list $a $b] {
	until {[llength [$cluster services]] == 1 && [[lindex [$cluster services] 0] props] ne ""}
    }
    $a send -resolve localhost -channel 5 -data [string repeat x 1000]
    $b send -broadcast 1 -data "caf\u00e9"
    $b send -resolve one -raw \x00\xff
    $a tags -append three
    foreach query {ask fail} {
	$a query -collect -resolve localhost -query $query -command told
    }
    until {$::events >= 3 && [llength $::done] == 6 && $::tagged}
    $a query -collect -resolve localhost -query pending -command told
    catch {$a send -bogus 1}
    catch {cluster join -bogus 1}
    catch {cluster join -port $port -t {port bad}}
    catch {$b hook nonsense x}
    $a destroy
    until {[$b known_services] == 0}
    $b destroy
    update
}

# What is there: name -> count.
proc inventory {} {
    set fds [llength [glob -nocomplain -directory /proc/self/fd *]]
    return [dict create \
	    descriptors $fds \
	    clusters [llength [info commands ::cluster::clusters::*]] \
	    namespaces [llength [namespace children ::cluster::clusters]] \
	    objects [llength [namespace children ::oo ::oo::Obj*]] \
	    methods [llength [concat [info class methods ::cluster::cluster -private] \
		[info class methods ::cluster::service -private]]] \
	    timers [llength [after info]]]
}

# Bytes of memory in use, 0 where that cannot be asked.
proc memory {} {
    if {[catch {open /proc/self/statm} channel]} {
	return 0
    }
    set pages [lindex [read $channel] 1]
    close $channel
    return [expr {$pages * 4096}]
}

set port [expr {20000 + [pid] % 40000}]
for {set i 0} {$i < $cycles} {incr i} {
    if {$i == $warm} {
	set before [inventory]
	set memoryBefore [memory]
    }
    cycle $port
}
set after [inventory]
set growth [expr {([memory] - $memoryBefore) / double(max(1, $cycles - $warm))}]

set failed 0
dict for {name count} $before {
    if {[dict get $after $name] != $count} {
	puts "$name: $count before, [dict get $after $name] after"
	set failed 1
    }
}
puts [format "%d cycles on Tcl %s: %s; memory grew by %.0f bytes a cycle" \
	$cycles [info patchlevel] $after $growth]
# Under valgrind, which keeps notes of its own, memory says nothing.
if {$growth > $allowance && ![string match *vgpreload* [expr {[info exists env(LD_PRELOAD)] ? $env(LD_PRELOAD) : ""}]]} {
    puts "memory grew by more than $allowance bytes a cycle"
    set failed 1
}
exit $failed
