/*
 * clusterDelegate.c --
 *
 *	What the membership tells, turned into hooks and objects.
 *
 *	Every callback holds the cluster object, and the service object it
 *	concerns, while scripts run: a hook may destroy both.
 */

#include "base/clusterError.h"
#include "command/clusterCommandInt.h"

#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Preparing and running
 * ------------------------------------------------------------------------
 */

/* A call in the cluster's object, or in the service's when there is one. */
static void
InitCall(ClusterHookCall *call, ClusterObject *cluster, ClusterServiceObject *service)
{
    memset(call, 0, sizeof *call);
    call->my = service ? service->my : cluster->my;
    call->variables[CLUSTER_VAR_CLUSTER] = cluster->name;
    call->variables[CLUSTER_VAR_SERVICE] = service ? service->name : NULL;
}

/* Adds where a message came from; the values are released by ReleaseOrigin. */
static void
AddOrigin(ClusterHookCall *call, const ClusterMessage *message)
{
    call->variables[CLUSTER_VAR_PROTOCOL] = ClusterSlotId(message->slot);
    call->variables[CLUSTER_VAR_CHANID] = message->origin.chanID
            ? message->origin.chanID
            : Tcl_NewStringObj(message->origin.name, -1);
    call->variables[CLUSTER_VAR_DESCRIPTOR] = ClusterProtocolDescriptor(&message->origin);
    Tcl_IncrRefCount(call->variables[CLUSTER_VAR_CHANID]);
    Tcl_IncrRefCount(call->variables[CLUSTER_VAR_DESCRIPTOR]);
}

static void
ReleaseOrigin(ClusterHookCall *call)
{
    Tcl_DecrRefCount(call->variables[CLUSTER_VAR_CHANID]);
    Tcl_DecrRefCount(call->variables[CLUSTER_VAR_DESCRIPTOR]);
}

/* Runs a hook whose error cancels what is being done, and is no news to anybody. */
static bool
RunGate(ClusterObject *cluster, ClusterHook *hook, ClusterHookCall *call)
{
    ClusterInterp *data = cluster->data;
    int code;

    code = ClusterHookRun(data, hook, call);
    if (code != TCL_OK) {
        cluster->hookErrors++;
    }
    if (data->interp) {
        Tcl_ResetResult(data->interp);
    }
    return code == TCL_OK;
}

/* Runs a hook whose error nobody here waits for; false, and its text as a new reference unless error is NULL. */
static bool
RunNotice(ClusterObject *cluster, ClusterHook *hook, ClusterHookCall *call, const char *what,
        Tcl_Obj **error)
{
    ClusterInterp *data = cluster->data;
    int code = ClusterHookRun(data, hook, call);

    if (code != TCL_OK) {
        cluster->hookErrors++;
        if (data->interp && error) {
            *error = Tcl_GetObjResult(data->interp);
            Tcl_IncrRefCount(*error);
        }
        if (data->interp) {
            ClusterBackground(data->interp, code, what, call->variables[CLUSTER_VAR_SERVICE]);
        }
    } else {
        Tcl_ResetResult(data->interp);
    }
    return code == TCL_OK;
}

static ClusterHook *
SingleHook(const ClusterObject *cluster, ClusterHookKind kind)
{
    return cluster->hooks.single[kind];
}

/* The object of a member, held; NULL when it has none. */
static ClusterServiceObject *
HoldService(ClusterMember *member)
{
    ClusterServiceObject *service = member ? ClusterMemberOwner(member) : NULL;

    if (service) {
        ClusterServiceHold(service);
    }
    return service;
}

static void
ReleaseService(ClusterServiceObject *service)
{
    if (service) {
        ClusterServiceRelease(service);
    }
}

/*
 * ------------------------------------------------------------------------
 * On the way in
 * ------------------------------------------------------------------------
 */

