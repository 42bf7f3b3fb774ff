/*
 * clusterPool.c --
 *
 *	Shares out descriptors and memory among the connections of a thread (see
 *	clusterPool.h).
 */

#include "transport/clusterConnInt.h"

#include "transport/clusterLinger.h"

#define SECOND 1000 /* milliseconds */
/* Seconds for which connections are looked at for how long they are idle, after somebody wanted one more in vain. */
#define SHORT_S 60

static Tcl_ThreadDataKey poolKey;

static void PoolLook(void *context);

/*
 * ------------------------------------------------------------------------
 * The pool
 * ------------------------------------------------------------------------
 */

static void
ShareInit(ClusterShare *share, size_t most)
{
    share->most = most;
    ClusterListInit(&share->waiting);
}

ClusterPool *
ClusterPoolGet(void)
{
    ClusterPool *pool = Tcl_GetThreadData(&poolKey, sizeof *pool);

    if (!pool->ofMembers.most) {
        ClusterListInit(&pool->watched);
        ClusterListInit(&pool->strangers);
        ClusterListInit(&pool->resting);
        ClusterListInit(&pool->handshakes);
        ShareInit(&pool->ofMembers, CLUSTER_INPUT_MAX);
        ShareInit(&pool->ofStrangers, CLUSTER_INPUT_STRANGER_MAX);
    }
    return pool;
}

static ClusterLink *
ConnOfWatched(ClusterListEntry *entry)
{
    return entry ? CLUSTER_LIST_ITEM(entry, ClusterLink, inWatched) : NULL;
}

/*
 * ------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------
 */

/* Whoever is on one of the two lists has a watch, so the loop is there. */
static void
PoolArm(ClusterPool *pool, ClusterLoop *loop)
{
    if (!ClusterTimerIsSet(&pool->look)) {
        pool->loop = loop;
        ClusterTimerSet(&pool->look, ClusterLoopClock(loop), SECOND, PoolLook, pool);
    }
}

static void
PoolDisarm(ClusterPool *pool)
{
    if (ClusterListEmpty(&pool->watched) && ClusterListEmpty(&pool->resting)) {
        ClusterTimerCancel(&pool->look);
    }
}

static void
PoolUnwatch(ClusterPool *pool, ClusterLink *conn)
{
    if (ClusterListHas(&conn->inWatched)) {
        ClusterListRemove(&conn->inWatched);
        pool->watchedCount--;
    }
}

/* The first goes to the end, so that a callback may end any of them, and look at them itself in a nested event loop. */
static void
PoolLookAtFirst(ClusterPool *pool)
{
    ClusterLink *conn = ConnOfWatched(ClusterListFirst(&pool->watched));

    ClusterListRemove(&conn->inWatched);
    ClusterListAppend(&pool->watched, &conn->inWatched);
    ClusterConnHold(conn);
    if (!ClusterConnLook(conn)) {
        PoolUnwatch(pool, conn);
    }
    ClusterConnRelease(conn);
}

static void
PoolResume(ClusterPool *pool)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&pool->resting)) != NULL) {
        ClusterStreamResume(CLUSTER_LIST_ITEM(entry, ClusterStream, inResting));
    }
}

static void
PoolLook(void *context)
{
    ClusterPool *pool = context;

    if (!ClusterLoopForked(pool->loop)) {
        PoolArm(pool, pool->loop);
        ClusterPoolSecond(pool);
    }
}

void
ClusterPoolSecond(ClusterPool *pool)
{
    size_t count = pool->watchedCount;

    pool->second++;
    PoolResume(pool);
    while (count-- > 0 && !ClusterListEmpty(&pool->watched)) {
        PoolLookAtFirst(pool);
    }
    PoolDisarm(pool);
}

void
ClusterPoolWatch(ClusterLink *conn)
{
    ClusterPool *pool = conn->stream->pool;

    if (!ClusterListHas(&conn->inWatched)) {
        ClusterListAppend(&pool->watched, &conn->inWatched);
        pool->watchedCount++;
        PoolArm(pool, conn->stream->loop);
    }
}

/*
 * ------------------------------------------------------------------------
 * Descriptors
 * ------------------------------------------------------------------------
 */

bool
ClusterPoolIsShort(const ClusterPool *pool)
{
    return pool->isShort && pool->second - pool->shortAt <= SHORT_S;
}

