/*
 * clusterRespond.c --
 *
 *	A query that came is asked of the layer above, and its answer sent; one
 *	that cannot be is told of.
 */

#include "node/clusterNodeInt.h"

/* Does a way to the member that is open come before the one that all others hear? */
static bool
AnswersOverLink(const ClusterMember *member)
{
    Tcl_Size i;
    Tcl_Obj *word;

    for (i = 0; Tcl_ListObjIndex(NULL, member->protocols, i, &word) == TCL_OK && word; i++) {
        const ClusterSlot *slot = ClusterNodeSlotById(member->node, Tcl_GetString(word));

        if (slot && (slot->type->reachesAll || ClusterMemberLink(member, slot))) {
            return !slot->type->reachesAll;
        }
    }
    return false;
}

/*
 * Whoever asks one member costs it a packet for each of its own. Who asks many
 * by one packet makes each send one, which all others get, if it cannot go
 * over a connection.
 */
static bool
MayRespond(ClusterNode *node, const ClusterMessage *message)
{
    bpacket_list filter = message->packet.field[CLUSTER_FILTER].list;
    bpacket_span word;

    if (!message->slot->type->reachesAll || AnswersOverLink(message->member)
            || (ClusterPacketHas(&message->packet, CLUSTER_FILTER) && filter.count == 1
                    && bpacket_list_next(&filter, &word)
                    && bpacket_span_equals(word, node->sid, CLUSTER_SID_LENGTH))) {
        return true;
    }
    return ClusterNodeMay(node, CLUSTER_QUOTA_RESPONSES);
}

/* The caller frees it. */
static void
MakeResponse(ClusterNode *node, ClusterMessage *message, ClusterField field, Tcl_Obj *answer,
        ClusterOutgoing *reply)
{
    Tcl_Obj *ruid = ClusterReplyRuid(message);
    Tcl_Obj *keepalive = ClusterMessageField(message, CLUSTER_KEEPALIVE);

    ClusterNodeOutgoing(node, CLUSTER_RESPONSE, message->packet.field[CLUSTER_CHANNEL].number,
            reply);
    if (ruid) {
        ClusterOutgoingSetValue(reply, CLUSTER_RUID, ruid);
    }
    if (keepalive) {
        ClusterOutgoingSetValue(reply, CLUSTER_KEEPALIVE, keepalive);
    }
    ClusterOutgoingSetValue(reply, field, answer);
}

static ClusterSendStatus
SendResponse(ClusterNode *node, ClusterMessage *message, ClusterField field, Tcl_Obj *answer)
{
    ClusterSendStatus status;
    ClusterOutgoing reply;

    MakeResponse(node, message, field, answer, &reply);
    status = ClusterSendReply(message->member, message->slot, &reply, CLUSTER_UNASKED);
    ClusterOutgoingFree(&reply);
    return status;
}

/* The answer did not go out. Who asked learns of one that is too large; whose answer it was is told, without that. */
static void
ResponseFailed(ClusterNode *node, ClusterMessage *message, ClusterField field, Tcl_Obj *answer,
        ClusterSendStatus status)
{
    ClusterUndelivered why = ClusterUndeliveredReason(status);
    ClusterOutgoing reply;

    if (why == CLUSTER_UNDELIVERED_TOO_LARGE) {
        field = CLUSTER_ERROR;
        answer = Tcl_NewStringObj("the answer is too large to be sent", -1);
    }
    Tcl_IncrRefCount(answer);
    if (why == CLUSTER_UNDELIVERED_TOO_LARGE) {
        SendResponse(node, message, field, answer);
    }
    if (!node->closed && !message->member->lost) {
        MakeResponse(node, message, field, answer, &reply);
        ClusterUndeliveredPayload(message->member, ClusterOutgoingPayload(&reply), why);
        ClusterOutgoingFree(&reply);
    }
    Tcl_DecrRefCount(answer);
}

void
ClusterRespond(ClusterNode *node, ClusterMessage *message)
{
    ClusterField field = CLUSTER_DATA;
    Tcl_Obj *answer = NULL;
    ClusterSendStatus status;

    if (!MayRespond(node, message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_LIMIT);
        return;
    }
    if (!node->delegate->query(node->context, message, &answer)) {
        field = CLUSTER_ERROR;
    }
    if (!answer) {
        return;
    }
    if (!node->closed && !message->member->lost) {
        status = SendResponse(node, message, field, answer);
        if (status != CLUSTER_SEND_DONE && status != CLUSTER_SEND_CANCELLED && !node->closed
                && !message->member->lost) {
            ResponseFailed(node, message, field, answer, status);
        }
    }
    Tcl_DecrRefCount(answer);
}
