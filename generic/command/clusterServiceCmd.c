/*
 * clusterServiceCmd.c --
 *
 *	The Tcl objects of members: class ::cluster::service.
 */

#include "base/clusterError.h"
#include "base/clusterLimits.h"
#include "base/clusterHold.h"
#include "command/clusterCommandInt.h"
#include "node/clusterResolve.h"
#include "script/clusterScripted.h"
#include "command/clusterTransportCmd.h"

#include <stdlib.h>

#define EXPECT_SECONDS 30

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
ClusterServiceRelease(void *self)
{
    ClusterServiceObject *service = self;

    if (--service->refCount > 0) {
        return;
    }
    ClusterServiceCloseAll(service);
    ClusterMemberRelease(service->member);
    ClusterObjectRelease(service->cluster);
    Tcl_DecrRefCount(service->name);
    ClusterReplaceObj(&service->my, NULL);
    free(service);
}

void
ClusterServiceHold(void *self)
{
    ((ClusterServiceObject *) self)->refCount++;
}

/* The object is gone; without a destructor (the interp goes) the member stays until its node closes. */
static void
ServiceMetadataDeleted(void *clientData)
{
    ClusterServiceObject *service = clientData;

    service->object = NULL;
    ClusterMemberSetOwner(service->member, NULL, NULL);
    ClusterServiceRelease(service);
}

static const Tcl_ObjectMetadataType serviceMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "cluster service",
        .deleteProc = ServiceMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

/* A script may have deleted the namespace. */
static void
EnsureNamespace(ClusterObject *cluster)
{
    Tcl_Interp *interp = cluster->data->interp;
    Tcl_Obj *name = Tcl_ObjPrintf("::cluster::clusters::%u::services", cluster->id);

    Tcl_IncrRefCount(name);
    if (!Tcl_FindNamespace(interp, Tcl_GetString(name), NULL, 0)) {
        Tcl_CreateNamespace(interp, Tcl_GetString(name), NULL, NULL);
    }
    Tcl_DecrRefCount(name);
}

bool
ClusterServiceCreate(ClusterObject *cluster, ClusterMember *member)
{
    ClusterInterp *data = cluster->data;
    ClusterServiceObject *service;

    if (!cluster->object || !data->interp || Tcl_InterpDeleted(data->interp)
            || (service = calloc(1, sizeof *service)) == NULL) {
        return false;
    }
    EnsureNamespace(cluster);
    service->refCount = 1;
    service->cluster = cluster;
    ClusterObjectHold(cluster);
    service->member = member;
    ClusterMemberHold(member);
    service->name = Tcl_ObjPrintf("::cluster::clusters::%u::services::%s", cluster->id,
            Tcl_GetString(ClusterMemberUuid(member)));
    Tcl_IncrRefCount(service->name);
    service->object = ClusterInterpNewObject(data, CLUSTER_CLASS_SERVICE,
            Tcl_GetString(service->name), &serviceMetadata, service);
    if (!service->object) {
        Tcl_ResetResult(data->interp);
        ClusterServiceRelease(service);
        return false;
    }
    service->my = ClusterInterpMy(service->object);
    Tcl_IncrRefCount(service->my);
    ClusterMemberSetOwner(member, service, service->name);
    return true;
}

void
ClusterServiceEnd(ClusterServiceObject *service)
{
    Tcl_Interp *interp = service->cluster->data->interp;

    if (!service->ending && service->object && interp && !Tcl_InterpDeleted(interp)) {
        service->ending = true;
        Tcl_DeleteCommandFromToken(interp, Tcl_GetObjectCommand(service->object));
    }
}

ClusterMember *
ClusterServiceFind(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *name)
{
    Tcl_Object object = Tcl_GetObjectFromObj(interp, name);
    ClusterServiceObject *service = object ? Tcl_ObjectGetMetadata(object, &serviceMetadata) : NULL;

    if (service && service->cluster == cluster) {
        return service->member;
    }
    ClusterFail(interp,
            Tcl_ObjPrintf("\"%s\" is not a service of this cluster", Tcl_GetString(name)),
            "CLUSTER", "SERVICE", "UNKNOWN", (char *) NULL);
    return NULL;
}

/*
 * ------------------------------------------------------------------------
 * What it knows
 * ------------------------------------------------------------------------
 */

static ClusterMember *
MemberOf(void *self)
{
    return ((ClusterServiceObject *) self)->member;
}

