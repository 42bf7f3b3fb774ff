/*
 * clusterQueryCmd.c --
 *
 *	Queries as Tcl objects: class ::cluster::query, and `$cluster query`.
 */

#include "clusterError.h"
#include "clusterObject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

static void
Hold(void *self)
{
    ((ClusterQueryObject *) self)->refCount++;
}

static void
DropObj(Tcl_Obj *value)
{
    if (value) {
        Tcl_DecrRefCount(value);
    }
}

static void
Release(void *self)
{
    ClusterQueryObject *query = self;

    if (--query->refCount > 0) {
        return;
    }
    if (query->query) {
        ClusterQuerySetOwner(query->query, NULL);
        ClusterQueryRelease(query->query);
    }
    DropObj(query->name);
    DropObj(query->id);
    DropObj(query->command);
    DropObj(query->text);
    DropObj(query->channel);
    DropObj(query->props);
    DropObj(query->service);
    DropObj(query->payload);
    DropObj(query->payloads);
    DropObj(query->results);
    ClusterObjectRelease(query->cluster);
    free(query);
}

static void
MetadataDeleted(void *clientData)
{
    ClusterQueryObject *query = clientData;

    query->object = NULL;
    if (query->query) {
        ClusterQuerySetOwner(query->query, NULL);
        ClusterQueryEnd(query->query);
    }
    Release(query);
}

static const Tcl_ObjectMetadataType queryMetadata = {TCL_OO_METADATA_VERSION_CURRENT,
        "cluster query", MetadataDeleted, ClusterMethodRefuseCopy};

static void
SetObj(Tcl_Obj **slot, Tcl_Obj *value)
{
    Tcl_Obj *before = *slot;

    if (value) {
        Tcl_IncrRefCount(value);
    }
    *slot = value;
    DropObj(before);
}

static void
EndObject(ClusterQueryObject *query)
{
    Tcl_Interp *interp = query->cluster->data->interp;

    if (!query->ending && query->object && interp && !Tcl_InterpDeleted(interp)) {
        query->ending = true;
        Tcl_DeleteCommandFromToken(interp, Tcl_GetObjectCommand(query->object));
    }
}

/*
 * ------------------------------------------------------------------------
 * The callback
 * ------------------------------------------------------------------------
 */

/* {event E result V} of the latest answer. */
static void
Collect(ClusterQueryObject *query, const char *event, Tcl_Obj *result)
{
    Tcl_Obj *entry = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, entry, Tcl_NewStringObj("event", -1), Tcl_NewStringObj(event, -1));
    Tcl_DictObjPut(NULL, entry, Tcl_NewStringObj("result", -1), result);
    if (Tcl_IsShared(query->results)) {
        SetObj(&query->results, Tcl_DuplicateObj(query->results));
    }
    Tcl_DictObjPut(NULL, query->results, query->service, entry);
}

/* Calls {*}PREFIX {EVENT QUERY} at global level. Returns its code, the result in the interp. */
static int
Call(ClusterQueryObject *query, Tcl_Interp *interp, const char *event)
{
    Tcl_Obj *argument = Tcl_NewListObj(0, NULL), *command;
    int code;

    Tcl_ListObjAppendElement(NULL, argument, Tcl_NewStringObj(event, -1));
    Tcl_ListObjAppendElement(NULL, argument, query->name);
    command = Tcl_DuplicateObj(query->command);
    Tcl_ListObjAppendElement(NULL, command, argument);
    Tcl_IncrRefCount(command);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
    Tcl_DecrRefCount(command);
    return code;
}

/*
 * Calls the command for an event. Its result is kept for answers when the
 * query collects; `break` ends the query; an error is reported and goes no
 * further.
 */
static void
Dispatch(ClusterQueryObject *query, const char *event, bool answer)
{
    ClusterInterp *data = query->cluster->data;
    Tcl_Interp *interp = data->interp;
    int code;

    if (!interp || Tcl_InterpDeleted(interp)) {
        return;
    }
    ClusterInterpHold(data);
    Tcl_Preserve(interp);
    Hold(query);
    code = Call(query, interp, event);
    if (!Tcl_InterpDeleted(interp)) {
        if (code == TCL_ERROR) {
            ClusterBackground(interp, code, "command of a query", query->name);
        } else if (code != TCL_RETURN && answer && query->collect) {
            Collect(query, event, Tcl_GetObjResult(interp));
        }
        Tcl_ResetResult(interp);
        if (code == TCL_BREAK && query->query) {
            ClusterQueryEnd(query->query);
        }
    }
    Release(query);
    Tcl_Release(interp);
    ClusterInterpRelease(data);
}