static void
BeginUse(ClusterLink *conn)
{
    conn->use.since = conn->stream->pool->second;
    conn->use.bytes = conn->bytesIn + conn->bytesOut;
}

/* From now on it is looked at how long connections are idle; before, nobody needed to know. */
static void
PoolNoteShort(ClusterPool *pool, ClusterStream *stream)
{
    ClusterLink *conn;

    if (pool->isShort && pool->shortAt == pool->second) {
        return;
    }
    pool->isShort = true;
    pool->shortAt = pool->second;
    for (conn = ClusterConnFirst(stream); conn; conn = ClusterConnNext(conn)) {
        if (!ClusterListHas(&conn->inWatched)) {
            BeginUse(conn);
            ClusterPoolWatch(conn);
        }
    }
}

static bool
MayGoIdle(const ClusterLink *conn)
{
    return conn->owner && !conn->connecting && !conn->broken && !conn->begun
            && !conn->output.queue.count && conn->use.bytes == conn->bytesIn + conn->bytesOut;
}

/* The connection of a member that is idle for longest, and long enough. Looks for one at most once a second in vain. */
static ClusterLink *
PoolIdlest(ClusterPool *pool)
{
    ClusterListEntry *entry;
    ClusterLink *idlest = NULL;
    unsigned most = CLUSTER_IDLE_S - 1;

    if (pool->searchedIdle == pool->second) {
        return NULL;
    }
    for (entry = ClusterListFirst(&pool->watched); entry;
            entry = ClusterListNext(&pool->watched, entry)) {
        ClusterLink *conn = ConnOfWatched(entry);

        if (pool->second - conn->use.since > most && MayGoIdle(conn)) {
            idlest = conn;
            most = pool->second - conn->use.since;
        }
    }
    if (!idlest) {
        pool->searchedIdle = pool->second;
    }
    return idlest;
}

/*
 * Ends the connection that serves nobody for longest, unless it is new, and may
 * be about to speak; else that of a member that is idle for longest. False when
 * there is none.
 */
static bool
PoolCrowdOut(ClusterStream *stream)
{
    ClusterPool *pool = stream->pool;
    ClusterListEntry *entry = ClusterListFirst(&pool->strangers);
    ClusterLink *conn = entry ? CLUSTER_LIST_ITEM(entry, ClusterLink, inStrangers) : NULL;

    if (!conn || pool->second - conn->born < 2) {
        PoolNoteShort(pool, stream);
        conn = PoolIdlest(pool);
    }
    if (!conn) {
        return false;
    }
    conn->faded = true; /* it says nothing of the member's life */
    ClusterConnEnd(conn, CLUSTER_DROP_CROWDED);
    return true;
}

/*
 * Descriptors are numbered from the lowest that is free, so the next number
 * tells how many the whole process has, whoever opened them.
 */
bool
ClusterPoolMayAccept(ClusterStream *stream)
{
    ClusterPool *pool = stream->pool;
    size_t limit = ClusterpDescriptorLimit();

    return (pool->accepted < limit / CLUSTER_ACCEPT_SHARE
                   && ClusterpDescriptorNext(stream->listener)
                           < limit - limit / CLUSTER_SPARE_SHARE)
            || (ClusterpSomebodyWaits(stream->listener) && PoolCrowdOut(stream));
}

bool
ClusterPoolMayConnect(ClusterStream *stream)
{
    size_t limit = ClusterpDescriptorLimit(), next;
    ClusterLink *conn;

    if (stream->listener < 0
            || (next = ClusterpDescriptorNext(stream->listener))
                    < limit - limit / CLUSTER_SPARE_SHARE) {
        return true;
    }
    PoolNoteShort(stream->pool, stream);
    conn = PoolIdlest(stream->pool);
    if (conn) {
        conn->stream->delegate->dropped(conn->stream->context, &conn->stream->base,
                CLUSTER_DROP_CROWDED, 1);
        ClusterConnAbandon(conn);
    }
    return next < limit - limit / CLUSTER_CONNECT_SPARE_SHARE;
}

void
ClusterPoolRest(ClusterStream *stream)
{
    ClusterPool *pool = stream->pool;

    if (!ClusterListHas(&stream->inResting)) {
        ClusterListAppend(&pool->resting, &stream->inResting);
        PoolArm(pool, stream->loop);
    }
}

