/*
 * clusterSend.c --
 *
 *	A packet's way out: to everybody, or to one member over the first of its
 *	protocols that works (clusterRoute.c), and over the next ones when that
 *	breaks.
 *
 *	Hooks and transports written in Tcl are asked on the way, and may do
 *	anything, ending the member or the node included: each step looks first.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

bool
ClusterNodeAskOut(ClusterNode *node, ClusterOutgoing *outgoing, bool toAll)
{
    return node->delegate->payloadOut(node->context, outgoing, toAll);
}

/* Notes the key, which a hook may have made and which goes with its payload. */
static void
NoteCulprit(ClusterSendDetails *details, Tcl_Obj *key)
{
    const char *text = Tcl_GetString(key);
    size_t length = strlen(text);

    if (length >= sizeof details->culprit) {
        length = sizeof details->culprit - 1;
        while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80) {
            length--; /* not within a character */
        }
    }
    memcpy(details->culprit, text, length);
    details->culprit[length] = '\0';
}

/* Nobody accepts a packet without these. False with the culprit in the details. */
static bool
IsComplete(const ClusterNode *node, uint32_t present, ClusterSendDetails *details)
{
    static const ClusterField needed[] = {CLUSTER_TYPE, CLUSTER_SID, CLUSTER_HID, CLUSTER_CHANNEL,
            CLUSTER_PROTOCOLS};
    size_t i;

    for (i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if ((present & (1u << needed[i])) == 0) {
            NoteCulprit(details, node->keys.name[needed[i]]);
            return false;
        }
    }
    return true;
}

/* Datagrams are sealed here, for one member or all; of the others it is up to the transport. */
static ClusterSendResult
TransmitSealed(ClusterSlot *slot, const ClusterPeer *peer, ClusterLink **link, ClusterBlob *blob)
{
    ClusterSealing *sealing = slot->node->sealing;
    ClusterSendResult result;
    ClusterBlob *sealed;

    if (ClusterSealingBars(sealing, slot->type)) {
        return CLUSTER_SEND_FAILED;
    }
    if (!slot->type->datagrams || !ClusterSealingSeals(sealing)) {
        return slot->type->send(slot->transport, peer, link, blob);
    }
    sealed = ClusterSealingSeal(sealing, blob,
            peer && slot == slot->node->datagram ? peer->uuid : NULL);
    if (!sealed) {
        return CLUSTER_SEND_FAILED;
    }
    result = slot->type->send(slot->transport, peer, link, sealed);
    ClusterBlobRelease(sealed);
    return result;
}

ClusterSendResult
ClusterSendTransmit(ClusterSlot *slot, ClusterMember *member, const ClusterPeer *peer,
        ClusterLink **link, ClusterBlob *blob)
{
    ClusterSendResult result = slot->node->sealing
            ? TransmitSealed(slot, peer, link, blob)
            : slot->type->send(slot->transport, peer, link, blob);

    ClusterNodeTraceOut(slot, member, blob, result);
    return result;
}

/* Is somebody told if it is lost? Of what a script sends to say something, not of what a node says of itself. */
static bool
IsTold(const ClusterOutgoing *outgoing)
{
    uint64_t type;

    return ClusterOutgoingNumber(outgoing, CLUSTER_TYPE, &type)
            && (type == CLUSTER_EVENT || type == CLUSTER_QUERY || type == CLUSTER_RESPONSE);
}

ClusterBlob *
ClusterSendEncode(ClusterNode *node, const ClusterOutgoing *outgoing, Tcl_Obj *only,
        ClusterSendDetails *details)
{
    bpacket_span packet;
    ClusterBlob *blob = NULL;
    Tcl_Obj *culprit = NULL;
    uint32_t present;

    details->payloadStatus =
            ClusterOutgoingEncode(outgoing, only, &node->writer, &packet, &present, &culprit);
    if (culprit) {
        NoteCulprit(details, culprit);
    }
    if (details->payloadStatus == CLUSTER_PAYLOAD_OK && !IsComplete(node, present, details)) {
        details->payloadStatus = CLUSTER_PAYLOAD_INCOMPLETE;
    }
    if (details->payloadStatus == CLUSTER_PAYLOAD_OK) {
        blob = ClusterBlobNew(packet.bytes, packet.length);
        if (blob) {
            blob->told = IsTold(outgoing);
        } else {
            details->payloadStatus = CLUSTER_PAYLOAD_TOO_LARGE;
        }
    }
    bpacket_writer_reset(&node->writer);
    return blob;
}

