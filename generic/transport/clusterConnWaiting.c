/*
 * clusterConnWaiting.c --
 *
 *	What waits to be written to a connection, as the layer above asks: how
 *	much it is, and to be told when it is less; and its end when others need
 *	the room.
 */

#include "transport/clusterConnInt.h"

void
ClusterConnWaiting(const ClusterLink *conn, ClusterWaiting *waiting)
{
    waiting->bytes += conn->output.queue.bytes;
    waiting->packets += conn->output.queue.count;
    waiting->crowded = waiting->crowded || ClusterPoolCrowded(conn);
}

void
ClusterConnDrainTo(ClusterLink *conn, size_t bytes, size_t packets)
{
    const ClusterBlobQueue *queue = &conn->output.queue;

    conn->awaited = queue->bytes > bytes || queue->count > packets;
    conn->drainBytes = bytes;
    conn->drainPackets = packets;
}

void
ClusterConnMaybeDrained(ClusterLink *conn)
{
    const ClusterBlobQueue *queue = &conn->output.queue;
    ClusterStream *stream = conn->stream;

    if (conn->awaited && queue->bytes <= conn->drainBytes && queue->count <= conn->drainPackets) {
        conn->awaited = false;
        stream->delegate->drained(stream->context, &stream->base, conn, conn->owner);
    }
}

void
ClusterConnSacrifice(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;

    stream->delegate->dropped(stream->context, &stream->base, CLUSTER_DROP_STALLED,
            conn->output.queue.count);
    if (conn->owner && stream->delegate->feared) {
        stream->delegate->feared(stream->context, &stream->base, conn->owner, &conn->output.queue,
                true);
    }
    stream->traffic.queuedBytes -= conn->output.queue.bytes;
    ClusterBlobQueueFree(&conn->output.queue);
    conn->output.written = 0;
    if (conn->seal) {
        ClusterConnSealForget(conn->seal);
    }
    ClusterPoolQueued(conn);
    ClusterConnTakenEnd(conn, true);
    ClusterConnBreak(conn, 0);
}
