/*
 * clusterNodeInt.h --
 *
 *	The bodies of node, slot, member and query, for the files of layer 4 alone.
 */

#ifndef CLUSTER_NODE_INT_H
#define CLUSTER_NODE_INT_H

#include "base/clusterHold.h"
#include "node/clusterNode.h"

/* Milliseconds. */
#define DISCOVER_EVERY            30000
#define DISCOVERED_WITHIN         1000 /* the hook waits this long for tags and props */
#define ASK_WITHIN                100  /* after so long a new member is asked for them */
#define PING_AFTER                5000
#define PING_ANSWER_WITHIN        15000
#define PING_ANSWER_EVERY         1000 /* a ping for us alone is answered at most this often */
#define PING_EXPECT_WITHIN        20000
#define PING_SOON_MOST            10 /* members asked after at once as their connection ended ... */
#define PING_SOON_EVERY           1000 /* ... in so long */
#define HUNG_UP_EXPECT_WITHIN     3000 /* a member on this host whose connection ended */
#define HUNG_UP_EXPECT_FAR_WITHIN 10000
#define UNREACHABLE_EXPECT_WITHIN 30000
#define LATE                      20 /* a timer so late: what waits is read before anybody is lost */
#define AWAY                      1000  /* so late: the event loop was not there ... */
#define AWAY_GRACE                3000  /* ... so nobody is lost for so long */
#define RECENTLY                  3000  /* heard within: not suspected */
#define REFRESH_EVERY             1000  /* failure reports are heeded at most this often */
#define LEAVE_WITHIN              10000 /* silence after a goodbye while a connection is open */

/* Of what a stranger can make a member remember, in bytes of the wire: larger tags or props are dropped. */
#define MEMBER_STATE_MAX 65536
/* A sid or hid is at most this long. */
#define IDENTITY_MAX 64

/* So many goodbyes are remembered. */
#define DEPARTED_MAX 16

struct ClusterSlot {
    ClusterNode *node;
    int index;
    Tcl_Obj *id;
    const ClusterTransportType *type;
    ClusterTransport *transport;
    bool refreshed;      /* lastRefresh is set */
    int64_t lastRefresh; /* when a failure report made its server anew */
};

/*
 * Counted: one for who made it, one for each member, and for each call under
 * way. Closed is not freed: what is left then only answers questions.
 */
struct ClusterNode {
    size_t refCount;
    bool started;
    bool checking;        /* transports are being told of a heartbeat */
    bool closing, closed; /* closing begins with the goodbye */
    int pid;              /* of the process that made it */
    const ClusterNodeDelegate *delegate;
    void *context;
    ClusterClock *clock; /* used until the node is freed */
    ClusterPayloadKeys keys;
    bpacket_writer writer; /* of the packet being sent; nothing is called while it is in use */
    ClusterAddress group;
    int64_t ttl, heartbeat;
    int remote;
    char sid[CLUSTER_SID_LENGTH + 1];
    Tcl_Obj *sidObj, *hidObj, *uuidObj;
    Tcl_Obj *tags, *protocols;
    bool tagsChanged, propsChanged; /* to go out with the next heartbeat */
    ClusterSlot *slots[CLUSTER_SLOTS_MAX];
    int slotCount;
    uint64_t *channels; /* ascending */
    size_t channelCount;
    Tcl_HashTable members;           /* by uuid */
    Tcl_HashTable queries;           /* by id */
    Tcl_Obj *departed[DEPARTED_MAX]; /* uuids of the latest goodbyes, a ring; NULL at first */
    int departedNext;
    ClusterMember *first, *last; /* in the order they were found */
    ClusterMember **deadlines;   /* a heap of all, see clusterExpiry.c */
    size_t memberCount, deadlineRoom;
    ClusterTimer beat, expiry, ping, answer, hangUp;
    int64_t expiryDue; /* when the expiry timer should fire; 0 when it is not set */
    int64_t graceUntil;
    Tcl_Obj *pinged; /* sids to ask after, NULL when none */
    Tcl_Obj *hungUp; /* sids to ask after at once, NULL when none */
    int64_t soonSince;
    int soonCount;
    bool discovered; /* lastDiscovery is set */
    int64_t lastDiscovery;
    bool answered; /* lastAnswer is set */
    int64_t lastAnswer;
    uint64_t drops[CLUSTER_DROPS];
};

/*
 * Counted: one while it is on the node's lists, one for its object, one for
 * each query that awaits it and each call under way. Holds the node.
 */
