/*
 * clusterStreamInt.h --
 *
 *	Shared by the stream transports (TCP and unix-domain sockets): a
 *	listener and its connections. What differs between them is a family.
 */

#ifndef CLUSTER_STREAM_INT_H
#define CLUSTER_STREAM_INT_H

#include "bpacket/bpacketStream.h"
#include "base/clusterLimits.h"
#include "base/clusterList.h"
#include "base/clusterLoop.h"
#include "transport/clusterTransport.h"

/* Packets written at once in a turn of the event loop before the rest is gathered, and how much is gathered. */
#define CLUSTER_DIRECT_WRITES 16
#define CLUSTER_GATHER_BYTES  65536

typedef struct ClusterStream ClusterStream;
typedef struct ClusterPool ClusterPool;

typedef struct ClusterStreamFamily {
    const char *linkPrefix; /* of chanIDs: "tcp", "unix" */
    /*
     * Opens the server socket. OK with *fd, which is the stream's, or ERROR. The
     * one before may still be open; what it left elsewhere is replaced.
     */
    ClusterpResult (*listen)(ClusterStream *stream, int *fd, int *error);
    /* Connects. OK or AGAIN with *fd, which is the caller's, or ERROR, also when the peer advertises nothing usable. */
    ClusterpResult (*connect)(ClusterStream *stream, const ClusterPeer *peer, int *fd, int *error);
    /* Adds what the family knows of a connection's origin, whose address and name are there. For each packet. */
    void (*describe)(const ClusterStream *stream, const ClusterLink *conn, ClusterOrigin *origin);
    /* May a peer with this address come in? Asked when it was accepted, before it gets a connection. */
    bool (*admits)(const ClusterStream *stream, const ClusterAddress *from);
    /* Is the server socket still what it was? Asked at every heartbeat. */
    bool (*intact)(const ClusterStream *stream);
    /* The server socket, still open, goes: remove what it left elsewhere. Not called in a forked child. */
    void (*unlisten)(ClusterStream *stream);
} ClusterStreamFamily;

/*
 * First member of each stream transport. Counted: one for being open, one for
 * each connection, which lives as long as a callback of its own is under way.
 */
struct ClusterStream {
    ClusterTransport base;
    const ClusterStreamFamily *family;
    void (*freeProc)(ClusterStream *stream); /* with the last reference: frees the whole struct */
    size_t refCount;
    const ClusterTransportDelegate *delegate;
    void *context;
    ClusterLoop *loop;
    int listener;              /* -1 when there is none */
    ClusterWatch *listenWatch; /* NULL when there is no listener */
    ClusterPool *pool;         /* of the thread: it outlives all streams */
    ClusterListEntry
            inResting; /* of the pool's, while nothing is accepted for want of descriptors */
    ClusterList conns; /* those that live, newest first */
    size_t connections;
    size_t queueMost; /* bytes that may wait to be written in the thread */
    ClusterTraffic traffic;
};

/* ---- clusterStream.c: the transport as a whole ---- */

/* Fills in what all share, and starts to listen. False with *error: nothing is left open. */
bool ClusterStreamStart(ClusterStream *stream, const ClusterTransportConfig *config,
        const ClusterStreamFamily *family, const ClusterTransportDelegate *delegate, void *context,
        int *error);
/* Accepts again, if that was stopped for want of descriptors. */
void ClusterStreamResume(ClusterStream *stream);
void ClusterStreamHold(ClusterStream *stream);
void ClusterStreamRelease(ClusterStream *stream);

/* Rows of the type table that are the same for all families. */
void ClusterStreamClose(ClusterTransport *transport);
ClusterSendResult ClusterStreamSend(ClusterTransport *transport, const ClusterPeer *peer,
        ClusterLink **link, ClusterBlob *blob);
ClusterSendResult ClusterStreamReach(ClusterTransport *transport, const ClusterPeer *peer,
        ClusterLink **link);
void ClusterStreamEvent(ClusterTransport *transport, ClusterTransportEvent event);
void ClusterStreamForget(ClusterTransport *transport, void *owner);
void ClusterStreamDone(ClusterTransport *transport, ClusterLink *link);
const ClusterTraffic *ClusterStreamTraffic(ClusterTransport *transport);
void ClusterStreamPending(ClusterTransport *transport, const void *owner,
        ClusterBlobQueue *packets);
ClusterLink *ClusterStreamServing(ClusterTransport *transport, const void *owner);

/* The row rekeyed() of the type table. */
void ClusterStreamRekeyed(ClusterTransport *transport);

/* ---- clusterConnSealed.c: its seal ---- */

/* It is made to that peer: it is sealed if the keys say so. False without memory or a key: to be closed. */
bool ClusterConnSealConnects(ClusterLink *conn, const ClusterPeer *peer);
/* It was accepted: the first that comes says whether it is sealed. False without memory: to be closed. */
bool ClusterConnSealAccepts(ClusterLink *conn);
/* Keys have changed: ends it, with faded(), if it is not as it would be now. */
void ClusterConnRekeyed(ClusterLink *conn, const ClusterTransportKeys *keys);

/* ---- clusterConn.c: one connection ---- */

/* How a connection begins. */
typedef enum ClusterConnStart {
    CLUSTER_CONN_ACCEPTED,  /* the peer made it */
    CLUSTER_CONN_CONNECTED, /* we made it ... */
    CLUSTER_CONN_CONNECTING /* ... or are at it */
} ClusterConnStart;

/* Takes over fd. NULL without memory or poller: fd is closed then. */
ClusterLink *ClusterConnNew(ClusterStream *stream, int fd, ClusterConnStart start,
        const ClusterAddress *peer, void *owner);
ClusterSendResult ClusterConnSend(ClusterLink *conn, ClusterBlob *blob);
/* Ends it without telling anybody. What is not written by then lingers (see clusterLinger.h). */
void ClusterConnClose(ClusterLink *conn);
void *ClusterConnOwn(ClusterLink *conn, void *owner);
void *ClusterConnOwner(const ClusterLink *conn);
/* The rows waiting() and await() of the type table. */
void ClusterConnWaiting(const ClusterLink *conn, ClusterWaiting *waiting);
void ClusterConnDrainTo(ClusterLink *conn, size_t bytes, size_t packets);
/* Those of a transport that live, newest first. */
ClusterLink *ClusterConnFirst(const ClusterStream *stream);
ClusterLink *ClusterConnNext(const ClusterLink *conn);
/* The rows answers() and works() of the type table. */
bool ClusterConnAnswers(const ClusterLink *conn, int64_t ms);
bool ClusterConnWorks(const ClusterLink *conn);
/* The peer lives at that address now: ends its links to another address, with faded(), unless they work. */
void ClusterConnMoved(ClusterLink *conn, const ClusterAddress *address);
/* Ends one, with faded(), whose near address is none of this host's any more. */
void ClusterConnCheckNear(ClusterLink *conn);
/* Adds what waits, or may not have arrived. */
void ClusterConnPending(const ClusterLink *conn, ClusterBlobQueue *packets);
/* Not closed. */
bool ClusterConnIsOpen(const ClusterLink *conn);
/* The origin of what comes over it. */
void ClusterConnDescribe(const ClusterLink *conn, ClusterOrigin *origin);

#endif