/* An answer made here, as the service gives none. */
static Tcl_Obj *
ErrorPayload(const ClusterNode *node, const char *reason)
{
    Tcl_Obj *payload = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, payload, ClusterNodeKeys(node)->name[CLUSTER_ERROR],
            Tcl_NewStringObj(reason, -1));
    return payload;
}

static void
Answered(ClusterQueryObject *query, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    SetObj(&query->service, ClusterMemberName(member));
    SetObj(&query->payload, payload ? payload : ErrorPayload(query->cluster->node, reason));
    if (!query->service) {
        return;
    }
    if (Tcl_IsShared(query->payloads)) {
        SetObj(&query->payloads, Tcl_DuplicateObj(query->payloads));
    }
    Tcl_DictObjPut(NULL, query->payloads, query->service, query->payload);
    Dispatch(query, event == CLUSTER_QUERY_ERROR ? "error" : "response", true);
}

void
ClusterQueryTold(ClusterQuery *source, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason)
{
    ClusterQueryObject *query = ClusterQueryOwner(source);

    if (!query) {
        return;
    }
    Hold(query);
    if (event == CLUSTER_QUERY_TIMEOUT) {
        Dispatch(query, "timeout", false);
    } else if (event == CLUSTER_QUERY_DONE) {
        Dispatch(query, "done", false);
        EndObject(query);
    } else {
        Answered(query, event, member, payload, reason);
    }
    Release(query);
}

/*
 * ------------------------------------------------------------------------
 * $cluster query
 * ------------------------------------------------------------------------
 */

enum {
    OPT_ID,
    OPT_RESOLVE,
    OPT_RESOLVER,
    OPT_QUERY,
    OPT_COMMAND,
    OPT_TIMEOUT,
    OPT_CHANNEL,
    OPT_PROTOCOLS,
    OPT_BROADCAST,
    OPT_PROPS,
    OPTS
};

static const char *const optionNames[] = {"-id", "-resolve", "-resolver", "-query", "-command",
        "-timeout", "-channel", "-protocols", "-broadcast", "-props", NULL};

typedef struct QueryOptions {
    Tcl_Obj *values[OPTS];
    bool collect;
    int broadcast;
    int timeout;
    uint64_t channel;
} QueryOptions;

/* -collect takes no value and may stand anywhere. */
static int
SplitOptions(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, QueryOptions *options)
{
    Tcl_Obj **rest = malloc(((size_t) objc + 1) * sizeof *rest);
    int i, count = 0, code;

    if (!rest) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                NULL);
    }
    for (i = 0; i < objc; i++) {
        if (strcmp(Tcl_GetString(objv[i]), "-collect") == 0) {
            options->collect = true;
        } else {
            rest[count++] = objv[i];
        }
    }
    code = ClusterParseOptions(interp, optionNames, count, rest, options->values);
    free(rest);
    return code;
}

static int
Missing(Tcl_Interp *interp, const char *option, const char *code)
{
    return ClusterFail(interp, Tcl_ObjPrintf("a query needs the option %s", option), code, NULL);
}

static int
CheckId(Tcl_Interp *interp, Tcl_Obj *id)
{
    const char *text = Tcl_GetString(id);

    if (*text && !strstr(text, "::")) {
        return TCL_OK;
    }
    return ClusterFail(interp,
            Tcl_ObjPrintf("bad query id \"%s\": must not be empty nor hold ::", text), "CLUSTER",
            "QUERY", "ID", NULL);
}

static int
CheckValues(Tcl_Interp *interp, QueryOptions *options)
{
    Tcl_Obj **values = options->values;
    Tcl_Size length;

    if (values[OPT_ID] && CheckId(interp, values[OPT_ID]) != TCL_OK) {
        return TCL_ERROR;
    }
    if (Tcl_ListObjLength(interp, values[OPT_COMMAND], &length) != TCL_OK
            || (values[OPT_PROTOCOLS]
                    && Tcl_ListObjLength(interp, values[OPT_PROTOCOLS], &length) != TCL_OK)
            || (values[OPT_BROADCAST]
                    && Tcl_GetBooleanFromObj(interp, values[OPT_BROADCAST], &options->broadcast)
                            != TCL_OK)) {
        return TCL_ERROR;
    }
    if (values[OPT_CHANNEL]
            && ClusterParseChannel(interp, values[OPT_CHANNEL], &options->channel) != TCL_OK) {
        return TCL_ERROR;
    }
    options->timeout = TIMEOUT_MS;
    if (values[OPT_TIMEOUT]
            && (Tcl_GetIntFromObj(NULL, values[OPT_TIMEOUT], &options->timeout) != TCL_OK
                    || options->timeout < 0)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad timeout \"%s\": must be 0 or more milliseconds",
                        Tcl_GetString(values[OPT_TIMEOUT])),
                "CLUSTER", "QUERY", "TIMEOUT", NULL);
    }
    return TCL_OK;
}

