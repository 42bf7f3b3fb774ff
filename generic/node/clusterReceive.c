/*
 * clusterReceive.c --
 *
 *	A packet's way in: the checks in their order, then what its type asks for.
 *
 *	Scripts run at four places: in the gates (packetIn, messageIn, memberIn);
 *	at the end of the turn in which the member takes over what the packet says;
 *	where a query or an event is told, or a transport written in Tcl is made
 *	anew; and at the end of the turn of all that follows. Each may end with the
 *	member lost or the node closed, and what comes next looks first. The
 *	message holds its member.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <string.h>

/* Bytes of an answer of which it is looked first whether it is awaited. */
#define LARGE_ANSWER 65536

/*
 * ------------------------------------------------------------------------
 * What each type asks for
 * ------------------------------------------------------------------------
 */

/*
 * A goodbye by datagram overtakes what the member wrote to its connections:
 * it is lost once those are read to their end. One that is not accepted yet
 * will bring it back, to be read in the same way. Anybody can send one, so if
 * nothing ends the member is asked; one with a filter, which the member may not
 * have heard of, is always checked so. A goodbye over the connection that we
 * use is the last there; over another one it ends that one alone.
 */
static void
OnDisconnect(ClusterNode *node, ClusterMessage *message)
{
    ClusterMember *member = message->member;
    ClusterSlot *slot = message->slot;

    if (!slot->type->ordered) {
        ClusterRosterRemember(node, member->uuid);
        ClusterRosterStep(member,
                ClusterMemberServed(member) || ClusterPacketHas(&message->packet, CLUSTER_FILTER)
                        ? CLUSTER_LIFE_GOODBYE
                        : CLUSTER_LIFE_LAST_WORD);
    } else if (!message->link || member->links[slot->index] == message->link) {
        ClusterRosterStep(member, CLUSTER_LIFE_LAST_WORD);
    } else {
        ClusterMemberEndLink(member, slot, message->link);
    }
}

/* Its props were taken over with the packet. One that is known for long, but not by them, is asked. */
static void
OnHeartbeat(ClusterNode *node, ClusterMessage *message)
{
    if (!message->member->isNew) {
        ClusterBeaconAsk(message->member);
    }
    ClusterReplyMaybeConnect(node, message);
}

static void
OnDiscovery(ClusterNode *node, ClusterMessage *message)
{
    OnHeartbeat(node, message);
    ClusterReplyAsked(node, message);
}

static void
OnPing(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *data = ClusterMessageData(message, CLUSTER_PING_BYTES_MAX);

    if (data) {
        ClusterRosterExpect(node, data);
        ClusterProbePinged(node, message->member, data);
        Tcl_DecrRefCount(data);
    }
}

/* Is a large answer awaited? Nobody makes us convert what nobody asked for. */
static bool
IsAwaited(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);
    bool awaited;

    if (!ruid) {
        return false;
    }
    Tcl_IncrRefCount(ruid);
    awaited = ClusterQueryAwaits(node, message->member, ruid);
    Tcl_DecrRefCount(ruid);
    return awaited;
}

static void
OnResponse(ClusterNode *node, ClusterMessage *message)
{
    if ((message->length > LARGE_ANSWER && !IsAwaited(node, message))
            || !ClusterQueryAnswered(node, message->member, ClusterMessagePayload(message))) {
        ClusterQueryMaybeLate(node, message);
    }
}

/*
 * Has a server socket looked after, at most once in REFRESH_EVERY: strangers
 * may report what they like. One that is well stays as it is. Returns whether
 * it was time for that.
 */
static bool
RefreshSlot(ClusterNode *node, ClusterSlot *slot)
{
    int64_t now = ClusterNodeNow(node);

    if (!slot->transport || slot->type->reachesAll
            || (slot->refreshed && now - slot->lastRefresh < REFRESH_EVERY)) {
        return false;
    }
    slot->refreshed = true;
    slot->lastRefresh = now;
    slot->type->event(slot->transport, CLUSTER_EVENT_REPORTED);
    return true;
}

/*
 * Who reports may not know where we are by now: the next heartbeat tells, and
 * one at once for a member with a link.
 */
