/*
 * clusterHookPath.c --
 *
 *	The kinds of hooks, and the paths by which scripts name them.
 */

#include "base/clusterError.h"
#include "script/clusterHooksInt.h"
#include "script/clusterParse.h"

#include <stdlib.h>
#include <string.h>

const ClusterHookRow clusterHookRows[] = {
        [CLUSTER_HOOK_EVALUATE_RECEIVE] = {{"evaluate", "receive"}, .filter = true},
        [CLUSTER_HOOK_EVALUATE_SEND] = {{"evaluate", "send"}, .filter = true},
        [CLUSTER_HOOK_EVALUATE_SERVICE] = {{"evaluate", "service"}, .listReversed = true},
        [CLUSTER_HOOK_SERVICE_VALIDATE] = {{"service", "validate"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_SERVICE_DISCOVERED] = {{"service", "discovered"},
                .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_SERVICE_LOST] = {{"service", "lost"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_SERVICE_SUSPECT] = {{"service", "suspect"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_QUERY] = {{"query"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_EVENT] = {{"event"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_TAGS_CHANGED] = {{"tags", "changed"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_DRAINED] = {{"drained"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_UNDELIVERED] = {{"undelivered"}, .class = CLUSTER_CLASS_SERVICE},
        [CLUSTER_HOOK_UNSEALED] = {{"unsealed"}, .class = CLUSTER_CLASS_CLUSTER},
        [CLUSTER_HOOK_BROADCAST] = {{"broadcast"}, .filter = true},
        [CLUSTER_HOOK_CHANNEL_RECEIVE] = {{"channel", "receive"},
                .parameter = CLUSTER_HOOK_OF_CHANNEL, .filter = true},
        [CLUSTER_HOOK_CHANNEL_SEND] = {{"channel", "send"}, .parameter = CLUSTER_HOOK_OF_CHANNEL,
                .filter = true},
        [CLUSTER_HOOK_PROTOCOL_RECEIVE] = {{"protocol", "receive"},
                .parameter = CLUSTER_HOOK_OF_PROTOCOL, .filter = true},
        [CLUSTER_HOOK_PROTOCOL_SEND] = {{"protocol", "send"}, .parameter = CLUSTER_HOOK_OF_PROTOCOL,
                .filter = true},
};

_Static_assert(CLUSTER_COUNT(clusterHookRows) == CLUSTER_HOOK_KINDS, "a kind of hook has no row");
_Static_assert(CLUSTER_CLASS_CLUSTER == 0, "rows that name no class mean the cluster's");

/* What messages show in a parameter's place. */
static const char *const placeholders[] = {
        [CLUSTER_HOOK_NO_PARAMETER] = NULL,
        [CLUSTER_HOOK_OF_CHANNEL] = "N",
        [CLUSTER_HOOK_OF_PROTOCOL] = "P",
};

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

static int
ComparePaths(const void *first, const void *second)
{
    return strcmp(Tcl_GetString(*(Tcl_Obj *const *) first),
            Tcl_GetString(*(Tcl_Obj *const *) second));
}

/* The paths there are, in the order of the alphabet, each held. Returns their count. */
static int
ListPaths(Tcl_Obj *paths[2 * CLUSTER_HOOK_KINDS])
{
    int kind, count = 0, i;

    for (kind = 0; kind < CLUSTER_HOOK_KINDS; kind++) {
        const ClusterHookRow *row = &clusterHookRows[kind];

        paths[count++] =
                ClusterHookPathCanonical((ClusterHookKind) kind, placeholders[row->parameter]);
        if (row->listReversed) {
            paths[count++] = Tcl_ObjPrintf("%s %s", row->words[1], row->words[0]);
        }
    }
    for (i = 0; i < count; i++) {
        Tcl_IncrRefCount(paths[i]);
    }
    qsort(paths, (size_t) count, sizeof paths[0], ComparePaths);
    return count;
}

int
ClusterHookPathUnknown(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *given = Tcl_NewListObj(objc, objv), *paths[2 * CLUSTER_HOOK_KINDS], *message;
    int count = ListPaths(paths), i;

    Tcl_IncrRefCount(given);
    message = Tcl_ObjPrintf("unknown hook \"%s\": must be ", Tcl_GetString(given));
    for (i = 0; i < count; i++) {
        Tcl_AppendPrintfToObj(message, "%s%s%s", i == 0 ? "" : ", ", i == count - 1 ? "or " : "",
                Tcl_GetString(paths[i]));
        Tcl_DecrRefCount(paths[i]);
    }
    ClusterFail(interp, message, "CLUSTER", "HOOK", Tcl_GetString(given), (char *) NULL);
    Tcl_DecrRefCount(given);
    return TCL_ERROR;
}
