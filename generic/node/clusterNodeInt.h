/*
 * clusterNodeInt.h --
 *
 *	The bodies of node, slot, member and query, and what the files of this
 *	folder call of each other, from the lowest to the highest: a file calls
 *	those before it, never one after it.
 *
 *	What changes the state here tells nobody and sends nothing: it appends to
 *	the node's notices and errands, and whoever entered the node ends the turn
 *	(clusterTurn.c), which sends and tells. So no script runs while a change is
 *	half done.
 */

#ifndef CLUSTER_NODE_INT_H
#define CLUSTER_NODE_INT_H

#include "base/clusterBucket.h"
#include "base/clusterHold.h"
#include "base/clusterLimits.h"
#include "base/clusterList.h"
#include "base/clusterTable.h"
#include "node/clusterAwaits.h"
#include "node/clusterDuplicates.h"
#include "node/clusterLiveness.h"
#include "node/clusterNews.h"
#include "node/clusterNode.h"
#include "node/clusterProbing.h"
#include "node/clusterRound.h"
#include "node/clusterSealing.h"

/* Milliseconds. */
#define DISCOVER_EVERY     30000
#define DISCOVERED_WITHIN  1000 /* the hook waits this long for tags and props */
#define ASK_WITHIN         100  /* after so long a new member is asked for them */
#define SUCCEEDS_WITHIN    1500 /* ... and for the loss of whom it has the place of */
#define PING_AFTER         5000
#define PING_ANSWER_WITHIN 15000
#define PING_ANSWER_EVERY  1000 /* a ping for us alone is answered at most this often */
#define PING_EXPECT_WITHIN 20000
#define PING_SOON_MOST     10    /* members asked after at once as their link ended ... */
#define PING_SOON_EVERY    1000  /* ... in so long */
#define LATE               20    /* deadlines so late: what waits is read before anybody is lost */
#define LATE_GRACE         100   /* ... for which it has so long */
#define AWAY               1000  /* so late: the event loop was not there ... */
#define AWAY_GRACE         3000  /* ... so nobody is lost for so long */
#define RETURNS_WITHIN     10000 /* heard from another address and back: it has both */
#define REFRESH_EVERY      1000  /* failure reports are heeded at most this often */

struct ClusterSlot {
    ClusterNode *node;
    int index;
    Tcl_Obj *id;
    const ClusterTransportType *type;
    ClusterTransport *transport;
    bool refreshed;      /* lastRefresh is set */
    int64_t lastRefresh; /* when a failure report made its server anew */
};

/* Whose time a deadline of the node is: ClusterDeadline.kind. */
typedef enum ClusterDueKind {
    CLUSTER_DUE_BEAT,        /* the next heartbeat */
    CLUSTER_DUE_PING,        /* to ask after members together */
    CLUSTER_DUE_PING_ALONE,  /* ... each by itself */
    CLUSTER_DUE_ANSWER,      /* to answer who asks after us */
    CLUSTER_DUE_DISCOVERY,   /* a member's: to ask who it is, then to tell of it */
    CLUSTER_DUE_EXPIRY,      /* a member's: to lose it */
    CLUSTER_DUE_JOIN,        /* to look for others again */
    CLUSTER_DUE_ASKERS,      /* to answer those who asked who we are */
    CLUSTER_DUE_PROBE,       /* to probe the next member */
    CLUSTER_DUE_PROBED,      /* a member's: it should have answered */
    CLUSTER_DUE_MISSING,     /* to try one that was lost */
    CLUSTER_DUE_DRAINED,     /* a member's: to see whether there is room in its queue */
    CLUSTER_DUE_DELIVERY,    /* a delivery's: its time is over, or it is to be told */
    CLUSTER_DUE_AGAIN,       /* a member's: to send its deliveries again */
    CLUSTER_DUE_RECEIPT,     /* a member's: to confirm its deliveries */
    CLUSTER_DUE_TIMEOUT,     /* a query's */
    CLUSTER_DUE_UNREACHABLE, /* a query's: to tell of those that it could not ask */
    CLUSTER_DUE_KINDS
} ClusterDueKind;

/* What the delegate is to be told. */
typedef enum ClusterNoticeKind {
    CLUSTER_NOTICE_ADDED,
    CLUSTER_NOTICE_TAGS,
    CLUSTER_NOTICE_DISCOVERED,
    CLUSTER_NOTICE_SUSPECT,
    CLUSTER_NOTICE_DRAINED,
    CLUSTER_NOTICE_UNDELIVERED, /* blob, or payload, and why */
    CLUSTER_NOTICE_CONFIRM,     /* payload: the sender's; before: the error's text */
    CLUSTER_NOTICE_UNLINK,      /* the transports are told that a member is lost */
    CLUSTER_NOTICE_LOST,
    CLUSTER_NOTICE_UNSEALED, /* reason; payload: the host; before: the protocol */
    CLUSTER_NOTICE_QUERY,
    CLUSTER_NOTICE_KINDS
} ClusterNoticeKind;

/* All values are held, what a kind does not need is NULL. */
typedef struct ClusterNotice {
    ClusterListEntry entry;
    ClusterNoticeKind kind;
    ClusterMember *member;
    ClusterQuery *query;
    ClusterQueryEvent event;
    const char *reason; /* static */
    Tcl_Obj *payload, *before;
    ClusterBlob *blob;
    ClusterUndelivered why;
    ClusterConfirmStatus confirm;
} ClusterNotice;

/* What is to be sent; the packet is made when that is done. */
typedef enum ClusterErrandKind {
    CLUSTER_SEND_HEARTBEAT, /* `with` says what it carries */
    CLUSTER_SEND_DISCOVERY,
    CLUSTER_SEND_PING, /* list: whom it asks after */
    CLUSTER_SEND_ASK,  /* list: who is to say who they are */
    CLUSTER_SEND_REPLY, /* a heartbeat to the member that asked over the slot, by ruid and keepalive */
    CLUSTER_SEND_REPORT, /* to the member: list failed for us; over one of ways */
    CLUSTER_RECONNECT,   /* to the member over the slot */
    CLUSTER_CONNECT,     /* a bare heartbeat to the member, over a link, to notice when it ends */
    CLUSTER_SEND_PROBE, /* to the member, `with` a ClusterProbeWay; with a ruid on another's account */
    CLUSTER_SEND_ACK, /* to the member, by ruid, over the slot it asked by, NULL: by datagram; list: for whom it answers, if for another; with: bytes of what asked, or 0 */
    CLUSTER_SEND_RELAY, /* to the member: it is to probe the one whose uuid is in list */
    CLUSTER_SEND_TRY, /* a probe (`with` 0) or an ack (1) to the missing one whose uuid is in ways */
    CLUSTER_SEND_RECEIPT,  /* to the member: ruid; list is its data, ways its error */
    CLUSTER_DELIVER_AGAIN, /* to the member, what it has not confirmed */
    CLUSTER_SEND_CALL,     /* to who has the sids in list: `with` is the packet's type; by ruid */
    CLUSTER_ERRAND_KINDS
} ClusterErrandKind;

