/*
 * clusterConn.c --
 *
 *	One connection of a stream transport: connects, reads packets, writes
 *	what is queued, and ends in exactly one of two ways.
 *
 *	Lifetime: the first reference belongs to the connection itself while it
 *	is on its transport's list, and goes when it dies; each callback under
 *	way holds another. Ways to die: ConnFail (broken or closed by the peer:
 *	the delegate is told, always from the event loop) and ClusterConnClose
 *	(the layer above wants it: nobody is told, and what waits is handed to
 *	clusterLinger.c).
 */

#include "transport/clusterStreamInt.h"

#include "transport/clusterLinger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes asked for in one read. */
#define READ_BYTES 65536

struct ClusterLink {
    size_t refCount;
    ClusterStream *stream; /* held */
    int fd;
    char name[CLUSTER_LINK_NAME]; /* chanID */
    ClusterWatch *watch;          /* NULL once dead */
    ClusterAddress peer;
    bool accepted; /* the peer made it */
    bool connecting;
    bool broken;            /* a write failed: to be told from the event loop */
    bpacket_stream *frames; /* made with the first read */
    ClusterOutput output;
    unsigned turn;        /* of the last send */
    int direct;           /* packets written at once in that turn */
    ClusterTimer timeout; /* until connected */
    void *owner;
    ClusterListEntry entry; /* of the stream's list */
};

static void
ConnRelease(ClusterLink *conn)
{
    if (--conn->refCount == 0) {
        ClusterStreamRelease(conn->stream);
        bpacket_stream_destroy(&conn->frames);
        ClusterBlobQueueFree(&conn->output.queue);
        free(conn);
    }
}

static bool
ConnIsDead(const ClusterLink *conn)
{
    return conn->watch == NULL;
}

/* Takes it out of everything but the hands that hold it. Returns false when that was done before. */
static bool
ConnDetach(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;

    if (ConnIsDead(conn)) {
        return false;
    }
    ClusterTimerCancel(&conn->timeout);
    ClusterWatchFree(&conn->watch);
    ClusterpClose(conn->fd);
    conn->fd = -1;
    ClusterListRemove(&conn->entry);
    stream->connections--;
    stream->traffic.connections--;
    stream->traffic.queuedBytes -= conn->output.queue.bytes;
    ClusterStreamResume(stream);
    return true;
}

/* The connection ended without our wish. Tells the delegate; only from the event loop. */
static void
ConnFail(ClusterLink *conn, bool failed)
{
    ClusterStream *stream = conn->stream;

    if (!ConnDetach(conn)) {
        return;
    }
    if (failed || conn->output.queue.count) {
        stream->traffic.failures++;
    }
    stream->delegate->closed(stream->context, &stream->base, conn, conn->owner,
            &conn->output.queue);
    ConnRelease(conn);
}

/*
 * ------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------
 */

/* One write, counted. */
static ClusterpResult
ConnWriteOnce(ClusterLink *conn)
{
    ClusterTraffic *traffic = &conn->stream->traffic;
    size_t before = conn->output.queue.bytes;
    ClusterOutputCount count = {0, 0};
    ClusterpResult result = ClusterOutputWrite(&conn->output, conn->fd, &count);

    traffic->bytesOut += count.bytes;
    traffic->packetsOut += count.packets;
    traffic->queuedBytes -= before - conn->output.queue.bytes;
    return result;
}

/*
 * Writes until the queue is empty or the system takes no more. Calls nobody:
 * a failure is left for the event loop.
 */
static void
ConnWriteQueue(ClusterLink *conn)
{
    while (conn->output.queue.count) {
        ClusterpResult result = ConnWriteOnce(conn);

        if (result == CLUSTERP_AGAIN) {
            ClusterWatchMask(conn->watch, CLUSTERP_READABLE | CLUSTERP_WRITABLE);
            return;
        }
        if (result != CLUSTERP_OK) {
            conn->broken = true;
            ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
            return;
        }
    }
    ClusterWatchMask(conn->watch, CLUSTERP_READABLE);
}

static void
ConnFlush(void *context)
{
    ClusterLink *conn = context;

    if (!conn->connecting && !conn->broken) {
        ConnWriteQueue(conn);
    }
}

/*
 * The first packets of a turn are written at once, so that a script that
 * sends little and then computes for long has sent it. Of a burst the rest is
 * gathered until the turn ends, or 64 KiB are there: one write instead of hundreds.
 */
static void
ConnWriteSoon(ClusterLink *conn)
{
    unsigned turn = ClusterLoopTurn(conn->stream->loop);

    if (turn != conn->turn) {
        conn->turn = turn;
        conn->direct = 0;
    }
    if (conn->direct < CLUSTER_DIRECT_WRITES) {
        conn->direct++;
        ConnWriteQueue(conn);
    } else if (conn->output.queue.bytes - conn->output.written >= CLUSTER_GATHER_BYTES) {
        ConnWriteQueue(conn);
    } else {
        ClusterWatchFlush(conn->watch);
    }
}

