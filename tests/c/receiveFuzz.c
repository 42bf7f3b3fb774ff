/*
 * receiveFuzz.c --
 *
 *	Fuzz target `receive`: whatever strangers send, up to the membership, on
 *	a network in memory.
 *
 *	Two nodes that know each other, of which one is under test. Input: one
 *	byte of settings, seven that say in turn how the layer above reacts to
 *	what it is told, then steps: a byte for the kind, two for a length, and
 *	that many bytes. Kind 2 puts a frame around its bytes, 3 a frame and the
 *	fields that every packet has. @SELF@@@ stands for the sid of the node
 *	under test, @PEER@@@ for the other's, @PROBE@@@@@@@@@@ for the id of the
 *	probe that the other was sent last.
 */

#include "fuzz.h"

#include "node/clusterNodeInt.h"
#include "packet/clusterPayload.h"
#include "memoryTest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HID       "02:fc:00:00:00:01"
#define FOREIGN   "10.1.2.3"
#define LONG_TIME (400LL * 86400 * 1000)

#define REACTIONS 7
#define HEAD      (1 + REACTIONS)
#define STEPS_MAX 64
/* A reaction may cause what asks for the next one; two that answer each other would never end. */
#define DEPTH_MAX 3
#define TURNS_MAX 100

/* Bits of the settings. */
#define SET_REMOTE  1
#define SET_LATE    2  /* the other node is not known yet */
#define SET_QUIET   4  /* the end is quiet */
#define SET_STALLED 8  /* connections do not take what is sent */
#define SET_PROBES  16 /* they probe each other, and hear unicast datagrams */
#define SET_KEYS    32 /* they have a key, and hear what is plain too */
#define SET_SEALED  64 /* ... and seal what they send */

/* What the layer above does when it is told something. */
typedef enum Reaction {
    REACT_NOT,
    REACT_REFUSE,
    REACT_LOSE,    /* the member is given up */
    REACT_CLOSE,   /* the node ends */
    REACT_WAIT,    /* the event loop runs */
    REACT_SEND,    /* something is sent to the member */
    REACT_REPLACE, /* other bytes, or another payload, take the place of these */
    REACT_ASK,     /* the member is asked */
    REACT_END      /* queries end; larger numbers are REACT_NOT */
} Reaction;

typedef struct Stage Stage;

typedef struct Player {
    MemoryHost host; /* first, as the network wants */
    Stage *stage;
    ClusterNode *node; /* one reference */
} Player;

struct Stage {
    HandClock *clock;
    MemoryNet *net;
    Player self, peer;
    const uint8_t *reactions;
    unsigned turn, depth, queries;
    uint64_t packets; /* that came to the node under test */
    const char *fault;
};

/* ---- reactions ------------------------------------------------------------ */

static void
Claim(Stage *stage, bool holds, const char *fault)
{
    if (!holds && !stage->fault) {
        stage->fault = fault;
    }
}

static Tcl_Obj *
Dict(const char *text)
{
    Tcl_Obj *dict = Tcl_NewStringObj(text, -1);

    Tcl_IncrRefCount(dict);
    return dict;
}

static void
SendEvent(Player *player, ClusterMember *member)
{
    ClusterOutgoing event;

    ClusterNodeOutgoing(player->node, CLUSTER_EVENT, 0, &event);
    ClusterOutgoingSetValue(&event, CLUSTER_DATA, Tcl_NewStringObj("a b", -1));
    ClusterOutgoingSetBoolean(&event, CLUSTER_KEEPALIVE, true);
    ClusterMemberSend(member, &event, NULL,
            CLUSTER_ALLOW_BROADCAST | CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES, NULL);
    ClusterOutgoingFree(&event);
}

