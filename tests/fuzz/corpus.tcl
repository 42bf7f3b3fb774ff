# corpus.tcl --
#
#	Makes the inputs that the fuzz targets start from, out of the golden
#	vectors, and those that found something once, out of regressions.tsv.
#
# usage: tclsh corpus.tcl TARGET DIRECTORY	writes one file for each input
#
# Sourced, it has the command `corpus::inputs TARGET`, a list of name and bytes
# in turn.

namespace eval corpus {
    variable here [file dirname [file normalize [info script]]]
}

# Rows of a tab-separated file below tests/, without headings.
proc corpus::rows {file} {
    variable here
    set channel [open [file join $here .. $file] r]
    fconfigure $channel -encoding utf-8 -translation lf
    set lines [split [string trimright [read $channel] \n] \n]
    close $channel
    set rows {}
    foreach line $lines {
	if {$line ne "" && ![string match "#*" $line]} {
	    lappend rows [split $line \t]
	}
    }
    return $rows
}

proc corpus::bytes {hex} {
    return [binary decode hex $hex]
}

# What stands between the length and the end mark of a packet.
proc corpus::body {packet} {
    set at 2
    while {[scan [string index $packet $at] %c] > 127} {
	incr at
    }
    return [string range $packet [incr at] end-2]
}

# ---- decode: a byte for the mode, then the bytes ----------------------------

proc corpus::decode {} {
    set inputs {}
    foreach row [rows vectors/packets.tsv] {
	lassign $row name payload hex
	set packet [bytes $hex]
	lappend inputs $name-packet \x00$packet $name-body \x01[body $packet] \
		$name-text \x02[encoding convertto utf-8 $payload] \
		$name-dict \x03[encoding convertto utf-8 $payload] \
		$name-values \x04[bytes 0002020004000204][body $packet]
    }
    foreach row [rows vectors/types.tsv] {
	lassign $row name template data hex
	lappend inputs type-$name \x04[bytes 0002030404020001][bytes $hex]
    }
    foreach {name hex} {
	long 41424344e4b896e7958cf09f9880e29882c3a9 nul 610062 stray ff80c3
	pair eda0bdedb880 lone eda080 overlong c080e08080f08080 beyond f4908080 half f09f98
    } {
	lappend inputs text-$name \x02[bytes $hex]
    }
    foreach {name text} {
	hexadecimal {type 0xffffffffffffffff channel +7 known 0x10}
	spelled {keepalive yes tags {{} {a b} \u00e9} raw \xff\x00}
	wrong {keepalive maybe} negative {type -1} unknown {nonsense 1}
    } {
	lappend inputs dict-$name \x03$text
    }
    return $inputs
}

# ---- stream: limit, hand, six sizes of pieces, then the bytes ---------------

proc corpus::stream {} {
    set inputs {}
    set all ""
    set number 0
    foreach row [rows vectors/packets.tsv] {
	lassign $row name payload hex
	set packet [bytes $hex]
	append all $packet
	if {[string length $packet] < 2000} {
	    foreach {kind text} [list plain $packet garbage garbage$packet\xc0\xc0\x8d$packet\xc0 \
		    nested [bytes c08d7f]$packet$packet wrong [string range $packet 0 end-1]x$packet \
		    cut [string range $packet 0 end-3]$packet] {
		set hand [format %c [expr {[incr number] % 32}]]
		lappend inputs $name-$kind \x10$hand\x00\x01\x05\x11\x02\x40$text
	    }
	}
    }
    lappend inputs all \xff\x00\xff\xff\xff\xff\xff\xff$all all-in-bits \xff\x05\x00\x01\x00\x02\x00\x03$all \
	    small-limit \x02\x00\x07\x01\x07\x01\x07\x01$all
    return $inputs
}

# ---- receive: settings, seven reactions, then steps -------------------------

# One step: kind, length, bytes.
proc corpus::step {kind {bytes ""}} {
    return [binary format csa* $kind [string length $bytes] $bytes]
}

# How the layer above reacts: calmly, and in every way in turn.
proc corpus::reactions {} {
    set reactions [list calm [bytes 00000000000000]]
    for {set code 1} {$code < 9} {incr code} {
	lappend reactions first-$code [binary format c7 [list $code 0 0 0 0 0 0]] \
		third-$code [binary format c7 [list 0 0 $code 0 0 0 0]] \
		often-$code [binary format c7 [list 0 $code 0 0 $code 0 $code]]
    }
    return $reactions
}