static ClusterVerdict
DelegatePacketIn(void *context, ClusterSlot *slot, ClusterMessage *message, bpacket_span *packet)
{
    ClusterObject *cluster = context;
    ClusterHook *hook = ClusterHooksFind(&cluster->hooks, CLUSTER_HOOK_PROTOCOL_RECEIVE, 0,
            Tcl_GetString(ClusterSlotId(slot)));
    ClusterHookCall call;
    Tcl_Size length = 0;
    bool good;

    if (!hook) {
        return CLUSTER_GO_ON;
    }
    ClusterObjectHold(cluster);
    InitCall(&call, cluster, NULL);
    AddOrigin(&call, message);
    message->hold = Tcl_NewByteArrayObj(packet->bytes, (Tcl_Size) packet->length);
    Tcl_IncrRefCount(message->hold);
    call.variables[CLUSTER_VAR_PACKET] = message->hold;
    call.writable = CLUSTER_VAR_PACKET;
    good = RunGate(cluster, hook, &call);
    ReleaseOrigin(&call);
    if (call.changed) {
        Tcl_DecrRefCount(message->hold);
        message->hold = call.changed;
    }
    if (good) { /* the bytes were the transport's, and may be gone by now */
        packet->bytes = ClusterPayloadBytes(message->hold, &length);
        packet->length = (size_t) length;
        good = packet->bytes != NULL;
    }
    ClusterObjectRelease(cluster);
    return good ? CLUSTER_GO_ON : CLUSTER_DROP_IT;
}

/* One of the hooks that may change a received payload. */
static bool
FilterMessage(ClusterObject *cluster, ClusterHook *hook, ClusterMessage *message)
{
    ClusterHookCall call;
    bool good;

    InitCall(&call, cluster, NULL);
    AddOrigin(&call, message);
    call.payload = ClusterMessagePayload(message);
    Tcl_IncrRefCount(call.payload);
    call.variables[CLUSTER_VAR_PACKET] =
            Tcl_NewByteArrayObj(message->bytes, (Tcl_Size) message->length);
    Tcl_IncrRefCount(call.variables[CLUSTER_VAR_PACKET]);
    call.writable = CLUSTER_VAR_PAYLOAD;
    call.wholeData = true;
    good = RunGate(cluster, hook, &call);
    if (good && call.changed
            && ClusterMessageReplace(message, call.changed) != CLUSTER_PAYLOAD_OK) {
        cluster->hookErrors++;
        good = false;
    }
    if (call.changed) {
        Tcl_DecrRefCount(call.changed);
    }
    Tcl_DecrRefCount(call.variables[CLUSTER_VAR_PACKET]);
    Tcl_DecrRefCount(call.payload);
    ReleaseOrigin(&call);
    return good;
}

static ClusterVerdict
DelegateMessageIn(void *context, ClusterMessage *message)
{
    ClusterObject *cluster = context;
    ClusterHook *hook;
    bool good = true;

    ClusterObjectHold(cluster);
    hook = SingleHook(cluster, CLUSTER_HOOK_EVALUATE_RECEIVE);
    if (hook) {
        good = FilterMessage(cluster, hook, message);
    }
    if (good && !ClusterNodeClosed(cluster->node)) {
        hook = ClusterHooksFind(&cluster->hooks, CLUSTER_HOOK_CHANNEL_RECEIVE,
                message->packet.field[CLUSTER_CHANNEL].number, NULL);
        good = !hook || FilterMessage(cluster, hook, message);
    }
    ClusterObjectRelease(cluster);
    return good ? CLUSTER_GO_ON : CLUSTER_DROP_IT;
}

