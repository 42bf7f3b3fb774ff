/*
 * clusterReplies.c --
 *
 *	How who asks who we are is answered: alone and at once as long as few ask,
 *	else together with the others. Makes errands and sets deadlines, and sends
 *	nothing.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/*
 * One who asks again within a second, and who asks when too many do, is
 * answered by the multicast that answers all. Where members are many that is
 * always so: each answer alone would be heard by all of them. What came over a
 * link is answered over it, and disturbs nobody else.
 */
static bool
IsAnsweredAlone(ClusterNode *node, const ClusterMember *member, const ClusterMessage *message)
{
    const ClusterSlot *slot = message->slot;
    bool called = message->stamp && ClusterPacketHas(&message->packet, CLUSTER_FILTER)
            && ClusterPacketHas(&message->packet, CLUSTER_RUID);

    if (called) { /* it believes us only if it gets its ruid */
        return ClusterNodeMay(node, CLUSTER_QUOTA_CHALLENGES);
    }
    if (member->answeredOnce && ClusterNodeNow(node) - member->answered < CLUSTER_ANSWER_AGAIN) {
        node->withheld[CLUSTER_QUOTA_ANSWERS]++;
        return false;
    }
    if (slot->type->reachesAll && node->memberCount > CLUSTER_ANSWER_ALONE) {
        node->withheld[CLUSTER_QUOTA_ANSWERS]++;
        return false;
    }
    return ClusterNodeMay(node, CLUSTER_QUOTA_ANSWERS);
}

/* May it be told by a datagram of its own, which nobody else hears? */
static bool
HearsDatagrams(const ClusterNode *node, const ClusterMember *member)
{
    return node->datagram && node->datagram->transport && member->datagramPort;
}

/* Some time later, so that not all answer at the same moment: the more there are, the longer it may take. */
static void
AnswerLater(ClusterNode *node, ClusterMember *member)
{
    size_t spread = node->memberCount < CLUSTER_ANSWER_TOGETHER ? node->memberCount
                                                                : CLUSTER_ANSWER_TOGETHER;

    if (!ClusterListHas(&member->inAskers)) {
        ClusterListAppend(&node->askers, &member->inAskers);
        node->askerCount++;
    }
    if (!ClusterDeadlineIsSet(&node->askersDue)) {
        ClusterNodeSetDue(node, &node->askersDue, CLUSTER_DUE_ASKERS,
                ClusterNodeNow(node)
                        + ClusterSystemRandomBelow(&node->system, (uint32_t) spread + 1));
    }
}

/* Each by itself while they are few, else all by one multicast. */
void
ClusterReplyAskersDue(ClusterNode *node)
{
    bool together = node->askerCount > CLUSTER_ANSWER_EACH;
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&node->askers)) != NULL) {
        ClusterMember *member = CLUSTER_LIST_ITEM(entry, ClusterMember, inAskers);

        ClusterListRemove(entry);
        node->askerCount--;
        member->answeredOnce = true;
        member->answered = ClusterNodeNow(node);
        if (!together) {
            ClusterErrandAppend(node, CLUSTER_SEND_REPLY, member)->slot = node->datagram;
        }
    }
    if (together) {
        ClusterPingerAnswerTogether(node);
    }
}

/* Over which slot? A multicast for one would be heard by all; a connection that is there keeps the order. */
static ClusterSlot *
ReplySlot(const ClusterNode *node, const ClusterMember *member, ClusterSlot *asked)
{
    return asked->type->reachesAll && !ClusterMemberConnected(member)
                    && HearsDatagrams(node, member)
            ? node->datagram
            : asked;
}

