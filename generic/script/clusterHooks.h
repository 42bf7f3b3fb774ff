/*
 * clusterHooks.h --
 *
 *	Hooks: scripts stored by path, and the one place that evaluates them.
 *
 *	A hook becomes an unexported method of the class whose object it runs
 *	in, named after cluster and path, so that `my`, [self], `return` and
 *	namespaces are those of a method. Its variables are set on the way in by
 *	::cluster::_enter, and `payload` (or `packet`) is read back on the way
 *	out by ::oo::cluster::leave.
 */

#ifndef CLUSTER_HOOKS_H
#define CLUSTER_HOOKS_H

#include "script/clusterInterp.h"

typedef enum ClusterHookKind {
    CLUSTER_HOOK_EVALUATE_RECEIVE,
    CLUSTER_HOOK_EVALUATE_SEND,
    CLUSTER_HOOK_EVALUATE_SERVICE,
    CLUSTER_HOOK_SERVICE_VALIDATE,
    CLUSTER_HOOK_SERVICE_DISCOVERED,
    CLUSTER_HOOK_SERVICE_LOST,
    CLUSTER_HOOK_SERVICE_SUSPECT,
    CLUSTER_HOOK_QUERY,
    CLUSTER_HOOK_EVENT,
    CLUSTER_HOOK_TAGS_CHANGED,
    CLUSTER_HOOK_DRAINED,
    CLUSTER_HOOK_UNDELIVERED,
    CLUSTER_HOOK_UNSEALED,
    CLUSTER_HOOK_BROADCAST,
    CLUSTER_HOOK_CHANNEL_RECEIVE,
    CLUSTER_HOOK_CHANNEL_SEND, /* one for each channel */
    CLUSTER_HOOK_PROTOCOL_RECEIVE,
    CLUSTER_HOOK_PROTOCOL_SEND, /* one for each protocol */
    CLUSTER_HOOK_KINDS
} ClusterHookKind;

typedef struct ClusterHook ClusterHook;

/* The hooks of one cluster. */
typedef struct ClusterHooks {
    ClusterInterp *data;                     /* borrowed from the cluster object */
    unsigned number;                         /* in the names of methods; the cluster's alone */
    Tcl_HashTable byPath;                    /* canonical path -> ClusterHook */
    int counts[CLUSTER_HOOK_KINDS];          /* how many of each kind there are */
    ClusterHook *single[CLUSTER_HOOK_KINDS]; /* the one of a kind that has no parameter */
} ClusterHooks;

/*
 * One evaluation. Filled in by the caller, who holds all values; variables
 * that stay NULL are not set.
 */
typedef struct ClusterHookCall {
    Tcl_Obj *my;      /* the `my` command of the object to run in */
    Tcl_Obj *payload; /* its keys become variables, and $payload; may be NULL */
    Tcl_Obj *variables[CLUSTER_HOOK_VARIABLES]; /* others; they win over the payload's keys */
    int writable;                               /* a ClusterHookVariable to read back, 0 for none */
    bool wholeData;                             /* $data is the payload when that has no data */
    Tcl_Obj *changed; /* out: the new value, held, when the hook changed it; else NULL */
    bool broken;      /* out: it ended with `return -code break`, which is TCL_OK otherwise */
    bool entered;
    unsigned classesLost; /* the interp's count when it began */
    struct ClusterHookCall *outer;
} ClusterHookCall;

void ClusterHooksInit(ClusterHooks *hooks, ClusterInterp *data, unsigned number);
/* Removes all, their methods too. */
void ClusterHooksFree(ClusterHooks *hooks);

/*
 * $cluster hook ...: no argument, all as a dict of path and body; a path, its
 * body; a path and a body, stores it (empty: removes it).
 */
int ClusterHooksCommand(ClusterHooks *hooks, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

/* The body stored under a path, an empty value when there is none; NULL with a message for an unknown path. */
Tcl_Obj *ClusterHooksBody(const ClusterHooks *hooks, Tcl_Interp *interp, int objc,
        Tcl_Obj *const *objv);

/* The hook of a path, NULL when there is none, or with a message when the path is unknown (*bad). */
ClusterHook *ClusterHooksByPath(const ClusterHooks *hooks, Tcl_Interp *interp, int objc,
        Tcl_Obj *const *objv, bool *bad);
/* May it run in a service's object? The others run in the cluster's. */
bool ClusterHookIsService(const ClusterHook *hook);

/* The hook of a kind, NULL when there is none. channel and protocol as the kind asks. */
ClusterHook *ClusterHooksFind(const ClusterHooks *hooks, ClusterHookKind kind, uint64_t channel,
        const char *protocol);

/*
 * Runs it. Returns a Tcl code, the result in the interp; the caller resets
 * that. `changed` is filled in whatever the code. The hook may have destroyed
 * everything: what the caller wants afterwards it holds. Returns TCL_ERROR
 * when the interp is being deleted.
 */
int ClusterHookRun(ClusterInterp *data, ClusterHook *hook, ClusterHookCall *call);

/* Makes ::cluster::_enter and ::oo::cluster::leave. */
void ClusterHooksCommands(Tcl_Interp *interp, ClusterInterp *data);

#endif