ClusterBlob *
ClusterSendHooked(ClusterNode *node, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterBlob *hooked = node->delegate->packetOut(node->context, slot, blob);

    if (hooked && hooked != blob && !hooked->plain) {
        hooked->plain = ClusterBlobHold(blob);
    }
    return hooked;
}

/*
 * ------------------------------------------------------------------------
 * To everybody
 * ------------------------------------------------------------------------
 */

/* Over every way that reaches everybody: who hears it over several takes it once. */
static ClusterSendStatus
TransmitToAll(ClusterNode *node, ClusterBlob *blob, ClusterSendDetails *details)
{
    bool sent = false, tooLarge = false;
    int i;

    for (i = 0; i < node->slotCount; i++) {
        ClusterSlot *slot = node->slots[i];
        ClusterSendResult result = CLUSTER_SEND_FAILED;
        ClusterLink *none = NULL;
        ClusterBlob *hooked;

        if (!slot->type->reachesAll || (hooked = ClusterSendHooked(node, slot, blob)) == NULL) {
            continue;
        }
        if (slot->transport) {
            result = ClusterSendTransmit(slot, NULL, NULL, &none, hooked);
        }
        ClusterBlobRelease(hooked);
        if (!sent) {
            details->slot = slot;
        }
        sent |= result == CLUSTER_SENT;
        tooLarge |= result == CLUSTER_SEND_TOO_LARGE;
    }
    if (sent) {
        return CLUSTER_SEND_DONE;
    }
    return tooLarge ? CLUSTER_SEND_OVERSIZED : CLUSTER_SEND_UNREACHABLE;
}

ClusterSendStatus
ClusterSendToAll(ClusterNode *node, ClusterOutgoing *outgoing, bool asked,
        ClusterSendDetails *details)
{
    ClusterSendDetails unused;
    ClusterSendStatus status = CLUSTER_SEND_CANCELLED;
    ClusterBlob *blob;
    uint64_t type;

    details = details ? details : &unused;
    memset(details, 0, sizeof *details);
    if (ClusterNodeForked(node)) { /* the parent sends for itself */
        return CLUSTER_SEND_UNREACHABLE;
    }
    ClusterNodeHold(node);
    node->saidGoodbye |=
            ClusterOutgoingNumber(outgoing, CLUSTER_TYPE, &type) && type == CLUSTER_DISCONNECT;
    if (!ClusterOutgoingHas(outgoing, CLUSTER_CHANNEL)) {
        ClusterOutgoingSetNumber(outgoing, CLUSTER_CHANNEL, CLUSTER_CHANNEL_BROADCAST);
    }
    if (asked || ClusterNodeAskOut(node, outgoing, true)) {
        blob = node->closed ? NULL : ClusterSendEncode(node, outgoing, NULL, details);
        if (blob) {
            status = TransmitToAll(node, blob, details);
            ClusterBlobRelease(blob);
        } else if (!node->closed) {
            status = CLUSTER_SEND_BAD_PAYLOAD;
        }
    }
    ClusterNodeRelease(node);
    return status;
}

/*
 * ------------------------------------------------------------------------
 * To one member
 * ------------------------------------------------------------------------
 */

static ClusterPeer
PeerOf(ClusterMember *member, const ClusterSlot *slot)
{
    ClusterPeer peer = {.sid = Tcl_GetString(member->sid),
            .address = member->address,
            .local = member->local,
            .owner = member,
            .uuid = Tcl_GetString(member->uuid)};

    Tcl_DictObjGet(NULL, member->props, slot->id, &peer.props);
    return peer;
}

ClusterSendResult
ClusterSendReach(ClusterMember *member, ClusterSlot *slot)
{
    ClusterPeer peer = PeerOf(member, slot);

    if (!slot->transport || !slot->type->reach || member->links[slot->index]
            || ClusterRouteIsUnknown(member, slot) || ClusterRouteIsBarred(slot)) {
        return CLUSTER_SEND_FULL;
    }
    return slot->type->reach(slot->transport, &peer, &member->links[slot->index]);
}