/* All values are held, what a kind does not need is NULL. */
typedef struct ClusterErrand {
    ClusterListEntry entry;
    ClusterErrandKind kind;
    ClusterMember *member;
    ClusterSlot *slot;
    int with; /* of a heartbeat: CLUSTER_WITH_...; of a report: CLUSTER_ALLOW_BROADCAST or not; of a new link: does its failure say nothing */
    Tcl_Obj *list, *ways, *ruid, *keepalive;
} ClusterErrand;

/* Whom the cluster is to be asked after, and when we answer who asks after us. */
typedef struct ClusterPinger {
    Tcl_Obj *together; /* sids, NULL when none */
    Tcl_Obj *alone;    /* sids, NULL when none: to be asked after at once, each by itself */
    ClusterDeadline togetherDue, aloneDue, answerDue;
    int64_t aloneSince;
    int aloneCount; /* since then */
    bool answered;  /* lastAnswer is set */
    int64_t lastAnswer;
} ClusterPinger;

/* Over what a packet of a probe goes. */
typedef enum ClusterProbeWay { CLUSTER_BY_DATAGRAM = 0, CLUSTER_BY_BOTH } ClusterProbeWay;

/* How far the probe of a member has come. */
typedef enum ClusterProbeStage {
    CLUSTER_PROBE_IDLE = 0, /* none is under way */
    CLUSTER_PROBE_WAITS,    /* others suspect it, and our turn to look comes soon */
    CLUSTER_PROBE_ASKED,    /* one packet is */
    CLUSTER_PROBE_WIDE,     /* a second one is, over a link and through others too */
    CLUSTER_PROBE_SUSPECT   /* nothing was answered; it goes on */
} ClusterProbeStage;

/* What systems say of a member that does not answer: bits. */
#define CLUSTER_EVIDENCE_PORT  1  /* nobody hears datagrams at its port */
#define CLUSTER_EVIDENCE_ENDED 2  /* its link ended, or there was none */
#define CLUSTER_EVIDENCE_LINK  4  /* and no new one came about */
#define CLUSTER_EVIDENCE_HOST  8  /* its host is well */
#define CLUSTER_EVIDENCE_HEIR  16 /* another member is where it was */

/* Letters of a probe's id. */
#define CLUSTER_PROBE_ID 16

/* A member as the prober sees it. */
typedef struct ClusterProbe {
    ClusterRoundEntry inRound; /* in node's untried or round, once it can be probed */
    bool proven;               /* it answered a probe: it is where it says */
    ClusterRtt rtt;
    uint32_t incarnation; /* the latest that it told, 0 at first */
    ClusterProbeStage stage;
    char id[CLUSTER_PROBE_ID + 1];
    int64_t first; /* ms: when the first packet went out, or when it was denied that it is dead */
    int64_t since; /* when the first packet went out */
    int64_t sent;  /* the same in microseconds, of the system's clock */
    int64_t answered; /* ms: when it last answered by datagram, to us; 0: never */
    int64_t told;     /* ms: when others last made us look; 0: never */
    bool repeated;    /* there was a second one */
    int64_t again;    /* ms between two packets while it is suspect */
    unsigned evidence;
    const ClusterMember
            *confirmers[CLUSTER_CONFIRMERS]; /* who suspects it as well; only to be compared */
    int confirmed;
    ClusterDeadline due;
} ClusterProbe;

/* A probe on another's account. */
typedef struct ClusterRelay {
    ClusterListEntry entry;
    ClusterMember *asker, *target; /* held */
    Tcl_Obj *ruid;                 /* the asker's; held */
    char id[CLUSTER_PROBE_ID + 1]; /* ours */
    int64_t until;
} ClusterRelay;

typedef struct ClusterMissing ClusterMissing;

/* One that is no member (clusterStrangers.c). */
typedef struct ClusterStranger {
    Tcl_Obj *uuid; /* held; NULL: none */
    int64_t next;  /* not asked before */
    int64_t wait;  /* ms from then to the time after that */
} ClusterStranger;

typedef struct ClusterNames ClusterNames;
typedef struct ClusterOutbox ClusterOutbox;
typedef struct ClusterInbox ClusterInbox;
typedef struct ClusterDelivery ClusterDelivery;

/* Abilities of members (clusterSelf.c): bits. */
#define CLUSTER_CAN_CONFIRM (1u << 3)

/*
 * Counted: one for who made it, one for each member and query, and for each
 * call under way. Closed is not freed: what is left then only answers questions.
 */
