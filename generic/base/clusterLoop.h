/*
 * clusterLoop.h --
 *
 *	The sockets and timers of one thread in Tcl's event loop, behind a single
 *	descriptor.
 *
 *	Tcl sees only the poller's descriptor (8.6 waits with select and cannot
 *	count beyond 1024). Callbacks run from Tcl_DoOneEvent, never from within
 *	the functions here, and may free any watch, their own included, destroy
 *	what they serve, and enter the event loop again.
 */

#ifndef CLUSTER_LOOP_H
#define CLUSTER_LOOP_H

#include "base/clusterClock.h"
#include "base/clusterCompat.h"
#include "base/clusterPlatform.h"

typedef struct ClusterLoop ClusterLoop;
typedef struct ClusterWatch ClusterWatch;

/*
 * mask: CLUSTERP_READABLE, CLUSTERP_WRITABLE or both. May be called with a
 * bit that is no longer true: reads and writes must cope with CLUSTERP_AGAIN.
 */
typedef void(ClusterWatchProc)(void *context, int mask);

/*
 * Called right before the thread would sleep, to write what was gathered
 * during the turn. It may not evaluate scripts nor free watches.
 */
typedef void(ClusterFlushProc)(void *context);

/* Packets handled for one descriptor, and microseconds spent on all, before timers and others get their turn. */
#define CLUSTER_LOOP_PACKETS      64
#define CLUSTER_LOOP_MICROSECONDS 1000

/*
 * Callbacks may nest by entering the event loop CLUSTER_NESTED_MAX deep
 * (clusterLimits.h). In there nothing is delivered any more: what waits stays
 * unread, and goes on once they return. Timers and other things of the program
 * go on meanwhile, and so do the timers here, which look at ClusterClockHeld.
 */

/* This thread's loop, made when first asked for; NULL with the system's error when it cannot be. */
ClusterLoop *ClusterLoopGet(int *error);
/* Did the process fork since? Then descriptors may be closed, and nothing else done to them. */
bool ClusterLoopForked(const ClusterLoop *loop);
/* Has the thread ended? Then its watches have nothing to do, and none can be made. */
bool ClusterLoopOver(const ClusterLoop *loop);
/* The clock that runs its timers in this loop, by the system's monotonic time. */
ClusterClock *ClusterLoopClock(ClusterLoop *loop);
/* Counts the turns of the event loop: what was sent in the same turn may be written together. */
unsigned ClusterLoopTurn(const ClusterLoop *loop);
/* 64 KiB to read into, shared by all of the thread: use it up before calling anybody. */
void *ClusterLoopBuffer(ClusterLoop *loop, size_t *size);

/*
 * One thing that lives as long as the loop; NULL when there is none. `end` is
 * called with it when the thread ends, while the loop's watches still can be
 * freed, and after everything that joined a cluster in this thread was told
 * to close. It may block for a while, and frees the guest. Not called in a
 * thread that goes without being ended.
 */
typedef void(ClusterLoopEndProc)(void *guest);
void *ClusterLoopGuest(const ClusterLoop *loop);
void ClusterLoopSetGuest(ClusterLoop *loop, void *guest, ClusterLoopEndProc *end);

/* Watches fd, which stays the caller's. NULL with *error when the poller refuses. flush may be NULL. */
ClusterWatch *ClusterWatchNew(ClusterLoop *loop, int fd, int mask, ClusterWatchProc *proc,
        ClusterFlushProc *flush, void *context, int *error);
/* Frees *watch, sets it to NULL; before its descriptor is closed. */
void ClusterWatchFree(ClusterWatch **watch);
void ClusterWatchMask(ClusterWatch *watch, int mask);
/* Calls the proc in the next turn whatever the descriptor says: there is more to handle. */
void ClusterWatchAgain(ClusterWatch *watch, int mask);
/* Takes that back. */
void ClusterWatchAgainNot(ClusterWatch *watch);
/* Calls the flush proc once before the thread sleeps. */
void ClusterWatchFlush(ClusterWatch *watch);

#endif