static ClusterSendResult
SendBlob(ClusterMember *member, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterPeer peer;

    if (!slot->transport || member->lost) {
        return CLUSTER_SEND_FAILED;
    }
    peer = PeerOf(member, slot);
    return ClusterSendTransmit(slot, member, &peer, &member->links[slot->index], blob);
}

/* One attempt. The slot's hook may end the member or the node. */
static ClusterSendResult
Attempt(ClusterMember *member, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    ClusterBlob *hooked = ClusterSendHooked(member->node, slot, blob);

    if (hooked) {
        result = SendBlob(member, slot, hooked);
        ClusterBlobRelease(hooked);
    }
    return result;
}

bool
ClusterMemberSendBlob(ClusterMember *member, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterLink *none = NULL;

    if (member) {
        return SendBlob(member, slot, blob) == CLUSTER_SENT;
    }
    return slot->transport && ClusterSendTransmit(slot, NULL, NULL, &none, blob) == CLUSTER_SENT;
}

void
ClusterMemberHangUp(ClusterMember *member, ClusterSlot *slot)
{
    ClusterLink *link = member->links[slot->index];

    if (link && slot->transport) {
        member->links[slot->index] = NULL;
        slot->type->done(slot->transport, link);
    }
}

/* Tells the member which slots, as bits, failed for us: over the one that worked, or over those after it. */
static void
ReportFailures(ClusterMember *member, uint32_t failed, ClusterSlot *good, const ClusterRoute *route,
        int after, int flags)
{
    ClusterNode *node = member->node;
    int64_t now = ClusterNodeNow(node);
    ClusterErrand *report;
    int i;

    if (now - member->reported >= REFRESH_EVERY) {
        member->reported = now;
        member->reportedSlots = 0;
    }
    if ((failed & ~member->reportedSlots) == 0 || !ClusterNodeMay(node, CLUSTER_QUOTA_REPORTS)) {
        return; /* it was told, and would not heed it so soon */
    }
    member->reportedSlots |= failed;
    report = ClusterErrandAppend(node, CLUSTER_SEND_REPORT, member);
    report->with = flags & CLUSTER_ALLOW_BROADCAST;
    ClusterReplaceObj(&report->list, Tcl_NewListObj(0, NULL));
    for (i = 0; i < node->slotCount; i++) {
        if (failed & (1u << i)) {
            Tcl_ListObjAppendElement(NULL, report->list, node->slots[i]->id);
        }
    }
    ClusterReplaceObj(&report->ways, Tcl_NewListObj(1, &good->id));
    for (i = after; route && i < route->count; i++) {
        Tcl_ListObjAppendElement(NULL, report->ways, route->slots[i]->id);
    }
}

/* The first so many slots of a route, as bits. */
static uint32_t
SlotBits(const ClusterRoute *route, int count)
{
    uint32_t bits = 0;
    int i;

    for (i = 0; i < count; i++) {
        bits |= 1u << route->slots[i]->index;
    }
    return bits;
}

/* Its queue is full; another way would overtake what waits there. */
static ClusterSendStatus
Refuse(ClusterMember *member)
{
    ClusterFlowRefused(member);
    return CLUSTER_SEND_BUSY;
}

/* Has the first way a queue in which there is no room? What was accepted before always goes back there. */
static bool
IsFull(const ClusterMember *member, const ClusterRoute *route, const ClusterBlob *blob, int flags)
{
    return route->count > 0 && route->slots[0]->type->waiting && !(flags & CLUSTER_ACCEPTED)
            && !ClusterFlowAdmits(member, blob->length);
}

