/*
 * clusterSend.c --
 *
 *	A packet's way out: to everybody, or to one member over the first of its
 *	protocols that works, and over the next ones when that breaks.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* Attempts of one send, in order. */
typedef struct Route {
    ClusterSlot *slots[CLUSTER_SLOTS_MAX];
    int count;
    bool untold; /* some were left out, as the member has not yet told where they are */
} Route;

bool
ClusterNodeAskOut(ClusterNode *node, ClusterOutgoing *outgoing, int flags)
{
    return node->delegate->payloadOut(node->context, outgoing, flags);
}

/* Notes the key, which a hook may have made and which goes with its payload. */
static void
Blame(ClusterSendDetails *details, Tcl_Obj *key)
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
            Blame(details, node->keys.name[needed[i]]);
            return false;
        }
    }
    return true;
}

/* A new blob of the packet, filtered to `only` unless it is NULL; NULL with *details saying why not. */
static ClusterBlob *
Encode(ClusterNode *node, const ClusterOutgoing *outgoing, Tcl_Obj *only,
        ClusterSendDetails *details)
{
    bpacket_span packet;
    ClusterBlob *blob = NULL;
    Tcl_Obj *culprit = NULL;
    uint32_t present;

    details->payloadStatus =
            ClusterOutgoingEncode(outgoing, only, &node->writer, &packet, &present, &culprit);
    if (culprit) {
        Blame(details, culprit);
    }
    if (details->payloadStatus == CLUSTER_PAYLOAD_OK && !IsComplete(node, present, details)) {
        details->payloadStatus = CLUSTER_PAYLOAD_INCOMPLETE;
    }
    if (details->payloadStatus == CLUSTER_PAYLOAD_OK) {
        blob = ClusterBlobNew(packet.bytes, packet.length);
        if (!blob) {
            details->payloadStatus = CLUSTER_PAYLOAD_TOO_LARGE;
        }
    }
    bpacket_writer_reset(&node->writer);
    return blob;
}

/* Through the slot's hook; a new reference, NULL when the hook fails it. */
static ClusterBlob *
Dress(ClusterNode *node, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterBlob *dressed = node->delegate->packetOut(node->context, slot, blob);

    if (dressed && dressed != blob && !dressed->plain) {
        dressed->plain = ClusterBlobHold(blob);
    }
    return dressed;
}

/*
 * ------------------------------------------------------------------------
 * To everybody
 * ------------------------------------------------------------------------
 */

static ClusterSendStatus
SendMulticast(ClusterNode *node, ClusterBlob *blob, ClusterSendDetails *details)
{
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    int i;

    for (i = 0; i < node->slotCount && result != CLUSTER_SENT; i++) {
        ClusterSlot *slot = node->slots[i];
        ClusterLink *none = NULL;
        ClusterBlob *dressed;

        if (!slot->type->datagram || (dressed = Dress(node, slot, blob)) == NULL) {
            continue;
        }
        if (slot->transport) {
            result = slot->type->send(slot->transport, NULL, &none, dressed);
        }
        ClusterBlobRelease(dressed);
        details->slot = slot;
    }
    if (result == CLUSTER_SENT) {
        return CLUSTER_SEND_DONE;
    }
    return result == CLUSTER_SEND_TOO_LARGE ? CLUSTER_SEND_OVERSIZED : CLUSTER_SEND_UNREACHABLE;
}

