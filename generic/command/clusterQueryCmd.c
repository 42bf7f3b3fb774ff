/*
 * clusterQueryCmd.c --
 *
 *	`$cluster query`: its options, what is sent, and the start of a query.
 */

#include "base/clusterError.h"
#include "command/clusterQueryInt.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000

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
    OPT_COLLECT, /* taken out before the others are parsed; here for messages */
    OPTS
};

static const char *const optionNames[] = {
        [OPT_ID] = "-id",
        [OPT_RESOLVE] = "-resolve",
        [OPT_RESOLVER] = "-resolver",
        [OPT_QUERY] = "-query",
        [OPT_COMMAND] = "-command",
        [OPT_TIMEOUT] = "-timeout",
        [OPT_CHANNEL] = "-channel",
        [OPT_PROTOCOLS] = "-protocols",
        [OPT_BROADCAST] = "-broadcast",
        [OPT_PROPS] = "-props",
        [OPT_COLLECT] = "-collect",
        [OPTS] = NULL,
};

typedef struct QueryOptions {
    Tcl_Obj *values[OPTS];
    bool collect;
    int broadcast;
    int timeout;
    uint64_t channel;
} QueryOptions;

/*
 * -collect takes no value and may stand anywhere, as in 1.1.8 even between
 * an option and its value. Where an option is due, a word that is none was
 * meant as its value.
 */
static int
SplitOptions(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, QueryOptions *options)
{
    Tcl_Obj **rest = malloc(((size_t) objc + 1) * sizeof *rest);
    int i, count = 0, code = TCL_OK;

    if (!rest) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    for (i = 0; i < objc && code == TCL_OK; i++) {
        if (strcmp(Tcl_GetString(objv[i]), "-collect") != 0) {
            rest[count++] = objv[i];
            continue;
        }
        options->collect = true;
        if (count % 2 == 0 && i + 1 < objc && *Tcl_GetString(objv[i + 1]) != '-') {
            code = ClusterFail(interp, Tcl_NewStringObj("the option -collect takes no value", -1),
                    "CLUSTER", "OPTION", "-collect", (char *) NULL);
        }
    }
    if (code == TCL_OK) {
        code = ClusterParseOptions(interp, optionNames, count, rest, options->values);
    }
    free(rest);
    return code;
}

static int
MissingOption(Tcl_Interp *interp, const char *option, const char *code)
{
    return ClusterFail(interp, Tcl_ObjPrintf("a query needs the option %s", option), code,
            (char *) NULL);
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
            "QUERY", "ID", (char *) NULL);
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
                Tcl_ObjPrintf(
                        "bad timeout \"%s\": must be an integer from 0 to 2147483647 milliseconds",
                        Tcl_GetString(values[OPT_TIMEOUT])),
                "CLUSTER", "QUERY", "TIMEOUT", (char *) NULL);
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
        return MissingOption(interp, "-resolve or -resolver", "CLUSTER_QUERY_NO_RESOLVE");
    }
    if (!options->values[OPT_QUERY]) {
        return MissingOption(interp, "-query", "CLUSTER_QUERY_NO_QUERY");
    }
    if (!options->values[OPT_COMMAND]) {
        return MissingOption(interp, "-command", "CLUSTER_QUERY_NO_COMMAND");
    }
    return CheckValues(interp, options);
}

/*
 * A word that nobody can guess who does not see the query: whoever knows it can
 * answer in another's name.
 */
static Tcl_Obj *
MakeQueryId(ClusterObject *cluster)
{
    char id[CLUSTER_RUID_SIZE];

    ClusterNodeMakeRuid(cluster->node, id);
    return Tcl_NewStringObj(id, -1);
}

/* ruid, data, keepalive; a direct send adds its member as filter, a multicast needs all. The caller frees it. */
static void
MakeQuestion(const ClusterObject *cluster, Tcl_Obj *id, const QueryOptions *options,
        const ClusterMembers *members, ClusterOutgoing *question)
{
    ClusterNodeOutgoing(cluster->node, CLUSTER_QUERY, options->channel, question);
    ClusterOutgoingSetValue(question, CLUSTER_RUID, id);
    ClusterOutgoingSetValue(question, CLUSTER_DATA, options->values[OPT_QUERY]);
    if (options->broadcast) {
        ClusterOutgoingSetValue(question, CLUSTER_FILTER, ClusterMembersFilter(members));
    }
    ClusterOutgoingSetBoolean(question, CLUSTER_KEEPALIVE, true);
}

/* The object, two references: its TclOO object's and the caller's. NULL with a message. */
static ClusterQueryObject *
MakeQueryObject(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *id,
        const QueryOptions *options)
{
    Tcl_Obj *const *values = options->values;
    ClusterQueryObject *query = ClusterQueryObjectNew(cluster, id);

    if (!query) {
        ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
        return NULL;
    }
    query->collect = options->collect;
    ClusterReplaceObj(&query->command, values[OPT_COMMAND]);
    ClusterReplaceObj(&query->text, values[OPT_QUERY]);
    ClusterReplaceObj(&query->channel, Tcl_NewWideIntObj((Tcl_WideInt) options->channel));
    ClusterReplaceObj(&query->props, values[OPT_PROPS] ? values[OPT_PROPS] : Tcl_NewObj());
    if (!ClusterQueryObjectPublish(query)) {
        ClusterQueryObjectRelease(query);
        return NULL;
    }
    return query;
}

