/*
 * clusterFlow.c --
 *
 *	What waits to be written to a member: how much may, and when there is room
 *	again after a send was refused. Makes notices, and sends nothing.
 */

#include "node/clusterNodeInt.h"

ClusterWaiting
ClusterMemberWaiting(const ClusterMember *member)
{
    ClusterWaiting waiting = {0, 0, false};
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        const ClusterTransportType *type = member->node->slots[i]->type;

        if (member->links[i] && type->waiting) {
            type->waiting(member->links[i], &waiting);
        }
    }
    return waiting;
}

/* One packet may wait, however large. */
bool
ClusterFlowAdmits(const ClusterMember *member, size_t length)
{
    ClusterWaiting waiting = ClusterMemberWaiting(member);

    return waiting.packets == 0
            || (waiting.bytes + length <= member->node->backlog
                    && waiting.packets < CLUSTER_BACKLOG_PACKETS);
}

/* A quarter of what may wait, of the queue of the thread where that is the narrower one. */
static ClusterWaiting
LowMark(const ClusterNode *node)
{
    size_t all = node->queue ? node->queue : CLUSTER_QUEUE_DEFAULT;
    size_t most = all / CLUSTER_QUEUE_PEER_SHARE;
    ClusterWaiting mark = {0, CLUSTER_BACKLOG_PACKETS / 4, false};

    mark.bytes = (node->backlog < most ? node->backlog : most) / 4;
    return mark;
}

static bool
HasDrained(const ClusterMember *member)
{
    ClusterWaiting waiting = ClusterMemberWaiting(member), mark = LowMark(member->node);

    return waiting.bytes <= mark.bytes && waiting.packets <= mark.packets
            && ClusterDeliveriesDrained(member);
}

/* Where it has several links, each has to fall below a share of the mark, so that all together do. */
static void
AwaitLinks(ClusterMember *member)
{
    ClusterWaiting mark = LowMark(member->node);
    int i, count = 0;

    for (i = 0; i < member->node->slotCount; i++) {
        count += member->links[i] != NULL;
    }
    for (i = 0; i < member->node->slotCount; i++) {
        const ClusterTransportType *type = member->node->slots[i]->type;

        if (member->links[i] && type->await) {
            type->await(member->links[i], mark.bytes / (size_t) count,
                    mark.packets / (size_t) count);
        }
    }
}

/* If its own queue is short others have the room, or a connection cannot be made: nobody tells when that is over. */
static void
AwaitRoom(ClusterMember *member)
{
    if (HasDrained(member)) {
        ClusterNodeSetDue(member->node, &member->drained, CLUSTER_DUE_DRAINED,
                ClusterNodeNow(member->node) + CLUSTER_BACKLOG_LOOK);
    } else {
        AwaitLinks(member);
    }
}

void
ClusterFlowRefused(ClusterMember *member)
{
    member->node->refused++;
    if (!member->lost && !member->full) {
        member->full = true;
        AwaitRoom(member);
    }
}

void
ClusterFlowChanged(ClusterMember *member)
{
    if (!member->lost && member->full) {
        ClusterNodeSetDue(member->node, &member->drained, CLUSTER_DUE_DRAINED,
                ClusterNodeNow(member->node));
    }
}

void
ClusterFlowDue(ClusterMember *member)
{
    if (HasDrained(member) && !ClusterMemberWaiting(member).crowded) {
        member->full = false;
        ClusterNoticeAppend(member->node, CLUSTER_NOTICE_DRAINED, member);
    } else {
        AwaitRoom(member);
    }
}
