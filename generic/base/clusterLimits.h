/*
 * clusterLimits.h --
 *
 *	What anybody can make a member do, remember or send, at most: every limit
 *	in one place, by subject. doc/security.md has them as a table.
 *
 *	Each comment says: unit; who can use it up; what happens then; the counter
 *	in `$cluster stats` that shows it.
 */

#ifndef CLUSTER_LIMITS_H
#define CLUSTER_LIMITS_H

/*
 * ---- what is read of a packet ----------------------------------------------
 *
 * Bytes are looked at before anything is parsed.
 */

/* Bytes of a sid or hid. Anybody. The packet is dropped. malformed. */
#define CLUSTER_IDENTITY_MAX 64
/* Protocols of a member, and bytes of their list. Anybody. The packet is dropped. rejected. */
#define CLUSTER_PROTOCOLS_MAX       32
#define CLUSTER_PROTOCOLS_BYTES_MAX 1024
/* Tags of a member, and bytes of their list. Anybody. The packet is dropped. rejected. */
#define CLUSTER_TAGS_MAX       1024
#define CLUSTER_TAGS_BYTES_MAX 65536
/*
 * Bytes of a member's props, in a packet and in all; their protocols are at most
 * CLUSTER_PROTOCOLS_MAX. Anybody. The props stay what they were. None.
 */
#define CLUSTER_PROPS_BYTES_MAX 16384
/*
 * Bytes of what a member tells of itself in its props (key `cluster`). Anybody.
 * It told nothing of itself. None.
 */
#define CLUSTER_SELF_BYTES_MAX 1024
/* Bytes of a word in it. We ourselves: it is cut. None. */
#define CLUSTER_SELF_WORD_MAX 64
/* Milliseconds of a ttl or heartbeat in it: the most that join takes. Anybody. That one is not told. None. */
#define CLUSTER_SELF_MS_MAX 31622400000
/* Bytes that a heartbeat with tags and props has to spare in a datagram: for the filter, ruid and more of an answer. */
#define CLUSTER_BEAT_SPARE 512
/*
 * Bytes of a packet by unicast datagram: no link on the way cuts it in two. We
 * ourselves send no larger one, anybody can. It is dropped. drops oversized.
 */
#define CLUSTER_UNICAST_BYTES 1400
/* Bytes of what a ping asks after, about 7,000 sids. Anybody. It is ignored. None. */
#define CLUSTER_PING_BYTES_MAX 65536
/* Bytes of what a receipt says beside an error. Anybody. It is ignored. None. */
#define CLUSTER_RECEIPT_BYTES_MAX 64
/* Bytes of a failure report. Anybody. It is ignored. None. */
#define CLUSTER_FAILURE_BYTES_MAX 4096

/* Bytes of what a probe or its answer says. Members. Of that nothing is used. None. */
#define CLUSTER_PROBE_BYTES_MAX 2048

/*
 * ---- whom we know ------------------------------------------------------------
 *
 * Who makes room for a new member has no open connection to us. Who did not say
 * what it is (tags and props) goes first, then who was silent for two of our
 * heartbeats, of each the one that was silent longest. If there is none, the
 * new one is not taken. limit, of each that is not taken.
 */

/* Members. Anybody who can invent addresses. */
#define CLUSTER_MEMBERS_MAX 65536
/* Members first heard from one address; this host counts as one. Anybody there, for that address. */
#define CLUSTER_MEMBERS_OF_SOURCE_MAX 4096
/* Members that did not say what they are. Anybody. */
#define CLUSTER_MEMBERS_UNKNOWN_MAX 1024
/* Members of one sid that a ping is for: those found first. Anybody. The others are not expected. None. */
#define CLUSTER_MEMBERS_OF_SID_MAX 16
/* Members remembered that were lost and may come back. Anybody who can invent addresses. The oldest is forgotten. None. */
#define CLUSTER_MISSING_MAX 1024
/* Unknown ones of whom it is remembered that they were asked. Members. The oldest is forgotten. None. */
#define CLUSTER_STRANGERS_MAX 64
/* Goodbyes that are remembered. Anybody. The oldest is forgotten. None. */
#define CLUSTER_DEPARTED_MAX 16

