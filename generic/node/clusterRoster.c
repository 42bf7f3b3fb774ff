/*
 * clusterRoster.c --
 *
 *	The members of a node: found, heard, doubted and lost. Every change is
 *	made to its end here, and leaves notices and errands behind.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <string.h>

/* A larger first packet is told of without its content. */
#define FIRST_KEPT_MAX 65536

/* Members lost in one turn because a heartbeat looked. */
#define EXPIRE_MOST 64

/*
 * ------------------------------------------------------------------------
 * The lists
 * ------------------------------------------------------------------------
 */

ClusterMember *
ClusterNodeNextMember(const ClusterNode *node, const ClusterMember *member)
{
    ClusterListEntry *entry = member ? ClusterListNext(&node->members, &member->inMembers)
                                     : ClusterListFirst(&node->members);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterMember, inMembers) : NULL;
}

size_t
ClusterNodeMemberCount(const ClusterNode *node)
{
    return node->memberCount;
}

ClusterMember *
ClusterNodeMemberByUuid(const ClusterNode *node, const char *uuid)
{
    ClusterTableEntry *entry = ClusterTableFind(&node->byUuid, uuid, strlen(uuid));

    return entry ? CLUSTER_TABLE_ITEM(entry, ClusterMember, inUuids) : NULL;
}

/* The table's texts are the member's own. */
static void
EnterInTable(ClusterTable *table, ClusterTableEntry *entry, Tcl_Obj *text)
{
    Tcl_Size length;
    const char *bytes = Tcl_GetStringFromObj(text, &length);

    ClusterTableAdd(table, entry, bytes, (size_t) length);
}

static void
ListMember(ClusterNode *node, ClusterMember *member)
{
    EnterInTable(&node->byUuid, &member->inUuids, member->uuid);
    EnterInTable(&node->bySid, &member->inSids, member->sid);
    ClusterListAppend(&node->members, &member->inMembers);
    node->memberCount++;
}

static void
UnlistMember(ClusterNode *node, ClusterMember *member)
{
    ClusterTableRemove(&node->byUuid, &member->inUuids);
    ClusterTableRemove(&node->bySid, &member->inSids);
    ClusterListRemove(&member->inMembers);
    ClusterRoomLeave(member);
    ClusterNodeClearDue(node, &member->expiry);
    ClusterNodeClearDue(node, &member->discovery);
    ClusterNodeClearDue(node, &member->probe.due);
    if (member->probe.stage == CLUSTER_PROBE_SUSPECT) {
        node->unanswered--;
    }
    ClusterRoundRemove(&member->probe.inRound);
    if (ClusterListHas(&member->inAskers)) {
        ClusterListRemove(&member->inAskers);
        node->askerCount--;
    }
    ClusterNewsForget(&node->news, member->uuid);
    if (node->named == member) {
        node->named = NULL;
    }
    ClusterNodeClearDue(node, &member->drained);
    ClusterReceiptsLost(member);
    node->memberCount--;
}

/*
 * ------------------------------------------------------------------------
 * Goodbyes
 * ------------------------------------------------------------------------
 */

void
ClusterRosterRemember(ClusterNode *node, Tcl_Obj *uuid)
{
    ClusterReplaceObj(&node->departed[node->departures++ % CLUSTER_DEPARTED_MAX], uuid);
}

/* It was not true. */
static void
ForgetGoodbye(ClusterNode *node, Tcl_Obj *uuid)
{
    int i;

    for (i = 0; i < CLUSTER_DEPARTED_MAX; i++) {
        if (node->departed[i]
                && strcmp(Tcl_GetString(node->departed[i]), Tcl_GetString(uuid)) == 0) {
            ClusterReplaceObj(&node->departed[i], NULL);
        }
    }
}

