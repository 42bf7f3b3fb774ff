/*
 * clusterConnTaken.c --
 *
 *	Packets that the system has taken and the far end may not have read: kept
 *	for a while, so that they can be told of if the connection breaks. Nobody
 *	sends them again.
 *
 *	What its host has not confirmed may be lost for certain. What it has
 *	confirmed waits there to be read, which nobody tells us of; the system
 *	only says, when the far end is gone, that there was something left. So the
 *	latest packets are kept for a second or two beyond that, or for as long as
 *	others wait behind them.
 */

#include "transport/clusterConnInt.h"

/* Lets go of the oldest. */
static void
DropOldest(ClusterLink *conn)
{
    ClusterBlob *blob = ClusterBlobQueuePop(&conn->taken);

    conn->stream->pool->taken -= blob->length;
    conn->takenBefore -= conn->takenBefore > 0;
    ClusterBlobRelease(blob);
}

/* Bytes at the end of what was taken that the far end may not have. */
static size_t
Unconfirmed(const ClusterLink *conn)
{
    size_t bytes = ClusterpUnconfirmed(conn->fd), begun = conn->output.written;

    if (conn->seal) {
        bytes = ClusterConnSealPlain(conn->seal, bytes);
    }
    return bytes > begun ? bytes - begun : 0;
}

/* Is the oldest confirmed, when so many bytes at the end are not? */
static bool
IsConfirmed(const ClusterBlobQueue *taken, size_t unconfirmed)
{
    ClusterBlob *oldest = ClusterBlobQueueAt(taken, 0);

    return oldest && taken->bytes - oldest->length >= unconfirmed;
}

/* Beside what is not confirmed. Asks the system again once a quarter of that has come. */
void
ClusterConnTook(ClusterLink *conn)
{
    size_t most = ClusterPoolKeptBeyond(conn) ? 0 : CLUSTER_TAKEN_MOST;
    size_t unconfirmed;

    if (conn->taken.bytes <= most || conn->taken.bytes <= conn->takenNext) {
        return;
    }
    unconfirmed = Unconfirmed(conn);
    while (conn->taken.bytes > unconfirmed + most - most / 4
            && IsConfirmed(&conn->taken, unconfirmed)) {
        DropOldest(conn);
    }
    conn->takenNext = conn->taken.bytes + CLUSTER_TAKEN_MOST / 4;
}

void
ClusterConnTakenLook(ClusterLink *conn)
{
    size_t unconfirmed;

    if (conn->takenBefore && !conn->output.queue.count) {
        unconfirmed = Unconfirmed(conn);
        while (conn->takenBefore && IsConfirmed(&conn->taken, unconfirmed)) {
            DropOldest(conn);
        }
    }
    conn->takenBefore = conn->taken.count;
    if (!conn->taken.count) {
        conn->takenNext = 0;
    }
}

void
ClusterConnTakenEnd(ClusterLink *conn, bool all)
{
    ClusterStream *stream = conn->stream;
    size_t unconfirmed = all ? SIZE_MAX : Unconfirmed(conn);

    while (IsConfirmed(&conn->taken, unconfirmed)) {
        DropOldest(conn);
    }
    if (conn->taken.count && conn->owner && stream->delegate->feared) {
        stream->delegate->feared(stream->context, &stream->base, conn->owner, &conn->taken, false);
    }
    ClusterConnTakenFree(conn);
}

void
ClusterConnTakenFree(ClusterLink *conn)
{
    conn->stream->pool->taken -= conn->taken.bytes;
    conn->takenBefore = 0;
    ClusterBlobQueueFree(&conn->taken);
}

static void
AddPackets(ClusterBlobQueue *to, const ClusterBlobQueue *from, size_t first)
{
    for (; first < from->count; first++) {
        ClusterBlobQueuePush(to, ClusterBlobQueueAt(from, first));
    }
}

void
ClusterConnPending(const ClusterLink *conn, ClusterBlobQueue *packets)
{
    size_t unconfirmed = Unconfirmed(conn), bytes = 0, first = conn->taken.count;

    while (first > 0 && bytes < unconfirmed) {
        bytes += ClusterBlobQueueAt(&conn->taken, --first)->length;
    }
    AddPackets(packets, &conn->taken, first);
    AddPackets(packets, &conn->output.queue, 0);
}
