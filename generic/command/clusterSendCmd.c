/*
 * clusterSendCmd.c --
 *
 *	`$cluster send` and send_payload.
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "command/clusterCommandInt.h"

#include <string.h>

/* Of -confirm. */
#define CONFIRM_TIMEOUT_MS 30000

/* What `send` returned may be handed on whole: who refused in place of a boolean is none. */
static int
ParseAllow(Tcl_Interp *interp, Tcl_Obj *value, int *allow)
{
    Tcl_Size size;

    if (Tcl_GetBooleanFromObj(NULL, value, allow) == TCL_OK) {
        return TCL_OK;
    }
    if (Tcl_DictObjSize(NULL, value, &size) == TCL_OK && size > 0) {
        *allow = 0;
        return TCL_OK;
    }
    return Tcl_GetBooleanFromObj(interp, value, allow);
}

/* send_payload SERVICES PAYLOAD PROTOCOLS ?ALLOW_BROADCAST?: {success failed}, empty when a hook cancelled. */
int
ClusterCmdSendPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterOutcomes outcomes = {.full = 0};
    ClusterMembers members;
    Tcl_Obj *pair[2];
    ClusterOutgoing outgoing;
    Tcl_Size length;
    int allow = 0, code;

    memset(&members, 0, sizeof members);
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || Tcl_ListObjLength(interp, objv[2], &length) != TCL_OK
            || (objc > 3 && ParseAllow(interp, objv[3], &allow) != TCL_OK)
            || ClusterMembersNamed(cluster, interp, objv[0], &members) != TCL_OK) {
        ClusterMembersFree(&members);
        return TCL_ERROR;
    }
    code = TCL_OK;
    ClusterOutgoingInit(&outgoing, ClusterNodeKeys(cluster->node));
    ClusterOutgoingAdopt(&outgoing, objv[1]);
    if (ClusterNodeAskOut(cluster->node, &outgoing, 0)) {
        ClusterReplaceObj(&outcomes.success, Tcl_NewDictObj());
        ClusterReplaceObj(&outcomes.failed, Tcl_NewDictObj());
        code = ClusterSendEach(interp, &outgoing, objv[2],
                CLUSTER_SEND_FLAGS | (allow ? CLUSTER_ALLOW_BROADCAST : 0), &members, &outcomes);
        if (code == TCL_OK) {
            pair[0] = outcomes.success;
            pair[1] = outcomes.failed;
            Tcl_SetObjResult(interp, Tcl_NewListObj(2, pair));
        }
        ClusterReplaceObj(&outcomes.success, NULL);
        ClusterReplaceObj(&outcomes.failed, NULL);
    }
    ClusterOutgoingFree(&outgoing);
    ClusterMembersFree(&members);
    return code;
}

enum {
    OPT_SERVICES,
    OPT_RESOLVER,
    OPT_RESOLVE,
    OPT_BROADCAST,
    OPT_PROTOCOLS,
    OPT_CHANNEL,
    OPT_RUID,
    OPT_DATA,
    OPT_RAW,
    OPT_CONFIRM,
    OPT_TIMEOUT,
    OPTS
};

static const char *const optionNames[] = {
        [OPT_SERVICES] = "-services",
        [OPT_RESOLVER] = "-resolver",
        [OPT_RESOLVE] = "-resolve",
        [OPT_BROADCAST] = "-broadcast",
        [OPT_PROTOCOLS] = "-protocols",
        [OPT_CHANNEL] = "-channel",
        [OPT_RUID] = "-ruid",
        [OPT_DATA] = "-data",
        [OPT_RAW] = "-raw",
        [OPT_CONFIRM] = "-confirm",
        [OPT_TIMEOUT] = "-timeout",
        [OPTS] = NULL,
};

/* What `send` was asked for. */
typedef struct SendRequest {
    Tcl_Obj *values[OPTS];
    int broadcast;
    uint64_t channel;
    int timeout; /* ms */
    ClusterMembers members;
} SendRequest;

static int
BadOption(Tcl_Interp *interp, const char *option, const char *why)
{
    return ClusterFail(interp, Tcl_ObjPrintf("the option %s %s", option, why), "CLUSTER", "OPTION",
            option, (char *) NULL);
}

/* -confirm has its own ruid, and cannot go by multicast; -timeout is its. */
static int
ParseConfirm(Tcl_Interp *interp, SendRequest *request)
{
    Tcl_Obj **values = request->values;
    Tcl_Size length;

    request->timeout = CONFIRM_TIMEOUT_MS;
    if (!values[OPT_CONFIRM]) {
        return values[OPT_TIMEOUT] ? BadOption(interp, "-timeout", "needs -confirm") : TCL_OK;
    }
    if (request->broadcast || values[OPT_RUID]) {
        return BadOption(interp, "-confirm",
                request->broadcast ? "does not go with -broadcast" : "does not go with -ruid");
    }
    if (values[OPT_TIMEOUT]
            && (Tcl_GetIntFromObj(NULL, values[OPT_TIMEOUT], &request->timeout) != TCL_OK
                    || request->timeout < 0)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf(
                        "bad timeout \"%s\": must be an integer from 0 to 2147483647 milliseconds",
                        Tcl_GetString(values[OPT_TIMEOUT])),
                "CLUSTER", "VALUE", (char *) NULL);
    }
    return Tcl_ListObjLength(interp, values[OPT_CONFIRM], &length);
}

