/*
 * clusterObject.h --
 *
 *	The state behind a cluster's Tcl object, for the layers script and command.
 *
 *	Counted: the TclOO object holds one reference (metadata), each call under
 *	way another. The object may be gone while the struct lives: `object` is
 *	NULL then. It is made and ended in command/clusterObject.c.
 */

#ifndef CLUSTER_OBJECT_H
#define CLUSTER_OBJECT_H

#include "node/clusterNode.h"
#include "script/clusterHooks.h"
#include "script/clusterInterp.h"

/* A joined cluster. Holds its node, whose context it is. */
typedef struct ClusterObject {
    size_t refCount;
    ClusterInterp *data; /* held */
    Tcl_Object object;
    unsigned id;   /* N in ::cluster::clusters::N */
    Tcl_Obj *name; /* ::cluster::clusters::cluster_N */
    Tcl_Obj *my;
    Tcl_Obj *config; /* a dict, as `config` returns it */
    ClusterNode *node;
    ClusterHooks hooks;
    uint64_t hookErrors;    /* errors of hooks since join */
    size_t openQueries;     /* left open by hooks, of all members */
    ClusterListEntry entry; /* in data->clusters, while it has an object */
} ClusterObject;

#endif
