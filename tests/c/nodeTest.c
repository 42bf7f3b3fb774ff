/*
 * nodeTest.c --
 *
 *	The delegate of nodes under test: records what they tell, and lets
 *	scripts react to it.
 */

#include "nodeTestInt.h"

#include <string.h>

Tcl_Obj *
TestNodeName(const TestBench *bench, Tcl_Obj *sid)
{
    MemoryHost *host;

    for (host = MemoryNetFirst(bench->net); host; host = host->next) {
        TestNode *test = (TestNode *) host;

        if (strcmp(Tcl_GetString(ClusterNodeSid(test->node)), Tcl_GetString(sid)) == 0) {
            return host->name;
        }
    }
    return sid;
}

static Tcl_Obj *
MemberName(const TestNode *test, const ClusterMember *member)
{
    return TestNodeName(test->bench, ClusterMemberSid(member));
}

/* Up to three words behind the name of what was told; NULL ends them. */
static void
Log(TestNode *test, const char *event, Tcl_Obj *first, Tcl_Obj *second, Tcl_Obj *third)
{
    Tcl_Obj *entry = Tcl_NewListObj(0, NULL);
    Tcl_Obj *words[3] = {first, second, third};
    int i;

    Tcl_ListObjAppendElement(NULL, entry, Tcl_NewStringObj(event, -1));
    for (i = 0; i < 3 && words[i]; i++) {
        Tcl_ListObjAppendElement(NULL, entry, words[i]);
    }
    Tcl_ListObjAppendElement(NULL, test->log, entry);
}

/* Evaluates PREFIX NODE ?first? ?second?. Returns its result, held; an error's text goes to *error, held, instead. */
static Tcl_Obj *
Evaluate(TestNode *test, Tcl_Obj *prefix, Tcl_Obj *first, Tcl_Obj *second, Tcl_Obj **error)
{
    Tcl_Interp *interp = test->bench->interp;
    Tcl_Obj *command = Tcl_DuplicateObj(prefix), *result;
    int code;

    Tcl_IncrRefCount(command);
    Tcl_ListObjAppendElement(NULL, command, test->host.name);
    if (first) {
        Tcl_ListObjAppendElement(NULL, command, first);
    }
    if (first && second) {
        Tcl_ListObjAppendElement(NULL, command, second);
    }
    test->bench->depth++;
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
    test->bench->depth--;
    result = Tcl_GetObjResult(interp);
    Tcl_IncrRefCount(result);
    Tcl_ResetResult(interp);
    Tcl_DecrRefCount(command);
    if (code == TCL_ERROR) {
        *error = result;
        return NULL;
    }
    return result;
}

/* The result of the test's reaction, held; NULL when there is none, or it failed, which is a fault. */
static Tcl_Obj *
TestReact(TestNode *test, const char *event, Tcl_Obj *first, Tcl_Obj *second)
{
    Tcl_Obj *key = Tcl_NewStringObj(event, -1), *prefix = NULL, *result = NULL, *error = NULL;

    Tcl_IncrRefCount(key);
    Tcl_DictObjGet(NULL, test->reactions, key, &prefix);
    if (prefix) {
        result = Evaluate(test, prefix, first, second, &error);
    }
    if (error) {
        MemoryFault(test->host.net, Tcl_GetString(error));
        Tcl_DecrRefCount(error);
    }
    Tcl_DecrRefCount(key);
    return result;
}

/* For reactions whose result decides whether to go on. */
static bool
Allowed(TestNode *test, const char *event, Tcl_Obj *first)
{
    Tcl_Obj *result = TestReact(test, event, first, NULL);
    bool allowed = !result || strcmp(Tcl_GetString(result), "refuse") != 0;

    if (result) {
        Tcl_DecrRefCount(result);
    }
    return allowed;
}

static void
Notice(TestNode *test, const char *event, Tcl_Obj *first, Tcl_Obj *second)
{
    Tcl_Obj *result = TestReact(test, event, first, second);

    if (result) {
        Tcl_DecrRefCount(result);
    }
}

