/*
 * clusterLoop.c --
 *
 *	Puts the sockets of a thread into Tcl's event loop (see clusterLoop.h).
 */

#include "base/clusterLoop.h"

#include "base/clusterLimits.h"
#include "base/clusterList.h"
#include "base/clusterLoopTimers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOP_EVENTS 64
#define LOOP_BUFFER 65536

/*
 * The notifier of Tcl 9 waits with an epoll or kqueue descriptor, which a
 * forked child shares with its parent: what one changes there hits both.
 */
#define NOTIFIER_IS_SHARED (TCL_MAJOR_VERSION > 8)

struct ClusterWatch {
    ClusterLoop *loop;
    int fd;
    int mask;  /* what the poller watches */
    int again; /* what to report without the poller, while it is in the loop's `again` */
    ClusterWatchProc *proc;
    ClusterFlushProc *flush;
    void *context;
    ClusterListEntry inAgain, inFlushes;
};

/*
 * A thread's loop lives from the first use to the thread's end, or that of
 * the last watch or user of its clock. The watches belong to the transports.
 */
struct ClusterLoop {
    ClusterpPoller *poller;
    int pid;
    size_t watches; /* that exist */
    bool over;      /* the thread has ended: freed with the last watch */
    unsigned turn;
    int depth;                 /* callbacks under way, each within the one before */
    bool deaf;                 /* too many: Tcl does not watch the poller */
    bool queued, timersQueued; /* a LoopEvent, a TimerEvent is in Tcl's queue */
    ClusterpEvent ready[LOOP_EVENTS];
    int next, count;   /* ready[next..count) waits; shared by nested runs */
    ClusterList again; /* watches with more to handle */
    int againCount;
    ClusterList flushes; /* watches with something to write before the thread sleeps */
    ClusterLoopTimers timers;
    unsigned char *buffer;
    void *guest; /* NULL, or what `end` is called with */
    ClusterLoopEndProc *end;
};

static Tcl_ThreadDataKey loopKey;

static Tcl_FileProc LoopReadable;

/*
 * ------------------------------------------------------------------------
 * Watches with more to handle, or to write
 * ------------------------------------------------------------------------
 */

static void
AgainUnlink(ClusterWatch *watch)
{
    if (ClusterListHas(&watch->inAgain)) {
        ClusterListRemove(&watch->inAgain);
        watch->again = 0;
        watch->loop->againCount--;
    }
}

void
ClusterWatchAgain(ClusterWatch *watch, int mask)
{
    watch->again |= mask;
    if (watch->again && !ClusterListHas(&watch->inAgain)) {
        ClusterListAppend(&watch->loop->again, &watch->inAgain);
        watch->loop->againCount++;
    }
}

void
ClusterWatchAgainNot(ClusterWatch *watch)
{
    AgainUnlink(watch);
}

void
ClusterWatchFlush(ClusterWatch *watch)
{
    if (!ClusterListHas(&watch->inFlushes)) {
        ClusterListAppend(&watch->loop->flushes, &watch->inFlushes);
    }
}

static void
RunFlushes(ClusterLoop *loop)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&loop->flushes)) != NULL) {
        ClusterWatch *watch = CLUSTER_LIST_ITEM(entry, ClusterWatch, inFlushes);

        ClusterListRemove(entry);
        watch->flush(watch->context);
    }
}

/*
 * ------------------------------------------------------------------------
 * Dispatching
 * ------------------------------------------------------------------------
 */

static bool
TimeIsUp(int64_t start)
{
    return ClusterpMonotonic() - start >= CLUSTER_LOOP_MICROSECONDS;
}

static bool
IsDeep(const ClusterLoop *loop)
{
    return loop->depth >= CLUSTER_NESTED_MAX;
}

/* Tcl watches the poller unless nothing may be delivered: else it would be told again and again in vain. */
static void
HeedDepth(ClusterLoop *loop)
{
    bool deaf = IsDeep(loop);

    if (deaf == loop->deaf || loop->over || ClusterLoopForked(loop)) {
        return;
    }
    loop->deaf = loop->timers.clock.held = deaf;
    if (deaf) {
        Tcl_DeleteFileHandler(ClusterpPollerDescriptor(loop->poller));
    } else {
        Tcl_CreateFileHandler(ClusterpPollerDescriptor(loop->poller), TCL_READABLE, LoopReadable,
                loop);
    }
}

