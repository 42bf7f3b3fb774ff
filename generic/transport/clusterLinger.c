/*
 * clusterLinger.c --
 *
 *	Finishes connections whose transport is gone (see clusterLinger.h).
 */

#include "transport/clusterLinger.h"

#include "base/clusterLimits.h"
#include "base/clusterList.h"

#include <stdlib.h>

/* Writes and reads of one connection in a turn of the event loop. */
#define TURN_WRITES 8
#define TURN_READS  4
/* Milliseconds between two looks at who makes progress: in the event loop, and at the end. */
#define LOOK_MS      1000
#define LOOK_EXIT_MS 20

#define MS 1000 /* microseconds */

typedef struct Linger Linger;

/* The lingering connections of one loop, whose guest the list is. */
typedef struct Lingering {
    ClusterLoop *loop;
    ClusterpPoller *poller; /* at the end of the thread, instead of the loop's */
    ClusterTimer look;      /* the next look at them; set while there are any */
    ClusterList lingers;    /* oldest first */
    int count;
    size_t bytes; /* that wait in all of them */
} Lingering;

/* Belongs to its list, and has no ties to anything else. */
struct Linger {
    Lingering *list;
    int fd;
    ClusterWatch *watch; /* NULL at the end of the thread */
    int mask;            /* what is waited for */
    ClusterOutput output;
    ClusterConnSeal *seal; /* NULL: it is plain */
    bool connecting;
    bool shut;              /* it was said that this was all */
    bool ended;             /* the peer says no more */
    size_t left;            /* bytes not confirmed at the last look that showed progress */
    int64_t since, advance; /* when it began, and when there was progress: microseconds */
    ClusterListEntry entry;
};

/*
 * ------------------------------------------------------------------------
 * One connection
 * ------------------------------------------------------------------------
 */

static Linger *
LingerOfEntry(ClusterListEntry *entry)
{
    return entry ? CLUSTER_LIST_ITEM(entry, Linger, entry) : NULL;
}

static Linger *
LingerFirst(const Lingering *list)
{
    return LingerOfEntry(ClusterListFirst(&list->lingers));
}

static Linger *
LingerNext(const Linger *linger)
{
    return LingerOfEntry(ClusterListNext(&linger->list->lingers, &linger->entry));
}

static void
LingerEnd(Linger *linger)
{
    Lingering *list = linger->list;

    ClusterListRemove(&linger->entry);
    list->count--;
    list->bytes -= linger->output.queue.bytes;
    if (list->poller) {
        ClusterpPollerSet(list->poller, linger->fd, linger->mask, 0, linger, NULL);
    }
    ClusterWatchFree(&linger->watch);
    ClusterpClose(linger->fd);
    ClusterBlobQueueFree(&linger->output.queue);
    ClusterConnSealFree(linger->seal);
    free(linger);
}

static void
LingerAwait(Linger *linger, int mask)
{
    if (linger->watch) {
        ClusterWatchMask(linger->watch, mask);
    } else {
        ClusterpPollerSet(linger->list->poller, linger->fd, linger->mask, mask, linger, NULL);
    }
    linger->mask = mask;
}

/* Is there something that could be written? */
static bool
LingerHasOutput(const Linger *linger)
{
    return linger->seal ? ClusterConnSealHasOutput(linger->seal, &linger->output)
                        : linger->output.queue.count > 0;
}

static ClusterpResult
LingerWriteOnce(Linger *linger)
{
    ClusterOutputCount count = {0, 0};

    return linger->seal ? ClusterConnSealWrite(linger->seal, &linger->output, linger->fd,
                   linger->list->loop, NULL, &count, NULL)
                        : ClusterOutputWrite(&linger->output, linger->fd, NULL, &count, NULL);
}

/* False when the connection is of no more use. */
static bool
LingerWrite(Linger *linger)
{
    ClusterpResult result = CLUSTERP_OK;
    size_t before = linger->output.queue.bytes;
    int i;

    for (i = 0; i < TURN_WRITES && LingerHasOutput(linger) && result == CLUSTERP_OK; i++) {
        result = LingerWriteOnce(linger);
    }
    linger->list->bytes -= before - linger->output.queue.bytes;
    if (!linger->output.queue.count && !LingerHasOutput(linger) && !linger->shut) {
        ClusterpShutWrite(linger->fd);
        linger->shut = true;
    }
    return result != CLUSTERP_ERROR;
}

