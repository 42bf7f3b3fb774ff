/*
 * clusterClock.h --
 *
 *	Timers, and the clock they wait for: the loop of a thread has one that
 *	goes by the system's monotonic time, tests have one that is turned by hand.
 *
 *	Tcl's own timers are not used: they follow the wall clock, which may jump,
 *	and are kept in a sorted list, which ten thousand of them make slow.
 */

#ifndef CLUSTER_CLOCK_H
#define CLUSTER_CLOCK_H

#include "base/clusterDeadline.h"

typedef void(ClusterTimerProc)(void *data);

/*
 * Whoever runs the clock (a loop, a test) owns it and fills in the first
 * three fields; the rest begins as zeros. It must outlive its users.
 */
typedef struct ClusterClock {
    /* Milliseconds that never go back. */
    int64_t (*now)(void *context);
    /* The last user is gone; may free the clock. NULL: nobody wants to know. */
    void (*unused)(void *context);
    void *context;
    ClusterDeadlines timers;
    size_t users;
    int64_t lateness; /* see ClusterClockLateness */
    bool held;        /* see ClusterClockHeld */
} ClusterClock;

/* A timer that is set or not; zero-initialise. */
typedef struct ClusterTimer {
    ClusterDeadline deadline;
    ClusterClock *clock; /* that it was last set on */
    ClusterTimerProc *proc;
    void *data;
} ClusterTimer;

/* Who keeps timers on a clock uses it from before the first is set until after the last is cancelled. */
void ClusterClockUse(ClusterClock *clock);
void ClusterClockLeave(ClusterClock *clock);

int64_t ClusterClockNow(const ClusterClock *clock);
/*
 * Asked from a timer's proc: by how many milliseconds the timers of this pass
 * come too late because nobody looked, as when the process was stopped or a
 * script computed for long. What had arrived meanwhile is not read yet.
 */
int64_t ClusterClockLateness(const ClusterClock *clock);
/* Is nothing read now, as scripts are nested too deep in the event loop? Then nobody is to be told of what can wait. */
bool ClusterClockHeld(const ClusterClock *clock);

/*
 * Calls proc once from the event loop, ms milliseconds from now (0: when the
 * loop turns next), in place of what the timer was set to.
 */
void ClusterTimerSet(ClusterTimer *timer, ClusterClock *clock, int64_t ms, ClusterTimerProc *proc,
        void *data);
/* The same at a time of the clock; one that is past counts as now. */
void ClusterTimerSetAt(ClusterTimer *timer, ClusterClock *clock, int64_t due,
        ClusterTimerProc *proc, void *data);
void ClusterTimerCancel(ClusterTimer *timer);
bool ClusterTimerIsSet(const ClusterTimer *timer);

/* ---- for who runs the clock ---- */

/* When the first timer is due; false when none is set. */
bool ClusterClockNext(ClusterClock *clock, int64_t *due);
/*
 * Runs the first timer if it is due by `until` and was set no later than the
 * `order`th (see ClusterDeadlines.order). Returns whether one was run.
 */
bool ClusterClockRunOne(ClusterClock *clock, int64_t until, uint64_t order);

#endif
