/*
 * nodeCommandTest.c --
 *
 *	The command that drives nodes on a network in memory: `node NAME ...`.
 */

#include "nodeTestInt.h"

#include <stdlib.h>
#include <string.h>

typedef int(NodeProc)(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

/* The sid of a node's name, or the word itself. Borrowed. */
static Tcl_Obj *
SidOf(const TestNode *test, Tcl_Obj *word)
{
    TestNode *other = TestNodeFind(test->bench, word);

    return other ? ClusterNodeSid(other->node) : word;
}

static ClusterMember *
MemberBySid(const ClusterNode *node, Tcl_Obj *sid)
{
    ClusterMember *member = NULL;

    while ((member = ClusterNodeNextMember(node, member)) != NULL
            && strcmp(Tcl_GetString(ClusterMemberSid(member)), Tcl_GetString(sid)) != 0) {
        continue;
    }
    return member;
}

/* By the name of a node, a sid, or a uuid. */
static ClusterMember *
GetMember(TestNode *test, Tcl_Interp *interp, Tcl_Obj *word)
{
    ClusterMember *member = strchr(Tcl_GetString(word), '@')
            ? ClusterNodeMemberByUuid(test->node, Tcl_GetString(word))
            : MemberBySid(test->node, SidOf(test, word));

    if (!member) {
        TestFail(interp, "no member", word);
    }
    return member;
}

static int
GetFlags(Tcl_Interp *interp, Tcl_Obj *list, int *flags)
{
    static const char *const words[] = {"broadcast", "ping", "report", "nohooks", NULL};
    Tcl_Obj **elements;
    Tcl_Size count, i;
    int index;

    *flags = 0;
    if (Tcl_ListObjGetElements(interp, list, &count, &elements) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        if (Tcl_GetIndexFromObj(interp, elements[i], words, "flag", 0, &index) != TCL_OK) {
            return TCL_ERROR;
        }
        *flags |= 1 << index;
    }
    return TCL_OK;
}

/* ---- facts --------------------------------------------------------------- */

/* sid | hid | uuid | closed | connections | count: how many members are known */
static int
FactCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const char *what = Tcl_GetString(objv[2]);
    Tcl_Obj *value = NULL;

    (void) objc;
    if (strcmp(what, "sid") == 0) {
        value = ClusterNodeSid(test->node);
    } else if (strcmp(what, "hid") == 0) {
        value = ClusterNodeHid(test->node);
    } else if (strcmp(what, "uuid") == 0) {
        value = ClusterNodeUuid(test->node);
    } else if (strcmp(what, "closed") == 0) {
        value = Tcl_NewBooleanObj(ClusterNodeClosed(test->node));
    } else if (strcmp(what, "connections") == 0) {
        value = Tcl_NewIntObj(MemoryConnections(&test->host));
    } else {
        value = Tcl_NewWideIntObj((Tcl_WideInt) ClusterNodeMemberCount(test->node));
    }
    Tcl_SetObjResult(interp, value);
    return TCL_OK;
}

static int
CountsCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, TestNodeCounts(test->node));
    return TCL_OK;
}

static int
TagsCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    if (objc > 3) {
        ClusterNodeSetTags(test->node, objv[3]);
    }
    Tcl_SetObjResult(interp, ClusterNodeTags(test->node));
    return TCL_OK;
}

/* Names of the members known. */
static int
MembersCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    ClusterMember *member = NULL;

    (void) objc;
    (void) objv;
    while ((member = ClusterNodeNextMember(test->node, member)) != NULL) {
        Tcl_ListObjAppendElement(NULL, list, TestNodeName(test->bench, ClusterMemberSid(member)));
    }
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
}

static void
Put(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static int
MemberCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    Tcl_Obj *info;

    (void) objc;
    if (!member) {
        return TCL_ERROR;
    }
    info = Tcl_NewDictObj();
    Put(info, "tags", ClusterMemberTags(member));
    Put(info, "props", ClusterMemberProps(member));
    Put(info, "protocols", ClusterMemberProtocols(member));
    Put(info, "ip", ClusterMemberIp(member));
    Put(info, "local", Tcl_NewBooleanObj(ClusterMemberLocal(member)));
    Put(info, "silence", Tcl_NewWideIntObj((Tcl_WideInt) ClusterMemberSilence(member)));
    Put(info, "words", ClusterMemberWords(member));
    Tcl_SetObjResult(interp, info);
    return TCL_OK;
}