/* Calls a watch's proc, which may free the watch. */
static void
CallWatch(ClusterLoop *loop, ClusterWatch *watch, int mask)
{
    loop->depth++;
    HeedDepth(loop);
    watch->proc(watch->context, mask);
    loop->depth--;
    HeedDepth(loop);
}

/* One that has more to handle, if it was listed before this turn. */
static bool
RunAgain(ClusterLoop *loop, int *turns)
{
    ClusterListEntry *entry = ClusterListFirst(&loop->again);
    ClusterWatch *watch;
    int mask;

    if (!entry || *turns <= 0) {
        return false;
    }
    --*turns;
    watch = CLUSTER_LIST_ITEM(entry, ClusterWatch, inAgain);
    mask = watch->again;
    AgainUnlink(watch);
    CallWatch(loop, watch, mask);
    return true;
}

/* One that the poller named. */
static bool
RunReady(ClusterLoop *loop)
{
    while (loop->next < loop->count) {
        ClusterpEvent event = loop->ready[loop->next++];
        ClusterWatch *watch = event.context;

        if (watch) {
            CallWatch(loop, watch, event.mask);
            return true;
        }
    }
    return false;
}

/*
 * Runs what is ready, for about a millisecond. What is left stays for the
 * next turn. Those with more to handle take turns with those that the poller
 * names: one that never runs dry must not keep out the others, however little
 * of it a millisecond is enough for. A callback that enters the event loop
 * ends up here again: both runs take from the same ready[] and the same list,
 * so nothing is run twice, and ClusterWatchFree takes a dead watch out of both.
 */
static void
Dispatch(ClusterLoop *loop)
{
    int64_t start = ClusterpMonotonic();
    int turns = loop->againCount; /* those listed meanwhile wait for the next turn */
    bool ran;

    if (IsDeep(loop)) {
        return;
    }
    do {
        ran = RunAgain(loop, &turns);
        ran = RunReady(loop) || ran;
    } while (ran && !TimeIsUp(start));
}

/* Asks the poller once the last answers are used up. */
static bool
Poll(ClusterLoop *loop)
{
    if (loop->next >= loop->count) {
        loop->next = 0;
        loop->count = ClusterpPollerPoll(loop->poller, loop->ready, LOOP_EVENTS, 0);
    }
    return loop->count > loop->next;
}

static int
LoopEvent(Tcl_Event *event, int flags)
{
    ClusterLoop *loop = *(ClusterLoop **) Tcl_GetThreadData(&loopKey, sizeof(ClusterLoop *));

    (void) event;
    if (!(flags & TCL_FILE_EVENTS)) {
        return 0;
    }
    if (loop) {
        loop->queued = false;
        if (!ClusterLoopForked(loop)) {
            Dispatch(loop);
        }
    }
    return 1;
}

static void
QueueEvent(ClusterLoop *loop)
{
    Tcl_Event *event;

    if (loop->queued) {
        return;
    }
    loop->queued = true;
    event = (Tcl_Event *) Tcl_Alloc(sizeof *event);
    event->proc = LoopEvent;
    Tcl_QueueEvent(event, TCL_QUEUE_TAIL);
}

/*
 * ------------------------------------------------------------------------
 * Timers
 * ------------------------------------------------------------------------
 */

static int
TimerEvent(Tcl_Event *event, int flags)
{
    ClusterLoop *loop = *(ClusterLoop **) Tcl_GetThreadData(&loopKey, sizeof(ClusterLoop *));

    (void) event;
    if (!(flags & TCL_TIMER_EVENTS)) {
        return 0;
    }
    if (loop) {
        loop->timersQueued = false;
        if (!ClusterLoopForked(loop)) {
            loop->depth++;
            HeedDepth(loop);
            ClusterLoopTimersRun(&loop->timers);
            loop->depth--;
            HeedDepth(loop);
        }
    }
    return 1;
}

