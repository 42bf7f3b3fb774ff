/*
 * clusterUnsealed.c --
 *
 *	What comes to a node with keys, before anything of it is read: opened,
 *	heard as it is, or dropped; and who is asked whether it is there now.
 *
 *	Nothing here answers what could not be opened. Who is asked, or answered, has
 *	a key; what it sent may be of the past, and then what we send is in vain.
 */

#include "node/clusterNodeInt.h"

#include <stdio.h>
#include <string.h>

void
ClusterUnsealRefused(ClusterSlot *slot, const ClusterAddress *address, ClusterDrop reason)
{
    ClusterNode *node = slot->node;
    ClusterAddress host = ClusterAddressWithPort(address, 0);
    char text[CLUSTER_ADDRESS_TEXT];
    ClusterNotice *notice;

    ClusterNodeCountDrop(node, reason);
    if (ClusterSealingMayTell(node->sealing, &host, reason, ClusterNodeNow(node))) {
        ClusterAddressFormat(&host, text);
        notice = ClusterNoticeAppend(node, CLUSTER_NOTICE_UNSEALED, NULL);
        notice->reason = ClusterDropName(reason);
        ClusterReplaceObj(&notice->payload, Tcl_NewStringObj(text, -1));
        ClusterReplaceObj(&notice->before,
                slot == node->datagram ? ClusterNodeSlotToAll(node)->id : slot->id);
    }
}

static bool
Refuse(ClusterSlot *slot, const ClusterOrigin *origin, ClusterDrop reason)
{
    ClusterUnsealRefused(slot, &origin->address, reason);
    return false;
}

/*
 * ------------------------------------------------------------------------
 * Who is not believed
 * ------------------------------------------------------------------------
 */

/* An errand to the sender of a packet: a discovery or a heartbeat by that ruid. */
static void
AppendCall(ClusterNode *node, const ClusterMessage *message, ClusterType type, const char *ruid)
{
    bpacket_span sid = message->packet.field[CLUSTER_SID].span;
    ClusterErrand *errand = ClusterErrandAppend(node, CLUSTER_SEND_CALL, NULL);
    Tcl_Obj *word = Tcl_NewStringObj((const char *) sid.bytes, (Tcl_Size) sid.length);

    errand->with = (int) type;
    ClusterReplaceObj(&errand->list, Tcl_NewListObj(1, &word));
    ClusterReplaceObj(&errand->ruid, Tcl_NewStringObj(ruid, CLUSTER_CHALLENGE_TEXT));
}

/* Is it a text by which members ask each other? Nothing else is sent back. */
static bool
IsChallenge(bpacket_span ruid)
{
    size_t i = 0;

    while (i < ruid.length && ruid.bytes[i] && strchr("0123456789abcdef", ruid.bytes[i])) {
        i++;
    }
    return i == ruid.length && i == CLUSTER_CHALLENGE_TEXT;
}

/* Does it ask us alone whether we are there? */
static bool
IsCall(ClusterNode *node, const ClusterPacket *packet)
{
    return packet->field[CLUSTER_TYPE].number == CLUSTER_DISCOVERY
            && ClusterPacketHas(packet, CLUSTER_RUID) && ClusterPacketHas(packet, CLUSTER_FILTER)
            && IsChallenge(packet->field[CLUSTER_RUID].span)
            && ClusterNodeInFilter(node, packet->field[CLUSTER_FILTER].list);
}

/*
 * Its sender has a key, but may have sent it long ago. Who asks us whether we
 * are there is told so nevertheless: it may not believe us either, and of two
 * with clocks that differ none would answer.
 */
static void
AskWhoSent(ClusterNode *node, const ClusterMessage *message, const ClusterStamp *stamp)
{
    const ClusterPacket *packet = &message->packet;
    char uuid[CLUSTER_UUID_SIZE], text[CLUSTER_CHALLENGE_TEXT + 1];

    if (IsCall(node, packet) && ClusterNodeMay(node, CLUSTER_QUOTA_CHALLENGES)) {
        AppendCall(node, message, CLUSTER_HEARTBEAT,
                (const char *) packet->field[CLUSTER_RUID].span.bytes);
    }
    ClusterMessageUuid(message, uuid);
    if (ClusterStrangerMayBeAsked(node, uuid, CLUSTER_QUOTA_CHALLENGES)) {
        ClusterReplayAsk(ClusterSealingReplay(node->sealing), stamp->origin, ClusterNodeNow(node),
                text);
        AppendCall(node, message, CLUSTER_DISCOVERY, text);
    }
}

/* Is it what its sender was asked to send, to show that it is there? */
static ClusterReplayResult
TakeAnswer(ClusterNode *node, const ClusterPacket *packet, const ClusterStamp *stamp)
{
    bpacket_span ruid = packet->field[CLUSTER_RUID].span;

    if (!ClusterPacketHas(packet, CLUSTER_RUID)) {
        return CLUSTER_REPLAY_CHALLENGE;
    }
    return ClusterReplayAnswered(ClusterSealingReplay(node->sealing), stamp,
            (const char *) ruid.bytes, ruid.length, ClusterNodeNow(node));
}

/* Decodes what may be used of it: whose it is, and the ruid. */
static bool
ReadSender(ClusterNode *node, const ClusterOpened *opened, ClusterMessage *message)
{
    ClusterMessageInit(message, &node->keys);
    return ClusterPacketDecode(opened->packet, opened->length, NULL, NULL, &message->packet)
            == BPACKET_OK
            && ClusterMessageComplete(message) && ClusterMessageNameable(message);
}