/* What the member told of itself: as taken over, and its text. */
static int
SelfCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    Tcl_Obj *info, *text;

    (void) objc;
    if (!member) {
        return TCL_ERROR;
    }
    text = ClusterMemberDescription(member);
    info = Tcl_NewDictObj();
    Put(info, "knows", Tcl_NewBooleanObj(ClusterMemberKnowsCluster(member)));
    Put(info, "pid", Tcl_NewIntObj(ClusterMemberPid(member)));
    Put(info, "ttl", Tcl_NewWideIntObj((Tcl_WideInt) ClusterMemberTtl(member)));
    Put(info, "heartbeat", Tcl_NewWideIntObj((Tcl_WideInt) ClusterMemberHeartbeat(member)));
    Put(info, "datagram", Tcl_NewIntObj(ClusterMemberDatagramPort(member)));
    Put(info, "text", text ? text : Tcl_NewObj());
    Tcl_SetObjResult(interp, info);
    return TCL_OK;
}

static int
DropsCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    int i;

    (void) objc;
    (void) objv;
    for (i = 0; i < CLUSTER_DROPS; i++) {
        uint64_t count = ClusterNodeDrops(test->node, (ClusterDrop) i);

        if (count) {
            Put(dict, ClusterDropName((ClusterDrop) i), Tcl_NewWideIntObj((Tcl_WideInt) count));
        }
    }
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
}

/* What was not done as a limit was reached. */
static int
WithheldCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    int i;

    (void) objc;
    (void) objv;
    for (i = 0; i < CLUSTER_QUOTAS; i++) {
        uint64_t count = ClusterNodeWithheld(test->node, (ClusterQuota) i);

        if (count) {
            Put(dict, ClusterQuotaName((ClusterQuota) i), Tcl_NewWideIntObj((Tcl_WideInt) count));
        }
    }
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
}

/* What was told since the last call. */
static int
LogCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_DuplicateObj(test->log));
    TestRenew(&test->log, Tcl_NewListObj(0, NULL));
    return TCL_OK;
}

/* on CALLBACK ?PREFIX?: without a prefix, no reaction any more. */
static int
OnCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    if (objc > 4) {
        Tcl_DictObjPut(NULL, test->reactions, objv[3], objv[4]);
    } else {
        Tcl_DictObjRemove(NULL, test->reactions, objv[3]);
    }
    return TCL_OK;
}

/* ---- actions ------------------------------------------------------------- */

static int
LoseCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);

    (void) objc;
    if (!member) {
        return TCL_ERROR;
    }
    ClusterMemberLose(member);
    return TCL_OK;
}

static int
ExpectCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    int ms;

    (void) objc;
    if (!member || Tcl_GetIntFromObj(interp, objv[4], &ms) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterMemberExpect(member, ms)));
    return TCL_OK;
}

static int
HangUpCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    ClusterSlot *slot = ClusterNodeSlotById(test->node, "t");

    (void) objc;
    if (!member || !slot) {
        return TCL_ERROR;
    }
    ClusterMemberHangUp(member, slot);
    return TCL_OK;
}

/* heartbeat ?channel? */
static int
HeartbeatCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int channel = 0;

    if (objc > 3 && Tcl_GetIntFromObj(interp, objv[3], &channel) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeHeartbeat(test->node, 0, (uint64_t) channel);
    return TCL_OK;
}

static int
AfterCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int ms;

    (void) objc;
    if (Tcl_GetIntFromObj(interp, objv[3], &ms) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeHeartbeatAfter(test->node, ms);
    return TCL_OK;
}

/* discover ?ruid? */
static int
DiscoverCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    bool sent = ClusterNodeDiscover(test->node, objc > 3 ? objv[3] : NULL, 0);

    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(sent));
    return TCL_OK;
}