struct ClusterNode {
    size_t refCount;
    bool started;
    bool checking;        /* transports are being told of a heartbeat */
    bool closing, closed; /* closing begins with the goodbye */
    bool saidGoodbye;     /* a script did, or closing */
    int pid;              /* of the process that made it */
    /* What it tells of itself beside that (clusterSelf.c); the words are plain, or empty. */
    char processName[CLUSTER_SELF_WORD_MAX + 1], hostName[CLUSTER_SELF_WORD_MAX + 1];
    uint16_t datagramPort; /* where it hears unicast datagrams, 0 for nowhere */
    uint32_t abilities;    /* bits: what it can beyond 1.1.8 */
    const ClusterNodeDelegate *delegate;
    void *context;
    ClusterClock *clock; /* used until the node is freed */
    ClusterSystem system;
    bool trace;
    ClusterSealing *sealing; /* NULL without keys */
    ClusterPayloadKeys keys;
    bpacket_writer writer; /* of the packet being sent; nothing is called while it is in use */
    ClusterAddress group;
    int64_t ttl, heartbeat;
    size_t queue;     /* bytes that may wait to be written; what transports are given */
    size_t backlog;   /* the same for one member */
    size_t confirms;  /* confirmed sends that may be open, to one member */
    uint64_t epochs;  /* of deliveries, of all members */
    uint64_t refused; /* sends for want of room there */
    uint64_t undelivered[CLUSTER_UNDELIVERED_REASONS];
    int remote;
    char sid[CLUSTER_SID_LENGTH + 1];
    Tcl_Obj *sidObj, *hidObj, *uuidObj;
    Tcl_Obj *tags, *protocols;
    ClusterNames *names;            /* what filters may name it by; NULL until asked for */
    bool tagsChanged, propsChanged; /* to go out with the next heartbeat */
    /* Unicast datagrams, for what nodes tell each other; no protocol of scripts, so not among slots. NULL: none. */
    ClusterSlot *datagram;
    ClusterDeadline joinDue;
    int askedAgain;      /* times since the start */
    uint64_t othersKnow; /* members, of those that one of them knows most */
    uint64_t met;        /* members found since the start */
    ClusterList askers;  /* members to be told by datagram who we are, together */
    int askerCount;
    ClusterDeadline askersDue;
    ClusterProbing probing;
    uint32_t incarnation; /* ours; higher each time we deny that we are dead */
    int64_t doubtedUntil; /* we take it to heart once a period */
    int64_t answered;     /* when a packet of a probe came last, from any member */
    int unanswered;       /* members that are suspect as they ack none */
    ClusterRound untried; /* members that can be probed and never answered */
    ClusterRound round;   /* the others */
    bool triesNext;       /* the next turn is of one of the former, if there are any */
    ClusterDeadline probeDue;
    ClusterNews news;
    const ClusterMember *named; /* told last in a packet of a probe, NULL: begin anew */
    ClusterTable missingByUuid; /* who was lost and may come back */
    ClusterList
            missing; /* the same: first those that never answered, then lost longest ago first */
    int missingCount;
    ClusterStranger strangers[CLUSTER_STRANGERS_MAX]; /* a ring */
    int strangersNext;
    ClusterList relays; /* oldest first */
    int relayCount;
    int64_t repeatAfter; /* ms after which they went out once more, 0 while they need not */
    ClusterSlot *slots[CLUSTER_SLOTS_MAX];
    int slotCount;
    /* Once two slots reach everybody, or a packet may come by several interfaces of one; NULL before. */
    ClusterDuplicates *duplicates;
    bool severalSlots;     /* the former */
    bool severalAddresses; /* a member was heard from two, which it may have both */
    uint64_t *channels;    /* ascending */
    size_t channelCount;
    ClusterTable byUuid, bySid; /* members; of one sid those found first come first */
    Tcl_HashTable queries;      /* by id, which we choose */
    ClusterList members;        /* in the order they were found */
    /* Members whose tags or props are not known: never asked for them, and asked, the latest last. */
    ClusterList unasked, asked;
    size_t memberCount;
    /* Room for members (clusterRoom.c). */
    ClusterTable sources;               /* addresses that told of them */
    ClusterList heard;                  /* members, heard longest ago first */
    size_t unknownCount;                /* of unasked and asked */
    size_t memory, charge, largeCharge; /* bytes: allowed, of all members, of large ones alone */
    Tcl_Obj *departed
            [CLUSTER_DEPARTED_MAX]; /* uuids of the latest goodbyes, a ring; NULL at first */
    uint64_t departures;            /* how many there were */
    Tcl_Obj *ended
            [CLUSTER_ENDED_MAX]; /* ids of the latest queries that ended with answers missing, a ring; NULL at first */
    int endedNext;
    ClusterDeadlines deadlines; /* all of the node, its members and queries */
    ClusterTimer timer;         /* for the first of them */
    ClusterTimerProc *due;      /* what the timer calls */
    ClusterDeadline beatDue;
    ClusterPinger pinger;
    int64_t graceUntil; /* nobody expires before */
    bool discovered;    /* lastDiscovery is set */
    int64_t lastDiscovery;
    bool moved;       /* lastMove is set */
    int64_t lastMove; /* when the network changed and it probed for that */
    ClusterList notices, errands;
    int telling; /* notices being told: nested in scripts that these run */
    uint64_t drops[CLUSTER_DROPS];
    ClusterBucket quotas[CLUSTER_QUOTAS];
    uint64_t withheld[CLUSTER_QUOTAS];
};

/* What a member told that is remembered, by the parts that are told apart from each other. */
typedef enum ClusterPart {
    CLUSTER_PART_PROTOCOLS,
    CLUSTER_PART_TAGS,
    CLUSTER_PART_PROPS,
    CLUSTER_PART_FIRST, /* its first packet, for the discovered callback */
    CLUSTER_PARTS
} ClusterPart;

typedef struct ClusterSource ClusterSource;

/*
 * Counted: one while it is on the node's lists, one for its object, one for
 * each query that awaits it, each notice and errand about it, and each call
 * under way. Holds the node.
 */
struct ClusterMember {
    size_t refCount;
    ClusterNode *node;
    bool lost, lossTold;
    Tcl_Obj *sid, *hid, *uuid;
    Tcl_Obj *protocols, *tags, *props;
    /* What it told of itself (clusterSelf.c); 0 is not told. */
    bool knowsCluster;      /* it told something: it is none of 1.1.8 */
    uint16_t datagramPort;  /* where it hears unicast datagrams */
    uint32_t can;           /* bits: what it can beyond 1.1.8 */
    int64_t ttl, heartbeat; /* ms */
    int pid;
    Tcl_Obj *description;       /* the text of it all; NULL when there is none */
    Tcl_Obj *place;             /* what resolvers match beside tags and sid; NULL until asked for */
    bpacket_span protocolsWire; /* as last received, malloc'ed: it seldom changes */
    ClusterAddress address;     /* without a port */
    unsigned interface;         /* by which a datagram from that address came last, 0 for none */
    bool addressHeard;          /* from it, since the datagram before the latest that was no copy */
    ClusterAddress former;      /* the one before; none at first */
    int64_t formerHeard;        /* when it changed */
    bool hasBoth;               /* it is heard from both by turns */
    bool local;
    ClusterLiveness life;
    ClusterDeadline expiry, discovery;
    ClusterProbe probe;
    ClusterListEntry inAskers;
    bool isNew, tagsKnown, propsKnown; /* for the discovered callback */
    bool askedOnce;                    /* since it is new */
    int64_t asked;                     /* when it was last asked for them, 0 for never */
    int64_t found;                     /* when it was first heard */
    bool answeredOnce;                 /* answered is set */
    int64_t answered;                  /* when it was last told by itself who we are */
    bool wantsLink;         /* it asked or was asked by multicast: a link would tell of its end */
    uint32_t toldSlots;     /* bits: nothing is there, and the member was told */
    uint32_t barredSlots;   /* bits: ways that cannot work, left alone ... */
    int64_t barredUntil;    /* ... so long ... */
    int barredFor;          /* ... which is so many ms */
    uint32_t lateSlots;     /* bits: ways that are no ways until a link works ... */
    int64_t lateUntil;      /* ... or then */
    int64_t lateTried;      /* when a link was made for that */
    int64_t reported;       /* since when it was told what failed, not twice in a while */
    uint32_t reportedSlots; /* bits */
    Tcl_Obj *firstPayload;  /* kept for the discovered callback */
    /* Whose place it has, and who has its, until the loss of the former is told or that takes too long; each has the other. */
    struct ClusterMember *predecessor, *heir;
    int64_t succeedsBy;
    ClusterLink *links[CLUSTER_SLOTS_MAX]; /* not held: the transport tells when one closes */
    uint32_t
            renewedSlots; /* bits: links made to see whether it is there, over which it has not spoken */
    ClusterOutbox *outbox;   /* confirmed sends to it; NULL before the first */
    ClusterInbox *inbox;     /* ... and from it */
    bool full;               /* a send was refused since there was room in its queue */
    ClusterDeadline drained; /* to see whether there is again */
    void *owner;
    Tcl_Obj *name;
    ClusterListEntry inMembers, inUnknown; /* the latter: in unasked or asked */
    ClusterTableEntry inUuids, inSids;
    ClusterSource *source; /* where it was first heard from; NULL while it is on no lists */
    ClusterListEntry inSource, inHeard;
    size_t weights[CLUSTER_PARTS]; /* bytes of memory that each part may take */
    size_t charge;                 /* these, and its price */
};

