/*
 * clusterNode.h --
 *
 *	A member's view of its cluster: itself (the node), the others (members),
 *	and the packets between them. Knows transports only as tables, time only
 *	as a clock, and never evaluates a script: what concerns scripts is told
 *	through the delegate.
 *
 *	Values that only pass through (tags, props, payloads) are Tcl_Objs; no
 *	interp is known. A node belongs to one thread.
 */

#ifndef CLUSTER_NODE_H
#define CLUSTER_NODE_H

#include "base/clusterClock.h"
#include "base/clusterSystem.h"
#include "node/clusterMessage.h"
#include "node/clusterSealing.h"
#include "packet/clusterNames.h"
#include "packet/clusterOutgoing.h"
#include "transport/clusterTransport.h"

typedef struct ClusterNode ClusterNode;
typedef struct ClusterMember ClusterMember;
typedef struct ClusterQuery ClusterQuery;

/* Transports of a node at most: a packet notes in a bit for each which may carry it. */
#define CLUSTER_SLOTS_MAX  32
#define CLUSTER_SID_LENGTH 8

typedef enum ClusterVerdict {
    CLUSTER_GO_ON = 0,
    CLUSTER_DROP_IT /* refused by a hook */
} ClusterVerdict;

/* Why something that was accepted did not arrive, or is feared not to have. */
typedef enum ClusterUndelivered {
    CLUSTER_UNDELIVERED_BROKEN,       /* its connection broke: written, and perhaps not read */
    CLUSTER_UNDELIVERED_LOST,         /* the member was lost with it */
    CLUSTER_UNDELIVERED_UNREACHABLE,  /* its connection broke, and no other way worked */
    CLUSTER_UNDELIVERED_BACKPRESSURE, /* ... and the queue of the other way is full */
    CLUSTER_UNDELIVERED_STALLED,      /* it made room for others, as nobody read it */
    CLUSTER_UNDELIVERED_TOO_LARGE,    /* no way carries it */
    CLUSTER_UNDELIVERED_LATE,         /* an answer to a query that has ended */
    CLUSTER_UNDELIVERED_REASONS
} ClusterUndelivered;

/* What becomes of a confirmed send. */
typedef enum ClusterConfirmStatus {
    CLUSTER_CONFIRM_DELIVERED,  /* its event hook ended without an error */
    CLUSTER_CONFIRM_FAILED,     /* for a reason: error, lost, timeout, ... */
    CLUSTER_CONFIRM_UNCONFIRMED /* sent to a member that cannot confirm */
} ClusterConfirmStatus;

typedef enum ClusterQueryEvent {
    CLUSTER_QUERY_RESPONSE,
    CLUSTER_QUERY_ERROR,
    CLUSTER_QUERY_TIMEOUT,
    CLUSTER_QUERY_DONE
} ClusterQueryEvent;

/*
 * Told upwards. Every callback may evaluate scripts, which may do anything:
 * lose members, end queries, close the node, enter the event loop. The node,
 * the message and its member are held meanwhile; the node looks at their
 * state afterwards. None returns an error: what goes wrong in a script is
 * dealt with above.
 */