/* Is a goodbye of it remembered, of the latest so many? */
static bool
HasDeparted(const ClusterNode *node, const char *uuid, uint64_t latest)
{
    uint64_t i;

    latest = latest < CLUSTER_DEPARTED_MAX ? latest : CLUSTER_DEPARTED_MAX;
    for (i = 1; i <= latest; i++) {
        Tcl_Obj *departed = node->departed[(node->departures - i) % CLUSTER_DEPARTED_MAX];

        if (departed && strcmp(Tcl_GetString(departed), uuid) == 0) {
            return true;
        }
    }
    return false;
}

/* What comes over a link may be older than any goodbye, a datagram than those that came while a hook of its waited. */
bool
ClusterRosterIsOvertaken(const ClusterNode *node, const ClusterMessage *message, Tcl_Obj *uuid)
{
    return HasDeparted(node, Tcl_GetString(uuid),
            message->slot->type->ordered ? node->departures
                                         : node->departures - message->departures);
}

bool
ClusterRosterHasDeparted(const ClusterNode *node, const char *uuid)
{
    return HasDeparted(node, uuid, CLUSTER_DEPARTED_MAX);
}

/*
 * ------------------------------------------------------------------------
 * Liveness
 * ------------------------------------------------------------------------
 */

/* Neither waits for the other any more. */
static void
EndSuccession(ClusterMember *member)
{
    if (member->predecessor) {
        member->predecessor->heir = NULL;
        member->predecessor = NULL;
    }
    if (member->heir) {
        member->heir->predecessor = NULL;
        member->heir = NULL;
    }
}

/* If it comes again it may be another process, with datagrams of its own. */
static void
ForgetOrigin(const ClusterMember *member)
{
    ClusterSealing *sealing = member->node->sealing;
    Tcl_Size length;
    const char *uuid;

    if (sealing) {
        uuid = Tcl_GetStringFromObj(member->uuid, &length);
        ClusterReplayForget(ClusterSealingReplay(sealing), uuid, (size_t) length);
    }
}

static void
LoseMember(ClusterMember *member)
{
    ClusterNode *node = member->node;
    ClusterMember *heir = member->heir;

    member->lost = true;
    ForgetOrigin(member);
    ClusterMissingAdd(member);
    if (member->life.reason == CLUSTER_LOSS_DROPPED) {
        ClusterStrangerUnwanted(node, Tcl_GetString(member->uuid));
    }
    UnlistMember(node, member);
    EndSuccession(member);
    ClusterPingerCancel(node, member->sid);
    memset(member->links, 0, sizeof member->links);
    ClusterUndeliveredLost(member);
    ClusterDeliveriesLost(member);
    ClusterNoticeAppend(node, CLUSTER_NOTICE_UNLINK, member);
    ClusterQueriesMemberLost(node, member);
    ClusterNoticeAppend(node, CLUSTER_NOTICE_LOST, member);
    if (heir) {
        ClusterRosterMaybeDiscovered(heir);
    }
    ClusterMemberRelease(member); /* the lists' */
}

/* A millisecond after the deadline: a member is overdue when that is past. */
static void
SetExpiry(ClusterMember *member)
{
    ClusterNodeSetDue(member->node, &member->expiry, CLUSTER_DUE_EXPIRY, member->life.deadline + 1);
}

/* So many others have asked after it that all have heard of it. */
static bool
AllAreTold(const ClusterMember *member)
{
    return member->probe.stage != CLUSTER_PROBE_IDLE
            && member->probe.confirmed >= CLUSTER_CONFIRMERS;
}

/* Does what the state machine asks for, but for CLUSTER_DO_RECONNECT, which needs a slot. */
static void
CarryOut(ClusterMember *member, unsigned actions)
{
    ClusterNode *node = member->node;

    if (actions & CLUSTER_DO_CANCEL_PING) {
        ClusterPingerCancel(node, member->sid);
    }
    if (actions & CLUSTER_DO_PING) {
        ClusterPingerAdd(node, member->sid);
    }
    if ((actions & CLUSTER_DO_PING_ALONE)
            && (AllAreTold(member) || ClusterPingerAddAlone(node, member->sid))) {
        ClusterLivenessStep(&member->life, CLUSTER_LIFE_PINGED_ALONE, ClusterNodeNow(node), 0,
                NULL);
    }
    if (actions & CLUSTER_DO_LOSE) {
        LoseMember(member);
    } else {
        SetExpiry(member);
    }
}