/* Goes on with the handshake, which what waits is written after. False when that fails. */
static bool
LingerHear(Linger *linger, const void *bytes, size_t length)
{
    ClusterConnSealStep step = CLUSTER_CONN_SEAL_DONE;
    int64_t now = ClusterClockNow(ClusterLoopClock(linger->list->loop));

    if (!linger->seal || ClusterConnSealIsOpen(linger->seal)) {
        return true;
    }
    if (!bpacket_stream_feed(*ClusterConnSealFrames(linger->seal), bytes, length)) {
        return false;
    }
    while (step == CLUSTER_CONN_SEAL_DONE && !ClusterConnSealIsOpen(linger->seal)) {
        step = ClusterConnSealNext(linger->seal, NULL, now);
    }
    return step != CLUSTER_CONN_SEAL_BROKEN;
}

/* The same. What the peer says concerns nobody here, but for the handshake. */
static bool
LingerReadAway(Linger *linger)
{
    ClusterpResult result = CLUSTERP_OK;
    size_t size, length;
    void *buffer = ClusterLoopBuffer(linger->list->loop, &size);
    int i;

    for (i = 0; i < TURN_READS && result == CLUSTERP_OK; i++) {
        result = ClusterpRead(linger->fd, buffer, size, &length, NULL);
        if (result == CLUSTERP_OK && !LingerHear(linger, buffer, length)) {
            return false;
        }
    }
    linger->ended = result == CLUSTERP_CLOSED;
    return result != CLUSTERP_ERROR;
}

/* False when it is done, or of no more use. */
static bool
LingerProceed(Linger *linger, int mask)
{
    if (linger->connecting) {
        ClusterpResult result = ClusterpConnectResult(linger->fd, NULL);

        if (result != CLUSTERP_OK) {
            return result == CLUSTERP_AGAIN;
        }
        linger->connecting = false;
    }
    if (!LingerWrite(linger)
            || ((mask & CLUSTERP_READABLE) && !linger->ended && !LingerReadAway(linger))) {
        return false;
    }
    LingerAwait(linger,
            (linger->ended ? 0 : CLUSTERP_READABLE)
                    | (LingerHasOutput(linger) ? CLUSTERP_WRITABLE : 0));
    return !linger->ended || linger->output.queue.count || LingerHasOutput(linger);
}

static void
LingerReady(void *context, int mask)
{
    Linger *linger = context;

    if (!LingerProceed(linger, mask)) {
        LingerEnd(linger);
    }
}

/*
 * ------------------------------------------------------------------------
 * Bounds
 * ------------------------------------------------------------------------
 */

/* Has anything been taken or confirmed, or has it only begun? */
static void
LingerNoteProgress(Linger *linger, int64_t now)
{
    size_t left = linger->output.queue.bytes - linger->output.written + ClusterpUnsent(linger->fd);

    if (left != linger->left || linger->advance == 0) {
        linger->left = left;
        linger->advance = now;
    }
}

static void
LingerDropStalled(Lingering *list)
{
    int64_t now = ClusterpMonotonic();
    Linger *linger = LingerFirst(list), *next;

    for (; linger; linger = next) {
        next = LingerNext(linger);
        LingerNoteProgress(linger, now);
        if (now - linger->advance >= CLUSTER_LINGER_STALL_MS * MS
                || now - linger->since >= CLUSTER_LINGER_MS * MS) {
            LingerEnd(linger);
        }
    }
}

static void
LingerDropAll(Lingering *list)
{
    while (!ClusterListEmpty(&list->lingers)) {
        LingerEnd(LingerFirst(list));
    }
}

static void
LingerLook(void *context)
{
    Lingering *list = context;

    if (ClusterLoopForked(list->loop)) {
        LingerDropAll(list);
    } else {
        LingerDropStalled(list);
    }
    if (!ClusterListEmpty(&list->lingers)) {
        ClusterTimerSet(&list->look, ClusterLoopClock(list->loop), LOOK_MS, LingerLook, list);
    }
}

/*
 * ------------------------------------------------------------------------
 * The end of the thread
 * ------------------------------------------------------------------------
 */

/* From the loop's poller, with which it ends, to one that is waited for. */
static void
LingerChangePoller(Lingering *list)
{
    Linger *linger = LingerFirst(list), *next;

    for (; linger; linger = next) {
        int mask = linger->mask;

        next = LingerNext(linger);
        ClusterWatchFree(&linger->watch);
        linger->mask = 0;
        linger->advance = 0;
        if (ClusterpPollerSet(list->poller, linger->fd, 0, mask, linger, NULL) == CLUSTERP_OK) {
            linger->mask = mask;
        } else {
            LingerEnd(linger);
        }
    }
}

/*
 * Drops those that need no more care, as the system delivers what it has, and
 * those that stall: by then closing late does not help either.
 */