# A story in which much happens: members come, ask, answer, change, and go.
proc corpus::story {packets} {
    set steps [list [step 0x03 \x02[bytes 0a00]] [step 0x50 \x01]]
    foreach packet $packets {
	lappend steps [step 0 $packet]
    }
    foreach what {00 01 12 53 02 08 09 0a 0b 18 1d 04 25 08 16 09 06 0c 07 0f} {
	lappend steps [step 0x60 [bytes $what]]
    }
    # From the other node, over a connection: an event, a query, a failure, a disconnect.
    foreach {choice fields} {06 0a0568656c6c6f 04 0802713a0a0161 08 0a0d70726f746f636f6c73207b747d 01
	0a0b74207b706f727420397d 03 0a0840534c46404040 05 0802713030 07 0a0474207b7d 00 {}} {
	lappend steps [step 0x0f [bytes $choice$fields]] [step 0x03 [bytes $choice$fields]]
    }
    lappend steps [step 0x40 "sid scripted hid 02:fc:00:00:00:01 type 1 channel 0 protocols {u t}"] \
	    [step 0x42 "sid scripted hid 02:fc:00:00:00:01 type 4 channel 0 protocols t data x ruid r"] \
	    [step 0x50 \x20] [step 0x0b \x36] [step 0x50 \xff] [step 0x50 \xff]
    return [join $steps ""]
}

# A field that is text, of less than 128 bytes.
proc corpus::field {id text} {
    return [binary format cca* $id [string length $text] $text]
}

# Members that probe each other: probes, acks and relays, of the other node and of three that are invented.
proc corpus::probing {} {
    set hid 02:fc:00:00:00:01
    set peer @PEER@@@@$hid
    set self @SELF@@@@$hid
    set steps {}
    foreach choice [list \x11 \x21 \x31] port {9001 9002 9001} {
	lappend steps [step 0x03 $choice[field 10 "t {port 9} cluster {datagram $port can probe}"]\x0c\x00]
    }
    lappend steps [step 0x50 \x01]
    foreach {choice ruid data} [list \
	\x09 R "incarnation 0 names {new@$hid other@h}" \x0a @PROBE@@@@@@@@@@ "incarnation 1" \
	\x19 R "news {suspect $peer 0 suspect $self 0}" \x2a R "news {suspect $self 1 alive $peer 7}" \
	\x0b R "of vZnBp267@$hid" \x0b S "of $peer" \x1a @PROBE@@@@@@@@@@ "for $peer" \
	\x39 "" "" \x0a @PROBE@@@@@@@@@@ "incarnation x" \x03 "" "9Z2p3466 vZnBp267 lmXR2c69" \
    ] {
	lappend steps [step 0x07 $choice[field 8 $ruid][field 10 $data]] [step 0x50 \x00] \
		[step 0x03 $choice[field 8 $ruid][field 10 $data]]
    }
    lappend steps [step 0x60 \x04] [step 0x60 \x15] [step 0x07 \x06[field 10 event]] [step 0x50 \x02] \
	    [step 0x60 \x25] [step 0x60 \x04] [step 0x50 \x10] [step 0x07 \x19[field 8 back]] \
	    [step 0x60 \x06] [step 0x03 \x11[field 10 "t {port 9}"]] [step 0x50 \x20]
    return [join $steps ""]
}

proc corpus::receive {} {
    set inputs {}
    set calm [bytes 00000000000000]
    set packets {}
    foreach row [rows vectors/packets.tsv] {
	lassign $row name payload hex
	set packet [bytes $hex]
	if {[string length $packet] > 2000} {
	    continue
	}
	lappend packets $packet
	lappend inputs $name \x00$calm[step 0 $packet][step 0x50 \x10]
	lappend inputs $name-remote \x01$calm[step 8 $packet][step 0x50 \x10]
	lappend inputs $name-connection \x00$calm[step 0x0c $packet][step 0x50 \x10]
	lappend inputs $name-ours \x00$calm[step 0x0f [format %c 6][body $packet]][step 0x50 \x10]
	lappend inputs $name-payload \x00$calm[step 0x42 [encoding convertto utf-8 $payload]]
    }
    foreach {name reactions} [reactions] {
	foreach settings [list \x00 \x01 \x02 \x04 \x08] {
	    scan $settings %c number
	    lappend inputs story-$name-$number $settings$reactions[story [lrange $packets 0 8]]
	}
    }
    foreach {name reactions} [reactions] {
	foreach settings [list \x10 \x11] {
	    scan $settings %c number
	    lappend inputs probing-$name-$number $settings$reactions[probing]
	}
    }
    foreach {name body} {
	own 0408405345 filter-own 0e010840534c46404040 filter-other 0e010a6e6f74686f67777274
    } {
	lappend inputs $name \x00$calm[step 3 \x06[bytes $body]]
    }
    return $inputs
}

