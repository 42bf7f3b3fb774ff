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

#include "transport/clusterConnInt.h"

#include "transport/clusterLinger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ClusterConnHold(ClusterLink *conn)
{
    conn->refCount++;
}

void
ClusterConnRelease(ClusterLink *conn)
{
    if (--conn->refCount == 0) {
        ClusterStreamRelease(conn->stream);
        bpacket_stream_destroy(&conn->frames);
        ClusterConnSealFree(conn->seal);
        free(conn->member);
        ClusterBlobQueueFree(&conn->output.queue);
        ClusterBlobQueueFree(&conn->taken);
        free(conn);
    }
}

bool
ClusterConnIsDead(const ClusterLink *conn)
{
    return conn->watch == NULL;
}

/* Takes it out of everything but the hands that hold it. Returns false when that was done before. */
static bool
ConnDetach(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;

    if (ClusterConnIsDead(conn)) {
        return false;
    }
    ClusterTimerCancel(&conn->timeout);
    stream->traffic.queuedBytes -= conn->output.queue.bytes;
    ClusterConnTakenFree(conn);
    ClusterPoolLeave(conn);
    ClusterWatchFree(&conn->watch);
    ClusterpClose(conn->fd);
    conn->fd = -1;
    ClusterListRemove(&conn->entry);
    stream->connections--;
    stream->traffic.connections--;
    return true;
}

/* The connection ended without our wish. Tells the delegate; only from the event loop. */
void
ClusterConnFail(ClusterLink *conn, bool failed)
{
    ClusterStream *stream = conn->stream;
    int fd = -1;

    if (ClusterConnIsDead(conn)) {
        return;
    }
    ClusterConnTakenEnd(conn, failed && !conn->faded);
    if (conn->moved && !conn->connecting) {
        fd = conn->fd;
        conn->fd = -1; /* stays open for what the system has taken */
    }
    ConnDetach(conn);
    if (failed || conn->output.queue.count) {
        stream->traffic.failures++;
    }
    if (conn->faded && stream->delegate->faded) {
        stream->delegate->faded(stream->context, &stream->base, conn, conn->owner,
                &conn->output.queue, !conn->connecting || conn->moved);
    } else {
        stream->delegate->closed(stream->context, &stream->base, conn, conn->owner,
                &conn->output.queue);
    }
    if (fd >= 0) {
        ClusterOutput none = {.written = 0};

        ClusterBlobQueueInit(&none.queue);
        ClusterLingerTake(stream->loop, fd, &none, ClusterConnSealLeave(conn), false,
                stream->queueMost);
    }
    ClusterConnRelease(conn);
}

void
ClusterConnEnd(ClusterLink *conn, ClusterDrop reason)
{
    ClusterStream *stream = conn->stream;

    if (!ClusterConnIsDead(conn)) {
        stream->delegate->dropped(stream->context, &stream->base, reason, 1);
        ClusterConnFail(conn, true);
    }
}

void
ClusterConnAwait(ClusterLink *conn)
{
    ClusterWatchMask(conn->watch,
            (ClusterListHas(&conn->inWaiting) ? 0 : CLUSTERP_READABLE)
                    | (conn->writable ? CLUSTERP_WRITABLE : 0));
}

void
ClusterConnBreak(ClusterLink *conn, int error)
{
    conn->broken = true;
    conn->faded = conn->faded || ClusterpIsWayGone(error);
    ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
}

void
ClusterConnGiveUp(ClusterLink *conn)
{
    if (!ClusterConnIsDead(conn) && !conn->broken) {
        conn->moved = conn->faded = true;
        ClusterConnBreak(conn, 0);
    }
}

void
ClusterConnAbandon(ClusterLink *conn)
{
    conn->faded = true;
    ClusterConnBreak(conn, 0);
}

/*
 * ------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------
 */

/* One write, counted. */
static ClusterpResult
ConnWriteOnce(ClusterLink *conn, int *error)
{
    ClusterTraffic *traffic = &conn->stream->traffic;
    size_t before = conn->output.queue.bytes, taken = conn->taken.bytes;
    ClusterOutputCount count = {0, 0};
    ClusterpResult result = ClusterConnOutput(conn, &count, error);

    if (count.bytes) {
        conn->bytesOut += count.bytes;
        conn->unconfirmed = true;
        conn->stream->pool->taken += conn->taken.bytes - taken;
        ClusterConnTook(conn);
        ClusterPoolWatch(conn);
        ClusterConnWrote(conn);
    }
    ClusterPoolQueued(conn);
    traffic->bytesOut += count.bytes;
    traffic->packetsOut += count.packets;
    traffic->queuedBytes -= before - conn->output.queue.bytes;
    ClusterConnMaybeDrained(conn);
    return result;
}

/*
 * Writes until the queue is empty or the system takes no more. Calls nobody:
 * a failure is left for the event loop.
 */
