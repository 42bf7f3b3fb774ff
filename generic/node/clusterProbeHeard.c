/*
 * clusterProbeHeard.c --
 *
 *	A packet of probes has come: from a member, from one that is missing, or
 *	from somebody unknown.
 */

#include "node/clusterNodeInt.h"

/* Who is missing is answered, so that it knows that we hear it, and tried in turn. */
static void
AnswerMissing(ClusterMissing *missing, ClusterMessage *message, const char *uuid)
{
    ClusterNode *node = message->slot->node;
    Tcl_Obj *ruid = ClusterReplyRuid(message);
    ClusterErrand *ack;

    if (ruid) {
        Tcl_IncrRefCount(ruid);
        if (ClusterNodeMay(node, CLUSTER_QUOTA_PROBES)) {
            ack = ClusterErrandAppend(node, CLUSTER_SEND_TRY, NULL);
            ack->with = 1;
            ClusterReplaceObj(&ack->ways, Tcl_NewStringObj(uuid, -1));
            ClusterReplaceObj(&ack->ruid, ruid);
        }
        Tcl_DecrRefCount(ruid);
    }
    ClusterMissingHeard(missing, message);
}

/* Who is not known and probes us is asked who it is. */
static void
HearStranger(ClusterNode *node, ClusterMessage *message, const char *uuid)
{
    ClusterMissing *missing = ClusterMissingFind(node, uuid);
    bool isAck = message->packet.field[CLUSTER_TYPE].number == CLUSTER_ACK;
    Tcl_Obj *sid;

    if (missing && isAck) {
        ClusterMissingAnswered(missing, message->packet.field[CLUSTER_RUID].span);
    } else if (missing) {
        AnswerMissing(missing, message, uuid);
    } else {
        ClusterNodeCountDrop(node, CLUSTER_DROP_REJECTED);
        if (!isAck && ClusterStrangerMayBeAsked(node, uuid, CLUSTER_QUOTA_ASKS)) {
            sid = ClusterMessageField(message, CLUSTER_SID);
            ClusterReplaceObj(&ClusterErrandAppend(node, CLUSTER_SEND_ASK, NULL)->list,
                    Tcl_NewListObj(1, &sid));
        }
    }
    ClusterTurnEnd(node);
}

/*
 * Such a packet makes nobody a member, and tells nothing of who sent it but that
 * a link is its. It comes from a member that we know, what it asks for goes to
 * where that is, and it is for us alone: one that all heard would be answered by
 * all.
 */
bool
ClusterProbeHeard(ClusterNode *node, ClusterMessage *message)
{
    char uuid[CLUSTER_UUID_SIZE];
    ClusterMember *member;

    if (message->slot->type->reachesAll) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_REJECTED);
        return false;
    }
    ClusterMessageUuid(message, uuid);
    member = ClusterNodeMemberByUuid(node, uuid);
    if (!member) {
        HearStranger(node, message, uuid);
        return false;
    }
    if (member->local != message->local) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_FOREIGN);
        return false;
    }
    ClusterMemberHold(member);
    message->member = member;
    if (message->link) {
        ClusterMemberHearOver(member, message); /* the answer goes back over it */
    }
    ClusterProberHears(node);
    ClusterRosterStep(member, CLUSTER_LIFE_HEARD);
    return !member->lost;
}