/* evaluate service runs in the cluster, as there may be no service yet; service validate in the service. */
static bool
CheckMember(ClusterObject *cluster, ClusterHook *hook, ClusterMessage *message, Tcl_Obj *uuid,
        ClusterServiceObject *service)
{
    ClusterHookCall call;
    Tcl_Obj *name;
    bool good;

    InitCall(&call, cluster, service);
    AddOrigin(&call, message);
    call.payload = ClusterMessagePayload(message);
    call.variables[CLUSTER_VAR_UUID] = uuid;
    call.variables[CLUSTER_VAR_SERVICE_ID] = ClusterPayloadField(&message->packet, CLUSTER_SID);
    call.variables[CLUSTER_VAR_SYSTEM_ID] = ClusterPayloadField(&message->packet, CLUSTER_HID);
    call.variables[CLUSTER_VAR_SERVICE_EXISTS] = Tcl_NewBooleanObj(message->member != NULL);
    name = Tcl_ObjPrintf("::cluster::clusters::%u::services::%s", cluster->id, Tcl_GetString(uuid));
    call.variables[CLUSTER_VAR_SERVICE] = name;
    Tcl_IncrRefCount(call.payload);
    Tcl_IncrRefCount(call.variables[CLUSTER_VAR_SERVICE_ID]);
    Tcl_IncrRefCount(call.variables[CLUSTER_VAR_SYSTEM_ID]);
    Tcl_IncrRefCount(call.variables[CLUSTER_VAR_SERVICE_EXISTS]);
    Tcl_IncrRefCount(name);
    good = RunGate(cluster, hook, &call);
    Tcl_DecrRefCount(name);
    Tcl_DecrRefCount(call.variables[CLUSTER_VAR_SERVICE_EXISTS]);
    Tcl_DecrRefCount(call.variables[CLUSTER_VAR_SYSTEM_ID]);
    Tcl_DecrRefCount(call.variables[CLUSTER_VAR_SERVICE_ID]);
    Tcl_DecrRefCount(call.payload);
    ReleaseOrigin(&call);
    return good;
}

static ClusterVerdict
DelegateMemberIn(void *context, ClusterMessage *message, Tcl_Obj *uuid)
{
    ClusterObject *cluster = context;
    ClusterServiceObject *service;
    ClusterHook *hook;
    bool good = true;

    if (!SingleHook(cluster, CLUSTER_HOOK_EVALUATE_SERVICE)
            && !SingleHook(cluster, CLUSTER_HOOK_SERVICE_VALIDATE)) {
        return CLUSTER_GO_ON;
    }
    ClusterObjectHold(cluster);
    service = HoldService(message->member);
    hook = SingleHook(cluster, CLUSTER_HOOK_EVALUATE_SERVICE);
    if (hook) {
        good = CheckMember(cluster, hook, message, uuid, NULL);
    }
    hook = SingleHook(cluster, CLUSTER_HOOK_SERVICE_VALIDATE);
    if (good && hook && service && service->object) {
        good = CheckMember(cluster, hook, message, uuid, service);
    }
    ReleaseService(service);
    ClusterObjectRelease(cluster);
    return good ? CLUSTER_GO_ON : CLUSTER_DROP_IT;
}

/*
 * ------------------------------------------------------------------------
 * Members
 * ------------------------------------------------------------------------
 */

static bool
DelegateMemberAdded(void *context, ClusterMember *member)
{
    ClusterObject *cluster = context;
    bool good;

    ClusterObjectHold(cluster);
    good = ClusterServiceCreate(cluster, member);
    ClusterObjectRelease(cluster);
    return good;
}

/* Runs one of the hooks that only report something about a member. extra: a variable's value, or NULL. */
static void
NoticeMember(ClusterObject *cluster, ClusterHookKind kind, ClusterMember *member, Tcl_Obj *payload,
        ClusterHookVariable variable, Tcl_Obj *extra, const char *what)
{
    ClusterHook *hook = SingleHook(cluster, kind);
    ClusterServiceObject *service = HoldService(member);
    ClusterHookCall call;

    ClusterObjectHold(cluster);
    if (hook && service && service->object) {
        InitCall(&call, cluster, service);
        call.payload = payload;
        call.variables[variable] = extra;
        RunNotice(cluster, hook, &call, what, NULL);
    }
    ReleaseService(service);
    ClusterObjectRelease(cluster);
}

static void
DelegateMemberTags(void *context, ClusterMember *member, Tcl_Obj *payload, Tcl_Obj *before)
{
    NoticeMember(context, CLUSTER_HOOK_TAGS_CHANGED, member, payload, CLUSTER_VAR_OLD_TAGS, before,
            "hook tags changed");
}

static void
DelegateMemberDiscovered(void *context, ClusterMember *member, Tcl_Obj *payload)
{
    NoticeMember(context, CLUSTER_HOOK_SERVICE_DISCOVERED, member, payload, CLUSTER_VAR_REASON,
            NULL, "hook service discovered");
}

