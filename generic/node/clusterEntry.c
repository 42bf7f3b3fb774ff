/*
 * clusterEntry.c --
 *
 *	What is asked of a node from above. Each call is a turn: when it returns,
 *	what it changed has been sent and told.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Itself
 * ------------------------------------------------------------------------
 */

void
ClusterNodeSetTags(ClusterNode *node, Tcl_Obj *tags)
{
    if (strcmp(Tcl_GetString(tags), Tcl_GetString(node->tags)) == 0) {
        return;
    }
    ClusterReplaceObj(&node->tags, tags);
    ClusterNodeForgetNames(node);
    node->tagsChanged = true;
    ClusterNodeHeartbeatAfter(node, 0);
}

void
ClusterNodeHeartbeatAfter(ClusterNode *node, int64_t ms)
{
    ClusterBeaconAfter(node, ms);
    ClusterTurnArm(node);
}

void
ClusterNodePropsChanged(ClusterNode *node)
{
    ClusterBeaconPropsChanged(node);
    ClusterTurnArm(node);
}

/* Links that are not as they would be made now are made anew. */
static void
RekeyLinks(ClusterNode *node)
{
    int i;

    for (i = 0; i < node->slotCount; i++) {
        const ClusterSlot *slot = node->slots[i];

        if (slot->transport && slot->type->rekeyed) {
            slot->type->rekeyed(slot->transport);
        }
    }
}

void
ClusterNodeKeysChanged(ClusterNode *node)
{
    RekeyLinks(node);
    ClusterNodePropsChanged(node);
}

void
ClusterNodeSetSealMode(ClusterNode *node, ClusterSealMode mode)
{
    if (mode != ClusterSealingMode(node->sealing)) {
        ClusterSealingSetMode(node->sealing, mode);
        ClusterNodeKeysChanged(node);
    }
}

bool
ClusterNodeHeartbeat(ClusterNode *node, int with, uint64_t channel)
{
    bool sent;

    ClusterNodeHold(node);
    sent = ClusterErrandHeartbeat(node, with, channel);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return sent;
}

bool
ClusterNodeDiscover(ClusterNode *node, Tcl_Obj *ruid, uint64_t channel)
{
    bool sent;

    ClusterNodeHold(node);
    sent = ClusterErrandDiscover(node, ruid, channel);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return sent;
}

/*
 * ------------------------------------------------------------------------
 * Members
 * ------------------------------------------------------------------------
 */

/* Ends a turn that concerns a member, whose node may go with its last reference. */
static void
EndTurnOf(ClusterMember *member)
{
    ClusterNode *node = member->node;

    ClusterNodeHold(node);
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
}

void
ClusterMemberLose(ClusterMember *member)
{
    if (!member->lost) {
        ClusterRosterStep(member, CLUSTER_LIFE_DROPPED);
    }
    if (!member->lossTold) { /* lost in a turn that is still being told: its object must hear of it before it goes */
        EndTurnOf(member);
    }
}

bool
ClusterMemberExpect(ClusterMember *member, int64_t ms)
{
    bool taken = ClusterRosterStepWithin(member, CLUSTER_LIFE_EXPECTED, ms);

    ClusterTurnArm(member->node);
    return taken;
}

void
ClusterMemberHeard(ClusterMember *member, Tcl_Obj *data)
{
    if (!member->lost) {
        ClusterRosterHeardOf(member, data);
        ClusterTurnArm(member->node);
    }
}

void
ClusterNodeExpect(ClusterNode *node, Tcl_Obj *sids)
{
    if (!node->closed) {
        ClusterNodeHold(node);
        ClusterRosterExpect(node, sids);
        ClusterTurnSent(node);
        ClusterNodeRelease(node);
    }
}

void
ClusterNodeSchedulePing(ClusterNode *node, Tcl_Obj *sid)
{
    ClusterPingerAdd(node, sid);
    ClusterTurnArm(node);
}

void
ClusterNodeCancelPing(ClusterNode *node, Tcl_Obj *sid)
{
    ClusterPingerCancel(node, sid);
    ClusterTurnArm(node);
}

