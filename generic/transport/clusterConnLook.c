/*
 * clusterConnLook.c --
 *
 *	Judges a connection once a second: does it speak, does a packet that has
 *	begun go on, is what waits taken, does the network still know it? And, when
 *	asked, whether its ends are still where they were.
 */

#include "transport/clusterConnInt.h"

#include "base/clusterLocal.h"

static unsigned
Second(const ClusterLink *conn)
{
    return conn->stream->pool->second;
}

/* One that we do not read, as it waits for memory, has all its time when it is read again. */
static bool
IsSilent(ClusterLink *conn)
{
    if (!conn->accepted || conn->spoke) {
        return false;
    }
    if (ClusterListHas(&conn->inWaiting)) {
        conn->silentSince = Second(conn);
    }
    return Second(conn) - conn->silentSince > CLUSTER_SILENT_S;
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

bool
ClusterConnAnswers(const ClusterLink *conn, int64_t ms)
{
    return !ClusterConnIsDead(conn) && !conn->connecting && !conn->broken
            && (conn->stream->base.type->localOnly
                    || (ClusterpDelivered(conn->fd) == CLUSTERP_CONFIRMED
                            && ClusterpSilence(conn->fd) <= ms));
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

/* The peer is said to live elsewhere: has its host answered the system's question by now? */
static void
DecideDoubt(ClusterLink *conn)
{
    int64_t passed = ClusterClockNow(ClusterLoopClock(conn->stream->loop)) - conn->doubtedSince;

    if (!conn->doubted || Second(conn) - conn->doubtedAt < CLUSTER_DOUBT_S) {
        return;
    }
    if (ClusterpSilence(conn->fd) > passed) {
        ClusterConnGiveUp(conn);
        return;
    }
    conn->doubted = false;
    ClusterpProbe(conn->fd, false);
    ClusterConnWrite(conn);
}

static void
NoteUse(ClusterLink *conn)
{
    if (conn->use.bytes != conn->bytesIn + conn->bytesOut) {
        Restart(&conn->use, Second(conn), conn->bytesIn + conn->bytesOut);
    }
}

bool
ClusterConnLook(ClusterLink *conn)
{
    NoteUse(conn);
    DecideDoubt(conn);
    if (conn->broken) {
        return false; /* the event loop knows */
    }
    ClusterConnTakenLook(conn);
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
                || conn->unconfirmed || conn->doubted || conn->taken.count
                || ClusterPoolIsShort(conn->stream->pool);
    }
    return false;
}

/*
 * Anybody can send a datagram in the peer's name, so a link that still works is
 * not ended by one: the system is told to ask, and nothing is written meanwhile.
 */
static void
Doubt(ClusterLink *conn)
{
    if (conn->doubted) {
        return;
    }
    if (conn->connecting || !ClusterpProbe(conn->fd, true)) {
        ClusterConnGiveUp(conn);
        return;
    }
    conn->doubted = true;
    conn->doubtedAt = Second(conn);
    conn->doubtedSince = ClusterClockNow(ClusterLoopClock(conn->stream->loop));
    ClusterPoolWatch(conn);
}

void
ClusterConnMoved(ClusterLink *conn, const ClusterAddress *address)
{
    ClusterLink *each = ClusterConnFirst(conn->stream);

    for (; each; each = ClusterConnNext(each)) {
        ClusterAddress peer = ClusterAddressWithPort(&each->peer, 0);

        if (each->owner == conn->owner && ClusterAddressCompare(&peer, address) != 0) {
            Doubt(each);
        }
    }
}

void
ClusterConnCheckNear(ClusterLink *conn)
{
    ClusterpAddr system;
    ClusterAddress near;

    if (!ClusterpNearAddress(conn->fd, &system) || system.ip == 0) {
        return;
    }
    near = ClusterAddressFromPlatform(&system);
    if (!ClusterIsLocal(&near)) {
        ClusterConnGiveUp(conn);
    }
}
