/*
 * crowdLetter.c --
 *
 *	What goes between stand-ins, as it is, and between them and nodes, as
 *	packets.
 */

#include "crowdTestInt.h"

#include "base/clusterHold.h"
#include "packet/clusterForeign.h"
#include "packet/clusterNames.h"

#include <stdlib.h>
#include <string.h>

/* Members named in a packet of probes. */
#define NAMED 6
/* Bytes of what is read of a packet's data. */
#define DATA_MOST 2048
/* Milliseconds on the way: one, and up to so many more. */
#define JITTER 1

/* One under way. */
typedef struct Flight {
    ClusterTimer timer;
    Crowd *crowd;
    CrowdLetter letter;
    uint32_t to;       /* CROWD_NOBODY: all stand-ins */
    ClusterBlob *blob; /* held; not NULL: to a node, in place of the letter */
    bool multicast;
} Flight;

static bool
IsDropped(Crowd *crowd)
{
    return CrowdRandom(crowd, 100) < crowd->drop;
}

static bool
MayPass(const CrowdMember *from, const CrowdMember *to)
{
    return from == to || (!from->cut && !to->cut);
}

static void
FreeFlight(Flight *flight)
{
    ClusterReplaceObj(&flight->letter.news, NULL);
    if (flight->blob) {
        ClusterBlobRelease(flight->blob);
    }
    free(flight);
}

/* ---- arrival ------------------------------------------------------------- */

static void
ArriveAtAll(Crowd *crowd, const CrowdLetter *letter)
{
    const CrowdMember *from = &crowd->members[letter->from];
    uint32_t i;

    for (i = crowd->nodes; i < crowd->count; i++) {
        CrowdMember *to = &crowd->members[i];

        if (to != from && to->standIn && MayPass(from, to) && !IsDropped(crowd)) {
            CrowdStandInHear(to->standIn, letter);
        }
    }
}

static void
Arrive(void *data)
{
    Flight *flight = data;
    Crowd *crowd = flight->crowd;
    CrowdMember *from = &crowd->members[flight->letter.from];

    if (flight->to == CROWD_NOBODY) {
        ArriveAtAll(crowd, &flight->letter);
    } else if (!flight->blob) {
        if (crowd->members[flight->to].standIn) { /* else all is coming to its end */
            CrowdStandInHear(crowd->members[flight->to].standIn, &flight->letter);
        }
    } else if (flight->multicast) {
        MemoryInject(&crowd->members[flight->to].host, MEMORY_C, &from->host.address,
                flight->blob->bytes, flight->blob->length);
    } else {
        MemoryInjectUnicast(&crowd->members[flight->to].host, &from->host.address,
                flight->blob->bytes, flight->blob->length);
    }
    FreeFlight(flight);
}

/* Takes over the news of the letter. */
static void
Launch(Crowd *crowd, CrowdLetter *letter, uint32_t to, ClusterBlob *blob, bool multicast)
{
    Flight *flight = calloc(1, sizeof *flight);

    if (flight) {
        flight->crowd = crowd;
        flight->letter = *letter;
        flight->to = to;
        flight->blob = blob;
        flight->multicast = multicast;
        letter->news = NULL;
        ClusterTimerSet(&flight->timer, HandClockTable(crowd->clock),
                1 + CrowdRandom(crowd, JITTER + 1), Arrive, flight);
    }
}

/* ---- packets of stand-ins ------------------------------------------------ */

static void
Put(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static Tcl_Obj *
SomeNames(Crowd *crowd)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    int i;

    for (i = 0; i < NAMED; i++) {
        Tcl_ListObjAppendElement(NULL, names,
                crowd->members[CrowdRandom(crowd, crowd->count)].uuid);
    }
    return names;
}