/* Asks a member; ids come again after a while. */
static void
PlayerAsk(Player *player, ClusterMember *member)
{
    Tcl_Obj *id = Tcl_ObjPrintf("q%u", player->stage->queries++ % 4);
    ClusterOutgoing question;
    ClusterQuery *query;

    Tcl_IncrRefCount(id);
    query = ClusterQueryNew(player->node, id, &member, 1, player);
    if (query) {
        ClusterNodeOutgoing(player->node, CLUSTER_QUERY, 0, &question);
        ClusterOutgoingSetValue(&question, CLUSTER_DATA, Tcl_NewStringObj("question", -1));
        ClusterOutgoingSetBoolean(&question, CLUSTER_KEEPALIVE, true);
        ClusterOutgoingSetValue(&question, CLUSTER_RUID, id);
        if (ClusterMemberSend(member, &question, NULL, CLUSTER_PING_ON_FAIL, NULL)
                != CLUSTER_SEND_DONE) {
            ClusterQueryUnreachable(query, member, "unreachable");
        }
        ClusterQueryArm(query, 30000);
        ClusterQueryRelease(query);
        ClusterOutgoingFree(&question);
    }
    Tcl_DecrRefCount(id);
}

static void
EndQueries(Player *player)
{
    static const char *const ids[] = {"q0", "q1", "q2", "q3"};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        ClusterQuery *query = ClusterNodeQueryById(player->node, ids[i]);

        if (query) {
            ClusterQueryEnd(query);
        }
    }
}

/* Does what is next in turn, and says what that was. member may be NULL. */
static Reaction
PlayerReact(Player *player, ClusterMember *member)
{
    Stage *stage = player->stage;
    Reaction reaction;

    if (player != &stage->self || stage->depth >= DEPTH_MAX || stage->turn >= TURNS_MAX) {
        return REACT_NOT;
    }
    reaction = (Reaction) (stage->reactions[stage->turn++ % REACTIONS] % 32);
    stage->depth++;
    if (reaction == REACT_CLOSE) {
        ClusterNodeClose(player->node, stage->turn % 2 == 0);
    } else if (reaction == REACT_WAIT) {
        HandClockAdvance(stage->clock, 40000);
    } else if (reaction == REACT_END) {
        EndQueries(player);
    } else if (member && reaction == REACT_LOSE) {
        ClusterMemberLose(member);
    } else if (member && !ClusterMemberLost(member) && reaction == REACT_SEND) {
        SendEvent(player, member);
    } else if (member && !ClusterMemberLost(member) && reaction == REACT_ASK) {
        PlayerAsk(player, member);
    }
    stage->depth--;
    return reaction;
}

/* ---- what nodes tell ------------------------------------------------------- */

static ClusterVerdict
PlayerPacketIn(void *context, ClusterSlot *slot, ClusterMessage *message, bpacket_span *packet)
{
    Player *player = context;
    Reaction reaction = PlayerReact(player, NULL);
    Tcl_Size length;

    (void) slot;
    player->stage->packets += (player == &player->stage->self);
    /* The event loop may have ended the life of the bytes, so others take their place then as well. */
    if (reaction == REACT_REPLACE || reaction == REACT_WAIT) {
        bpacket_writer writer;
        Tcl_Obj *payload = Dict("sid replaced hid " HID " type 6 channel 0 protocols {t c} data x");
        bpacket_span other = {NULL, 0};

        bpacket_writer_init(&writer, 0);
        (void) ClusterPayloadEncode(payload, &writer, &other, NULL);
        message->hold = Tcl_NewByteArrayObj(other.bytes, (Tcl_Size) other.length);
        Tcl_IncrRefCount(message->hold);
        packet->bytes = Tcl_GetByteArrayFromObj(message->hold, &length);
        packet->length = (size_t) length;
        bpacket_writer_free(&writer);
        Tcl_DecrRefCount(payload);
    }
    return reaction == REACT_REFUSE ? CLUSTER_DROP_IT : CLUSTER_GO_ON;
}

/* Payloads that a hook may leave behind, good and bad. */
static Tcl_Obj *
OtherPayload(const Stage *stage, ClusterMessage *message)
{
    static const char *const changes[] = {"type 4 data now", "type 1 data {t {port 99}}",
            "type 7 data {t {} u {path /x}}", "sid {} hid {}", "type -1", "no field",
            "protocols {x y z} tags {{}}", ("sid other hid " HID)};
    Tcl_Obj *payload = Tcl_DuplicateObj(ClusterMessagePayload(message));
    Tcl_Obj *change = Dict(changes[stage->turn % 8]), *key, *value;
    Tcl_DictSearch search;
    int done;

    Tcl_IncrRefCount(payload);
    if (Tcl_DictObjFirst(NULL, change, &search, &key, &value, &done) == TCL_OK) {
        for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
            Tcl_DictObjPut(NULL, payload, key, value);
        }
        Tcl_DictObjDone(&search);
    }
    Tcl_DecrRefCount(change);
    return payload;
}