typedef struct ClusterNodeDelegate {
    /* Bytes came, nothing is decoded. May replace *packet with bytes that stay valid until the message is freed. */
    ClusterVerdict (*packetIn)(void *context, ClusterSlot *slot, ClusterMessage *message,
            bpacket_span *packet);
    /* Decoded, on a joined channel. */
    ClusterVerdict (*messageIn)(void *context, ClusterMessage *message);
    /* Before message->member (NULL for a new one, uuid says whose) is used. */
    ClusterVerdict (*memberIn)(void *context, ClusterMessage *message, Tcl_Obj *uuid);
    /* A member was found: give it an object. False: it cannot be, forget it. */
    bool (*memberAdded)(void *context, ClusterMember *member);
    /* Its tags are others now; before: the old ones, a list. */
    void (*memberTags)(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before);
    void (*memberDiscovered)(void *context, ClusterMember *member, Tcl_Obj *payload);
    /* It answers no probe; it is lost soon unless it does. */
    void (*memberSuspect)(void *context, ClusterMember *member);
    /* It is off all lists. The last callback about it. */
    void (*memberLost)(void *context, ClusterMember *member);
    /* A send to it was refused as its queue was full, and now there is room. */
    void (*memberDrained)(void *context, ClusterMember *member);
    /* What was accepted for it did not arrive, or may not have: the packet, or if that is NULL a payload. */
    void (*undelivered)(void *context, ClusterMember *member, const ClusterBlob *packet,
            Tcl_Obj *payload, ClusterUndelivered reason);
    /*
     * Answers a query: true with the result, false with the error's text, as
     * new references in *answer; NULL there when the answer comes later, by
     * an ordinary send.
     */
    bool (*query)(void *context, ClusterMessage *message, Tcl_Obj **answer);
    /* An event, or a delivery. False when its script failed, with the error's text, a new reference, in *error; that may be NULL. */
    bool (*event)(void *context, ClusterMessage *message, Tcl_Obj **error);
    /* What became of a confirmed send: confirm is the sender's, text the error's or NULL. */
    void (*confirmed)(void *context, ClusterMember *member, Tcl_Obj *confirm,
            ClusterConfirmStatus status, const char *reason, Tcl_Obj *text);
    /*
     * Before a packet is encoded, once per send: a dict may be adopted in
     * place of what it has. toAll: for everybody. False: cancelled.
     */
    bool (*payloadOut)(void *context, ClusterOutgoing *outgoing, bool toAll);
    /* Encoded for this slot. Returns the blob to send, a new reference, or NULL: this protocol fails. */
    ClusterBlob *(*packetOut)(void *context, ClusterSlot *slot, ClusterBlob *blob);
    /* payload is the answer's; NULL for TIMEOUT and DONE, and for an ERROR made here: reason says why then. */
    void (*queryEvent)(void *context, ClusterQuery *query, ClusterQueryEvent event,
            ClusterMember *member, Tcl_Obj *payload, const char *reason);
    /*
     * What a host sent was dropped, as it was not sealed, or not so that it could
     * be opened: once for each host and reason (static), not again within a minute.
     */
    void (*unsealed)(void *context, const char *reason, Tcl_Obj *address, Tcl_Obj *protocol);
} ClusterNodeDelegate;

typedef struct ClusterNodeConfig {
    ClusterAddress group; /* with its port */
    int64_t ttl;          /* ms */
    int64_t heartbeat;    /* ms */
    int remote;           /* hops */
    size_t queue;         /* bytes that may wait to be written */
    size_t backlog;       /* bytes of these for one member; 0: CLUSTER_BACKLOG */
    size_t confirms;      /* confirmed sends that may be open, to one member; 0: CLUSTER_CONFIRMS */
    Tcl_Obj *tags;        /* a list */
    size_t memory;        /* bytes that what members tell may take; 0: CLUSTER_MEMORY */
    const uint64_t *channels; /* beside 0, 1, 2 */
    size_t channelCount;
    const char *hid;             /* of this host */
    const char *name;            /* of the program, for others; NULL: as the system says */
    ClusterClock *clock;         /* of the thread's loop */
    const ClusterSystem *system; /* NULL: the system itself */
    int64_t probe;               /* ms between two rounds of probes; 0: none are sent */
    bool trace;                  /* from the beginning, see ClusterNodeSetTrace */
    ClusterKeys *keys;           /* held; NULL: nothing is sealed */
    ClusterSealMode mode;        /* with keys */
} ClusterNodeConfig;

/*
 * ---- the node ----------------------------------------------------------
 */

/* A node without transports yet, one reference, the caller's. NULL without memory. */
ClusterNode *ClusterNodeNew(const ClusterNodeConfig *config, const ClusterNodeDelegate *delegate,
        void *context);