static void
TellWhere(ClusterNode *node, const ClusterMember *member)
{
    if (node->closed) {
        return;
    }
    node->propsChanged = true;
    if (!member->lost && ClusterMemberConnected(member)) {
        ClusterBeaconPropsChanged(node);
    }
}

/*
 * {protocols LIST}: these of ours failed for the member, so they are looked
 * after. A transport written in Tcl may do anything meanwhile, also to the
 * list's value, so each word is fetched anew.
 */
static void
OnFailure(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *data = ClusterMessageData(message, CLUSTER_FAILURE_BYTES_MAX), *list, *word;
    bool looked = false;
    Tcl_Size i;

    if (!data) {
        return;
    }
    list = ClusterForeignGet(data, CLUSTER_FAILURE_BYTES_MAX,
            clusterFields[CLUSTER_PROTOCOLS].name);
    if (list) {
        for (i = 0;
                i < CLUSTER_SLOTS_MAX && Tcl_ListObjIndex(NULL, list, i, &word) == TCL_OK && word;
                i++) {
            ClusterSlot *slot = ClusterNodeSlotById(node, Tcl_GetString(word));

            looked = (slot && RefreshSlot(node, slot)) || looked;
        }
        Tcl_DecrRefCount(list);
    }
    Tcl_DecrRefCount(data);
    if (looked) {
        TellWhere(node, message->member);
    }
}

/*
 * An event and a query are what scripts answer to, after all that the packet
 * changed has been told.
 */
static void
OnEvent(ClusterNode *node, ClusterMessage *message)
{
    node->delegate->event(node->context, message, NULL);
}

static void
AnswerWasLate(ClusterNode *node, ClusterMember *member, Tcl_Obj *ruid)
{
    Tcl_Obj *payload = Tcl_NewDictObj();

    Tcl_IncrRefCount(payload);
    Tcl_DictObjPut(NULL, payload, node->keys.name[CLUSTER_TYPE],
            Tcl_NewWideIntObj(CLUSTER_RESPONSE));
    Tcl_DictObjPut(NULL, payload, node->keys.name[CLUSTER_RUID], ruid);
    ClusterUndeliveredPayload(member, payload, CLUSTER_UNDELIVERED_LATE);
    Tcl_DecrRefCount(payload);
}

static void
OnReceipt(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);
    Tcl_Obj *data = ClusterMessageData(message, CLUSTER_RECEIPT_BYTES_MAX);
    Tcl_Obj *error = ClusterMessageField(message, CLUSTER_ERROR);

    (void) node;
    if (error) {
        Tcl_IncrRefCount(error);
    }
    if (ruid) {
        Tcl_IncrRefCount(ruid);
        if (data && strcmp(Tcl_GetString(data), "late") == 0) {
            AnswerWasLate(node, message->member, ruid);
        } else {
            ClusterDeliveriesReceipt(message->member, Tcl_GetString(ruid), data, error);
        }
        Tcl_DecrRefCount(ruid);
    }
    if (error) {
        Tcl_DecrRefCount(error);
    }
    if (data) {
        Tcl_DecrRefCount(data);
    }
}

typedef void(TypeProc)(ClusterNode *node, ClusterMessage *message);

/* What a type changes, within the turn, and what it asks of scripts and transports, after it. */
typedef struct TypeRow {
    TypeProc *change, *ask;
} TypeRow;

/* A flush asks for nothing beyond taking over its props. */
static const TypeRow types[] = {
        [CLUSTER_DISCONNECT] = {.change = OnDisconnect},
        [CLUSTER_HEARTBEAT] = {.change = OnHeartbeat},
        [CLUSTER_DISCOVERY] = {.change = OnDiscovery},
        [CLUSTER_PING] = {.change = OnPing},
        [CLUSTER_QUERY] = {.ask = ClusterRespond},
        [CLUSTER_RESPONSE] = {.change = OnResponse},
        [CLUSTER_EVENT] = {.ask = OnEvent},
        [CLUSTER_FLUSH] = {NULL, NULL},
        [CLUSTER_FAILURE] = {.ask = OnFailure},
        [CLUSTER_PROBE] = {.change = ClusterProbeTaken},
        [CLUSTER_ACK] = {.change = ClusterProbeAcked},
        [CLUSTER_RELAY] = {.change = ClusterProbeRelayed},
        [CLUSTER_DELIVERY] = {.ask = ClusterReceiptsTake},
        [CLUSTER_RECEIPT] = {.change = OnReceipt},
};

