/*
 * clusterUndelivered.c --
 *
 *	What was accepted for a member and did not arrive, or may not have: counted
 *	and told, never sent again. Of what the node sends by itself nobody is told.
 */

#include "node/clusterNodeInt.h"

static const char *const reasonNames[] = {
        [CLUSTER_UNDELIVERED_BROKEN] = "broken",
        [CLUSTER_UNDELIVERED_LOST] = "lost",
        [CLUSTER_UNDELIVERED_UNREACHABLE] = "unreachable",
        [CLUSTER_UNDELIVERED_BACKPRESSURE] = "backpressure",
        [CLUSTER_UNDELIVERED_STALLED] = "stalled",
        [CLUSTER_UNDELIVERED_TOO_LARGE] = "too_large",
        [CLUSTER_UNDELIVERED_LATE] = "late",
};

_Static_assert(CLUSTER_COUNT(reasonNames) == CLUSTER_UNDELIVERED_REASONS, "a reason has no name");

const char *
ClusterUndeliveredName(ClusterUndelivered reason)
{
    return reasonNames[reason];
}

uint64_t
ClusterNodeUndelivered(const ClusterNode *node, ClusterUndelivered reason)
{
    return node->undelivered[reason];
}

/* It can be decoded, as we encoded it; if a hook made it of something else it is nothing but its bytes. */
Tcl_Obj *
ClusterNodePayloadOf(const ClusterNode *node, const ClusterBlob *packet)
{
    ClusterPacket fields;

    if (ClusterPacketDecode(packet->bytes, packet->length, NULL, NULL, &fields) != BPACKET_OK) {
        return Tcl_NewDictObj();
    }
    return ClusterPayloadFromPacket(&node->keys, &fields);
}

static ClusterNotice *
AppendUndelivered(ClusterMember *member, ClusterUndelivered why)
{
    ClusterNotice *notice = ClusterNoticeAppend(member->node, CLUSTER_NOTICE_UNDELIVERED, member);

    member->node->undelivered[why]++;
    notice->why = why;
    return notice;
}

void
ClusterUndeliveredPacket(ClusterMember *member, ClusterBlob *packet, ClusterUndelivered why)
{
    ClusterBlob *plain = ClusterBlobPlain(packet);

    if (plain->told && !member->node->closed) {
        AppendUndelivered(member, why)->blob = ClusterBlobHold(plain);
    }
}

void
ClusterUndeliveredPayload(ClusterMember *member, Tcl_Obj *payload, ClusterUndelivered why)
{
    if (!member->node->closed) {
        ClusterReplaceObj(&AppendUndelivered(member, why)->payload, payload);
    }
}

void
ClusterUndeliveredPackets(ClusterMember *member, const ClusterBlobQueue *packets,
        ClusterUndelivered why)
{
    size_t i;

    for (i = 0; i < packets->count; i++) {
        ClusterUndeliveredPacket(member, ClusterBlobQueueAt(packets, i), why);
    }
}

void
ClusterUndeliveredLost(ClusterMember *member)
{
    ClusterNode *node = member->node;
    ClusterBlobQueue packets;
    int i;

    if (ClusterNodeForked(node)) {
        return; /* what waits is the parent's */
    }
    ClusterBlobQueueInit(&packets);
    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];

        if (slot->transport && slot->type->pending) {
            slot->type->pending(slot->transport, member, &packets);
        }
    }
    ClusterUndeliveredPackets(member, &packets, CLUSTER_UNDELIVERED_LOST);
    ClusterBlobQueueFree(&packets);
}

ClusterUndelivered
ClusterUndeliveredReason(ClusterSendStatus status)
{
    switch (status) {
    case CLUSTER_SEND_BUSY:
        return CLUSTER_UNDELIVERED_BACKPRESSURE;
    case CLUSTER_SEND_OVERSIZED:
    case CLUSTER_SEND_BAD_PAYLOAD: /* of what a node answers this alone can be wrong */
        return CLUSTER_UNDELIVERED_TOO_LARGE;
    default:
        return CLUSTER_UNDELIVERED_UNREACHABLE;
    }
}
