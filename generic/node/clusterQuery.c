/*
 * clusterQuery.c --
 *
 *	Queries that wait for answers: who still has to answer, and until when.
 *	Answers and ends are appended to the node's notices; a member counts as
 *	awaited until its answer is told, so that a query ends after its last one.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

void
ClusterQueryHold(ClusterQuery *query)
{
    query->refCount++;
}

static void
ReleaseMembers(ClusterMember **members, size_t count)
{
    while (count > 0) {
        ClusterMemberRelease(members[--count]);
    }
    free(members);
}

void
ClusterQueryRelease(ClusterQuery *query)
{
    if (--query->refCount > 0) {
        return;
    }
    ReleaseMembers(query->awaited, query->awaitedCount);
    ReleaseMembers(query->unreachable, query->unreachableCount);
    ClusterReplaceObj(&query->id, NULL);
    ClusterNodeRelease(query->node);
    free(query);
}

ClusterQuery *
ClusterQueryMake(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members, size_t count,
        void *owner)
{
    ClusterQuery *older = ClusterNodeQueryById(node, Tcl_GetString(id)), *query;
    Tcl_HashEntry *entry;
    int isNew;
    size_t i;

    query = calloc(1, sizeof *query);
    if (!query || (query->awaited = calloc(count + 1, sizeof *query->awaited)) == NULL
            || (query->unreachable = calloc(count + 1, sizeof *query->unreachable)) == NULL) {
        if (query) {
            free(query->awaited);
        }
        free(query);
        return NULL;
    }
    query->room = count;
    query->refCount = 2; /* the node's and the caller's */
    query->node = node;
    ClusterNodeHold(node);
    query->owner = owner;
    ClusterReplaceObj(&query->id, id);
    for (i = 0; i < count; i++) {
        ClusterMemberHold(members[i]);
        query->awaited[query->awaitedCount++] = members[i];
    }
    entry = Tcl_CreateHashEntry(&node->queries, Tcl_GetString(id), &isNew);
    Tcl_SetHashValue(entry, query);
    if (older) {
        ClusterQueryFinish(older);
    }
    return query;
}

/* Where a member stands among those awaited, -1 when it is not. */
static ptrdiff_t
IndexOf(const ClusterQuery *query, const ClusterMember *member)
{
    size_t i;

    for (i = 0; i < query->awaitedCount; i++) {
        if (query->awaited[i] == member) {
            return (ptrdiff_t) i;
        }
    }
    return -1;
}

bool
ClusterQueryForget(ClusterQuery *query, ClusterMember *member)
{
    ptrdiff_t at = IndexOf(query, member);

    if (query->ended || at < 0) {
        return false;
    }
    query->awaitedCount--;
    memmove(query->awaited + at, query->awaited + at + 1,
            (query->awaitedCount - (size_t) at) * sizeof *query->awaited);
    return true;
}

void
ClusterQueryFinish(ClusterQuery *query)
{
    ClusterNode *node = query->node;
    Tcl_HashEntry *entry;

    if (query->ended) {
        return;
    }
    query->ended = true;
    ClusterNodeClearDue(node, &query->timeout);
    ClusterNodeClearDue(node, &query->tell);
    entry = Tcl_FindHashEntry(&node->queries, Tcl_GetString(query->id));
    if (entry && Tcl_GetHashValue(entry) == query) {
        Tcl_DeleteHashEntry(entry);
    }
    ClusterNoticeQuery(query, CLUSTER_QUERY_DONE, NULL, NULL, NULL);
    ClusterQueryRelease(query); /* the node's */
}

bool
ClusterQueryAnswered(ClusterNode *node, ClusterMember *member, Tcl_Obj *payload)
{
    Tcl_Obj *ruid = NULL, *error = NULL;
    ClusterQuery *query;

    if (Tcl_DictObjGet(NULL, payload, node->keys.name[CLUSTER_RUID], &ruid) != TCL_OK || !ruid) {
        return false;
    }
    query = ClusterNodeQueryById(node, Tcl_GetString(ruid));
    if (!query || IndexOf(query, member) < 0) {
        return false;
    }
    Tcl_DictObjGet(NULL, payload, node->keys.name[CLUSTER_ERROR], &error);
    ClusterNoticeQuery(query, error ? CLUSTER_QUERY_ERROR : CLUSTER_QUERY_RESPONSE, member, payload,
            NULL);
    return true;
}

/*
 * ------------------------------------------------------------------------
 * No answer
 * ------------------------------------------------------------------------
 */

void
ClusterQueryTellUnreachable(ClusterQuery *query)
{
    while (query->unreachableCount > 0) {
        ClusterMember *member = query->unreachable[--query->unreachableCount];

        ClusterNoticeQuery(query, CLUSTER_QUERY_ERROR, member, NULL, "unreachable");
        ClusterMemberRelease(member);
    }
}

/* Told at the next turn: the script that asks does not have its query yet. */
void
ClusterQueryCannotAsk(ClusterQuery *query, ClusterMember *member)
{
    if (query->ended || IndexOf(query, member) < 0 || query->unreachableCount >= query->room) {
        return;
    }
    ClusterMemberHold(member);
    query->unreachable[query->unreachableCount++] = member;
    ClusterNodeSetDue(query->node, &query->tell, CLUSTER_DUE_UNREACHABLE,
            ClusterNodeNow(query->node));
}

void
ClusterQueriesMemberLost(ClusterNode *node, ClusterMember *member)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    for (entry = Tcl_FirstHashEntry(&node->queries, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        ClusterQuery *query = Tcl_GetHashValue(entry);

        if (IndexOf(query, member) >= 0) {
            ClusterNoticeQuery(query, CLUSTER_QUERY_ERROR, member, NULL, "lost");
        }
    }
}

void
ClusterQueriesFinishAll(ClusterNode *node)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    while ((entry = Tcl_FirstHashEntry(&node->queries, &search)) != NULL) {
        ClusterQueryFinish(Tcl_GetHashValue(entry));
    }
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

ClusterMember *
ClusterQueryAwaited(const ClusterQuery *query, size_t index)
{
    return index < query->awaitedCount ? query->awaited[index] : NULL;
}