/* Adds a transport, in order of preference. On failure as ClusterTransportType.open says. */
bool ClusterNodeAddTransport(ClusterNode *node, const ClusterTransportType *type, Tcl_Obj *options,
        Tcl_Obj **why, const char **code);
/*
 * Adds the transport by which nodes tell each other what no script sees: each
 * probes the others by it. Without it, or where the config says so, no member
 * is probed. On failure as ClusterTransportType.open says.
 */
bool ClusterNodeAddDatagram(ClusterNode *node, const ClusterTransportType *type, Tcl_Obj **why,
        const char **code);
/* One heartbeat, one discovery, and the timers run. */
void ClusterNodeStart(ClusterNode *node);
/*
 * Says goodbye, ends queries (told as DONE), loses every member, closes all.
 * quiet: nothing is told to the delegate, nor scripts asked about the goodbye.
 * The context is not used any more afterwards.
 */
void ClusterNodeClose(ClusterNode *node, bool quiet);
/* Closes one that never started: nobody heard of it, so there is no goodbye. */
void ClusterNodeAbandon(ClusterNode *node);
/* Started, and not closed. */
bool ClusterNodeReady(const ClusterNode *node);
bool ClusterNodeClosed(const ClusterNode *node);
/* Are we in a child that was forked since? Its parent has the sockets; here nothing is sent. */
bool ClusterNodeForked(const ClusterNode *node);
void ClusterNodeHold(ClusterNode *node);
void ClusterNodeRelease(ClusterNode *node);

Tcl_Obj *ClusterNodeSid(const ClusterNode *node);
Tcl_Obj *ClusterNodeHid(const ClusterNode *node);
Tcl_Obj *ClusterNodeUuid(const ClusterNode *node);
Tcl_Obj *ClusterNodeTags(const ClusterNode *node);
/* The ids of its transports, a list, in order of preference. */
Tcl_Obj *ClusterNodeProtocols(const ClusterNode *node);
int64_t ClusterNodeTtl(const ClusterNode *node);
const ClusterPayloadKeys *ClusterNodeKeys(const ClusterNode *node);
/* Does it write a line for each packet, change of a member's state and deadline to standard error? */
bool ClusterNodeTrace(const ClusterNode *node);
void ClusterNodeSetTrace(ClusterNode *node, bool on);

/* ---- keys ---- */

/* NULL: it has none. Who changes it says so by ClusterNodeKeysChanged. */
ClusterKeys *ClusterNodeKeyRing(const ClusterNode *node);
/* Others are told at once. */
void ClusterNodeKeysChanged(ClusterNode *node);
/* With keys only. */
ClusterSealMode ClusterNodeSealMode(const ClusterNode *node);
void ClusterNodeSetSealMode(ClusterNode *node, ClusterSealMode mode);
/* A node without keys has these from now on. False without memory. */
bool ClusterNodeSeal(ClusterNode *node, ClusterKeys *keys, ClusterSealMode mode);

/* What of a node is more than others take, or than goes into a heartbeat. */
typedef enum ClusterFit {
    CLUSTER_FITS = 0,
    CLUSTER_TAGS_TOO_MANY, /* more than CLUSTER_TAGS_MAX */
    CLUSTER_TAGS_TOO_LARGE,
    CLUSTER_PROPS_TOO_LARGE
} ClusterFit;

/* Can others be told these tags, beside the props? Asks transports for those if that may matter. */
ClusterFit ClusterNodeFitTags(ClusterNode *node, Tcl_Obj *tags);
/* Do others take the props, which transports are asked for? */
ClusterFit ClusterNodeFitProps(ClusterNode *node);
/* Replaces the tags. When they differ they go out with a heartbeat when the event loop turns next. */
void ClusterNodeSetTags(ClusterNode *node, Tcl_Obj *tags);

