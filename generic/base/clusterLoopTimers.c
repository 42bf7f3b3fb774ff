/*
 * clusterLoopTimers.c --
 *
 *	When a loop's timers run (see clusterLoopTimers.h).
 */

#include "base/clusterLoopTimers.h"

#include "base/clusterCompat.h"
#include "base/clusterLoop.h"

static int64_t
MonotonicMs(void *context)
{
    (void) context;
    return ClusterpMonotonic() / 1000;
}

void
ClusterLoopTimersInit(ClusterLoopTimers *timers, void (*unused)(void *context), void *context)
{
    timers->clock.now = MonotonicMs;
    timers->clock.unused = unused;
    timers->clock.context = context;
}

bool
ClusterLoopTimersDue(ClusterLoopTimers *timers)
{
    int64_t due;

    return ClusterClockNext(&timers->clock, &due) && due <= MonotonicMs(NULL);
}

/*
 * How late the next pass is: a deadline cannot be missed before the loop last
 * looked, however many others had to be dealt with first. What is found before
 * the thread would have slept counts for the pass that comes of it.
 */
static void
NoteLateness(ClusterLoopTimers *timers, int64_t now)
{
    int64_t due = now;

    ClusterClockNext(&timers->clock, &due);
    due = due < timers->lastSeen ? timers->lastSeen : due;
    if (now - due > timers->clock.lateness) {
        timers->clock.lateness = now - due;
    }
}

void
ClusterLoopTimersRun(ClusterLoopTimers *timers)
{
    int64_t start = ClusterpMonotonic();
    uint64_t last = timers->clock.timers.order;
    int64_t now = start / 1000;

    NoteLateness(timers, now);
    while (ClusterClockRunOne(&timers->clock, now, last)
            && ClusterpMonotonic() - start < CLUSTER_LOOP_MICROSECONDS) {
        continue;
    }
    timers->clock.lateness = 0;
    timers->lastSeen = MonotonicMs(NULL);
}

/* Has the poller wake the thread then. False when there is none, or it cannot. */
static bool
WakeAt(ClusterLoopTimers *timers, ClusterpPoller *poller, int64_t due, int64_t now)
{
    if (!poller) {
        return false;
    }
    if (timers->wakeAt > now && timers->wakeAt <= due) {
        return true; /* before it, and is set anew then */
    }
    if (ClusterpPollerWake(poller, due * 1000, NULL) != CLUSTERP_OK) {
        return false;
    }
    timers->wakeAt = due;
    return true;
}

/* The poller wakes the thread, by the monotonic clock: how long Tcl 8.6 waits follows the wall clock. */
void
ClusterLoopTimersSetUp(ClusterLoopTimers *timers, ClusterpPoller *poller)
{
    int64_t now = MonotonicMs(NULL), due = 0;
    Tcl_Time none = {0, 0};

    NoteLateness(timers, now);
    timers->lastSeen = now;
    if (!ClusterClockNext(&timers->clock, &due)) {
        timers->clock.lateness = 0;
        return;
    }
    if (due <= now) {
        Tcl_SetMaxBlockTime(&none);
        return;
    }
    timers->clock.lateness = 0; /* what was late was cancelled before it was run */
    if (!WakeAt(timers, poller, due, now)) {
        Tcl_Time wait = {(long) ((due - now) / 1000), (long) ((due - now) % 1000 * 1000)};

        Tcl_SetMaxBlockTime(&wait);
    }
}