/* ping MEMBER: schedules one. */
static int
PingCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    (void) objc;
    ClusterNodeSchedulePing(test->node, SidOf(test, objv[3]));
    return TCL_OK;
}

static int
CancelCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    (void) objc;
    ClusterNodeCancelPing(test->node, SidOf(test, objv[3]));
    return TCL_OK;
}

static Tcl_Obj *
StatusWords(ClusterSendStatus status, const ClusterSendDetails *details)
{
    static const char *const names[] = {"done", "cancelled", "unreachable", "busy", "oversized",
            "bad"};
    Tcl_Obj *words = Tcl_NewListObj(0, NULL);

    Tcl_ListObjAppendElement(NULL, words, Tcl_NewStringObj(names[status], -1));
    if (status == CLUSTER_SEND_DONE && details->slot) {
        Tcl_ListObjAppendElement(NULL, words, ClusterSlotId(details->slot));
    }
    return words;
}

/* Sets what a dict has; false, with only some of it set, when a key is no field. */
static bool
SetFields(ClusterOutgoing *outgoing, Tcl_Obj *dict)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    bool good = true;
    int done;

    if (Tcl_DictObjFirst(NULL, dict, &search, &key, &value, &done) != TCL_OK) {
        return false;
    }
    for (; !done && good; Tcl_DictObjNext(&search, &key, &value, &done)) {
        Tcl_Size length;
        const char *name = Tcl_GetStringFromObj(key, &length);
        int id = ClusterFieldByName(name, (size_t) length);

        good = id != 0;
        if (good) {
            ClusterOutgoingSetValue(outgoing, (ClusterField) id, value);
        }
    }
    Tcl_DictObjDone(&search);
    return good;
}

/* A packet of the node, which the caller frees; a dict when extra has keys that are no fields. TCL_ERROR with a message. */
static int
GetOutgoing(TestNode *test, Tcl_Interp *interp, Tcl_Obj *type, Tcl_Obj *extra,
        ClusterOutgoing *outgoing)
{
    Tcl_Size size;
    int number;

    if (Tcl_GetIntFromObj(interp, type, &number) != TCL_OK
            || Tcl_DictObjSize(interp, extra, &size) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeOutgoing(test->node, (uint64_t) number, 0, outgoing);
    if (!SetFields(outgoing, extra)) {
        ClusterOutgoingAdopt(outgoing,
                ClusterNodePayload(test->node, number, 0, extra, false, false));
    }
    return TCL_OK;
}

/* send MEMBER TYPE EXTRA ?FLAGS? ?PROTOCOLS?: the status, and the protocol when done. */
static int
SendCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    ClusterSendDetails details;
    ClusterSendStatus status;
    ClusterOutgoing outgoing;
    int flags = 0;

    if (!member || (objc > 6 && GetFlags(interp, objv[6], &flags) != TCL_OK)
            || GetOutgoing(test, interp, objv[4], objv[5], &outgoing) != TCL_OK) {
        return TCL_ERROR;
    }
    status = ClusterMemberSend(member, &outgoing, objc > 7 ? objv[7] : NULL, flags, &details);
    ClusterOutgoingFree(&outgoing);
    Tcl_SetObjResult(interp, StatusWords(status, &details));
    return TCL_OK;
}

/* deliver MEMBER DATA ?TIMEOUT?: an event to be confirmed; what is told has the data. The status, and the protocol when done. */
static int
DeliverCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember *member = GetMember(test, interp, objv[3]);
    ClusterSendDetails details;
    ClusterSendStatus status;
    ClusterOutgoing event;
    int timeout = 30000;

    if (!member || (objc > 5 && Tcl_GetIntFromObj(interp, objv[5], &timeout) != TCL_OK)) {
        return TCL_ERROR;
    }
    ClusterNodeOutgoing(test->node, CLUSTER_EVENT, CLUSTER_CHANNEL_BROADCAST, &event);
    ClusterOutgoingSetValue(&event, CLUSTER_DATA, objv[4]);
    status = ClusterMemberDeliver(member, &event, NULL, CLUSTER_PING_ON_FAIL, timeout, objv[4],
            &details);
    ClusterOutgoingFree(&event);
    Tcl_SetObjResult(interp, StatusWords(status, &details));
    return TCL_OK;
}

