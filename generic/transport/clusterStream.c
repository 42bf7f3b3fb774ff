/*
 * clusterStream.c --
 *
 *	What TCP and unix-socket transports share: the listener, and the rows of
 *	the type table that do not depend on the family.
 */

#include "transport/clusterPool.h"

#include "base/clusterLocal.h"

#include <errno.h>
#include <stdlib.h>

/* Connections taken in one turn. */
#define ACCEPT_MAX 64
/* ... and when the server socket is about to be closed: its backlog is shorter. */
#define ACCEPT_ALL 65536

void
ClusterStreamHold(ClusterStream *stream)
{
    stream->refCount++;
}

void
ClusterStreamRelease(ClusterStream *stream)
{
    if (--stream->refCount == 0) {
        stream->freeProc(stream);
    }
}

/*
 * ------------------------------------------------------------------------
 * Listening
 * ------------------------------------------------------------------------
 */

static void
StreamStopListening(ClusterStream *stream)
{
    ClusterPoolRestNot(stream);
    ClusterWatchFree(&stream->listenWatch);
    if (stream->listener >= 0) {
        if (!ClusterLoopForked(stream->loop)) {
            stream->family->unlisten(stream);
        }
        ClusterpClose(stream->listener);
        stream->listener = -1;
    }
}

/* Out of descriptors or memory: leaves callers in the backlog until a connection ends, or a second has passed. */
static void
StreamPauseAccepting(ClusterStream *stream)
{
    ClusterPoolRest(stream);
    ClusterWatchMask(stream->listenWatch, 0);
}

void
ClusterStreamResume(ClusterStream *stream)
{
    if (ClusterListHas(&stream->inResting)) {
        ClusterPoolRestNot(stream);
        ClusterWatchMask(stream->listenWatch, CLUSTERP_READABLE);
    }
}

static bool
StreamTake(ClusterStream *stream, int fd, const ClusterAddress *from)
{
    ClusterLink *conn = ClusterConnNew(stream, fd, CLUSTER_CONN_ACCEPTED, from, NULL);

    if (conn && !ClusterConnSealAccepts(conn)) {
        ClusterConnClose(conn);
        conn = NULL;
    }
    return conn != NULL;
}

static bool
StreamAdmit(ClusterStream *stream, int fd, const ClusterAddress *from)
{
    ClusterDrop reason;

    if (!stream->family->admits(stream, from)) {
        reason = CLUSTER_DROP_FOREIGN;
    } else if (stream->connections >= CLUSTER_CONNECTIONS_MAX) {
        reason = CLUSTER_DROP_LIMIT;
    } else {
        return StreamTake(stream, fd, from);
    }
    ClusterpClose(fd);
    stream->delegate->dropped(stream->context, &stream->base, reason, 1);
    return true;
}

/* Takes at most so many of those who wait at a server socket. False when that stopped for want of something. */
static bool
StreamAccept(ClusterStream *stream, int listener, int most)
{
    while (most-- > 0) {
        ClusterpAddr system = {0, 0};
        ClusterpResult result = CLUSTERP_ERROR;
        ClusterAddress from;
        int fd = -1;

        if (ClusterPoolMayAccept(stream)) {
            result = ClusterpAccept(listener, &fd, &system, NULL);
        }
        if (result == CLUSTERP_AGAIN) {
            return true;
        }
        from = ClusterAddressFromPlatform(&system);
        if (result != CLUSTERP_OK || !StreamAdmit(stream, fd, &from)) {
            return false;
        }
    }
    return true;
}

static void
StreamListenerReady(void *context, int mask)
{
    ClusterStream *stream = context;

    (void) mask;
    if (!StreamAccept(stream, stream->listener, ACCEPT_MAX)) {
        StreamPauseAccepting(stream);
    }
}

/* Makes a server socket in place of the one there is, if any, which stays when that fails. */
static bool
StreamListen(ClusterStream *stream, int *error)
{
    ClusterWatch *watch;
    int fd;

    if (stream->family->listen(stream, &fd, error) != CLUSTERP_OK) {
        return false;
    }
    watch = ClusterWatchNew(stream->loop, fd, CLUSTERP_READABLE, StreamListenerReady, NULL, stream,
            error);
    if (!watch) {
        stream->family->unlisten(stream);
        ClusterpClose(fd);
        return false;
    }
    if (stream->listener >= 0) {
        StreamAccept(stream, stream->listener, ACCEPT_ALL);
        ClusterPoolRestNot(stream);
        ClusterWatchFree(&stream->listenWatch);
        ClusterpClose(stream->listener);
    }
    stream->listener = fd;
    stream->listenWatch = watch;
    return true;
}

/* Can others reach it, as far as can be seen from here? */
static bool
StreamIsWell(const ClusterStream *stream)
{
    return stream->listenWatch && ClusterpListens(stream->listener)
            && stream->family->intact(stream);
}

/* One whose port is fixed cannot be made while the one before has it, which is closed only when it is of no more use. */
static void
StreamRenew(ClusterStream *stream)
{
    int error;

    if (StreamListen(stream, &error)) {
        return;
    }
    if (StreamIsWell(stream)) {
        ClusterStreamResume(stream);
        return;
    }
    StreamStopListening(stream);
    if (!StreamListen(stream, &error)) {
        stream->traffic.failures++;
    }
}

bool
ClusterStreamStart(ClusterStream *stream, const ClusterTransportConfig *config,
        const ClusterStreamFamily *family, const ClusterTransportDelegate *delegate, void *context,
        int *error)
{
    stream->base.type = config->type;
    stream->queueMost = config->queue ? config->queue : CLUSTER_QUEUE_DEFAULT;
    stream->family = family;
    stream->refCount = 1;
    stream->delegate = delegate;
    stream->context = context;
    stream->listener = -1;
    ClusterListInit(&stream->conns);
    stream->pool = ClusterPoolGet();
    stream->loop = ClusterLoopGet(error);
    return stream->loop && StreamListen(stream, error);
}