/*
 * ---- memory of members -------------------------------------------------------
 *
 * A member's charge: a price for itself, twice the bytes of what it told, and a
 * price for each element of that. What does not fit is not taken over, after
 * others made room as above, the one with the largest charge first of those
 * that did not say what they are. limit.
 */

/* Bytes of all charges, unless the option -memory of join says otherwise; and the least it may say. Anybody. */
#define CLUSTER_MEMORY     (64 * 1024 * 1024)
#define CLUSTER_MEMORY_MIN (1024 * 1024)
/* A member with a larger charge is a large one; those have half of the memory. Anybody. */
#define CLUSTER_MEMBER_LARGE 32768
/* Bytes that a member costs, and an element of a list or dict, as measured, with all that belongs to it. */
#define CLUSTER_MEMBER_PRICE  4096
#define CLUSTER_ELEMENT_PRICE 128

/*
 * ---- connections ------------------------------------------------------------
 *
 * Seconds are turns of a timer that runs once a second: a process that was
 * stopped, or computed for long, has not waited meanwhile.
 */

/* Connections of one transport, incoming and outgoing. Anybody who can connect. More are closed. drops limit. */
#define CLUSTER_CONNECTIONS_MAX 16384
/*
 * Of the process's descriptors (RLIMIT_NOFILE) the accepted connections of a
 * thread are at most one in so many. Anybody who can connect. The oldest that
 * serves no member is closed for one more, else callers wait. drops crowded.
 */
#define CLUSTER_ACCEPT_SHARE 2
/* ... and one in so many is left to the program. Anybody. Callers wait until one is free. */
#define CLUSTER_SPARE_SHARE 8
/* The same for connections that we make. Anybody whom scripts send to. Sends end as busy. */
#define CLUSTER_CONNECT_SPARE_SHARE 16
/*
 * Seconds without a byte on a connection that serves a member, after which it
 * makes room when descriptors run short, the one that is idle longest first.
 * Each member. It is closed, and made anew by whoever sends next. drops crowded.
 */
#define CLUSTER_IDLE_S 10
/* Seconds until the first valid packet on an accepted connection. Anybody who can connect. It is closed. drops silent. */
#define CLUSTER_SILENT_S 10
/* Milliseconds after which the end of one over which we sent nothing is taken for that. */
#define CLUSTER_SILENT_NOTED_MS 8000
/*
 * A packet that has begun goes on: so many seconds, and in each of them so many
 * bytes on average. Anybody who can connect. The link is closed. drops slow.
 */
#define CLUSTER_SLOW_S     10
#define CLUSTER_SLOW_BYTES 1024
/* The same while others must wait for memory (CLUSTER_INPUT_...). */
#define CLUSTER_SLOW_CONTENDED_S     3
#define CLUSTER_SLOW_CONTENDED_BYTES 65536
/* Seconds for which nothing of what waits for a peer was taken. Each member. The link is closed. drops stalled. */
#define CLUSTER_STALLED_S 120
/* Seconds without an answer of the peer's host to what was written. The network. The link is given up. failures. */
#define CLUSTER_FORGOTTEN_S 8
/* Seconds for which nothing is written to a peer that is said to be elsewhere, until its host answers. Anybody. */
#define CLUSTER_DOUBT_S 2
/* Milliseconds until a connect under way counts as failed. Each member. failures. */
#define CLUSTER_CONNECT_MS 5000
/* ... and until other ways come first, long enough for one packet of it to be lost. Each member. None. */
#define CLUSTER_CONNECT_LATE_MS 1500
/*
 * Milliseconds without an answer of the peer's host to what was written, while
 * it answers probes by datagram, after which other ways come first. The network. None.
 */