static Tcl_Obj *
ServiceSid(void *self)
{
    return ClusterMemberSid(MemberOf(self));
}

static Tcl_Obj *
ServiceHid(void *self)
{
    return ClusterMemberHid(MemberOf(self));
}

static Tcl_Obj *
ServiceIp(void *self)
{
    return ClusterMemberIp(MemberOf(self));
}

static Tcl_Obj *
ServiceLocal(void *self)
{
    return Tcl_NewBooleanObj(ClusterMemberLocal(MemberOf(self)));
}

static Tcl_Obj *
ServiceTags(void *self)
{
    return ClusterMemberTags(MemberOf(self));
}

static Tcl_Obj *
ServiceProps(void *self)
{
    return ClusterMemberProps(MemberOf(self));
}

static Tcl_Obj *
ServiceProtocols(void *self)
{
    return ClusterMemberProtocols(MemberOf(self));
}

/* What waits to be written to it. */
static Tcl_Obj *
ServiceQueued(void *self)
{
    ClusterWaiting waiting = ClusterMemberWaiting(MemberOf(self));
    Tcl_Obj *queued = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, queued, Tcl_NewStringObj("bytes", -1),
            Tcl_NewWideIntObj((Tcl_WideInt) waiting.bytes));
    Tcl_DictObjPut(NULL, queued, Tcl_NewStringObj("packets", -1),
            Tcl_NewWideIntObj((Tcl_WideInt) waiting.packets));
    return queued;
}

static Tcl_Obj *
ServiceResolverTags(void *self)
{
    return ClusterMemberWords(MemberOf(self));
}

/* In seconds. */
static Tcl_Obj *
ServiceLastSeen(void *self)
{
    return Tcl_NewWideIntObj(ClusterMemberSilence(MemberOf(self)) / 1000);
}

static void
PutInfo(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static Tcl_Obj *
ServiceInfo(void *self)
{
    Tcl_Obj *info = Tcl_NewDictObj();

    PutInfo(info, "last_seen", ServiceLastSeen(self));
    PutInfo(info, "address", ServiceIp(self));
    PutInfo(info, "props", ServiceProps(self));
    PutInfo(info, "system_id", ServiceHid(self));
    PutInfo(info, "service_id", ServiceSid(self));
    PutInfo(info, "tags", ServiceTags(self));
    PutInfo(info, "protocols", ServiceProtocols(self));
    return info;
}

/* Milliseconds, empty when none was measured. */
static Tcl_Obj *
ServiceRtt(void *self)
{
    int64_t microseconds = ClusterMemberRtt(((ClusterServiceObject *) self)->member);

    return microseconds ? Tcl_NewDoubleObj((double) microseconds / 1000) : Tcl_NewObj();
}

static const ClusterFact serviceFacts[] = {
        {"hid", ServiceHid},
        {"info", ServiceInfo},
        {"ip", ServiceIp},
        {"last_seen", ServiceLastSeen},
        {"local", ServiceLocal},
        {"props", ServiceProps},
        {"protocols", ServiceProtocols},
        {"queued", ServiceQueued},
        {"resolver_tags", ServiceResolverTags},
        {"rtt", ServiceRtt},
        {"sid", ServiceSid},
        {"tags", ServiceTags},
        {NULL, NULL},
};

static int
ServiceProtoPropsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *props = NULL;

    (void) objc;
    Tcl_DictObjGet(NULL, ClusterMemberProps(service->member), objv[0], &props);
    if (props) {
        Tcl_SetObjResult(interp, props);
    }
    return TCL_OK;
}

/* The chanID of the open link over a protocol, empty when there is none. */
static int
ServiceSocketCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    ClusterSlot *slot = ClusterNodeSlotById(service->cluster->node, Tcl_GetString(objv[0]));
    ClusterTransport *transport = slot ? ClusterSlotTransport(slot) : NULL;
    ClusterLink *link = slot ? ClusterMemberLink(service->member, slot) : NULL;
    ClusterOrigin origin;

    (void) objc;
    if (transport && link && ClusterScriptedIs(transport->type)) {
        Tcl_SetObjResult(interp, ClusterScriptedName(link));
    } else if (transport && link && transport->type->describe(transport, link, &origin)) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj(origin.name, -1));
    }
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * Matching
 * ------------------------------------------------------------------------
 */

