/*
 * clusterMemberWays.c --
 *
 *	The ways to a member: its address, the links to it, and slots that cannot
 *	work.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Its address
 * ------------------------------------------------------------------------
 */

static bool
SameAddress(const ClusterMember *member, const ClusterOrigin *origin)
{
    ClusterAddress address = ClusterAddressWithPort(&origin->address, 0);

    return ClusterAddressCompare(&address, &member->address) == 0;
}

/*
 * Who shares several links with us is heard by each, with another address.
 * Which copy is the first is chance, so the address that is known holds until
 * nothing came from it since the last datagram but one. On one link a new
 * address counts at once, unless it is of a net that is not ours, and the known
 * one is: who has several nets on that link is heard from each.
 */
static bool
KeepsAddress(ClusterMember *member, const ClusterMessage *message)
{
    const ClusterSystem *system = &member->node->system;
    bool heard = member->addressHeard;

    member->addressHeard = SameAddress(member, &message->origin);
    if (!heard || member->addressHeard || message->local != member->local) {
        return false;
    }
    return (message->origin.severally && message->origin.interface != member->interface)
            || (system->isNear(system->context, &member->address)
                    && !system->isNear(system->context, &message->origin.address));
}

void
ClusterMemberHeardAgain(ClusterMember *member, const ClusterOrigin *origin)
{
    member->addressHeard = member->addressHeard || SameAddress(member, origin);
}

/*
 * It is heard from another address than before. If it was heard from there
 * shortly before, or that was so once, it has both: its links stay.
 */
static bool
HasMoved(ClusterMember *member, const ClusterAddress *address)
{
    int64_t now = ClusterNodeNow(member->node);
    bool returns = ClusterAddressCompare(address, &member->former) == 0
            && (member->hasBoth || now - member->formerHeard < RETURNS_WITHIN);

    member->hasBoth = returns;
    member->former = member->address;
    member->formerHeard = now;
    return !returns;
}

/* Its links to where it was end, and what waits there goes out anew. */
static void
MoveLinks(ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        const ClusterSlot *slot = member->node->slots[i];

        if (member->links[i] && slot->type->moved) {
            slot->type->moved(member->links[i], &member->address);
        }
    }
}

/*
 * The address is taken from what is sent to all: the far end of a link may be
 * anybody, and a datagram for us alone leaves a host with several addresses by
 * the one that routes choose.
 */
static void
UpdateAddress(ClusterMember *member, const ClusterMessage *message, bool datagram)
{
    ClusterAddress address = member->address;

    if (datagram && !message->local && !ClusterAddressIsNone(&address)
            && !SameAddress(member, &message->origin)) {
        member->node->severalAddresses = true;
    }
    if (datagram && !KeepsAddress(member, message)) {
        address = ClusterAddressWithPort(&message->origin.address, 0);
        member->interface = message->origin.interface;
        member->addressHeard = true;
    }

    if (ClusterAddressCompare(&address, &member->address) != 0 || message->local != member->local) {
        bool moved = !message->local && !member->local && HasMoved(member, &address);

        member->address = address;
        member->local = member->life.local = message->local;
        ClusterReplaceObj(&member->place, NULL);
        if (moved) {
            MoveLinks(member);
        }
    }
}

/*
 * ------------------------------------------------------------------------
 * Its links
 * ------------------------------------------------------------------------
 */

static bool
LinkIsOpen(const ClusterSlot *slot, const ClusterLink *link)
{
    return link && (!slot->type->isOpen || slot->type->isOpen(link));
}

static bool
LinkWorks(const ClusterSlot *slot, const ClusterLink *link)
{
    return !slot->type->works || slot->type->works(link);
}

/* A link serves one member: whoever speaks over it last. False when it is closed, or the member is lost. */
static bool
AssignLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    ClusterMember *before;

    if (member->lost || !LinkIsOpen(slot, link)) {
        return false; /* a hook may have closed it since the packet came */
    }
    before = slot->type->own(link, member);
    if (before && before != member && before->links[slot->index] == link) {
        before->links[slot->index] = NULL;
    }
    return true;
}

void
ClusterMemberEndLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    ClusterMember *owner;

    if (!slot->transport || !LinkIsOpen(slot, link)) {
        return;
    }
    owner = slot->type->own(link, member);
    if (owner && owner != member) {
        slot->type->own(link, owner); /* a hook let a packet of another be read there since */
        return;
    }
    slot->type->done(slot->transport, link);
}

void
ClusterMemberUseLink(ClusterMember *member, ClusterSlot *slot, ClusterLink *link)
{
    if (AssignLink(member, slot, link)) {
        member->links[slot->index] = link;
    }
}

/* Does the packet come from where the member is known to be? A transport written in Tcl is taken at its word. */
static bool
ComesFromIt(const ClusterMember *member, const ClusterMessage *message)
{
    ClusterAddress from = ClusterAddressWithPort(&message->origin.address, 0);

    if (message->origin.descriptor) {
        return true;
    }
    return message->local ? member->local : ClusterAddressCompare(&from, &member->address) == 0;
}

/* Is what is sent over the link sealed, where it is to be? */
static bool
MaySendOver(const ClusterMember *member, const ClusterMessage *message)
{
    const ClusterSealing *sealing = member->node->sealing;

    return !sealing || message->origin.sealed || !message->slot->type->seals
            || !ClusterSealingSeals(sealing);
}