/* An event of a member's liveness, with all that follows but a new link. *actions: what that was. Returns whether it counted. */
static bool
StepWith(ClusterMember *member, ClusterLifeEvent event, int64_t within, unsigned *actions)
{
    ClusterLifeState before = member->life.state;
    bool taken;

    *actions =
            ClusterLivenessStep(&member->life, event, ClusterNodeNow(member->node), within, &taken);
    if (member->life.state != before) {
        ClusterNodeTraceLine(member->node, "state", "%s %s -> %s by %s",
                Tcl_GetString(member->uuid), ClusterLifeStateName(before),
                ClusterLifeStateName(member->life.state), ClusterLifeEventName(event));
    }
    if (taken) {
        CarryOut(member, *actions);
    }
    return taken;
}

bool
ClusterRosterStepWithin(ClusterMember *member, ClusterLifeEvent event, int64_t within)
{
    unsigned actions;

    return StepWith(member, event, within, &actions);
}

bool
ClusterRosterStep(ClusterMember *member, ClusterLifeEvent event)
{
    return ClusterRosterStepWithin(member, event, 0);
}

void
ClusterRosterLinkEnded(ClusterMember *member, ClusterSlot *slot)
{
    unsigned actions;
    ClusterQuota quota; /* who has answered a probe is where it says */

    StepWith(member, CLUSTER_LIFE_LINK_ENDED, 0, &actions);
    quota = member->probe.rtt.mean ? CLUSTER_QUOTA_PROBES : CLUSTER_QUOTA_CONNECTS;
    if ((actions & CLUSTER_DO_RECONNECT) && ClusterNodeMay(member->node, quota)) {
        ClusterErrandAppend(member->node, CLUSTER_RECONNECT, member)->slot = slot;
    }
}

/* Those of a sid must be heard, the first so many of them: strangers can invent more. Who answers probes is probed instead. */
static void
ExpectSid(ClusterNode *node, const char *sid, size_t length)
{
    ClusterTableEntry *entry = ClusterTableFind(&node->bySid, sid, length);
    int count;

    for (count = 0; entry && count < CLUSTER_MEMBERS_OF_SID_MAX; count++) {
        ClusterMember *member = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        entry = ClusterTableNextSame(&node->bySid, entry);
        if (member->probe.inRound.round != &node->round) {
            ClusterRosterStepWithin(member, CLUSTER_LIFE_EXPECTED, PING_EXPECT_WITHIN);
        }
    }
}

void
ClusterRosterExpect(ClusterNode *node, Tcl_Obj *sids)
{
    const char **words;
    Tcl_Size count, i;
    bool us = false;

    if (!ClusterForeignList(sids, CLUSTER_PING_BYTES_MAX, &count, &words)) {
        return;
    }
    for (i = 0; i < count; i++) {
        ExpectSid(node, words[i], strlen(words[i]));
        us |= strcmp(words[i], node->sid) == 0;
    }
    ClusterForeignFree(words);
    if (us) {
        ClusterPingerAsked(node, count);
    }
}

/* When many are over at once most are left to their own deadlines, which take turns with others in the event loop. */
void
ClusterRosterExpire(ClusterNode *node)
{
    ClusterMember *member = ClusterNodeNextMember(node, NULL), *next;
    int lost = 0;

    if (ClusterNodeNow(node) < node->graceUntil) {
        return;
    }
    for (; member && lost < EXPIRE_MOST; member = next) {
        next = ClusterNodeNextMember(node, member);
        lost += ClusterRosterStep(member, CLUSTER_LIFE_TIME) ? 1 : 0;
    }
}

void
ClusterRosterExpiryDue(ClusterMember *member)
{
    if (ClusterNodeNow(member->node) < member->node->graceUntil) {
        ClusterNodeSetDue(member->node, &member->expiry, CLUSTER_DUE_EXPIRY,
                member->node->graceUntil);
    } else if (!ClusterRosterStep(member, CLUSTER_LIFE_TIME)) {
        SetExpiry(member);
    }
}

