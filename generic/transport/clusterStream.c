/*
 * clusterStream.c --
 *
 *	What TCP and unix-socket transports share: the listener, and the rows of
 *	the type table that do not depend on the family.
 */

#include "transport/clusterPool.h"

#include <errno.h>
#include <stdlib.h>

/* Connections taken in one turn. */
#define ACCEPT_MAX 64

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
StreamAdmit(ClusterStream *stream, int fd, const ClusterAddress *from)
{
    ClusterDrop reason;

    if (!stream->family->admits(stream, from)) {
        reason = CLUSTER_DROP_FOREIGN;
    } else if (stream->connections >= CLUSTER_CONNECTIONS_MAX) {
        reason = CLUSTER_DROP_LIMIT;
    } else {
        return ClusterConnNew(stream, fd, CLUSTER_CONN_ACCEPTED, from, NULL) != NULL;
    }
    ClusterpClose(fd);
    stream->delegate->dropped(stream->context, &stream->base, reason, 1);
    return true;
}

static void
StreamListenerReady(void *context, int mask)
{
    ClusterStream *stream = context;
    int i;

    (void) mask;
    for (i = 0; i < ACCEPT_MAX; i++) {
        ClusterpAddr system = {0, 0};
        ClusterpResult result = CLUSTERP_ERROR;
        ClusterAddress from;
        int fd = -1;

        if (ClusterPoolMayAccept(stream)) {
            result = ClusterpAccept(stream->listener, &fd, &system, NULL);
        }
        if (result == CLUSTERP_AGAIN) {
            return;
        }
        from = ClusterAddressFromPlatform(&system);
        if (result != CLUSTERP_OK || !StreamAdmit(stream, fd, &from)) {
            StreamPauseAccepting(stream);
            return;
        }
    }
}

bool
ClusterStreamListen(ClusterStream *stream, int *error)
{
    int fd;

    StreamStopListening(stream);
    if (stream->family->listen(stream, &fd, error) != CLUSTERP_OK) {
        return false;
    }
    stream->listener = fd;
    stream->listenWatch = ClusterWatchNew(stream->loop, fd, CLUSTERP_READABLE, StreamListenerReady,
            NULL, stream, error);
    if (!stream->listenWatch) {
        StreamStopListening(stream);
        return false;
    }
    return true;
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
    return stream->loop && ClusterStreamListen(stream, error);
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

/* What is to be made of a connect that failed at once. */
static ClusterSendResult
ConnectFailure(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return CLUSTER_SEND_DENIED;
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

    if (stream->connections >= CLUSTER_CONNECTIONS_MAX) {
        return CLUSTER_SEND_FULL;
    }
    result = stream->family->connect(stream, peer, &fd, &error);
    if (result == CLUSTERP_ERROR) {
        stream->traffic.failures++;
        return ConnectFailure(error);
    }
    *link = ClusterConnNew(stream, fd,
            result == CLUSTERP_AGAIN ? CLUSTER_CONN_CONNECTING : CLUSTER_CONN_CONNECTED, &address,
            peer->owner);
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

void
ClusterStreamEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    ClusterStream *stream = (ClusterStream *) transport;
    int error;

    if (event == CLUSTER_EVENT_HEARTBEAT && stream->listenWatch && stream->family->intact(stream)) {
        ClusterStreamResume(stream);
        return;
    }
    if (!ClusterStreamListen(stream, &error)) {
        stream->traffic.failures++;
    }
    stream->delegate->changed(stream->context, transport);
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

ClusterLink *
ClusterStreamServing(ClusterTransport *transport, const void *owner)
{
    ClusterLink *conn = ClusterConnFirst((ClusterStream *) transport);

    while (conn && (ClusterConnOwner(conn) != owner || !ClusterConnIsOpen(conn))) {
        conn = ClusterConnNext(conn);
    }
    return conn;
}
