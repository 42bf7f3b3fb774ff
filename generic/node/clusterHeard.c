/*
 * clusterHeard.c --
 *
 *	What transports tell a node: packets, links that ended, a network that
 *	changed, a port where nobody hears. Each is a turn.
 */

#include "node/clusterNodeInt.h"

/* Milliseconds within which an answer by datagram says that a link should be answered too. */
#define REACHED_WITHIN 1000

static bool
TransportReceived(void *context, ClusterTransport *transport, ClusterLink *link,
        bpacket_span packet, const ClusterOrigin *origin)
{
    (void) transport;
    return ClusterNodeReceive(context, link, packet, origin);
}

/*
 * The link over a slot is gone. Returns whether it was the one that we sent
 * over. Another that is open need not be the member's, whatever it says.
 */
static bool
ForgetLink(ClusterMember *member, const ClusterSlot *slot, const ClusterLink *link)
{
    if (member->links[slot->index] != link) {
        return false;
    }
    member->links[slot->index] = NULL;
    return true;
}

/* The same of one that says goodbye: what waited is for nobody, and with the last link it is gone. */
static void
LeavesUnsent(ClusterMember *member, const ClusterBlobQueue *unsent)
{
    ClusterUndeliveredPackets(member, unsent, CLUSTER_UNDELIVERED_LOST);
    if (!ClusterMemberServed(member)) {
        ClusterRosterStep(member, CLUSTER_LIFE_LINKS_GONE);
    }
}

static void
TransportFeared(void *context, ClusterTransport *transport, void *owner,
        const ClusterBlobQueue *packets, bool discarded)
{
    (void) context;
    (void) transport;
    ClusterUndeliveredPackets(owner, packets,
            discarded ? CLUSTER_UNDELIVERED_STALLED : CLUSTER_UNDELIVERED_BROKEN);
}

static void
TransportClosed(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
        ClusterBlobQueue *unsent)
{
    ClusterSlot *slot = context;
    ClusterMember *member = owner;
    bool last;

    (void) transport;
    if (!member || slot->node->closed) {
        return;
    }
    ClusterNodeHold(slot->node);
    ClusterMemberHold(member);
    last = ForgetLink(member, slot, link);
    if (ClusterLivenessLeaves(&member->life)) {
        LeavesUnsent(member, unsent);
    } else if (unsent->count && !member->lost) {
        ClusterSendAgain(member, slot, unsent);
    } else if (last) {
        ClusterRosterLinkEnded(member, slot);
    }
    if (last) {
        ClusterProberLinkEnded(member);
    }
    ClusterDeliveriesAgain(member, false);
    ClusterFlowChanged(member);
    ClusterTurnEnd(slot->node);
    ClusterMemberRelease(member);
    ClusterNodeRelease(slot->node);
}

/* A link ended by the network says nothing of the member's life. */
static void
TransportFaded(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
        ClusterBlobQueue *unsent, bool standing)
{
    ClusterSlot *slot = context;
    ClusterMember *member = owner;

    (void) transport;
    if (!member || slot->node->closed) {
        return;
    }
    ClusterNodeHold(slot->node);
    ClusterMemberHold(member);
    ForgetLink(member, slot, link);
    if (ClusterLivenessLeaves(&member->life)) {
        LeavesUnsent(member, unsent);
    } else if (unsent->count && !member->lost) {
        ClusterSendAnew(member, standing ? NULL : slot, unsent);
    }
    ClusterDeliveriesAgain(member, false);
    ClusterFlowChanged(member);
    ClusterTurnEnd(slot->node);
    ClusterMemberRelease(member);
    ClusterNodeRelease(slot->node);
}

/* An answer to a datagram of ours, while the link had none: asked for as soon as a link seems to be mute. */
static bool
TransportReached(void *context, ClusterTransport *transport, void *owner)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;
    ClusterMember *member = owner;

    (void) transport;
    if (node->closed || member->lost) {
        return false;
    }
    if (member->probe.answered && ClusterNodeNow(node) - member->probe.answered <= REACHED_WITHIN) {
        return true;
    }
    ClusterNodeHold(node);
    ClusterProberBegin(member);
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
    return false;
}

/*
 * A link that is not made yet stays the one for what has no other way; one that
 * is made does not, and another is made in its place.
 */
static void
TransportSuspect(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
        ClusterBlobQueue *unsent, bool standing)
{
    ClusterSlot *slot = context;
    ClusterMember *member = owner;

    (void) transport;
    if (slot->node->closed || member->lost) {
        return;
    }
    ClusterNodeHold(slot->node);
    ClusterMemberHold(member);
    ClusterNodeTraceLine(slot->node, "state", "%s has a link of %s that %s",
            Tcl_GetString(member->uuid), Tcl_GetString(slot->id),
            standing ? "confirms nothing" : "is not made");
    ClusterMemberLate(member, slot);
    if (standing) {
        ForgetLink(member, slot, link);
    }
    if (ClusterLivenessLeaves(&member->life)) {
        LeavesUnsent(member, unsent);
    } else {
        ClusterSendElsewhere(member, slot, unsent);
    }
    ClusterDeliveriesAgain(member, false);
    ClusterFlowChanged(member);
    ClusterTurnEnd(slot->node);
    ClusterMemberRelease(member);
    ClusterNodeRelease(slot->node);
}