ClusterSendResult
ClusterConnSend(ClusterLink *conn, ClusterBlob *blob)
{
    if (ConnIsDead(conn)) {
        return CLUSTER_SEND_FAILED;
    }
    if (conn->output.queue.count && conn->output.queue.bytes + blob->length > CLUSTER_QUEUE_MAX) {
        return CLUSTER_SEND_FULL;
    }
    if (!ClusterBlobQueuePush(&conn->output.queue, blob)) {
        return CLUSTER_SEND_FAILED;
    }
    conn->stream->traffic.queuedBytes += blob->length;
    if (!conn->connecting && !conn->broken) {
        ConnWriteSoon(conn);
    }
    return CLUSTER_SENT;
}

/*
 * ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------
 */

/* Counts what the reassembler threw away since `garbage` and `oversized` were read. */
static void
ConnCountDrops(ClusterLink *conn, uint64_t garbage, uint64_t oversized)
{
    ClusterStream *stream = conn->stream;
    uint64_t large = bpacket_stream_oversized(conn->frames) - oversized;

    if (large) {
        stream->delegate->dropped(stream->context, &stream->base, CLUSTER_DROP_OVERSIZED, large);
    }
    if (bpacket_stream_garbage(conn->frames) != garbage && !large) {
        stream->delegate->dropped(stream->context, &stream->base, CLUSTER_DROP_MALFORMED, 1);
    }
}

/*
 * Hands on packets that are there, at most *budget. The connection may die
 * meanwhile. A hook that enters the event loop may wait for a packet that was
 * read with this one, so the rest is announced to nested turns.
 */
static void
ConnDeliver(ClusterLink *conn, int *budget)
{
    ClusterStream *stream = conn->stream;
    uint64_t garbage = bpacket_stream_garbage(conn->frames);
    uint64_t oversized = bpacket_stream_oversized(conn->frames);
    ClusterOrigin origin;
    bpacket_span packet;

    while (*budget > 0 && !ConnIsDead(conn) && bpacket_stream_next(conn->frames, &packet)) {
        (*budget)--;
        stream->traffic.packetsIn++;
        if (bpacket_stream_pending(conn->frames)) {
            ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
        }
        ClusterConnDescribe(conn, &origin);
        stream->delegate->received(stream->context, &stream->base, conn, packet, &origin);
    }
    if (!ConnIsDead(conn)) {
        if (!conn->broken) { /* that is still to be told */
            ClusterWatchAgainNot(conn->watch);
        }
        ConnCountDrops(conn, garbage, oversized);
    }
}

/* One read into the reassembler. Returns what the system said. */
static ClusterpResult
ConnReadOnce(ClusterLink *conn)
{
    size_t size, length = 0;
    void *buffer = ClusterLoopBuffer(conn->stream->loop, &size);
    ClusterpResult result = ClusterpRead(conn->fd, buffer, size, &length, NULL);

    if (result != CLUSTERP_OK) {
        return result;
    }
    conn->stream->traffic.bytesIn += length;
    if (!bpacket_stream_feed(conn->frames, buffer, length)) {
        return CLUSTERP_ERROR;
    }
    return length < size ? CLUSTERP_AGAIN : CLUSTERP_OK;
}

/*
 * Reads and delivers up to the budget. A read that did not fill the buffer
 * took all there was, so no second one asks in vain.
 */
static void
ConnRead(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;
    int budget = CLUSTER_LOOP_PACKETS;
    ClusterpResult result = CLUSTERP_OK;

    if (!conn->frames && (conn->frames = bpacket_stream_new(0)) == NULL) {
        ConnFail(conn, true);
        return;
    }
    ConnDeliver(conn, &budget);
    while (budget > 0 && result == CLUSTERP_OK && !ConnIsDead(conn)) {
        result = ConnReadOnce(conn);
        ConnDeliver(conn, &budget);
    }
    if (ConnIsDead(conn)) {
        return;
    }
    bpacket_stream_trim(conn->frames);
    if (budget == CLUSTER_LOOP_PACKETS && conn->owner && stream->delegate->arriving) {
        stream->delegate->arriving(stream->context, &stream->base, conn->owner);
    }
    if (budget == 0) {
        ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
    } else if (result == CLUSTERP_CLOSED || result == CLUSTERP_ERROR) {
        ConnFail(conn, result == CLUSTERP_ERROR);
    }
}

/*
 * ------------------------------------------------------------------------
 * Events
 * ------------------------------------------------------------------------
 */

/* Returns false while it is undecided, or when it failed. */
static bool
ConnIsConnected(ClusterLink *conn)
{
    ClusterpResult result = ClusterpConnectResult(conn->fd, NULL);

    if (result == CLUSTERP_AGAIN) {
        return false;
    }
    if (result != CLUSTERP_OK) {
        ConnFail(conn, true);
        return false;
    }
    conn->connecting = false;
    ClusterTimerCancel(&conn->timeout);
    ConnWriteQueue(conn);
    return true;
}

