/*
 * clusterConnLate.c --
 *
 *	What is late on a connection: that it is made, or that the far end's host
 *	confirms what was written. The layer above gets back what waits, to send it
 *	another way, long before the connection is given up (clusterConnLook.c); it
 *	goes on and may recover.
 */

#include "transport/clusterConnInt.h"

/* Milliseconds between two looks at what was written. */
#define LOOK_MS 250

static int64_t
Now(const ClusterLink *conn)
{
    return ClusterClockNow(ClusterLoopClock(conn->stream->loop));
}

static void
SetTimer(ClusterLink *conn, int64_t ms, ClusterTimerProc *proc)
{
    ClusterTimerSet(&conn->timeout, ClusterLoopClock(conn->stream->loop), ms, proc, conn);
}

/*
 * Moves the first packets from one queue to another, up to those that these bytes
 * are of. False without memory.
 */
static bool
MoveFirst(ClusterBlobQueue *to, ClusterBlobQueue *from, size_t bytes)
{
    bool moved = true;

    while (moved && to->bytes < bytes) {
        ClusterBlob *blob = ClusterBlobQueuePop(from);

        moved = ClusterBlobQueuePush(to, blob);
        ClusterBlobRelease(blob);
    }
    return moved;
}

/*
 * Other ways come first. A packet of which part was written, or sealed, has to be
 * ended here, or the far end could read none behind it.
 */
static void
HandBack(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;
    ClusterOutput *output = &conn->output;
    ClusterBlobQueue unsent = output->queue;

    if (!conn->owner || !stream->delegate->suspect) {
        return;
    }
    ClusterBlobQueueInit(&output->queue);
    if (!MoveFirst(&output->queue, &unsent,
                output->written + (conn->seal ? ClusterConnSealBegun(conn->seal) : 0))) {
        output->written = 0;
        ClusterConnBreak(conn, 0);
    }
    stream->traffic.queuedBytes -= unsent.bytes;
    ClusterPoolQueued(conn);
    stream->delegate->suspect(stream->context, &stream->base, conn, conn->owner, &unsent,
            !conn->connecting);
    ClusterBlobQueueFree(&unsent);
}

/*
 * ------------------------------------------------------------------------
 * Being made
 * ------------------------------------------------------------------------
 */

static void
ConnectTimedOut(void *context)
{
    ClusterLink *conn = context;

    ClusterConnHold(conn);
    conn->faded = true;
    ClusterConnFail(conn, true);
    ClusterConnRelease(conn);
}

static void
ConnectIsLate(void *context)
{
    ClusterLink *conn = context;

    ClusterConnHold(conn);
    SetTimer(conn, CLUSTER_CONNECT_MS - CLUSTER_CONNECT_LATE_MS, ConnectTimedOut);
    if (!conn->broken) {
        HandBack(conn);
    }
    ClusterConnRelease(conn);
}

void
ClusterConnConnects(ClusterLink *conn)
{
    SetTimer(conn, CLUSTER_CONNECT_LATE_MS, ConnectIsLate);
}

/*
 * ------------------------------------------------------------------------
 * Being confirmed
 * ------------------------------------------------------------------------
 */

/* For how many milliseconds has it been sent in vain? */
static int64_t
MuteFor(const ClusterLink *conn)
{
    int64_t silence = ClusterpSilence(conn->fd), mute = Now(conn) - conn->muteSince;

    return silence < mute ? silence : mute;
}

/*
 * When its host as a whole is silent, it is not the link's fault: either the
 * member is lost for that, or all goes on once the network does. So it is asked
 * for an answer as soon as the system has to send anything again; this is often
 * the first that is seen of a host that is gone.
 */
static void
DecideSuspicion(ClusterLink *conn)
{
    ClusterStream *stream = conn->stream;
    int64_t mute = MuteFor(conn);

    if (conn->suspect || !conn->owner || !stream->delegate->reached || mute < LOOK_MS) {
        return;
    }
    if (stream->delegate->reached(stream->context, &stream->base, conn->owner)
            && mute >= CLUSTER_MUTE_MS && !ClusterConnIsDead(conn) && !conn->broken) {
        conn->suspect = true;
        HandBack(conn);
    }
}

static void
LookForWritten(void *context)
{
    ClusterLink *conn = context;
    ClusterpDelivery delivery = ClusterpDelivered(conn->fd);

    if (delivery != CLUSTERP_CONFIRMED) {
        SetTimer(conn, LOOK_MS, LookForWritten);
    }
    if (delivery != CLUSTERP_REPEATED) { /* the far end has read on, or need not yet */
        conn->muteSince = 0;
        conn->suspect = false;
        return;
    }
    if (!conn->muteSince) { /* the system waited for about so long before it sent it again */
        conn->muteSince = Now(conn) - LOOK_MS;
    }
    ClusterConnHold(conn);
    DecideSuspicion(conn);
    ClusterConnRelease(conn);
}

void
ClusterConnWrote(ClusterLink *conn)
{
    if (!ClusterTimerIsSet(&conn->timeout) && !conn->stream->base.type->localOnly) {
        SetTimer(conn, LOOK_MS, LookForWritten);
    }
}

bool
ClusterConnWorks(const ClusterLink *conn)
{
    return !ClusterConnIsDead(conn) && !conn->connecting && !conn->broken && !conn->suspect;
}
