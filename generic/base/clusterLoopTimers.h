/*
 * clusterLoopTimers.h --
 *
 *	The clock of a loop, for clusterLoop.c alone: it says when Tcl's event loop
 *	sleeps and when it comes back, and this file which timers run then.
 */

#ifndef CLUSTER_LOOP_TIMERS_H
#define CLUSTER_LOOP_TIMERS_H

#include "base/clusterClock.h"
#include "base/clusterPlatform.h"

typedef struct ClusterLoopTimers {
    ClusterClock clock;
    int64_t wakeAt;   /* ms; when the poller wakes the thread for a timer, 0 for never */
    int64_t lastSeen; /* ms; when the loop last looked at its timers */
} ClusterLoopTimers;

/* `unused` is called with context when the clock's last user leaves. */
void ClusterLoopTimersInit(ClusterLoopTimers *timers, void (*unused)(void *context), void *context);
/* Before the thread sleeps: sees that the first timer wakes it, by the poller, or by Tcl's own means when that is NULL. */
void ClusterLoopTimersSetUp(ClusterLoopTimers *timers, ClusterpPoller *poller);
/* Is there one to be run now? */
bool ClusterLoopTimersDue(ClusterLoopTimers *timers);
/*
 * Runs timers that are due, for about a millisecond; the rest comes with the
 * next turn, after sockets had theirs. One that a timer sets for now is not
 * run in this turn. Timers may enter the event loop, and so come here again.
 */
void ClusterLoopTimersRun(ClusterLoopTimers *timers);

#endif