/* broadcast TYPE EXTRA ?FLAGS? */
static int
BroadcastCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    ClusterOutgoing outgoing;
    int flags = 0;

    if ((objc > 5 && GetFlags(interp, objv[5], &flags) != TCL_OK)
            || GetOutgoing(test, interp, objv[3], objv[4], &outgoing) != TCL_OK) {
        return TCL_ERROR;
    }
    status = ClusterNodeBroadcast(test->node, &outgoing, flags, &details);
    ClusterOutgoingFree(&outgoing);
    Tcl_SetObjResult(interp, StatusWords(status, &details));
    return TCL_OK;
}

/* The members named by a list, malloc'ed; those that are not known are left out. */
static ClusterMember **
GetMembers(TestNode *test, Tcl_Interp *interp, Tcl_Obj *list, size_t *found)
{
    Tcl_Obj **words;
    Tcl_Size count, i;
    ClusterMember **members;

    *found = 0;
    if (Tcl_ListObjGetElements(interp, list, &count, &words) != TCL_OK
            || (members = calloc((size_t) count + 1, sizeof *members)) == NULL) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        ClusterMember *member = MemberBySid(test->node, SidOf(test, words[i]));

        if (member) {
            ClusterMemberHold(member);
            members[(*found)++] = member;
        }
    }
    return members;
}

/* Asks them one by one, as the command `query` does, but each with a payloadOut of its own. */
static void
Ask(TestNode *test, ClusterQuery *query, ClusterMember *const *members, size_t count, Tcl_Obj *id,
        Tcl_Obj *data)
{
    ClusterOutgoing question;
    size_t i;

    for (i = 0; i < count && !ClusterQueryEnded(query); i++) {
        ClusterNodeOutgoing(test->node, CLUSTER_QUERY, 0, &question);
        ClusterOutgoingSetValue(&question, CLUSTER_RUID, id);
        ClusterOutgoingSetValue(&question, CLUSTER_DATA, data);
        ClusterOutgoingSetBoolean(&question, CLUSTER_KEEPALIVE, true);
        if (ClusterMemberSend(members[i], &question, NULL,
                    CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES, NULL)
                != CLUSTER_SEND_DONE) {
            ClusterQueryUnreachable(query, members[i], "unreachable");
        }
        ClusterOutgoingFree(&question);
    }
}

/* query MEMBERS ID TIMEOUT DATA: whether it still runs. */
static int
QueryCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterMember **members;
    ClusterQuery *query;
    size_t count;
    int ms;

    (void) objc;
    if (Tcl_GetIntFromObj(interp, objv[5], &ms) != TCL_OK
            || (members = GetMembers(test, interp, objv[3], &count)) == NULL) {
        return TCL_ERROR;
    }
    Tcl_ListObjAppendElement(NULL, test->ids, objv[4]);
    query = ClusterQueryNew(test->node, objv[4], members, count, objv[4]);
    if (query) {
        Ask(test, query, members, count, objv[4], objv[6]);
        ClusterQueryArm(query, ms);
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(!ClusterQueryEnded(query)));
        ClusterQueryRelease(query);
    }
    while (count > 0) {
        ClusterMemberRelease(members[--count]);
    }
    free(members);
    return TCL_OK;
}

/* end ID */
static int
EndCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQuery *query = ClusterNodeQueryById(test->node, Tcl_GetString(objv[3]));

    (void) objc;
    if (!query) {
        return TestFail(interp, "no query", objv[3]);
    }
    ClusterQueryEnd(query);
    return TCL_OK;
}

/* channel join|leave N */
static int
ChannelCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int channel;
    bool good;

    (void) objc;
    if (Tcl_GetIntFromObj(interp, objv[4], &channel) != TCL_OK) {
        return TCL_ERROR;
    }
    good = strcmp(Tcl_GetString(objv[3]), "join") == 0
            ? ClusterNodeJoinChannel(test->node, (uint64_t) channel)
            : ClusterNodeLeaveChannel(test->node, (uint64_t) channel);
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(good));
    return TCL_OK;
}

