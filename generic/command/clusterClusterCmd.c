/*
 * clusterClusterCmd.c --
 *
 *	The table of a cluster's methods, and those of them that change something:
 *	tags, channels, hooks, beats and pings.
 */

#include "base/clusterError.h"
#include "command/clusterFactCmd.h"
#include "command/clusterCommandInt.h"
#include "command/clusterPayloadCmd.h"
#include "node/clusterTags.h"
#include "command/clusterTransportCmd.h"

#include <string.h>

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

    if (objc > 0) {
        if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
            return TCL_ERROR;
        }
        tags = ClusterTagsApply(ClusterNodeTags(cluster->node), objc, objv, &culprit, &list);
        if (!tags && list) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("\"%s\" is not a list of tags, or not a pair where one is wanted",
                            Tcl_GetString(culprit)),
                    "CLUSTER", "TAGS", "LIST", NULL);
        }
        if (!tags) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("unknown modifier \"%s\": must be %s", Tcl_GetString(culprit),
                            ClusterTagsModifiers()),
                    "CLUSTER", "TAGS", "MODIFIER", Tcl_GetString(culprit), NULL);
        }
        Tcl_IncrRefCount(tags);
        ClusterNodeSetTags(cluster->node, tags);
        Tcl_DecrRefCount(tags);
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
                    "CHANNEL", Tcl_GetString(words[i]), NULL);
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
                    "CLUSTER", "CHANNEL", "VERB", Tcl_GetString(objv[0]), NULL);
        }
        if (ChangeChannels(cluster->node, interp, verb < 4, objv[1]) != TCL_OK) {
            return TCL_ERROR;
        }
    } else if (objc == 1) {
        return ClusterFail(interp, Tcl_NewStringObj("a verb needs a list of channels", -1),
                "CLUSTER", "CHANNEL", NULL);
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
 * Beats and pings
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
                "CLUSTER", "VALUE", NULL);
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
    ClusterSendDetails details;
    ClusterSendStatus status;

    (void) objc;
    if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    status = ClusterNodeBroadcast(cluster->node, objv[0], 0, &details);
    if (ClusterSendFail(interp, status, &details) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(status == CLUSTER_SEND_DONE));
    return TCL_OK;
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
        {"broadcast", BroadcastCmd, 1, 1, "payload"},
        {"cancel_service_ping", CancelPingCmd, 1, 1, "service_id"},
        {"channel", ChannelCmd, 0, 2, "?verb channels?"},
        {"check_filter", ClusterCmdCheckFilter, 1, 1, "filter"},
        {"config", ClusterCmdConfig, 0, -1, NULL},
        {"disconnect_payload", ClusterCmdDisconnectPayload, 0, 3, "?payload? ?tags? ?known?"},
        {"discover", DiscoverCmd, 0, 2, "?ruid? ?channel?"},
        {"discovery_payload", ClusterCmdDiscoveryPayload, 0, 4,
                "?props? ?tags? ?channel? ?payload?"},
        {"event", ClusterCmdEvent, 2, -1, "what event ?arg ...?"},
        {"event_payload", ClusterCmdEventPayload, 2, 4, "request channel ?tags? ?known?"},
        {"expect_services", ExpectServicesCmd, 1, 1, "services"},
        {"failed_payload", ClusterCmdFailedPayload, 1, 4, "request ?channel? ?tags? ?known?"},
        {"flush_payload", ClusterCmdFlushPayload, 0, 4, "?props? ?tags? ?channel? ?payload?"},
        {"get_channel", ClusterCmdGetChannel, 1, 1, "channel"},
        {"get_type", ClusterCmdGetType, 1, 1, "type"},
        {"heartbeat", HeartbeatCmd, 0, 3, "?props? ?tags? ?channel?"},
        {"heartbeat_after", HeartbeatAfterCmd, 1, 1, "ms"},
        {"heartbeat_payload", ClusterCmdHeartbeatPayload, 0, 4,
                "?props? ?tags? ?channel? ?payload?"},
        {"hook", HookCmd, 0, -1, NULL},
        {"is_local", ClusterCmdIsLocal, 1, 1, "address"},
        {"payload", ClusterCmdPayload, 3, 5, "type channel payload ?tags? ?known?"},
        {"ping_payload", ClusterCmdPingPayload, 1, 2, "services ?channel?"},
        {"props", ClusterCmdProps, 0, -1, NULL},
        {"protocol", ClusterCmdProtocol, 1, 1, "protocol"},
        {"protocols", ClusterCmdProtocols, 0, 1, "?objects?"},
        {"query", QueryCmd, 0, -1, NULL},
        {"query_payload", ClusterCmdQueryPayload, 2, 6,
                "ruid query ?filter? ?channel? ?tags? ?known?"},
        {"query_done", QueryDoneCmd, 1, 1, "id"},
        {"query_response", QueryResponseCmd, 2, 2, "service payload"},
        {"receive", ClusterCmdReceive, 3, 3, "protocol chanID packet"},
        {"resolve", ClusterCmdResolve, 1, -1, "filter ?filter ...?"},
        {"resolve_self", ClusterCmdResolveSelf, 1, 2, "tag ?mode?"},
        {"resolver", ClusterCmdResolver, 0, -1, "?option ...? list ?..."},
        {"resolver_self", ClusterCmdResolverSelf, 1, -1, "?option ...? list ?..."},
        {"response_payload", ClusterCmdResponsePayload, 2, 4, "response channel ?tags? ?known?"},
        {"run_hook", RunHookCmd, 1, -1, "path ?...?"},
        {"schedule_service_ping", SchedulePingCmd, 1, 1, "service_id"},
        {"send", ClusterCmdSend, 0, -1, NULL},
        {"send_payload", ClusterCmdSendPayload, 3, 4,
                "services payload protocols ?allow_broadcast?"},
        {"send_service_ping", SendPingCmd, 0, 0, NULL},
        {"service", ClusterCmdService, 4, 4, "protocol chanID payload descriptor"},
        {"tags", TagsCmd, 0, -1, NULL},
        {NULL, NULL, 0, 0, NULL},
};