/* Channels: joined ones, ascending; 0..2 always. Leave returns false for those. */
const uint64_t *ClusterNodeChannels(const ClusterNode *node, size_t *count);
bool ClusterNodeJoinChannel(ClusterNode *node, uint64_t channel);
bool ClusterNodeLeaveChannel(ClusterNode *node, uint64_t channel);
bool ClusterNodeOnChannel(const ClusterNode *node, uint64_t channel);
/* Does a filter (a packet's list) name the node: its sid, hid, or one of its tags? */
bool ClusterNodeIsNamed(ClusterNode *node, Tcl_Obj *word);
bool ClusterNodeInFilter(ClusterNode *node, bpacket_list filter);

/* ---- slots: a node's transports ---- */

int ClusterNodeSlotCount(const ClusterNode *node);
ClusterSlot *ClusterNodeSlot(const ClusterNode *node, int index);
ClusterSlot *ClusterNodeSlotById(const ClusterNode *node, const char *id);
Tcl_Obj *ClusterSlotId(const ClusterSlot *slot);
/* NULL once the node is closed. */
ClusterTransport *ClusterSlotTransport(const ClusterSlot *slot);

/* ---- counters ---- */

uint64_t ClusterNodeDrops(const ClusterNode *node, ClusterDrop reason);
void ClusterNodeCountDrop(ClusterNode *node, ClusterDrop reason);

/* What others can make us send or do, each within a limit of its own (clusterLimits.h). */
typedef enum ClusterQuota {
    CLUSTER_QUOTA_ANSWERS,    /* to who asks who we are, alone */
    CLUSTER_QUOTA_RESPONSES,  /* by multicast, to queries that are for several */
    CLUSTER_QUOTA_REPORTS,    /* of ways that failed */
    CLUSTER_QUOTA_CONNECTS,   /* that no script asked for */
    CLUSTER_QUOTA_PROBES,     /* as others suspect a member, or ask for help */
    CLUSTER_QUOTA_TRIALS,     /* the same, of members that never answered */
    CLUSTER_QUOTA_ASKS,       /* who those are that others know */
    CLUSTER_QUOTA_CHALLENGES, /* whether those are there now whose clocks are not ours */
    CLUSTER_QUOTAS
} ClusterQuota;

/* As in $cluster stats. */
const char *ClusterQuotaName(ClusterQuota quota);
/* How many sends were refused as a queue was full. */
uint64_t ClusterNodeRefused(const ClusterNode *node);
/* As in $cluster stats and the hook; and how many packets. */
const char *ClusterUndeliveredName(ClusterUndelivered reason);
uint64_t ClusterNodeUndelivered(const ClusterNode *node, ClusterUndelivered reason);
/* The payload of a packet that the node made, a new dict. */
Tcl_Obj *ClusterNodePayloadOf(const ClusterNode *node, const ClusterBlob *packet);
/* How often it was not done as the limit was reached. */
uint64_t ClusterNodeWithheld(const ClusterNode *node, ClusterQuota quota);
/* May a request's id be sent back? It must not be able to say anything to who reads it by mistake. */
bool ClusterRuidIsPlain(Tcl_Obj *ruid);

/*
 * ---- beats ---------------------------------------------------------------
 */

/* What a heartbeat carries: bits. */
#define CLUSTER_WITH_PROPS 1
#define CLUSTER_WITH_TAGS  2

/* Sends one now. On channel 0 it also re-arms the timer, adds what changed, and expires members. Returns whether it went out. */
bool ClusterNodeHeartbeat(ClusterNode *node, int with, uint64_t channel);
void ClusterNodeHeartbeatAfter(ClusterNode *node, int64_t ms);
/* A probe, at most one in 30 seconds. Returns whether it went out. ruid may be NULL. */
bool ClusterNodeDiscover(ClusterNode *node, Tcl_Obj *ruid, uint64_t channel);
/* The properties have changed: the next heartbeat, brought forward, tells. */
void ClusterNodePropsChanged(ClusterNode *node);
/* Protocol properties of all transports, a new dict. What others are told has the key `cluster` beside them. */
Tcl_Obj *ClusterNodeProps(ClusterNode *node);
/* What the node tells of itself under that key, a new dict. */
Tcl_Obj *ClusterNodeDescribeSelf(const ClusterNode *node);
/* Begins a packet of this node: sid, hid, type, channel and protocols. The caller frees it. */
void ClusterNodeOutgoing(const ClusterNode *node, uint64_t type, uint64_t channel,
        ClusterOutgoing *outgoing);