/*
 * ------------------------------------------------------------------------
 * Found and heard
 * ------------------------------------------------------------------------
 */

ClusterMember *
ClusterRosterAdd(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid)
{
    ClusterMember *member, *victim;
    ClusterMissing *missing;
    bool leaving = ClusterRosterIsOvertaken(node, message, uuid);

    while (!ClusterRoomForMember(node, message, &victim)) {
        if (!victim) {
            ClusterNodeCountDrop(node, CLUSTER_DROP_LIMIT);
            return NULL;
        }
        ClusterRosterStep(victim, CLUSTER_LIFE_DROPPED);
    }
    member = ClusterMemberNew(node, message, uuid, leaving);
    if (member && !ClusterRoomEnter(member, message)) {
        ClusterMemberRelease(member);
        member = NULL;
    }
    if (!member) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_LIMIT);
        return NULL;
    }
    if ((missing = ClusterMissingFind(node, Tcl_GetString(uuid))) != NULL) {
        ClusterMissingForget(missing);
    }
    ListMember(node, member);
    node->met++;
    SetExpiry(member);
    ClusterNodeTraceLine(node, "member", "%s found", Tcl_GetString(uuid));
    ClusterNoticeAppend(node, CLUSTER_NOTICE_ADDED, member);
    return member;
}

/* The charge of a member one part of which would weigh as much. */
static size_t
ChargeWith(const ClusterMember *member, ClusterPart part, size_t weight)
{
    return member->charge - member->weights[part] + weight;
}

/* May the part weigh so much? Others may have to go for that. */
static bool
CanAfford(ClusterMember *member, ClusterPart part, size_t weight)
{
    size_t charge = ChargeWith(member, part, weight);
    ClusterMember *victim;

    while (!ClusterRoomForCharge(member->node, member, charge, &victim)) {
        if (!victim) {
            return false;
        }
        ClusterRosterStep(victim, CLUSTER_LIFE_DROPPED);
    }
    return true;
}

/* After its parts changed. */
static void
Recharge(ClusterMember *member)
{
    size_t charge = CLUSTER_MEMBER_PRICE;
    int part;

    for (part = 0; part < CLUSTER_PARTS; part++) {
        charge += member->weights[part];
    }
    if (charge != member->charge) {
        ClusterRoomSetCharge(member, charge);
    }
}

/* Takes over tags and props if there is memory for them. *before: as of ClusterMemberTakeState. */
static void
TakeState(ClusterMember *member, ClusterMessage *message, Tcl_Obj **before)
{
    *before = NULL;
    if (CanAfford(member, CLUSTER_PART_TAGS,
                ClusterMemberWeightOf(member, CLUSTER_PART_TAGS, message))
            && CanAfford(member, CLUSTER_PART_PROPS,
                    ClusterMemberWeightOf(member, CLUSTER_PART_PROPS, message))) {
        ClusterMemberTakeState(member, message, before);
    } else {
        ClusterNodeCountDrop(member->node, CLUSTER_DROP_LIMIT);
    }
    Recharge(member);
}

/* Who said what it is with it is told of at once. For what is in it nobody has to go. */
static void
KeepFirst(ClusterMember *member, ClusterMessage *message)
{
    bool atOnce = member->propsKnown && member->tagsKnown;
    size_t weight = ClusterMemberWeightOf(member, CLUSTER_PART_FIRST, message);
    size_t charge = ChargeWith(member, CLUSTER_PART_FIRST, weight);
    ClusterMember *victim;

    ClusterMemberKeepFirst(member, message,
            message->length <= FIRST_KEPT_MAX
                    && (atOnce || ClusterRoomForCharge(member->node, member, charge, &victim)));
    Recharge(member);
}