/* Who said goodbye is heard of as long as bytes of a large packet come. */
static void
TransportArriving(void *context, ClusterTransport *transport, void *owner)
{
    ClusterMember *member = owner;
    ClusterNode *node = ((ClusterSlot *) context)->node;

    (void) transport;
    if (!node->closed && ClusterLivenessLeaves(&member->life)) {
        ClusterRosterStep(member, CLUSTER_LIFE_HEARD);
        ClusterTurnArm(node);
    }
}

static void
TransportChanged(void *context, ClusterTransport *transport)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;

    (void) transport;
    if (context == node->datagram) {
        ClusterSelfHasDatagram(node);
    }
    ClusterBeaconPropsChanged(node);
    ClusterTurnArm(node);
}

/*
 * A beat tells where we are now. Who is there and beats seldom is asked,
 * however lately the last probe went out: it did not get there. Whoever can
 * make our link come and go does not make us probe each time.
 */
static void
TransportMoved(void *context, ClusterTransport *transport)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;
    int64_t now = ClusterNodeNow(node);

    (void) transport;
    if (!node->started || node->closed) {
        return;
    }
    ClusterBeaconPropsChanged(node);
    if (!node->moved || now - node->lastMove >= CLUSTER_MOVED_PROBE_EVERY) {
        node->moved = true;
        node->lastMove = now;
        node->discovered = false;
        ClusterErrandAppend(node, CLUSTER_SEND_DISCOVERY, NULL);
    }
    ClusterTurnEnd(node);
}

static void
TransportDrained(void *context, ClusterTransport *transport, ClusterLink *link, void *owner)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;

    (void) transport;
    (void) link;
    if (owner && !node->closed) {
        ClusterFlowChanged(owner);
        ClusterTurnArm(node);
    }
}

static void
TransportDropped(void *context, ClusterTransport *transport, ClusterDrop reason, uint64_t count)
{
    (void) transport;
    ((ClusterSlot *) context)->node->drops[reason] += count;
}

static bool
TransportKeys(void *context, ClusterTransport *transport, ClusterTransportKeys *keys)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;

    (void) transport;
    if (!node->sealing) {
        return false;
    }
    keys->ring = ClusterSealingKeys(node->sealing);
    keys->group = node->group;
    keys->name = Tcl_GetString(node->uuidObj);
    keys->seals = ClusterSealingSeals(node->sealing);
    keys->hearsPlain = ClusterSealingHearsPlain(node->sealing);
    return true;
}

static void
TransportUnsealed(void *context, ClusterTransport *transport, ClusterDrop reason,
        const ClusterAddress *address)
{
    ClusterSlot *slot = context;

    (void) transport;
    if (slot->node->closed || !slot->node->sealing) {
        return;
    }
    ClusterNodeHold(slot->node);
    ClusterUnsealRefused(slot, address, reason);
    ClusterTurnEnd(slot->node);
    ClusterNodeRelease(slot->node);
}

static ClusterMember *
MemberAtPort(const ClusterNode *node, const ClusterAddress *address)
{
    ClusterMember *member = ClusterNodeNextMember(node, NULL);
    ClusterAddress host = ClusterAddressWithPort(address, 0);

    while (member
            && (member->datagramPort != ClusterAddressPort(address)
                    || ClusterAddressCompare(&member->address, &host) != 0)) {
        member = ClusterNodeNextMember(node, member);
    }
    return member;
}

static void
ForgetMissingAt(const ClusterNode *node, const ClusterAddress *address)
{
    ClusterMissing *missing = ClusterMissingNext(node, NULL);

    while (missing && !ClusterMissingIsAt(missing, address)) {
        missing = ClusterMissingNext(node, missing);
    }
    if (missing) {
        ClusterMissingForget(missing);
    }
}

/* Who was there is gone, or moved. That a host cannot be reached says nothing yet: there may be other ways. */
static void
TransportRefused(void *context, ClusterTransport *transport, const ClusterAddress *address,
        bool unreachable)
{
    ClusterNode *node = ((ClusterSlot *) context)->node;
    ClusterMember *member = unreachable ? NULL : MemberAtPort(node, address);

    (void) transport;
    if (node->closed || unreachable) {
        return;
    }
    ClusterNodeHold(node);
    if (member) {
        ClusterProberEvidence(member, CLUSTER_EVIDENCE_PORT);
    } else {
        ForgetMissingAt(node, address);
    }
    ClusterTurnEnd(node);
    ClusterNodeRelease(node);
}

const ClusterTransportDelegate clusterNodeTransportDelegate = {
        .received = TransportReceived,
        .closed = TransportClosed,
        .faded = TransportFaded,
        .reached = TransportReached,
        .suspect = TransportSuspect,
        .arriving = TransportArriving,
        .drained = TransportDrained,
        .feared = TransportFeared,
        .changed = TransportChanged,
        .moved = TransportMoved,
        .keys = TransportKeys,
        .unsealed = TransportUnsealed,
        .dropped = TransportDropped,
        .refused = TransportRefused,
};