_Static_assert(CLUSTER_COUNT(types) == CLUSTER_TYPES, "each type has a row");

/*
 * ------------------------------------------------------------------------
 * The checks
 * ------------------------------------------------------------------------
 */

/* A goodbye is no longer; of own packets only such are read to their end. */
#define GOODBYE_MAX 512

typedef struct Refusal {
    ClusterNode *node;
    ClusterDrop reason;
    bool mayBeGoodbye; /* by its length */
    bool own;          /* and read on nevertheless */
} Refusal;

/* Own packets, and those meant for others, are dropped before the rest of them is read. */
static bool
CheckField(void *context, ClusterField id, const ClusterFieldValue *value)
{
    Refusal *refusal = context;
    ClusterNode *node = refusal->node;

    if (id == CLUSTER_SID) {
        refusal->reason = CLUSTER_DROP_OWN;
        refusal->own = bpacket_span_equals(value->span, node->sid, CLUSTER_SID_LENGTH);
        return !refusal->own || refusal->mayBeGoodbye;
    }
    refusal->reason = CLUSTER_DROP_FILTERED;
    return ClusterNodeInFilter(node, value->list);
}

/* Somebody said goodbye in our name: all hear that we are here, as if they had asked. */
static void
ContradictGoodbye(ClusterNode *node, const ClusterMessage *message)
{
    if (message->packet.field[CLUSTER_TYPE].number == CLUSTER_DISCONNECT && !node->saidGoodbye
            && !node->closing) {
        ClusterPingerAsked(node, 1);
        ClusterTurnEnd(node);
    }
}

/* Decodes; false, with the drop counted, when the packet is not for us. *wellFormed: it is one at all, as far as it was read. */
static bool
DecodeMessage(ClusterNode *node, ClusterMessage *message, bpacket_span packet, bool *wellFormed)
{
    Refusal refusal = {.node = node,
            .reason = CLUSTER_DROP_MALFORMED,
            .mayBeGoodbye = packet.length <= GOODBYE_MAX};
    bpacket_status status = ClusterPacketDecode(packet.bytes, packet.length, CheckField, &refusal,
            &message->packet);

    *wellFormed =
            status == BPACKET_REFUSED || (status == BPACKET_OK && ClusterMessageComplete(message));
    if (status == BPACKET_OK && *wellFormed) {
        if (!refusal.own) {
            return true;
        }
        ClusterNodeCountDrop(node, CLUSTER_DROP_OWN);
        ContradictGoodbye(node, message);
        return false;
    }
    if (status != BPACKET_REFUSED) {
        refusal.reason = CLUSTER_DROP_MALFORMED;
    }
    ClusterNodeCountDrop(node, refusal.reason);
    return false;
}

/* The kernel's word counts before the source address. */
static bool
IsOurHost(const ClusterNode *node, const ClusterOrigin *origin)
{
    return origin->vouched
            || (!origin->foreign && node->system.isLocal(node->system.context, &origin->address));
}

/*
 * May its host speak to us? With remote 0 that is ours alone. Of a packet that
 * the kernel vouches for no more is asked: hids of one host differ when its
 * cards or routes changed between two starts. Else the address and the hid
 * have to agree.
 */
static bool
HostAdmitted(const ClusterNode *node, const ClusterMessage *message)
{
    Tcl_Size length;
    const char *hid = Tcl_GetStringFromObj(node->hidObj, &length);

    return node->remote > 0 || message->origin.vouched
            || (message->local
                    && bpacket_span_equals(message->packet.field[CLUSTER_HID].span, hid,
                            (size_t) length));
}

/* A beat that the goodbye overtook: it says nothing, so it does not bring the member back, as an event does. */
static bool
IsOvertaken(const ClusterNode *node, const ClusterMessage *message, Tcl_Obj *uuid)
{
    uint64_t type = message->packet.field[CLUSTER_TYPE].number;

    return (type == CLUSTER_HEARTBEAT || type == CLUSTER_DISCOVERY)
            && ClusterRosterIsOvertaken(node, message, uuid);
}