struct ClusterMember {
    size_t refCount;
    ClusterNode *node;
    bool lost;
    Tcl_Obj *sid, *hid, *uuid;
    Tcl_Obj *protocols, *tags, *props;
    Tcl_Obj *words; /* what resolvers match; NULL until asked for */
    bpacket_span
            protocolsWire;  /* as last received (malloc'ed), to see quickly that nothing changed */
    ClusterAddress address; /* without a port */
    bool local;
    int64_t seen;     /* when it was last heard */
    int64_t deadline; /* when it is lost unless heard before */
    int64_t key;      /* the deadline that the heap knows, no later than that */
    size_t place;     /* in the heap */
    bool expected;
    bool tried, hurried; /* after a connection ended: to open another, to ask after it at once */
    bool leaving; /* said goodbye, but what it sent before may still come over a connection */
    bool isNew, tagsKnown, propsKnown; /* for the discovered callback */
    int64_t asked;                     /* when it was last asked for them, 0 for never */
    int64_t reported;       /* since when it was told what failed, not twice in a while */
    uint32_t reportedSlots; /* bits */
    Tcl_Obj *firstPayload;  /* kept for it */
    ClusterTimer discovery;
    ClusterLink *links[CLUSTER_SLOTS_MAX];
    void *owner;
    Tcl_Obj *name;
    ClusterMember *next, *previous;
};

struct ClusterQuery {
    size_t refCount;
    ClusterNode *node; /* held */
    Tcl_Obj *id;
    bool ended;
    ClusterMember **awaited; /* held; in order */
    size_t awaitedCount;
    ClusterMember **unreachable; /* held; to be told at the next turn */
    size_t unreachableCount;
    size_t room; /* of unreachable: one for each that was asked */
    ClusterTimer timeout, tell;
    void *owner;
};

extern const ClusterTransportDelegate clusterNodeTransportDelegate;

/* Takes the delegate's place once a node is closed, or is to close without telling: every callback does nothing. */
extern const ClusterNodeDelegate clusterDeafDelegate;

/* clusterMember.c */
ClusterMember *ClusterMemberNew(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid);
/* May the packet be used, whoever its sender is? Every member speaks multicast; system and lan are for this host. */
bool ClusterMemberAccepts(const ClusterMessage *message);
/* Takes over what the packet says. Tells of changed tags, so the member may be lost afterwards. */
void ClusterMemberUpdate(ClusterMember *member, ClusterMessage *message);
void ClusterMemberMaybeDiscovered(ClusterMember *member);
void ClusterMemberArmDiscovery(ClusterMember *member, Tcl_Obj *payload);
/* Has it an open link? */
bool ClusterMemberConnected(const ClusterMember *member);
void ClusterMemberSetProps(ClusterMember *member, Tcl_Obj *props, bool replace);

/* clusterExpiry.c: a new member's deadline is the ttl from now; false without memory */
bool ClusterExpiryAdd(ClusterNode *node, ClusterMember *member);
void ClusterExpiryRemove(ClusterNode *node, ClusterMember *member);
/* clusterPing.c: asks after a member alone at the next turn. False when that was done too often lately. */
bool ClusterNodePingSoon(ClusterNode *node, Tcl_Obj *sid);

/*
 * Its connection over the slot ended without a goodbye, as when its process
 * dies: it is asked after, however lately it was heard, and at once when it
 * refuses another one.
 */
void ClusterMemberHungUp(ClusterMember *member, ClusterSlot *slot);
/* It refused a connection, and there is no other way to it: asked after at once. */
void ClusterMemberRefused(ClusterMember *member);
/* It said goodbye: lost when its links are closed, or LEAVE_WITHIN after it was last heard. */
void ClusterMemberLeave(ClusterMember *member);
/* Sets node->expiry to the soonest deadline unless it is armed. */
void ClusterNodeArmExpiry(ClusterNode *node);

/* clusterBeat.c: adds the number of members it knows and, if wanted, its tags: the last fields of what tells of us */
void ClusterNodeAddKnown(const ClusterNode *node, bool tags, ClusterOutgoing *outgoing);
/* clusterBeat.c: has a member say who it is if its props are unknown; with it others like it */
void ClusterMemberAsk(ClusterMember *member);

/* clusterSend.c: opens a connection to it. FAILED: refused; FULL: nothing is known */
ClusterSendResult ClusterMemberReach(ClusterMember *member, ClusterSlot *slot);
/* packets that a broken link left behind */
void ClusterMemberResend(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent);

/* clusterQuery.c */
void ClusterQueriesMemberLost(ClusterNode *node, ClusterMember *member);
void ClusterQueriesEndAll(ClusterNode *node);

#endif