static void
DelegateMemberSuspect(void *context, ClusterMember *member)
{
    NoticeMember(context, CLUSTER_HOOK_SERVICE_SUSPECT, member, NULL, CLUSTER_VAR_REASON, NULL,
            "hook service suspect");
}

static void
DelegateMemberDrained(void *context, ClusterMember *member)
{
    NoticeMember(context, CLUSTER_HOOK_DRAINED, member, NULL, CLUSTER_VAR_REASON, NULL,
            "hook drained");
}

static void
DelegateUndelivered(void *context, ClusterMember *member, const ClusterBlob *packet,
        Tcl_Obj *payload, ClusterUndelivered reason)
{
    ClusterObject *cluster = context;
    Tcl_Obj *why;

    if (!SingleHook(cluster, CLUSTER_HOOK_UNDELIVERED)) {
        return;
    }
    payload = packet ? ClusterNodePayloadOf(cluster->node, packet) : payload;
    why = Tcl_NewStringObj(ClusterUndeliveredName(reason), -1);
    Tcl_IncrRefCount(payload);
    Tcl_IncrRefCount(why);
    NoticeMember(cluster, CLUSTER_HOOK_UNDELIVERED, member, payload, CLUSTER_VAR_REASON, why,
            "hook undelivered");
    Tcl_DecrRefCount(why);
    Tcl_DecrRefCount(payload);
}

static void
DelegateMemberLost(void *context, ClusterMember *member)
{
    ClusterObject *cluster = context;
    ClusterServiceObject *service = HoldService(member);
    Tcl_Obj *reason = Tcl_NewStringObj(ClusterMemberLossReason(member), -1);

    Tcl_IncrRefCount(reason);
    ClusterObjectHold(cluster);
    NoticeMember(cluster, CLUSTER_HOOK_SERVICE_LOST, member, NULL, CLUSTER_VAR_REASON, reason,
            "hook service lost");
    Tcl_DecrRefCount(reason);
    if (service) {
        ClusterServiceEnd(service);
    }
    ReleaseService(service);
    ClusterObjectRelease(cluster);
}

int
ClusterServiceRunHook(ClusterServiceObject *service, Tcl_Interp *interp, Tcl_Obj *payload, int objc,
        Tcl_Obj *const *objv)
{
    ClusterObject *cluster = service->cluster;
    ClusterHookCall call;
    bool bad;
    ClusterHook *hook = ClusterHooksByPath(&cluster->hooks, interp, objc, objv, &bad);
    int code;

    if (!hook) {
        return bad ? TCL_ERROR : TCL_OK;
    }
    ClusterObjectHold(cluster);
    InitCall(&call, cluster, service);
    if (!ClusterHookIsService(hook)) {
        call.my = cluster->my;
    }
    call.payload = payload;
    code = ClusterHookRun(cluster->data, hook, &call);
    ClusterObjectRelease(cluster);
    return code;
}

/*
 * ------------------------------------------------------------------------
 * Queries and events
 * ------------------------------------------------------------------------
 */

/*
 * Runs the hook of a query. True when it is good; the answer in the interp.
 * *later: there is none, as the hook leaves it for later, or has answered.
 */
static bool
RunQuery(ClusterObject *cluster, ClusterHook *hook, ClusterServiceObject *service,
        ClusterMessage *message, bool *later)
{
    ClusterInterp *data = cluster->data;
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);
    ClusterHookCall call;
    bool open, good;

    InitCall(&call, cluster, service);
    call.payload = ClusterMessagePayload(message);
    call.variables[CLUSTER_VAR_PROTOCOL] = ClusterSlotId(message->slot);
    open = ruid && ClusterServiceOpen(service, ruid, ClusterMessageField(message, CLUSTER_CHANNEL));
    if (ruid) {
        Tcl_IncrRefCount(ruid);
    }
    good = ClusterHookRun(data, hook, &call) == TCL_OK;
    cluster->hookErrors += good ? 0 : 1;
    *later = good && call.broken;
    if (*later && ruid && !open) {
        *later = good = false;
        Tcl_SetObjResult(data->interp,
                Tcl_NewStringObj("too many queries are open, or the ruid cannot be sent back", -1));
    } else if (!*later && open) {
        *later = !ClusterServiceClose(service, ruid);
    }
    if (ruid) {
        Tcl_DecrRefCount(ruid);
    }
    return good;
}

