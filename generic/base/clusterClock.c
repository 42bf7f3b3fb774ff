/*
 * clusterClock.c --
 *
 *	Timers over a clock (see clusterClock.h).
 */

#include "base/clusterClock.h"

void
ClusterClockUse(ClusterClock *clock)
{
    clock->users++;
}

void
ClusterClockLeave(ClusterClock *clock)
{
    if (--clock->users == 0 && clock->unused) {
        clock->unused(clock->context);
    }
}

int64_t
ClusterClockNow(const ClusterClock *clock)
{
    return clock->now(clock->context);
}

bool
ClusterClockHeld(const ClusterClock *clock)
{
    return clock->held;
}

int64_t
ClusterClockLateness(const ClusterClock *clock)
{
    return clock->lateness;
}

void
ClusterTimerSetAt(ClusterTimer *timer, ClusterClock *clock, int64_t due, ClusterTimerProc *proc,
        void *data)
{
    if (timer->clock != clock) {
        ClusterTimerCancel(timer);
    }
    timer->clock = clock;
    timer->proc = proc;
    timer->data = data;
    ClusterDeadlineSet(&clock->timers, &timer->deadline, due);
}

void
ClusterTimerSet(ClusterTimer *timer, ClusterClock *clock, int64_t ms, ClusterTimerProc *proc,
        void *data)
{
    ClusterTimerSetAt(timer, clock, ClusterClockNow(clock) + (ms > 0 ? ms : 0), proc, data);
}

void
ClusterTimerCancel(ClusterTimer *timer)
{
    if (ClusterTimerIsSet(timer)) {
        ClusterDeadlineClear(&timer->clock->timers, &timer->deadline);
    }
}

bool
ClusterTimerIsSet(const ClusterTimer *timer)
{
    return ClusterDeadlineIsSet(&timer->deadline);
}

bool
ClusterClockNext(ClusterClock *clock, int64_t *due)
{
    ClusterDeadline *first = ClusterDeadlineSoonest(&clock->timers);

    if (first) {
        *due = first->due;
    }
    return first != NULL;
}

/* The deadline is the first field of its timer. The proc may free the timer. */
bool
ClusterClockRunOne(ClusterClock *clock, int64_t until, uint64_t order)
{
    ClusterDeadline *first = ClusterDeadlineSoonest(&clock->timers);
    ClusterTimer *timer = (ClusterTimer *) (void *) first;

    if (!first || first->due > until || first->order > order) {
        return false;
    }
    ClusterDeadlineClear(&clock->timers, first);
    timer->proc(timer->data);
    return true;
}
