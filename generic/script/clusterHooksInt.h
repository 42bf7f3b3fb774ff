/*
 * clusterHooksInt.h --
 *
 *	The paths of hooks, for the files that store and run hooks alone.
 */

#ifndef CLUSTER_HOOKS_INT_H
#define CLUSTER_HOOKS_INT_H

#include "script/clusterHooks.h"

/* What stands between the words of a path. */
typedef enum ClusterHookParameter {
    CLUSTER_HOOK_NO_PARAMETER,
    CLUSTER_HOOK_OF_CHANNEL,
    CLUSTER_HOOK_OF_PROTOCOL
} ClusterHookParameter;

typedef struct ClusterHookRow {
    const char *words[2]; /* canonical; the parameter stands between them */
    ClusterHookParameter parameter;
    int class;         /* a ClusterClassId: whose method it becomes */
    bool filter;       /* may change what it is shown */
    bool listReversed; /* known by its words in the other order too, so messages name both */
} ClusterHookRow;

extern const ClusterHookRow clusterHookRows[]; /* by ClusterHookKind */

/* A path as given: which kind, and for which channels or protocols (a list, NULL for none). */
typedef struct ClusterHookPath {
    ClusterHookKind kind;
    Tcl_Obj *parameters;
} ClusterHookPath;

/* ---- clusterHookPath.c ---- */

/* The words may be one, a list. False when they are no path. path->parameters is one of them. */
bool ClusterHookPathParse(int objc, Tcl_Obj *const *objv, ClusterHookPath *path);
/* The canonical path, a new list. */
Tcl_Obj *ClusterHookPathCanonical(ClusterHookKind kind, const char *parameter);
/* The parameter in its canonical form: a channel's number, a protocol's id. NULL with a message. */
Tcl_Obj *ClusterHookPathParameter(Tcl_Interp *interp, ClusterHookParameter parameter,
        Tcl_Obj *value);
/* Says that the words are no path. TCL_ERROR. */
int ClusterHookPathUnknown(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

#endif