/* No other host speaks for a member of this one. */
static bool
IsForeign(const ClusterMember *member, const ClusterMessage *message)
{
    return member && member->local && !message->local;
}

/* A member's first packet makes it. NULL with the drop counted when it may not be. */
static ClusterMember *
NewMember(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid)
{
    if (message->packet.field[CLUSTER_TYPE].number == CLUSTER_DISCONNECT) {
        ClusterRosterRemember(node, uuid); /* it leaves before we knew it */
        return NULL;
    }
    if (IsOvertaken(node, message, uuid)) {
        return NULL; /* while a hook waited */
    }
    return ClusterRosterAdd(node, message, uuid);
}

/*
 * One that is missing can be heard, and may not hear: it is tried, and dropped.
 * Over a link it must have heard us. Is it to be dropped?
 */
static bool
IsMissing(ClusterNode *node, const ClusterMessage *message, Tcl_Obj *uuid)
{
    ClusterMissing *missing = ClusterMissingFind(node, Tcl_GetString(uuid));

    if (!missing) {
        return false;
    }
    if (ClusterMissingMayReturn(missing)) {
        return false;
    }
    if (message->link || message->packet.field[CLUSTER_TYPE].number == CLUSTER_DISCONNECT) {
        ClusterMissingForget(missing);
        return false;
    }
    ClusterMissingHeard(missing, message);
    ClusterNodeCountDrop(node, CLUSTER_DROP_REJECTED);
    ClusterTurnEnd(node);
    return true;
}

/* Finds the member it comes from (`member` when it is known), made if need be, for the message to hold. False: dropped. */
static bool
FindMember(ClusterNode *node, ClusterMessage *message, ClusterMember *member, Tcl_Obj *uuid)
{
    if (member) {
        ClusterMemberHold(member);
        message->member = member;
    }
    if (!member && (IsOvertaken(node, message, uuid) || IsMissing(node, message, uuid))) {
        return false;
    }
    if (node->delegate->memberIn(node->context, message, uuid) != CLUSTER_GO_ON) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_HOOK);
        return false;
    }
    if (node->closed || (member && member->lost)) {
        return false;
    }
    if (!ClusterMemberAccepts(message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_REJECTED);
        return false;
    }
    if (!member) {
        member = ClusterNodeMemberByUuid(node, Tcl_GetString(uuid));
    }
    if (IsForeign(member, message)) {
        ClusterNodeCountDrop(node,
                CLUSTER_DROP_FOREIGN); /* it is of this host since a hook waited */
        return false;
    }
    if (!member) {
        member = NewMember(node, message, uuid);
    }
    if (member && !message->member) {
        ClusterMemberHold(member);
        message->member = member;
    }
    return member != NULL;
}

/* Finds the member and lets it take over what the packet says, in a turn. False: dropped, or it is gone by now. */
static bool
IdentifySender(ClusterNode *node, ClusterMessage *message)
{
    char text[CLUSTER_UUID_SIZE];
    ClusterMember *member;
    Tcl_Obj *uuid;
    bool found;

    ClusterMessageUuid(message, text);
    member = ClusterNodeMemberByUuid(node, text);
    if (IsForeign(member, message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_FOREIGN);
        return false;
    }
    uuid = member ? member->uuid : Tcl_NewStringObj(text, -1);
    Tcl_IncrRefCount(uuid);
    found = FindMember(node, message, member, uuid);
    Tcl_DecrRefCount(uuid);
    if (found) {
        ClusterRosterHear(message->member, message);
        ClusterProberMeet(message->member);
        ClusterJoiningHeard(node, &message->packet);
        ClusterTurnEnd(node);
    }
    return found && !node->closed && !message->member->lost;
}

/*
 * The address by which copies are told apart, NULL when they are not. Beats count
 * each, from whatever address: who has another by now says so with the same
 * bytes as before.
 */
static const ClusterAddress *
CopyAddress(const ClusterNode *node, const ClusterMessage *message)
{
    return node->severalAddresses && message->packet.field[CLUSTER_TYPE].number >= CLUSTER_QUERY
            ? &message->origin.address
            : NULL;
}

