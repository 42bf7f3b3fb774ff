/*
 * clusterAnswerCmd.c --
 *
 *	Queries that a hook left open, and `$service answer`, which answers them.
 */

#include "base/clusterError.h"
#include "command/clusterCommandInt.h"

/* Of one service: it decides how many it sends, and how long their ruids are. */
#define OPEN_MOST   16384
#define RUID_LENGTH 1024

bool
ClusterServiceOpen(ClusterServiceObject *service, Tcl_Obj *ruid, Tcl_Obj *channel)
{
    Tcl_Size size = 0, length;

    Tcl_GetStringFromObj(ruid, &length);
    if (service->open) {
        Tcl_DictObjSize(NULL, service->open, &size);
    } else {
        service->open = Tcl_NewDictObj();
        Tcl_IncrRefCount(service->open);
    }
    if (size >= OPEN_MOST || length > RUID_LENGTH) {
        return false;
    }
    Tcl_DictObjPut(NULL, service->open, ruid, channel);
    return true;
}

bool
ClusterServiceClose(ClusterServiceObject *service, Tcl_Obj *ruid)
{
    Tcl_Size before = 0, after = 0;

    if (service->open) {
        Tcl_DictObjSize(NULL, service->open, &before);
        Tcl_DictObjRemove(NULL, service->open, ruid);
        Tcl_DictObjSize(NULL, service->open, &after);
    }
    return after < before;
}

/* The channel an open query came on, borrowed. NULL with a message when there is none. */
static Tcl_Obj *
OpenChannel(const ClusterServiceObject *service, Tcl_Interp *interp, Tcl_Obj *ruid)
{
    Tcl_Obj *channel = NULL;

    if (service->open) {
        Tcl_DictObjGet(NULL, service->open, ruid, &channel);
    }
    if (!channel) {
        ClusterFail(interp,
                Tcl_ObjPrintf("no query \"%s\" of this service is open", Tcl_GetString(ruid)),
                "CLUSTER", "QUERY", "UNKNOWN", Tcl_GetString(ruid), (char *) NULL);
    }
    return channel;
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

/*
 * service answer RUID ?-data D? ?-raw R? ?-error E? ?-channel N?: answers a
 * query that its hook left open, or will leave open as it runs now, on the
 * query's channel unless told otherwise. One that cannot be sent leaves it open.
 */
int
ClusterServiceCmdAnswer(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterServiceObject *service = self;
    Tcl_Obj *values[OPTS] = {NULL}, *channel;
    ClusterOutgoing answer;
    uint64_t number;
    int code;

    if (ClusterParseOptions(interp, optionNames, objc - 1, objv + 1, values) != TCL_OK
            || ClusterObjectAlive(service->cluster, interp) != TCL_OK
            || (channel = OpenChannel(service, interp, objv[0])) == NULL
            || ClusterParseChannel(interp, values[OPT_CHANNEL] ? values[OPT_CHANNEL] : channel,
                       &number)
                    != TCL_OK) {
        return TCL_ERROR;
    }
    MakeAnswer(service->cluster->node, objv[0], number, values, &answer);
    code = ClusterServiceSend(service, interp, &answer, NULL, CLUSTER_SERVICE_SEND_FLAGS);
    ClusterOutgoingFree(&answer);
    if (code == TCL_OK && *Tcl_GetString(Tcl_GetObjResult(interp))) {
        ClusterServiceClose(service, objv[0]);
    }
    return code;
}
