/*
 * clusterClusterCmd.c --
 *
 *	The table of a cluster's methods, and those of them that change something:
 *	tags, channels, hooks, heartbeats and pings.
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "command/clusterFactCmd.h"
#include "command/clusterCommandInt.h"
#include "command/clusterPayloadCmd.h"
#include "command/clusterSealCmd.h"
#include "node/clusterTags.h"
#include "command/clusterTransportCmd.h"

/*
 * ------------------------------------------------------------------------
 * Tags, channels, hooks
 * ------------------------------------------------------------------------
 */

/* tags ?modifier tag ...? ... */
static int
TagsCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    Tcl_Obj *tags, *culprit = NULL;
    bool list = false;
    int code;

    if (objc > 0) {
        if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
            return TCL_ERROR;
        }
        tags = ClusterTagsApply(ClusterNodeTags(cluster->node), objc, objv, &culprit, &list);
        if (!tags && list) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("\"%s\" is not a list of tags, or not a pair where one is wanted",
                            Tcl_GetString(culprit)),
                    "CLUSTER", "TAGS", "LIST", (char *) NULL);
        }
        if (!tags) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("unknown modifier \"%s\": must be %s", Tcl_GetString(culprit),
                            ClusterTagsModifiers()),
                    "CLUSTER", "TAGS", "MODIFIER", Tcl_GetString(culprit), (char *) NULL);
        }
        Tcl_IncrRefCount(tags);
        code = ClusterFitFail(interp, ClusterNodeFitTags(cluster->node, tags));
        if (code == TCL_OK && (code = ClusterObjectAlive(cluster, interp)) == TCL_OK) {
            ClusterNodeSetTags(cluster->node, tags);
        }
        Tcl_DecrRefCount(tags);
        if (code != TCL_OK) {
            return code;
        }
    }
    Tcl_SetObjResult(interp, ClusterNodeTags(cluster->node));
    return TCL_OK;
}

static Tcl_Obj *
ChannelList(const ClusterNode *node)
{
    size_t count, i;
    const uint64_t *channels = ClusterNodeChannels(node, &count);
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);

    for (i = 0; i < count; i++) {
        Tcl_ListObjAppendElement(NULL, list, Tcl_NewWideIntObj((Tcl_WideInt) channels[i]));
    }
    return list;
}

/* Checks every channel before the first changes. */
static int
ChangeChannels(ClusterNode *node, Tcl_Interp *interp, bool join, Tcl_Obj *list)
{
    Tcl_Obj **words;
    Tcl_Size count, i;
    uint64_t channel;

    if (Tcl_ListObjGetElements(interp, list, &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        if (ClusterParseChannel(interp, words[i], &channel) != TCL_OK) {
            return TCL_ERROR;
        }
        if (!join && channel <= CLUSTER_CHANNEL_LAN) {
            return ClusterFail(interp,
                    Tcl_NewStringObj("You may not leave the default channels 0-2", -1), "CLUSTER",
                    "CHANNEL", Tcl_GetString(words[i]), (char *) NULL);
        }
    }
    for (i = 0; i < count; i++) {
        ClusterParseChannel(interp, words[i], &channel);
        if (join) {
            ClusterNodeJoinChannel(node, channel);
        } else {
            ClusterNodeLeaveChannel(node, channel);
        }
    }
    return TCL_OK;
}

/* channel VERB CHANNELS; without arguments the channels joined. */
static int
ChannelCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    static const char *const verbs[] = {"subscribe", "enter", "join", "add", "unsubscribe", "exit",
            "leave", "remove", NULL};
    ClusterObject *cluster = self;
    int verb;

    if (objc == 2) {
        Tcl_Obj *lower = Tcl_DuplicateObj(objv[0]);
        int code;

        Tcl_SetObjLength(lower, Tcl_UtfToLower(Tcl_GetString(lower)));
        Tcl_IncrRefCount(lower);
        code = Tcl_GetIndexFromObjStruct(NULL, lower, verbs, sizeof verbs[0], "verb", TCL_EXACT,
                &verb);
        Tcl_DecrRefCount(lower);
        if (code != TCL_OK) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("unknown verb \"%s\": must be subscribe, enter, join, add, "
                                  "unsubscribe, exit, leave, or remove",
                            Tcl_GetString(objv[0])),
                    "CLUSTER", "CHANNEL", "VERB", Tcl_GetString(objv[0]), (char *) NULL);
        }
        if (ChangeChannels(cluster->node, interp, verb < 4, objv[1]) != TCL_OK) {
            return TCL_ERROR;
        }
    } else if (objc == 1) {
        return ClusterFail(interp, Tcl_NewStringObj("a verb needs a list of channels", -1),
                "CLUSTER", "CHANNEL", (char *) NULL);
    }
    Tcl_SetObjResult(interp, ChannelList(cluster->node));
    return TCL_OK;
}

