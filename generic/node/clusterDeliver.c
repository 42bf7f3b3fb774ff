/*
 * clusterDeliver.c --
 *
 *	Sends events that are to be confirmed, and those again that nobody has
 *	confirmed when a link ended.
 */

#include "node/clusterConfirmInt.h"

#include <string.h>

/* As an ordinary event, to a member that cannot confirm. */
static ClusterSendStatus
SendUnconfirmed(ClusterMember *member, ClusterOutgoing *event, Tcl_Obj *protocols, int flags,
        Tcl_Obj *confirm, ClusterSendDetails *details)
{
    ClusterSendStatus status = ClusterSendToOne(member, event, protocols, flags, details);

    if (status == CLUSTER_SEND_DONE) {
        ClusterDeliveryTellLater(member, confirm, CLUSTER_CONFIRM_UNCONFIRMED, "");
    }
    return status;
}

/* The caller holds the delivery, which scripts may settle meanwhile. */
static ClusterSendStatus
SendDelivery(ClusterMember *member, ClusterDelivery *delivery, ClusterOutgoing *event, int flags,
        ClusterSendDetails *details)
{
    ClusterSendStatus status;
    ClusterBlob *blob = ClusterSendMake(member, event, details);

    if (!blob) {
        ClusterDeliveryVoid(delivery);
        return CLUSTER_SEND_BAD_PAYLOAD;
    }
    blob->kept = true;
    delivery->blob = blob; /* its reference */
    status = ClusterSendMade(member, blob, delivery->protocols, flags, details);
    if (delivery->settled) {
        return CLUSTER_SEND_DONE; /* what became of it is told */
    }
    if (status != CLUSTER_SEND_DONE) {
        ClusterDeliveryVoid(delivery);
    }
    return status;
}

static ClusterSendStatus
Deliver(ClusterMember *member, ClusterOutgoing *event, Tcl_Obj *protocols, int flags,
        int64_t timeout, Tcl_Obj *confirm, ClusterSendDetails *details)
{
    char ruid[CLUSTER_DELIVERY_RUID];
    ClusterDelivery *delivery;
    ClusterSendStatus status;

    if (!ClusterDeliveriesAdmit(member)) {
        ClusterFlowRefused(member);
        return CLUSTER_SEND_BUSY;
    }
    delivery = ClusterDeliveryBegin(member, confirm, protocols, timeout, ruid);
    if (!delivery) {
        return CLUSTER_SEND_UNREACHABLE;
    }
    ClusterDeliveryHold(delivery);
    ClusterOutgoingSetNumber(event, CLUSTER_TYPE, CLUSTER_DELIVERY);
    ClusterOutgoingSetValue(event, CLUSTER_RUID, Tcl_NewStringObj(ruid, -1));
    status = SendDelivery(member, delivery, event, flags, details);
    ClusterDeliveryRelease(delivery);
    return status;
}

ClusterSendStatus
ClusterDeliverNow(ClusterMember *member, ClusterOutgoing *event, Tcl_Obj *protocols, int flags,
        int64_t timeout, Tcl_Obj *confirm, ClusterSendDetails *details)
{
    ClusterSendStatus status;

    memset(details, 0, sizeof *details);
    if (member->lost || member->node->closed) {
        return CLUSTER_SEND_UNREACHABLE;
    }
    ClusterMemberHold(member);
    status = ClusterMemberCan(member, CLUSTER_CAN_CONFIRM)
            ? Deliver(member, event, protocols, flags, timeout, confirm, details)
            : SendUnconfirmed(member, event, protocols, flags, confirm, details);
    ClusterMemberRelease(member);
    return status;
}

/* In the place of one that is not waited for any more: the receiver goes on to those behind it. */
static ClusterSendStatus
SendVoid(ClusterMember *member, const ClusterDelivery *delivery)
{
    ClusterDeliveryKey key = member->outbox->key;
    char ruid[CLUSTER_DELIVERY_RUID];
    ClusterSendStatus status;
    ClusterOutgoing empty;

    key.sequence = delivery->sequence;
    ClusterDeliveryKeyWrite(&key, ruid);
    ClusterNodeOutgoing(member->node, CLUSTER_DELIVERY, CLUSTER_CHANNEL_BROADCAST, &empty);
    ClusterOutgoingSetValue(&empty, CLUSTER_RUID, Tcl_NewStringObj(ruid, -1));
    ClusterOutgoingSetValue(&empty, CLUSTER_ERROR, Tcl_NewStringObj("void", -1));
    status = ClusterSendToOne(member, &empty, delivery->protocols,
            CLUSTER_NO_HOOKS | CLUSTER_ACCEPTED | CLUSTER_LATE_TOO, NULL);
    ClusterOutgoingFree(&empty);
    return status;
}

static ClusterSendStatus
SendOnce(ClusterMember *member, ClusterDelivery *delivery)
{
    ClusterSendDetails details = {.slot = NULL};

    if (delivery->settled) {
        return SendVoid(member, delivery);
    }
    if (!delivery->blob) {
        return CLUSTER_SEND_DONE; /* it is being sent */
    }
    return ClusterSendMade(member, delivery->blob, delivery->protocols,
            CLUSTER_ACCEPTED | CLUSTER_LATE_TOO | CLUSTER_PING_ON_FAIL, &details);
}

void
ClusterDeliverAgain(ClusterMember *member)
{
    ClusterSendStatus status = CLUSTER_SEND_DONE;
    ClusterDelivery *delivery;
    uint64_t sequence = 0;

    while (status == CLUSTER_SEND_DONE && !member->lost && !member->node->closed
            && (delivery = ClusterDeliveryAfter(member, sequence)) != NULL) {
        ClusterDeliveryHold(delivery);
        sequence = delivery->sequence;
        status = SendOnce(member, delivery);
        ClusterDeliveryRelease(delivery);
    }
    if (status != CLUSTER_SEND_DONE) {
        ClusterDeliveriesAgain(member, true);
    }
}
