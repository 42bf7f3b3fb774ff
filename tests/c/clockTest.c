/*
 * clockTest.c --
 *
 *	The clock that is turned by hand (see clockTest.h).
 */

#include "clockTest.h"

#include <stdlib.h>

/* Some time after the start, so that an age is not mistaken for a time. */
#define START 1000000

struct HandClock {
    ClusterClock clock;
    int64_t now;
};

static int64_t
HandNow(void *context)
{
    return ((HandClock *) context)->now;
}

HandClock *
HandClockNew(void)
{
    HandClock *hand = calloc(1, sizeof *hand);

    if (hand) {
        hand->now = START;
        hand->clock.now = HandNow;
        hand->clock.context = hand;
    }
    return hand;
}

void
HandClockFree(HandClock *hand)
{
    free(hand);
}

ClusterClock *
HandClockTable(HandClock *hand)
{
    return &hand->clock;
}

int64_t
HandClockNow(const HandClock *hand)
{
    return hand->now;
}

size_t
HandClockPending(const HandClock *hand)
{
    return hand->clock.timers.heap.count;
}

size_t
HandClockUsers(const HandClock *hand)
{
    return hand->clock.users;
}

void
HandClockAdvance(HandClock *hand, int64_t ms)
{
    int64_t until = hand->now + ms, due;

    hand->clock.lateness = 0;
    while (ClusterClockNext(&hand->clock, &due) && due <= until) {
        hand->now = due > hand->now ? due : hand->now;
        ClusterClockRunOne(&hand->clock, hand->now, hand->clock.timers.order);
    }
    hand->now = until > hand->now ? until : hand->now;
}

void
HandClockAway(HandClock *hand, int64_t ms)
{
    int64_t due, until = hand->now + ms;
    uint64_t last = hand->clock.timers.order;

    if (ClusterClockNext(&hand->clock, &due) && due < until) {
        hand->clock.lateness = until - (due > hand->now ? due : hand->now);
    }
    hand->now = until;
    while (ClusterClockRunOne(&hand->clock, until, last)) {
        continue;
    }
    hand->clock.lateness = 0;
}
