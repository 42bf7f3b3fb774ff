/*
 * crowdTest.c --
 *
 *	The command `crowd`: makes many members, lets time pass, cuts some off, and
 *	says who noticed and what the nodes among them sent and heard.
 */

#include "crowdTestInt.h"

#include "base/clusterHold.h"
#include "node/clusterNodeInt.h"
#include "packet/clusterNames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ports of stand-ins, far from those that the network gives. */
#define FIRST_PORT   20000
#define MEMBERS_MOST 40000
#define PORTS        65536
/* Longer than any timer of the membership. */
#define LONG_TIME (400LL * 86400 * 1000)
/* Milliseconds after which a node that has met nobody has given up asking for others. */
#define ALONE 30000
/* ... and within which what is sent arrives. */
#define ON_THE_WAY 10
/* Bytes for what members tell: enough for as many as there can be here. */
#define MEMORY (512u * 1024 * 1024)
/* Microseconds that a round trip took so far, and by how much they differ. */
#define RTT_MEAN      2000
#define RTT_DEVIATION 500

/* ---- what is noted ------------------------------------------------------- */

void
CrowdNote(Crowd *crowd, CrowdEventKind kind, uint32_t by, uint32_t of)
{
    CrowdEvent *events;
    size_t room = crowd->eventRoom ? 2 * crowd->eventRoom : 1024;

    if (crowd->members[by].cut) {
        return; /* who is cut off loses everybody: that is right, and of no interest */
    }
    if (crowd->eventCount == crowd->eventRoom) {
        if ((events = realloc(crowd->events, room * sizeof *events)) == NULL) {
            return;
        }
        crowd->events = events;
        crowd->eventRoom = room;
    }
    crowd->events[crowd->eventCount++] = (CrowdEvent){HandClockNow(crowd->clock), by, of, kind};
}

uint32_t
CrowdByName(Crowd *crowd, const char *name)
{
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&crowd->byName, name);

    return entry ? (uint32_t) (uintptr_t) Tcl_GetHashValue(entry) : CROWD_NOBODY;
}

static void
NoteMember(CrowdMember *self, CrowdEventKind kind, const ClusterMember *member)
{
    uint32_t of = CrowdByName(self->crowd, Tcl_GetString(ClusterMemberUuid(member)));

    if (of != CROWD_NOBODY && !ClusterNodeClosed(self->node)) {
        CrowdNote(self->crowd, kind, self->number, of);
    }
}

static void
CrowdMemberSuspect(void *context, ClusterMember *member)
{
    NoteMember(context, CROWD_SUSPECTS, member);
}

static void
CrowdMemberLost(void *context, ClusterMember *member)
{
    NoteMember(context, CROWD_LOSES, member);
}

/* ---- making -------------------------------------------------------------- */

static void
NameMember(CrowdMember *member, Tcl_Obj *sid, Tcl_Obj *hid)
{
    Crowd *crowd = member->crowd;
    int isNew;

    ClusterReplaceObj(&member->sid, sid);
    ClusterReplaceObj(&member->hid, hid);
    ClusterReplaceObj(&member->uuid,
            Tcl_ObjPrintf("%s@%s", Tcl_GetString(sid), Tcl_GetString(hid)));
    Tcl_SetHashValue(Tcl_CreateHashEntry(&crowd->byName, Tcl_GetString(member->sid), &isNew),
            (void *) (uintptr_t) member->number);
    Tcl_SetHashValue(Tcl_CreateHashEntry(&crowd->byName, Tcl_GetString(member->uuid), &isNew),
            (void *) (uintptr_t) member->number);
}

static Tcl_Obj *
HidOf(uint32_t number)
{
    return Tcl_ObjPrintf("02:00:00:%02x:%02x:%02x", (unsigned) (number >> 16 & 255),
            (unsigned) (number >> 8 & 255), (unsigned) (number & 255));
}