static ClusterVerdict
PlayerMessageIn(void *context, ClusterMessage *message)
{
    Player *player = context;
    Reaction reaction = PlayerReact(player, message->member);

    if (reaction == REACT_REPLACE) {
        Tcl_Obj *payload = OtherPayload(player->stage, message);

        (void) ClusterMessageReplace(message, payload);
        Tcl_DecrRefCount(payload);
    }
    return reaction == REACT_REFUSE ? CLUSTER_DROP_IT : CLUSTER_GO_ON;
}

static ClusterVerdict
PlayerMemberIn(void *context, ClusterMessage *message, Tcl_Obj *uuid)
{
    (void) uuid;
    return PlayerReact(context, message->member) == REACT_REFUSE ? CLUSTER_DROP_IT : CLUSTER_GO_ON;
}

static bool
PlayerMemberAdded(void *context, ClusterMember *member)
{
    return PlayerReact(context, member) != REACT_REFUSE;
}

static void
PlayerMemberTold(void *context, ClusterMember *member, Tcl_Obj *payload)
{
    Player *player = context;
    Tcl_Size size;

    Claim(player->stage, Tcl_DictObjSize(NULL, payload, &size) == TCL_OK,
            "told of a payload that is no dict");
    (void) PlayerReact(player, member);
}

static void
PlayerMemberTags(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before)
{
    Player *player = context;
    Tcl_Size count;

    Claim(player->stage, Tcl_ListObjLength(NULL, before, &count) == TCL_OK,
            "told of old tags that are no list");
    PlayerMemberTold(context, member, payload);
}

static void
PlayerMemberLost(void *context, ClusterMember *member)
{
    Player *player = context;

    Claim(player->stage, ClusterMemberLost(member),
            "told of the loss of a member that is not lost");
    (void) PlayerReact(player, member);
}

static void
PlayerMemberSuspect(void *context, ClusterMember *member)
{
    (void) PlayerReact(context, member);
}

static void
PlayerMemberDrained(void *context, ClusterMember *member)
{
    Player *player = context;

    Claim(player->stage, !ClusterMemberLost(member), "told of the queue of a member that is lost");
    (void) PlayerReact(player, member);
}

static void
PlayerUndelivered(void *context, ClusterMember *member, const ClusterBlob *packet, Tcl_Obj *payload,
        ClusterUndelivered reason)
{
    Player *player = context;

    (void) reason;
    Claim(player->stage, (packet != NULL) != (payload != NULL), "told of nothing undelivered");
    (void) PlayerReact(player, member);
}

static bool
PlayerQuery(void *context, ClusterMessage *message, Tcl_Obj **answer)
{
    Reaction reaction = PlayerReact(context, message->member);

    *answer = Dict("an answer");
    return reaction != REACT_REFUSE;
}

static bool
PlayerEvent(void *context, ClusterMessage *message, Tcl_Obj **error)
{
    (void) ClusterMessagePayload(message);
    if (PlayerReact(context, message->member) != REACT_REFUSE) {
        return true;
    }
    if (error) {
        *error = Tcl_NewStringObj("refused", -1);
        Tcl_IncrRefCount(*error);
    }
    return false;
}

static void
PlayerConfirmed(void *context, ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason, Tcl_Obj *text)
{
    (void) confirm;
    (void) status;
    (void) reason;
    (void) text;
    (void) PlayerReact(context, member);
}

static bool
PlayerPayloadOut(void *context, ClusterOutgoing *outgoing, bool toAll)
{
    Reaction reaction = PlayerReact(context, NULL);
    Tcl_Obj *other;

    (void) toAll;
    if (reaction == REACT_REPLACE) {
        other = Dict("type 6 data {not what it was}");
        ClusterOutgoingAdopt(outgoing, other);
        Tcl_DecrRefCount(other);
    }
    return reaction != REACT_REFUSE;
}

