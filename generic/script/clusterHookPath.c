/*
 * clusterHookPath.c --
 *
 *	The kinds of hooks, and the paths by which scripts name them.
 */

#include "base/clusterError.h"
#include "script/clusterHooksInt.h"
#include "script/clusterParse.h"

#include <string.h>

const ClusterHookRow clusterHookRows[CLUSTER_HOOK_KINDS] = {
        [CLUSTER_HOOK_EVALUATE_RECEIVE] = {{"evaluate", "receive"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_EVALUATE_SEND] = {{"evaluate", "send"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_EVALUATE_SERVICE] = {{"evaluate", "service"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_CLUSTER, false},
        [CLUSTER_HOOK_SERVICE_VALIDATE] = {{"service", "validate"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_SERVICE, false},
        [CLUSTER_HOOK_SERVICE_DISCOVERED] = {{"service", "discovered"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_SERVICE, false},
        [CLUSTER_HOOK_SERVICE_LOST] = {{"service", "lost"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_SERVICE, false},
        [CLUSTER_HOOK_QUERY] = {{"query", NULL}, CLUSTER_HOOK_NO_PARAMETER, CLUSTER_CLASS_SERVICE,
                false},
        [CLUSTER_HOOK_EVENT] = {{"event", NULL}, CLUSTER_HOOK_NO_PARAMETER, CLUSTER_CLASS_SERVICE,
                false},
        [CLUSTER_HOOK_TAGS_CHANGED] = {{"tags", "changed"}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_SERVICE, false},
        [CLUSTER_HOOK_BROADCAST] = {{"broadcast", NULL}, CLUSTER_HOOK_NO_PARAMETER,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_CHANNEL_RECEIVE] = {{"channel", "receive"}, CLUSTER_HOOK_OF_CHANNEL,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_CHANNEL_SEND] = {{"channel", "send"}, CLUSTER_HOOK_OF_CHANNEL,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_PROTOCOL_RECEIVE] = {{"protocol", "receive"}, CLUSTER_HOOK_OF_PROTOCOL,
                CLUSTER_CLASS_CLUSTER, true},
        [CLUSTER_HOOK_PROTOCOL_SEND] = {{"protocol", "send"}, CLUSTER_HOOK_OF_PROTOCOL,
                CLUSTER_CLASS_CLUSTER, true},
};

#define VALID_PATHS                                                                                \
   "broadcast, channel N receive, channel N send, evaluate receive, evaluate send, "               \
   "evaluate service, event, protocol P receive, protocol P send, query, service discovered, "     \
   "service evaluate, service lost, service validate, or tags changed"

/* Does the pair of words name the row, in either order? */
static bool
SameWords(const ClusterHookRow *row, const char *first, const char *second)
{
    const char *a = row->words[0], *b = row->words[1];

    return (strcmp(first, a) == 0 && strcmp(second, b) == 0)
            || (strcmp(first, b) == 0 && strcmp(second, a) == 0);
}

static bool
IsList(Tcl_Obj *value)
{
    Tcl_Size length;

    return Tcl_ListObjLength(NULL, value, &length) == TCL_OK && length > 0;
}

/* "channel 5 send" and "channel send 5" are the same. */
static bool
MatchThree(const ClusterHookRow *row, Tcl_Obj *const *objv, ClusterHookPath *path)
{
    if (row->parameter == CLUSTER_HOOK_NO_PARAMETER
            || strcmp(Tcl_GetString(objv[0]), row->words[0]) != 0) {
        return false;
    }
    if (strcmp(Tcl_GetString(objv[2]), row->words[1]) == 0) {
        path->parameters = objv[1];
    } else if (strcmp(Tcl_GetString(objv[1]), row->words[1]) == 0) {
        path->parameters = objv[2];
    } else {
        return false;
    }
    return IsList(path->parameters);
}

static bool
MatchRow(const ClusterHookRow *row, int objc, Tcl_Obj *const *objv, ClusterHookPath *path)
{
    path->parameters = NULL;
    if (objc == 3) {
        return MatchThree(row, objv, path);
    }
    if (row->parameter != CLUSTER_HOOK_NO_PARAMETER) {
        return false;
    }
    if (objc == 2) {
        return row->words[1] && SameWords(row, Tcl_GetString(objv[0]), Tcl_GetString(objv[1]));
    }
    return objc == 1 && !row->words[1] && strcmp(Tcl_GetString(objv[0]), row->words[0]) == 0;
}

bool
ClusterHookPathParse(int objc, Tcl_Obj *const *objv, ClusterHookPath *path)
{
    Tcl_Obj **words;
    Tcl_Size count;
    int kind;

    for (kind = 0; kind < CLUSTER_HOOK_KINDS; kind++) {
        if (MatchRow(&clusterHookRows[kind], objc, objv, path)) {
            path->kind = (ClusterHookKind) kind;
            return true;
        }
    }
    return objc == 1 && Tcl_ListObjGetElements(NULL, objv[0], &count, &words) == TCL_OK && count > 1
            && count <= 3 && ClusterHookPathParse((int) count, words, path);
}

Tcl_Obj *
ClusterHookPathCanonical(ClusterHookKind kind, const char *parameter)
{
    const ClusterHookRow *row = &clusterHookRows[kind];
    Tcl_Obj *path = Tcl_NewListObj(0, NULL);

    Tcl_ListObjAppendElement(NULL, path, Tcl_NewStringObj(row->words[0], -1));
    if (parameter) {
        Tcl_ListObjAppendElement(NULL, path, Tcl_NewStringObj(parameter, -1));
    }
    if (row->words[1]) {
        Tcl_ListObjAppendElement(NULL, path, Tcl_NewStringObj(row->words[1], -1));
    }
    return path;
}

Tcl_Obj *
ClusterHookPathParameter(Tcl_Interp *interp, ClusterHookParameter parameter, Tcl_Obj *value)
{
    uint64_t channel;

    if (parameter == CLUSTER_HOOK_OF_PROTOCOL) {
        return value;
    }
    if (ClusterParseChannel(interp, value, &channel) != TCL_OK) {
        return NULL;
    }
    return Tcl_NewWideIntObj((Tcl_WideInt) channel);
}

int
ClusterHookPathUnknown(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *given = Tcl_NewListObj(objc, objv);

    Tcl_IncrRefCount(given);
    ClusterFail(interp,
            Tcl_ObjPrintf("unknown hook \"%s\": must be " VALID_PATHS, Tcl_GetString(given)),
            "CLUSTER", "HOOK", Tcl_GetString(given), NULL);
    Tcl_DecrRefCount(given);
    return TCL_ERROR;
}