/* One that a query could not ask. */
typedef struct ClusterUnasked {
    ClusterMember *member; /* held */
    const char *reason;    /* static */
} ClusterUnasked;

struct ClusterQuery {
    size_t refCount;
    ClusterNode *node; /* held */
    Tcl_Obj *id;
    bool ended, endTold;
    ClusterAwaits awaits;        /* members, held */
    ClusterUnasked *unreachable; /* to be told when `tell` is due */
    size_t unreachableCount;
    size_t room; /* of unreachable: one for each that was asked */
    ClusterDeadline timeout, tell;
    void *owner;
};

/* ---- clusterDeaf.c ---- */

/* Takes the delegate's place once a node is closed, or is to close without telling: every callback does nothing. */
extern const ClusterNodeDelegate clusterDeafDelegate;

/* ---- clusterNode.c ---- */

/* Milliseconds of the node's clock. */
int64_t ClusterNodeNow(const ClusterNode *node);
/* The timer is never later than this, not within a turn either: a script that runs there may enter the event loop. */
void ClusterNodeSetDue(ClusterNode *node, ClusterDeadline *deadline, ClusterDueKind kind,
        int64_t at);
void ClusterNodeClearDue(ClusterNode *node, ClusterDeadline *deadline);
/* A way that reaches everybody: each node has one. */
ClusterSlot *ClusterNodeSlotToAll(const ClusterNode *node);
/* Makes the filter of duplicates unless it is there. False without memory. */
bool ClusterNodeFilterDuplicates(ClusterNode *node);

/* ---- clusterQuota.c ---- */

/* Takes one of what others can make us do. False, and counted, when there is none left now. */
bool ClusterNodeMay(ClusterNode *node, ClusterQuota quota);

/* ---- clusterFilter.c ---- */

/* Its tags are others now. */
void ClusterNodeForgetNames(ClusterNode *node);

/* ---- clusterNodeTrace.c ---- */

/* One line of the trace, if that is on: a word, then what the format says. */
void ClusterNodeTraceLine(const ClusterNode *node, const char *what, const char *format, ...);
/* A packet that came over a slot, before anything is checked. */
void ClusterNodeTraceIn(const ClusterSlot *slot, bpacket_span packet);
/* One that was handed to a transport, for a member or (NULL) for everybody, and what came of that. */
void ClusterNodeTraceOut(const ClusterSlot *slot, const ClusterMember *member,
        const ClusterBlob *blob, ClusterSendResult result);

/* ---- clusterMember.c ---- */

/* Not on any list yet; one reference, the caller's. NULL without memory. */
ClusterMember *ClusterMemberNew(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid,
        bool leaving);
/* May the packet be used, whoever its sender is? Every member speaks multicast; system and lan are for this host. */
bool ClusterMemberAccepts(const ClusterMessage *message);
/* Closes a link over which the member said goodbye, once what waits is written; not one that serves another member by now. */
void ClusterMemberEndLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link);
/* Takes over its protocols when they differ from the last packet's, which is rare. */
void ClusterMemberTakeProtocols(ClusterMember *member, ClusterMessage *message);
/* Takes over its address and link. */
void ClusterMemberTakeWay(ClusterMember *member, ClusterMessage *message);
/* The message came over a link: that is the member's, if it has no other and this one is from where it is. */
void ClusterMemberHearOver(ClusterMember *member, const ClusterMessage *message);
/* A copy of a datagram of its came from an address: is it the one that is known? Then that still holds. */
void ClusterMemberHeardAgain(ClusterMember *member, const ClusterOrigin *origin);
/* Takes over props and tags, as far as the packet has them. *before: the old tags, held, if they changed; else NULL. */
void ClusterMemberTakeState(ClusterMember *member, ClusterMessage *message, Tcl_Obj **before);
void ClusterMemberSetProps(ClusterMember *member, Tcl_Obj *props, bool replace);
/* It says where it is: elsewhere, or in the same place, where it may have made anew what was not there. */
void ClusterMemberHearWhereabouts(ClusterMember *member, Tcl_Obj *props);
/* A way to it did not work, as the result says: leaves it alone for a while if it cannot. Is the member to be told? `telling`: it will be. */
bool ClusterMemberBar(ClusterMember *member, const ClusterSlot *slot, ClusterSendResult result,
        bool telling);
/* Is that way left alone now? */
bool ClusterMemberBarred(const ClusterMember *member, const ClusterSlot *slot);
/* Its link is late: until one works, or for a while, other ways are taken. */
void ClusterMemberLate(ClusterMember *member, const ClusterSlot *slot);
/* Has it an open link over which we send? */
bool ClusterMemberConnected(const ClusterMember *member);
/* The link that it has was made to see whether it is there, as there was none. */
void ClusterMemberRenewed(ClusterMember *member);
/* Another has its place: what was renewed leads there. True when nothing more can come from it. */
bool ClusterMemberReplaced(ClusterMember *member);
/* Are there ways to it beside those by which all hear, whether they work or not? */
bool ClusterMemberHasWays(const ClusterMember *member);
/* Is there any open link over which it spoke last of all, or over which we send? */
bool ClusterMemberServed(ClusterMember *member);

