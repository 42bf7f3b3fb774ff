/*
 * clusterAnswers.c --
 *
 *	Queries of a node: begun, answered and ended. Answers and ends are
 *	appended to the node's notices; a member counts as awaited until its
 *	answer is told, so that a query ends after its last one.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

ClusterQuery *
ClusterQueryMake(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members, size_t count,
        void *owner)
{
    ClusterQuery *older = ClusterNodeQueryById(node, Tcl_GetString(id)), *query;
    Tcl_HashEntry *entry;
    int isNew;
    size_t i;

    query = calloc(1, sizeof *query);
    if (!query) {
        return NULL;
    }
    query->unreachable = calloc(count + 1, sizeof *query->unreachable);
    if (!query->unreachable
            || !ClusterAwaitsInit(&query->awaits, (const void *const *) members, count)) {
        free(query->unreachable);
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
    }
    entry = Tcl_CreateHashEntry(&node->queries, Tcl_GetString(id), &isNew);
    Tcl_SetHashValue(entry, query);
    if (older) {
        ClusterQueryFinish(older);
    }
    return query;
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
    if (query->awaits.count > 0) {
        ClusterReplaceObj(&node->ended[node->endedNext], query->id);
        node->endedNext = (node->endedNext + 1) % CLUSTER_ENDED_MAX;
    }
    ClusterAwaitsStep(&query->awaits, CLUSTER_AWAITS_END, NULL);
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
ClusterQueryAwaits(const ClusterNode *node, const ClusterMember *member, Tcl_Obj *ruid)
{
    ClusterQuery *query = ClusterNodeQueryById(node, Tcl_GetString(ruid));

    return query && ClusterAwaitsHas(&query->awaits, member);
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
    if (!query || !ClusterAwaitsHas(&query->awaits, member)) {
        return false;
    }
    Tcl_DictObjGet(NULL, payload, node->keys.name[CLUSTER_ERROR], &error);
    ClusterNoticeQuery(query, error ? CLUSTER_QUERY_ERROR : CLUSTER_QUERY_RESPONSE, member, payload,
            NULL);
    return true;
}

static bool
HasEnded(const ClusterNode *node, const char *id)
{
    int i;

    for (i = 0; i < CLUSTER_ENDED_MAX; i++) {
        if (node->ended[i] && strcmp(Tcl_GetString(node->ended[i]), id) == 0) {
            return true;
        }
    }
    return false;
}

void
ClusterQueryMaybeLate(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);
    ClusterErrand *errand;

    if (!ruid) {
        return;
    }
    Tcl_IncrRefCount(ruid);
    if (HasEnded(node, Tcl_GetString(ruid))) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_LATE);
        if (ClusterMemberCan(message->member, CLUSTER_CAN_CONFIRM)
                && ClusterMemberConnected(message->member)) {
            errand = ClusterErrandAppend(node, CLUSTER_SEND_RECEIPT, message->member);
            ClusterReplaceObj(&errand->ruid, ruid);
            ClusterReplaceObj(&errand->list, Tcl_NewStringObj("late", -1));
        }
    }
    Tcl_DecrRefCount(ruid);
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
        ClusterUnasked *unasked = &query->unreachable[--query->unreachableCount];

        ClusterNoticeQuery(query, CLUSTER_QUERY_ERROR, unasked->member, NULL, unasked->reason);
        ClusterMemberRelease(unasked->member);
    }
}

/* Told from the event loop: the script that asks does not have its query yet. */
void
ClusterQueryCannotAsk(ClusterQuery *query, ClusterMember *member, const char *reason)
{
    ClusterUnasked *unasked;

    if (query->ended || !ClusterAwaitsHas(&query->awaits, member)
            || query->unreachableCount >= query->room) {
        return;
    }
    ClusterMemberHold(member);
    unasked = &query->unreachable[query->unreachableCount++];
    unasked->member = member;
    unasked->reason = reason;
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

        if (ClusterAwaitsHas(&query->awaits, member)) {
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
