/*
 * clusterQuery.c --
 *
 *	A query that waits for answers: its life, and what is known of it.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>

void
ClusterQueryHold(ClusterQuery *query)
{
    query->refCount++;
}

void
ClusterQueryRelease(ClusterQuery *query)
{
    if (--query->refCount > 0) {
        return;
    }
    while (query->awaits.count > 0) {
        ClusterMemberRelease((ClusterMember *) query->awaits.who[--query->awaits.count]);
    }
    ClusterAwaitsFree(&query->awaits);
    while (query->unreachableCount > 0) {
        ClusterMemberRelease(query->unreachable[--query->unreachableCount].member);
    }
    free(query->unreachable);
    ClusterReplaceObj(&query->id, NULL);
    ClusterNodeRelease(query->node);
    free(query);
}

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

void *
ClusterQueryOwner(const ClusterQuery *query)
{
    return query->owner;
}

void
ClusterQuerySetOwner(ClusterQuery *query, void *owner)
{
    query->owner = owner;
}

bool
ClusterQueryEnded(const ClusterQuery *query)
{
    return query->ended;
}

ClusterQuery *
ClusterNodeQueryById(const ClusterNode *node, const char *id)
{
    Tcl_HashEntry *entry = Tcl_FindHashEntry((Tcl_HashTable *) &node->queries, id);

    return entry ? Tcl_GetHashValue(entry) : NULL;
}

void
ClusterNodeMakeRuid(const ClusterNode *node, char ruid[CLUSTER_RUID_SIZE])
{
    ruid[0] = 'q';
    ClusterSystemRandomText(&node->system, ruid + 1, CLUSTER_RUID_SIZE - 2);
}

ClusterMember *
ClusterQueryAwaited(const ClusterQuery *query, size_t index)
{
    const ClusterAwaits *awaits = &query->awaits;

    return index < awaits->count ? (ClusterMember *) awaits->who[index] : NULL;
}
