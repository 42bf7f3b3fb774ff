# account.tcl --
#
#	The account of confirmed sends: what the sender was told, beside what the
#	receivers have written down. Each send has a serial number; what it is
#	about, the number of an event, may be sent more than once.

# Compares sends, each {serial number receiver outcomes}, with the journals of
# the receivers, a dict of {serial number ...} by receiver: what each did, in
# its order. Of each event from 1 to the count some send must have been
# delivered. Returns four counts:
#
#   missing	sends without an outcome; delivered ones that are not in the journal
#		of that receiver; events of which no send was delivered
#   twice	what a journal has once more; sends with more than one outcome; sends
#		that were done and are said not to have been, or that nobody made
#   order	what comes in a journal after something later, as an event or as a send
#   doubt	sends of which the sender does not know: lost, or out of time
proc lab::account {count sends journals} {
    lassign {0 0 0 0} missing twice order doubt
    lassign [readJournals $journals done] twice order
    for {set number 1} {$number <= $count} {incr number} {
	set wanted($number) 1
    }
    foreach send $sends {
	lassign $send serial number receiver outcomes
	lassign [lindex $outcomes 0] status reason
	incr missing [expr {$outcomes eq ""}]
	incr twice [expr {[llength $outcomes] > 1}]
	set did [info exists done($receiver,$serial)]
	unset -nocomplain done($receiver,$serial)
	if {$status eq "delivered"} {
	    incr missing [expr {!$did}]
	    unset -nocomplain wanted($number)
	} elseif {$reason in {lost timeout}} {
	    incr doubt
	} elseif {$did} {
	    incr twice
	}
    }
    return [list [expr {$missing + [array size wanted]}] [expr {$twice + [array size done]}] $order $doubt]
}

# What is in the journals, as doneName(RECEIVER,SERIAL), and how often something
# is there twice, or behind what is later.
proc lab::readJournals {journals doneName} {
    upvar 1 $doneName done
    lassign {0 0} twice order
    dict for {receiver journal} $journals {
	lassign {0 0} lastSerial lastNumber
	array unset events
	foreach {serial number} $journal {
	    if {[info exists done($receiver,$serial)] || [info exists events($number)]} {
		incr twice
	    } elseif {$serial < $lastSerial || $number < $lastNumber} {
		incr order
	    }
	    set done($receiver,$serial) 1
	    set events($number) 1
	    lassign [list $serial $number] lastSerial lastNumber
	}
    }
    return [list $twice $order]
}