static int
HookCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;

    if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return ClusterHooksCommand(&cluster->hooks, interp, objc, objv);
}

/*
 * ------------------------------------------------------------------------
 * Heartbeats, pings and queries
 * ------------------------------------------------------------------------
 */

/* heartbeat ?props tags channel?: whether it went out. */
static int
HeartbeatCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    uint64_t channel = CLUSTER_CHANNEL_BROADCAST;
    int with = 0, tags = 0;
    bool sent;

    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (objc > 0 && ClusterParseWith(interp, objv[0], &with) != TCL_OK)
            || (objc > 1 && Tcl_GetBooleanFromObj(interp, objv[1], &tags) != TCL_OK)
            || (objc > 2 && ClusterParseChannel(interp, objv[2], &channel) != TCL_OK)) {
        return TCL_ERROR;
    }
    sent = ClusterNodeHeartbeat(cluster->node, with | (tags ? CLUSTER_WITH_TAGS : 0), channel);
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(sent));
    return TCL_OK;
}

static int
HeartbeatAfterCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    Tcl_WideInt ms;

    (void) objc;
    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[0], &ms) != TCL_OK) {
        return TCL_ERROR;
    }
    if (ms < 0) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad time \"%s\": must be 0 or more milliseconds",
                        Tcl_GetString(objv[0])),
                "CLUSTER", "VALUE", (char *) NULL);
    }
    ClusterNodeHeartbeatAfter(cluster->node, ms);
    return TCL_OK;
}

/* discover ?ruid channel?: whether the probe went out. */
static int
DiscoverCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    uint64_t channel = CLUSTER_CHANNEL_BROADCAST;
    Tcl_Obj *ruid = objc > 0 && *Tcl_GetString(objv[0]) ? objv[0] : NULL;
    bool sent;

    if (ClusterObjectAlive(cluster, interp) != TCL_OK
            || (objc > 1 && ClusterParseChannel(interp, objv[1], &channel) != TCL_OK)) {
        return TCL_ERROR;
    }
    sent = ClusterNodeDiscover(cluster->node, ruid, channel);
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(sent));
    return TCL_OK;
}

/* broadcast PAYLOAD: 1 when it went out, 0 when a hook cancelled it or it could not. */
static int
BroadcastCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterOutcomes outcomes = {.done = 0};
    ClusterSendDetails details;
    ClusterSendStatus status;
    ClusterOutgoing outgoing;
    int code;

    (void) objc;
    if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterOutgoingInit(&outgoing, ClusterNodeKeys(cluster->node));
    ClusterOutgoingAdopt(&outgoing, objv[0]);
    status = ClusterNodeBroadcast(cluster->node, &outgoing, 0, &details);
    code = status == CLUSTER_SEND_OVERSIZED
            ? ClusterSendLarge(cluster, interp, &outgoing, &outcomes)
            : ClusterSendFail(interp, status, &details);
    if (code == TCL_OK) {
        Tcl_SetObjResult(interp,
                Tcl_NewBooleanObj(status == CLUSTER_SEND_DONE || outcomes.done > 0));
    }
    ClusterReplaceObj(&outcomes.refused, NULL);
    ClusterOutgoingFree(&outgoing);
    return code;
}