static int
ParseQuery(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, QueryOptions *options)
{
    memset(options, 0, sizeof *options);
    if (SplitOptions(interp, objc, objv, options) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!options->values[OPT_RESOLVE] && !options->values[OPT_RESOLVER]) {
        return Missing(interp, "-resolve or -resolver", "CLUSTER_QUERY_NO_RESOLVE");
    }
    if (!options->values[OPT_QUERY]) {
        return Missing(interp, "-query", "CLUSTER_QUERY_NO_QUERY");
    }
    if (!options->values[OPT_COMMAND]) {
        return Missing(interp, "-command", "CLUSTER_QUERY_NO_COMMAND");
    }
    return CheckValues(interp, options);
}

/* q, three characters of the sid, #, a number: as 1.1.8 makes them. */
static Tcl_Obj *
MakeId(ClusterObject *cluster)
{
    const char *sid = Tcl_GetString(ClusterNodeSid(cluster->node));
    char id[32];

    snprintf(id, sizeof id, "q%c%c%c#%u", sid[0], sid[2], sid[CLUSTER_SID_LENGTH - 1],
            ++cluster->data->lastId);
    return Tcl_NewStringObj(id, -1);
}

/* filter, ruid, data, keepalive: held once. */
static Tcl_Obj *
MakePayload(ClusterObject *cluster, Tcl_Obj *id, const QueryOptions *options,
        const ClusterMembers *members)
{
    const ClusterPayloadKeys *keys = ClusterNodeKeys(cluster->node);
    Tcl_Obj *extra = Tcl_NewDictObj(), *filter = Tcl_NewListObj(0, NULL), *payload;
    size_t i;

    for (i = 0; i < members->count; i++) {
        Tcl_ListObjAppendElement(NULL, filter, ClusterMemberSid(members->list[i]));
    }
    Tcl_IncrRefCount(extra);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_RUID], id);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_DATA], options->values[OPT_QUERY]);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_FILTER], filter);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_KEEPALIVE], Tcl_NewIntObj(1));
    payload =
            ClusterNodePayload(cluster->node, CLUSTER_QUERY, options->channel, extra, false, false);
    Tcl_IncrRefCount(payload);
    Tcl_DecrRefCount(extra);
    return payload;
}

static Tcl_Obj *
QueryName(const ClusterObject *cluster, Tcl_Obj *id)
{
    char prefix[64];
    Tcl_Obj *name;

    snprintf(prefix, sizeof prefix, "::cluster::clusters::%u::queries::", cluster->id);
    name = Tcl_NewStringObj(prefix, -1);
    Tcl_AppendObjToObj(name, id);
    return name;
}

/* The object, two references: its TclOO object's and the caller's. NULL with a message. */
static ClusterQueryObject *
MakeObject(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *id, const QueryOptions *options)
{
    ClusterQueryObject *query = calloc(1, sizeof *query);
    Tcl_Obj *channel = Tcl_NewWideIntObj((Tcl_WideInt) options->channel);

    if (!query) {
        ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY", NULL);
        return NULL;
    }
    query->refCount = 1;
    query->cluster = cluster;
    ClusterObjectHold(cluster);
    query->collect = options->collect;
    SetObj(&query->id, id);
    SetObj(&query->name, QueryName(cluster, id));
    SetObj(&query->command, options->values[OPT_COMMAND]);
    SetObj(&query->text, options->values[OPT_QUERY]);
    SetObj(&query->channel, channel);
    SetObj(&query->props, options->values[OPT_PROPS] ? options->values[OPT_PROPS] : Tcl_NewObj());
    SetObj(&query->payloads, Tcl_NewDictObj());
    SetObj(&query->results, Tcl_NewDictObj());
    query->object = ClusterInterpNewObject(cluster->data, CLUSTER_CLASS_QUERY,
            Tcl_GetString(query->name), &queryMetadata, query);
    if (!query->object) {
        Release(query);
        return NULL;
    }
    Hold(query);
    return query;
}