/*
 * A payload (new, refCount 0) for scripts to send: the fields that a packet of
 * this node begins with, then what `extra` (a dict or NULL) has, which wins,
 * then known and tags as wanted; a filter comes first.
 */
Tcl_Obj *ClusterNodePayload(ClusterNode *node, int64_t type, uint64_t channel, Tcl_Obj *extra,
        bool tags, bool known);

/*
 * ---- pings -----------------------------------------------------------------
 */

/* Asks the cluster after this sid (5 s from now, with others that come meanwhile). */
void ClusterNodeSchedulePing(ClusterNode *node, Tcl_Obj *sid);
void ClusterNodeSendPing(ClusterNode *node);
void ClusterNodeCancelPing(ClusterNode *node, Tcl_Obj *sid);
/* Somebody asks after these sids (a list): answer if we are among them, expect the others within 20 s. */
void ClusterNodeExpect(ClusterNode *node, Tcl_Obj *sids);

/*
 * ---- members ---------------------------------------------------------------
 */

/*
 * In the order they were found: the first after `member`, NULL for the very
 * first. A pass survives the loss of any member as long as the current one
 * is held; from a lost one it goes on with nothing.
 */
ClusterMember *ClusterNodeNextMember(const ClusterNode *node, const ClusterMember *member);
size_t ClusterNodeMemberCount(const ClusterNode *node);
ClusterMember *ClusterNodeMemberByUuid(const ClusterNode *node, const char *uuid);

void ClusterMemberHold(ClusterMember *member);
void ClusterMemberRelease(ClusterMember *member);
bool ClusterMemberLost(const ClusterMember *member);
/* Takes it off the cluster: told as memberLost, and to queries that wait for it. Does nothing the second time. */
void ClusterMemberLose(ClusterMember *member);
Tcl_Obj *ClusterMemberSid(const ClusterMember *member);
Tcl_Obj *ClusterMemberHid(const ClusterMember *member);
Tcl_Obj *ClusterMemberUuid(const ClusterMember *member);
Tcl_Obj *ClusterMemberTags(const ClusterMember *member);
Tcl_Obj *ClusterMemberProps(const ClusterMember *member);
Tcl_Obj *ClusterMemberProtocols(const ClusterMember *member);
/*
 * What it told of itself under the key `cluster`, which its props are without:
 * the text of a dict, of at most CLUSTER_SELF_BYTES_MAX bytes, borrowed; a
 * stranger wrote it. NULL: nothing, as members of 1.1.8 do.
 */
