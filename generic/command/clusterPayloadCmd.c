/*
 * clusterPayloadCmd.c --
 *
 *	`$cluster payload` and its relatives, one for each type of packet.
 */

#include "command/clusterPayloadCmd.h"

#include "base/clusterError.h"

#include <string.h>

int
ClusterParseWith(Tcl_Interp *interp, Tcl_Obj *props, int *with)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(interp, props, &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        const char *word = Tcl_GetString(words[i]);

        if (Tcl_StringCaseMatch(word, "protop*", TCL_MATCH_NOCASE)) {
            *with |= CLUSTER_WITH_PROPS;
        } else if (strcmp(word, "tags") == 0) {
            *with |= CLUSTER_WITH_TAGS;
        }
    }
    return TCL_OK;
}

/* The optional arguments that most have. */
typedef struct Extras {
    Tcl_Obj *channel, *tags, *known; /* NULL when not given */
    int withTags, withKnown;         /* by default */
} Extras;

/* Leaves the payload as the result. extra: a dict, checked here; held by the caller. */
static int
ReturnPayload(ClusterObject *cluster, Tcl_Interp *interp, int64_t type, Tcl_Obj *extra,
        const Extras *given)
{
    Extras extras = *given;
    uint64_t channel = CLUSTER_CHANNEL_BROADCAST;
    Tcl_Size size;

    if ((extras.channel && ClusterParseChannel(interp, extras.channel, &channel) != TCL_OK)
            || (extras.tags
                    && Tcl_GetBooleanFromObj(interp, extras.tags, &extras.withTags) != TCL_OK)
            || (extras.known
                    && Tcl_GetBooleanFromObj(interp, extras.known, &extras.withKnown) != TCL_OK)
            || (extra && Tcl_DictObjSize(interp, extra, &size) != TCL_OK)) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp,
            ClusterNodePayload(cluster->node, type, channel, extra, extras.withTags != 0,
                    extras.withKnown != 0));
    return TCL_OK;
}

static Tcl_Obj *
ArgumentAt(int objc, Tcl_Obj *const *objv, int index)
{
    return index < objc ? objv[index] : NULL;
}

/* payload TYPE CHANNEL PAYLOAD ?TAGS KNOWN? */
int
ClusterCmdPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {objv[1], ArgumentAt(objc, objv, 3), ArgumentAt(objc, objv, 4), 0, 1};
    int64_t type;

    if (ClusterParseType(interp, objv[0], &type) != TCL_OK) {
        return TCL_ERROR;
    }
    return ReturnPayload(self, interp, type, objv[2], &extras);
}

/* ?PROPS TAGS CHANNEL PAYLOAD?, data being the properties named. */
static int
ReturnPropsPayload(ClusterObject *cluster, Tcl_Interp *interp, int64_t type, int objc,
        Tcl_Obj *const *objv)
{
    const ClusterPayloadKeys *keys = ClusterNodeKeys(cluster->node);
    Extras extras = {ArgumentAt(objc, objv, 2), ArgumentAt(objc, objv, 1), NULL, 0, 1};
    Tcl_Obj *extra = ArgumentAt(objc, objv, 3), *data;
    Tcl_Size size, count = 0;
    int with = 0, code;

    if ((objc > 0
                && (ClusterParseWith(interp, objv[0], &with) != TCL_OK
                        || Tcl_ListObjLength(interp, objv[0], &count) != TCL_OK))
            || (extra && Tcl_DictObjSize(interp, extra, &size) != TCL_OK)) {
        return TCL_ERROR;
    }
    extra = extra ? Tcl_DuplicateObj(extra) : Tcl_NewDictObj();
    Tcl_IncrRefCount(extra);
    if (count > 0) {
        data = (with & CLUSTER_WITH_PROPS) ? ClusterNodeProps(cluster->node) : Tcl_NewDictObj();
        Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_DATA], data);
    }
    code = ReturnPayload(cluster, interp, type, extra, &extras);
    Tcl_DecrRefCount(extra);
    return code;
}