/*
 * ------------------------------------------------------------------------
 * Rows of the type table
 * ------------------------------------------------------------------------
 */

void
ClusterStreamClose(ClusterTransport *transport)
{
    ClusterStream *stream = (ClusterStream *) transport;
    ClusterLink *conn;

    while ((conn = ClusterConnFirst(stream)) != NULL) {
        ClusterConnClose(conn);
    }
    StreamStopListening(stream);
    ClusterStreamRelease(stream);
}

/*
 * What is to be made of a connect that failed at once. A socket's file that
 * refuses is as good as none: its owner would put another in its place and say so.
 */
static ClusterSendResult
ConnectFailure(const ClusterTransportType *type, int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return CLUSTER_SEND_DENIED;
    case ECONNREFUSED:
        return type->localOnly ? CLUSTER_SEND_ABSENT : CLUSTER_SEND_REFUSED;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return CLUSTER_SEND_ABSENT;
    default:
        return CLUSTER_SEND_FAILED;
    }
}

ClusterSendResult
ClusterStreamReach(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link)
{
    ClusterStream *stream = (ClusterStream *) transport;
    ClusterAddress address = ClusterAddressWithPort(&peer->address, 0);
    ClusterpResult result;
    int fd, error;

    if (stream->connections >= CLUSTER_CONNECTIONS_MAX || !ClusterPoolMayConnect(stream)) {
        return CLUSTER_SEND_FULL;
    }
    result = stream->family->connect(stream, peer, &fd, &error);
    if (result == CLUSTERP_ERROR) {
        stream->traffic.failures++;
        return ConnectFailure(transport->type, error);
    }
    *link = ClusterConnNew(stream, fd,
            result == CLUSTERP_AGAIN ? CLUSTER_CONN_CONNECTING : CLUSTER_CONN_CONNECTED, &address,
            peer->owner);
    if (*link && !ClusterConnSealConnects(*link, peer)) {
        ClusterConnClose(*link);
        *link = NULL;
    }
    return *link ? CLUSTER_SENT : CLUSTER_SEND_FAILED;
}

ClusterSendResult
ClusterStreamSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    ClusterSendResult result = CLUSTER_SENT;

    if (!*link) {
        if (!peer || blob->length > transport->type->largest) {
            return peer ? CLUSTER_SEND_TOO_LARGE : CLUSTER_SEND_FAILED;
        }
        result = ClusterStreamReach(transport, peer, link);
    }
    return result == CLUSTER_SENT ? ClusterConnSend(*link, blob) : result;
}

/*
 * Ends connections from an address that this host has no more: nothing comes
 * over them. Where it has too many to know them all, none.
 */
static void
StreamCheckNear(ClusterStream *stream)
{
    ClusterLink *conn = ClusterConnFirst(stream);

    if (!conn || stream->base.type->localOnly || ClusterLocalCount(true) >= CLUSTER_LOCAL_MAX) {
        return;
    }
    for (; conn; conn = ClusterConnNext(conn)) {
        ClusterConnCheckNear(conn);
    }
}

void
ClusterStreamEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    ClusterStream *stream = (ClusterStream *) transport;

    if (event == CLUSTER_EVENT_HEARTBEAT) {
        StreamCheckNear(stream);
    }
    if (event != CLUSTER_EVENT_REFRESH && StreamIsWell(stream)) {
        ClusterStreamResume(stream);
    } else {
        StreamRenew(stream);
        stream->delegate->changed(stream->context, transport);
    }
}

void
ClusterStreamForget(ClusterTransport *transport, void *owner)
{
    ClusterLink *conn = ClusterConnFirst((ClusterStream *) transport);

    while (conn) {
        ClusterLink *next = ClusterConnNext(conn);

        if (ClusterConnOwner(conn) == owner) {
            ClusterConnClose(conn);
        }
        conn = next;
    }
}

void
ClusterStreamDone(ClusterTransport *transport, ClusterLink *link)
{
    (void) transport;
    ClusterConnClose(link);
}

const ClusterTraffic *
ClusterStreamTraffic(ClusterTransport *transport)
{
    return &((ClusterStream *) transport)->traffic;
}

void
ClusterStreamPending(ClusterTransport *transport, const void *owner, ClusterBlobQueue *packets)
{
    ClusterLink *conn = ClusterConnFirst((ClusterStream *) transport);

    for (; conn; conn = ClusterConnNext(conn)) {
        if (ClusterConnOwner(conn) == owner) {
            ClusterConnPending(conn, packets);
        }
    }
}

ClusterLink *
ClusterStreamServing(ClusterTransport *transport, const void *owner)
{
    ClusterLink *conn = ClusterConnFirst((ClusterStream *) transport);

    while (conn && (ClusterConnOwner(conn) != owner || !ClusterConnIsOpen(conn))) {
        conn = ClusterConnNext(conn);
    }
    return conn;
}

void
ClusterStreamRekeyed(ClusterTransport *transport)
{
    ClusterStream *stream = (ClusterStream *) transport;
    ClusterTransportKeys keys;
    ClusterLink *conn;

    if (!stream->delegate->keys || !stream->delegate->keys(stream->context, transport, &keys)) {
        return;
    }
    for (conn = ClusterConnFirst(stream); conn; conn = ClusterConnNext(conn)) {
        ClusterConnRekeyed(conn, &keys);
    }
}