static int
QueryCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    if (ClusterObjectAlive(self, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return ClusterQueryCreate(self, interp, objc, objv);
}

static int
SchedulePingCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    (void) objc;
    ClusterNodeSchedulePing(((ClusterObject *) self)->node, objv[0]);
    return TCL_OK;
}

static int
CancelPingCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    (void) objc;
    ClusterNodeCancelPing(((ClusterObject *) self)->node, objv[0]);
    return TCL_OK;
}

static int
SendPingCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) interp;
    (void) objc;
    (void) objv;
    ClusterNodeSendPing(((ClusterObject *) self)->node);
    return TCL_OK;
}

static int
ExpectServicesCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Size count;

    (void) objc;
    if (Tcl_ListObjLength(interp, objv[0], &count) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeExpect(((ClusterObject *) self)->node, objv[0]);
    return TCL_OK;
}

/* query_done ID: ends the query of that id, if there is one. */
static int
QueryDoneCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterQuery *query =
            ClusterNodeQueryById(((ClusterObject *) self)->node, Tcl_GetString(objv[0]));

    (void) objc;
    if (query) {
        ClusterQueryEnd(query);
    }
    Tcl_ResetResult(interp);
    return TCL_OK;
}

/* query_response SERVICE PAYLOAD: an answer came; whether a query waited for it. */
static int
QueryResponseCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterMember *member = ClusterServiceFind(cluster, interp, objv[0]);
    bool awaited;

    (void) objc;
    if (!member) {
        return TCL_ERROR;
    }
    awaited = ClusterNodeAnswer(cluster->node, member, objv[1]);
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(awaited));
    return TCL_OK;
}

/* trace ?ON?: whether it writes to standard error what happens; switches that. */
static int
TraceCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterNode *node = ((ClusterObject *) self)->node;
    int on;

    if (objc == 1) {
        if (Tcl_GetBooleanFromObj(NULL, objv[0], &on) != TCL_OK) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("expected boolean value but got \"%s\"", Tcl_GetString(objv[0])),
                    "CLUSTER", "TRACE", Tcl_GetString(objv[0]), NULL);
        }
        ClusterNodeSetTrace(node, on != 0);
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterNodeTrace(node)));
    return TCL_OK;
}

/* run_hook PATH...: evaluates the hook's body where it is called, with the variables that are there. */
static int
RunHookCmd(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *body = ClusterHooksBody(&((ClusterObject *) self)->hooks, interp, objc, objv);
    int code;

    if (!body) {
        return TCL_ERROR;
    }
    Tcl_IncrRefCount(body);
    code = Tcl_EvalObjEx(interp, body, 0);
    Tcl_DecrRefCount(body);
    return code;
}

