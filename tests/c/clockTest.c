/*
 * clockTest.c --
 *
 *	The clock that is turned by hand (see clockTest.h).
 */

#include "clockTest.h"

#include <stdbool.h>
#include <stdlib.h>

/* Some time after the start, so that an age is not mistaken for a time. */
#define START 1000000

typedef struct Timer {
    int64_t at;
    uint64_t order; /* among those of one time */
    size_t place;   /* in the heap */
    ClusterTimerProc *proc;
    void *data;
} Timer;

/* The timers are a heap: each is due no later than the two at twice its place, and one more. */
struct HandClock {
    ClusterClock table;
    int64_t now;
    uint64_t order;
    Timer **heap; /* heap[0] is not used */
    size_t count, capacity;
};

static bool
Before(const Timer *one, const Timer *other)
{
    return one->at < other->at || (one->at == other->at && one->order < other->order);
}

static void
Put(HandClock *clock, size_t place, Timer *timer)
{
    clock->heap[place] = timer;
    timer->place = place;
}

static void
SiftUp(HandClock *clock, Timer *timer, size_t place)
{
    while (place > 1 && Before(timer, clock->heap[place / 2])) {
        Put(clock, place, clock->heap[place / 2]);
        place /= 2;
    }
    Put(clock, place, timer);
}

static void
SiftDown(HandClock *clock, Timer *timer, size_t place)
{
    for (;;) {
        size_t child = place * 2;

        if (child < clock->count && Before(clock->heap[child + 1], clock->heap[child])) {
            child++;
        }
        if (child > clock->count || Before(timer, clock->heap[child])) {
            break;
        }
        Put(clock, place, clock->heap[child]);
        place = child;
    }
    Put(clock, place, timer);
}

static void
Remove(HandClock *clock, Timer *timer)
{
    size_t place = timer->place;
    Timer *last = clock->heap[clock->count--];

    if (last != timer) {
        SiftDown(clock, last, place);
        SiftUp(clock, last, last->place);
    }
}

static int64_t
Now(void *context)
{
    return ((HandClock *) context)->now;
}

/* There is nobody to tell that memory is short: a test ends then. */
static void *
Allocate(void *before, size_t size)
{
    void *memory = realloc(before, size);

    if (!memory) {
        abort();
    }
    return memory;
}

static void *
Start(void *context, int64_t ms, ClusterTimerProc *proc, void *data)
{
    HandClock *clock = context;
    Timer *timer = Allocate(NULL, sizeof *timer);

    if (clock->count + 2 > clock->capacity) {
        clock->capacity = clock->capacity * 2 + 64;
        clock->heap = Allocate(clock->heap, clock->capacity * sizeof(Timer *));
    }
    timer->at = clock->now + (ms > 0 ? ms : 0);
    timer->order = clock->order++;
    timer->proc = proc;
    timer->data = data;
    SiftUp(clock, timer, ++clock->count);
    return timer;
}

static void
Stop(void *context, void *token)
{
    Remove(context, token);
    free(token);
}

HandClock *
HandClockNew(void)
{
    HandClock *clock = calloc(1, sizeof *clock);

    if (clock) {
        clock->now = START;
        clock->table.now = Now;
        clock->table.start = Start;
        clock->table.stop = Stop;
        clock->table.context = clock;
    }
    return clock;
}

void
HandClockFree(HandClock *clock)
{
    if (!clock) {
        return;
    }
    while (clock->count) {
        free(clock->heap[clock->count--]);
    }
    free(clock->heap);
    free(clock);
}

const ClusterClock *
HandClockTable(const HandClock *clock)
{
    return &clock->table;
}

int64_t
HandClockNow(const HandClock *clock)
{
    return clock->now;
}

size_t
HandClockPending(const HandClock *clock)
{
    return clock->count;
}

void
HandClockAdvance(HandClock *clock, int64_t ms)
{
    int64_t until = clock->now + ms;

    while (clock->count && clock->heap[1]->at <= until) {
        Timer *timer = clock->heap[1];

        Remove(clock, timer);
        if (timer->at > clock->now) {
            clock->now = timer->at;
        }
        timer->proc(timer->data);
        free(timer);
    }
    if (until > clock->now) {
        clock->now = until;
    }
}