static Tcl_Obj *
DataOf(Crowd *crowd, const CrowdLetter *letter)
{
    Tcl_Obj *data = Tcl_NewDictObj();

    if (letter->about != CROWD_NOBODY) {
        Put(data, letter->type == CLUSTER_RELAY ? "of" : "for", crowd->members[letter->about].uuid);
    }
    Put(data, "incarnation", Tcl_NewWideIntObj((Tcl_WideInt) letter->incarnation));
    if (letter->news) {
        Put(data, "news", letter->news);
    }
    Put(data, "names", SomeNames(crowd));
    return data;
}

static Tcl_Obj *
PropsOf(const CrowdMember *member)
{
    return Tcl_ObjPrintf("cluster {version 1.2.0 name simulated pid 1 host host.test ttl 600000 "
                         "heartbeat 120000 datagram %d can {probe confirm}}",
            (int) member->port);
}

static ClusterBlob *
Encode(Crowd *crowd, const CrowdMember *from, const CrowdLetter *letter, Tcl_Obj *only)
{
    ClusterOutgoing packet;
    bpacket_span bytes;
    uint32_t present;
    Tcl_Obj *culprit = NULL;
    ClusterBlob *blob = NULL;

    ClusterOutgoingInit(&packet, &crowd->keys);
    ClusterOutgoingSetValue(&packet, CLUSTER_SID, from->sid);
    ClusterOutgoingSetValue(&packet, CLUSTER_HID, from->hid);
    ClusterOutgoingSetNumber(&packet, CLUSTER_TYPE, (uint64_t) letter->type);
    ClusterOutgoingSetNumber(&packet, CLUSTER_CHANNEL, 0);
    ClusterOutgoingSetValue(&packet, CLUSTER_PROTOCOLS, crowd->protocols);
    if (letter->type == CLUSTER_HEARTBEAT) {
        ClusterOutgoingSetValue(&packet, CLUSTER_DATA, PropsOf(from));
        ClusterOutgoingSetValue(&packet, CLUSTER_TAGS, Tcl_NewObj());
    } else if (letter->type == CLUSTER_PING) {
        ClusterOutgoingSetValue(&packet, CLUSTER_DATA, crowd->members[letter->about].sid);
    } else {
        ClusterOutgoingSetValue(&packet, CLUSTER_RUID, Tcl_NewStringObj(letter->id, -1));
        ClusterOutgoingSetValue(&packet, CLUSTER_DATA, DataOf(crowd, letter));
    }
    ClusterOutgoingSetNumber(&packet, CLUSTER_KNOWN, crowd->count - 1);
    if (ClusterOutgoingEncode(&packet, only, &crowd->writer, &bytes, &present, &culprit)
            == CLUSTER_PAYLOAD_OK) {
        blob = ClusterBlobNew(bytes.bytes, bytes.length);
    }
    ClusterOutgoingFree(&packet);
    return blob;
}

void
CrowdSendTo(Crowd *crowd, CrowdLetter *letter, uint32_t to)
{
    CrowdMember *from = &crowd->members[letter->from], *member = &crowd->members[to];

    if (MayPass(from, member) && !IsDropped(crowd)) {
        if (member->standIn) {
            Launch(crowd, letter, to, NULL, false);
        } else {
            Launch(crowd, letter, to, Encode(crowd, from, letter, member->sid), false);
        }
    }
    ClusterReplaceObj(&letter->news, NULL);
}

void
CrowdSendToAll(Crowd *crowd, CrowdLetter *letter)
{
    CrowdMember *from = &crowd->members[letter->from];
    ClusterBlob *blob = Encode(crowd, from, letter, NULL);
    uint32_t i;

    for (i = 0; blob && i < crowd->nodes; i++) {
        if (MayPass(from, &crowd->members[i]) && !IsDropped(crowd)) {
            Launch(crowd, letter, i, ClusterBlobHold(blob), true);
        }
    }
    if (blob) {
        ClusterBlobRelease(blob);
    }
    if (letter->type == CLUSTER_PING) { /* stand-ins make nothing of beats */
        Launch(crowd, letter, CROWD_NOBODY, NULL, true);
    }
}