int
ClusterCmdDiscoveryPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    return ReturnPropsPayload(self, interp, CLUSTER_DISCOVERY, objc, objv);
}

int
ClusterCmdHeartbeatPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    return ReturnPropsPayload(self, interp, CLUSTER_HEARTBEAT, objc, objv);
}

int
ClusterCmdFlushPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    return ReturnPropsPayload(self, interp, CLUSTER_FLUSH, objc, objv);
}

/* disconnect_payload ?PAYLOAD TAGS KNOWN? */
int
ClusterCmdDisconnectPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {NULL, ArgumentAt(objc, objv, 1), ArgumentAt(objc, objv, 2), 1, 1};

    return ReturnPayload(self, interp, CLUSTER_DISCONNECT, ArgumentAt(objc, objv, 0), &extras);
}

/* query_payload RUID QUERY ?FILTER CHANNEL TAGS KNOWN? */
int
ClusterCmdQueryPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const ClusterPayloadKeys *keys = ClusterNodeKeys(((ClusterObject *) self)->node);
    Extras extras = {ArgumentAt(objc, objv, 3), ArgumentAt(objc, objv, 4),
            ArgumentAt(objc, objv, 5), 0, 0};
    Tcl_Obj *extra = Tcl_NewDictObj(), *filter = ArgumentAt(objc, objv, 2);
    int code;

    Tcl_IncrRefCount(extra);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_RUID], objv[0]);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_DATA], objv[1]);
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_FILTER], filter ? filter : Tcl_NewObj());
    Tcl_DictObjPut(NULL, extra, keys->name[CLUSTER_KEEPALIVE], Tcl_NewIntObj(1));
    code = ReturnPayload(self, interp, CLUSTER_QUERY, extra, &extras);
    Tcl_DecrRefCount(extra);
    return code;
}

/* response_payload RESPONSE CHANNEL ?TAGS KNOWN? */
int
ClusterCmdResponsePayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {objv[1], ArgumentAt(objc, objv, 2), ArgumentAt(objc, objv, 3), 0, 0};

    return ReturnPayload(self, interp, CLUSTER_RESPONSE, objv[0], &extras);
}

/* event_payload REQUEST CHANNEL ?TAGS KNOWN? */
int
ClusterCmdEventPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {objv[1], ArgumentAt(objc, objv, 2), ArgumentAt(objc, objv, 3), 0, 0};

    return ReturnPayload(self, interp, CLUSTER_EVENT, objv[0], &extras);
}

/* A payload whose data is the argument. */
static int
ReturnDataPayload(ClusterObject *cluster, Tcl_Interp *interp, int64_t type, Tcl_Obj *data,
        const Extras *extras)
{
    Tcl_Obj *extra = Tcl_NewDictObj();
    int code;

    Tcl_IncrRefCount(extra);
    Tcl_DictObjPut(NULL, extra, ClusterNodeKeys(cluster->node)->name[CLUSTER_DATA], data);
    code = ReturnPayload(cluster, interp, type, extra, extras);
    Tcl_DecrRefCount(extra);
    return code;
}

/* ping_payload SERVICES ?CHANNEL? */
int
ClusterCmdPingPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {ArgumentAt(objc, objv, 1), NULL, NULL, 0, 1};

    return ReturnDataPayload(self, interp, CLUSTER_PING, objv[0], &extras);
}

/* failed_payload REQUEST ?CHANNEL TAGS KNOWN? */
int
ClusterCmdFailedPayload(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Extras extras = {ArgumentAt(objc, objv, 1), ArgumentAt(objc, objv, 2),
            ArgumentAt(objc, objv, 3), 0, 0};

    return ReturnDataPayload(self, interp, CLUSTER_FAILURE, objv[0], &extras);
}
