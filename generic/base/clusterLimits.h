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
/* Bytes of what a ping asks after, about 7,000 sids. Anybody. It is ignored. None. */
#define CLUSTER_PING_BYTES_MAX 65536
/* Bytes of a failure report. Anybody. It is ignored. None. */
#define CLUSTER_FAILURE_BYTES_MAX 4096

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
/* Milliseconds at most until those are answered who are answered together, and between two such answers. */
#define CLUSTER_ANSWER_TOGETHER 1000
/* Milliseconds in which heartbeats answer our probe: who sends one then is connected to. */
#define CLUSTER_ANSWER_WITHIN 1000
/* Failure reports. Anybody who advertises ways that do not work. None is sent. withheld reports. */
#define CLUSTER_REPORT_BURST 16
#define CLUSTER_REPORT_EVERY 250
/*
 * Connections to members that no script sends to: to answer their queries, and
 * to notice their end. Anybody. Answers go by multicast. withheld connects.
 */
#define CLUSTER_CONNECT_BURST 32
#define CLUSTER_CONNECT_EVERY 100
/* Milliseconds for which a member has been heard before it is connected to unasked. */
#define CLUSTER_CONNECT_AFTER 2000
/* Bytes of a ruid that is sent back, all of them printable, none a blank. Anybody. The answer has none. */
#define CLUSTER_RUID_ECHOED 64

/*
 * ---- scripts ---------------------------------------------------------------------
 */

/*
 * Callbacks that enter the event loop within each other. Who sends to a member
 * whose hooks do. What comes then waits, unread, until they return. None.
 */
#define CLUSTER_NESTED_MAX 16

/*
 * ---- packets ------------------------------------------------------------------
 */

/*
 * Words of a filter, of which a packet has one. Whoever sends packets: each
 * word is looked for among the names of who gets it. The packet is dropped.
 * drops malformed. Sends that name more are refused.
 */
#define CLUSTER_FILTER_WORDS 1024

#endif