/* Did it come over another way that reaches everybody before, by another interface, or from another address of its sender? */
static bool
IsDuplicate(ClusterNode *node, const ClusterMessage *message)
{
    bpacket_span packet = {message->bytes, message->length};
    unsigned interface = message->origin.severally ? message->origin.interface : 0;

    if (!message->slot->type->reachesAll
            || !(node->severalSlots || node->severalAddresses || message->origin.severally)
            || !ClusterNodeFilterDuplicates(node)) {
        return false;
    }
    return !ClusterDuplicatesPass(node->duplicates,
            ClusterDuplicatesWay(node->duplicates, message->slot->index, interface),
            CopyAddress(node, message), packet, ClusterNodeNow(node));
}

/* A copy says only that its sender still has the address that it came from. */
static void
DropDuplicate(ClusterNode *node, const ClusterMessage *message)
{
    char uuid[CLUSTER_UUID_SIZE];
    ClusterMember *member;

    ClusterNodeCountDrop(node, CLUSTER_DROP_DUPLICATE);
    ClusterMessageUuid(message, uuid);
    member = ClusterNodeMemberByUuid(node, uuid);
    if (member) {
        ClusterMemberHeardAgain(member, &message->origin);
    }
}

static bool
IsProbeType(uint64_t type)
{
    return type == CLUSTER_PROBE || type == CLUSTER_ACK || type == CLUSTER_RELAY;
}

/* What nodes say to each other about who is there, and no script. */
static bool
IsOfProbes(const ClusterMessage *message)
{
    return IsProbeType(message->packet.field[CLUSTER_TYPE].number);
}

/* Who and where its sender is: that can be told to one as well as to all. */
static bool
IsBeat(const ClusterMessage *message)
{
    uint64_t type = message->packet.field[CLUSTER_TYPE].number;

    return type == CLUSTER_HEARTBEAT || type == CLUSTER_DISCOVERY;
}

/* Everything between decoding and the type. False: dropped. */
static bool
AcceptMessage(ClusterNode *node, ClusterMessage *message)
{
    const ClusterPacket *packet = &message->packet;

    if (!HostAdmitted(node, message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_FOREIGN);
        return false;
    }
    if (!ClusterMessageNameable(message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_MALFORMED);
        return false;
    }
    if ((message->stamp && !ClusterUnsealBind(node, message))
            || (message->origin.member && !ClusterUnsealSpeaksFor(message))) {
        ClusterTurnEnd(node);
        return false;
    }
    if (!ClusterNodeOnChannel(node, packet->field[CLUSTER_CHANNEL].number)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_CHANNEL);
        return false;
    }
    if (IsOfProbes(message)) {
        return ClusterProbeHeard(node, message);
    }
    if (message->unicast && !IsBeat(message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_REJECTED);
        return false;
    }
    if (!message->unicast && IsDuplicate(node, message)) {
        DropDuplicate(node, message);
        return false;
    }
    if (node->delegate->messageIn(node->context, message) != CLUSTER_GO_ON
            || !ClusterMessageComplete(message) || !ClusterMessageNameable(message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_HOOK);
        return false;
    }
    return !node->closed && IdentifySender(node, message);
}

/* What the type asks for, then the discovered callback once enough is known. Unknown types are for later versions. */
static void
ActOnMessage(ClusterNode *node, ClusterMessage *message)
{
    static const TypeRow nothing = {NULL, NULL};
    ClusterMember *member = message->member;
    uint64_t type = message->packet.field[CLUSTER_TYPE].number;
    const TypeRow *row = type < CLUSTER_TYPES ? &types[type] : &nothing;

    if (row->change) {
        row->change(node, message);
    } else if (row->ask) {
        row->ask(node, message);
    }
    if (!member->lost && !node->closed) {
        ClusterRosterMaybeDiscovered(member);
    }
    ClusterTurnEnd(node);
}

/* A payload has no seal: is it heard without one? */
static bool
IsHeard(ClusterSlot *slot, const ClusterOrigin *origin)
{
    bool refused = slot->node->sealing && ClusterUnsealRefuses(slot, origin);

    if (refused) {
        ClusterTurnEnd(slot->node);
    }
    return !refused;
}

