/*
 * clusterRoom.c --
 *
 *	Room for members: how many one address may tell of, how many may have said
 *	nothing of themselves, how much memory all take; and who has to go when
 *	there is none. Decides, and loses nobody itself.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>
#include <string.h>

/* So many are looked at for one without a connection; the next time those behind them. */
#define LOOK_AT 512
/* A source has its share of those that said nothing, beyond which its own go first. */
#define UNKNOWN_SHARE (CLUSTER_MEMBERS_UNKNOWN_MAX / 4)

/* Where members come from: an address, or this host. Lives as long as it has members. */
struct ClusterSource {
    ClusterTableEntry entry;
    char text[CLUSTER_ADDRESS_TEXT];
    size_t count, unknownCount;
    ClusterList unknown, known; /* its members, heard longest ago first */
};

/*
 * ------------------------------------------------------------------------
 * Sources
 * ------------------------------------------------------------------------
 */

static void
SourceText(const ClusterMessage *message, char text[CLUSTER_ADDRESS_TEXT])
{
    if (message->local) {
        memcpy(text, "local", sizeof "local");
    } else {
        ClusterAddressFormat(&message->origin.address, text);
    }
}

static ClusterSource *
FindSource(const ClusterNode *node, const char *text)
{
    ClusterTableEntry *entry = ClusterTableFind(&node->sources, text, strlen(text));

    return entry ? CLUSTER_TABLE_ITEM(entry, ClusterSource, entry) : NULL;
}

static ClusterSource *
NewSource(ClusterNode *node, const char *text)
{
    ClusterSource *source = calloc(1, sizeof *source);

    if (source) {
        memcpy(source->text, text, strlen(text) + 1);
        ClusterListInit(&source->unknown);
        ClusterListInit(&source->known);
        ClusterTableAdd(&node->sources, &source->entry, source->text, strlen(source->text));
    }
    return source;
}

bool
ClusterRoomEnter(ClusterMember *member, const ClusterMessage *message)
{
    ClusterNode *node = member->node;
    char text[CLUSTER_ADDRESS_TEXT];

    SourceText(message, text);
    member->source = FindSource(node, text);
    if (!member->source && (member->source = NewSource(node, text)) == NULL) {
        return false;
    }
    member->source->count++;
    member->source->unknownCount++;
    ClusterListAppend(&member->source->unknown, &member->inSource);
    ClusterListAppend(&node->heard, &member->inHeard);
    ClusterListAppend(&node->unasked, &member->inUnknown);
    node->unknownCount++;
    member->charge = CLUSTER_MEMBER_PRICE;
    node->charge += member->charge;
    return true;
}

/* It is not one of those any more that said nothing. */
static void
LeaveUnknown(ClusterMember *member)
{
    if (ClusterListHas(&member->inUnknown)) {
        ClusterListRemove(&member->inUnknown);
        member->source->unknownCount--;
        member->node->unknownCount--;
    }
}

void
ClusterRoomLeave(ClusterMember *member)
{
    ClusterSource *source = member->source;
    ClusterNode *node = member->node;

    ClusterRoomSetCharge(member, 0);
    LeaveUnknown(member);
    ClusterListRemove(&member->inSource);
    ClusterListRemove(&member->inHeard);
    member->source = NULL;
    if (--source->count == 0) {
        ClusterTableRemove(&node->sources, &source->entry);
        free(source);
    }
}

void
ClusterRoomHeard(ClusterMember *member)
{
    ClusterNode *node = member->node;
    bool unknown = ClusterListHas(&member->inUnknown);

    ClusterListRemove(&member->inSource);
    ClusterListAppend(unknown ? &member->source->unknown : &member->source->known,
            &member->inSource);
    ClusterListRemove(&member->inHeard);
    ClusterListAppend(&node->heard, &member->inHeard);
}

void
ClusterRoomKnown(ClusterMember *member)
{
    if (ClusterListHas(&member->inUnknown)) {
        LeaveUnknown(member);
        ClusterRoomHeard(member);
    }
}

ClusterMember *
ClusterRoomNeighbor(const ClusterMember *member, const ClusterMember *other)
{
    const ClusterList *list = &member->source->known;
    ClusterListEntry *entry =
            other ? ClusterListPrevious(list, &other->inSource) : ClusterListLast(list);

    return entry ? CLUSTER_LIST_ITEM(entry, ClusterMember, inSource) : NULL;
}

/*
 * ------------------------------------------------------------------------
 * Charges
 * ------------------------------------------------------------------------
 */

/* What counts for the large ones of a charge. */
static size_t
LargePart(size_t charge)
{
    return charge > CLUSTER_MEMBER_LARGE ? charge : 0;
}

void
ClusterRoomSetCharge(ClusterMember *member, size_t charge)
{
    ClusterNode *node = member->node;

    node->charge += charge - member->charge;
    node->largeCharge += LargePart(charge) - LargePart(member->charge);
    member->charge = charge;
}

/*
 * ------------------------------------------------------------------------
 * Who has to go
 * ------------------------------------------------------------------------
 */

static ClusterMember *
HeardItem(ClusterListEntry *entry)
{
    return CLUSTER_LIST_ITEM(entry, ClusterMember, inHeard);
}

