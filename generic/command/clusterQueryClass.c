/*
 * clusterQueryClass.c --
 *
 *	Class ::cluster::query: the life of its objects, and their methods.
 */

#include "base/clusterError.h"
#include "command/clusterQueryInt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
ClusterQueryObjectHold(void *self)
{
    ((ClusterQueryObject *) self)->refCount++;
}

void
ClusterQueryObjectRelease(void *self)
{
    ClusterQueryObject *query = self;

    if (--query->refCount > 0) {
        return;
    }
    if (query->query) {
        ClusterQuerySetOwner(query->query, NULL);
        ClusterQueryRelease(query->query);
    }
    ClusterReplaceObj(&query->name, NULL);
    ClusterReplaceObj(&query->id, NULL);
    ClusterReplaceObj(&query->command, NULL);
    ClusterReplaceObj(&query->text, NULL);
    ClusterReplaceObj(&query->channel, NULL);
    ClusterReplaceObj(&query->props, NULL);
    ClusterReplaceObj(&query->service, NULL);
    ClusterReplaceObj(&query->payload, NULL);
    ClusterReplaceObj(&query->reason, NULL);
    ClusterReplaceObj(&query->payloads, NULL);
    ClusterReplaceObj(&query->results, NULL);
    ClusterObjectRelease(query->cluster);
    free(query);
}

static void
QueryMetadataDeleted(void *clientData)
{
    ClusterQueryObject *query = clientData;

    query->object = NULL;
    if (query->query) {
        ClusterQuerySetOwner(query->query, NULL);
        ClusterQueryEnd(query->query);
    }
    ClusterQueryObjectRelease(query);
}

static const Tcl_ObjectMetadataType queryMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "cluster query",
        .deleteProc = QueryMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

void
ClusterQueryObjectEnd(ClusterQueryObject *query)
{
    Tcl_Interp *interp = query->cluster->data->interp;

    if (!query->ending && query->object && interp && !Tcl_InterpDeleted(interp)) {
        query->ending = true;
        Tcl_DeleteCommandFromToken(interp, Tcl_GetObjectCommand(query->object));
    }
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

ClusterQueryObject *
ClusterQueryObjectNew(ClusterObject *cluster, Tcl_Obj *id)
{
    ClusterQueryObject *query = calloc(1, sizeof *query);

    if (query) {
        query->refCount = 1;
        query->cluster = cluster;
        ClusterObjectHold(cluster);
        ClusterReplaceObj(&query->id, id);
        ClusterReplaceObj(&query->name, QueryName(cluster, id));
        ClusterReplaceObj(&query->payloads, Tcl_NewDictObj());
        ClusterReplaceObj(&query->results, Tcl_NewDictObj());
    }
    return query;
}

bool
ClusterQueryObjectPublish(ClusterQueryObject *query)
{
    query->object = ClusterInterpNewObject(query->cluster->data, CLUSTER_CLASS_QUERY,
            Tcl_GetString(query->name), &queryMetadata, query);
    if (query->object) {
        ClusterQueryObjectHold(query);
    }
    return query->object != NULL;
}

/*
 * ------------------------------------------------------------------------
 * Methods
 * ------------------------------------------------------------------------
 */

/* Names of the services still awaited. */
static Tcl_Obj *
QueryRemaining(void *self)
{
    ClusterQueryObject *query = self;
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterMember *member;
    size_t i;

    for (i = 0; query->query && (member = ClusterQueryAwaited(query->query, i)) != NULL; i++) {
        if (ClusterMemberName(member)) {
            Tcl_ListObjAppendElement(NULL, names, ClusterMemberName(member));
        }
    }
    return names;
}

static Tcl_Obj *
QueryService(void *self)
{
    return ((ClusterQueryObject *) self)->service;
}

static Tcl_Obj *
QueryPayload(void *self)
{
    return ((ClusterQueryObject *) self)->payload;
}

static Tcl_Obj *
QueryReason(void *self)
{
    return ((ClusterQueryObject *) self)->reason;
}

static Tcl_Obj *
QueryPayloads(void *self)
{
    return ((ClusterQueryObject *) self)->payloads;
}

static Tcl_Obj *
QueryText(void *self)
{
    return ((ClusterQueryObject *) self)->text;
}

static Tcl_Obj *
QueryChannel(void *self)
{
    return ((ClusterQueryObject *) self)->channel;
}

static Tcl_Obj *
QueryProps(void *self)
{
    return ((ClusterQueryObject *) self)->props;
}

/* One field of the latest answer. */
static Tcl_Obj *
AnswerField(const ClusterQueryObject *query, ClusterField id)
{
    Tcl_Obj *value = NULL;

    if (query->payload) {
        Tcl_DictObjGet(NULL, query->payload, ClusterNodeKeys(query->cluster->node)->name[id],
                &value);
    }
    return value;
}

static Tcl_Obj *
QueryResult(void *self)
{
    return AnswerField(self, CLUSTER_DATA);
}

static Tcl_Obj *
QueryError(void *self)
{
    return AnswerField(self, CLUSTER_ERROR);
}

static const ClusterFact queryFacts[] = {
        {"channel", QueryChannel},
        {"data", QueryResult},
        {"error", QueryError},
        {"payload", QueryPayload},
        {"payloads", QueryPayloads},
        {"props", QueryProps},
        {"query", QueryText},
        {"reason", QueryReason},
        {"remaining", QueryRemaining},
        {"result", QueryResult},
        {"service", QueryService},
        {NULL, NULL},
};

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
QueryResultsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQueryObject *query = self;

    if (objc == 1 && strcmp(Tcl_GetString(objv[0]), "-events") != 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("unknown option \"%s\": must be -events", Tcl_GetString(objv[0])),
                "CLUSTER", "OPTION", Tcl_GetString(objv[0]), (char *) NULL);
    }
    if (!query->collect) {
        return ClusterFail(interp,
                Tcl_NewStringObj("the results of a query are kept only with the option -collect",
                        -1),
                "CLUSTER_QUERY_NO_COLLECT", (char *) NULL);
    }
    Tcl_SetObjResult(interp, objc == 1 ? query->results : PlainResults(query->results));
    return TCL_OK;
}

/* query event response SERVICE PAYLOAD: an answer, as a transport of one's own may bring it. */
static int
QueryEventCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
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
QueryTimeoutCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
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
        {"event", QueryEventCmd, .least = 1, .most = -1, .usage = "event ?arg ...?"},
        {"results", QueryResultsCmd, .most = 1, .usage = "?-events?"},
        {"timeout", QueryTimeoutCmd, .most = 0},
        {.name = NULL},
};

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

/* $query destroy: ends it, with its `done`. */
static void
DestroyQuery(void *self)
{
    ClusterQueryObject *query = self;

    query->ending = true;
    if (query->query) {
        ClusterQueryEnd(query->query);
    }
}

const ClusterClassInfo clusterQueryClassInfo = {
        .name = "::cluster::query",
        .methods = queryMethods,
        .facts = queryFacts,
        .metadata = &queryMetadata,
        .hold = ClusterQueryObjectHold,
        .release = ClusterQueryObjectRelease,
        .destroy = DestroyQuery,
        .how = "\"$cluster query\"",
};