/* close ?quiet? */
static int
CloseCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int quiet = 0;

    if (objc > 3 && Tcl_GetBooleanFromObj(interp, objv[3], &quiet) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeClose(test->node, quiet);
    return TCL_OK;
}

/* ---- the node's place on the network ------------------------------------- */

/* refuse no|now|later|denied|absent: connections to its `t`, until that is refreshed. */
static int
RefuseCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const char *const words[] = {"no", "now", "later", "denied", "absent", NULL};
    int index;

    (void) objc;
    if (Tcl_GetIndexFromObj(interp, objv[3], words, "refusal", 0, &index) != TCL_OK) {
        return TCL_ERROR;
    }
    test->host.refusal = (MemoryRefusal) index;
    return TCL_OK;
}

/* stall BOOLEAN ?LIMIT?: what it sends by `t` stays queued, and more than so many packets do not fit. */
static int
StallCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int stalled;

    if (Tcl_GetBooleanFromObj(interp, objv[3], &stalled) != TCL_OK
            || (objc > 4 && Tcl_GetWideIntFromObj(interp, objv[4], &test->host.limit) != TCL_OK)) {
        return TCL_ERROR;
    }
    test->host.stalled = stalled;
    if (!stalled) {
        MemoryResume(&test->host);
    }
    return TCL_OK;
}

/* pass COUNT: so many of the packets that wait are written, though it is stalled. */
static int
PassCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    if (Tcl_GetIntFromObj(interp, objv[3], &test->host.passing) != TCL_OK) {
        return TCL_ERROR;
    }
    MemoryResume(&test->host);
    return TCL_OK;
}

/* Does what it sends by that way to all go out by some of its interfaces only? */
static int
MissCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    MemoryWay way;
    int misses;

    (void) objc;
    if (!MemoryWayByName(Tcl_GetString(objv[3]), &way)) {
        return TestFail(interp, "bad way", objv[3]);
    }
    if (Tcl_GetBooleanFromObj(interp, objv[4], &misses) != TCL_OK) {
        return TCL_ERROR;
    }
    test->host.misses[way] = misses != 0;
    return TCL_OK;
}

/* break ?NODE? */
static int
BreakCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    TestNode *other = NULL;

    if (objc > 3 && (other = TestNodeGet(test->bench, interp, objv[3])) == NULL) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewIntObj(MemoryBreak(&test->host, other ? &other->host : NULL)));
    return TCL_OK;
}

/* doubt BOOLEAN: its connections, of which it is told then, confirm nothing. */
static int
DoubtCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int doubt;

    (void) objc;
    if (Tcl_GetBooleanFromObj(interp, objv[3], &doubt) != TCL_OK) {
        return TCL_ERROR;
    }
    MemoryDoubt(&test->host, doubt != 0);
    return TCL_OK;
}

/*
 * hear BYTES ?IP? ?c|d|datagram? ?INTERFACE?: a datagram arrives, by `c` unless
 * told otherwise, by one of several interfaces if told. `datagram` is unicast.
 */
static int
HearCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterAddress from = ClusterAddressLoopback();
    MemoryWay way = MEMORY_C;
    int interface = 0;
    Tcl_Size length;
    const unsigned char *bytes = Tcl_GetByteArrayFromObj(objv[3], &length);

    if (objc > 4 && !ClusterAddressParse(Tcl_GetString(objv[4]), &from)) {
        return TestFail(interp, "bad address", objv[4]);
    }
    if (objc > 5 && strcmp(Tcl_GetString(objv[5]), memoryUnicastType.id) == 0) {
        Tcl_SetObjResult(interp,
                Tcl_NewBooleanObj(MemoryInjectUnicast(&test->host, &from, bytes, (size_t) length)));
        return TCL_OK;
    }
    if (objc > 5 && !MemoryWayByName(Tcl_GetString(objv[5]), &way)) {
        return TestFail(interp, "bad way", objv[5]);
    }
    if (objc > 6 && Tcl_GetIntFromObj(interp, objv[6], &interface) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(bytes
                    && MemoryInjectBy(&test->host, way, &from, (unsigned) interface, bytes,
                            (size_t) length)));
    return TCL_OK;
}

