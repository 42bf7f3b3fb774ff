/*
 * clusterQueryInt.h --
 *
 *	A query's object, for the files of `$cluster query` alone.
 */

#ifndef CLUSTER_QUERY_INT_H
#define CLUSTER_QUERY_INT_H

#include "base/clusterHold.h"
#include "command/clusterCommandInt.h"

/* Counted like the objects of clusterCommandInt.h. */
typedef struct ClusterQueryObject {
    size_t refCount;
    ClusterObject *cluster; /* held */
    ClusterQuery *query;    /* held; NULL before it starts */
    Tcl_Object object;
    Tcl_Obj *name;
    Tcl_Obj *id;
    Tcl_Obj *command; /* prefix, a list */
    Tcl_Obj *text;    /* what is asked */
    Tcl_Obj *channel, *props;
    Tcl_Obj *service;  /* name of the service of the latest answer, or NULL */
    Tcl_Obj *payload;  /* the latest answer, or NULL */
    Tcl_Obj *reason;   /* of the latest answer, when that is an error, or NULL */
    Tcl_Obj *payloads; /* dict: service, payload */
    bool collect;
    Tcl_Obj *results; /* dict: service, {event E result V} */
    bool ending;
} ClusterQueryObject;

/* ---- clusterQueryClass.c ---- */

/* An object without query and TclOO object yet, one reference; NULL without memory. */
ClusterQueryObject *ClusterQueryObjectNew(ClusterObject *cluster, Tcl_Obj *id);
/* Makes the TclOO object, which takes a reference of its own. False with a message. */
bool ClusterQueryObjectPublish(ClusterQueryObject *query);
void ClusterQueryObjectHold(void *self);
void ClusterQueryObjectRelease(void *self);
/* Destroys the TclOO object, unless that is under way. */
void ClusterQueryObjectEnd(ClusterQueryObject *query);

/* ---- clusterQueryCallback.c ---- */

/*
 * Calls the command for an event, which is an answer of `service` or NULL.
 * The command's result is kept for an answer when the query collects; `break`
 * ends the query; an error is reported in the background and goes no further.
 */
void ClusterQueryObjectCall(ClusterQueryObject *query, const char *event, Tcl_Obj *service);

#endif
