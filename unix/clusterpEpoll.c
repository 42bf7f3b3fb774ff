/*
 * clusterpEpoll.c --
 *
 *	The poller, by Linux's epoll.
 *
 *	A child made by fork shares the epoll set with its parent: it may only
 *	free the poller there, never change what it watches.
 */

#include "clusterpInt.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The most events fetched by one system call. */
#define POLL_BATCH 64

bool
ClusterpPollerOpen(ClusterpPoller *poller)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = poller};

    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->fd < 0) {
        return false;
    }
    poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (poller->timer < 0) {
        ClusterpDiscard(poller->fd);
        return false;
    }
    if (epoll_ctl(poller->fd, EPOLL_CTL_ADD, poller->timer, &event) != 0) {
        ClusterpDiscard(poller->timer);
        ClusterpDiscard(poller->fd);
        return false;
    }
    return true;
}

static uint32_t
ToEpoll(int mask)
{
    uint32_t events = 0;

    if (mask & CLUSTERP_READABLE) {
        events |= EPOLLIN;
    }
    if (mask & CLUSTERP_WRITABLE) {
        events |= EPOLLOUT;
    }
    return events;
}

static int
FromEpoll(uint32_t events)
{
    int mask = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        mask |= CLUSTERP_READABLE;
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        mask |= CLUSTERP_WRITABLE;
    }
    return mask;
}

ClusterpResult
ClusterpPollerSet(ClusterpPoller *poller, int fd, int oldMask, int newMask, void *context,
        int *error)
{
    struct epoll_event event = {0};
    int operation = EPOLL_CTL_MOD;

    if (oldMask == 0 && newMask == 0) {
        return CLUSTERP_OK;
    }
    if (oldMask == 0) {
        operation = EPOLL_CTL_ADD;
    } else if (newMask == 0) {
        operation = EPOLL_CTL_DEL;
    }
    event.events = ToEpoll(newMask);
    event.data.ptr = context;
    if (epoll_ctl(poller->fd, operation, fd, &event) == 0) {
        return CLUSTERP_OK;
    }
    return ClusterpFail(error);
}

/* Its time has come: not readable any more. */
static void
ReadTimer(const ClusterpPoller *poller)
{
    uint64_t times;

    (void) !read(poller->timer, &times, sizeof times);
}

int
ClusterpPollerPoll(ClusterpPoller *poller, ClusterpEvent *events, int max, int ms)
{
    struct epoll_event ready[POLL_BATCH];
    int count = epoll_wait(poller->fd, ready, max < POLL_BATCH ? max : POLL_BATCH, ms);
    int told = 0;

    for (int i = 0; i < count; i++) {
        if (ready[i].data.ptr == poller) {
            ReadTimer(poller);
        } else {
            events[told].context = ready[i].data.ptr;
            events[told].mask = FromEpoll(ready[i].events);
            told++;
        }
    }
    return told;
}

ClusterpResult
ClusterpPollerWake(ClusterpPoller *poller, int64_t at, int *error)
{
    struct itimerspec when = {.it_value = {at / 1000000, at % 1000000 * 1000}};

    return timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0
            ? CLUSTERP_OK
            : ClusterpFail(error);
}