# ---- template: a template, a zero byte, then fields --------------------------

proc corpus::template {} {
    set inputs {}
    foreach row [rows vectors/types.tsv] {
	lassign $row name template data hex
	lappend inputs type-$name [string map {" ; " \n} $template]\x00[bytes $hex]
    }
    set all "1 varint v\n2 boolean b\n3 float f\n4 vfloat w\n5 string s = 2\n6 raw r\n7 list l\n"
    append all "8 dict d | one two\n9 flags g {a b\nc}\n10 numlist n \"x y\"\n11 flags h\n12 numlist m\n"
    foreach {name hex} {
	numbers 01ffffffffffffffffffff010201030000c03f030100000000000000408404010105040000ac02
	text 0503c3a961060307028007020161020802c3a90162 lists 0b030100010c0301ac0200 keyed 0a02010209020100
	infinite 03000000807f fraction 0401038500
    } {
	lappend inputs all-$name $all\x00[bytes $hex]
    }
    foreach {name text} {
	double "1 string a\n1 string b" name "1 string a\n2 string a" id "x string a" group "1 dict d \{a b"
	comment "# no\n1 string a | = 3" own "1 mytype a | b c" spaces "  1\tvarint   a  \n\n\n 2 raw b"
    } {
	lappend inputs wrong-$name $text\x00\x01\x01a
    }
    return $inputs
}

# ---- seal: steps: kind, two bytes of length, bytes -----------------------------

proc corpus::sealStep {kind {bytes ""}} {
    return [binary format cSa* $kind [string length $bytes] $bytes]
}

# A datagram that who has the key makes: origin, number, time, packet.
proc corpus::sealMade {origin number {time 1790000000000} {packet packet}} {
    return [sealStep 3 [binary format cWWa* $origin $number $time $packet]]
}

proc corpus::seal {} {
    set inputs {}
    foreach row [rows vectors/sealed.tsv] {
	set packet [bytes [lindex $row 3]]
	lappend inputs [lindex $row 0]-[lindex $row 1]-[llength $inputs] [sealStep 0 $packet]
    }
    foreach row [rows vectors/packets.tsv] {
	lassign $row name payload hex
	if {[string length $hex] < 4000} {
	    lappend inputs $name [sealStep 2 \0\0\0[bytes $hex]]
	}
    }
    foreach {name steps} {
	once {sealMade 1 1} twice {sealMade 1 1 ; sealMade 1 1} window {sealMade 1 5000 ; sealMade 1 3977 ; sealMade 1 3976}
	past {sealMade 1 1 1789999000000} future {sealMade 1 1 1790000030001} last {sealMade 1 -1 ; sealMade 1 -1}
	none {sealMade 1 0} endless {sealMade 1 1 -1} late {sealMade 1 9 ; sealMade 1 8 1789999960000}
	five {sealMade 1 1 ; sealMade 2 1 ; sealMade 3 1 ; sealMade 4 1 ; sealMade 5 1}
	idle {sealMade 1 1 ; sealMade 2 1 ; sealMade 3 1 ; sealMade 4 1 ; sealStep 4 \x75\x31 ; sealMade 5 1 1790000060002 ; sealMade 1 1}
	bound {sealMade 1 1 ; sealStep 5 \x01\x01m@h ; sealMade 2 1 ; sealStep 5 \x01\x02m@h ; sealStep 5 \x00\x00m@h ; sealStep 5 \x01\x02m@h}
	asked {sealMade 1 1 0 ; sealStep 5 \x02\x01\x07 ; sealMade 1 1 0 ; sealStep 5 \x02\x01\x07 ; sealMade 1 9 0}
	changed {sealStep 2 \x00\x09\x01hello ; sealStep 2 \x00\x29\x80hello ; sealStep 2 \x00\x00\x00hello}
	value {sealStep 1 \x01xxxxyyyyyyyyyyyyyyyyzzzzzzzzttttttttssssssssssssssss}
    } {
	set input ""
	foreach step [split $steps ";"] {
	    append input [eval $step]
	}
	lappend inputs steps-$name $input
    }
    return $inputs
}

