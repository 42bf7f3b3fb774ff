/*
 * clusterAnswerCmd.c --
 *
 *	Queries that a hook left open, and `$service answer`, which answers them.
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "base/clusterLimits.h"
#include "base/clusterSystem.h"
#include "command/clusterCommandInt.h"

#include <stdlib.h>

/* A query that a hook left open. */
typedef struct OpenQuery {
    ClusterTableEntry entry;
    Tcl_Obj *ruid, *channel; /* held */
} OpenQuery;

/* Takes one that is in no table any more. */
static void
FreeOpenQuery(ClusterTableEntry *entry)
{
    OpenQuery *query = CLUSTER_TABLE_ITEM(entry, OpenQuery, entry);

    Tcl_DecrRefCount(query->ruid);
    Tcl_DecrRefCount(query->channel);
    free(query);
}

static OpenQuery *
FindOpenQuery(const ClusterServiceObject *service, Tcl_Obj *ruid)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(ruid, &length);
    ClusterTableEntry *entry =
            service->open ? ClusterTableFind(service->open, text, (size_t) length) : NULL;

    return entry ? CLUSTER_TABLE_ITEM(entry, OpenQuery, entry) : NULL;
}

/* Room for one more? Strangers invent as many members as they like, so all together have a limit too. */
static bool
MayOpen(const ClusterServiceObject *service)
{
    size_t count = service->open->count;

    return count < CLUSTER_OPEN_MAX
            && (service->cluster->openQueries < CLUSTER_OPEN_ALL_MAX || count < CLUSTER_OPEN_LEAST);
}

/* The service's table, made at first; NULL without memory. */
static ClusterTable *
OpenTable(ClusterServiceObject *service)
{
    uint64_t key[2];

    if (!service->open && (service->open = malloc(sizeof *service->open)) != NULL) {
        clusterSystem.random(clusterSystem.context, key, sizeof key);
        ClusterTableInit(service->open, key);
    }
    return service->open;
}

bool
ClusterServiceOpen(ClusterServiceObject *service, Tcl_Obj *ruid, Tcl_Obj *channel)
{
    ClusterTable *open = OpenTable(service);
    OpenQuery *query = FindOpenQuery(service, ruid);
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(ruid, &length);

    if (query) {
        ClusterReplaceObj(&query->channel, channel);
        return true;
    }
    if (!open || !MayOpen(service) || !ClusterRuidIsPlain(ruid)
            || (query = calloc(1, sizeof *query)) == NULL) {
        return false;
    }
    ClusterReplaceObj(&query->ruid, ruid);
    ClusterReplaceObj(&query->channel, channel);
    ClusterTableAdd(open, &query->entry, text, (size_t) length);
    service->cluster->openQueries++;
    return true;
}

bool
ClusterServiceClose(ClusterServiceObject *service, Tcl_Obj *ruid)
{
    OpenQuery *query = FindOpenQuery(service, ruid);

    if (query) {
        ClusterTableRemove(service->open, &query->entry);
        service->cluster->openQueries--;
        FreeOpenQuery(&query->entry);
    }
    return query != NULL;
}

void
ClusterServiceCloseAll(ClusterServiceObject *service)
{
    if (service->open) {
        service->cluster->openQueries -= service->open->count;
        ClusterTableFree(service->open, FreeOpenQuery);
        free(service->open);
        service->open = NULL;
    }
}

/* The channel an open query came on, borrowed. NULL with a message when there is none. */
static Tcl_Obj *
OpenChannel(const ClusterServiceObject *service, Tcl_Interp *interp, Tcl_Obj *ruid)
{
    OpenQuery *query = FindOpenQuery(service, ruid);

    if (!query) {
        ClusterFail(interp,
                Tcl_ObjPrintf("no query \"%s\" of this service is open", Tcl_GetString(ruid)),
                "CLUSTER", "QUERY", "UNKNOWN", Tcl_GetString(ruid), (char *) NULL);
        return NULL;
    }
    return query->channel;
}