#define CLUSTER_MUTE_MS 2000
/*
 * Milliseconds for which the way is left alone then, unless a link works by
 * then, which is made when something is sent. The network. Sends end as unreachable if there is no other. None.
 */
#define CLUSTER_LATE_MS 10000

/* ---- memory of connections -------------------------------------------------- */

/*
 * Bytes of packets that have begun, over all connections of a thread that
 * serve a member, and over those that serve none yet. Anybody who can connect.
 * One goes on, so that there are at most 16 MiB more; the others are not read
 * until it is done, or closed as it is too slow. drops slow.
 */
#define CLUSTER_INPUT_MAX          25165824
#define CLUSTER_INPUT_STRANGER_MAX 8388608
/* Bytes of one read then. */
#define CLUSTER_INPUT_CONTENDED_READ 4096
/*
 * Bytes that wait to be written, over all connections of a thread, with so many
 * for each packet: unless join's -queue says otherwise, and what it may say.
 * Each member. The connection with most, if nobody reads it, is closed with
 * what waits; else nothing more is taken: busy. drops stalled.
 */
#define CLUSTER_QUEUE_DEFAULT      50331648
#define CLUSTER_QUEUE_LEAST        1048576
#define CLUSTER_QUEUE_MOST         1099511627776
#define CLUSTER_QUEUE_PACKET_PRICE 64
/*
 * Of these bytes and packets so many may wait for one member: unless join's
 * -backlog says otherwise of the bytes, and what it may say. Each member.
 * Nothing more is taken: busy. refused.
 */
#define CLUSTER_BACKLOG         16777216
#define CLUSTER_BACKLOG_LEAST   65536
#define CLUSTER_BACKLOG_PACKETS 131072
/* Milliseconds between two looks whether there is room again for who was refused, as others' queues had it. */
#define CLUSTER_BACKLOG_LOOK 100
/* One in so many of these for one peer. Each member. Nothing more is taken: busy. queued_bytes. */
#define CLUSTER_QUEUE_PEER_SHARE 2
/*
 * Bytes of packets that the system has taken for one peer, which are kept to be
 * told of if the connection breaks, beside those that the peer's host has not
 * confirmed. Each member. The oldest are not told of. None.
 */
#define CLUSTER_TAKEN_MOST 4194304
/*
 * ... and over all connections of a thread; beyond that only what is not confirmed
 * is kept, and counts as what waits. Each member. The oldest are not told of. None.
 */
#define CLUSTER_TAKEN_ALL_MOST 12582912
/* One in so many for one peer that makes room at others' cost. */
#define CLUSTER_QUEUE_FAIR_SHARE 8
/* Seconds without progress after which one may be closed for that. */
#define CLUSTER_QUEUE_IDLE_S 2

/*
 * ---- sending on others' account -------------------------------------------
 *
 * A burst of so many, then one each so many milliseconds (clusterBucket.h).
 */

/*
 * Answers to who asks who we are, each for itself. Anybody who may send to the
 * group. Who asks beyond it is answered with all others by one multicast.
 * withheld answers.
 */
#define CLUSTER_ANSWER_BURST 16
#define CLUSTER_ANSWER_EVERY 250
/* Milliseconds in which one member is answered once. Each member. It is answered then. withheld answers. */
#define CLUSTER_ANSWER_AGAIN 1000
/* Members known; with more all who ask are answered together. Nobody: it is their number. withheld answers. */
#define CLUSTER_ANSWER_ALONE 16
/* Who asked, and is told by a datagram of its own; more are told by one multicast. Anybody. None. */
#define CLUSTER_ANSWER_EACH 8
/* Members known; with more no link is made just to notice the end of one that is probed. Nobody: it is their number. None. */
#define CLUSTER_CONNECT_ALL 64
/* Milliseconds at most until those are answered who are answered together, and between two such answers. */
#define CLUSTER_ANSWER_TOGETHER 1000
/* Milliseconds in which heartbeats answer our probe: who sends one then is connected to. */
#define CLUSTER_ANSWER_WITHIN 1000
/*
 * Queries by multicast, not for this member alone, of members to which there is
 * no connection. Anybody: one packet makes all members answer. The query is
 * dropped before a hook sees it. withheld responses, and limit.
 */
