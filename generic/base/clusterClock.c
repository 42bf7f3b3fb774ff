/*
 * clusterClock.c --
 *
 *	Timers over a clock, and the clock that is Tcl's (see clusterClock.h).
 */

#include "base/clusterClock.h"

#include "base/clusterCompat.h"
#include "base/clusterPlatform.h"

#include <limits.h>

static int64_t
TclNow(void *context)
{
    (void) context;
    return ClusterpMonotonic() / 1000;
}

static void *
TclStart(void *context, int64_t ms, ClusterTimerProc *proc, void *data)
{
    (void) context;
    if (ms > INT_MAX) {
        ms = INT_MAX;
    }
    return Tcl_CreateTimerHandler(ms < 0 ? 0 : (int) ms, proc, data);
}

static void
TclStop(void *context, void *token)
{
    (void) context;
    Tcl_DeleteTimerHandler(token);
}

const ClusterClock clusterTclClock = {TclNow, TclStart, TclStop, NULL};

static void
Fired(void *data)
{
    ClusterTimer *timer = data;

    timer->token = NULL;
    timer->proc(timer->data);
}

void
ClusterTimerSet(ClusterTimer *timer, const ClusterClock *clock, int64_t ms, ClusterTimerProc *proc,
        void *data)
{
    ClusterTimerCancel(timer);
    timer->clock = clock;
    timer->proc = proc;
    timer->data = data;
    timer->token = clock->start(clock->context, ms, Fired, timer);
}

void
ClusterTimerCancel(ClusterTimer *timer)
{
    if (timer->token) {
        timer->clock->stop(timer->clock->context, timer->token);
        timer->token = NULL;
    }
}

int64_t
ClusterClockNow(const ClusterClock *clock)
{
    return clock->now(clock->context);
}