void
ClusterConnWrite(ClusterLink *conn)
{
    ClusterpResult result = CLUSTERP_OK;
    int error = 0;

    while (ClusterConnHasOutput(conn) && result == CLUSTERP_OK && !conn->doubted) {
        result = ConnWriteOnce(conn, &error);
    }
    if (result == CLUSTERP_ERROR) {
        ClusterConnBreak(conn, error);
    } else {
        conn->writable = result == CLUSTERP_AGAIN;
        ClusterConnAwait(conn);
    }
}

static void
ConnFlush(void *context)
{
    ClusterLink *conn = context;

    if (!conn->connecting && !conn->broken) {
        ClusterConnWrite(conn);
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
        ClusterConnWrite(conn);
    } else if (conn->output.queue.bytes - conn->output.written >= CLUSTER_GATHER_BYTES) {
        ClusterConnWrite(conn);
    } else {
        ClusterWatchFlush(conn->watch);
    }
}

ClusterSendResult
ClusterConnSend(ClusterLink *conn, ClusterBlob *blob)
{
    if (ClusterConnIsDead(conn)) {
        return CLUSTER_SEND_FAILED;
    }
    if (!ClusterPoolMayQueue(conn, blob->length)) {
        return CLUSTER_SEND_FULL;
    }
    if (!ClusterBlobQueuePush(&conn->output.queue, blob)) {
        return CLUSTER_SEND_FAILED;
    }
    conn->stream->traffic.queuedBytes += blob->length;
    ClusterPoolQueued(conn);
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

/* What one connection may do in a turn. */
typedef struct Budget {
    int packets;
    int64_t until; /* microseconds */
} Budget;

/* A packet may ask for much, or for little. */
static void
BudgetTake(Budget *budget)
{
    budget->packets--;
    if (ClusterpMonotonic() >= budget->until) {
        budget->packets = 0;
    }
}

/*
 * Hands on packets that are there, within the budget. The connection may die
 * meanwhile. A hook that enters the event loop may wait for a packet that was
 * read with this one, so the rest is announced to nested turns.
 */
static void
ConnDeliver(ClusterLink *conn, Budget *budget)
{
    ClusterStream *stream = conn->stream;
    uint64_t garbage = bpacket_stream_garbage(conn->frames);
    uint64_t oversized = bpacket_stream_oversized(conn->frames);
    ClusterOrigin origin;
    bpacket_span packet;

    while (budget->packets > 0 && !ClusterConnIsDead(conn)
            && ClusterConnNextPacket(conn, &packet)) {
        stream->traffic.packetsIn++;
        if (ClusterConnPartial(conn)) {
            ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
        }
        conn->begun = false;
        ClusterConnDescribe(conn, &origin);
        if (stream->delegate->received(stream->context, &stream->base, conn, packet, &origin)) {
            conn->spoke = true;
        }
        BudgetTake(budget);
    }
    if (!ClusterConnIsDead(conn)) {
        if (!conn->broken) { /* that is still to be told */
            ClusterWatchAgainNot(conn->watch);
        }
        ConnCountDrops(conn, garbage, oversized);
    }
}

/* One read of so many bytes at most into the reassembler. Returns what the system said. */
static ClusterpResult
ConnReadOnce(ClusterLink *conn, size_t most, int *error)
{
    size_t size, length = 0;
    void *buffer = ClusterConnReadRoom(conn, most, &size);
    ClusterpResult result;

    result = ClusterpRead(conn->fd, buffer, size, &length, error);
    if (result != CLUSTERP_OK) {
        return result;
    }
    conn->stream->traffic.bytesIn += length;
    conn->bytesIn += length;
    if (!ClusterConnWasRead(conn, buffer, length)) {
        return CLUSTERP_ERROR;
    }
    return length < size ? CLUSTERP_AGAIN : CLUSTERP_OK;
}

/* Made to see whether the peer is there: it ends such a one by itself when nothing comes, which tells nothing. */
static bool
ConnWasSilent(const ClusterLink *conn)
{
    return !conn->accepted && conn->bytesOut == 0
            && ClusterClockNow(ClusterLoopClock(conn->stream->loop)) - conn->made
            >= CLUSTER_SILENT_NOTED_MS;
}

/*
 * Reads and delivers up to the budget. A read that did not fill the buffer
 * took all there was, so no second one asks in vain.
 */
static void
ConnRead(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;
    Budget budget = {CLUSTER_LOOP_PACKETS, ClusterpMonotonic() + CLUSTER_LOOP_MICROSECONDS};
    ClusterpResult result = CLUSTERP_OK;
    bool late = false; /* opening what is sealed costs time, whether packets come of it or not */
    int error = 0;
    size_t most;

    if (!conn->frames && (conn->frames = bpacket_stream_new(0)) == NULL) {
        ClusterConnFail(conn, true);
        return;
    }
    ConnDeliver(conn, &budget);
    while (budget.packets > 0 && !late && result == CLUSTERP_OK && !ClusterConnIsDead(conn)
            && ClusterPoolMayRead(conn, &most)) {
        result = ConnReadOnce(conn, most, &error);
        ConnDeliver(conn, &budget);
        if (!ClusterConnIsDead(conn)) {
            ClusterConnTrim(conn, result != CLUSTERP_OK);
            ClusterPoolWasRead(conn, budget.packets > 0 && ClusterConnPartial(conn) > 0);
            late = conn->seal && ClusterpMonotonic() >= budget.until;
        }
    }
    if (ClusterConnIsDead(conn)) {
        return;
    }
    if (budget.packets == CLUSTER_LOOP_PACKETS && conn->owner && stream->delegate->arriving) {
        stream->delegate->arriving(stream->context, &stream->base, conn->owner);
    }
    if (budget.packets == 0 || (late && result == CLUSTERP_OK)) {
        ClusterWatchAgain(conn->watch, CLUSTERP_READABLE);
    } else if (result == CLUSTERP_CLOSED || result == CLUSTERP_ERROR) {
        conn->faded = ClusterpIsWayGone(error) || ConnWasSilent(conn);
        ClusterConnFail(conn, result == CLUSTERP_ERROR || !ClusterConnSealedEnd(conn));
    }
}

/*
 * ------------------------------------------------------------------------
 * Events
 * ------------------------------------------------------------------------
 */

/* Returns false while it is undecided, or when it failed. A sealed one is not until its handshake is over, but reads. */
static bool
ConnIsConnected(ClusterLink *conn)
{
    int error = 0;
    ClusterpResult result = ClusterpConnectResult(conn->fd, &error);

    if (result == CLUSTERP_AGAIN) {
        return false;
    }
    if (result != CLUSTERP_OK) {
        conn->faded = ClusterpIsWayGone(error);
        ClusterConnFail(conn, true);
        return false;
    }
    if (!conn->seal) {
        conn->connecting = false;
        ClusterTimerCancel(&conn->timeout);
    }
    ClusterConnWrite(conn);
    return true;
}

static void
ConnReady(void *context, int mask)
{
    ClusterLink *conn = context;

    conn->refCount++;
    if (conn->broken) {
        ClusterConnFail(conn, true);
    } else if (!conn->connecting || ConnIsConnected(conn)) {
        if ((mask & CLUSTERP_WRITABLE) && !ClusterConnIsDead(conn)) {
            ClusterConnWrite(conn);
        }
        if ((mask & CLUSTERP_READABLE) && !ClusterConnIsDead(conn) && !conn->broken) {
            ConnRead(conn);
        }
    }
    ClusterConnRelease(conn);
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
    conn->writable = connecting;
    conn->made = ClusterClockNow(ClusterLoopClock(stream->loop));
    if (connecting) {
        ClusterConnConnects(conn);
    }
    ClusterBlobQueueInit(&conn->output.queue);
    ClusterBlobQueueInit(&conn->taken);
    ClusterListPrepend(&stream->conns, &conn->entry);
    stream->connections++;
    stream->traffic.connections++;
    stream->traffic.opened++;
    ClusterPoolEnter(conn);
    return conn;
}

/* OK: can be written; AGAIN: not yet. On this host a connection is there at once, before the event loop tells of it. */
static ClusterpResult
ConnStanding(const ClusterLink *conn)
{
    ClusterpResult result;

    if (conn->broken || ClusterLoopForked(conn->stream->loop)) {
        return CLUSTERP_ERROR;
    }
    result = conn->connecting ? ClusterpConnectResult(conn->fd, NULL) : CLUSTERP_OK;
    return conn->connecting && conn->seal && result == CLUSTERP_OK ? CLUSTERP_AGAIN : result;
}

/* Writes what can be written at once. Is there more, or would closing destroy what is on its way? */
static bool
ConnMustLinger(ClusterLink *conn, ClusterpResult standing)
{
    if (standing == CLUSTERP_OK) {
        ClusterConnWrite(conn);
        return !conn->broken && (ClusterConnHasOutput(conn) || ClusterpUnsent(conn->fd));
    }
    return standing == CLUSTERP_AGAIN && conn->output.queue.count;
}

void
ClusterConnClose(ClusterLink *conn)
{
    ClusterpResult standing;
    int fd = -1;

    if (ClusterConnIsDead(conn)) {
        return;
    }
    standing = ConnStanding(conn);
    if (conn->seal) {
        ClusterConnSealFinish(conn->seal);
    }
    if (ConnMustLinger(conn, standing)) {
        fd = conn->fd;
        conn->fd = -1; /* stays open */
    }
    ConnDetach(conn);
    if (fd >= 0) {
        ClusterLingerTake(conn->stream->loop, fd, &conn->output, conn->seal,
                standing == CLUSTERP_AGAIN, conn->stream->queueMost);
        conn->seal = NULL;
    }
    ClusterConnRelease(conn);
}

void *
ClusterConnOwn(ClusterLink *conn, void *owner)
{
    void *before = conn->owner;

    ClusterPoolAdopt(conn, owner);
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
    return !ClusterConnIsDead(conn);
}

void
ClusterConnDescribe(const ClusterLink *conn, ClusterOrigin *origin)
{
    memset(origin, 0, sizeof *origin);
    origin->address = conn->peer;
    memcpy(origin->name, conn->name, sizeof origin->name);
    origin->sealed = conn->seal != NULL;
    origin->member = conn->seal ? conn->member : NULL;
    conn->stream->family->describe(conn->stream, conn, origin);
}