/*
 * The hook's result, or its error's text; without a hook an empty answer, and
 * none for a hook that ends with `return -code break`: it answers later.
 */
static bool
DelegateQuery(void *context, ClusterMessage *message, Tcl_Obj **answer)
{
    ClusterObject *cluster = context;
    ClusterInterp *data = cluster->data;
    ClusterHook *hook = SingleHook(cluster, CLUSTER_HOOK_QUERY);
    ClusterServiceObject *service = HoldService(message->member);
    bool good = true, later = false;

    *answer = NULL;
    ClusterObjectHold(cluster);
    ClusterInterpHold(data);
    if (hook && service && service->object) {
        good = RunQuery(cluster, hook, service, message, &later);
        if (data->interp && !later) {
            *answer = Tcl_GetObjResult(data->interp);
            Tcl_IncrRefCount(*answer);
        }
        if (data->interp) {
            Tcl_ResetResult(data->interp);
        }
    }
    if (!*answer && !later) {
        *answer = Tcl_NewObj();
        Tcl_IncrRefCount(*answer);
    }
    ReleaseService(service);
    ClusterInterpRelease(data);
    ClusterObjectRelease(cluster);
    return good;
}

static bool
DelegateEvent(void *context, ClusterMessage *message, Tcl_Obj **error)
{
    ClusterObject *cluster = context;
    ClusterHook *hook = SingleHook(cluster, CLUSTER_HOOK_EVENT);
    ClusterServiceObject *service;
    ClusterHookCall call;
    bool good = true;

    if (!hook) {
        return true;
    }
    service = HoldService(message->member);
    ClusterObjectHold(cluster);
    if (service && service->object) {
        InitCall(&call, cluster, service);
        call.payload = ClusterMessagePayload(message);
        call.variables[CLUSTER_VAR_PROTOCOL] = ClusterSlotId(message->slot);
        good = RunNotice(cluster, hook, &call, "hook event", error);
    }
    ReleaseService(service);
    ClusterObjectRelease(cluster);
    return good;
}

static void
DelegateConfirmed(void *context, ClusterMember *member, Tcl_Obj *confirm,
        ClusterConfirmStatus status, const char *reason, Tcl_Obj *text)
{
    ClusterConfirmTold(context, member, confirm, status, reason, text);
}

/* There is no service: nobody knows whose it was. */
static void
DelegateUnsealed(void *context, const char *reason, Tcl_Obj *address, Tcl_Obj *protocol)
{
    ClusterObject *cluster = context;
    ClusterHook *hook = SingleHook(cluster, CLUSTER_HOOK_UNSEALED);
    ClusterHookCall call;
    Tcl_Obj *why;

    if (!hook) {
        return;
    }
    ClusterObjectHold(cluster);
    InitCall(&call, cluster, NULL);
    why = Tcl_NewStringObj(reason, -1);
    Tcl_IncrRefCount(why);
    call.variables[CLUSTER_VAR_REASON] = why;
    call.variables[CLUSTER_VAR_ADDRESS] = address;
    call.variables[CLUSTER_VAR_PROTOCOL] = protocol;
    RunNotice(cluster, hook, &call, "hook unsealed", NULL);
    Tcl_DecrRefCount(why);
    ClusterObjectRelease(cluster);
}

/*
 * ------------------------------------------------------------------------
 * On the way out
 * ------------------------------------------------------------------------
 */

/* One of the hooks that may change a payload to be sent, or cancel it. Only they need it as a dict. */
static bool
FilterPayload(ClusterObject *cluster, ClusterHook *hook, ClusterOutgoing *outgoing)
{
    ClusterHookCall call;
    bool good;

    InitCall(&call, cluster, NULL);
    call.payload = ClusterOutgoingPayload(outgoing);
    call.writable = CLUSTER_VAR_PAYLOAD;
    good = RunGate(cluster, hook, &call);
    if (call.changed) {
        ClusterOutgoingAdopt(outgoing, call.changed);
        Tcl_DecrRefCount(call.changed);
    }
    return good;
}