static ClusterBlob *
PlayerPacketOut(void *context, ClusterSlot *slot, ClusterBlob *blob)
{
    Reaction reaction = PlayerReact(context, NULL);

    (void) slot;
    if (reaction == REACT_REFUSE) {
        return NULL;
    }
    return reaction == REACT_REPLACE ? ClusterBlobNew("dressed", 7) : ClusterBlobHold(blob);
}

static void
PlayerQueryEvent(void *context, ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    Player *player = context;

    (void) payload;
    (void) reason;
    Claim(player->stage, ClusterQueryOwner(query) == player, "a query without its owner");
    Claim(player->stage, event != CLUSTER_QUERY_DONE || ClusterQueryEnded(query),
            "a query is done and has not ended");
    (void) PlayerReact(player, member);
}

static void
PlayerUnsealed(void *context, const char *reason, Tcl_Obj *address, Tcl_Obj *protocol)
{
    (void) reason;
    (void) address;
    (void) protocol;
    (void) PlayerReact(context, NULL);
}

static const ClusterNodeDelegate delegate = {
        .packetIn = PlayerPacketIn,
        .messageIn = PlayerMessageIn,
        .memberIn = PlayerMemberIn,
        .memberAdded = PlayerMemberAdded,
        .memberTags = PlayerMemberTags,
        .memberDiscovered = PlayerMemberTold,
        .memberSuspect = PlayerMemberSuspect,
        .memberLost = PlayerMemberLost,
        .memberDrained = PlayerMemberDrained,
        .undelivered = PlayerUndelivered,
        .query = PlayerQuery,
        .event = PlayerEvent,
        .confirmed = PlayerConfirmed,
        .payloadOut = PlayerPayloadOut,
        .packetOut = PlayerPacketOut,
        .queryEvent = PlayerQueryEvent,
        .unsealed = PlayerUnsealed,
};

/* ---- the stage -------------------------------------------------------------- */

/* A ring with one key, the caller's; NULL where there can be none. */
static ClusterKeys *
Ring(void)
{
    static const uint8_t key[CLUSTER_CIPHER_KEY] = {1};
    ClusterKeys *keys = NULL;

    if (ClusterKeysNew(&keys) == CLUSTER_KEYS_OK) {
        ClusterKeysAdd(keys, key, NULL);
    }
    return keys;
}

static bool
PlayerEnter(Stage *stage, Player *player, const char *name, unsigned settings)
{
    ClusterNodeConfig config;
    const char *code = NULL;
    Tcl_Obj *why = NULL;

    memset(&config, 0, sizeof config);
    config.ttl = 600000;
    config.heartbeat = 120000;
    config.remote = (settings & SET_REMOTE) ? 1 : 0;
    config.probe = (settings & SET_PROBES) ? 1000 : 0;
    config.tags = Dict("one {two words}");
    config.hid = HID;
    config.keys = (settings & SET_KEYS) ? Ring() : NULL;
    config.mode = (settings & SET_SEALED) ? CLUSTER_SEAL_SEND : CLUSTER_SEAL_ACCEPT;
    config.clock = HandClockTable(stage->clock);
    player->stage = stage;
    player->host.address = ClusterAddressLoopback();
    player->host.name = Dict(name);
    player->node = ClusterNodeNew(&config, &delegate, player);
    Tcl_DecrRefCount(config.tags);
    ClusterKeysRelease(config.keys);
    MemoryNetAddHost(stage->net, &player->host);
    return player->node
            && ClusterNodeAddTransport(player->node, &memoryStreamType, NULL, &why, &code)
            && ClusterNodeAddTransport(player->node, &memoryDatagramTypes[MEMORY_C], NULL, &why,
                    &code)
            && (!config.probe
                    || ClusterNodeAddDatagram(player->node, &memoryUnicastType, &why, &code));
}

static void
PlayerLeave(Player *player, bool quiet)
{
    if (player->node) {
        ClusterNodeClose(player->node, quiet);
    }
}

static void
Clear(Player *player)
{
    if (player->node) {
        ClusterNodeRelease(player->node);
    }
    Tcl_DecrRefCount(player->host.name);
}

