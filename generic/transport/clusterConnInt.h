/*
 * clusterConnInt.h --
 *
 *	The body of a connection, for clusterConn.c, which runs it,
 *	clusterConnLook.c and clusterConnLate.c, which judge it, and clusterPool.c,
 *	which shares out among all of a thread what they take.
 */

#ifndef CLUSTER_CONN_INT_H
#define CLUSTER_CONN_INT_H

#include "base/clusterOutput.h"
#include "transport/clusterConnSeal.h"
#include "transport/clusterPool.h"

/* Since when something goes on, and how many bytes had passed by then. */
typedef struct ClusterProgress {
    unsigned since; /* second of the pool */
    uint64_t bytes;
} ClusterProgress;

struct ClusterLink {
    size_t refCount;
    ClusterStream *stream; /* held */
    int fd;
    char name[CLUSTER_LINK_NAME]; /* chanID */
    ClusterWatch *watch;          /* NULL once dead */
    ClusterAddress peer;
    bool accepted; /* the peer made it */
    bool connecting;
    bool broken;   /* a write failed, or it is given up: to be told from the event loop */
    bool doubted;  /* the peer may live elsewhere: nothing is written until that is decided */
    bool moved;    /* to be given up, though what the system has of it may still arrive */
    bool faded;    /* its end says nothing of the peer: the way to it is gone */
    bool suspect;  /* other ways come first, as what was written is not confirmed */
    bool writable; /* it is watched for that */
    bpacket_stream *frames; /* made with the first read */
    ClusterConnSeal *seal;  /* NULL: it is plain */
    char *member;    /* ... and sealed, whose the other end is (sid@hid); it outlives the seal */
    bool hearsPlain; /* with a seal: it may turn out plain as long as nothing came */
    ClusterOutput output;
    ClusterBlobQueue taken; /* what the system has of it, and the far end may not have read */
    size_t takenBefore;     /* packets in there since the look before */
    size_t takenNext;       /* bytes in there at which the system is asked again */
    bool awaited;           /* drained() is to be called once no more waits than this: */
    size_t drainBytes, drainPackets;
    unsigned turn;        /* of the last send */
    int direct;           /* packets written at once in that turn */
    ClusterTimer timeout; /* until connected; then, until what was written is looked for */
    int64_t made;         /* ms of the loop's clock */
    int64_t muteSince;    /* the same: since when what was written is sent in vain; 0: it is not */
    void *owner;
    ClusterListEntry entry; /* of the stream's list */

    /* ---- what the pool knows of it ---- */
    ClusterListEntry inWatched, inStrangers, inWaiting, inHandshake;
    unsigned born;        /* second of the pool */
    unsigned silentSince; /* the same: since when its first packet is awaited */
    bool spoke;           /* a valid packet came */
    bool begun;           /* part of a packet is there, and the rest is not */
    bool contended;       /* ... and others waited for memory at the last look */
    bool unconfirmed;     /* something was written that the far end may not have confirmed */
    uint64_t bytesIn, bytesOut;
    ClusterProgress in, out; /* of the packet begun, of what waits */
    ClusterProgress use;     /* of all bytes, as long as it is watched */
    unsigned doubtedAt;      /* second of the pool */
    int64_t doubtedSince;    /* ms of the loop's clock */
    unsigned repeated;       /* looks in a row at which the system repeated what it had sent */
    size_t input, waiting;   /* bytes charged to the pool */
};

/* ---- clusterConn.c ---- */

void ClusterConnHold(ClusterLink *conn);
void ClusterConnRelease(ClusterLink *conn);
bool ClusterConnIsDead(const ClusterLink *conn);
/* It ended without our wish. Tells the delegate; only from the event loop. */
void ClusterConnFail(ClusterLink *conn, bool failed);
/* The same, counted as dropped. */
void ClusterConnEnd(ClusterLink *conn, ClusterDrop reason);
/* What is waited for has changed: it is read only when the pool lets it. */
void ClusterConnAwait(ClusterLink *conn);
/* Has it end with faded(), from the event loop; what the system has taken may still arrive. */
void ClusterConnGiveUp(ClusterLink *conn);
/* A failure (0: none of the system's) found outside of the event loop, which tells of it. */
void ClusterConnBreak(ClusterLink *conn, int error);
/* Writes what waits, as far as that goes. */
void ClusterConnWrite(ClusterLink *conn);
/* Has it end with faded() from the event loop. */
void ClusterConnAbandon(ClusterLink *conn);

/* ---- clusterConnWaiting.c ---- */

/* Something was written: tells of it if no more waits than the layer above asked for. */
void ClusterConnMaybeDrained(ClusterLink *conn);
/* Throws away what waits and what was taken, and has it fail from the event loop. */
void ClusterConnSacrifice(ClusterLink *conn);

/* ---- clusterConnTaken.c: what the system has taken ---- */

/* More was taken. Lets go of the oldest if that is too much. */
void ClusterConnTook(ClusterLink *conn);
/* Once a second: lets go of what the far end has had time to read. */
void ClusterConnTakenLook(ClusterLink *conn);
/* The link ends: tells of what may not have been read; all: whatever its host has confirmed. */
void ClusterConnTakenEnd(ClusterLink *conn, bool all);
/* Lets go of all. */
void ClusterConnTakenFree(ClusterLink *conn);

/* ---- clusterConnLate.c ---- */

/* It is being made from now on: sees to it that this comes to an end. */
void ClusterConnConnects(ClusterLink *conn);
/* Something was written: sees whether the far end's host confirms it. */
void ClusterConnWrote(ClusterLink *conn);

/* ---- clusterConnSealed.c ---- */

/* Is there something that could be written? */
bool ClusterConnHasOutput(const ClusterLink *conn);
/* Where what is read goes at the end. */
bpacket_stream *ClusterConnInput(ClusterLink *conn);
/* Room to read into, for so many bytes at most; and what was read there. False without memory. */
void *ClusterConnReadRoom(ClusterLink *conn, size_t most, size_t *size);
bool ClusterConnWasRead(ClusterLink *conn, const void *room, size_t length);
/* One write. */
ClusterpResult ClusterConnOutput(ClusterLink *conn, ClusterOutputCount *count, int *error);
/* The next packet of what was read. One with a seal may turn out plain here. False: there is none, or it ended. */
bool ClusterConnNextPacket(ClusterLink *conn, bpacket_span *packet);
/* Gives back memory that is not needed; all: it was read to its end for now. */
void ClusterConnTrim(ClusterLink *conn, bool all);
/* The other end has closed it: was that its wish, as far as can be told? */
bool ClusterConnSealedEnd(const ClusterLink *conn);
/* It is given up: its seal, for who tells the other end so, now the caller's; NULL if it cannot be told. */
ClusterConnSeal *ClusterConnSealLeave(ClusterLink *conn);
/* Bytes that wait for the rest of a packet, and those of the buffers they are in. */
size_t ClusterConnPartial(const ClusterLink *conn);
size_t ClusterConnMemory(const ClusterLink *conn);

/* ---- clusterConnLook.c ---- */

/* Once a second: ends it if it has to end. Returns whether it is to be looked at again. */
bool ClusterConnLook(ClusterLink *conn);

#endif