/* What so many elements, of so many bytes together, weigh. */
size_t ClusterMemberWeight(size_t bytes, size_t elements);
/* What the part would weigh at most once the packet's content is taken over; what it weighs now when that has none. */
size_t ClusterMemberWeightOf(const ClusterMember *member, ClusterPart part,
        const ClusterMessage *message);
/* Keeps the first packet for the discovered callback; but for what is large in it unless all is wanted. */
void ClusterMemberKeepFirst(ClusterMember *member, ClusterMessage *message, bool all);

/* ---- clusterSelf.c: the key `cluster` of props ---- */

/* What a member can beyond 1.1.8: bits. */
#define CLUSTER_CAN_PROBE 1u /* it answers probes */

/* The key. */
#define CLUSTER_SELF_KEY "cluster"

/* Takes the names of process (the system's if it is NULL or empty) and host, once. */
void ClusterSelfInit(ClusterNode *node, const char *name);
/* The node has its slot for datagrams, or that has another port: it says so from now on. */
void ClusterSelfHasDatagram(ClusterNode *node);
/* What a member tells of itself under the key, once more: replaces what it told before, by nothing if it is no dict. */
void ClusterSelfHear(ClusterMember *member, Tcl_Obj *description);
/* The length of that. */
size_t ClusterSelfBytes(const ClusterMember *member);

/* ---- clusterRoom.c: room for members ---- */

/* Puts a new member on the lists of its source. False without memory. */
bool ClusterRoomEnter(ClusterMember *member, const ClusterMessage *message);
void ClusterRoomLeave(ClusterMember *member);
/* It was heard last of all. */
void ClusterRoomHeard(ClusterMember *member);
/* Its tags and props are known, it is not among those any more that have to be asked. */
void ClusterRoomKnown(ClusterMember *member);
/*
 * Those that said what they are and were first heard from where the member was,
 * heard last first; other: the one before, NULL at first. Nobody may be heard meanwhile.
 */
ClusterMember *ClusterRoomNeighbor(const ClusterMember *member, const ClusterMember *other);
void ClusterRoomSetCharge(ClusterMember *member, size_t charge);
/*
 * Is there room for one more member, by its first packet; for a member (NULL:
 * for a new one) to have this charge? If not, *victim has to go first; NULL:
 * nobody can go.
 */
bool ClusterRoomForMember(ClusterNode *node, const ClusterMessage *message, ClusterMember **victim);
bool ClusterRoomForCharge(ClusterNode *node, const ClusterMember *member, size_t charge,
        ClusterMember **victim);

/* ---- clusterNotices.c: what is to be told and sent ---- */

/* Appends a notice or an errand of a kind; the caller fills in the rest, holding what it puts there. */
ClusterNotice *ClusterNoticeAppend(ClusterNode *node, ClusterNoticeKind kind,
        ClusterMember *member);
ClusterErrand *ClusterErrandAppend(ClusterNode *node, ClusterErrandKind kind,
        ClusterMember *member);
/* The next one, taken out; NULL when there is none. The caller frees it. */
ClusterNotice *ClusterNoticeTake(ClusterNode *node);
ClusterErrand *ClusterErrandTake(ClusterNode *node);
void ClusterNoticeFree(ClusterNotice *notice);
void ClusterErrandFree(ClusterErrand *errand);
/* Tells of a query: member, payload and reason as ClusterNodeDelegate.queryEvent has them. */
void ClusterNoticeQuery(ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason);
/* Moves a query's DONE, if it waits, before all others. */
void ClusterNoticeDoneFirst(ClusterQuery *query);

/* ---- clusterUndelivered.c: what was accepted and did not arrive ---- */

/* Appends a notice for each packet of a queue of which somebody is to be told. */
void ClusterUndeliveredPackets(ClusterMember *member, const ClusterBlobQueue *packets,
        ClusterUndelivered why);
/* The same for one packet, and for a payload of which there is none. */
void ClusterUndeliveredPacket(ClusterMember *member, ClusterBlob *packet, ClusterUndelivered why);
void ClusterUndeliveredPayload(ClusterMember *member, Tcl_Obj *payload, ClusterUndelivered why);
/* It is about to be lost: the same for all that waits for it, or may not have arrived. */
void ClusterUndeliveredLost(ClusterMember *member);
/* What a send that ended so would be told as. */
ClusterUndelivered ClusterUndeliveredReason(ClusterSendStatus status);

/* ---- clusterFlow.c: what waits for a member ---- */

/* May so many bytes more wait for it? What goes to nobody else's queue is asked of the transport. */
bool ClusterFlowAdmits(const ClusterMember *member, size_t length);
/* A send was refused: it is told of when there is room again. */
void ClusterFlowRefused(ClusterMember *member);
/* Less may wait for it now, so that is looked at from the event loop. */
void ClusterFlowChanged(ClusterMember *member);
/* That is due: tells, or goes on waiting. */
void ClusterFlowDue(ClusterMember *member);

/* ---- clusterConfirm.c ---- */

/* Lets go of what a member, which is freed, has of deliveries. */
void ClusterConfirmFree(ClusterMember *member);

/* ---- clusterDeliveries.c: confirmed sends; see clusterConfirmInt.h ---- */

/* May one more be open? */
bool ClusterDeliveriesAdmit(const ClusterMember *member);
/* Is there room for most of them? */
bool ClusterDeliveriesDrained(const ClusterMember *member);
/* One more, with its ruid; borrowed: the member's list has it. NULL without memory. */
ClusterDelivery *ClusterDeliveryBegin(ClusterMember *member, Tcl_Obj *confirm, Tcl_Obj *protocols,
        int64_t timeout, char *ruid);
/* It could not be sent, and is not told of. */
void ClusterDeliveryVoid(ClusterDelivery *delivery);
/* Tells of a send that is none of them, from the event loop. */
void ClusterDeliveryTellLater(ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason);
void ClusterDeliveryHold(ClusterDelivery *delivery);
void ClusterDeliveryRelease(ClusterDelivery *delivery);
/* Its deadline is due. */
void ClusterDeliveryDue(ClusterDelivery *delivery);
/* All have failed, as the member is lost. */
void ClusterDeliveriesLost(ClusterMember *member);
/* What is not confirmed is to be sent again: soon, or (it failed) after a while. */
void ClusterDeliveriesAgain(ClusterMember *member, bool failed);
/* The first one behind a sequence number, NULL for none; borrowed. */
ClusterDelivery *ClusterDeliveryAfter(const ClusterMember *member, uint64_t sequence);
/* A receipt came; data and error may be NULL. */
void ClusterDeliveriesReceipt(ClusterMember *member, const char *ruid, Tcl_Obj *data,
        Tcl_Obj *error);