static void
ConnReady(void *context, int mask)
{
    ClusterLink *conn = context;

    conn->refCount++;
    if (conn->broken) {
        ConnFail(conn, true);
    } else if (!conn->connecting || ConnIsConnected(conn)) {
        if ((mask & CLUSTERP_WRITABLE) && !ConnIsDead(conn)) {
            ConnWriteQueue(conn);
        }
        if ((mask & CLUSTERP_READABLE) && !ConnIsDead(conn) && !conn->broken) {
            ConnRead(conn);
        }
    }
    ConnRelease(conn);
}

static void
ConnTimedOut(void *context)
{
    ClusterLink *conn = context;

    conn->refCount++;
    ConnFail(conn, true);
    ConnRelease(conn);
}

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

ClusterLink *
ClusterConnNew(ClusterStream *stream, int fd, ClusterConnStart start, const ClusterAddress *peer,
        void *owner)
{
    bool connecting = start == CLUSTER_CONN_CONNECTING;
    ClusterLink *conn = calloc(1, sizeof *conn);
    int error;

    if (!conn) {
        ClusterpClose(fd);
        return NULL;
    }
    conn->watch = ClusterWatchNew(stream->loop, fd,
            connecting ? CLUSTERP_READABLE | CLUSTERP_WRITABLE : CLUSTERP_READABLE, ConnReady,
            ConnFlush, conn, &error);
    if (!conn->watch) {
        ClusterpClose(fd);
        free(conn);
        return NULL;
    }
    conn->refCount = 1;
    conn->stream = stream;
    ClusterStreamHold(stream);
    conn->fd = fd;
    snprintf(conn->name, sizeof conn->name, "%s%d", stream->family->linkPrefix, fd);
    conn->peer = *peer;
    conn->owner = owner;
    conn->accepted = start == CLUSTER_CONN_ACCEPTED;
    conn->connecting = connecting;
    if (connecting) {
        ClusterTimerSet(&conn->timeout, ClusterLoopClock(stream->loop), CLUSTER_CONNECT_MS,
                ConnTimedOut, conn);
    }
    ClusterBlobQueueInit(&conn->output.queue);
    ClusterListPrepend(&stream->conns, &conn->entry);
    stream->connections++;
    stream->traffic.connections++;
    stream->traffic.opened++;
    return conn;
}

/* OK: can be written; AGAIN: not yet. On this host a connection is there at once, before the event loop tells of it. */
static ClusterpResult
ConnStanding(const ClusterLink *conn)
{
    if (conn->broken || ClusterLoopForked(conn->stream->loop)) {
        return CLUSTERP_ERROR;
    }
    return conn->connecting ? ClusterpConnectResult(conn->fd, NULL) : CLUSTERP_OK;
}

/* Writes what can be written at once. Is there more, or would closing destroy what is on its way? */
static bool
ConnMustLinger(ClusterLink *conn, ClusterpResult standing)
{
    if (standing == CLUSTERP_OK) {
        ConnWriteQueue(conn);
        return !conn->broken && (conn->output.queue.count || ClusterpUnsent(conn->fd));
    }
    return standing == CLUSTERP_AGAIN && conn->output.queue.count;
}

void
ClusterConnClose(ClusterLink *conn)
{
    ClusterpResult standing;
    int fd = -1;

    if (ConnIsDead(conn)) {
        return;
    }
    standing = ConnStanding(conn);
    if (ConnMustLinger(conn, standing)) {
        fd = conn->fd;
        conn->fd = -1; /* stays open */
    }
    ConnDetach(conn);
    if (fd >= 0) {
        ClusterLingerTake(conn->stream->loop, fd, &conn->output, standing == CLUSTERP_AGAIN);
    }
    ConnRelease(conn);
}

void *
ClusterConnOwn(ClusterLink *conn, void *owner)
{
    void *before = conn->owner;

    conn->owner = owner;
    return before;
}

void *
ClusterConnOwner(const ClusterLink *conn)
{
    return conn->owner;
}

static ClusterLink *
ConnOfEntry(ClusterListEntry *entry)
{
    return entry ? CLUSTER_LIST_ITEM(entry, ClusterLink, entry) : NULL;
}

ClusterLink *
ClusterConnFirst(const ClusterStream *stream)
{
    return ConnOfEntry(ClusterListFirst(&stream->conns));
}

ClusterLink *
ClusterConnNext(const ClusterLink *conn)
{
    return ConnOfEntry(ClusterListNext(&conn->stream->conns, &conn->entry));
}

bool
ClusterConnIsOpen(const ClusterLink *conn)
{
    return !ConnIsDead(conn);
}

bool
ClusterConnAccepted(const ClusterLink *conn)
{
    return conn->accepted;
}

void
ClusterConnDescribe(const ClusterLink *conn, ClusterOrigin *origin)
{
    memset(origin, 0, sizeof *origin);
    origin->address = conn->peer;
    memcpy(origin->name, conn->name, sizeof origin->name);
    conn->stream->family->describe(conn->stream, conn, origin);
}
