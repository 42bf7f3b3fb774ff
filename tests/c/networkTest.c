/*
 * networkTest.c --
 *
 *	The bench that tests of the membership work at: makes nodes, shapes their
 *	network, turns their clock.
 */

#include "nodeTestInt.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_HID "02:00:00:00:00:01"

/* Longer than any timer of the membership. */
#define LONG_TIME (400LL * 86400 * 1000)

int
TestFail(Tcl_Interp *interp, const char *text, Tcl_Obj *culprit)
{
    Tcl_SetObjResult(interp,
            culprit ? Tcl_ObjPrintf("%s \"%s\"", text, Tcl_GetString(culprit))
                    : Tcl_NewStringObj(text, -1));
    return TCL_ERROR;
}

void
TestRenew(Tcl_Obj **slot, Tcl_Obj *value)
{
    Tcl_IncrRefCount(value);
    if (*slot) {
        Tcl_DecrRefCount(*slot);
    }
    *slot = value;
}

TestNode *
TestNodeFind(const TestBench *bench, Tcl_Obj *name)
{
    MemoryHost *host = MemoryNetFirst(bench->net);

    while (host && strcmp(Tcl_GetString(host->name), Tcl_GetString(name)) != 0) {
        host = host->next;
    }
    return (TestNode *) host;
}

TestNode *
TestNodeGet(const TestBench *bench, Tcl_Interp *interp, Tcl_Obj *name)
{
    TestNode *test = TestNodeFind(bench, name);

    if (!test) {
        TestFail(interp, "no node", name);
    }
    return test;
}

/* ---- making nodes -------------------------------------------------------- */

/* What `node create` was asked for. */
typedef struct Request {
    ClusterNodeConfig config;
    Tcl_Obj *protocols; /* borrowed; NULL: t c */
    ClusterAddress address;
    ClusterSystem system;
    int start;
} Request;

static int
ParseRequest(Tcl_Interp *interp, Request *request, Tcl_Obj *option, Tcl_Obj *value)
{
    static const char *const options[] = {"-ttl", "-heartbeat", "-remote", "-memory", "-tags",
            "-probe", "-hid", "-ip", "-protocols", "-start", "-keys", "-seal", "-wall", NULL};
    enum {
        TTL,
        HEARTBEAT,
        REMOTE,
        MEMORY,
        TAGS,
        PROBE,
        HID,
        IP,
        PROTOCOLS,
        START,
        KEYS,
        SEAL,
        WALL
    };
    int index, number = 0;

    if (Tcl_GetIndexFromObj(interp, option, options, "option", 0, &index) != TCL_OK
            || ((index <= MEMORY || index == PROBE || index == START)
                    && Tcl_GetIntFromObj(interp, value, &number) != TCL_OK)) {
        return TCL_ERROR;
    }
    switch (index) {
    case TTL:
        request->config.ttl = number * 1000LL;
        break;
    case HEARTBEAT:
        request->config.heartbeat = number;
        break;
    case REMOTE:
        request->config.remote = number;
        break;
    case MEMORY:
        request->config.memory = (size_t) number;
        break;
    case TAGS:
        request->config.tags = value;
        break;
    case PROBE:
        request->config.probe = number;
        break;
    case HID:
        request->config.hid = Tcl_GetString(value);
        break;
    case IP:
        return ClusterAddressParse(Tcl_GetString(value), &request->address)
                ? TCL_OK
                : TestFail(interp, "bad ip", value);
    case PROTOCOLS:
        request->protocols = value;
        break;
    case KEYS:
        request->config.keys = TestNodeRing(interp, value);
        return request->config.keys ? TCL_OK : TCL_ERROR;
    case SEAL:
        return ClusterSealModeParse(Tcl_GetString(value), &request->config.mode)
                ? TCL_OK
                : TestFail(interp, "bad mode", value);
    case WALL:
        return MemoryWall(&request->system, Tcl_GetString(value))
                ? TCL_OK
                : TestFail(interp, "bad wall", value);
    default:
        request->start = number;
        break;
    }
    return TCL_OK;
}

