/*
 * clusterNotices.c --
 *
 *	Two queues of a node: notices, which its delegate is to be told, and
 *	errands, which are packets to be sent or links to be opened. Here they are
 *	only kept.
 *
 *	One that could not be kept would leave the state and what was told of it
 *	apart, so without memory Tcl's allocator ends the process, as for any value.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

static void *
AllocateZeroed(size_t size)
{
    void *memory = Tcl_Alloc((unsigned) size);

    memset(memory, 0, size);
    return memory;
}

static ClusterMember *
HoldMember(ClusterMember *member)
{
    if (member) {
        ClusterMemberHold(member);
    }
    return member;
}

ClusterNotice *
ClusterNoticeAppend(ClusterNode *node, ClusterNoticeKind kind, ClusterMember *member)
{
    ClusterNotice *notice = AllocateZeroed(sizeof *notice);

    notice->kind = kind;
    notice->member = HoldMember(member);
    ClusterListAppend(&node->notices, &notice->entry);
    return notice;
}

void
ClusterNoticeQuery(ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    ClusterNotice *notice = ClusterNoticeAppend(query->node, CLUSTER_NOTICE_QUERY, member);

    ClusterQueryHold(query);
    notice->query = query;
    notice->event = event;
    notice->reason = reason;
    ClusterReplaceObj(&notice->payload, payload);
}

void
ClusterNoticeDoneFirst(ClusterQuery *query)
{
    ClusterList *notices = &query->node->notices;
    ClusterListEntry *entry = ClusterListFirst(notices);

    for (; entry; entry = ClusterListNext(notices, entry)) {
        ClusterNotice *notice = CLUSTER_LIST_ITEM(entry, ClusterNotice, entry);

        if (notice->query == query && notice->event == CLUSTER_QUERY_DONE) {
            ClusterListRemove(entry);
            ClusterListPrepend(notices, entry);
            return;
        }
    }
}

ClusterErrand *
ClusterErrandAppend(ClusterNode *node, ClusterErrandKind kind, ClusterMember *member)
{
    ClusterErrand *errand = AllocateZeroed(sizeof *errand);

    errand->kind = kind;
    errand->member = HoldMember(member);
    ClusterListAppend(&node->errands, &errand->entry);
    return errand;
}

static ClusterListEntry *
TakeFirst(ClusterList *list)
{
    ClusterListEntry *entry = ClusterListFirst(list);

    if (entry) {
        ClusterListRemove(entry);
    }
    return entry;
}

ClusterNotice *
ClusterNoticeTake(ClusterNode *node)
{
    ClusterListEntry *entry = TakeFirst(&node->notices);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterNotice, entry) : NULL;
}

ClusterErrand *
ClusterErrandTake(ClusterNode *node)
{
    ClusterListEntry *entry = TakeFirst(&node->errands);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterErrand, entry) : NULL;
}

void
ClusterNoticeFree(ClusterNotice *notice)
{
    ClusterReplaceObj(&notice->payload, NULL);
    ClusterReplaceObj(&notice->before, NULL);
    ClusterBlobRelease(notice->blob);
    if (notice->query) {
        ClusterQueryRelease(notice->query);
    }
    if (notice->member) {
        ClusterMemberRelease(notice->member);
    }
    Tcl_Free((void *) notice);
}

void
ClusterErrandFree(ClusterErrand *errand)
{
    ClusterReplaceObj(&errand->list, NULL);
    ClusterReplaceObj(&errand->ways, NULL);
    ClusterReplaceObj(&errand->ruid, NULL);
    ClusterReplaceObj(&errand->keepalive, NULL);
    if (errand->member) {
        ClusterMemberRelease(errand->member);
    }
    Tcl_Free((void *) errand);
}