/* Tries the route in order. */
static ClusterSendStatus
TryRoute(ClusterMember *member, const ClusterRoute *route, ClusterBlob *blob, int flags,
        ClusterSendDetails *details)
{
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    bool tooLarge = false, denied = true;
    uint32_t failed = 0;
    int i;

    if (IsFull(member, route, blob, flags)) {
        return Refuse(member);
    }
    for (i = 0; i < route->count; i++) {
        result = Attempt(member, route->slots[i], blob);
        if (result == CLUSTER_SENT) {
            details->slot = route->slots[i];
            if (failed && (flags & CLUSTER_REPORT_FAILURES) && !tooLarge) {
                ReportFailures(member, failed, route->slots[i], route, i + 1, flags);
            }
            return CLUSTER_SEND_DONE;
        }
        if (result == CLUSTER_SEND_FULL) {
            return Refuse(member);
        }
        if (ClusterMemberBar(member, route->slots[i], result,
                    (flags & CLUSTER_REPORT_FAILURES) != 0)) {
            failed |= 1u << route->slots[i]->index;
        }
        details->absent |= result == CLUSTER_SEND_ABSENT || result == CLUSTER_SEND_REFUSED;
        tooLarge |= result == CLUSTER_SEND_TOO_LARGE;
        denied &= result == CLUSTER_SEND_DENIED;
    }
    if (tooLarge && route->count == 1 && !route->late) {
        return CLUSTER_SEND_OVERSIZED;
    }
    if ((flags & CLUSTER_PING_ON_FAIL)
            && (route->count > 0 ? !denied : route->unknown)) { /* who denies us is alive */
        ClusterRosterStep(member, CLUSTER_LIFE_UNREACHABLE);
    }
    return CLUSTER_SEND_UNREACHABLE;
}

ClusterBlob *
ClusterSendMake(ClusterMember *member, const ClusterOutgoing *outgoing, ClusterSendDetails *details)
{
    return ClusterSendEncode(member->node, outgoing, member->sid, details);
}

ClusterSendStatus
ClusterSendMade(ClusterMember *member, ClusterBlob *blob, Tcl_Obj *protocols, int flags,
        ClusterSendDetails *details)
{
    ClusterRoute route;

    ClusterRouteChoose(member, protocols, flags, &route);
    blob->ways = SlotBits(&route, route.count);
    return TryRoute(member, &route, blob, flags, details);
}

static ClusterSendStatus
SendHeld(ClusterMember *member, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        ClusterSendDetails *details)
{
    ClusterNode *node = member->node;
    ClusterSendStatus status = CLUSTER_SEND_BAD_PAYLOAD;
    ClusterBlob *blob;

    if (!(flags & CLUSTER_NO_HOOKS) && !ClusterNodeAskOut(node, outgoing, false)) {
        return CLUSTER_SEND_CANCELLED;
    }
    if (node->closed || member->lost) {
        status = CLUSTER_SEND_UNREACHABLE;
    } else if ((blob = ClusterSendMake(member, outgoing, details)) != NULL) {
        status = ClusterSendMade(member, blob, protocols, flags, details);
        ClusterBlobRelease(blob);
    }
    return status;
}

ClusterSendStatus
ClusterSendToOne(ClusterMember *member, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        ClusterSendDetails *details)
{
    ClusterSendDetails unused;
    ClusterSendStatus status;

    details = details ? details : &unused;
    memset(details, 0, sizeof *details);
    if (member->lost || member->node->closed) {
        return CLUSTER_SEND_UNREACHABLE;
    }
    ClusterMemberHold(member);
    status = SendHeld(member, outgoing, protocols, flags, details);
    ClusterMemberRelease(member);
    return status;
}

ClusterSendStatus
ClusterSendReply(ClusterMember *member, ClusterSlot *slot, ClusterOutgoing *reply, int flags)
{
    ClusterSendStatus status;
    Tcl_Obj *protocols = NULL;

    if (!slot->type->reachesAll) {
        protocols = Tcl_NewListObj(1, &slot->id);
        Tcl_ListObjAppendList(NULL, protocols, member->protocols);
        Tcl_IncrRefCount(protocols);
    }
    status = ClusterSendToOne(member, reply, protocols,
            flags | CLUSTER_ALLOW_BROADCAST | CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES, NULL);
    if (protocols) {
        Tcl_DecrRefCount(protocols);
    }
    return status;
}

/*
 * ------------------------------------------------------------------------
 * After a link broke
 * ------------------------------------------------------------------------
 */