/* What must be true of the node at any time. */
static void
Inspect(Stage *stage)
{
    ClusterNode *node = stage->self.node;
    ClusterMember *member = NULL;
    size_t count = 0;

    while ((member = ClusterNodeNextMember(node, member)) != NULL) {
        count++;
        Claim(stage, !ClusterMemberLost(member), "a lost member on the list");
        Claim(stage, member->node == node, "another node's member");
        Claim(stage,
                ClusterNodeMemberByUuid(node, Tcl_GetString(ClusterMemberUuid(member))) == member,
                "a member that its uuid does not find");
    }
    Claim(stage, count == ClusterNodeMemberCount(node), "members are miscounted");
    Claim(stage, count <= stage->packets, "more members than packets");
    Claim(stage, !ClusterNodeClosed(node) || count == 0, "a closed node with members");
}

/* ---- steps ------------------------------------------------------------------ */

/* Puts in the id of the probe that the other node was sent last, if there was one. */
static void
NameProbe(const Stage *stage, uint8_t id[CLUSTER_PROBE_ID])
{
    const ClusterMember *peer = ClusterNodeMemberByUuid(stage->self.node,
            Tcl_GetString(ClusterNodeUuid(stage->peer.node)));

    if (peer && peer->probe.id[0]) {
        memcpy(id, peer->probe.id, CLUSTER_PROBE_ID);
    }
}

/* Puts the sids and ids in for their signs. */
static void
Name(const Stage *stage, uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at + CLUSTER_SID_LENGTH <= length; at++) {
        const ClusterNode *node = NULL;

        if (memcmp(bytes + at, "@SELF@@@", CLUSTER_SID_LENGTH) == 0) {
            node = stage->self.node;
        } else if (memcmp(bytes + at, "@PEER@@@", CLUSTER_SID_LENGTH) == 0) {
            node = stage->peer.node;
        }
        if (node) {
            memcpy(bytes + at, Tcl_GetString(ClusterNodeSid(node)), CLUSTER_SID_LENGTH);
        } else if (at + CLUSTER_PROBE_ID <= length
                && memcmp(bytes + at, "@PROBE@@@@@@@@@@", CLUSTER_PROBE_ID) == 0) {
            NameProbe(stage, bytes + at);
        }
    }
}

/* The fields that every packet has: a byte chooses who sends it, and its type. */
static void
WriteIdentity(bpacket_writer *writer, uint8_t choice)
{
    static const char *const sids[] = {"@PEER@@@", "9Z2p3466", "vZnBp267", "lmXR2c69"};

    bpacket_write_varint(writer, CLUSTER_SID);
    bpacket_write_span(writer, sids[choice >> 4 & 3], CLUSTER_SID_LENGTH);
    bpacket_write_varint(writer, CLUSTER_HID);
    bpacket_write_span(writer, HID, sizeof HID - 1);
    bpacket_write_varint(writer, CLUSTER_TYPE);
    bpacket_write_varint(writer, choice & 15);
    bpacket_write_bytes(writer,
            "\x02\x00\x07\x02\x01t\x01"
            "c",
            8);
}

/* Makes the packet of a step: kind 0 and 1 as it is, 2 with a frame, 3 with the usual fields too. */
static bpacket_span
MakePacket(bpacket_writer *writer, unsigned kind, const uint8_t *bytes, size_t length)
{
    bpacket_span packet;

    if (kind < 2) {
        bpacket_write_bytes(writer, bytes, length);
        packet.bytes = length ? writer->bytes : bytes;
        packet.length = writer->length;
        return packet;
    }
    bpacket_frame_begin(writer);
    if (kind == 3) {
        WriteIdentity(writer, length ? bytes[0] : 0);
        bytes += length ? 1 : 0;
        length -= length ? 1 : 0;
    }
    bpacket_write_bytes(writer, bytes, length);
    return bpacket_frame_end(writer);
}