static void
QueueTimers(ClusterLoop *loop)
{
    Tcl_Event *event;

    if (loop->timersQueued || !ClusterLoopTimersDue(&loop->timers)) {
        return;
    }
    loop->timersQueued = true;
    event = (Tcl_Event *) Tcl_Alloc(sizeof *event);
    event->proc = TimerEvent;
    Tcl_QueueEvent(event, TCL_QUEUE_TAIL);
}

/*
 * ------------------------------------------------------------------------
 * Tcl's event loop
 * ------------------------------------------------------------------------
 */

static void
LoopReadable(void *clientData, int mask)
{
    ClusterLoop *loop = clientData;

    (void) mask;
    if (ClusterLoopForked(loop)) {
        if (!NOTIFIER_IS_SHARED) {
            Tcl_DeleteFileHandler(ClusterpPollerDescriptor(loop->poller));
        }
        return;
    }
    if (Poll(loop)) {
        Dispatch(loop);
    }
}

/*
 * Before Tcl sleeps: writes what was gathered, and looks whether something is
 * ready already. That saves the way through Tcl's notifier, which in 8.6 is
 * another thread.
 */
static void
LoopSetup(void *clientData, int flags)
{
    ClusterLoop *loop = clientData;
    Tcl_Time none = {0, 0};

    if (ClusterLoopForked(loop)) {
        return;
    }
    if (flags & TCL_FILE_EVENTS) {
        loop->turn++;
        RunFlushes(loop);
        if (!IsDeep(loop) && (Poll(loop) || !ClusterListEmpty(&loop->again))) {
            Tcl_SetMaxBlockTime(&none);
        }
    }
    if (flags & TCL_TIMER_EVENTS) {
        ClusterLoopTimersSetUp(&loop->timers, loop->deaf ? NULL : loop->poller);
    }
}

static void
LoopCheck(void *clientData, int flags)
{
    ClusterLoop *loop = clientData;

    if (ClusterLoopForked(loop)) {
        return;
    }
    if (flags & TCL_TIMER_EVENTS) {
        QueueTimers(loop);
    }
    if ((flags & TCL_FILE_EVENTS) && !IsDeep(loop)
            && (!ClusterListEmpty(&loop->again) || loop->next < loop->count)) {
        QueueEvent(loop);
    }
}

/*
 * ------------------------------------------------------------------------
 * Life of a loop
 * ------------------------------------------------------------------------
 */

static void
FreeIfUnused(ClusterLoop *loop)
{
    if (loop->over && loop->watches == 0 && loop->timers.clock.users == 0) {
        free(loop->buffer);
        free(loop);
    }
}

static void
ClockUnused(void *context)
{
    FreeIfUnused(context);
}

static int
IsLoopEvent(Tcl_Event *event, void *clientData)
{
    (void) clientData;
    return event->proc == LoopEvent || event->proc == TimerEvent;
}

/*
 * Handlers run last made first, so sockets may outlive their loop: in a
 * forked child that joined, the parent's handler, which closes all clusters,
 * is older than the child's loop. Their watches then have nothing to do.
 */
static void
LoopExit(void *clientData)
{
    ClusterLoop *loop = clientData;
    ClusterLoop **mine = Tcl_GetThreadData(&loopKey, sizeof(ClusterLoop *));

    if (loop->guest) {
        loop->end(loop->guest);
        loop->guest = NULL;
    }
    *mine = NULL;
    Tcl_DeleteEvents(IsLoopEvent, NULL);
    Tcl_DeleteEventSource(LoopSetup, LoopCheck, loop);
    if (!ClusterLoopForked(loop)) {
        Tcl_DeleteFileHandler(ClusterpPollerDescriptor(loop->poller));
    }
    ClusterpPollerFree(loop->poller);
    loop->over = true;
    FreeIfUnused(loop);
}