static bool
MakeNode(CrowdMember *member, const ClusterNodeDelegate *delegate)
{
    Crowd *crowd = member->crowd;
    Tcl_Obj *hid = HidOf(member->number), *why = NULL;
    const char *code;
    ClusterNodeConfig config = {.ttl = 600000,
            .heartbeat = 120000,
            .remote = 1,
            .memory = MEMORY,
            .probe = crowd->period,
            .clock = HandClockTable(crowd->clock),
            .system = MemoryNetSystem(crowd->net),
            .hid = Tcl_GetString(hid)};

    Tcl_IncrRefCount(hid);
    member->node = ClusterNodeNew(&config, delegate, member);
    if (member->node) {
        NameMember(member, ClusterNodeSid(member->node), hid);
        ClusterReplaceObj(&member->host.name, member->sid);
        MemoryNetAddHost(crowd->net, &member->host);
    }
    Tcl_DecrRefCount(hid);
    if (!member->node
            || !ClusterNodeAddTransport(member->node, &memoryDatagramTypes[MEMORY_C], NULL, &why,
                    &code)
            || !ClusterNodeAddDatagram(member->node, &memoryUnicastType, &why, &code)) {
        return false;
    }
    member->host.tally = &crowd->tally;
    member->port = MemoryPort(&member->host);
    ClusterNodeStart(member->node);
    return true;
}

static void
MakeStandIn(CrowdMember *member)
{
    Tcl_Obj *sid = Tcl_ObjPrintf("S%07u", (unsigned) member->number);

    NameMember(member, sid, HidOf(member->number));
    member->port = (uint16_t) (FIRST_PORT + member->number);
    member->crowd->byPort[member->port] = member->number;
}

/* Each has answered a probe, rounds are in a random order and begin at any time, as after hours. */
static void
Settle(Crowd *crowd, ClusterNode *node)
{
    ClusterMember *member = NULL;

    while ((member = ClusterNodeNextMember(node, member)) != NULL) {
        member->probe.proven = true;
        member->probe.rtt = (ClusterRtt){RTT_MEAN, RTT_DEVIATION};
        ClusterRoundRemove(&member->probe.inRound);
        ClusterRoundAdd(&node->round, &member->probe.inRound, CrowdRandom(crowd, 2) != 0);
    }
    ClusterNodeSetDue(node, &node->probeDue, CLUSTER_DUE_PROBE,
            ClusterNodeNow(node)
                    + CrowdRandom(crowd, (uint32_t) ClusterProbingGap(&node->probing)));
    ClusterTurnArm(node);
}

/* Nodes begin alone, so that they need not ask for each other, and then hear of everybody at once: nobody is probed by one that it does not know. */
static void
Introduce(Crowd *crowd)
{
    uint32_t i, other;

    HandClockAdvance(crowd->clock, ALONE);
    MemoryNetCut(crowd->net, MEMORY_C, false);
    for (i = 0; i < crowd->nodes; i++) {
        ClusterNodeHeartbeat(crowd->members[i].node, CLUSTER_WITH_PROPS | CLUSTER_WITH_TAGS,
                CLUSTER_CHANNEL_BROADCAST);
    }
    HandClockAdvance(crowd->clock, ON_THE_WAY);
    for (i = 0; i < crowd->nodes; i++) {
        for (other = crowd->nodes; other < crowd->count; other++) {
            CrowdTeach(crowd, &crowd->members[other], &crowd->members[i]);
        }
        Settle(crowd, crowd->members[i].node);
    }
}

static bool
Populate(Crowd *crowd, const ClusterNodeDelegate *delegate)
{
    char address[CLUSTER_ADDRESS_TEXT];
    uint32_t i;

    MemoryNetCut(crowd->net, MEMORY_C, true);
    for (i = 0; i < crowd->count; i++) {
        CrowdMember *member = &crowd->members[i];

        member->crowd = crowd;
        member->number = i;
        snprintf(address, sizeof address, "10.%u.%u.%u", (unsigned) (i >> 16 & 255),
                (unsigned) (i >> 8 & 255), (unsigned) (i & 255));
        ClusterAddressParse(address, &member->host.address);
        if (i < crowd->nodes && !MakeNode(member, delegate)) {
            return false;
        }
    }
    for (i = crowd->nodes; i < crowd->count; i++) {
        MakeStandIn(&crowd->members[i]);
    }
    Introduce(crowd);
    for (i = crowd->nodes; i < crowd->count; i++) {
        crowd->members[i].standIn = CrowdStandInNew(&crowd->members[i]);
        if (!crowd->members[i].standIn) {
            return false;
        }
    }
    return true;
}

static void
SetDrop(Crowd *crowd, int percent)
{
    MemoryLink link = {percent, 0, 1, 1};

    crowd->drop = percent;
    MemoryNetSetLink(crowd->net, "*", "*", &link);
}

