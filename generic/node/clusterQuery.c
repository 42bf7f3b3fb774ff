/*
 * clusterQuery.c --
 *
 *	Queries that wait for answers: who still has to answer, and until when.
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
    ClusterTimerCancel(&query->timeout);
    ClusterTimerCancel(&query->tell);
    ReleaseMembers(query->awaited, query->awaitedCount);
    ReleaseMembers(query->unreachable, query->unreachableCount);
    ClusterReplaceObj(&query->id, NULL);
    ClusterNodeRelease(query->node);
    free(query);
}

ClusterQuery *
ClusterQueryNew(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members, size_t count,
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
    if (older) { /* last: who is told of it may take the id in turn, which ends ours */
        ClusterQueryEnd(older);
    }
    return query;
}

/* Where a member stands among those awaited, -1 when it is not. */
static ptrdiff_t
Find(const ClusterQuery *query, const ClusterMember *member)
{
    size_t i;

    for (i = 0; i < query->awaitedCount; i++) {
        if (query->awaited[i] == member) {
            return (ptrdiff_t) i;
        }
    }
    return -1;
}

static void
Tell(ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member, Tcl_Obj *payload,
        const char *reason)
{
    ClusterNode *node = query->node;

    node->delegate->queryEvent(node->context, query, event, member, payload, reason);
}

void
ClusterQueryEnd(ClusterQuery *query)
{
    ClusterNode *node = query->node;
    Tcl_HashEntry *entry;

    if (query->ended) {
        return;
    }
    query->ended = true;
    ClusterTimerCancel(&query->timeout);
    ClusterTimerCancel(&query->tell);
    entry = Tcl_FindHashEntry(&node->queries, Tcl_GetString(query->id));
    if (entry && Tcl_GetHashValue(entry) == query) {
        Tcl_DeleteHashEntry(entry);
    }
    Tell(query, CLUSTER_QUERY_DONE, NULL, NULL, NULL);
    ClusterQueryRelease(query); /* the node's */
}

/* One member has answered or never will. */
static void
Settle(ClusterQuery *query, ClusterMember *member, ClusterQueryEvent event, Tcl_Obj *payload,
        const char *reason)
{
    ptrdiff_t at = Find(query, member);

    if (query->ended || at < 0) {
        return;
    }
    ClusterQueryHold(query);
    query->awaitedCount--;
    memmove(query->awaited + at, query->awaited + at + 1,
            (query->awaitedCount - (size_t) at) * sizeof *query->awaited);
    Tell(query, event, member, payload, reason);
    ClusterMemberRelease(member); /* the list's */
    if (query->awaitedCount == 0) {
        ClusterQueryEnd(query);
    }
    ClusterQueryRelease(query);
}

bool
ClusterNodeAnswer(ClusterNode *node, ClusterMember *member, Tcl_Obj *payload)
{
    Tcl_Obj *ruid = NULL, *error = NULL;
    ClusterQuery *query;

    if (Tcl_DictObjGet(NULL, payload, node->keys.name[CLUSTER_RUID], &ruid) != TCL_OK || !ruid) {
        return false;
    }
    query = ClusterNodeQueryById(node, Tcl_GetString(ruid));
    if (!query || Find(query, member) < 0) {
        return false;
    }
    Tcl_DictObjGet(NULL, payload, node->keys.name[CLUSTER_ERROR], &error);
    Settle(query, member, error ? CLUSTER_QUERY_ERROR : CLUSTER_QUERY_RESPONSE, payload, NULL);
    return true;
}

/*
 * ------------------------------------------------------------------------
 * No answer
 * ------------------------------------------------------------------------
 */

void
ClusterQueryTimeout(ClusterQuery *query)
{
    ClusterQueryHold(query);
    Tell(query, CLUSTER_QUERY_TIMEOUT, NULL, NULL, NULL);
    ClusterQueryEnd(query);
    ClusterQueryRelease(query);
}

static void
TimedOut(void *data)
{
    ClusterQueryTimeout(data);
}

void
ClusterQueryArm(ClusterQuery *query, int64_t ms)
{
    if (!query->ended) {
        ClusterTimerSet(&query->timeout, query->node->clock, ms, TimedOut, query);
    }
}

static void
TellUnreachable(void *data)
{
    ClusterQuery *query = data;

    ClusterQueryHold(query);
    while (query->unreachableCount > 0 && !query->ended) {
        ClusterMember *member = query->unreachable[--query->unreachableCount];

        Settle(query, member, CLUSTER_QUERY_ERROR, NULL, "unreachable");
        ClusterMemberRelease(member);
    }
    ClusterQueryRelease(query);
}

void
ClusterQueryUnreachable(ClusterQuery *query, ClusterMember *member)
{
    if (query->ended || Find(query, member) < 0 || query->unreachableCount >= query->room) {
        return;
    }
    ClusterMemberHold(member);
    query->unreachable[query->unreachableCount++] = member;
    ClusterTimerSet(&query->tell, query->node->clock, 0, TellUnreachable, query);
}

/* Each loss may end queries and start others, so the search begins anew until no query waits for the member. */
void
ClusterQueriesMemberLost(ClusterNode *node, ClusterMember *member)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry = Tcl_FirstHashEntry(&node->queries, &search);

    while (entry) {
        ClusterQuery *query = Tcl_GetHashValue(entry);

        if (Find(query, member) >= 0) {
            Settle(query, member, CLUSTER_QUERY_ERROR, NULL, "lost");
            entry = Tcl_FirstHashEntry(&node->queries, &search);
        } else {
            entry = Tcl_NextHashEntry(&search);
        }
    }
}

void
ClusterQueriesEndAll(ClusterNode *node)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    while ((entry = Tcl_FirstHashEntry(&node->queries, &search)) != NULL) {
        ClusterQueryEnd(Tcl_GetHashValue(entry));
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