static int
AddTransports(Tcl_Interp *interp, TestNode *test, Tcl_Obj *protocols, bool probes)
{
    Tcl_Obj **words, *why = NULL;
    Tcl_Size count, i;
    const char *code = "";

    if (Tcl_ListObjGetElements(interp, protocols, &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        MemoryWay way;
        const ClusterTransportType *type = MemoryWayByName(Tcl_GetString(words[i]), &way)
                ? &memoryDatagramTypes[way]
                : &memoryStreamType;

        if (!ClusterNodeAddTransport(test->node, type, NULL, &why, &code)) {
            Tcl_SetObjResult(interp, why);
            return TCL_ERROR;
        }
    }
    if (probes && !ClusterNodeAddDatagram(test->node, &memoryUnicastType, &why, &code)) {
        Tcl_SetObjResult(interp, why);
        return TCL_ERROR;
    }
    return TCL_OK;
}

/* The node, on the network; NULL without memory. */
static TestNode *
MakeNode(TestBench *bench, Tcl_Obj *name, const Request *request)
{
    TestNode *test = calloc(1, sizeof *test);

    if (!test) {
        return NULL;
    }
    test->node = ClusterNodeNew(&request->config, &testNodeDelegate, test);
    if (!test->node) {
        free(test);
        return NULL;
    }
    test->bench = bench;
    test->host.address = request->address;
    TestRenew(&test->host.name, name);
    TestRenew(&test->log, Tcl_NewListObj(0, NULL));
    TestRenew(&test->reactions, Tcl_NewDictObj());
    TestRenew(&test->ids, Tcl_NewListObj(0, NULL));
    MemoryNetAddHost(bench->net, &test->host);
    return test;
}

/* node create NAME ?-option value ...? */
static int
CreateNode(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *protocols = Tcl_NewStringObj("t c", -1);
    Request request = {
            .config = {.ttl = 600000,
                    .heartbeat = 120000,
                    .hid = LOCAL_HID,
                    .mode = CLUSTER_SEAL_REQUIRE},
            .address = ClusterAddressLoopback(),
            .start = 1,
    };
    TestNode *test = NULL;
    int i, code = TCL_OK;

    request.config.clock = HandClockTable(bench->clock);
    request.system = *MemoryNetSystem(bench->net);
    request.config.system = &request.system;
    Tcl_IncrRefCount(protocols);
    request.protocols = protocols;
    for (i = 3; i + 1 < objc && code == TCL_OK; i += 2) {
        code = ParseRequest(interp, &request, objv[i], objv[i + 1]);
    }
    if (code == TCL_OK && (objc % 2 == 0 || TestNodeFind(bench, objv[2]))) {
        code = TestFail(interp, "missing value, or there is already a node", objv[2]);
    }
    if (code == TCL_OK && (test = MakeNode(bench, objv[2], &request)) == NULL) {
        code = TestFail(interp, "out of memory", NULL);
    }
    if (test
            && (code = AddTransports(interp, test, request.protocols, request.config.probe > 0))
                    == TCL_OK) {
        if (request.start) {
            ClusterNodeStart(test->node);
        }
        Tcl_SetObjResult(interp, objv[2]);
    }
    Tcl_DecrRefCount(protocols);
    ClusterKeysRelease(request.config.keys);
    return code;
}

static int
NodeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    TestBench *bench = clientData;

    if (objc < 3) {
        Tcl_WrongNumArgs(interp, 1, objv,
                "create name ?option value ...? | name command ?arg ...?");
        return TCL_ERROR;
    }
    return strcmp(Tcl_GetString(objv[1]), "create") == 0
            ? CreateNode(bench, interp, objc, objv)
            : TestNodeCommand(bench, interp, objc, objv);
}

/* ---- the network and the clock ------------------------------------------- */