/* Hands a packet in, over the way that the step's kind names. */
static void
DeliverPacket(Stage *stage, uint8_t step, bpacket_span packet)
{
    ClusterAddress from = ClusterAddressLoopback();
    ClusterMember *member;
    ClusterBlob *blob;

    switch (step >> 2 & 3) {
    case 0:
        (void) MemoryInject(&stage->self.host, MEMORY_C, &from, packet.bytes, packet.length);
        return;
    case 1:
        if (!MemoryInjectUnicast(&stage->self.host, &from, packet.bytes, packet.length)) {
            (void) MemoryInject(&stage->self.host, MEMORY_C, &from, packet.bytes, packet.length);
        }
        return;
    case 2:
        (void) ClusterAddressParse(FOREIGN, &from);
        (void) MemoryInject(&stage->self.host, MEMORY_C, &from, packet.bytes, packet.length);
        return;
    default:
        break;
    }
    /* Over a connection, from the other node. */
    member = ClusterNodeMemberByUuid(stage->peer.node,
            Tcl_GetString(ClusterNodeUuid(stage->self.node)));
    blob = ClusterBlobNew(packet.bytes, packet.length);
    if (member && blob) {
        (void) ClusterMemberSendBlob(member, ClusterNodeSlot(stage->peer.node, 0), blob);
        HandClockAdvance(stage->clock, 1);
    }
    if (blob) {
        ClusterBlobRelease(blob);
    }
}

static void
PlayPacket(Stage *stage, uint8_t step, const uint8_t *bytes, size_t length)
{
    bpacket_writer writer;
    bpacket_span packet;

    bpacket_writer_init(&writer, 0);
    packet = MakePacket(&writer, step & 3, bytes, length);
    if (writer.status == BPACKET_OK) {
        Name(stage, writer.bytes, writer.length);
        DeliverPacket(stage, step, packet);
    }
    bpacket_writer_free(&writer);
}

/* A payload, as a dict, from a transport written in Tcl. */
static void
TakePayload(Stage *stage, uint8_t step, const uint8_t *bytes, size_t length)
{
    ClusterNode *node = stage->self.node;
    ClusterSlot *slot = ClusterNodeSlot(node, step & 1);
    ClusterOrigin origin;
    ClusterMember *member;
    bpacket_span text = {bytes, length};
    Tcl_Obj *payload = ClusterPayloadText(text);

    memset(&origin, 0, sizeof origin);
    origin.vouched = (step & 2) != 0;
    (void) ClusterAddressParse(FOREIGN, &origin.address);
    stage->packets++;
    Tcl_IncrRefCount(payload);
    if (slot && ClusterSlotTransport(slot)) {
        member = ClusterNodeTake(slot, NULL, &origin, payload, (step & 4) == 0);
        if (member) {
            ClusterMemberRelease(member);
        }
    }
    Tcl_DecrRefCount(payload);
}

static Tcl_Obj *
HeldWords(ClusterMember *member)
{
    Tcl_Obj *words = ClusterMemberWords(member);

    Tcl_IncrRefCount(words);
    return words;
}

/* Does something with a member, if there is one. */
static void
WithMember(Player *player, uint8_t what)
{
    ClusterMember *member = ClusterNodeNextMember(player->node, NULL);

    for (unsigned i = 0; member && i < (what >> 4); i++) {
        ClusterMember *next = ClusterNodeNextMember(player->node, member);

        member = next ? next : member;
    }
    if (!member) {
        return;
    }
    ClusterMemberHold(member);
    switch (what & 7) {
    case 0:
        PlayerAsk(player, member);
        break;
    case 1:
        SendEvent(player, member);
        break;
    case 2:
        ClusterMemberExpect(member, 1000);
        break;
    case 3:
        ClusterNodeSchedulePing(player->node, ClusterMemberSid(member));
        break;
    case 4:
        ClusterMemberHangUp(member, ClusterNodeSlot(player->node, 0));
        break;
    case 5:
        Tcl_DecrRefCount(HeldWords(member));
        break;
    default:
        ClusterMemberLose(member);
        break;
    }
    ClusterMemberRelease(member);
}