# ---- handshake: what is done, and bytes for that ---------------------------------

proc corpus::handshake {} {
    set inputs {}
    foreach row [rows vectors/sealed.tsv] {
	set packet [bytes [lindex $row 3]]
	for {set stage 0} {$stage < 4} {incr stage} {
	    lappend inputs packet-$stage-[llength $inputs] \x00[format %c $stage]$packet
	}
    }
    for {set packets 0} {$packets < 4} {incr packets} {
	foreach at {0 2 5 9 40 58} {
	    lappend inputs changed-$packets-$at [binary format ccSc 2 $packets $at 1] \
		value-$packets-$at [binary format cca* 1 $packets [string range \x02\x03\x04 [expr {$at % 3}] end][string repeat x $at]]
	}
	lappend inputs good-$packets [binary format ccSc 2 $packets 0 0]
    }
    set header [string repeat h 24]
    foreach {name said} {
	good \x03m@h none \x00 short \x04m@h more \x03m@hmore nothing {} long \xc1
    } {
	set said [subst -nocommands -novariables $said]
	lappend inputs answer-$name \x03$header$said name-$name \x04$said
    }
    set longest \xc0[string repeat n 192]
    lappend inputs answer-longest \x03$header$longest name-longest \x04$longest answer-headless \x03short \
	answer-beyond \x03$header$longest[string repeat x 200] name-beyond \x04$longest[string repeat x 200]
    return $inputs
}

# ---- records: steps: kind and direction, two bytes of length, bytes ---------------

proc corpus::records {} {
    set inputs {}
    foreach {name steps} {
	once {0 hello 1 {}} both {0 hello 0x80 answer 1 {} 0x81 {}} empty {0 {} 1 {}}
	order {0 a 0 b 0 c 1 {} 1 {} 1 {}} repeated {0 a 1 {} 1 \x00} skipped {0 a 0 b 1 \x01 1 \x00}
	changed {0 hello 2 \x00\x08\x01 1 {}} framed {0 hello 2 \x00\x02\x01} kept {0 hello 2 \x00\x00\x00 0 x 1 {}}
	reflected {0 hello 3 \x00 0x83 \x00} raw {4 hello 0 x} value {5 \x04xxxxxxxxxxxxxxxxxxxxxxxxxxxx} small {5 \x04 5 \x01}
	hour {0 a 1 {} 6 \x3c 0 b 0 c 1 {} 1 {}} broken {4 x 0x80 x 0x81 {}}
    } {
	set input ""
	foreach {kind text} $steps {
	    append input [sealStep $kind [subst -nocommands -novariables $text]]
	}
	lappend inputs steps-$name $input
    }
    set large [string repeat "0123456789" 20]
    lappend inputs rekey [string repeat [sealStep 0 $large][sealStep 1] 5]
    foreach row [rows vectors/sealed.tsv] {
	lappend inputs packet-[llength $inputs] [sealStep 4 [bytes [lindex $row 3]]]
    }
    return $inputs
}

# ---- all of them -------------------------------------------------------------

# Name and bytes, in turn, of every input for a target.
proc corpus::inputs {target} {
    set inputs [$target]
    foreach row [rows fuzz/regressions.tsv] {
	lassign $row for name hex
	if {$for eq $target} {
	    lappend inputs regression-$name [bytes $hex]
	}
    }
    return $inputs
}

proc corpus::write {target directory} {
    file mkdir $directory
    foreach {name bytes} [inputs $target] {
	set channel [open [file join $directory $name] wb]
	puts -nonewline $channel $bytes
	close $channel
    }
}

if {[info exists argv0] && [file normalize $argv0] eq [file normalize [info script]]} {
    if {[llength $argv] != 2 || [lindex $argv 0] ni {decode stream receive template seal handshake records}} {
	puts stderr "usage: corpus.tcl decode|stream|receive|template|seal|handshake|records DIRECTORY"
	exit 2
    }
    corpus::write {*}$argv
}
