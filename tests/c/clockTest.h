/*
 * clockTest.h --
 *
 *	A clock that is turned by hand: time stands still until a test advances it.
 */

#ifndef CLOCK_TEST_H
#define CLOCK_TEST_H

#include "base/clusterClock.h"

#include <stddef.h>

typedef struct HandClock HandClock;

/* At 1,000,000 ms, without timers; NULL without memory. */
HandClock *HandClockNew(void);
/* Timers that are still set are forgotten. */
void HandClockFree(HandClock *hand);
/* The clock as the membership sees it; valid as long as this one. */
ClusterClock *HandClockTable(HandClock *hand);
int64_t HandClockNow(const HandClock *hand);
/*
 * Goes on by ms, running each timer at its time, those of one time in the
 * order they were set. Timers set meanwhile run too when they are due. May
 * be called from a timer, as an event loop may be entered from one.
 */
void HandClockAdvance(HandClock *hand, int64_t ms);
/*
 * Time goes on by ms while nobody looks, as when a process is stopped; then the
 * timers that were due meanwhile run, late.
 */
void HandClockAway(HandClock *hand, int64_t ms);
/* How many timers are set. */
size_t HandClockPending(const HandClock *hand);
/* How many use the clock still, as each node does until it is freed. */
size_t HandClockUsers(const HandClock *hand);

#endif