static int
LinkCmd(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const char *const options[] = {"-drop", "-duplicate", "-delay", "-jitter", NULL};
    MemoryLink link = {0, 0, 0, 0};
    int *const values[] = {&link.drop, &link.duplicate, &link.delay, &link.jitter};
    int i, index;

    if (objc < 4 || objc % 2) {
        Tcl_WrongNumArgs(interp, 2, objv, "from to ?option value ...?");
        return TCL_ERROR;
    }
    for (i = 4; i < objc; i += 2) {
        if (Tcl_GetIndexFromObj(interp, objv[i], options, "option", 0, &index) != TCL_OK
                || Tcl_GetIntFromObj(interp, objv[i + 1], values[index]) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    MemoryNetSetLink(bench->net, Tcl_GetString(objv[2]), Tcl_GetString(objv[3]), &link);
    return TCL_OK;
}

/* partition ?LIST ...?: each list of nodes is a side, those not named another. */
static int
PartitionCmd(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    MemoryHost *host;
    int i;

    for (host = MemoryNetFirst(bench->net); host; host = host->next) {
        host->side = 0;
    }
    for (i = 2; i < objc; i++) {
        Tcl_Obj **names;
        Tcl_Size count, j;

        if (Tcl_ListObjGetElements(interp, objv[i], &count, &names) != TCL_OK) {
            return TCL_ERROR;
        }
        for (j = 0; j < count; j++) {
            TestNode *test = TestNodeGet(bench, interp, names[j]);

            if (!test) {
                return TCL_ERROR;
            }
            test->host.side = i - 1;
        }
    }
    return TCL_OK;
}

/* Ends a node without a word. What it then still counts is a fault. */
static void
EndNode(TestBench *bench, const TestNode *test)
{
    const char *rest;

    ClusterNodeClose(test->node, true);
    rest = TestNodeRest(test->node);
    if (rest) {
        Tcl_Obj *fault = Tcl_ObjPrintf("a closed node has %s", rest);

        Tcl_IncrRefCount(fault);
        MemoryFault(bench->net, Tcl_GetString(fault));
        Tcl_DecrRefCount(fault);
    }
}

/* Ends all nodes, and lets every timer run that is left. One that outlives its node is a fault. */
static void
EndNodes(TestBench *bench)
{
    MemoryHost *host;

    for (host = MemoryNetFirst(bench->net); host; host = host->next) {
        EndNode(bench, (TestNode *) host);
    }
    HandClockAdvance(bench->clock, LONG_TIME);
    if (HandClockPending(bench->clock)) {
        MemoryFault(bench->net, "timers outlive their nodes");
    }
}

static void
AddFault(Tcl_Obj *faults, const char *text)
{
    Tcl_ListObjAppendElement(NULL, faults, Tcl_NewStringObj(text, -1));
}

static void
FreeTestNode(TestNode *test)
{
    ClusterNodeRelease(test->node);
    Tcl_DecrRefCount(test->host.name);
    Tcl_DecrRefCount(test->log);
    Tcl_DecrRefCount(test->reactions);
    Tcl_DecrRefCount(test->ids);
    free(test);
}

/*
 * Begins with an empty network. Whatever somebody forgot to release is a fault,
 * as members, queries and messages hold their node.
 */
static int
Reset(TestBench *bench, Tcl_Interp *interp)
{
    MemoryHost *host, *next;
    Tcl_Obj *faults;

    if (bench->depth) {
        return interp ? TestFail(interp, "a reaction is under way", NULL) : TCL_ERROR;
    }
    EndNodes(bench);
    faults = MemoryNetFaults(bench->net);
    Tcl_IncrRefCount(faults);
    host = MemoryNetFirst(bench->net);
    if (!MemoryNetFree(bench->net)) {
        AddFault(faults, "somebody still holds a packet that was sent");
    }
    for (; host; host = next) {
        next = host->next;
        FreeTestNode((TestNode *) host);
    }
    if (HandClockUsers(bench->clock)) {
        AddFault(faults, "somebody still holds a node");
    }
    if (interp) {
        Tcl_SetObjResult(interp, faults);
    }
    Tcl_DecrRefCount(faults);
    HandClockFree(bench->clock);
    bench->clock = HandClockNew();
    bench->net = MemoryNetNew(bench->clock);
    return TCL_OK;
}

/* cut c|d BOOLEAN */
static int
CutCmd(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    MemoryWay way;
    int cut;

    if (objc != 4) {
        Tcl_WrongNumArgs(interp, 2, objv, "c|d boolean");
        return TCL_ERROR;
    }
    if (!MemoryWayByName(Tcl_GetString(objv[2]), &way)) {
        return TestFail(interp, "bad way", objv[2]);
    }
    if (Tcl_GetBooleanFromObj(interp, objv[3], &cut) != TCL_OK) {
        return TCL_ERROR;
    }
    MemoryNetCut(bench->net, way, cut != 0);
    return TCL_OK;
}

/* network cut|link|partition|port|seed|trace|sent|raw|counts|faults|nodes|reset */
static int
NetworkCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"counts", "cut", "faults", "link", "partition", "port",
            "raw", "reset", "seed", "sent", "trace", NULL};
    enum { COUNTS, CUT, FAULTS, LINK, PARTITION, PORT, RAW, RESET, SEED, SENT, TRACE };
    TestBench *bench = clientData;
    int word, number = 0;

    if (objc < 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    if (Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || ((word == SEED || word == TRACE || word == PORT) && objc > 2
                    && Tcl_GetIntFromObj(interp, objv[2], &number) != TCL_OK)) {
        return TCL_ERROR;
    }
    switch (word) {
    case COUNTS:
        Tcl_SetObjResult(interp, MemoryNetCounts(bench->net));
        break;
    case CUT:
        return CutCmd(bench, interp, objc, objv);
    case FAULTS:
        Tcl_SetObjResult(interp, MemoryNetFaults(bench->net));
        break;
    case LINK:
        return LinkCmd(bench, interp, objc, objv);
    case PARTITION:
        return PartitionCmd(bench, interp, objc, objv);
    case PORT:
        MemoryNetNextPort(bench->net, (uint16_t) number);
        break;
    case RAW:
        Tcl_SetObjResult(interp, MemoryNetRaw(bench->net));
        break;
    case RESET:
        return Reset(bench, interp);
    case SEED:
        MemoryNetSeed(bench->net, (uint32_t) number);
        break;
    case SENT:
        Tcl_SetObjResult(interp, MemoryNetSent(bench->net));
        break;
    default:
        MemoryNetTrace(bench->net, number != 0);
        break;
    }
    return TCL_OK;
}

/* clock now | pending | advance ms | away ms */
static int
ClockCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"advance", "away", "now", "pending", NULL};
    enum { ADVANCE, AWAY_FOR, NOW, PENDING };
    TestBench *bench = clientData;
    Tcl_WideInt ms = 0;
    int word;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || (word < NOW
                    && (objc < 3 || Tcl_GetWideIntFromObj(interp, objv[2], &ms) != TCL_OK))) {
        return TestFail(interp,
                "must be clock now, clock pending, clock advance ms or clock away ms", NULL);
    }
    if (word == ADVANCE) {
        HandClockAdvance(bench->clock, ms);
    } else if (word == AWAY_FOR) {
        HandClockAway(bench->clock, ms);
    } else if (word == PENDING) {
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) HandClockPending(bench->clock)));
    } else {
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) HandClockNow(bench->clock)));
    }
    return TCL_OK;
}

static void
DeleteBench(void *clientData)
{
    TestBench *bench = clientData;

    Reset(bench, NULL);
    MemoryNetFree(bench->net);
    HandClockFree(bench->clock);
    free(bench);
}

int
Clusternodetest_Init(Tcl_Interp *interp)
{
    TestBench *bench = calloc(1, sizeof *bench);

    if (bench) {
        bench->interp = interp;
        bench->clock = HandClockNew();
        bench->net = bench->clock ? MemoryNetNew(bench->clock) : NULL;
    }
    if (!bench || !bench->net) {
        free(bench);
        return TestFail(interp, "out of memory", NULL);
    }
    Tcl_CreateObjCommand(interp, "::cluster::test::node", NodeCmd, bench, DeleteBench);
    Tcl_CreateObjCommand(interp, "::cluster::test::network", NetworkCmd, bench, NULL);
    Tcl_CreateObjCommand(interp, "::cluster::test::clock", ClockCmd, bench, NULL);
    return TCL_OK;
}