#define CLUSTER_RESPONSE_BURST 100
#define CLUSTER_RESPONSE_EVERY 10
/* Failure reports. Anybody who advertises ways that do not work. None is sent. withheld reports. */
#define CLUSTER_REPORT_BURST 16
#define CLUSTER_REPORT_EVERY 250
/*
 * Connections to members that no script sends to: to answer their queries, and
 * to notice their end. Anybody. Answers go by multicast. withheld connects.
 */
#define CLUSTER_CONNECT_BURST 32
#define CLUSTER_CONNECT_EVERY 100
/*
 * Probes that no turn asked for: as another suspects a member, or cannot reach
 * it. Members, and who can send in their names. None is sent. withheld probes.
 */
#define CLUSTER_PROBE_BURST 128
#define CLUSTER_PROBE_EVERY 10
/*
 * The same of members that never answered a probe: each costs some twenty
 * packets to where their sender says to be. Anybody. None is sent before its
 * turn. withheld trials.
 */
#define CLUSTER_TRIAL_BURST 64
#define CLUSTER_TRIAL_EVERY 250
/* Probes on another's account whose answer is awaited. Members. The oldest is forgotten. None. */
#define CLUSTER_RELAYS_MAX 64
/* Multicasts that ask who those are that another member knows. Members. None is sent. withheld asks. */
#define CLUSTER_ASK_BURST 4
#define CLUSTER_ASK_EVERY 250
/*
 * Multicasts that ask members with keys, whose clocks are not ours, whether they
 * are there now, or answer such a question of theirs. Who has a key, and who
 * repeats what such members sent. None is sent. withheld challenges.
 */
#define CLUSTER_CHALLENGE_BURST 64
#define CLUSTER_CHALLENGE_EVERY 50
/*
 * Milliseconds for which a way to a member is left alone: where nothing is, at
 * first, or until the member says once more where it is; after that, and where
 * we are denied. Nobody: other props of the member end it. failures of the
 * transport.
 */
#define CLUSTER_BARRED_FIRST 2000
#define CLUSTER_BARRED_MOST  60000
/* Milliseconds for which a member has been heard before it is connected to unasked. */
#define CLUSTER_CONNECT_AFTER 2000
/*
 * Milliseconds between two heartbeats, and between two probes, that a change of
 * the network makes us send. Whoever can make a link of ours come and go. The
 * heartbeat goes out later, the probe not at all. None.
 */
#define CLUSTER_MOVED_BEAT_EVERY  1000
#define CLUSTER_MOVED_PROBE_EVERY 5000
/* Bytes of a ruid that is sent back, all of them printable, none a blank. Anybody. The answer has none. */
#define CLUSTER_RUID_ECHOED 64

/* Queries that ended with answers missing, whose ids are remembered to tell who answers then. We ourselves. The oldest is forgotten. None. */
#define CLUSTER_ENDED_MAX 64

/*
 * ---- confirmed sends --------------------------------------------------------------
 */

/* Confirmed sends to one member that may be open, unless join's -confirms says otherwise, and what it may say. Each member. More are refused. refused. */
#define CLUSTER_CONFIRMS      64
#define CLUSTER_CONFIRMS_MOST 1024
/* Deliveries of one member that one receipt confirms. Each member. Another receipt goes out. None. */
#define CLUSTER_RECEIPT_OF 16
/* Of the deliveries of one member that failed here so many are remembered, with so many characters. Each member. Older ones count as delivered. None. */
#define CLUSTER_FAILED      64
#define CLUSTER_FAILED_TEXT 256
/* Milliseconds until what could not be sent again is tried once more: at first, and at most. Each member. None. */
#define CLUSTER_CONFIRM_AGAIN_FIRST 100
#define CLUSTER_CONFIRM_AGAIN_MOST  2000

