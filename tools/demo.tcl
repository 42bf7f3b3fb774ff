# demo.tcl --
#
#	Three Tcl processes find each other and answer a query, with an explanation
#	of every line that is printed.
#
#	Run by `./bootstrap demo` or `make demo`. Needs neither root nor a network:
#	the cluster stays on this host, on a group and port of its own. The exit
#	code is 0 only if everything was seen that should be.

package require Tcl 8.6-

namespace eval demo {
    variable seconds 8		;# for everything
    variable names {one two three}
    variable words {one Hello, two World! three {}}
    variable expected {Hello, World!}
    variable pipes {}		;# name -> channel to the process
    variable pids {}		;# name -> process id
    variable told {}		;# kinds of lines that were explained
    variable seen {}		;# pairs of services that discovered each other
    variable leaving ""		;# who was told to leave
    variable lost {}		;# those who saw it leave
    variable changed 0		;# counts the processes that ended
    variable over ""		;# why the demonstration ends: ok, or a reason
}

# ---- a member: what runs in each of the three processes --------------------

# Joins the cluster. All that a program needs to be found, and to answer.
proc member {tag word group port} {
    package require cluster 1.1
    set ::var $word
    set ::cluster [cluster join -address $group -port $port -tags [list $tag]]
    $::cluster hook service discovered {
	::report discovered [my tags]
    }
    $::cluster hook service lost {
	::report lost [my tags]
    }
    $::cluster hook query {
	if {![my local]} {
	    error "only processes of this host may ask"
	}
	::report asked $data
	uplevel #0 $data
    }
    report joined [pid] [$::cluster sid]
}

# Asks every service of this host for the value of its variable.
proc ask {} {
    $::cluster query -collect -resolve localhost -query {set ::var} -command answer
}

# Is called at every turn of the query's life.
proc answer {event} {
    lassign $event what query
    switch -- $what {
	response {
	    report answered [[$query service] tags] [$query result]
	    return [$query result]
	}
	done {
	    set answers {}
	    dict for {service word} [$query results] {
		lappend answers [list [$service tags] $word]
	    }
	    report collected [join [lmap answer [lsort $answers] {lindex $answer 1}]]
	}
    }
}

# The demonstration's own talk with its members: lists, one a line.
proc report {args} {
    puts $args
}

proc obey {} {
    if {[gets stdin line] >= 0} {
	$line
    } elseif {[eof stdin]} {
	leave
    }
}

proc leave {} {
    $::cluster destroy
    exit
}

# ---- the demonstration -----------------------------------------------------

# Explains a kind of line, below the first of its kind.
proc demo::explain {kind text} {
    variable told
    if {$kind ni $told} {
	lappend told $kind
	foreach line [split [string trim [string trimright $text] \n] \n] {
	    puts "         # [regsub {^\t} $line {}]"
	}
    }
}

proc demo::line {name text} {
    puts [format "  %-5s  %s" $name $text]
}

proc demo::start {name group port} {
    variable pipes
    variable pids
    variable words
    set command [list [info nameofexecutable] [info script] member service_$name \
	    [dict get $words $name] $group $port]
    set pipe [open |[list {*}$command 2>@stderr] r+]
    fconfigure $pipe -blocking 0 -buffering line
    dict set pipes $name $pipe
    dict set pids $name [pid $pipe]
    fileevent $pipe readable [list demo::hear $name $pipe]
}

proc demo::tell {name command} {
    variable pipes
    puts [dict get $pipes $name] $command
}

# One line from a member, or its end.
proc demo::hear {name pipe} {
    variable pipes
    variable leaving
    variable changed
    variable over
    if {[gets $pipe report] >= 0} {
	on_[lindex $report 0] $name {*}[lrange $report 1 end]
    } elseif {[eof $pipe]} {
	dict unset pipes $name
	catch {close $pipe}
	incr changed
	if {$over eq "" && $name ne $leaving} {
	    set over "process $name ended too early"
	}
    }
}