/* Why a member could not be asked, as `$query reason` says it. */
static const char *
UnaskedReason(ClusterSendStatus status)
{
    return status == CLUSTER_SEND_BUSY || status == CLUSTER_SEND_OVERSIZED
            ? ClusterSendReason(status)
            : "unreachable";
}

/* Sends the question to each member; those that cannot be asked count as answered with an error. */
static int
AskEach(ClusterQueryObject *query, Tcl_Interp *interp, ClusterOutgoing *question,
        Tcl_Obj *protocols, int flags, const ClusterMembers *members)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    size_t i;

    for (i = 0; i < members->count && !ClusterQueryEnded(query->query); i++) {
        status = ClusterMemberSend(members->list[i], question, protocols, flags, &details);
        if (status == CLUSTER_SEND_BAD_PAYLOAD) {
            return ClusterSendFail(interp, status, &details);
        }
        if (status != CLUSTER_SEND_DONE) {
            ClusterQueryUnreachable(query->query, members->list[i], UnaskedReason(status));
        }
    }
    return TCL_OK;
}

/* Asks by one multicast, or each by itself when that is too small. */
static int
AskAll(ClusterQueryObject *query, Tcl_Interp *interp, ClusterOutgoing *question,
        const ClusterMembers *members)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    size_t i;

    status = ClusterNodeBroadcast(query->cluster->node, question, CLUSTER_NO_HOOKS, &details);
    if (status == CLUSTER_SEND_OVERSIZED) {
        return AskEach(query, interp, question, NULL, CLUSTER_SEND_FLAGS | CLUSTER_ALLOW_BROADCAST,
                members);
    }
    for (i = 0; i < members->count; i++) {
        if (ClusterMemberLost(members->list[i])) { /* by a hook, before it was asked */
            ClusterQueryUnreachable(query->query, members->list[i], "unreachable");
        }
    }
    return ClusterSendFail(interp, status, &details);
}

static int
AskMembers(ClusterQueryObject *query, Tcl_Interp *interp, ClusterOutgoing *question,
        const QueryOptions *options, const ClusterMembers *members)
{
    if (options->broadcast) {
        return AskAll(query, interp, question, members);
    }
    return AskEach(query, interp, question, options->values[OPT_PROTOCOLS], CLUSTER_SEND_FLAGS,
            members);
}

/* A query that could not be sent leaves nothing, and calls nobody. */
static void
AbandonQuery(ClusterQueryObject *query)
{
    ClusterQuerySetOwner(query->query, NULL);
    ClusterQueryEnd(query->query);
    ClusterQueryObjectEnd(query);
}

static int
StartQuery(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *id, ClusterOutgoing *question,
        const QueryOptions *options, const ClusterMembers *members)
{
    ClusterQuery *older = ClusterNodeQueryById(cluster->node, Tcl_GetString(id));
    ClusterQueryObject *query;
    int code = TCL_ERROR;

    if (older) {
        ClusterQueryEnd(older);
    }
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (query = MakeQueryObject(cluster, interp, id, options)) == NULL) {
        return TCL_ERROR;
    }
    query->query = ClusterQueryNew(cluster->node, id, members->list, members->count, query);
    if (!query->query) {
        ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
        ClusterQueryObjectEnd(query);
    } else if (AskMembers(query, interp, question, options, members) != TCL_OK) {
        Tcl_InterpState state = Tcl_SaveInterpState(interp, TCL_ERROR);

        AbandonQuery(query);
        Tcl_RestoreInterpState(interp, state);
    } else {
        ClusterQueryArm(query->query, options->timeout);
        if (!ClusterQueryEnded(query->query)) { /* a hook may have ended it as it was sent */
            ClusterQueryObjectCall(query, "start", NULL);
        }
        Tcl_SetObjResult(interp, query->name);
        code = TCL_OK;
    }
    ClusterQueryObjectRelease(query);
    return code;
}

int
ClusterQueryCreate(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    QueryOptions options;
    ClusterMembers members;
    ClusterOutgoing question;
    Tcl_Obj *id;
    int code = TCL_OK;

    memset(&members, 0, sizeof members);
    if (ParseQuery(interp, objc, objv, &options) != TCL_OK
            || (options.values[OPT_PROTOCOLS]
                    && ClusterParseProtocols(interp, cluster, options.values[OPT_PROTOCOLS])
                            != TCL_OK)
            || ClusterMembersResolve(cluster, interp, options.values[OPT_RESOLVE],
                       options.values[OPT_RESOLVER], &members)
                    != TCL_OK) {
        ClusterMembersFree(&members);
        return TCL_ERROR;
    }
    if (members.count > 0) {
        id = options.values[OPT_ID] ? options.values[OPT_ID] : MakeQueryId(cluster);
        Tcl_IncrRefCount(id);
        MakeQuestion(cluster, id, &options, &members, &question);
        if (ClusterNodeAskOut(cluster->node, &question, options.broadcast)) {
            code = StartQuery(cluster, interp, id, &question, &options, &members);
        }
        ClusterOutgoingFree(&question);
        Tcl_DecrRefCount(id);
    }
    ClusterMembersFree(&members);
    return code;
}