/* Sends the payload to each member; those that cannot be reached count as answered with an error. */
static int
Ask(ClusterQueryObject *query, Tcl_Interp *interp, Tcl_Obj *payload, const QueryOptions *options,
        const ClusterMembers *members)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    size_t i;

    if (options->broadcast) {
        status = ClusterNodeBroadcast(query->cluster->node, payload, CLUSTER_NO_HOOKS, &details);
        return ClusterSendFail(interp, status, &details);
    }
    for (i = 0; i < members->count && !ClusterQueryEnded(query->query); i++) {
        status = ClusterMemberSend(members->list[i], payload, options->values[OPT_PROTOCOLS],
                CLUSTER_NO_HOOKS | CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES, &details);
        if (status == CLUSTER_SEND_BAD_PAYLOAD) {
            return ClusterSendFail(interp, status, &details);
        }
        if (status != CLUSTER_SEND_DONE) {
            ClusterQueryUnreachable(query->query, members->list[i]);
        }
    }
    return TCL_OK;
}

/* A query that could not be sent leaves nothing, and calls nobody. */
static void
Abandon(ClusterQueryObject *query)
{
    ClusterQuerySetOwner(query->query, NULL);
    ClusterQueryEnd(query->query);
    EndObject(query);
}

static int
Start(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *id, Tcl_Obj *payload,
        const QueryOptions *options, const ClusterMembers *members)
{
    ClusterQuery *older = ClusterNodeQueryById(cluster->node, Tcl_GetString(id));
    ClusterQueryObject *query;
    int code = TCL_ERROR;

    if (older) {
        ClusterQueryEnd(older);
    }
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (query = MakeObject(cluster, interp, id, options)) == NULL) {
        return TCL_ERROR;
    }
    query->query = ClusterQueryNew(cluster->node, id, members->list, members->count, query);
    if (!query->query) {
        ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY", NULL);
        EndObject(query);
    } else if (Ask(query, interp, payload, options, members) != TCL_OK) {
        Tcl_InterpState state = Tcl_SaveInterpState(interp, TCL_ERROR);

        Abandon(query);
        Tcl_RestoreInterpState(interp, state);
    } else {
        ClusterQueryArm(query->query, options->timeout);
        Dispatch(query, "start", false);
        Tcl_SetObjResult(interp, query->name);
        code = TCL_OK;
    }
    Release(query);
    return code;
}

int
ClusterQueryCreate(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    QueryOptions options;
    ClusterMembers members = {NULL, 0, 0};
    Tcl_Obj *id, *payload;
    int code = TCL_OK;

    if (ParseQuery(interp, objc, objv, &options) != TCL_OK
            || ClusterMembersResolve(cluster, interp, options.values[OPT_RESOLVE],
                       options.values[OPT_RESOLVER], &members)
                    != TCL_OK) {
        ClusterMembersFree(&members);
        return TCL_ERROR;
    }
    if (members.count > 0) {
        id = options.values[OPT_ID] ? options.values[OPT_ID] : MakeId(cluster);
        Tcl_IncrRefCount(id);
        payload = MakePayload(cluster, id, &options, &members);
        if (ClusterNodeAskOut(cluster->node, &payload,
                    options.broadcast ? CLUSTER_OUT_MULTICAST : 0)) {
            code = Start(cluster, interp, id, payload, &options, &members);
        }
        Tcl_DecrRefCount(payload);
        Tcl_DecrRefCount(id);
    }
    ClusterMembersFree(&members);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Methods
 * ------------------------------------------------------------------------
 */

/* Names of the services still awaited. */
static int
RemainingCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQueryObject *query = self;
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterMember *member;
    size_t i;

    (void) objc;
    (void) objv;
    for (i = 0; query->query && (member = ClusterQueryAwaited(query->query, i)) != NULL; i++) {
        if (ClusterMemberName(member)) {
            Tcl_ListObjAppendElement(NULL, names, ClusterMemberName(member));
        }
    }
    Tcl_SetObjResult(interp, names);
    return TCL_OK;
}

static int
Give(Tcl_Interp *interp, Tcl_Obj *value)
{
    if (value) {
        Tcl_SetObjResult(interp, value);
    }
    return TCL_OK;
}

static int
ServiceCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->service);
}

static int
PayloadCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->payload);
}

static int
PayloadsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->payloads);
}

static int
QueryCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->text);
}

static int
ChannelCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->channel);
}

static int
PropsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return Give(interp, ((ClusterQueryObject *) self)->props);
}