/* service resolve TAG ?MODE? */
static int
ServiceResolveCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *items = Tcl_NewListObj(1, objv), *culprit = NULL;
    ClusterResolver *resolver;
    ClusterResolveStatus status;

    Tcl_IncrRefCount(items);
    status = ClusterResolveTerm(items, objc > 1 ? objv[1] : NULL, NULL, &resolver, &culprit);
    if (status == CLUSTER_RESOLVE_OK) {
        Tcl_SetObjResult(interp,
                Tcl_NewBooleanObj(ClusterResolverMatches(resolver, service->member)));
        ClusterResolverFree(resolver);
    } else {
        ClusterResolveFail(interp, status, culprit);
    }
    Tcl_DecrRefCount(items);
    return status == CLUSTER_RESOLVE_OK ? TCL_OK : TCL_ERROR;
}

/* service resolver TAGS ?MODE? ?OPERATOR? */
static int
ServiceResolverCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *culprit = NULL;
    ClusterResolver *resolver;
    ClusterResolveStatus status = ClusterResolveTerm(objv[0], objc > 1 ? objv[1] : NULL,
            objc > 2 ? objv[2] : NULL, &resolver, &culprit);

    if (status != CLUSTER_RESOLVE_OK) {
        return ClusterResolveFail(interp, status, culprit);
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterResolverMatches(resolver, service->member)));
    ClusterResolverFree(resolver);
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * Sending, and time
 * ------------------------------------------------------------------------
 */

int
ClusterServiceSend(ClusterServiceObject *service, Tcl_Interp *interp, ClusterOutgoing *outgoing,
        Tcl_Obj *protocols, int flags)
{
    ClusterSendDetails details;
    ClusterSendStatus status;
    int code = TCL_OK;

    if (ClusterObjectAlive(service->cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    status = ClusterMemberSend(service->member, outgoing, protocols, flags, &details);
    if (status == CLUSTER_SEND_DONE) {
        Tcl_SetObjResult(interp, ClusterSlotId(details.slot));
    } else if (status == CLUSTER_SEND_BAD_PAYLOAD) {
        code = ClusterSendFail(interp, status, &details);
    }
    return code;
}

/* service send PAYLOAD ?PROTOCOLS ALLOW_BROADCAST PING_ON_FAIL REPORT_FAILURES? */
static int
ServiceSendCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const int bits[] = {CLUSTER_ALLOW_BROADCAST, CLUSTER_PING_ON_FAIL,
            CLUSTER_REPORT_FAILURES};
    ClusterServiceObject *service = self;
    ClusterOutgoing outgoing;
    Tcl_Size length;
    int flags = 0, i, code;

    for (i = 0; i < (int) CLUSTER_COUNT(bits); i++) {
        int on = 1;

        if (i + 2 < objc && Tcl_GetBooleanFromObj(interp, objv[i + 2], &on) != TCL_OK) {
            return TCL_ERROR;
        }
        flags |= on ? bits[i] : 0;
    }
    if (objc > 1 && Tcl_ListObjLength(interp, objv[1], &length) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterOutgoingInit(&outgoing, ClusterNodeKeys(service->cluster->node));
    ClusterOutgoingAdopt(&outgoing, objv[0]);
    code = ClusterServiceSend(service, interp, &outgoing, objc > 1 ? objv[1] : NULL, flags);
    ClusterOutgoingFree(&outgoing);
    return code;
}

enum { OPT_CHANNEL, OPT_PROTOCOLS, OPT_TIMEOUT, OPTS };

/* -timeout does nothing, as in 1.1.8: nobody waits here. */
static const char *const queryOptions[] = {
        [OPT_CHANNEL] = "-channel",
        [OPT_PROTOCOLS] = "-protocols",
        [OPT_TIMEOUT] = "-timeout",
        [OPTS] = NULL,
};

/* service query ?options? RUID QUERY: sends one query, whose answer the script finds itself. */
static int
ServiceQueryCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *values[OPTS] = {NULL};
    ClusterOutgoing query;
    uint64_t channel = CLUSTER_CHANNEL_BROADCAST;
    int code;

    if (ClusterParseOptions(interp, queryOptions, objc - 2, objv, values) != TCL_OK
            || (values[OPT_CHANNEL]
                    && ClusterParseChannel(interp, values[OPT_CHANNEL], &channel) != TCL_OK)
            || (values[OPT_PROTOCOLS]
                    && ClusterParseProtocols(interp, service->cluster, values[OPT_PROTOCOLS])
                            != TCL_OK)) {
        return TCL_ERROR;
    }
    if (!ClusterRuidIsPlain(objv[objc - 2])) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad ruid \"%s\": nobody sends back more than %d characters, nor "
                              "others than printable ones without blanks",
                        Tcl_GetString(objv[objc - 2]), CLUSTER_RUID_ECHOED),
                "CLUSTER", "QUERY", "RUID", (char *) NULL);
    }
    ClusterNodeOutgoing(service->cluster->node, CLUSTER_QUERY, channel, &query);
    ClusterOutgoingSetValue(&query, CLUSTER_RUID, objv[objc - 2]);
    ClusterOutgoingSetValue(&query, CLUSTER_DATA, objv[objc - 1]);
    ClusterOutgoingSetBoolean(&query, CLUSTER_KEEPALIVE, true);
    code = ClusterServiceSend(service, interp, &query, values[OPT_PROTOCOLS],
            CLUSTER_SERVICE_SEND_FLAGS);
    ClusterOutgoingFree(&query);
    return code;
}