/* What came over a link may have been sent before a goodbye; a datagram was not, and takes it back. */
static void
HearAgain(ClusterMember *member, const ClusterMessage *message)
{
    bool now = !message->slot->type->ordered
            && message->packet.field[CLUSTER_TYPE].number != CLUSTER_DISCONNECT
            && !ClusterRosterIsOvertaken(member->node, message, member->uuid);

    if (now && ClusterLivenessLeaves(&member->life)) {
        ForgetGoodbye(member->node, member->uuid);
    }
    ClusterRosterStep(member, now ? CLUSTER_LIFE_HEARD_NOW : CLUSTER_LIFE_HEARD);
}

void
ClusterRosterHear(ClusterMember *member, ClusterMessage *message)
{
    ClusterNotice *notice;
    Tcl_Obj *before;

    ClusterMemberTakeProtocols(member, message);
    ClusterMemberTakeWay(member, message);
    ClusterRoomHeard(member);
    HearAgain(member, message);
    TakeState(member, message, &before);
    if (member->propsKnown && member->tagsKnown) {
        ClusterRoomKnown(member);
    }
    if (before) {
        notice = ClusterNoticeAppend(member->node, CLUSTER_NOTICE_TAGS, member);
        notice->before = before; /* its reference */
        ClusterReplaceObj(&notice->payload, ClusterMessagePayload(message));
    }
    if (member->isNew && !member->firstPayload) {
        KeepFirst(member, message);
        ClusterNodeSetDue(member->node, &member->discovery, CLUSTER_DUE_DISCOVERY,
                ClusterNodeNow(member->node) + ASK_WITHIN);
    }
}

void
ClusterRosterHeardOf(ClusterMember *member, Tcl_Obj *data)
{
    ClusterRoomHeard(member);
    ClusterRosterStep(member, CLUSTER_LIFE_HEARD);
    if (data) {
        ClusterMemberSetProps(member, data, false);
        Recharge(member);
    }
}

static void
AppendDiscovered(ClusterMember *member)
{
    ClusterNotice *notice;

    member->isNew = false;
    EndSuccession(member);
    ClusterNodeClearDue(member->node, &member->discovery);
    notice = ClusterNoticeAppend(member->node, CLUSTER_NOTICE_DISCOVERED, member);
    notice->payload = member->firstPayload; /* its reference */
    member->firstPayload = NULL;
    member->weights[CLUSTER_PART_FIRST] = 0;
    Recharge(member);
}

/* Does all that is missing come with the loss of its predecessor? In time it is told of without that. */
static bool
IsHeldBack(ClusterMember *member)
{
    if (!member->predecessor || !member->tagsKnown || !member->propsKnown
            || ClusterNodeNow(member->node) >= member->succeedsBy) {
        return false;
    }
    ClusterNodeSetDue(member->node, &member->discovery, CLUSTER_DUE_DISCOVERY, member->succeedsBy);
    return true;
}

void
ClusterRosterMaybeDiscovered(ClusterMember *member)
{
    if (member->isNew && !member->lost && member->tagsKnown && member->propsKnown
            && !IsHeldBack(member)) {
        AppendDiscovered(member);
    }
}

void
ClusterRosterSucceeds(ClusterMember *heir, ClusterMember *predecessor)
{
    if (heir->isNew && !heir->predecessor && !predecessor->heir && !predecessor->lost) {
        heir->predecessor = predecessor;
        heir->succeedsBy = ClusterNodeNow(heir->node) + SUCCEEDS_WITHIN;
        predecessor->heir = heir;
    }
}

/* What it did not tell is asked for, and waited for a while; many that are new at the same time are asked together. */
void
ClusterRosterDiscoveryDue(ClusterMember *member)
{
    if (IsHeldBack(member)) {
        return;
    }
    if (member->askedOnce || (member->tagsKnown && member->propsKnown)) {
        AppendDiscovered(member);
        return;
    }
    member->askedOnce = true;
    ClusterNodeSetDue(member->node, &member->discovery, CLUSTER_DUE_DISCOVERY,
            ClusterNodeNow(member->node) + DISCOVERED_WITHIN - ASK_WITHIN);
    ClusterBeaconAsk(member);
}