/* Is there a link, of whichever transport, over which it is sent to? */
static bool
HasOpenLink(const ClusterMember *member)
{
    const ClusterNode *node = member->node;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        if (LinkIsOpen(node->slots[i], member->links[i])) {
            return true;
        }
    }
    return false;
}

/*
 * A packet came over the link, which says to be the member's. What is sent to
 * the member goes over one as long as that is open, though both sides may have
 * made one at the same moment: over another it would overtake what waits there.
 * One that is suspect does not count, nor is it taken up again.
 * That holds across transports: other users can connect to the TCP port, whom
 * the unix socket's file keeps out. Nor does a link from elsewhere get what is
 * meant for the member. It is read all the same, and to its end when the member
 * leaves.
 */
void
ClusterMemberHearOver(ClusterMember *member, const ClusterMessage *message)
{
    ClusterSlot *slot = message->slot;
    ClusterLink *used = member->links[slot->index];

    member->renewedSlots &= ~(1u << slot->index);
    if (used != message->link && AssignLink(member, slot, message->link) && !HasOpenLink(member)
            && LinkWorks(slot, message->link) && ComesFromIt(member, message)
            && MaySendOver(member, message)) {
        member->links[slot->index] = message->link;
    }
}

void
ClusterMemberTakeWay(ClusterMember *member, ClusterMessage *message)
{
    if (message->unicast && !message->local) {
        member->node->severalAddresses = true; /* nobody knows yet from which it sends to all */
    }
    UpdateAddress(member, message, !message->slot->type->reliable && !message->unicast);
    if (message->link) {
        ClusterMemberHearOver(member, message);
    }
}

bool
ClusterMemberConnected(const ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        if (member->links[i]) {
            return true;
        }
    }
    return false;
}

bool
ClusterMemberHasWays(const ClusterMember *member)
{
    const ClusterNode *node = member->node;
    Tcl_Size i;
    Tcl_Obj *word;

    for (i = 0; Tcl_ListObjIndex(NULL, member->protocols, i, &word) == TCL_OK && word; i++) {
        const ClusterSlot *slot = ClusterNodeSlotById(node, Tcl_GetString(word));

        if (slot && !slot->type->reachesAll && (member->local || !slot->type->localOnly)
                && !(node->sealing && ClusterSealingBars(node->sealing, slot->type))) {
            return true;
        }
    }
    return false;
}

bool
ClusterMemberServed(ClusterMember *member)
{
    const ClusterNode *node = member->node;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        const ClusterSlot *slot = node->slots[i];

        if (member->links[i]
                || (slot->transport && slot->type->serving
                        && slot->type->serving(slot->transport, member))) {
            return true;
        }
    }
    return false;
}

void
ClusterMemberRenewed(ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        if (member->links[i]) {
            member->renewedSlots |= 1u << i;
        }
    }
}

bool
ClusterMemberReplaced(ClusterMember *member)
{
    int i;

    for (i = 0; i < member->node->slotCount; i++) {
        ClusterLink *link = member->links[i];

        if (link && (member->renewedSlots & (1u << i))) {
            member->links[i] = NULL;
            ClusterMemberEndLink(member, member->node->slots[i], link);
        }
    }
    member->renewedSlots = 0;
    return !ClusterMemberServed(member);
}

ClusterLink *
ClusterMemberLink(const ClusterMember *member, const ClusterSlot *slot)
{
    return member->links[slot->index];
}

/*
 * ------------------------------------------------------------------------
 * Ways that cannot work
 * ------------------------------------------------------------------------
 */

bool
ClusterMemberBar(ClusterMember *member, const ClusterSlot *slot, ClusterSendResult result,
        bool telling)
{
    uint32_t bit = 1u << slot->index;
    int64_t now = ClusterNodeNow(member->node);
    bool tell = result == CLUSTER_SEND_ABSENT && (member->toldSlots & bit) == 0;

    if (result != CLUSTER_SEND_DENIED && result != CLUSTER_SEND_ABSENT) {
        return true;
    }
    if (now >= member->barredUntil) {
        member->barredFor = result == CLUSTER_SEND_ABSENT && member->barredFor == 0
                ? CLUSTER_BARRED_FIRST
                : CLUSTER_BARRED_MOST;
        member->barredUntil = now + member->barredFor;
    }
    member->barredSlots |= bit;
    if (tell && telling) {
        member->toldSlots |= bit;
    }
    return tell;
}

void
ClusterMemberHearWhereabouts(ClusterMember *member, Tcl_Obj *props)
{
    if (strcmp(Tcl_GetString(props), Tcl_GetString(member->props)) != 0) {
        member->barredSlots = member->toldSlots = member->lateSlots = 0;
        member->barredFor = 0;
        member->barredUntil = 0;
    } else if (member->barredFor == CLUSTER_BARRED_FIRST) {
        member->barredUntil = 0;
    }
}

bool
ClusterMemberBarred(const ClusterMember *member, const ClusterSlot *slot)
{
    return (member->barredSlots & (1u << slot->index)) && !member->links[slot->index]
            && ClusterNodeNow(member->node) < member->barredUntil;
}

void
ClusterMemberLate(ClusterMember *member, const ClusterSlot *slot)
{
    member->lateSlots |= 1u << slot->index;
    member->lateUntil = ClusterNodeNow(member->node) + CLUSTER_LATE_MS;
}