/* One field of the latest answer. */
static int
GiveField(ClusterQueryObject *query, Tcl_Interp *interp, ClusterField id)
{
    Tcl_Obj *value = NULL;

    if (query->payload) {
        Tcl_DictObjGet(NULL, query->payload, ClusterNodeKeys(query->cluster->node)->name[id],
                &value);
    }
    return Give(interp, value);
}

static int
ResultCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return GiveField(self, interp, CLUSTER_DATA);
}

static int
ErrorCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) objc;
    (void) objv;
    return GiveField(self, interp, CLUSTER_ERROR);
}

/* service -> result for the responses among {event E result V}. */
static Tcl_Obj *
PlainResults(Tcl_Obj *results)
{
    Tcl_Obj *plain = Tcl_NewDictObj(), *service, *entry, *event, *result;
    Tcl_Obj *eventKey = Tcl_NewStringObj("event", -1), *resultKey = Tcl_NewStringObj("result", -1);
    Tcl_DictSearch search;
    int done;

    Tcl_IncrRefCount(eventKey);
    Tcl_IncrRefCount(resultKey);
    Tcl_DictObjFirst(NULL, results, &search, &service, &entry, &done);
    for (; !done; Tcl_DictObjNext(&search, &service, &entry, &done)) {
        Tcl_DictObjGet(NULL, entry, eventKey, &event);
        Tcl_DictObjGet(NULL, entry, resultKey, &result);
        if (strcmp(Tcl_GetString(event), "response") == 0) {
            Tcl_DictObjPut(NULL, plain, service, result);
        }
    }
    Tcl_DictObjDone(&search);
    Tcl_DecrRefCount(eventKey);
    Tcl_DecrRefCount(resultKey);
    return plain;
}

/* query results ?-events? */
static int
ResultsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQueryObject *query = self;

    if (objc == 1 && strcmp(Tcl_GetString(objv[0]), "-events") != 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("unknown option \"%s\": must be -events", Tcl_GetString(objv[0])),
                "CLUSTER", "OPTION", Tcl_GetString(objv[0]), NULL);
    }
    if (!query->collect) {
        return ClusterFail(interp,
                Tcl_NewStringObj("the results of a query are kept only with the option -collect",
                        -1),
                "CLUSTER_QUERY_NO_COLLECT", NULL);
    }
    Tcl_SetObjResult(interp, objc == 1 ? query->results : PlainResults(query->results));
    return TCL_OK;
}

/* query event response SERVICE PAYLOAD: an answer, as a transport of one's own may bring it. */
static int
EventCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQueryObject *query = self;
    ClusterMember *member;

    if (objc != 3 || strcmp(Tcl_GetString(objv[0]), "response") != 0) {
        return TCL_OK;
    }
    member = ClusterServiceFind(query->cluster, interp, objv[1]);
    if (!member) {
        return TCL_ERROR;
    }
    if (query->query && !ClusterQueryEnded(query->query)) {
        ClusterNodeAnswer(query->cluster->node, member, objv[2]);
    }
    return TCL_OK;
}

/* Ends it as its time-out would. */
static int
TimeoutCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQueryObject *query = self;

    (void) interp;
    (void) objc;
    (void) objv;
    if (query->query && !ClusterQueryEnded(query->query)) {
        ClusterQueryTimeout(query->query);
    }
    return TCL_OK;
}

static const ClusterMethod queryMethods[] = {
        {"channel", ChannelCmd, 0, 0, NULL},
        {"data", ResultCmd, 0, 0, NULL},
        {"error", ErrorCmd, 0, 0, NULL},
        {"event", EventCmd, 1, -1, "event ?arg ...?"},
        {"payload", PayloadCmd, 0, 0, NULL},
        {"payloads", PayloadsCmd, 0, 0, NULL},
        {"props", PropsCmd, 0, 0, NULL},
        {"query", QueryCmd, 0, 0, NULL},
        {"remaining", RemainingCmd, 0, 0, NULL},
        {"result", ResultCmd, 0, 0, NULL},
        {"results", ResultsCmd, 0, 1, "?-events?"},
        {"service", ServiceCmd, 0, 0, NULL},
        {"timeout", TimeoutCmd, 0, 0, NULL},
        {NULL, NULL, 0, 0, NULL},
};

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

/* $query destroy: ends it, with its `done`. */
static void
Destroy(void *self)
{
    ClusterQueryObject *query = self;

    query->ending = true;
    if (query->query) {
        ClusterQueryEnd(query->query);
    }
}

const ClusterClassInfo clusterQueryClassInfo = {
        "::cluster::query",
        queryMethods,
        &queryMetadata,
        Hold,
        Release,
        NULL,
        Destroy,
        "\"$cluster query\"",
};