ClusterLoop *
ClusterLoopGet(int *error)
{
    ClusterLoop **mine = Tcl_GetThreadData(&loopKey, sizeof(ClusterLoop *));
    ClusterLoop *loop = *mine;

    if (loop && !ClusterLoopForked(loop)) {
        return loop;
    }
    if (loop && NOTIFIER_IS_SHARED) {
        *error = ENOTSUP;
        return NULL;
    }
    /* After a fork the parent's loop stays, for its watches. */
    loop = calloc(1, sizeof *loop);
    if (loop) {
        loop->buffer = malloc(LOOP_BUFFER);
    }
    if (!loop || !loop->buffer) {
        *error = ENOMEM;
        goto failed;
    }
    loop->poller = ClusterpPollerNew(error);
    if (!loop->poller) {
        goto failed;
    }
    loop->pid = ClusterpProcessId();
    ClusterListInit(&loop->again);
    ClusterListInit(&loop->flushes);
    ClusterLoopTimersInit(&loop->timers, ClockUnused, loop);
    Tcl_CreateFileHandler(ClusterpPollerDescriptor(loop->poller), TCL_READABLE, LoopReadable, loop);
    Tcl_CreateEventSource(LoopSetup, LoopCheck, loop);
    Tcl_CreateThreadExitHandler(LoopExit, loop);
    *mine = loop;
    return loop;

failed:
    if (loop) {
        free(loop->buffer);
    }
    free(loop);
    return NULL;
}

bool
ClusterLoopForked(const ClusterLoop *loop)
{
    return loop->pid != ClusterpProcessId();
}

bool
ClusterLoopOver(const ClusterLoop *loop)
{
    return loop->over;
}

ClusterClock *
ClusterLoopClock(ClusterLoop *loop)
{
    return &loop->timers.clock;
}

unsigned
ClusterLoopTurn(const ClusterLoop *loop)
{
    return loop->turn;
}

void *
ClusterLoopBuffer(ClusterLoop *loop, size_t *size)
{
    *size = LOOP_BUFFER;
    return loop->buffer;
}

void *
ClusterLoopGuest(const ClusterLoop *loop)
{
    return loop->guest;
}

void
ClusterLoopSetGuest(ClusterLoop *loop, void *guest, ClusterLoopEndProc *end)
{
    loop->guest = guest;
    loop->end = end;
}

/*
 * ------------------------------------------------------------------------
 * Watches
 * ------------------------------------------------------------------------
 */

ClusterWatch *
ClusterWatchNew(ClusterLoop *loop, int fd, int mask, ClusterWatchProc *proc,
        ClusterFlushProc *flush, void *context, int *error)
{
    ClusterWatch *watch = calloc(1, sizeof *watch);

    if (!watch) {
        *error = ENOMEM;
        return NULL;
    }
    watch->loop = loop;
    watch->fd = fd;
    watch->mask = mask;
    watch->proc = proc;
    watch->flush = flush;
    watch->context = context;
    if (ClusterpPollerSet(loop->poller, fd, 0, mask, watch, error) != CLUSTERP_OK) {
        free(watch);
        return NULL;
    }
    loop->watches++;
    return watch;
}

void
ClusterWatchMask(ClusterWatch *watch, int mask)
{
    if (mask == watch->mask || watch->loop->over || ClusterLoopForked(watch->loop)) {
        return;
    }
    if (ClusterpPollerSet(watch->loop->poller, watch->fd, watch->mask, mask, watch, NULL)
            == CLUSTERP_OK) {
        watch->mask = mask;
    }
}

void
ClusterWatchFree(ClusterWatch **watchPtr)
{
    ClusterWatch *watch = *watchPtr;
    ClusterLoop *loop;
    int i;

    *watchPtr = NULL;
    if (!watch) {
        return;
    }
    loop = watch->loop;
    ClusterWatchMask(watch, 0);
    AgainUnlink(watch);
    ClusterListRemove(&watch->inFlushes);
    for (i = loop->next; i < loop->count; i++) {
        if (loop->ready[i].context == watch) {
            loop->ready[i].context = NULL;
        }
    }
    free(watch);
    loop->watches--;
    FreeIfUnused(loop);
}