/*
 * ---- scripts ---------------------------------------------------------------------
 */

/*
 * Callbacks that enter the event loop within each other. Who sends to a member
 * whose hooks do. What comes then waits, unread, until they return. None.
 */
#define CLUSTER_NESTED_MAX 16

/*
 * Queries of one member that its hook left open, and of all; beyond the latter a
 * member may have a few all the same. Each member; who can invent members. They
 * are answered with an error. None.
 */
#define CLUSTER_OPEN_MAX     16384
#define CLUSTER_OPEN_ALL_MAX 65536
#define CLUSTER_OPEN_LEAST   16

/*
 * ---- packets ------------------------------------------------------------------
 */

/*
 * Words of a filter, of which a packet has one. Whoever sends packets: each
 * word is looked for among the names of who gets it. The packet is dropped.
 * drops malformed. Sends that name more are refused.
 */
#define CLUSTER_FILTER_WORDS 1024

/*
 * ---- sealed packets (generic/seal/) -----------------------------------------------
 *
 * Who has no key uses up none of these but the work for one tag.
 */

/* Bytes of a file with keys. Who runs the program. It is refused. None. */
#define CLUSTER_KEY_FILE_MAX 65536
/* Keys in a ring. Who runs the program. More are refused. None. */
#define CLUSTER_KEYS_MAX 16
/*
 * Origins (one for each join of a member) whose datagrams are remembered. Who
 * has a key. Who was not heard for the longest time makes room, if that is longer
 * than the next; else the new one is not known. limit.
 */
#define CLUSTER_ORIGINS_MAX 65536
/*
 * Milliseconds for which an origin is remembered at least after its last datagram:
 * twice the next, as its clock may be fast by that much, and ours slow.
 */
#define CLUSTER_ORIGIN_KEPT_MS 60000
/* Milliseconds between an unknown origin's clock and ours up to which it is believed unasked. Who has a key. It is asked. None. */
#define CLUSTER_ORIGIN_BELIEVED_MS 30000
/*
 * Bytes of each message of a stream's handshake: what 64 bytes of sid and of hid
 * need, and a public key and signature with them. Anybody who can connect. The
 * connection ends. malformed.
 */
#define CLUSTER_SECRET_MESSAGE_MOST 320
/* Milliseconds for a handshake, of who accepted; who connects has CLUSTER_CONNECT_MS for it and the connection. Anybody who can connect. The connection ends. drops silent. */
#define CLUSTER_HANDSHAKE_MS 5000
/* Accepted connections of a thread whose handshake is not over. Anybody who can connect. The oldest is closed for one more. drops crowded. */
#define CLUSTER_HANDSHAKES_MAX 256
/* Bytes that a stream's end sends under one key, and milliseconds for which it does. Nobody: another key follows. */
#define CLUSTER_SECRET_REKEY_BYTES 1073741824
#define CLUSTER_SECRET_REKEY_MS    3600000
/*
 * Sealed datagrams remembered as copies of them may come, by another interface or
 * from another address of their sender, and milliseconds for which one is. Anybody
 * on the way. A copy counts as replayed. replayed.
 */
#define CLUSTER_SEALED_COPIES    1024
#define CLUSTER_SEALED_COPIES_MS 1000
/*
 * Hosts and reasons of which the hook unsealed was told lately, and milliseconds
 * for which one counts as told. Anybody who sends. Others are not told of
 * meanwhile. None: what was dropped is counted all the same.
 */
#define CLUSTER_UNSEALED_TOLD     64
#define CLUSTER_UNSEALED_AGAIN_MS 60000

#endif