void
CrowdTeach(Crowd *crowd, const CrowdMember *member, CrowdMember *node)
{
    CrowdLetter letter = {.type = CLUSTER_HEARTBEAT, .from = member->number, .about = CROWD_NOBODY};
    ClusterBlob *blob = Encode(crowd, member, &letter, NULL);

    if (blob) {
        MemoryInject(&node->host, MEMORY_C, &member->host.address, blob->bytes, blob->length);
        ClusterBlobRelease(blob);
    }
}

/* ---- packets of nodes ---------------------------------------------------- */

/* The number of who is named by a key. */
static uint32_t
Named(Crowd *crowd, Tcl_Obj *data, const char *key)
{
    Tcl_Obj *uuid = ClusterForeignGet(data, DATA_MOST, key);
    uint32_t number = CROWD_NOBODY;

    if (uuid) {
        number = CrowdByName(crowd, Tcl_GetString(uuid));
        Tcl_DecrRefCount(uuid);
    }
    return number;
}

static void
ReadData(Crowd *crowd, const ClusterPacket *packet, CrowdLetter *letter)
{
    Tcl_Obj *data = ClusterPayloadField(packet, CLUSTER_DATA), *value;
    Tcl_WideInt number;

    Tcl_IncrRefCount(data);
    if (letter->type == CLUSTER_PING) { /* of one alone; others are of no interest */
        letter->about = CrowdByName(crowd, Tcl_GetString(data));
    } else {
        letter->about = Named(crowd, data, letter->type == CLUSTER_RELAY ? "of" : "for");
        letter->news = ClusterForeignGet(data, DATA_MOST, "news");
        value = ClusterForeignGet(data, DATA_MOST, "incarnation");
        if (value && Tcl_GetWideIntFromObj(NULL, value, &number) == TCL_OK) {
            letter->incarnation = (uint32_t) number;
        }
        if (value) {
            Tcl_DecrRefCount(value);
        }
    }
    Tcl_DecrRefCount(data);
}

static bool
ReadPacket(Crowd *crowd, const MemoryHost *from, const ClusterBlob *blob, CrowdLetter *letter)
{
    ClusterPacket packet;
    bpacket_span id;

    memset(letter, 0, sizeof *letter);
    letter->about = CROWD_NOBODY;
    letter->from = ((const CrowdMember *) from)->number;
    if (ClusterPacketDecode(blob->bytes, blob->length, NULL, NULL, &packet) != BPACKET_OK) {
        return false;
    }
    letter->type = (int) packet.field[CLUSTER_TYPE].number;
    if (letter->type != CLUSTER_PING
            && (letter->type < CLUSTER_PROBE || letter->type > CLUSTER_RELAY)) {
        return false; /* nothing that a stand-in would act upon */
    }
    if (ClusterPacketHas(&packet, CLUSTER_DATA)) {
        ReadData(crowd, &packet, letter);
    }
    id = packet.field[CLUSTER_RUID].span;
    if (ClusterPacketHas(&packet, CLUSTER_RUID) && id.length == CROWD_ID) {
        memcpy(letter->id, id.bytes, CROWD_ID);
    }
    return true;
}

void
CrowdHeardByAll(void *context, MemoryHost *from, ClusterBlob *blob)
{
    Crowd *crowd = context;
    CrowdLetter letter;

    if (ReadPacket(crowd, from, blob, &letter)) {
        Launch(crowd, &letter, CROWD_NOBODY, NULL, true);
        ClusterReplaceObj(&letter.news, NULL);
    }
}

bool
CrowdHeardByOne(void *context, MemoryHost *from, uint16_t port, ClusterBlob *blob)
{
    Crowd *crowd = context;
    uint32_t to = crowd->byPort[port];
    CrowdLetter letter;

    if (to == CROWD_NOBODY) {
        return false;
    }
    if (MayPass((const CrowdMember *) from, &crowd->members[to]) && !IsDropped(crowd)
            && ReadPacket(crowd, from, blob, &letter)) {
        Launch(crowd, &letter, to, NULL, false);
        ClusterReplaceObj(&letter.news, NULL);
    }
    return true;
}