/* renumber: its port for unicast datagrams becomes another. */
static int
RenumberCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(MemoryRenumber(&test->host)));
    return TCL_OK;
}

static const struct {
    const char *name;
    NodeProc *proc;
    int least, most; /* arguments behind it */
    const char *usage;
} nodeCommands[] = {
        {"after", AfterCmd, 1, 1, "ms"},
        {"break", BreakCmd, 0, 1, "?node?"},
        {"broadcast", BroadcastCmd, 2, 3, "type extra ?flags?"},
        {"cancel", CancelCmd, 1, 1, "member"},
        {"counts", CountsCmd, 0, 0, NULL},
        {"channel", ChannelCmd, 2, 2, "join|leave number"},
        {"close", CloseCmd, 0, 1, "?quiet?"},
        {"closed", FactCmd, 0, 0, NULL},
        {"connections", FactCmd, 0, 0, NULL},
        {"count", FactCmd, 0, 0, NULL},
        {"deliver", DeliverCmd, 2, 3, "member data ?timeout?"},
        {"discover", DiscoverCmd, 0, 1, "?ruid?"},
        {"doubt", DoubtCmd, 1, 1, "boolean"},
        {"drops", DropsCmd, 0, 0, NULL},
        {"end", EndCmd, 1, 1, "id"},
        {"expect", ExpectCmd, 2, 2, "member ms"},
        {"hangup", HangUpCmd, 1, 1, "member"},
        {"hear", HearCmd, 1, 4, "bytes ?ip? ?c|d|datagram? ?interface?"},
        {"heartbeat", HeartbeatCmd, 0, 1, "?channel?"},
        {"hid", FactCmd, 0, 0, NULL},
        {"keys", TestKeysCmd, 2, 2, "add|use|remove key"},
        {"log", LogCmd, 0, 0, NULL},
        {"lose", LoseCmd, 1, 1, "member"},
        {"member", MemberCmd, 1, 1, "member"},
        {"members", MembersCmd, 0, 0, NULL},
        {"miss", MissCmd, 2, 2, "c|d boolean"},
        {"on", OnCmd, 1, 2, "callback ?prefix?"},
        {"pass", PassCmd, 1, 1, "count"},
        {"ping", PingCmd, 1, 1, "member"},
        {"query", QueryCmd, 4, 4, "members id timeout data"},
        {"refuse", RefuseCmd, 1, 1, "no|now|later|denied|absent"},
        {"renumber", RenumberCmd, 0, 0, NULL},
        {"seal", TestSealCmd, 1, 1, "accept|send|require"},
        {"self", SelfCmd, 1, 1, "member"},
        {"send", SendCmd, 3, 5, "member type extra ?flags? ?protocols?"},
        {"sid", FactCmd, 0, 0, NULL},
        {"stall", StallCmd, 1, 2, "boolean ?limit?"},
        {"tags", TagsCmd, 0, 1, "?tags?"},
        {"uuid", FactCmd, 0, 0, NULL},
        {"withheld", WithheldCmd, 0, 0, NULL},
        {NULL, NULL, 0, 0, NULL},
};

/* ---- the command -------------------------------------------------------- */

int
TestNodeCommand(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    TestNode *test;
    int index;

    if ((test = TestNodeGet(bench, interp, objv[1])) == NULL
            || Tcl_GetIndexFromObjStruct(interp, objv[2], nodeCommands, sizeof nodeCommands[0],
                       "command", 0, &index)
                    != TCL_OK) {
        return TCL_ERROR;
    }
    if (objc - 3 < nodeCommands[index].least || objc - 3 > nodeCommands[index].most) {
        Tcl_WrongNumArgs(interp, 3, objv, nodeCommands[index].usage);
        return TCL_ERROR;
    }
    return nodeCommands[index].proc(test, interp, objc, objv);
}