const ClusterMethod clusterMethods[] = {
        {"broadcast", BroadcastCmd, .least = 1, .most = 1, .usage = "payload"},
        {"cancel_service_ping", CancelPingCmd, .least = 1, .most = 1, .usage = "service_id"},
        {"channel", ChannelCmd, .most = 2, .usage = "?verb channels?"},
        {"check_filter", ClusterCmdCheckFilter, .least = 1, .most = 1, .usage = "filter"},
        {"config", ClusterCmdConfig, .most = -1},
        {"disconnect_payload", ClusterCmdDisconnectPayload, .most = 3,
                .usage = "?payload? ?tags? ?known?"},
        {"discover", DiscoverCmd, .most = 2, .usage = "?ruid? ?channel?"},
        {"discovery_payload", ClusterCmdDiscoveryPayload, .most = 4,
                .usage = "?props? ?tags? ?channel? ?payload?"},
        {"event", ClusterCmdEvent, .least = 2, .most = -1, .usage = "what event ?arg ...?"},
        {"event_payload", ClusterCmdEventPayload, .least = 2, .most = 4,
                .usage = "request channel ?tags? ?known?"},
        {"expect_services", ExpectServicesCmd, .least = 1, .most = 1, .usage = "services"},
        {"failed_payload", ClusterCmdFailedPayload, .least = 1, .most = 4,
                .usage = "request ?channel? ?tags? ?known?"},
        {"flush_payload", ClusterCmdFlushPayload, .most = 4,
                .usage = "?props? ?tags? ?channel? ?payload?"},
        {"get_channel", ClusterCmdGetChannel, .least = 1, .most = 1, .usage = "channel"},
        {"get_type", ClusterCmdGetType, .least = 1, .most = 1, .usage = "type"},
        {"heartbeat", HeartbeatCmd, .most = 3, .usage = "?props? ?tags? ?channel?"},
        {"heartbeat_after", HeartbeatAfterCmd, .least = 1, .most = 1, .usage = "ms"},
        {"heartbeat_payload", ClusterCmdHeartbeatPayload, .most = 4,
                .usage = "?props? ?tags? ?channel? ?payload?"},
        {"hook", HookCmd, .most = -1},
        {"is_local", ClusterCmdIsLocal, .least = 1, .most = 1, .usage = "address"},
        {"keys", ClusterCmdKeys, .most = -1},
        {"payload", ClusterCmdPayload, .least = 3, .most = 5,
                .usage = "type channel payload ?tags? ?known?"},
        {"ping_payload", ClusterCmdPingPayload, .least = 1, .most = 2,
                .usage = "services ?channel?"},
        {"props", ClusterCmdProps, .most = -1},
        {"protocol", ClusterCmdProtocol, .least = 1, .most = 1, .usage = "protocol"},
        {"protocols", ClusterCmdProtocols, .most = 1, .usage = "?objects?"},
        {"query", QueryCmd, .most = -1},
        {"query_payload", ClusterCmdQueryPayload, .least = 2, .most = 6,
                .usage = "ruid query ?filter? ?channel? ?tags? ?known?"},
        {"query_done", QueryDoneCmd, .least = 1, .most = 1, .usage = "id"},
        {"query_response", QueryResponseCmd, .least = 2, .most = 2, .usage = "service payload"},
        {"receive", ClusterCmdReceive, .least = 3, .most = 3, .usage = "protocol chanID packet"},
        {"resolve", ClusterCmdResolve, .least = 1, .most = -1, .usage = "filter ?filter ...?"},
        {"resolve_self", ClusterCmdResolveSelf, .least = 1, .most = 2, .usage = "tag ?mode?"},
        {"resolver", ClusterCmdResolver, .most = -1, .usage = "?option ...? list ?..."},
        {"resolver_self", ClusterCmdResolverSelf, .least = 1, .most = -1,
                .usage = "?option ...? list ?..."},
        {"response_payload", ClusterCmdResponsePayload, .least = 2, .most = 4,
                .usage = "response channel ?tags? ?known?"},
        {"run_hook", RunHookCmd, .least = 1, .most = -1, .usage = "path ?...?"},
        {"schedule_service_ping", SchedulePingCmd, .least = 1, .most = 1, .usage = "service_id"},
        {"send", ClusterCmdSend, .most = -1},
        {"send_payload", ClusterCmdSendPayload, .least = 3, .most = 4,
                .usage = "services payload protocols ?allow_broadcast?"},
        {"send_service_ping", SendPingCmd, .most = 0},
        {"service", ClusterCmdService, .least = 4, .most = 4,
                .usage = "protocol chanID payload descriptor"},
        {"tags", TagsCmd, .most = -1},
        {"trace", TraceCmd, .most = 1, .usage = "?boolean?"},
        {.name = NULL},
};
