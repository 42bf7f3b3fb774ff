/*
 * clusterDeadline.h --
 *
 *	Things that are due at some time, and which of them is due first.
 *
 *	Moving a deadline to a later time, as every packet does with its sender's,
 *	costs nothing: the heap keeps the earlier time, and learns of the later one
 *	when the entry comes to its top.
 */

#ifndef CLUSTER_DEADLINE_H
#define CLUSTER_DEADLINE_H

#include "base/clusterHeap.h"

/* Zero-initialised it is empty. */
typedef struct ClusterDeadlines {
    ClusterHeap heap;
    uint64_t order; /* of the latest one that was set */
} ClusterDeadlines;

/* Zero-initialised it is not set. `kind` is the owner's. */
typedef struct ClusterDeadline {
    ClusterHeapEntry entry; /* its key is the deadline, or an earlier time */
    int64_t due;
    uint64_t order; /* those due at one time come in the order in which they were set */
    int kind;
} ClusterDeadline;

/* Sets it, in place of what it was set to. `due` is in the owner's unit of time. */
void ClusterDeadlineSet(ClusterDeadlines *deadlines, ClusterDeadline *deadline, int64_t due);
/* Takes it out; one that is not set stays so. */
void ClusterDeadlineClear(ClusterDeadlines *deadlines, ClusterDeadline *deadline);
bool ClusterDeadlineIsSet(const ClusterDeadline *deadline);
/* The one that is due first, NULL when none is set. It stays set. */
ClusterDeadline *ClusterDeadlineSoonest(ClusterDeadlines *deadlines);

#endif
