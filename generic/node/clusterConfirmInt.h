/*
 * clusterConfirmInt.h --
 *
 *	Confirmed sends: what a node keeps of a member to which it sent events
 *	that are to be confirmed (clusterDeliveries.c, clusterDeliver.c), and of
 *	one that sent such events to it (clusterReceipts.c).
 *
 *	Deliveries of one sender to one receiver are numbered from 1 within an
 *	epoch. The receiver takes them in that order, each once, and says so. What
 *	it has not confirmed is sent again, in order, after a link ended. The
 *	sender begins a new epoch where it need not know what became of the old one.
 */

#ifndef CLUSTER_CONFIRM_INT_H
#define CLUSTER_CONFIRM_INT_H

#include "node/clusterNodeInt.h"

/* Letters of a nonce, so that who does not see a delivery cannot confirm it. */
#define CLUSTER_NONCE 10

/* What a ruid says: `dNONCE.EPOCH.SEQUENCE`. */
typedef struct ClusterDeliveryKey {
    char nonce[CLUSTER_NONCE + 1];
    uint64_t epoch, sequence;
} ClusterDeliveryKey;

/* Room for a ruid, with its end. */
#define CLUSTER_DELIVERY_RUID 64

void ClusterDeliveryKeyWrite(const ClusterDeliveryKey *key, char ruid[CLUSTER_DELIVERY_RUID]);
/* False when it is none. */
bool ClusterDeliveryKeyRead(const char *ruid, ClusterDeliveryKey *key);

/*
 * One delivery. Counted: one while it is on its member's list, one for each
 * call under way. Settled: its end was told, or will be; it may stay on the
 * list nevertheless, in the place of what the receiver still waits for.
 */
struct ClusterDelivery {
    size_t refCount;
    ClusterOutbox *outbox; /* NULL once it is on no list */
    uint64_t sequence;     /* 0: of one that was not numbered, and only waits to be told */
    ClusterBlob *blob;     /* the packet; NULL until it is made */
    Tcl_Obj *protocols;    /* over which it may go, NULL for all */
    Tcl_Obj *confirm;      /* the delegate's */
    bool settled;
    ClusterConfirmStatus status; /* of one that only waits to be told */
    const char *reason;
    ClusterDeadline due; /* its time is over, or it is to be told */
    ClusterListEntry entry;
};

/* A member's, made with the first delivery to it. Belongs to the member. */
struct ClusterOutbox {
    ClusterMember *member;
    ClusterDeliveryKey key; /* of the latest; sequence 0: none in this epoch yet */
    ClusterList list;       /* of one epoch, by their sequence */
    size_t count, open;     /* on the list; and not settled */
    ClusterList waiting;    /* to be told */
    ClusterDeadline again;  /* to send all once more */
    int64_t pause;          /* ms until that is tried again */
};

/* What became of the latest that failed here. */
typedef struct ClusterFailedDelivery {
    uint64_t sequence;
    Tcl_Obj *text; /* held */
} ClusterFailedDelivery;

/* A sender's, made with its first delivery. Belongs to the member. */
struct ClusterInbox {
    ClusterMember *member;
    ClusterDeliveryKey key;                       /* sequence: of the latest taken */
    uint64_t running[CLUSTER_NESTED_MAX + 1];     /* their hooks run now; 0 for none */
    ClusterFailedDelivery failed[CLUSTER_FAILED]; /* a ring */
    size_t failedNext;
    uint64_t from, to;   /* delivered, to be confirmed; 0 for none */
    int64_t confirmed;   /* when the latest were */
    uint64_t gapAfter;   /* it was told that those behind this one are missing */
    ClusterDeadline due; /* to confirm */
};

/* Lets go of what failed. */
void ClusterInboxForget(ClusterInbox *inbox);

#endif