static int
ParseSend(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv,
        SendRequest *request)
{
    Tcl_Obj **values = request->values;

    if (ClusterParseOptions(interp, optionNames, objc, objv, values) != TCL_OK
            || (values[OPT_BROADCAST] && *Tcl_GetString(values[OPT_BROADCAST])
                    && Tcl_GetBooleanFromObj(interp, values[OPT_BROADCAST], &request->broadcast)
                            != TCL_OK)
            || (values[OPT_CHANNEL]
                    && ClusterParseChannel(interp, values[OPT_CHANNEL], &request->channel)
                            != TCL_OK)
            || ParseConfirm(interp, request) != TCL_OK
            || (values[OPT_PROTOCOLS]
                    && ClusterParseProtocols(interp, cluster, values[OPT_PROTOCOLS]) != TCL_OK)
            || (values[OPT_SERVICES]
                    && ClusterMembersNamed(cluster, interp, values[OPT_SERVICES], &request->members)
                            != TCL_OK)) {
        return TCL_ERROR;
    }
    return ClusterMembersResolve(cluster, interp, values[OPT_RESOLVE], values[OPT_RESOLVER],
            &request->members);
}

/* The event, with a filter when it is multicast to some. The caller frees it. */
static void
MakeEvent(const ClusterObject *cluster, const SendRequest *request, ClusterOutgoing *event)
{
    static const struct {
        int option;
        ClusterField field;
    } fields[] = {{OPT_RUID, CLUSTER_RUID}, {OPT_DATA, CLUSTER_DATA}, {OPT_RAW, CLUSTER_RAW}};
    size_t i;

    ClusterNodeOutgoing(cluster->node, CLUSTER_EVENT, request->channel, event);
    for (i = 0; i < CLUSTER_COUNT(fields); i++) {
        Tcl_Obj *value = request->values[fields[i].option];

        if (value) {
            ClusterOutgoingSetValue(event, fields[i].field, value);
        }
    }
    if (request->broadcast && request->members.count) {
        ClusterOutgoingSetValue(event, CLUSTER_FILTER, ClusterMembersFilter(&request->members));
    }
}

/* {services payload protocols}: what was sent to whom, so that it can be sent again; then who refused it, if any did. */
static Tcl_Obj *
SendResult(const SendRequest *request, Tcl_Obj *payload, Tcl_Obj *refused)
{
    Tcl_Obj *parts[4];

    parts[0] = ClusterMembersNames(&request->members);
    parts[1] = payload;
    if (request->values[OPT_PROTOCOLS]) {
        parts[2] = request->values[OPT_PROTOCOLS];
    } else {
        parts[2] = request->broadcast ? Tcl_NewStringObj("c", -1) : Tcl_NewObj();
    }
    parts[3] = refused;
    return Tcl_NewListObj(refused ? 4 : 3, parts);
}

static int
SendEvent(ClusterObject *cluster, Tcl_Interp *interp, const SendRequest *request,
        ClusterOutgoing *event, ClusterOutcomes *outcomes)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    int code = TCL_OK;

    if (request->broadcast) {
        status = ClusterNodeBroadcast(cluster->node, event, 0, &details);
        return status == CLUSTER_SEND_OVERSIZED ? ClusterSendLarge(cluster, interp, event, outcomes)
                                                : ClusterSendFail(interp, status, &details);
    }
    if (ClusterNodeAskOut(cluster->node, event, 0)) {
        code = request->values[OPT_CONFIRM]
                ? ClusterConfirmSend(interp, event, request->values[OPT_PROTOCOLS],
                        &request->members, request->timeout, request->values[OPT_CONFIRM], outcomes)
                : ClusterSendEach(interp, event, request->values[OPT_PROTOCOLS], CLUSTER_SEND_FLAGS,
                        &request->members, outcomes);
        if (code == TCL_OK && outcomes->full == request->members.count) {
            code = ClusterQueuesFull(interp, outcomes->full);
        }
    }
    return code;
}

int
ClusterCmdSend(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterOutcomes outcomes = {.full = 0};
    SendRequest request;
    ClusterOutgoing event;
    Tcl_Obj *payload;
    int code;

    memset(&request, 0, sizeof request);
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || ParseSend(cluster, interp, objc, objv, &request) != TCL_OK) {
        ClusterMembersFree(&request.members);
        return TCL_ERROR;
    }
    code = TCL_OK;
    if (request.broadcast || request.members.count) {
        MakeEvent(cluster, &request, &event);
        payload = ClusterOutgoingPayload(&event); /* for the result, as it is before the hooks */
        Tcl_IncrRefCount(payload);
        code = SendEvent(cluster, interp, &request, &event, &outcomes);
        if (code == TCL_OK) {
            Tcl_SetObjResult(interp, SendResult(&request, payload, outcomes.refused));
        }
        Tcl_DecrRefCount(payload);
        ClusterReplaceObj(&outcomes.refused, NULL);
        ClusterOutgoingFree(&event);
    }
    ClusterMembersFree(&request.members);
    return code;
}