/* Something that the application or the network does. */
static void
Happen(Stage *stage, uint8_t what)
{
    Player *player = &stage->self;
    Tcl_Obj *tags;

    if (what & 8) {
        WithMember(player, what);
        return;
    }
    switch (what & 7) {
    case 0:
        ClusterNodeHeartbeat(player->node, CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS, 0);
        break;
    case 1:
        ClusterNodeDiscover(player->node, NULL, 0);
        break;
    case 2:
        tags = Dict((what & 16) ? "three" : "");
        ClusterNodeSetTags(player->node, tags);
        Tcl_DecrRefCount(tags);
        break;
    case 3:
        (void) ((what & 16) ? ClusterNodeJoinChannel(player->node, what >> 4)
                            : ClusterNodeLeaveChannel(player->node, what >> 4));
        break;
    case 4:
        (void) MemoryBreak(&player->host, NULL);
        break;
    case 5:
        player->host.refusal = stage->peer.host.refusal = (MemoryRefusal) ((what >> 4) % 3);
        break;
    case 6:
        player->host.stalled = (what & 16) != 0;
        player->host.limit = what >> 6;
        MemoryResume(&player->host);
        break;
    default:
        ClusterNodeHeartbeat(player->node, 0, CLUSTER_CHANNEL_BROADCAST);
        break;
    }
}

/* One step; the upper bits of its kind say which sort it is. */
static void
PlayStep(Stage *stage, uint8_t kind, const uint8_t *bytes, size_t length)
{
    switch (kind >> 4 & 7) {
    case 4:
        TakePayload(stage, kind, bytes, length);
        break;
    case 5:
        HandClockAdvance(stage->clock, length > 0 ? bytes[0] * 1500LL : 1);
        break;
    case 6:
        if (!ClusterNodeClosed(stage->self.node)) {
            Happen(stage, length > 0 ? bytes[0] : 0);
        }
        break;
    default:
        PlayPacket(stage, kind, bytes, length);
        break;
    }
}

static void
Play(Stage *stage, const uint8_t *bytes, size_t length)
{
    for (int i = 0; i < STEPS_MAX && length >= 3 && !stage->fault; i++) {
        size_t size = bytes[1] | (size_t) bytes[2] << 8;

        size = size < length - 3 ? size : length - 3;
        PlayStep(stage, bytes[0], bytes + 3, size);
        Inspect(stage);
        bytes += 3 + size;
        length -= 3 + size;
    }
}

/* Both nodes end, and nothing may be left of them. */
static void
End(Stage *stage, bool quiet)
{
    Tcl_Obj *faults;
    Tcl_Size length;

    PlayerLeave(&stage->self, quiet);
    Inspect(stage);
    PlayerLeave(&stage->peer, true);
    HandClockAdvance(stage->clock, LONG_TIME);
    Claim(stage, HandClockPending(stage->clock) == 0, "timers outlive their nodes");
    faults = MemoryNetFaults(stage->net);
    Tcl_IncrRefCount(faults);
    (void) Tcl_GetStringFromObj(faults, &length);
    Claim(stage, length == 0, "a dead transport or channel was used");
    Tcl_DecrRefCount(faults);
}

const char *
FuzzReceive(const uint8_t *bytes, size_t length)
{
    static const uint8_t calm[REACTIONS] = {0};
    Stage stage;

    if (length < HEAD) {
        return NULL;
    }
    memset(&stage, 0, sizeof stage);
    stage.clock = HandClockNew();
    stage.net = stage.clock ? MemoryNetNew(stage.clock) : NULL;
    if (!stage.net) {
        HandClockFree(stage.clock);
        return NULL;
    }
    stage.reactions = calm;
    if (PlayerEnter(&stage, &stage.self, "self", bytes[0])
            && PlayerEnter(&stage, &stage.peer, "peer", bytes[0])) {
        ClusterNodeStart(stage.self.node);
        ClusterNodeStart(stage.peer.node);
        if (!(bytes[0] & SET_LATE)) {
            HandClockAdvance(stage.clock, 2000);
        }
        stage.self.host.stalled = (bytes[0] & SET_STALLED) != 0;
        stage.reactions = bytes + 1;
        Play(&stage, bytes + HEAD, length - HEAD);
    } else {
        stage.fault = "no node can be made";
    }
    End(&stage, (bytes[0] & SET_QUIET) != 0);
    if (!MemoryNetFree(stage.net) && !stage.fault) {
        stage.fault = "somebody still holds a packet that was sent";
    }
    Clear(&stage.self);
    Clear(&stage.peer);
    if (HandClockUsers(stage.clock) && !stage.fault) {
        stage.fault = "somebody still holds a node";
    }
    HandClockFree(stage.clock);
    return stage.fault;
}
