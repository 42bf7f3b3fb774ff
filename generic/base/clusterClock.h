/*
 * clusterClock.h --
 *
 *	Time as the membership sees it: Tcl's timers in earnest, a clock that is
 *	turned by hand in tests.
 */

#ifndef CLUSTER_CLOCK_H
#define CLUSTER_CLOCK_H

#include <stdint.h>

typedef void(ClusterTimerProc)(void *data);

typedef struct ClusterClock {
    /* Milliseconds that never go back. */
    int64_t (*now)(void *context);
    /* Calls proc once from the event loop, ms from now (0: as soon as it turns). Returns a token. */
    void *(*start)(void *context, int64_t ms, ClusterTimerProc *proc, void *data);
    /* The token has not fired yet. */
    void (*stop)(void *context, void *token);
    void *context;
} ClusterClock;

extern const ClusterClock clusterTclClock;

/* A timer that is set or not; zero-initialise. */
typedef struct ClusterTimer {
    const ClusterClock *clock;
    void *token; /* NULL when not set */
    ClusterTimerProc *proc;
    void *data;
} ClusterTimer;

/* Sets it, in place of what it was set to. The clock must outlive it. */
void ClusterTimerSet(ClusterTimer *timer, const ClusterClock *clock, int64_t ms,
        ClusterTimerProc *proc, void *data);
void ClusterTimerCancel(ClusterTimer *timer);
int64_t ClusterClockNow(const ClusterClock *clock);

#endif
