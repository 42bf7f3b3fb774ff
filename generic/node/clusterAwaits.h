/*
 * clusterAwaits.h --
 *
 *	Who still has to answer, and how the waiting ends: a small state machine
 *	that knows neither queries nor members, which are pointers to it.
 */

#ifndef CLUSTER_AWAITS_H
#define CLUSTER_AWAITS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ClusterAwaitsEvent {
    CLUSTER_AWAITS_ANSWER, /* from `who`, or it is known that there will be none */
    CLUSTER_AWAITS_TIMEOUT,
    CLUSTER_AWAITS_END, /* nobody waits any more */
    CLUSTER_AWAITS_EVENTS
} ClusterAwaitsEvent;

/* What follows: bits. */
#define CLUSTER_AWAITS_TELL 1 /* the event counts: tell of it */
#define CLUSTER_AWAITS_DONE 2 /* then, the waiting is over */

/* Those awaited, each once, in order. Holds nobody: who adds somebody keeps a reference while it is listed. */
typedef struct ClusterAwaits {
    const void **who;
    size_t count;
    bool over;
} ClusterAwaits;

/* Waits for these. False without memory. */
bool ClusterAwaitsInit(ClusterAwaits *awaits, const void *const *who, size_t count);
void ClusterAwaitsFree(ClusterAwaits *awaits);
bool ClusterAwaitsHas(const ClusterAwaits *awaits, const void *who);
/*
 * Takes an event; `who` is for answers alone, and is not awaited any more when
 * its answer is to be told. Once it is over nothing counts.
 */
unsigned ClusterAwaitsStep(ClusterAwaits *awaits, ClusterAwaitsEvent event, const void *who);

#endif