enum { OPT_DATA, OPT_RAW, OPT_ERROR, OPT_CHANNEL, OPTS };

static const char *const optionNames[] = {
        [OPT_DATA] = "-data",
        [OPT_RAW] = "-raw",
        [OPT_ERROR] = "-error",
        [OPT_CHANNEL] = "-channel",
        [OPTS] = NULL,
};

/* The caller frees it. */
static void
MakeAnswer(const ClusterNode *node, Tcl_Obj *ruid, uint64_t channel, Tcl_Obj *const *values,
        ClusterOutgoing *answer)
{
    static const ClusterField fields[] = {
            [OPT_DATA] = CLUSTER_DATA,
            [OPT_RAW] = CLUSTER_RAW,
            [OPT_ERROR] = CLUSTER_ERROR,
    };
    int i;

    ClusterNodeOutgoing(node, CLUSTER_RESPONSE, channel, answer);
    ClusterOutgoingSetValue(answer, CLUSTER_RUID, ruid);
    ClusterOutgoingSetBoolean(answer, CLUSTER_KEEPALIVE, true);
    for (i = 0; i < (int) CLUSTER_COUNT(fields); i++) {
        if (values[i]) {
            ClusterOutgoingSetValue(answer, fields[i], values[i]);
        }
    }
}

static bool
IsTooLarge(ClusterSendStatus status, const ClusterSendDetails *details)
{
    return status == CLUSTER_SEND_OVERSIZED
            || (status == CLUSTER_SEND_BAD_PAYLOAD
                    && details->payloadStatus == CLUSTER_PAYLOAD_TOO_LARGE);
}

/* Who asked need not wait for an answer that cannot be sent. */
static void
RefuseLarge(ClusterServiceObject *service, Tcl_Obj *ruid, uint64_t channel)
{
    Tcl_Obj *values[OPTS] = {
            [OPT_ERROR] = Tcl_NewStringObj("the answer is too large to be sent", -1)};
    ClusterOutgoing answer;

    MakeAnswer(service->cluster->node, ruid, channel, values, &answer);
    ClusterMemberSend(service->member, &answer, NULL, CLUSTER_SERVICE_SEND_FLAGS, NULL);
    ClusterOutgoingFree(&answer);
    ClusterServiceClose(service, ruid);
}

/*
 * service answer RUID ?-data D? ?-raw R? ?-error E? ?-channel N?: answers a
 * query that its hook left open, or will leave open as it runs now, on the
 * query's channel unless told otherwise. One that cannot be sent leaves it open,
 * unless it is too large: then who asked gets an error.
 */
int
ClusterServiceCmdAnswer(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *values[OPTS] = {NULL}, *channel;
    ClusterOutgoing answer;
    ClusterSendDetails details;
    ClusterSendStatus status;
    uint64_t number;

    if (ClusterParseOptions(interp, optionNames, objc - 1, objv + 1, values) != TCL_OK
            || ClusterObjectAlive(service->cluster, interp) != TCL_OK
            || (channel = OpenChannel(service, interp, objv[0])) == NULL
            || ClusterParseChannel(interp, values[OPT_CHANNEL] ? values[OPT_CHANNEL] : channel,
                       &number)
                    != TCL_OK) {
        return TCL_ERROR;
    }
    MakeAnswer(service->cluster->node, objv[0], number, values, &answer);
    status =
            ClusterMemberSend(service->member, &answer, NULL, CLUSTER_SERVICE_SEND_FLAGS, &details);
    ClusterOutgoingFree(&answer);
    if (IsTooLarge(status, &details)) {
        RefuseLarge(service, objv[0], number);
    }
    if (status == CLUSTER_SEND_DONE) {
        ClusterServiceClose(service, objv[0]);
        Tcl_SetObjResult(interp, ClusterSlotId(details.slot));
    }
    return ClusterSendFail(interp, status, &details);
}
