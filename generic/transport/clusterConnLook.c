/*
 * clusterConnLook.c --
 *
 *	Judges a connection once a second: does it speak, does a packet that has
 *	begun go on, is what waits taken, does the network still know it?
 */

#include "transport/clusterConnInt.h"

static unsigned
Second(const ClusterLink *conn)
{
    return conn->stream->pool->second;
}

static bool
IsSilent(const ClusterLink *conn)
{
    return conn->accepted && !conn->spoke && Second(conn) - conn->born > CLUSTER_SILENT_S;
}

static void
Restart(ClusterProgress *progress, unsigned second, uint64_t bytes)
{
    progress->since = second;
    progress->bytes = bytes;
}

/* One that itself waits for memory is not to blame. */
static bool
IsSlow(ClusterLink *conn)
{
    const ClusterShare *share =
            conn->owner ? &conn->stream->pool->ofMembers : &conn->stream->pool->ofStrangers;
    bool contended = !ClusterListEmpty(&share->waiting);
    unsigned most = contended ? CLUSTER_SLOW_CONTENDED_S : CLUSTER_SLOW_S;
    uint64_t least = contended ? CLUSTER_SLOW_CONTENDED_BYTES : CLUSTER_SLOW_BYTES;
    unsigned passed = Second(conn) - conn->in.since;

    if (!conn->begun) {
        return false;
    }
    if (ClusterListHas(&conn->inWaiting) || contended != conn->contended) {
        conn->contended = contended;
        Restart(&conn->in, Second(conn), conn->bytesIn);
        return false;
    }
    if (passed < most) {
        return false;
    }
    if (conn->bytesIn - conn->in.bytes < least * passed) {
        return true;
    }
    Restart(&conn->in, Second(conn), conn->bytesIn);
    return false;
}

static bool
IsStalled(ClusterLink *conn)
{
    if (conn->connecting || conn->out.bytes != conn->bytesOut) {
        Restart(&conn->out, Second(conn), conn->bytesOut);
    }
    return conn->output.queue.count && Second(conn) - conn->out.since >= CLUSTER_STALLED_S;
}

/*
 * The system's own limit (TCP_USER_TIMEOUT) would also end a connection whose
 * peer is well, but busy with other things than reading.
 */
static bool
IsForgotten(ClusterLink *conn)
{
    ClusterpDelivery delivery;

    if (!conn->unconfirmed || conn->connecting) {
        return false;
    }
    delivery = ClusterpDelivered(conn->fd);
    conn->unconfirmed = delivery != CLUSTERP_CONFIRMED;
    conn->repeated = delivery == CLUSTERP_REPEATED ? conn->repeated + 1 : 0;
    return conn->repeated >= CLUSTER_FORGOTTEN_S;
}

bool
ClusterConnLook(ClusterLink *conn)
{
    if (conn->broken) {
        return false; /* the event loop knows */
    }
    if (IsSilent(conn)) {
        ClusterConnEnd(conn, CLUSTER_DROP_SILENT);
    } else if (IsSlow(conn)) {
        ClusterConnEnd(conn, CLUSTER_DROP_SLOW);
    } else if (IsStalled(conn)) {
        ClusterConnEnd(conn, CLUSTER_DROP_STALLED);
    } else if (IsForgotten(conn)) {
        conn->faded = true;
        ClusterConnFail(conn, true);
    } else {
        return (conn->accepted && !conn->spoke) || conn->begun || conn->output.queue.count
                || conn->unconfirmed;
    }
    return false;
}