static void
InitCrowd(Crowd *crowd)
{
    uint32_t i;

    ClusterPayloadKeysInit(&crowd->keys);
    bpacket_writer_init(&crowd->writer, 0);
    Tcl_InitHashTable(&crowd->byName, TCL_STRING_KEYS);
    ClusterReplaceObj(&crowd->protocols, Tcl_NewStringObj("c", -1));
    for (i = 0; i < PORTS; i++) {
        crowd->byPort[i] = CROWD_NOBODY;
    }
    crowd->outside = (MemoryOutside){CrowdHeardByAll, CrowdHeardByOne, crowd};
    MemoryNetSetOutside(crowd->net, &crowd->outside);
    SetDrop(crowd, 0);
}

/* ---- the end ------------------------------------------------------------- */

static void
FreeMember(CrowdMember *member)
{
    if (member->node) {
        ClusterNodeRelease(member->node);
    }
    ClusterReplaceObj(&member->host.name, NULL);
    ClusterReplaceObj(&member->sid, NULL);
    ClusterReplaceObj(&member->hid, NULL);
    ClusterReplaceObj(&member->uuid, NULL);
}

/* Also of one that is not made to its end. */
static void
FreeCrowd(Crowd *crowd)
{
    uint32_t i;

    for (i = 0; i < crowd->count; i++) {
        CrowdMember *member = &crowd->members[i];

        if (member->standIn) {
            CrowdStandInFree(member->standIn);
            member->standIn = NULL;
        }
    }
    for (i = 0; i < crowd->nodes; i++) {
        if (crowd->members[i].node) {
            ClusterNodeClose(crowd->members[i].node, true);
        }
    }
    HandClockAdvance(crowd->clock, LONG_TIME);
    MemoryNetFree(crowd->net);
    for (i = 0; i < crowd->count; i++) {
        FreeMember(&crowd->members[i]);
    }
    Tcl_DeleteHashTable(&crowd->byName);
    ClusterReplaceObj(&crowd->protocols, NULL);
    ClusterPayloadKeysFree(&crowd->keys);
    bpacket_writer_free(&crowd->writer);
    HandClockFree(crowd->clock);
    free(crowd->members);
    free(crowd->byPort);
    free(crowd->events);
    free(crowd);
}

/* ---- the command --------------------------------------------------------- */

/* What belongs to one interp. */
typedef struct CrowdBench {
    ClusterNodeDelegate delegate;
    Crowd *crowd; /* NULL: none */
} CrowdBench;

static int
Fail(Tcl_Interp *interp, const char *text)
{
    Tcl_SetObjResult(interp, Tcl_NewStringObj(text, -1));
    return TCL_ERROR;
}

static Crowd *
NewCrowd(uint32_t count, uint32_t nodes, uint32_t seed, int64_t period)
{
    Crowd *crowd = calloc(1, sizeof *crowd);

    if (crowd) {
        crowd->count = count;
        crowd->nodes = nodes;
        crowd->period = period;
        crowd->members = calloc(count, sizeof crowd->members[0]);
        crowd->byPort = calloc(PORTS, sizeof crowd->byPort[0]);
        crowd->clock = HandClockNew();
        crowd->net = MemoryNetNew(crowd->clock);
        MemoryNetSeed(crowd->net, seed);
        InitCrowd(crowd);
    }
    return crowd;
}

/* make MEMBERS NODES SEED ?PERIOD? */
static int
MakeCmd(CrowdBench *bench, Tcl_Interp *interp, const Tcl_WideInt *numbers)
{
    if (numbers[0] < 2 || numbers[0] > MEMBERS_MOST || numbers[1] < 1 || numbers[1] > numbers[0]) {
        return Fail(interp, "so many members, or nodes among them, cannot be");
    }
    if (bench->crowd) {
        FreeCrowd(bench->crowd);
    }
    bench->crowd = NewCrowd((uint32_t) numbers[0], (uint32_t) numbers[1], (uint32_t) numbers[2],
            numbers[3]);
    return bench->crowd && Populate(bench->crowd, &bench->delegate) ? TCL_OK
                                                                    : Fail(interp, "out of memory");
}

/* cut NUMBER: nothing passes to it or from it any more. */
static int
CutCmd(Crowd *crowd, Tcl_Interp *interp, Tcl_WideInt number)
{
    if (number < 0 || number >= crowd->count) {
        return Fail(interp, "no such member");
    }
    crowd->members[number].cut = true;
    crowd->members[number].host.side = 1 + (int) number;
    return TCL_OK;
}