static ClusterHook *
FindChannelSend(ClusterObject *cluster, const ClusterOutgoing *outgoing)
{
    uint64_t channel;

    if (cluster->hooks.counts[CLUSTER_HOOK_CHANNEL_SEND] == 0
            || !ClusterOutgoingNumber(outgoing, CLUSTER_CHANNEL, &channel)) {
        return NULL;
    }
    return ClusterHooksFind(&cluster->hooks, CLUSTER_HOOK_CHANNEL_SEND, channel, NULL);
}

static bool
DelegatePayloadOut(void *context, ClusterOutgoing *outgoing, bool toAll)
{
    ClusterObject *cluster = context;
    ClusterHook *hook;
    bool good = true;

    ClusterObjectHold(cluster);
    hook = SingleHook(cluster, CLUSTER_HOOK_EVALUATE_SEND);
    if (hook) {
        good = FilterPayload(cluster, hook, outgoing);
    }
    hook = toAll ? SingleHook(cluster, CLUSTER_HOOK_BROADCAST) : NULL;
    if (good && hook) {
        good = FilterPayload(cluster, hook, outgoing);
    }
    hook = FindChannelSend(cluster, outgoing);
    if (good && hook) {
        good = FilterPayload(cluster, hook, outgoing);
    }
    ClusterObjectRelease(cluster);
    return good;
}

static ClusterBlob *
DelegatePacketOut(void *context, ClusterSlot *slot, ClusterBlob *blob)
{
    ClusterObject *cluster = context;
    ClusterHook *hook = ClusterHooksFind(&cluster->hooks, CLUSTER_HOOK_PROTOCOL_SEND, 0,
            Tcl_GetString(ClusterSlotId(slot)));
    ClusterBlob *result = NULL;
    ClusterHookCall call;
    Tcl_Obj *packet;
    Tcl_Size length;
    const unsigned char *bytes;

    if (!hook) {
        return ClusterBlobHold(blob);
    }
    ClusterObjectHold(cluster);
    InitCall(&call, cluster, NULL);
    packet = Tcl_NewByteArrayObj(blob->bytes, (Tcl_Size) blob->length);
    Tcl_IncrRefCount(packet);
    call.variables[CLUSTER_VAR_PACKET] = packet;
    call.variables[CLUSTER_VAR_PROTOCOL] = ClusterSlotId(slot);
    call.writable = CLUSTER_VAR_PACKET;
    if (RunGate(cluster, hook, &call)) {
        if (!call.changed) {
            result = ClusterBlobHold(blob);
        } else if ((bytes = ClusterPayloadBytes(call.changed, &length)) != NULL) {
            result = ClusterBlobNew(bytes, (size_t) length);
        }
    }
    if (call.changed) {
        Tcl_DecrRefCount(call.changed);
    }
    Tcl_DecrRefCount(packet);
    ClusterObjectRelease(cluster);
    return result;
}

static void
DelegateQueryEvent(void *context, ClusterQuery *query, ClusterQueryEvent event,
        ClusterMember *member, Tcl_Obj *payload, const char *reason)
{
    ClusterObject *cluster = context;

    ClusterObjectHold(cluster);
    ClusterQueryTold(query, event, member, payload, reason);
    ClusterObjectRelease(cluster);
}

const ClusterNodeDelegate clusterObjectDelegate = {
        .packetIn = DelegatePacketIn,
        .messageIn = DelegateMessageIn,
        .memberIn = DelegateMemberIn,
        .memberAdded = DelegateMemberAdded,
        .memberTags = DelegateMemberTags,
        .memberDiscovered = DelegateMemberDiscovered,
        .memberSuspect = DelegateMemberSuspect,
        .memberLost = DelegateMemberLost,
        .memberDrained = DelegateMemberDrained,
        .undelivered = DelegateUndelivered,
        .query = DelegateQuery,
        .event = DelegateEvent,
        .confirmed = DelegateConfirmed,
        .payloadOut = DelegatePayloadOut,
        .packetOut = DelegatePacketOut,
        .queryEvent = DelegateQueryEvent,
        .unsealed = DelegateUnsealed,
};