/* Of an origin that is not known, and whose clock is not ours. True when it is the answer to our question. */
static bool
Believe(ClusterSlot *slot, const ClusterOrigin *origin, const ClusterOpened *opened)
{
    ClusterNode *node = slot->node;
    ClusterReplayResult result;
    ClusterMessage message;

    if (!ReadSender(node, opened, &message)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_MALFORMED);
        return false;
    }
    if (bpacket_span_equals(message.packet.field[CLUSTER_SID].span, node->sid,
                CLUSTER_SID_LENGTH)) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_OWN);
        return false;
    }
    result = TakeAnswer(node, &message.packet, &opened->stamp);
    if (result == CLUSTER_REPLAY_FULL) {
        return Refuse(slot, origin, CLUSTER_DROP_REPLAYED);
    }
    if (result != CLUSTER_REPLAY_FRESH) {
        ClusterNodeCountDrop(node, CLUSTER_DROP_REPLAYED);
        AskWhoSent(node, &message, &opened->stamp);
    }
    return result == CLUSTER_REPLAY_FRESH;
}

/*
 * ------------------------------------------------------------------------
 * What comes
 * ------------------------------------------------------------------------
 */

/* A copy says only that its sender still has the address that it came from. */
static void
DropCopy(ClusterNode *node, const ClusterOrigin *origin, const ClusterStamp *stamp)
{
    size_t length;
    const char *owner =
            ClusterReplayOwner(ClusterSealingReplay(node->sealing), stamp->origin, &length);
    char uuid[CLUSTER_UUID_SIZE];
    ClusterMember *member;

    snprintf(uuid, sizeof uuid, "%.*s", (int) length, owner ? owner : "");
    member = ClusterNodeMemberByUuid(node, uuid);
    ClusterNodeCountDrop(node, CLUSTER_DROP_DUPLICATE);
    if (member) {
        ClusterMemberHeardAgain(member, origin);
    }
}

/* One that was taken just now is a copy: by another interface, or of two that its sender sent. */
static bool
Repeated(ClusterSlot *slot, const ClusterOrigin *origin, const ClusterStamp *stamp)
{
    ClusterNode *node = slot->node;

    if (!ClusterSealingIsCopy(node->sealing, stamp, ClusterNodeNow(node))) {
        return Refuse(slot, origin, CLUSTER_DROP_REPLAYED);
    }
    DropCopy(node, origin, stamp);
    return false;
}

static bool
Plain(ClusterSlot *slot, const ClusterOrigin *origin)
{
    return ClusterSealingHearsPlain(slot->node->sealing)
            || Refuse(slot, origin, CLUSTER_DROP_UNSEALED);
}

static bool
OpenDatagram(ClusterSlot *slot, const ClusterOrigin *origin, bpacket_span *packet,
        ClusterStamp *stamp, bool *sealed)
{
    ClusterNode *node = slot->node;
    ClusterOpened opened;
    ClusterSealResult result = ClusterSealingOpen(node->sealing, *packet,
            slot == node->datagram ? Tcl_GetString(node->uuidObj) : NULL, ClusterNodeNow(node),
            &opened);

    switch (result) {
    case CLUSTER_SEAL_NOT_SEALED:
        return Plain(slot, origin);
    case CLUSTER_SEAL_OWN:
        ClusterNodeCountDrop(node, CLUSTER_DROP_OWN);
        return false;
    case CLUSTER_SEAL_REPLAYED:
        return Repeated(slot, origin, &opened.stamp);
    case CLUSTER_SEAL_FULL:
        return Refuse(slot, origin, CLUSTER_DROP_REPLAYED);
    case CLUSTER_SEAL_CHALLENGE:
        if (!Believe(slot, origin, &opened)) {
            return false;
        }
        break;
    case CLUSTER_SEAL_OK:
        break;
    default:
        return Refuse(slot, origin, CLUSTER_DROP_BADSEAL);
    }
    ClusterSealingTook(node->sealing, &opened.stamp, ClusterNodeNow(node));
    packet->bytes = opened.packet;
    packet->length = opened.length;
    *stamp = opened.stamp;
    *sealed = true;
    return true;
}

bool
ClusterUnseal(ClusterSlot *slot, const ClusterOrigin *origin, bpacket_span *packet,
        ClusterStamp *stamp, bool *sealed)
{
    if (slot->type->datagrams) {
        return OpenDatagram(slot, origin, packet, stamp, sealed);
    }
    return origin->sealed || Plain(slot, origin);
}

/* Who it is of is known by now. */
bool
ClusterUnsealBind(ClusterNode *node, const ClusterMessage *message)
{
    ClusterReplay *replay = ClusterSealingReplay(node->sealing);
    char uuid[CLUSTER_UUID_SIZE];

    ClusterMessageUuid(message, uuid);
    return ClusterReplayBind(replay, message->stamp->origin, uuid, strlen(uuid),
                   ClusterNodeNow(node))
            == CLUSTER_REPLAY_FRESH
            || Refuse(message->slot, &message->origin, CLUSTER_DROP_REPLAYED);
}

bool
ClusterUnsealSpeaksFor(const ClusterMessage *message)
{
    char uuid[CLUSTER_UUID_SIZE];

    ClusterMessageUuid(message, uuid);
    return strcmp(uuid, message->origin.member) == 0
            || Refuse(message->slot, &message->origin, CLUSTER_DROP_BADSEAL);
}

bool
ClusterUnsealRefuses(ClusterSlot *slot, const ClusterOrigin *origin)
{
    return !Plain(slot, origin);
}