static ClusterMember *
SourceItem(ClusterListEntry *entry)
{
    return CLUSTER_LIST_ITEM(entry, ClusterMember, inSource);
}

static ClusterMember *
UnknownItem(ClusterListEntry *entry)
{
    return CLUSTER_LIST_ITEM(entry, ClusterMember, inUnknown);
}

/*
 * The first of a list that has no connection, was silent for so many ms, and
 * has a charge above `least`. Those with a connection go to the end, or a few
 * silent ones at the head would keep all others in.
 */
static ClusterMember *
FirstIdle(ClusterList *list, ClusterMember *(*item)(ClusterListEntry *), int64_t silence,
        size_t least)
{
    ClusterListEntry *entry = ClusterListFirst(list), *next;
    int looked;

    for (looked = 0; entry && looked < LOOK_AT; entry = next, looked++) {
        ClusterMember *member = item(entry);

        next = ClusterListNext(list, entry);
        if (ClusterMemberSilence(member) < silence) {
            return NULL; /* the others are heard later still */
        }
        if (!ClusterMemberConnected(member)) {
            if (member->charge > least) {
                return member;
            }
        } else if (next) {
            ClusterListRemove(entry);
            ClusterListAppend(list, entry);
        }
    }
    return NULL;
}

/* So long a member that said what it is must be silent before it makes room. */
static int64_t
LongSilence(const ClusterNode *node)
{
    return 2 * node->heartbeat;
}

static ClusterMember *
FirstUnknown(ClusterNode *node)
{
    ClusterMember *member = FirstIdle(&node->asked, UnknownItem, 0, 0);

    return member ? member : FirstIdle(&node->unasked, UnknownItem, 0, 0);
}

static ClusterMember *
FirstOfSource(ClusterNode *node, ClusterSource *source)
{
    ClusterMember *member = FirstIdle(&source->unknown, SourceItem, 0, 0);

    return member ? member : FirstIdle(&source->known, SourceItem, LongSilence(node), 0);
}

static ClusterMember *
FirstOfAll(ClusterNode *node, size_t least)
{
    return FirstIdle(&node->heard, HeardItem, LongSilence(node), least);
}

/* The one of a list with the largest charge above `least`; these lists are short. */
static ClusterMember *
Dearest(const ClusterList *list, ClusterMember *dearest, const ClusterMember *except, size_t least)
{
    ClusterListEntry *entry;

    for (entry = ClusterListFirst(list); entry; entry = ClusterListNext(list, entry)) {
        ClusterMember *member = UnknownItem(entry);

        if (member != except && member->charge > (dearest ? dearest->charge : least)
                && !ClusterMemberConnected(member)) {
            dearest = member;
        }
    }
    return dearest;
}

/* Who goes for the sake of memory; except is not asked. */
static ClusterMember *
FirstForMemory(ClusterNode *node, const ClusterMember *except, size_t least)
{
    ClusterMember *member = Dearest(&node->unasked, NULL, except, least);

    member = Dearest(&node->asked, member, except, least);
    if (!member) {
        member = FirstOfAll(node, least);
    }
    return member == except ? NULL : member;
}

bool
ClusterRoomForCharge(ClusterNode *node, const ClusterMember *member, size_t charge,
        ClusterMember **victim)
{
    size_t before = member ? member->charge : 0;

    *victim = NULL;
    if (charge <= before) {
        return true;
    }
    if (node->charge - before + charge > node->memory) {
        *victim = FirstForMemory(node, member, 0);
        return false;
    }
    if (LargePart(charge) && node->largeCharge - LargePart(before) + charge > node->memory / 2) {
        *victim = FirstForMemory(node, member, CLUSTER_MEMBER_LARGE);
        return false;
    }
    return true;
}

/* Does a first packet say what its sender is? */
static bool
SaysAll(const ClusterMessage *message)
{
    return ClusterPacketHas(&message->packet, CLUSTER_TAGS)
            && ClusterPacketHas(&message->packet, CLUSTER_DATA);
}

bool
ClusterRoomForMember(ClusterNode *node, const ClusterMessage *message, ClusterMember **victim)
{
    char text[CLUSTER_ADDRESS_TEXT];
    ClusterSource *source;

    SourceText(message, text);
    source = FindSource(node, text);
    *victim = NULL;
    if (source && source->count >= CLUSTER_MEMBERS_OF_SOURCE_MAX) {
        *victim = FirstOfSource(node, source);
        return false;
    }
    if (node->unknownCount >= CLUSTER_MEMBERS_UNKNOWN_MAX && !SaysAll(message)) {
        *victim = source && source->unknownCount > UNKNOWN_SHARE
                ? FirstIdle(&source->unknown, SourceItem, 0, 0)
                : FirstUnknown(node);
        return false;
    }
    if (node->memberCount >= CLUSTER_MEMBERS_MAX) {
        *victim = FirstUnknown(node);
        *victim = *victim ? *victim : FirstOfAll(node, 0);
        return false;
    }
    return ClusterRoomForCharge(node, NULL, CLUSTER_MEMBER_PRICE, victim);
}