/* service heartbeat ?PROPS?: as if the member had been heard. */
static int
ServiceHeartbeatCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Size size;

    if (objc > 0 && Tcl_DictObjSize(interp, objv[0], &size) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterMemberHeard(((ClusterServiceObject *) self)->member, objc > 0 ? objv[0] : NULL);
    return TCL_OK;
}

/* service expected ?WITHIN? */
static int
ServiceExpectedCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int seconds = EXPECT_SECONDS;

    if (objc > 0 && Tcl_GetIntFromObj(interp, objv[0], &seconds) != TCL_OK) {
        return TCL_ERROR;
    }
    if (seconds < 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad time \"%d\": must be 0 or more seconds", seconds), "CLUSTER",
                "VALUE", (char *) NULL);
    }
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(ClusterMemberExpect(((ClusterServiceObject *) self)->member,
                    (int64_t) seconds * 1000)));
    return TCL_OK;
}

/* service hook PAYLOAD PATH...: runs the hook in this service. */
static int
ServiceHookCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;

    if (ClusterObjectAlive(service->cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return ClusterServiceRunHook(service, interp, objv[0], objc - 1, objv + 1);
}

static const ClusterMethod serviceMethods[] = {
        {"answer", ClusterServiceCmdAnswer, .least = 1, .most = -1,
                .usage = "ruid ?option value ...?"},
        {"event", ClusterServiceCmdEvent, .least = 1, .most = -1, .usage = "what ?arg ...?"},
        {"expected", ServiceExpectedCmd, .most = 1, .usage = "?within?"},
        {"heartbeat", ServiceHeartbeatCmd, .most = 1, .usage = "?props?"},
        {"hook", ServiceHookCmd, .least = 2, .most = -1, .usage = "payload path ?...?"},
        {"proto_props", ServiceProtoPropsCmd, .least = 1, .most = 1, .usage = "protocol"},
        {"query", ServiceQueryCmd, .least = 2, .most = -1,
                .usage = "?option value ...? ruid query"},
        {"receive", ClusterServiceCmdReceive, .least = 4, .most = 5,
                .usage = "protocol chanID payload descriptor ?remaining?"},
        {"resolve", ServiceResolveCmd, .least = 1, .most = 2, .usage = "tag ?mode?"},
        {"resolver", ServiceResolverCmd, .least = 1, .most = 3, .usage = "tags ?mode? ?operator?"},
        {"send", ServiceSendCmd, .least = 1, .most = 5,
                .usage = "payload ?protocols? ?allow_broadcast? ?ping_on_fail? ?report_failures?"},
        {"socket", ServiceSocketCmd, .least = 1, .most = 1, .usage = "protocol"},
        {"validate", ClusterServiceCmdValidate, .least = 4, .most = 4,
                .usage = "protocol chanID payload descriptor"},
        {.name = NULL},
};

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

/* $service destroy: the member is forgotten until it is heard again. */
static void
DestroyService(void *self)
{
    ClusterServiceObject *service = self;

    service->ending = true;
    ClusterMemberLose(service->member);
}

const ClusterClassInfo clusterServiceClassInfo = {
        .name = "::cluster::service",
        .methods = serviceMethods,
        .facts = serviceFacts,
        .metadata = &serviceMetadata,
        .hold = ClusterServiceHold,
        .release = ClusterServiceRelease,
        .destroy = DestroyService,
        .how = "a member's discovery",
};