/* Of the ways that a packet may take (`ways` of its blob) those that work now, without the one that failed, if any. */
static void
RemainingRoute(ClusterMember *member, const ClusterBlob *blob, const ClusterSlot *failed,
        ClusterRoute *route)
{
    ClusterRoute all;
    int i;

    ClusterRouteChoose(member, NULL, CLUSTER_ALLOW_BROADCAST | CLUSTER_LATE_TOO, &all);
    route->count = 0;
    route->unknown = all.unknown;
    route->late = all.late;
    for (i = 0; i < all.count; i++) {
        if (all.slots[i] != failed && (blob->ways & (1u << all.slots[i]->index))) {
            route->slots[route->count++] = all.slots[i];
        }
    }
}

/*
 * Sends each packet once more, in order, over the ways left to it; `event` is
 * what it means for the member's life that there is none. Returns a slot that
 * carried one, NULL for none.
 */
static ClusterSlot *
SendUnsent(ClusterMember *member, const ClusterSlot *failed, ClusterBlobQueue *unsent,
        ClusterLifeEvent event)
{
    ClusterSlot *good = NULL;
    ClusterBlob *blob;

    while (!member->lost && (blob = ClusterBlobQueuePop(unsent)) != NULL) {
        ClusterBlob *plain = ClusterBlobPlain(blob);
        ClusterSendDetails details;
        ClusterSendStatus status;
        ClusterRoute route;

        if (plain->kept) {
            ClusterBlobRelease(blob);
            continue;
        }
        memset(&details, 0, sizeof details);
        RemainingRoute(member, plain, failed, &route);
        status = TryRoute(member, &route, plain, CLUSTER_ACCEPTED, &details);
        if (status == CLUSTER_SEND_DONE) {
            good = details.slot;
        } else if (status == CLUSTER_SEND_UNREACHABLE) {
            ClusterRosterStep(member, event);
        }
        if (status != CLUSTER_SEND_DONE) {
            ClusterUndeliveredPacket(member, blob,
                    member->lost ? CLUSTER_UNDELIVERED_LOST : ClusterUndeliveredReason(status));
        }
        ClusterBlobRelease(blob);
    }
    ClusterUndeliveredPackets(member, unsent, CLUSTER_UNDELIVERED_LOST);
    return good;
}

/* The member learns once which protocol failed. */
void
ClusterSendAgain(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent)
{
    ClusterSlot *good;

    ClusterMemberHold(member);
    good = SendUnsent(member, failed, unsent, CLUSTER_LIFE_REFUSED);
    if (good && !member->lost) {
        ReportFailures(member, 1u << failed->index, good, NULL, 0, CLUSTER_ALLOW_BROADCAST);
    }
    ClusterMemberRelease(member);
}

void
ClusterSendAnew(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent)
{
    ClusterMemberHold(member);
    SendUnsent(member, failed, unsent, CLUSTER_LIFE_UNREACHABLE);
    ClusterMemberRelease(member);
}

/* Another way comes first; without one it goes over the link once that is made, or over a new one. */
void
ClusterSendElsewhere(ClusterMember *member, ClusterSlot *late, ClusterBlobQueue *unsent)
{
    ClusterBlob *blob;

    ClusterMemberHold(member);
    while (!member->lost && (blob = ClusterBlobQueuePop(unsent)) != NULL) {
        ClusterBlob *plain = ClusterBlobPlain(blob);
        ClusterSendDetails details;
        ClusterRoute route;

        memset(&details, 0, sizeof details);
        RemainingRoute(member, plain, late, &route);
        if (!plain->kept
                && TryRoute(member, &route, plain, CLUSTER_ACCEPTED, &details) != CLUSTER_SEND_DONE
                && SendBlob(member, late, blob) != CLUSTER_SENT) {
            ClusterRosterStep(member, CLUSTER_LIFE_UNREACHABLE);
            ClusterUndeliveredPacket(member, blob,
                    ClusterUndeliveredReason(CLUSTER_SEND_UNREACHABLE));
        }
        ClusterBlobRelease(blob);
    }
    ClusterUndeliveredPackets(member, unsent, CLUSTER_UNDELIVERED_LOST);
    ClusterMemberRelease(member);
}
