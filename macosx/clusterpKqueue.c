/*
 * clusterpKqueue.c --
 *
 *	The poller, by the kqueue of macOS and the BSDs.
 *
 *	A child made by fork does not inherit the kqueue: its descriptor is
 *	invalid there, and may be another file's.
 */

#include "../unix/clusterpInt.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#include <fcntl.h>

/* The most events fetched by one system call. */
#define POLL_BATCH 64

bool
ClusterpPollerOpen(ClusterpPoller *poller)
{
    poller->timer = -1;
    poller->fd = kqueue();
    if (poller->fd >= 0 && fcntl(poller->fd, F_SETFD, FD_CLOEXEC) != 0) {
        ClusterpDiscard(poller->fd);
        poller->fd = -1;
    }
    return poller->fd >= 0;
}

/* Applies one change; what closing the descriptor had removed counts as removed. */
static bool
Change(ClusterpPoller *poller, int fd, int16_t filter, bool add, void *context)
{
    struct kevent change;
    int result;

    EV_SET(&change, (uintptr_t) fd, filter, add ? EV_ADD : EV_DELETE, 0, 0, context);
    do {
        result = kevent(poller->fd, &change, 1, NULL, 0, NULL);
    } while (result < 0 && errno == EINTR);
    return result >= 0 || (!add && (errno == ENOENT || errno == EBADF));
}

/* Brings one filter from what was watched to what is to be; adding again changes the context. */
static bool
Adjust(ClusterpPoller *poller, int fd, int16_t filter, bool was, bool is, void *context)
{
    if (!was && !is) {
        return true;
    }
    return Change(poller, fd, filter, is, context);
}

ClusterpResult
ClusterpPollerSet(ClusterpPoller *poller, int fd, int oldMask, int newMask, void *context,
        int *error)
{
    if (!Adjust(poller, fd, EVFILT_READ, (oldMask & CLUSTERP_READABLE) != 0,
                (newMask & CLUSTERP_READABLE) != 0, context)
            || !Adjust(poller, fd, EVFILT_WRITE, (oldMask & CLUSTERP_WRITABLE) != 0,
                    (newMask & CLUSTERP_WRITABLE) != 0, context)) {
        return ClusterpFail(error);
    }
    return CLUSTERP_OK;
}

static int
FromKqueue(const struct kevent *ready)
{
    bool ended = (ready->flags & EV_EOF) != 0;

    /* The end of what is read, without an error, may be half a close: there is still writing. */
    if ((ready->flags & EV_ERROR) != 0 || (ended && ready->fflags != 0)
            || (ended && ready->filter == EVFILT_WRITE)) {
        return CLUSTERP_READABLE | CLUSTERP_WRITABLE;
    }
    return ready->filter == EVFILT_WRITE ? CLUSTERP_WRITABLE : CLUSTERP_READABLE;
}

int
ClusterpPollerPoll(ClusterpPoller *poller, ClusterpEvent *events, int max, int ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000L};
    struct kevent ready[POLL_BATCH];
    int got, count = 0;

    if (max <= 0) {
        return 0;
    }
    do {
        got = kevent(poller->fd, NULL, 0, ready, max < POLL_BATCH ? max : POLL_BATCH, &wait);
    } while (got < 0 && errno == EINTR && ms == 0);
    for (int i = 0; i < got; i++) {
        void *context = (void *) ready[i].udata;
        int at = 0;

        if (ready[i].filter == EVFILT_TIMER) {
            continue; /* ClusterpPollerWake's, which fires once */
        }

        /* Reading and writing come as two events; the caller is to see one. */
        while (at < count && events[at].context != context) {
            at++;
        }
        if (at == count) {
            events[count].context = context;
            events[count].mask = 0;
            count++;
        }
        events[at].mask |= FromKqueue(&ready[i]);
    }
    return count;
}

ClusterpResult
ClusterpPollerWake(ClusterpPoller *poller, int64_t at, int *error)
{
    int64_t wait = at - ClusterpMonotonic();
    struct kevent change;

    EV_SET(&change, 0, EVFILT_TIMER, at ? EV_ADD | EV_ONESHOT : EV_DELETE, NOTE_USECONDS,
            wait > 0 ? wait : 1, NULL);
    if (kevent(poller->fd, &change, 1, NULL, 0, NULL) < 0 && !(at == 0 && errno == ENOENT)) {
        return ClusterpFail(error);
    }
    return CLUSTERP_OK;
}