Tcl_Obj *ClusterMemberDescription(const ClusterMember *member);
bool ClusterMemberKnowsCluster(const ClusterMember *member);
/* Of that: where it hears unicast datagrams, and ms, and its process; 0 when it did not say. */
uint16_t ClusterMemberDatagramPort(const ClusterMember *member);
int64_t ClusterMemberTtl(const ClusterMember *member);
int64_t ClusterMemberHeartbeat(const ClusterMember *member);
int ClusterMemberPid(const ClusterMember *member);
/* Can it do all of these (bits of the table in clusterSelf.c)? */
bool ClusterMemberCan(const ClusterMember *member, uint32_t abilities);
/* The smoothed round trip of its probes, in microseconds; 0 when none was measured. */
int64_t ClusterMemberRtt(const ClusterMember *member);
/* Does it answer no probe now? */
bool ClusterMemberSuspect(const ClusterMember *member);
/* Has another process its place, so that it is dead unless it answers the probe that is under way? */
bool ClusterMemberHasHeir(const ClusterMember *member);
/* Why it was lost, as hooks know it (static); NULL before. */
const char *ClusterMemberLossReason(const ClusterMember *member);
/* Its address as text (a new value). */
Tcl_Obj *ClusterMemberIp(const ClusterMember *member);
bool ClusterMemberLocal(const ClusterMember *member);
/* What a resolver matches: the tags and the sid if they count, hid, ip, and localhost when local. A new value. */
Tcl_Obj *ClusterMemberWords(ClusterMember *member);
/* Of these those that say where it is, a list, borrowed. */
Tcl_Obj *ClusterMemberPlace(ClusterMember *member);
/* May a resolver match the tag? Not one that looks like who or where somebody is. */
bool ClusterMemberTagCounts(const ClusterMember *member, Tcl_Obj *tag);
/* ... the sid? Not one that is another's, or looks like where somebody is. */
bool ClusterMemberSidCounts(const ClusterMember *member);
/* Milliseconds since it was heard. */
int64_t ClusterMemberSilence(const ClusterMember *member);
/* Must be heard within ms, or it is lost. False when it was heard within 3 s, or is expected already. */
bool ClusterMemberExpect(ClusterMember *member, int64_t ms);
/* Heard: as a heartbeat does. data: a dict merged into the props, or NULL. */
void ClusterMemberHeard(ClusterMember *member, Tcl_Obj *data);
/* Sends to it over a slot go by this link from now on. */
void ClusterMemberUseLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link);
/* The open link to it over a slot, NULL when there is none. */
ClusterLink *ClusterMemberLink(const ClusterMember *member, const ClusterSlot *slot);
/* What waits to be written to it. */
ClusterWaiting ClusterMemberWaiting(const ClusterMember *member);
/* The object above, and its name, which filters may name; both NULL until set. */
void *ClusterMemberOwner(const ClusterMember *member);
void ClusterMemberSetOwner(ClusterMember *member, void *owner, Tcl_Obj *name);
Tcl_Obj *ClusterMemberName(const ClusterMember *member);

/*
 * ---- sending ---------------------------------------------------------------
 */

typedef enum ClusterSendStatus {
    CLUSTER_SEND_DONE = 0,
    CLUSTER_SEND_CANCELLED,   /* by a hook */
    CLUSTER_SEND_UNREACHABLE, /* no protocol worked */
    CLUSTER_SEND_BUSY,        /* its queue is full: memberDrained tells when that is over */
    CLUSTER_SEND_OVERSIZED,   /* no protocol can carry it */
    CLUSTER_SEND_BAD_PAYLOAD  /* see the details */
} ClusterSendStatus;

#define CLUSTER_CULPRIT_SIZE 64

/* Of a send: which slot carried it, or what was wrong with the payload. */
typedef struct ClusterSendDetails {
    ClusterSlot *slot;
    bool absent; /* by one way at least: nothing is where the member says it is */
    ClusterPayloadStatus payloadStatus;
    char culprit[CLUSTER_CULPRIT_SIZE]; /* the key it is about; longer ones are cut */
} ClusterSendDetails;

#define CLUSTER_ALLOW_BROADCAST 1 /* the multicast may carry it, filtered to the member */
#define CLUSTER_PING_ON_FAIL    2
#define CLUSTER_REPORT_FAILURES 4
#define CLUSTER_NO_HOOKS        8 /* payloadOut was asked already */

/*
 * To everybody; to channel 0 when it has none. details may be NULL. A dict that
 * payloadOut puts in its place stays in it, here and below.
 */
ClusterSendStatus ClusterNodeBroadcast(ClusterNode *node, ClusterOutgoing *outgoing, int flags,
        ClusterSendDetails *details);
