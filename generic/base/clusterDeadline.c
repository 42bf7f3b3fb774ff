/*
 * clusterDeadline.c --
 *
 *	Which of many deadlines comes first (see clusterDeadline.h).
 */

#include "base/clusterDeadline.h"

/* The first field of a deadline is its entry. */
static ClusterDeadline *
DeadlineOf(ClusterHeapEntry *entry)
{
    return (ClusterDeadline *) (void *) entry;
}

/* Puts it into the heap by its real time. */
static void
PlaceDeadline(ClusterDeadlines *deadlines, ClusterDeadline *deadline)
{
    ClusterHeapRemove(&deadlines->heap, &deadline->entry);
    deadline->entry.key = deadline->due;
    deadline->entry.order = deadline->order;
    ClusterHeapAdd(&deadlines->heap, &deadline->entry);
}

void
ClusterDeadlineSet(ClusterDeadlines *deadlines, ClusterDeadline *deadline, int64_t due)
{
    deadline->due = due;
    deadline->order = ++deadlines->order;
    if (!deadline->entry.listed || due < deadline->entry.key) {
        PlaceDeadline(deadlines, deadline);
    }
}

void
ClusterDeadlineClear(ClusterDeadlines *deadlines, ClusterDeadline *deadline)
{
    ClusterHeapRemove(&deadlines->heap, &deadline->entry);
}

bool
ClusterDeadlineIsSet(const ClusterDeadline *deadline)
{
    return deadline->entry.listed;
}

ClusterDeadline *
ClusterDeadlineSoonest(ClusterDeadlines *deadlines)
{
    while (deadlines->heap.top) {
        ClusterDeadline *deadline = DeadlineOf(deadlines->heap.top);

        if (deadline->entry.key == deadline->due && deadline->entry.order == deadline->order) {
            return deadline;
        }
        PlaceDeadline(deadlines, deadline);
    }
    return NULL;
}