ClusterSendStatus
ClusterNodeBroadcast(ClusterNode *node, ClusterOutgoing *outgoing, int flags,
        ClusterSendDetails *details)
{
    ClusterSendDetails unused;
    ClusterSendStatus status = CLUSTER_SEND_CANCELLED;
    ClusterBlob *blob;

    details = details ? details : &unused;
    memset(details, 0, sizeof *details);
    if (ClusterNodeForked(node)) { /* a timer of the parent's, which sends for itself */
        return CLUSTER_SEND_UNREACHABLE;
    }
    ClusterNodeHold(node);
    if (!ClusterOutgoingHas(outgoing, CLUSTER_CHANNEL)) {
        ClusterOutgoingSetNumber(outgoing, CLUSTER_CHANNEL, CLUSTER_CHANNEL_BROADCAST);
    }
    if ((flags & CLUSTER_NO_HOOKS) || ClusterNodeAskOut(node, outgoing, CLUSTER_OUT_MULTICAST)) {
        blob = node->closed ? NULL : Encode(node, outgoing, NULL, details);
        if (blob) {
            status = SendMulticast(node, blob, details);
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

static bool
Contains(Tcl_Obj *list, const char *word)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, list, &count, &words) == TCL_OK) {
        for (i = 0; i < count; i++) {
            if (strcmp(Tcl_GetString(words[i]), word) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool
Usable(const ClusterMember *member, const ClusterSlot *slot, int flags)
{
    if (!slot || !slot->transport) {
        return false;
    }
    if (slot->type->datagram && !(flags & CLUSTER_ALLOW_BROADCAST)) {
        return false;
    }
    return member->local || !slot->type->localOnly;
}

/*
 * A member whose props have not come yet cannot be connected to; that is no
 * failure of its transports.
 */
static bool
Untold(const ClusterMember *member, const ClusterSlot *slot)
{
    return !member->propsKnown && !slot->type->datagram && !member->links[slot->index];
}

/* The slots to try: of `protocols` (all when NULL or empty) those that the member advertises and we speak. */
static void
Plan(const ClusterMember *member, Tcl_Obj *protocols, int flags, Route *route)
{
    Tcl_Obj **words;
    Tcl_Size count = 0, i;
    uint32_t seen = 0;
    bool chosen;

    route->count = 0;
    route->untold = false;
    chosen = protocols && Tcl_ListObjGetElements(NULL, protocols, &count, &words) == TCL_OK
            && count > 0;
    if (!chosen && Tcl_ListObjGetElements(NULL, member->protocols, &count, &words) != TCL_OK) {
        return;
    }
    for (i = 0; i < count; i++) {
        const char *id = Tcl_GetString(words[i]);
        ClusterSlot *slot = ClusterNodeSlotById(member->node, id);

        if (!Usable(member, slot, flags) || (seen & (1u << slot->index))
                || (chosen && !Contains(member->protocols, id))) {
            continue;
        }
        seen |= 1u << slot->index;
        if (Untold(member, slot)) {
            route->untold = true;
        } else {
            route->slots[route->count++] = slot;
        }
    }
}

static ClusterPeer
Peer(ClusterMember *member, const ClusterSlot *slot)
{
    ClusterPeer peer = {member->address, member->local, NULL, member};

    Tcl_DictObjGet(NULL, member->props, slot->id, &peer.props);
    return peer;
}

ClusterSendResult
ClusterMemberReach(ClusterMember *member, ClusterSlot *slot)
{
    ClusterPeer peer = Peer(member, slot);

    if (!slot->transport || !slot->type->reach || member->links[slot->index]
            || Untold(member, slot)) {
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
    peer = Peer(member, slot);
    return slot->type->send(slot->transport, &peer, &member->links[slot->index], blob);
}

/* One attempt. The slot's hook may end the member or the node. */
static ClusterSendResult
Attempt(ClusterMember *member, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    ClusterBlob *dressed = Dress(member->node, slot, blob);

    if (dressed) {
        result = SendBlob(member, slot, dressed);
        ClusterBlobRelease(dressed);
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
    return slot->transport && slot->type->send(slot->transport, NULL, &none, blob) == CLUSTER_SENT;
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

/*
 * Tells the member which of its protocols failed for us, over the one that
 * worked, or over those after it when that turns out to be broken as well.
 */
static void
ReportFailures(ClusterMember *member, ClusterSlot *good, const Route *route, int failures,
        int flags)
{
    ClusterNode *node = member->node;
    int64_t now = ClusterClockNow(node->clock);
    Tcl_Obj *list, *data;
    ClusterOutgoing report;
    uint32_t slots = 0;
    int i;

    if (now - member->reported >= REFRESH_EVERY) {
        member->reported = now;
        member->reportedSlots = 0;
    }
    for (i = 0; i < failures; i++) {
        slots |= 1u << route->slots[i]->index;
    }
    if ((slots & ~member->reportedSlots) == 0) {
        return; /* it was told, and would not heed it so soon */
    }
    member->reportedSlots |= slots;
    list = Tcl_NewListObj(0, NULL);
    data = Tcl_NewDictObj();
    for (i = 0; i < failures; i++) {
        Tcl_ListObjAppendElement(NULL, list, route->slots[i]->id);
    }
    Tcl_DictObjPut(NULL, data, node->keys.name[CLUSTER_PROTOCOLS], list);
    ClusterNodeOutgoing(node, CLUSTER_FAILURE, CLUSTER_CHANNEL_BROADCAST, &report);
    ClusterOutgoingSetValue(&report, CLUSTER_DATA, data);
    list = Tcl_NewListObj(1, &good->id);
    for (i = failures + 1; i < route->count; i++) {
        Tcl_ListObjAppendElement(NULL, list, route->slots[i]->id);
    }
    Tcl_IncrRefCount(list);
    ClusterMemberSend(member, &report, list, flags & CLUSTER_ALLOW_BROADCAST, NULL);
    Tcl_DecrRefCount(list);
    ClusterOutgoingFree(&report);
}

/* No way worked: it must be heard of, or it is lost, and the cluster is asked after it. */
static void
Suspect(ClusterMember *member)
{
    if (ClusterMemberExpect(member, UNREACHABLE_EXPECT_WITHIN)) {
        ClusterNodeSchedulePing(member->node, member->sid);
    }
}

/* Tries the route in order. */
static ClusterSendStatus
Travel(ClusterMember *member, const Route *route, ClusterBlob *blob, int flags,
        ClusterSendDetails *details)
{
    ClusterSendResult result = CLUSTER_SEND_FAILED;
    bool tooLarge = false;
    int i;

    for (i = 0; i < route->count; i++) {
        result = Attempt(member, route->slots[i], blob);
        if (result == CLUSTER_SENT) {
            details->slot = route->slots[i];
            if (i > 0 && (flags & CLUSTER_REPORT_FAILURES) && !tooLarge) {
                ReportFailures(member, route->slots[i], route, i, flags);
            }
            return CLUSTER_SEND_DONE;
        }
        if (result == CLUSTER_SEND_FULL) {
            return CLUSTER_SEND_BUSY; /* another way would overtake what waits */
        }
        tooLarge |= result == CLUSTER_SEND_TOO_LARGE;
    }
    if (tooLarge && route->count == 1) {
        return CLUSTER_SEND_OVERSIZED;
    }
    if ((flags & CLUSTER_PING_ON_FAIL) && (route->count > 0 || route->untold)) {
        Suspect(member);
    }
    return CLUSTER_SEND_UNREACHABLE;
}

static ClusterSendStatus
SendHeld(ClusterMember *member, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        ClusterSendDetails *details)
{
    ClusterNode *node = member->node;
    ClusterSendStatus status = CLUSTER_SEND_BAD_PAYLOAD;
    ClusterBlob *blob;
    Route route;

    if (!(flags & CLUSTER_NO_HOOKS) && !ClusterNodeAskOut(node, outgoing, 0)) {
        return CLUSTER_SEND_CANCELLED;
    }
    if (node->closed || member->lost) {
        status = CLUSTER_SEND_UNREACHABLE;
    } else if ((blob = Encode(node, outgoing, member->sid, details)) != NULL) {
        Plan(member, protocols, flags, &route);
        blob->ways = 0;
        for (int i = 0; i < route.count; i++) {
            blob->ways |= 1u << route.slots[i]->index;
        }
        status = Travel(member, &route, blob, flags, details);
        ClusterBlobRelease(blob);
    }
    return status;
}

ClusterSendStatus
ClusterMemberSend(ClusterMember *member, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
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

/*
 * ------------------------------------------------------------------------
 * After a link broke
 * ------------------------------------------------------------------------
 */

/* Of the ways a packet may take those that are left, failed ones first as if they had been tried. */
static void
PlanRest(const ClusterMember *member, const ClusterBlob *blob, ClusterSlot *failed, Route *route)
{
    Route all;
    int i;

    Plan(member, NULL, CLUSTER_ALLOW_BROADCAST, &all);
    route->count = 0;
    route->untold = all.untold;
    for (i = 0; i < all.count; i++) {
        if (all.slots[i] != failed && (blob->ways & (1u << all.slots[i]->index))) {
            route->slots[route->count++] = all.slots[i];
        }
    }
}

/*
 * Sends each packet once more, in order, over the ways left to it. The
 * member learns once which protocol failed.
 */
void
ClusterMemberResend(ClusterMember *member, ClusterSlot *failed, ClusterBlobQueue *unsent)
{
    ClusterSlot *good = NULL;
    ClusterBlob *blob;

    ClusterMemberHold(member);
    while (!member->lost && (blob = ClusterBlobQueuePop(unsent)) != NULL) {
        ClusterBlob *plain = ClusterBlobPlain(blob);
        ClusterSendDetails details;
        ClusterSendStatus status;
        Route route;

        memset(&details, 0, sizeof details);
        PlanRest(member, plain, failed, &route);
        status = Travel(member, &route, plain, 0, &details);
        if (status == CLUSTER_SEND_DONE) {
            good = details.slot;
        } else if (status == CLUSTER_SEND_UNREACHABLE) {
            ClusterMemberRefused(member);
        }
        ClusterBlobRelease(blob);
    }
    if (good && !member->lost) {
        Route only = {{failed}, 1, false};

        ReportFailures(member, good, &only, 1, CLUSTER_ALLOW_BROADCAST);
    }
    ClusterMemberRelease(member);
}
