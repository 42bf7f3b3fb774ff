/*
 * clusterPool.h --
 *
 *	What the stream transports of a thread share: descriptors, memory for
 *	packets that have begun and for output that waits, and a look at the
 *	connections once a second, as long as there is something to see.
 *
 *	The limits are in clusterLimits.h. A connection is in the pool from
 *	ClusterPoolEnter to ClusterPoolLeave.
 */

#ifndef CLUSTER_POOL_H
#define CLUSTER_POOL_H

#include "transport/clusterStreamInt.h"

/* Memory for packets that have begun. */
typedef struct ClusterShare {
    size_t used, most;
    ClusterLink *favoured; /* goes on though there is no more, so that one comes to its end */
    ClusterList waiting;   /* ClusterLink.inWaiting: not read until there is some */
} ClusterShare;

struct ClusterPool {
    unsigned second; /* counts looks */
    ClusterLoop *loop;
    ClusterTimer look;
    ClusterList watched; /* ClusterLink.inWatched: to be looked at */
    size_t watchedCount;
    ClusterList strangers;  /* ClusterLink.inStrangers: accepted, and serve nobody; oldest first */
    ClusterList resting;    /* ClusterStream.inResting */
    ClusterList handshakes; /* ClusterLink.inHandshake: accepted, and not open yet; oldest first */
    size_t handshakeCount;
    size_t accepted;
    bool isShort;          /* of descriptors: somebody had to wait for one */
    unsigned shortAt;      /* the second in which it was so last */
    unsigned searchedIdle; /* the second in which no idle connection was found, if any was */
    ClusterShare ofMembers, ofStrangers;
    size_t taken;      /* bytes of packets that the system has taken and that are kept */
    size_t output;     /* charged for what waits */
    unsigned searched; /* the second in which nobody was found to make room, if any was */
};

/* The thread's. */
ClusterPool *ClusterPoolGet(void);

/* A second has passed: looks at them. From the event loop, or a test. */
void ClusterPoolSecond(ClusterPool *pool);

/* May one more be accepted? May end another for that. */
bool ClusterPoolMayAccept(ClusterStream *stream);
/* May one more be made? May have another end for that, from the event loop. */
bool ClusterPoolMayConnect(ClusterStream *stream);
/* Are descriptors short, so that connections are looked at for how long they are idle? */
bool ClusterPoolIsShort(const ClusterPool *pool);
/* Nothing is accepted until a connection ends, or a second has passed. */
void ClusterPoolRest(ClusterStream *stream);
void ClusterPoolRestNot(ClusterStream *stream);

void ClusterPoolEnter(ClusterLink *conn);
void ClusterPoolLeave(ClusterLink *conn);
/* Has it looked at. */
void ClusterPoolWatch(ClusterLink *conn);
/* It serves somebody from now on. */
void ClusterPoolAdopt(ClusterLink *conn, void *owner);

/* It was accepted, and is to be sealed: it may end the one that has been for longest. And it is, or ends. */
void ClusterPoolHandshake(ClusterLink *conn);
void ClusterPoolHandshakeEnds(ClusterLink *conn);

/* May it be read? *most: how many bytes at once. False: it waits for memory. */
bool ClusterPoolMayRead(ClusterLink *conn, size_t *most);
/* It was read. partial: what is left is the beginning of a packet. */
void ClusterPoolWasRead(ClusterLink *conn, bool partial);

/* Bytes that are kept of what the system has taken, beyond CLUSTER_TAKEN_ALL_MOST. */
size_t ClusterPoolKeptBeyond(const ClusterLink *conn);
/* May so many bytes more wait? May end another connection for that. */
bool ClusterPoolMayQueue(ClusterLink *conn, size_t length);
/* Is less than a quarter left of what may wait in the thread? */
bool ClusterPoolCrowded(const ClusterLink *conn);
/* What waits has changed. */
void ClusterPoolQueued(ClusterLink *conn);

#endif