void
ClusterPoolRestNot(ClusterStream *stream)
{
    ClusterListRemove(&stream->inResting);
    PoolDisarm(stream->pool);
}

/*
 * ------------------------------------------------------------------------
 * Packets that have begun
 * ------------------------------------------------------------------------
 */

static ClusterShare *
ShareOf(const ClusterLink *conn)
{
    return conn->owner ? &conn->stream->pool->ofMembers : &conn->stream->pool->ofStrangers;
}

/* Those that wait ask again, each before it is read. */
static void
ShareResume(ClusterShare *share)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&share->waiting)) != NULL) {
        ClusterListRemove(entry);
        ClusterConnAwait(CLUSTER_LIST_ITEM(entry, ClusterLink, inWaiting));
    }
}

static void
ShareCharge(ClusterShare *share, ClusterLink *conn, size_t bytes)
{
    share->used += bytes - conn->input;
    conn->input = bytes;
    if (share->favoured == conn && !conn->begun) {
        share->favoured = NULL;
    }
    if (!share->favoured || share->used <= share->most) {
        ShareResume(share);
    }
}

/* One whose packet has not begun yet may bring it, if that is short. */
bool
ClusterPoolMayRead(ClusterLink *conn, size_t *most)
{
    ClusterShare *share = ShareOf(conn);

    *most = SIZE_MAX;
    if (share->used <= share->most || share->favoured == conn) {
        return true;
    }
    if (!conn->begun) {
        *most = CLUSTER_INPUT_CONTENDED_READ;
        return true;
    }
    if (!share->favoured) {
        share->favoured = conn;
        return true;
    }
    if (!ClusterListHas(&conn->inWaiting)) {
        ClusterListAppend(&share->waiting, &conn->inWaiting);
        ClusterConnAwait(conn);
    }
    return false;
}

void
ClusterPoolWasRead(ClusterLink *conn, bool partial)
{
    ClusterShare *share = ShareOf(conn);

    if (partial && !conn->begun) {
        conn->in.since = conn->stream->pool->second;
        conn->in.bytes = conn->bytesIn;
        ClusterPoolWatch(conn);
    }
    conn->begun = partial;
    if (share->used > share->most / 2) {
        bpacket_stream_idle(conn->frames);
        bpacket_stream_idle(ClusterConnInput(conn));
    }
    ShareCharge(share, conn, ClusterConnMemory(conn));
}

/*
 * ------------------------------------------------------------------------
 * Output that waits
 * ------------------------------------------------------------------------
 */

static size_t
PriceOf(size_t bytes, size_t packets)
{
    return bytes + packets * CLUSTER_QUEUE_PACKET_PRICE;
}

/* What it costs: what waits, and what the system has taken and was not let go of. */
static size_t
HeldFor(const ClusterLink *conn)
{
    return conn->waiting + conn->taken.bytes;
}

/* Of those that nobody reads the one for which most is held; NULL for none that has more than `least`. */
static ClusterLink *
PoolLargestIdle(ClusterPool *pool, size_t least)
{
    ClusterListEntry *entry;
    ClusterLink *largest = NULL;

    for (entry = ClusterListFirst(&pool->watched); entry;
            entry = ClusterListNext(&pool->watched, entry)) {
        ClusterLink *conn = ConnOfWatched(entry);

        if (HeldFor(conn) > least && conn->out.bytes == conn->bytesOut
                && pool->second - conn->out.since >= CLUSTER_QUEUE_IDLE_S) {
            largest = conn;
            least = HeldFor(conn);
        }
    }
    return largest;
}

size_t
ClusterPoolKeptBeyond(const ClusterLink *conn)
{
    size_t kept = conn->stream->pool->taken;

    return kept > CLUSTER_TAKEN_ALL_MOST ? kept - CLUSTER_TAKEN_ALL_MOST : 0;
}

/* What waits, of connections that were closed too, and what is kept beyond its share. */
static size_t
PoolOutput(const ClusterLink *conn)
{
    return conn->stream->pool->output + ClusterLingerBytes(conn->stream->loop)
            + ClusterPoolKeptBeyond(conn);
}