/* ---- clusterPinger.c ---- */

void ClusterPingerAdd(ClusterNode *node, Tcl_Obj *sid);
/* Asks after a member alone, when the event loop turns next. False when that was done too often lately. */
bool ClusterPingerAddAlone(ClusterNode *node, Tcl_Obj *sid);
void ClusterPingerCancel(ClusterNode *node, Tcl_Obj *sid);
/* Those to be asked after now, a list that is the caller's to release, NULL for none. */
Tcl_Obj *ClusterPingerTake(ClusterNode *node);
Tcl_Obj *ClusterPingerTakeAlone(ClusterNode *node);
/* Somebody asks after so many, us among them: sets when to answer. */
void ClusterPingerAsked(ClusterNode *node, Tcl_Size count);
/* So many ask who we are that all are answered together, soon. */
void ClusterPingerAnswerTogether(ClusterNode *node);
/* The answer goes out now. */
void ClusterPingerAnswers(ClusterNode *node);

/* ---- clusterBeacon.c ---- */

/* When the next heartbeat is due, ms from now; and after a usual interval. */
void ClusterBeaconAfter(ClusterNode *node, int64_t ms);
void ClusterBeaconAgain(ClusterNode *node);
/* The props go out with a heartbeat when the event loop turns next. */
void ClusterBeaconPropsChanged(ClusterNode *node);
/* Puts the member, and others that are unknown, on the errand that asks who they are, if it is to be asked. */
void ClusterBeaconAsk(ClusterMember *member);
/* May a probe go out now? Then it counts as having gone out. */
bool ClusterBeaconMayDiscover(ClusterNode *node);
/* What changed and was not told yet, as bits of what a heartbeat carries; it counts as told. */
int ClusterBeaconTakeChanges(ClusterNode *node);
/* It was not told after all; tried again soon if that may help then. */
void ClusterBeaconPutBack(ClusterNode *node, int changes, bool soon);
/* What changed went to some only: it goes out once more, later each time. */
void ClusterBeaconRepeat(ClusterNode *node, int changes);
/* Adds how many are known, and the tags if wanted. */
void ClusterNodeAddKnown(const ClusterNode *node, bool tags, ClusterOutgoing *outgoing);
/* A heartbeat or a probe. The caller frees it. Asks transports for their props. */
void ClusterBeaconMake(ClusterNode *node, ClusterType type, int with, uint64_t channel,
        Tcl_Obj *ruid, ClusterOutgoing *beat);
/* What others are told as props, a new dict: those of the transports, and of the node itself if there is room. Asks transports. */
Tcl_Obj *ClusterBeaconProps(ClusterNode *node);

/* ---- clusterProber.c: the failure detector ---- */

/* Do both of us speak to each other by datagrams and probes? */
bool ClusterProberCan(const ClusterMember *member);
/* Probes it now, unless that is under way. */
void ClusterProberBegin(ClusterMember *member);
/* Its answer by this id came, `direct`: to our packet, by datagram. False: it is none. */
bool ClusterProberAnswered(ClusterMember *member, const char *id, size_t length, bool direct);
/* Some member probed us, or answered: we are not cut off. */
void ClusterProberHears(ClusterNode *node);
/* The system said something of it: CLUSTER_EVIDENCE_... */
void ClusterProberEvidence(ClusterMember *member, unsigned evidence);
/* Its link ended, or one that was to be made was not. */
void ClusterProberLinkEnded(ClusterMember *member);
/* Another member suspects it, and has told so. */
void ClusterProberDoubted(ClusterMember *member, const ClusterMember *by);
/* It denies that it is dead. */
void ClusterProberRefuted(ClusterMember *member, uint32_t incarnation);
/* Somebody suspects us. */
void ClusterProberSuspected(ClusterNode *node, uint32_t incarnation);
/* The deadlines CLUSTER_DUE_PROBE and CLUSTER_DUE_PROBED. */
void ClusterProberDue(ClusterNode *node);
void ClusterProberMemberDue(ClusterMember *member);

/* ---- clusterProbeMeet.c ---- */

/* It was heard: from now on it has its turn, if it can be probed. */
void ClusterProberMeet(ClusterMember *member);

/* ---- clusterProbePackets.c ---- */

/* The packet that an errand asks for; the caller frees it. */
void ClusterProbePacket(ClusterNode *node, const ClusterErrand *errand, ClusterType type,
        ClusterOutgoing *packet);
/* Such packets came, from a member: CLUSTER_PROBE, CLUSTER_ACK, CLUSTER_RELAY. */
void ClusterProbeTaken(ClusterNode *node, ClusterMessage *message);
void ClusterProbeAcked(ClusterNode *node, ClusterMessage *message);
void ClusterProbeRelayed(ClusterNode *node, ClusterMessage *message);
/* A member asks after these sids: whom of them we can probe, we do. */
void ClusterProbePinged(ClusterNode *node, const ClusterMember *from, Tcl_Obj *sids);
void ClusterRelaysFree(ClusterNode *node);

/* ---- clusterJoining.c ---- */

/* The node has started, and asked for others once. */
void ClusterJoiningBegin(ClusterNode *node);
/* A packet of a member. */
void ClusterJoiningHeard(ClusterNode *node, const ClusterPacket *packet);
/* The deadline CLUSTER_DUE_JOIN. */
void ClusterJoiningDue(ClusterNode *node);

/* ---- clusterStrangers.c ---- */

/* Is it time to ask this one who it is, and does that quota leave room for it? Then it counts as done. */
bool ClusterStrangerMayBeAsked(ClusterNode *node, const char *uuid, ClusterQuota quota);
/* A script wanted no more of it: nobody asks soon. */
void ClusterStrangerUnwanted(ClusterNode *node, const char *uuid);
void ClusterStrangersFree(ClusterNode *node);

/* ---- clusterMissing.c: who was lost and may come back ---- */