proc demo::on_joined {name pid sid} {
    line $name "process $pid joined as $sid"
    explain joined {
	Ran `cluster join`: the process is a member now, which others call a service.
	It announced itself to the group, with a random id and its tag, and asked who
	else is there. From here on Tcl's event loop does the rest.
    }
}

proc demo::on_discovered {name tags} {
    variable seen
    line $name "discovered $tags"
    explain discovered {
	Its hook `service discovered` ran: a script stored with `$cluster hook`. In it
	`my` is the service that was found; `my tags` printed the words above. Each of
	the three finds the two others, so there are six of these lines.
    }
    lappend seen $name
    if {[llength $seen] == 6} {
	puts ""
	explain ask {
	Process three now runs
	    $cluster query -collect -resolve localhost -query {set ::var} -command answer
	which sends the text `set ::var` to every service of this host.
	}
	tell three ask
    }
}

proc demo::on_asked {name data} {
    line $name "was asked: $data"
    explain asked {
	Its hook `query` ran, with the text in `$data`. The package never evaluates
	what it receives; this hook chose to, by `uplevel #0 $data`. Its result is
	the answer.
    }
}

proc demo::on_answered {name tags word} {
    line $name "was answered by $tags: $word"
    explain answered {
	The callback of the query ran with the event `response`. `$query result` is the
	answer, and what the callback returns is kept, because of -collect.
    }
}

proc demo::on_collected {name text} {
    variable expected
    variable leaving
    variable over
    line $name "collected: $text"
    explain collected {
	All have answered, so the event `done` came, and `$query results` gave a dict of
	services and answers. The words are in the order of the services' tags.
    }
    if {$text ne $expected} {
	set over "expected \"$expected\" from the query"
    } else {
	puts ""
	explain leave {
	Process one now runs `$cluster destroy`.
	}
	set leaving one
	tell one leave
    }
}

proc demo::on_lost {name tags} {
    variable lost
    variable leaving
    variable over
    if {$over ne "" || $tags ne "service_$leaving"} {
	return				;# who leaves loses the others, too
    }
    line $name "lost $tags"
    explain lost {
	Its hook `service lost` ran. A member that leaves says goodbye; one that
	dies is asked after, and lost when it does not answer.
    }
    lappend lost $name
    if {[llength $lost] == 2} {
	set over ok
    }
}

# Ends what is left: first by closing the members' input, after a second by process id.
proc demo::finish {} {
    variable pipes
    variable pids
    variable late 0
    variable changed
    dict for {name pipe} $pipes {
	catch {close $pipe write}
    }
    set timer [after 1000 {set demo::late 1; incr demo::changed}]
    while {[dict size $pipes] && !$late} {
	vwait demo::changed
    }
    after cancel $timer
    dict for {name pipe} $pipes {
	catch {exec kill -KILL {*}[dict get $pids $name]}
	catch {close $pipe}
    }
}

proc demo::main {} {
    variable seconds
    variable names
    variable words
    variable expected
    variable over
    # By the process id, so that two demonstrations do not meet.
    set group 239.255.[expr {[pid] / 250 % 250}].[expr {[pid] % 250 + 1}]
    set port [expr {20000 + [pid] % 40000}]
    puts "Three processes with Tcl [info patchlevel], which know nothing of each other but"
    puts "the group $group and the port $port, form a cluster. Lines with # explain."
    puts ""
    after [expr {1000 * $seconds}] [list set demo::over "not all was seen within $seconds s"]
    foreach name $names {
	start $name $group $port
    }
    while {$over eq ""} {
	vwait demo::over
    }
    set reason $over
    finish
    if {$reason ne "ok"} {
	puts stderr "demo: failed: $reason"
	return 1
    }
    puts "\n$expected"
    return 0
}

if {[lindex $argv 0] eq "member"} {
    fconfigure stdout -buffering line
    fconfigure stdin -blocking 0
    member {*}[lrange $argv 1 end]
    fileevent stdin readable obey
    vwait forever
}
fconfigure stdout -buffering line
if {[catch {demo::main} code options]} {
    demo::finish
    return -options $options $code
}
exit $code