/* seen: {ms by of suspects|loses} of each event since the last call; by is a node's number, or a stand-in's. */
static Tcl_Obj *
Seen(Crowd *crowd)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    size_t i;

    for (i = 0; i < crowd->eventCount; i++) {
        const CrowdEvent *event = &crowd->events[i];
        Tcl_Obj *words[] = {Tcl_NewWideIntObj((Tcl_WideInt) event->time),
                Tcl_NewWideIntObj(event->by), Tcl_NewWideIntObj(event->of),
                Tcl_NewStringObj(event->kind == CROWD_LOSES ? "loses" : "suspects", -1)};

        Tcl_ListObjAppendElement(NULL, list, Tcl_NewListObj(4, words));
    }
    crowd->eventCount = 0;
    return list;
}

/* traffic: type to {packets bytes packets bytes}, sent and heard by all nodes since the last call. */
static Tcl_Obj *
Traffic(Crowd *crowd)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    const MemoryTally *tally = &crowd->tally;
    int i;

    for (i = 0; i < MEMORY_TYPES; i++) {
        Tcl_Obj *words[] = {Tcl_NewWideIntObj((Tcl_WideInt) tally->sent[i]),
                Tcl_NewWideIntObj((Tcl_WideInt) tally->sentBytes[i]),
                Tcl_NewWideIntObj((Tcl_WideInt) tally->heard[i]),
                Tcl_NewWideIntObj((Tcl_WideInt) tally->heardBytes[i])};

        Tcl_DictObjPut(NULL, dict, Tcl_NewIntObj(i), Tcl_NewListObj(4, words));
    }
    memset(&crowd->tally, 0, sizeof crowd->tally);
    return dict;
}

/* charge: bytes that the first node counts for its members; known: how many each node knows. */
static Tcl_Obj *
Known(const Crowd *crowd)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    uint32_t i;

    for (i = 0; i < crowd->nodes; i++) {
        Tcl_ListObjAppendElement(NULL, list,
                Tcl_NewWideIntObj((Tcl_WideInt) ClusterNodeMemberCount(crowd->members[i].node)));
    }
    return list;
}

static int
CrowdCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"charge", "cut", "drop", "end", "known", "make", "now",
            "run", "seen", "traffic", NULL};
    enum { CHARGE, CUT, DROP, END, KNOWN, MAKE, NOW, RUN, SEEN, TRAFFIC };
    CrowdBench *bench = clientData;
    Crowd *crowd = bench->crowd;
    Tcl_WideInt numbers[4] = {0, 0, 1, CLUSTER_PROBE_PERIOD};
    int word, i;

    if (objc < 2 || objc > 6
            || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK) {
        return Fail(interp,
                "crowd make members nodes ?seed? ?period?, run ms, cut number, drop "
                "percent, seen, traffic, known, charge, now, end");
    }
    for (i = 2; i < objc; i++) {
        if (Tcl_GetWideIntFromObj(interp, objv[i], &numbers[i - 2]) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    if (!crowd && word != MAKE) {
        return Fail(interp, "there is no crowd");
    }
    switch (word) {
    case MAKE:
        return MakeCmd(bench, interp, numbers);
    case CUT:
        return CutCmd(crowd, interp, numbers[0]);
    case DROP:
        SetDrop(crowd, (int) numbers[0]);
        break;
    case END:
        FreeCrowd(crowd);
        bench->crowd = NULL;
        break;
    case RUN:
        HandClockAdvance(crowd->clock, numbers[0]);
        break;
    case NOW:
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) HandClockNow(crowd->clock)));
        break;
    case CHARGE:
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) crowd->members[0].node->charge));
        break;
    case KNOWN:
        Tcl_SetObjResult(interp, Known(crowd));
        break;
    case SEEN:
        Tcl_SetObjResult(interp, Seen(crowd));
        break;
    default:
        Tcl_SetObjResult(interp, Traffic(crowd));
        break;
    }
    return TCL_OK;
}

static void
DeleteCrowd(void *clientData)
{
    CrowdBench *bench = clientData;

    if (bench->crowd) {
        FreeCrowd(bench->crowd);
    }
    free(bench);
}

int
Clustercrowdtest_Init(Tcl_Interp *interp)
{
    CrowdBench *bench = calloc(1, sizeof *bench);

    if (!bench) {
        return Fail(interp, "out of memory");
    }
    bench->delegate = clusterDeafDelegate;
    bench->delegate.memberSuspect = CrowdMemberSuspect;
    bench->delegate.memberLost = CrowdMemberLost;
    Tcl_CreateObjCommand(interp, "::cluster::test::crowd", CrowdCmd, bench, DeleteCrowd);
    return TCL_OK;
}