/* The reply's ruid and keepalive are the request's. */
void
ClusterReplyAsked(ClusterNode *node, ClusterMessage *message)
{
    ClusterMember *member = message->member;
    ClusterErrand *reply;

    member->wantsLink |= message->slot->type->reachesAll;
    if (!IsAnsweredAlone(node, member, message)) {
        if (HearsDatagrams(node, member)) {
            AnswerLater(node, member);
        } else {
            ClusterPingerAnswerTogether(node);
        }
        return;
    }
    member->answeredOnce = true;
    member->answered = ClusterNodeNow(node);
    reply = ClusterErrandAppend(node, CLUSTER_SEND_REPLY, member);
    reply->slot = ReplySlot(node, member, message->slot);
    ClusterReplaceObj(&reply->ruid, ClusterReplyRuid(message));
    ClusterReplaceObj(&reply->keepalive, ClusterMessageField(message, CLUSTER_KEEPALIVE));
}

bool
ClusterRuidIsPlain(Tcl_Obj *ruid)
{
    Tcl_Size length, i;
    const char *text = Tcl_GetStringFromObj(ruid, &length);

    for (i = 0; i < length && text[i] > ' ' && text[i] < 0x7f; i++) {
        continue;
    }
    return i == length && length <= CLUSTER_RUID_ECHOED;
}

/* Sent back are only ids that say nothing to a server of another protocol that the answer may get to. */
Tcl_Obj *
ClusterReplyRuid(ClusterMessage *message)
{
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);

    if (!ruid || ClusterRuidIsPlain(ruid)) {
        return ruid;
    }
    Tcl_IncrRefCount(ruid); /* it may be new, and nobody's */
    Tcl_DecrRefCount(ruid);
    return NULL;
}

/* Of two that ask each other at the same time one connects: the one whose sid comes first. */
static bool
ConnectsToUs(const ClusterNode *node, const ClusterMember *member)
{
    return member->answeredOnce && strcmp(Tcl_GetString(member->sid), node->sid) < 0;
}

/*
 * Does it answer our discovery, as far as can be told? Who joins asks again for
 * a while, and a stranger need but wait for that: then only who has acked a
 * probe, and so is where it says, is taken for one that answers.
 */
static bool
IsAnswer(const ClusterNode *node, const ClusterMessage *message)
{
    return node->discovered && ClusterPacketHas(&message->packet, CLUSTER_FILTER)
            && ClusterPacketHas(&message->packet, CLUSTER_DATA)
            && ClusterNodeNow(node) - node->lastDiscovery <= CLUSTER_ANSWER_WITHIN
            && (node->askedAgain <= 1 || message->member->probe.answered)
            && !ConnectsToUs(node, message->member);
}

/* Is multicast the first of its ways that is one of ours? Then no link is used, or wanted. */
static bool
PrefersMulticast(const ClusterMember *member)
{
    Tcl_Size i;
    Tcl_Obj *word;

    for (i = 0; Tcl_ListObjIndex(NULL, member->protocols, i, &word) == TCL_OK && word; i++) {
        const ClusterSlot *slot = ClusterNodeSlotById(member->node, Tcl_GetString(word));

        if (slot) {
            return slot->type->reachesAll;
        }
    }
    return true;
}

/* Who joins takes the others' word for how many they are. */
static bool
IsOneOfMany(const ClusterNode *node)
{
    return node->memberCount > CLUSTER_CONNECT_ALL || node->othersKnow > CLUSTER_CONNECT_ALL;
}

/*
 * A link tells at once when a member's process ends. Who asked is connected to
 * by whom it asked, as soon as it hears of it, for where they are is what it
 * asked for. The other way round it takes a member that has gone on for a
 * while: nobody makes us connect by one packet.
 */
void
ClusterReplyMaybeConnect(ClusterNode *node, ClusterMessage *message)
{
    ClusterMember *member = message->member;
    bool old = ClusterNodeNow(node) - member->found >= CLUSTER_CONNECT_AFTER;

    if (member->life.state != CLUSTER_ALIVE || !message->slot->type->reachesAll
            || (IsOneOfMany(node) && ClusterProberCan(member)) || ClusterMemberConnected(member)
            || !(IsAnswer(node, message) || (member->wantsLink && old)) || PrefersMulticast(member)
            || !ClusterNodeMay(node, CLUSTER_QUOTA_CONNECTS)) {
        return;
    }
    member->wantsLink = false;
    ClusterErrandAppend(node, CLUSTER_CONNECT, member);
}
