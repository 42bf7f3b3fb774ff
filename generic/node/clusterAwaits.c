/*
 * clusterAwaits.c --
 *
 *	Who still has to answer (see clusterAwaits.h).
 */

#include "node/clusterAwaits.h"

#include <stdlib.h>
#include <string.h>

bool
ClusterAwaitsInit(ClusterAwaits *awaits, const void *const *who, size_t count)
{
    awaits->who = calloc(count + 1, sizeof *awaits->who);
    awaits->count = awaits->who ? count : 0;
    awaits->over = false;
    if (awaits->who && count) {
        memcpy(awaits->who, who, count * sizeof *who);
    }
    return awaits->who != NULL;
}

void
ClusterAwaitsFree(ClusterAwaits *awaits)
{
    free(awaits->who);
    awaits->who = NULL;
    awaits->count = 0;
}

/* Where somebody stands, `count` when it does not. */
static size_t
PlaceOf(const ClusterAwaits *awaits, const void *who)
{
    size_t i = 0;

    while (i < awaits->count && awaits->who[i] != who) {
        i++;
    }
    return i;
}

bool
ClusterAwaitsHas(const ClusterAwaits *awaits, const void *who)
{
    return PlaceOf(awaits, who) < awaits->count;
}

static unsigned
TakeAnswer(ClusterAwaits *awaits, const void *who)
{
    size_t at = PlaceOf(awaits, who);

    if (at == awaits->count) {
        return 0;
    }
    awaits->count--;
    memmove(awaits->who + at, awaits->who + at + 1, (awaits->count - at) * sizeof *awaits->who);
    awaits->over = awaits->count == 0;
    return CLUSTER_AWAITS_TELL | (awaits->over ? CLUSTER_AWAITS_DONE : 0);
}

unsigned
ClusterAwaitsStep(ClusterAwaits *awaits, ClusterAwaitsEvent event, const void *who)
{
    if (awaits->over) {
        return 0;
    }
    if (event == CLUSTER_AWAITS_ANSWER) {
        return TakeAnswer(awaits, who);
    }
    awaits->over = true;
    return event == CLUSTER_AWAITS_TIMEOUT ? CLUSTER_AWAITS_TELL | CLUSTER_AWAITS_DONE
                                           : CLUSTER_AWAITS_DONE;
}