/* Looks for one at most once a second in vain. */
static bool
PoolMakeRoom(ClusterPool *pool, const ClusterLink *conn, size_t price)
{
    ClusterLink *victim;

    while (PoolOutput(conn) + price > conn->stream->queueMost) {
        if (ClusterLingerMakeRoom(conn->stream->loop)) {
            continue;
        }
        if (HeldFor(conn) > conn->stream->queueMost / CLUSTER_QUEUE_FAIR_SHARE
                || pool->searched == pool->second
                || (victim = PoolLargestIdle(pool, HeldFor(conn))) == NULL) {
            pool->searched = pool->second;
            return false;
        }
        ClusterConnSacrifice(victim);
    }
    return true;
}

bool
ClusterPoolMayQueue(ClusterLink *conn, size_t length)
{
    const ClusterBlobQueue *queue = &conn->output.queue;
    ClusterPool *pool = conn->stream->pool;
    size_t price = PriceOf(length, 1), most = conn->stream->queueMost;

    if (queue->count && conn->waiting + price > most / CLUSTER_QUEUE_PEER_SHARE) {
        return false;
    }
    return PoolOutput(conn) + price <= most || PoolMakeRoom(pool, conn, price);
}

bool
ClusterPoolCrowded(const ClusterLink *conn)
{
    size_t most = conn->stream->queueMost;

    return conn->stream->pool->output > most - most / 4;
}

void
ClusterPoolQueued(ClusterLink *conn)
{
    ClusterPool *pool = conn->stream->pool;
    size_t waiting = PriceOf(conn->output.queue.bytes, conn->output.queue.count);

    if (waiting && !conn->waiting) {
        conn->out.since = pool->second;
        conn->out.bytes = conn->bytesOut;
        ClusterPoolWatch(conn);
    }
    pool->output += waiting - conn->waiting;
    conn->waiting = waiting;
}

/*
 * ------------------------------------------------------------------------
 * Connections
 * ------------------------------------------------------------------------
 */

void
ClusterPoolEnter(ClusterLink *conn)
{
    ClusterPool *pool = conn->stream->pool;

    conn->born = conn->silentSince = conn->use.since = pool->second;
    if (conn->accepted) {
        pool->accepted++;
        ClusterListAppend(&pool->strangers, &conn->inStrangers);
        ClusterPoolWatch(conn);
    }
}

void
ClusterPoolAdopt(ClusterLink *conn, void *owner)
{
    ClusterShare *before = ShareOf(conn);

    if ((owner != NULL) == (conn->owner != NULL)) {
        conn->owner = owner;
        return;
    }
    if (owner) {
        ClusterListRemove(&conn->inStrangers);
    }
    before->used -= conn->input;
    if (before->favoured == conn) {
        before->favoured = NULL;
    }
    conn->owner = owner;
    ShareOf(conn)->used += conn->input;
    if (!before->favoured) {
        ShareResume(before);
    }
}

void
ClusterPoolHandshake(ClusterLink *conn)
{
    ClusterPool *pool = conn->stream->pool;

    if (pool->handshakeCount >= CLUSTER_HANDSHAKES_MAX) {
        ClusterConnEnd(CLUSTER_LIST_ITEM(ClusterListFirst(&pool->handshakes), ClusterLink,
                               inHandshake),
                CLUSTER_DROP_CROWDED);
    }
    if (!ClusterConnIsDead(conn)) {
        ClusterListAppend(&pool->handshakes, &conn->inHandshake);
        pool->handshakeCount++;
    }
}

void
ClusterPoolHandshakeEnds(ClusterLink *conn)
{
    if (ClusterListHas(&conn->inHandshake)) {
        ClusterListRemove(&conn->inHandshake);
        conn->stream->pool->handshakeCount--;
    }
}

void
ClusterPoolLeave(ClusterLink *conn)
{
    ClusterPool *pool = conn->stream->pool;

    conn->begun = false;
    ClusterListRemove(&conn->inWaiting);
    ClusterListRemove(&conn->inStrangers);
    ClusterPoolHandshakeEnds(conn);
    PoolUnwatch(pool, conn);
    ShareCharge(ShareOf(conn), conn, 0);
    pool->output -= conn->waiting;
    conn->waiting = 0;
    if (conn->accepted) {
        pool->accepted--;
    }
    PoolResume(pool);
    PoolDisarm(pool);
}
