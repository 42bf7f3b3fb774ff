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
void HandClockFree(HandClock *clock);
/* The table for the membership; valid as long as the clock. */
const ClusterClock *HandClockTable(const HandClock *clock);
int64_t HandClockNow(const HandClock *clock);
/*
 * Goes on by ms, running each timer at its time, those of one time in the
 * order they were set. Timers set meanwhile run too when they are due. May
 * be called from a timer, as an event loop may be entered from one.
 */
void HandClockAdvance(HandClock *clock, int64_t ms);
/* How many timers are set. */
size_t HandClockPending(const HandClock *clock);

#endif