static bool
Wants(const TestNode *test, const char *event)
{
    Tcl_Obj *key = Tcl_NewStringObj(event, -1), *prefix = NULL;

    Tcl_IncrRefCount(key);
    Tcl_DictObjGet(NULL, test->reactions, key, &prefix);
    Tcl_DecrRefCount(key);
    return prefix != NULL;
}

/* ---- on the way in ------------------------------------------------------- */

static ClusterVerdict
TestPacketIn(void *context, ClusterSlot *slot, ClusterMessage *message, bpacket_span *packet)
{
    TestNode *test = context;
    ClusterVerdict verdict = CLUSTER_GO_ON;
    Tcl_Obj *bytes, *result;
    Tcl_Size length;

    if (!Wants(test, "packetIn")) {
        return CLUSTER_GO_ON;
    }
    bytes = Tcl_NewByteArrayObj(packet->bytes, (Tcl_Size) packet->length);
    Tcl_IncrRefCount(bytes);
    result = TestReact(test, "packetIn", ClusterSlotId(slot), bytes);
    if (result && strcmp(Tcl_GetString(result), "refuse") == 0) {
        verdict = CLUSTER_DROP_IT;
    } else {
        /* The reaction may have entered the event loop, which ends the life of the bytes that came. */
        if (result && *Tcl_GetString(result)) {
            Tcl_DecrRefCount(bytes);
            bytes = result;
            Tcl_IncrRefCount(bytes);
        }
        message->hold = bytes;
        Tcl_IncrRefCount(bytes);
        packet->bytes = Tcl_GetByteArrayFromObj(bytes, &length);
        packet->length = (size_t) length;
    }
    if (result) {
        Tcl_DecrRefCount(result);
    }
    Tcl_DecrRefCount(bytes);
    return verdict;
}

static ClusterVerdict
TestMessageIn(void *context, ClusterMessage *message)
{
    TestNode *test = context;

    if (!Wants(test, "messageIn")) {
        return CLUSTER_GO_ON;
    }
    return Allowed(test, "messageIn", ClusterMessagePayload(message)) ? CLUSTER_GO_ON
                                                                      : CLUSTER_DROP_IT;
}

static ClusterVerdict
TestMemberIn(void *context, ClusterMessage *message, Tcl_Obj *uuid)
{
    (void) message;
    return Allowed(context, "memberIn", uuid) ? CLUSTER_GO_ON : CLUSTER_DROP_IT;
}

/* ---- members ------------------------------------------------------------- */

static bool
TestMemberAdded(void *context, ClusterMember *member)
{
    TestNode *test = context;

    Log(test, "added", MemberName(test, member), NULL, NULL);
    return Allowed(test, "added", MemberName(test, member));
}

static void
TestMemberTags(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before)
{
    TestNode *test = context;

    (void) payload;
    (void) before;
    Log(test, "tags", MemberName(test, member), ClusterMemberTags(member), NULL);
    Notice(test, "tags", MemberName(test, member), NULL);
}

static void
TestMemberDiscovered(void *context, ClusterMember *member, Tcl_Obj *payload)
{
    TestNode *test = context;
    Tcl_Size size;

    if (Tcl_DictObjSize(NULL, payload, &size) != TCL_OK || size < 5) {
        MemoryFault(test->host.net, "discovered without a payload");
    }
    Log(test, "discovered", MemberName(test, member), ClusterMemberTags(member),
            ClusterMemberProps(member));
    Notice(test, "discovered", MemberName(test, member), NULL);
}

static void
TestMemberSuspect(void *context, ClusterMember *member)
{
    TestNode *test = context;

    Log(test, "suspect", MemberName(test, member), NULL, NULL);
    Notice(test, "suspect", MemberName(test, member), NULL);
}

static void
TestMemberLost(void *context, ClusterMember *member)
{
    TestNode *test = context;

    if (!ClusterMemberLost(member)) {
        MemoryFault(test->host.net, "told of the loss of a member that is not lost");
    }
    Log(test, "lost", MemberName(test, member), NULL, NULL);
    Notice(test, "lost", MemberName(test, member), NULL);
}