/* NULL when there is none of that uuid. */
ClusterMissing *ClusterMissingFind(const ClusterNode *node, const char *uuid);
/* A member was lost: remembers it if it may come back. */
void ClusterMissingAdd(ClusterMember *member);
void ClusterMissingForget(ClusterMissing *missing);
void ClusterMissingForgetAll(ClusterNode *node);
/* Something came from it, though not over a link: it is tried now. */
void ClusterMissingHeard(ClusterMissing *missing, const ClusterMessage *message);
/* Did it answer? Then it may be a member again. */
bool ClusterMissingMayReturn(const ClusterMissing *missing);
/* An answer of its with this id. */
void ClusterMissingAnswered(ClusterMissing *missing, bpacket_span id);
/* Where a datagram goes that is for it: peer borrows from it. */
void ClusterMissingPeer(const ClusterMissing *missing, ClusterPeer *peer, uint16_t *port);
/* Is that where it heard datagrams? */
bool ClusterMissingIsAt(const ClusterMissing *missing, const ClusterAddress *address);
/* The next one behind it, or the first. */
ClusterMissing *ClusterMissingNext(const ClusterNode *node, const ClusterMissing *missing);
/* The deadline CLUSTER_DUE_MISSING. */
void ClusterMissingDue(ClusterDeadline *deadline);

/* ---- clusterUnsealed.c: what comes to a node with keys ---- */

/*
 * A packet came: opens it if it is sealed. *sealed: it was, and has this stamp;
 * what was in it is valid until a script may run. False: dropped, with what is to
 * be told or sent for that in the queues.
 */
bool ClusterUnseal(ClusterSlot *slot, const ClusterOrigin *origin, bpacket_span *packet,
        ClusterStamp *stamp, bool *sealed);
/* Such a packet was decoded: is its origin its sender's? False: dropped. */
bool ClusterUnsealBind(ClusterNode *node, const ClusterMessage *message);
/* Such a packet came over a sealed link: is it of the member that this speaks for? False: dropped. */
bool ClusterUnsealSpeaksFor(const ClusterMessage *message);
/* Something from that address was dropped for that reason: counts it, and has it told, once in a while for each host and reason. */
void ClusterUnsealRefused(ClusterSlot *slot, const ClusterAddress *address, ClusterDrop reason);
/* Is what came without its bytes not heard, as it was not sealed? Then that is counted. */
bool ClusterUnsealRefuses(ClusterSlot *slot, const ClusterOrigin *origin);

/* ---- clusterReplies.c ---- */

/* The deadline CLUSTER_DUE_ASKERS. */
void ClusterReplyAskersDue(ClusterNode *node);

/* A member asks who we are: appends the errand of an answer, or sees that it is answered with others. */
void ClusterReplyAsked(ClusterNode *node, ClusterMessage *message);
/* The request's id if it may be sent back, else NULL. */
Tcl_Obj *ClusterReplyRuid(ClusterMessage *message);
/* A heartbeat: connects to its member where a link would be of use, and none is there. */
void ClusterReplyMaybeConnect(ClusterNode *node, ClusterMessage *message);

/* ---- clusterAnswers.c ---- */

/* As ClusterQueryNew, ClusterNodeAnswer and ClusterQueryUnreachable, without ending the turn. */
ClusterQuery *ClusterQueryMake(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members,
        size_t count, void *owner);
bool ClusterQueryAnswered(ClusterNode *node, ClusterMember *member, Tcl_Obj *payload);
/* Is an answer of that id and member awaited? */
bool ClusterQueryAwaits(const ClusterNode *node, const ClusterMember *member, Tcl_Obj *ruid);
/* It was no answer that is awaited: tells its sender if it is one to a query that has ended. */
void ClusterQueryMaybeLate(ClusterNode *node, ClusterMessage *message);
void ClusterQueryCannotAsk(ClusterQuery *query, ClusterMember *member, const char *reason);
/* Takes it off the node, and appends its DONE, unless that was done before. */
void ClusterQueryFinish(ClusterQuery *query);
/* Appends an answer for each query that awaits the member: there will be none. */
void ClusterQueriesMemberLost(ClusterNode *node, ClusterMember *member);
void ClusterQueriesFinishAll(ClusterNode *node);
/* Appends what is known of those that could not be asked. */
void ClusterQueryTellUnreachable(ClusterQuery *query);

/* ---- clusterRoster.c: members found, heard and lost ---- */

/* Makes one and puts it on all lists, which have its reference. NULL when it may not be, the drop counted. */
ClusterMember *ClusterRosterAdd(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid);
/* Takes a packet's content over. */
void ClusterRosterHear(ClusterMember *member, ClusterMessage *message);
/* It is said to have been heard; data: a dict merged into the props, or NULL. */
void ClusterRosterHeardOf(ClusterMember *member, Tcl_Obj *data);
/* An event of its liveness, with all that follows. Returns whether it counted (see ClusterLivenessStep). */
bool ClusterRosterStep(ClusterMember *member, ClusterLifeEvent event);
/* One that leaves it so many milliseconds: CLUSTER_LIFE_EXPECTED or CLUSTER_LIFE_UNANSWERED. */
bool ClusterRosterStepWithin(ClusterMember *member, ClusterLifeEvent event, int64_t within);
/* Its link over a slot ended without a goodbye. */
void ClusterRosterLinkEnded(ClusterMember *member, ClusterSlot *slot);
/* Members whose sids these are must be heard within PING_EXPECT_WITHIN. */
void ClusterRosterExpect(ClusterNode *node, Tcl_Obj *sids);
/* Loses members whose time is over, as many as one turn may. */
void ClusterRosterExpire(ClusterNode *node);
/* What is to be done when a member's deadlines are due. */
void ClusterRosterDiscoveryDue(ClusterMember *member);
void ClusterRosterExpiryDue(ClusterMember *member);
/* Tells of it once enough is known, and the loss of its predecessor is told. */
void ClusterRosterMaybeDiscovered(ClusterMember *member);
/* One that is new has the place of another, which is most likely lost soon: that is told first. */
void ClusterRosterSucceeds(ClusterMember *heir, ClusterMember *predecessor);
/* A goodbye of somebody who need not be known: a link of it may still be read. */
void ClusterRosterRemember(ClusterNode *node, Tcl_Obj *uuid);
/* Did it say goodbye lately? */
bool ClusterRosterHasDeparted(const ClusterNode *node, const char *uuid);
/* Did its sender say goodbye lately, and after it sent the packet? */
bool ClusterRosterIsOvertaken(const ClusterNode *node, const ClusterMessage *message,
        Tcl_Obj *uuid);

/* ---- clusterRoute.c ---- */

/* The ways of one send, in order. */
typedef struct ClusterRoute {
    ClusterSlot *slots[CLUSTER_SLOTS_MAX];
    int count;
    bool unknown; /* some were left out, as the member has not yet said where they are */
    bool late;    /* ... or as their link is late */
} ClusterRoute;