static void
LingerDropSettled(Lingering *list)
{
    int64_t now = ClusterpMonotonic();
    Linger *linger = LingerFirst(list), *next;

    for (; linger; linger = next) {
        next = LingerNext(linger);
        LingerNoteProgress(linger, now);
        if ((linger->shut && linger->left == 0)
                || (!linger->connecting
                        && now - linger->advance >= CLUSTER_LINGER_EXIT_STALL_MS * MS)) {
            LingerEnd(linger);
        }
    }
}

static void
LingerDrain(Lingering *list)
{
    int64_t end = ClusterpMonotonic() + CLUSTER_LINGER_EXIT_MS * MS;
    ClusterpEvent events[CLUSTER_LINGER_MAX];

    list->poller = ClusterpPollerNew(NULL);
    if (!list->poller) {
        return;
    }
    LingerChangePoller(list);
    LingerDropSettled(list);
    while (!ClusterListEmpty(&list->lingers) && ClusterpMonotonic() < end) {
        int i, count = ClusterpPollerPoll(list->poller, events, CLUSTER_LINGER_MAX, LOOK_EXIT_MS);

        for (i = 0; i < count; i++) {
            LingerReady(events[i].context, events[i].mask); /* ends none but its own */
        }
        LingerDropSettled(list);
    }
    LingerDropAll(list);
    ClusterpPollerFree(list->poller);
    list->poller = NULL;
}

/* The thread ends: whoever made these connections is gone, as are all scripts. */
static void
LingerLoopEnds(void *context)
{
    Lingering *list = context;

    ClusterTimerCancel(&list->look);
    if (!ClusterListEmpty(&list->lingers) && !ClusterLoopForked(list->loop)) {
        LingerDrain(list);
    }
    LingerDropAll(list);
    free(list);
}

/*
 * ------------------------------------------------------------------------
 * Taking over
 * ------------------------------------------------------------------------
 */

/* The loop's list, made when first needed; NULL without memory, or at the loop's end. */
static Lingering *
LingerListOf(ClusterLoop *loop)
{
    Lingering *list = ClusterLoopGuest(loop);

    if (!list && !ClusterLoopOver(loop) && (list = calloc(1, sizeof *list)) != NULL) {
        list->loop = loop;
        ClusterListInit(&list->lingers);
        ClusterLoopSetGuest(loop, list, LingerLoopEnds);
    }
    return list;
}

static void
LingerAppend(Lingering *list, Linger *linger, size_t most)
{
    while (list->count == CLUSTER_LINGER_MAX
            || (list->count && list->bytes + linger->output.queue.bytes > most)) {
        LingerEnd(LingerFirst(list));
    }
    linger->list = list;
    ClusterListAppend(&list->lingers, &linger->entry);
    list->count++;
    list->bytes += linger->output.queue.bytes;
    if (!ClusterTimerIsSet(&list->look)) {
        ClusterTimerSet(&list->look, ClusterLoopClock(list->loop), LOOK_MS, LingerLook, list);
    }
}

void
ClusterLingerTake(ClusterLoop *loop, int fd, ClusterOutput *output, ClusterConnSeal *seal,
        bool connecting, size_t most)
{
    Lingering *list = LingerListOf(loop);
    Linger *linger = list ? calloc(1, sizeof *linger) : NULL;
    int error;

    if (linger) {
        linger->mask = CLUSTERP_READABLE | CLUSTERP_WRITABLE;
        linger->watch = ClusterWatchNew(loop, fd, linger->mask, LingerReady, NULL, linger, &error);
    }
    if (!linger || !linger->watch) {
        free(linger);
        ClusterConnSealFree(seal);
        ClusterpClose(fd);
        return;
    }
    linger->fd = fd;
    linger->seal = seal;
    ClusterOutputMove(&linger->output, output);
    linger->connecting = connecting;
    linger->since = ClusterpMonotonic();
    LingerAppend(list, linger, most);
}

size_t
ClusterLingerBytes(ClusterLoop *loop)
{
    const Lingering *list = ClusterLoopGuest(loop);

    return list ? list->bytes : 0;
}

bool
ClusterLingerMakeRoom(ClusterLoop *loop)
{
    Lingering *list = ClusterLoopGuest(loop);
    Linger *linger = list ? LingerFirst(list) : NULL;
    int64_t now = ClusterpMonotonic();

    for (; linger; linger = LingerNext(linger)) {
        if (linger->output.queue.count && linger->advance
                && now - linger->advance >= CLUSTER_QUEUE_IDLE_S * 1000 * MS) {
            LingerEnd(linger);
            return true;
        }
    }
    return false;
}