static void
TestMemberDrained(void *context, ClusterMember *member)
{
    TestNode *test = context;

    Log(test, "drained", MemberName(test, member), NULL, NULL);
    Notice(test, "drained", MemberName(test, member), NULL);
}

/* ---- queries and events -------------------------------------------------- */

/* The field of a payload, an empty value when it is not there. */
static Tcl_Obj *
Field(const TestNode *test, Tcl_Obj *payload, ClusterField id)
{
    Tcl_Obj *value = NULL;

    Tcl_DictObjGet(NULL, payload, ClusterNodeKeys(test->node)->name[id], &value);
    return value ? value : Tcl_NewObj();
}

static bool
TestQuery(void *context, ClusterMessage *message, Tcl_Obj **answer)
{
    TestNode *test = context;
    Tcl_Obj *key = Tcl_NewStringObj("query", -1), *prefix = NULL, *error = NULL;
    Tcl_Obj *data = Field(test, ClusterMessagePayload(message), CLUSTER_DATA);
    Tcl_Obj *name = MemberName(test, message->member);

    Tcl_IncrRefCount(key);
    Tcl_IncrRefCount(data);
    Log(test, "query", name, data, NULL);
    Tcl_DictObjGet(NULL, test->reactions, key, &prefix);
    *answer = prefix ? Evaluate(test, prefix, name, data, &error) : NULL;
    if (error) {
        *answer = error;
    } else if (!*answer) {
        *answer = Tcl_ObjPrintf("%s heard %s", Tcl_GetString(test->host.name), Tcl_GetString(data));
        Tcl_IncrRefCount(*answer);
    }
    Tcl_DecrRefCount(data);
    Tcl_DecrRefCount(key);
    return error == NULL;
}

static void
TestUndelivered(void *context, ClusterMember *member, const ClusterBlob *packet, Tcl_Obj *payload,
        ClusterUndelivered reason)
{
    TestNode *test = context;
    Tcl_Obj *dict = packet ? ClusterNodePayloadOf(test->node, packet) : payload, *data;

    Tcl_IncrRefCount(dict);
    data = Field(test, dict, CLUSTER_DATA);
    Tcl_IncrRefCount(data);
    Log(test, "undelivered", MemberName(test, member), data,
            Tcl_NewStringObj(ClusterUndeliveredName(reason), -1));
    Notice(test, "undelivered", MemberName(test, member), data);
    Tcl_DecrRefCount(data);
    Tcl_DecrRefCount(dict);
}

/* A reaction that returns `fail`, or that and a text by which it fails, fails the event. */
static const char *
FailureOf(Tcl_Obj *result)
{
    const char *text = result ? Tcl_GetString(result) : "";

    if (strncmp(text, "fail ", 5) == 0) {
        return text + 5;
    }
    return strcmp(text, "fail") == 0 ? "failed by a test" : NULL;
}

static bool
TestEvent(void *context, ClusterMessage *message, Tcl_Obj **error)
{
    TestNode *test = context;
    Tcl_Obj *data = Field(test, ClusterMessagePayload(message), CLUSTER_DATA), *result;
    const char *failure;

    Tcl_IncrRefCount(data);
    Log(test, "event", MemberName(test, message->member), data, ClusterSlotId(message->slot));
    result = TestReact(test, "event", MemberName(test, message->member), data);
    failure = FailureOf(result);
    if (failure && error) {
        *error = Tcl_NewStringObj(failure, -1);
        Tcl_IncrRefCount(*error);
    }
    if (result) {
        Tcl_DecrRefCount(result);
    }
    Tcl_DecrRefCount(data);
    return !failure;
}