ClusterMember *
ClusterNodeTake(ClusterSlot *slot, ClusterLink *link, const ClusterOrigin *origin, Tcl_Obj *payload,
        bool act)
{
    ClusterNode *node = slot->node;
    ClusterMember *member = NULL;
    ClusterMessage message;

    ClusterNodeHold(node);
    ClusterMessageInit(&message, &node->keys);
    message.slot = slot;
    message.link = link;
    message.departures = node->departures;
    ClusterMessageSetOrigin(&message, origin);
    message.local = IsOurHost(node, origin);
    if (!node->closed && IsHeard(slot, origin) && !node->closed
            && ClusterMessageReplace(&message, payload) == CLUSTER_PAYLOAD_OK
            && ClusterMessageComplete(&message) && HostAdmitted(node, &message)
            && ClusterMessageNameable(&message)
            && (IsOfProbes(&message) ? ClusterProbeHeard(node, &message)
                                     : IdentifySender(node, &message))) {
        if (act) {
            ActOnMessage(node, &message);
        }
        member = message.member;
    } else if (message.member) {
        ClusterMemberRelease(message.member);
    }
    ClusterMessageFree(&message);
    ClusterNodeRelease(node);
    return member;
}

/* Is it a packet of probes, which no hook of a protocol has changed? */
static bool
IsPlainProbe(bpacket_span bytes)
{
    ClusterPacket packet;

    return ClusterPacketDecode(bytes.bytes, bytes.length, NULL, NULL, &packet) == BPACKET_OK
            && IsProbeType(packet.field[CLUSTER_TYPE].number);
}

/*
 * Probes by datagram are between nodes. What else comes there is told to one
 * instead of to all, so it is taken as if it had come over the way to all, with
 * the hooks of that.
 */
static bool
ReceiveOpened(ClusterSlot *slot, ClusterLink *link, bpacket_span packet,
        const ClusterOrigin *origin, const ClusterStamp *stamp)
{
    bool unicast = slot == slot->node->datagram && !IsPlainProbe(packet);
    ClusterNode *node = slot->node;
    bool wellFormed = false;
    ClusterMessage message;

    ClusterNodeTraceIn(slot, packet);
    slot = unicast ? ClusterNodeSlotToAll(node) : slot;
    ClusterMessageInit(&message, &node->keys);
    message.unicast = unicast;
    message.slot = slot;
    message.link = link;
    message.stamp = stamp;
    message.departures = node->departures;
    ClusterMessageSetOrigin(&message, origin);
    message.local = IsOurHost(node, origin);
    if (node->remote == 0 && !message.local) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_FOREIGN);
    } else if (slot != node->datagram
            && node->delegate->packetIn(node->context, slot, &message, &packet) != CLUSTER_GO_ON) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_HOOK);
    } else if (!node->closed && DecodeMessage(node, &message, packet, &wellFormed)) {
        if (!ClusterMessageKeep(&message, packet)) {
            ClusterNodeCountDrop(node, CLUSTER_DROP_LIMIT);
        } else if (AcceptMessage(node, &message)) {
            ActOnMessage(node, &message);
        }
    }
    if (message.member) {
        ClusterMemberRelease(message.member);
    }
    ClusterMessageFree(&message);
    return wellFormed;
}

/* Where there are keys it is opened first, but for what comes from hosts that are not heard anyway. */
static bool
ReceiveSealed(ClusterSlot *slot, ClusterLink *link, bpacket_span packet,
        const ClusterOrigin *origin)
{
    ClusterNode *node = slot->node;
    ClusterStamp stamp;
    bool sealed = false;

    if ((node->remote > 0 || IsOurHost(node, origin))
            && !ClusterUnseal(slot, origin, &packet, &stamp, &sealed)) {
        ClusterTurnEnd(node);
        return false;
    }
    return ReceiveOpened(slot, link, packet, origin, sealed ? &stamp : NULL);
}

bool
ClusterNodeReceive(ClusterSlot *slot, ClusterLink *link, bpacket_span packet,
        const ClusterOrigin *origin)
{
    ClusterNode *node = slot->node;
    bool wellFormed;

    if (node->closed) {
        return false;
    }
    ClusterNodeHold(node);
    wellFormed = node->sealing ? ReceiveSealed(slot, link, packet, origin)
                               : ReceiveOpened(slot, link, packet, origin, NULL);
    ClusterNodeRelease(node);
    return wellFormed;
}