/* The slots to try: of `protocols` (all when NULL or empty) those that the member advertises and we speak. */
void ClusterRouteChoose(ClusterMember *member, Tcl_Obj *protocols, int flags, ClusterRoute *route);
/* Is it left alone, as what went over it would not be sealed? */
bool ClusterRouteIsBarred(const ClusterSlot *slot);
/* Can no link be made, as the member has not said where to? */
bool ClusterRouteIsUnknown(const ClusterMember *member, const ClusterSlot *slot);

/* ---- clusterSend.c: gates, ways, and the transports; never within a change of state ---- */

/* Hands a packet to a slot's transport, which is there. peer NULL: to everybody. */
ClusterSendResult ClusterSendTransmit(ClusterSlot *slot, ClusterMember *member,
        const ClusterPeer *peer, ClusterLink **link, ClusterBlob *blob);
/* A new blob of the packet, filtered to `only` unless it is NULL; NULL with *details saying why not. */
ClusterBlob *ClusterSendEncode(ClusterNode *node, const ClusterOutgoing *outgoing, Tcl_Obj *only,
        ClusterSendDetails *details);
/* Through the slot's hook; a new reference, NULL when the hook fails it. */
ClusterBlob *ClusterSendHooked(ClusterNode *node, ClusterSlot *slot, ClusterBlob *blob);

/* Asked: payloadOut was asked already. */
ClusterSendStatus ClusterSendToAll(ClusterNode *node, ClusterOutgoing *outgoing, bool asked,
        ClusterSendDetails *details);
ClusterSendStatus ClusterSendToOne(ClusterMember *member, ClusterOutgoing *outgoing,
        Tcl_Obj *protocols, int flags, ClusterSendDetails *details);
/* ClusterSendToOne in two steps: makes the packet, NULL with *details saying why not; sends it. The caller holds the member. */
ClusterBlob *ClusterSendMake(ClusterMember *member, const ClusterOutgoing *outgoing,
        ClusterSendDetails *details);
ClusterSendStatus ClusterSendMade(ClusterMember *member, ClusterBlob *blob, Tcl_Obj *protocols,
        int flags, ClusterSendDetails *details);
/* Flags of internal sends, beside those in clusterNode.h. */
#define CLUSTER_ONLY_LINKS 256  /* over links that are open, or to everybody */
#define CLUSTER_UNASKED    512  /* connections count as CLUSTER_QUOTA_CONNECTS */
#define CLUSTER_ACCEPTED   1024 /* it was before: the bound of one member does not count */
#define CLUSTER_LATE_TOO   2048 /* also over a link that is late, behind all others */
/* A reply, first over the slot that the request came by when that was a direct way. flags: one of these two. */
ClusterSendStatus ClusterSendReply(ClusterMember *member, ClusterSlot *slot, ClusterOutgoing *reply,
        int flags);
/* Opens a link to it. FAILED: refused; FULL: there is one, or it cannot be known whether one can be had. */
ClusterSendResult ClusterSendReach(ClusterMember *member, ClusterSlot *slot);
/* Packets that a broken link left behind. */
void ClusterSendAgain(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent);
/* The same where the way is gone, and not the member; unless `failed` is NULL the way is not tried again. */
void ClusterSendAnew(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent);
/* What a link that is late left to other ways. Where there are none it goes over that way all the same. */
void ClusterSendElsewhere(ClusterMember *member, ClusterSlot *late, ClusterBlobQueue *unsent);

/* ---- clusterUnicast.c ---- */

/*
 * One packet by datagram to where the member says it hears those, without hooks.
 * Whether it went out would say nothing of its arrival.
 */
void ClusterSendDatagram(ClusterMember *member, ClusterOutgoing *outgoing);
/*
 * A heartbeat that tells one what others were told, with the hooks of the way
 * to all. False: it is too large, or the member hears no datagrams.
 */
bool ClusterSendBeatTo(ClusterMember *member, ClusterOutgoing *beat);
/* The same as ClusterSendDatagram to one that is no member. */
void ClusterSendDatagramTo(ClusterNode *node, ClusterPeer *peer, uint16_t port,
        ClusterOutgoing *outgoing);
/* ---- clusterDeliver.c ---- */

/* As ClusterMemberDeliver, without ending the turn. */
ClusterSendStatus ClusterDeliverNow(ClusterMember *member, ClusterOutgoing *event,
        Tcl_Obj *protocols, int flags, int64_t timeout, Tcl_Obj *confirm,
        ClusterSendDetails *details);
/* Sends all that the member has not confirmed once more, in order. */
void ClusterDeliverAgain(ClusterMember *member);

/* ---- clusterReceipts.c ---- */

/* A delivery came. */
void ClusterReceiptsTake(ClusterNode *node, ClusterMessage *message);
/* It is time to confirm. */
void ClusterReceiptsDue(ClusterInbox *inbox);
/* The member is lost. */
void ClusterReceiptsLost(ClusterMember *member);

/* ---- clusterRespond.c ---- */

/* A query: asks scripts, and sends what they answer at once. */
void ClusterRespond(ClusterNode *node, ClusterMessage *message);

/* ---- clusterErrands.c ---- */

/* A heartbeat now, with what changed if it is on channel 0. Returns whether it went out. */
bool ClusterErrandHeartbeat(ClusterNode *node, int with, uint64_t channel);
bool ClusterErrandDiscover(ClusterNode *node, Tcl_Obj *ruid, uint64_t channel);
/* A ping for these sids; whoever of them is known must be heard then. */
void ClusterErrandPing(ClusterNode *node, Tcl_Obj *sids);
void ClusterErrandRun(ClusterNode *node, ClusterErrand *errand);

/* ---- clusterTurn.c ---- */

/*
 * Ends a turn: sends the errands, tells the notices, in their order and until
 * there are none, and sets the timer. Scripts run in here. The caller holds
 * the node.
 */
void ClusterTurnEnd(ClusterNode *node);
/*
 * The same after a send, but for this: when it is a script that sends, which
 * is itself being told something, the notices behind that wait until it has
 * returned.
 */
void ClusterTurnSent(ClusterNode *node);
/* Only sets the timer. */
void ClusterTurnArm(ClusterNode *node);

/* ---- clusterProbeHeard.c ---- */

/* A packet of probes came: notes whose it is. False: it is from no member, and what is to be done for it is done. */
bool ClusterProbeHeard(ClusterNode *node, ClusterMessage *message);

/* ---- clusterHeard.c ---- */

extern const ClusterTransportDelegate clusterNodeTransportDelegate;

/* ---- clusterPulse.c ---- */

/* What a node's timer calls: does what is due. */
ClusterTimerProc ClusterPulse;

#endif