void
ClusterNodeSendPing(ClusterNode *node)
{
    Tcl_Obj *sids;

    if (node->closed || ClusterNodeForked(node) || (sids = ClusterPingerTake(node)) == NULL) {
        return;
    }
    ClusterNodeHold(node);
    ClusterErrandPing(node, sids);
    Tcl_DecrRefCount(sids);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
}

/*
 * ------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------
 */

ClusterSendStatus
ClusterNodeBroadcast(ClusterNode *node, ClusterOutgoing *outgoing, int flags,
        ClusterSendDetails *details)
{
    ClusterSendStatus status;

    ClusterNodeHold(node);
    status = ClusterSendToAll(node, outgoing, (flags & CLUSTER_NO_HOOKS) != 0, details);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return status;
}

ClusterSendStatus
ClusterMemberSend(ClusterMember *member, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        ClusterSendDetails *details)
{
    ClusterNode *node = member->node;
    ClusterSendStatus status;

    ClusterNodeHold(node);
    status = ClusterSendToOne(member, outgoing, protocols, flags, details);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return status;
}

ClusterSendStatus
ClusterMemberDeliver(ClusterMember *member, ClusterOutgoing *event, Tcl_Obj *protocols, int flags,
        int64_t timeout, Tcl_Obj *confirm, ClusterSendDetails *details)
{
    ClusterNode *node = member->node;
    ClusterSendStatus status;

    ClusterNodeHold(node);
    status = ClusterDeliverNow(member, event, protocols, flags, timeout, confirm, details);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return status;
}

void
ClusterMemberConfirmFailed(ClusterMember *member, Tcl_Obj *confirm, const char *reason)
{
    ClusterDeliveryTellLater(member, confirm, CLUSTER_CONFIRM_FAILED, reason);
    ClusterTurnArm(member->node);
}

bool
ClusterMemberConfirms(const ClusterMember *member)
{
    return ClusterMemberCan(member, CLUSTER_CAN_CONFIRM);
}

/*
 * ------------------------------------------------------------------------
 * Queries
 * ------------------------------------------------------------------------
 */

ClusterQuery *
ClusterQueryNew(ClusterNode *node, Tcl_Obj *id, ClusterMember *const *members, size_t count,
        void *owner)
{
    ClusterQuery *query = ClusterQueryMake(node, id, members, count, owner);

    /* Whoever is told of the older query's end may take the id in turn, which ends ours. */
    ClusterNodeHold(node);
    ClusterTurnSent(node);
    ClusterNodeRelease(node);
    return query;
}

/* The turn's end may release the query's last reference, and with it the node's. */
static void
EndTurnOfQuery(ClusterQuery *query)
{
    ClusterNode *node = query->node;

    ClusterNodeHold(node);
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
}

void
ClusterQueryArm(ClusterQuery *query, int64_t ms)
{
    ClusterNode *node = query->node;

    if (!query->ended) {
        ClusterNodeSetDue(node, &query->timeout, CLUSTER_DUE_TIMEOUT,
                ClusterNodeNow(node) + (ms > 0 ? ms : 0));
        ClusterTurnArm(node);
    }
}

void
ClusterQueryTimeout(ClusterQuery *query)
{
    ClusterNoticeQuery(query, CLUSTER_QUERY_TIMEOUT, NULL, NULL, NULL);
    EndTurnOfQuery(query);
}

void
ClusterQueryUnreachable(ClusterQuery *query, ClusterMember *member, const char *reason)
{
    ClusterQueryCannotAsk(query, member, reason);
    ClusterTurnArm(query->node);
}

void
ClusterQueryEnd(ClusterQuery *query)
{
    ClusterQueryFinish(query);
    if (!query->endTold) { /* as for a member that is lost; first, as its object may be about to go */
        ClusterNoticeDoneFirst(query);
        EndTurnOfQuery(query);
    }
}

bool
ClusterNodeAnswer(ClusterNode *node, ClusterMember *member, Tcl_Obj *payload)
{
    bool awaited = ClusterQueryAnswered(node, member, payload);

    ClusterNodeHold(node);
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
    return awaited;
}