static void
TestConfirmed(void *context, ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason, Tcl_Obj *text)
{
    static const char *const words[] = {"delivered", "failed", "unconfirmed"};
    TestNode *test = context;

    (void) text;
    Log(test, words[status], MemberName(test, member), confirm,
            *reason ? Tcl_NewStringObj(reason, -1) : NULL);
    Notice(test, "confirmed", MemberName(test, member), confirm);
}

static void
TestQueryEvent(void *context, ClusterQuery *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    static const char *const names[] = {"response", "error", "timeout", "done"};
    TestNode *test = context;
    Tcl_Obj *id = ClusterQueryOwner(query), *text = NULL;

    if (payload) {
        text = Field(test, payload, event == CLUSTER_QUERY_ERROR ? CLUSTER_ERROR : CLUSTER_DATA);
    } else if (reason) {
        text = Tcl_NewStringObj(reason, -1);
    }
    Log(test, names[event], id, member ? MemberName(test, member) : NULL, text);
    Notice(test, names[event], id, NULL);
}

/* ---- on the way out ------------------------------------------------------ */

static bool
TestPayloadOut(void *context, ClusterOutgoing *outgoing, bool toAll)
{
    TestNode *test = context;
    Tcl_Obj *result;
    bool allowed = true;

    if (toAll && Wants(test, "broadcastOut")) {
        Notice(test, "broadcastOut", ClusterOutgoingPayload(outgoing), NULL);
    }
    if (!Wants(test, "payloadOut")) {
        return true;
    }
    result = TestReact(test, "payloadOut", ClusterOutgoingPayload(outgoing), NULL);
    if (result && strcmp(Tcl_GetString(result), "refuse") == 0) {
        allowed = false;
    } else if (result && *Tcl_GetString(result)) {
        ClusterOutgoingAdopt(outgoing, result);
    }
    if (result) {
        Tcl_DecrRefCount(result);
    }
    return allowed;
}

static ClusterBlob *
TestPacketOut(void *context, ClusterSlot *slot, ClusterBlob *blob)
{
    TestNode *test = context;
    ClusterBlob *dressed = NULL;
    Tcl_Obj *bytes, *result;
    Tcl_Size length;
    const unsigned char *start;

    if (!Wants(test, "packetOut")) {
        return ClusterBlobHold(blob);
    }
    bytes = Tcl_NewByteArrayObj(blob->bytes, (Tcl_Size) blob->length);
    Tcl_IncrRefCount(bytes);
    result = TestReact(test, "packetOut", ClusterSlotId(slot), bytes);
    if (!result || !*Tcl_GetString(result)) {
        dressed = ClusterBlobHold(blob);
    } else if (strcmp(Tcl_GetString(result), "refuse") != 0) {
        start = Tcl_GetByteArrayFromObj(result, &length);
        dressed = ClusterBlobNew(start, (size_t) length);
    }
    if (result) {
        Tcl_DecrRefCount(result);
    }
    Tcl_DecrRefCount(bytes);
    return dressed;
}

static void
TestUnsealed(void *context, const char *reason, Tcl_Obj *address, Tcl_Obj *protocol)
{
    TestNode *test = context;
    Tcl_Obj *why = Tcl_NewStringObj(reason, -1);

    Tcl_IncrRefCount(why);
    Log(test, "unsealed", why, address, protocol);
    Notice(test, "unsealed", why, address);
    Tcl_DecrRefCount(why);
}

const ClusterNodeDelegate testNodeDelegate = {
        .packetIn = TestPacketIn,
        .messageIn = TestMessageIn,
        .memberIn = TestMemberIn,
        .memberAdded = TestMemberAdded,
        .memberTags = TestMemberTags,
        .memberDiscovered = TestMemberDiscovered,
        .memberSuspect = TestMemberSuspect,
        .memberLost = TestMemberLost,
        .memberDrained = TestMemberDrained,
        .undelivered = TestUndelivered,
        .query = TestQuery,
        .event = TestEvent,
        .confirmed = TestConfirmed,
        .payloadOut = TestPayloadOut,
        .packetOut = TestPacketOut,
        .queryEvent = TestQueryEvent,
        .unsealed = TestUnsealed,
};