/*
 * To one member, over the first of its protocols that works, or of those in
 * `protocols` (a list, NULL or empty for all). The member is the filter of a
 * packet that has none.
 */
ClusterSendStatus ClusterMemberSend(ClusterMember *member, ClusterOutgoing *outgoing,
        Tcl_Obj *protocols, int flags, ClusterSendDetails *details);
/*
 * An event that is to be confirmed within so many ms, if the member can. DONE:
 * confirmed() will tell, once. Else it is not sent, and nothing will be told.
 * Type and ruid of the event change if the member can confirm.
 */
ClusterSendStatus ClusterMemberDeliver(ClusterMember *member, ClusterOutgoing *event,
        Tcl_Obj *protocols, int flags, int64_t timeout, Tcl_Obj *confirm,
        ClusterSendDetails *details);
/* It failed, for a reason (static): told by confirmed(), from the event loop. */
void ClusterMemberConfirmFailed(ClusterMember *member, Tcl_Obj *confirm, const char *reason);
/* Can it confirm, as far as it has told? */
bool ClusterMemberConfirms(const ClusterMember *member);
/* A packet as it is, over one slot; member NULL: to everybody. No hook, no other way. Returns whether it went out. */
bool ClusterMemberSendBlob(ClusterMember *member, ClusterSlot *slot, ClusterBlob *blob);
/* Closes the link to the member over a slot once what waits is written. */
void ClusterMemberHangUp(ClusterMember *member, ClusterSlot *slot);
/* Asks payloadOut; false when cancelled. */
bool ClusterNodeAskOut(ClusterNode *node, ClusterOutgoing *outgoing, bool toAll);

/* A packet as if it came over slot. For transports written in Tcl, and tests. */
bool ClusterNodeReceive(ClusterSlot *slot, ClusterLink *link, bpacket_span packet,
        const ClusterOrigin *origin);

/*
 * As if a packet with this payload (a dict) had come over slot, and passed
 * packetIn and messageIn: finds or makes its member, and with `act` does what
 * its type asks. Returns the member, held, or NULL when it was refused.
 */
ClusterMember *ClusterNodeTake(ClusterSlot *slot, ClusterLink *link, const ClusterOrigin *origin,
        Tcl_Obj *payload, bool act);

/*
 * ---- queries ----------------------------------------------------------------
 */

/* `q` and 101 random bits, with their end. */
#define CLUSTER_RUID_SIZE 19
void ClusterNodeMakeRuid(const ClusterNode *node, char ruid[CLUSTER_RUID_SIZE]);
/* A query waiting for these members (held by it). id: unique in the node, or the older one ends first. */
ClusterQuery *ClusterQueryNew(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members,
        size_t count, void *owner);
/* Arms the time-out, ms. */
void ClusterQueryArm(ClusterQuery *query, int64_t ms);
/* Its time is over: told as TIMEOUT, then DONE. */
void ClusterQueryTimeout(ClusterQuery *query);
/* This member cannot be asked, for a reason (static): counts as an error answer, told from the event loop. */
void ClusterQueryUnreachable(ClusterQuery *query, ClusterMember *member, const char *reason);
/* Ends it: told as DONE unless it was before. */
void ClusterQueryEnd(ClusterQuery *query);
void ClusterQueryHold(ClusterQuery *query);
void ClusterQueryRelease(ClusterQuery *query);
void *ClusterQueryOwner(const ClusterQuery *query);
void ClusterQuerySetOwner(ClusterQuery *query, void *owner);
bool ClusterQueryEnded(const ClusterQuery *query);
ClusterQuery *ClusterNodeQueryById(const ClusterNode *node, const char *id);
/* Members still awaited: the index-th, NULL beyond the end. */
ClusterMember *ClusterQueryAwaited(const ClusterQuery *query, size_t index);
/* An answer came. False when no query waits for it. */
bool ClusterNodeAnswer(ClusterNode *node, ClusterMember *member, Tcl_Obj *payload);

#endif
