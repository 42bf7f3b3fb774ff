/*
 * clusterLinger.h --
 *
 *	Connections whose transport is closed before all they had to write was
 *	taken by the system: they finish in the thread's event loop, and at the
 *	thread's end, on their own.
 *
 *	Nobody is told of anything. A lingering connection writes what waits,
 *	says that this was all, throws away what comes in until the peer closes
 *	(closing with something unread would reset the connection, and destroy
 *	what is on its way) and closes. A forked child only closes its copy.
 */

#ifndef CLUSTER_LINGER_H
#define CLUSTER_LINGER_H

#include "base/clusterLoop.h"
#include "base/clusterOutput.h"
#include "transport/clusterConnSeal.h"

/* So many in one thread: the oldest is dropped for one more. */
#define CLUSTER_LINGER_MAX 256
/* Milliseconds without progress, and in all, after which one is dropped. */
#define CLUSTER_LINGER_STALL_MS 10000
#define CLUSTER_LINGER_MS       60000
/* At the end of the thread, so at `exit`: for all together, and how long none may make progress. */
#define CLUSTER_LINGER_EXIT_MS       2000
#define CLUSTER_LINGER_EXIT_STALL_MS 500

/*
 * Takes over fd, which nobody watches any more, and what waits, which is empty
 * afterwards. seal, which is taken over too: it is written sealed, after the
 * handshake if that is not over; NULL for plain ones.
 * connecting: the connection is still being made. most: bytes that
 * may wait for all of the thread; the oldest are dropped for the new one. When it cannot
 * linger, for want of memory or in a thread that has ended, it is closed.
 */
void ClusterLingerTake(ClusterLoop *loop, int fd, ClusterOutput *output, ClusterConnSeal *seal,
        bool connecting, size_t most);

/* How many bytes wait in all of the thread. */
size_t ClusterLingerBytes(ClusterLoop *loop);
/* Drops the oldest of which nothing was taken for CLUSTER_QUEUE_IDLE_S. False when there is none. */
bool ClusterLingerMakeRoom(ClusterLoop *loop);

#endif
