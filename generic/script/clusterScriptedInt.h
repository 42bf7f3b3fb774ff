/*
 * clusterScriptedInt.h --
 *
 *	Transports written in Tcl and their links, for the files that make
 *	them alone.
 */

#ifndef CLUSTER_SCRIPTED_INT_H
#define CLUSTER_SCRIPTED_INT_H

#include "script/clusterScripted.h"

/* Counted: one while it is in the table, one for each call that goes on with it. */
struct ScriptedLink {
    size_t refCount;
    Tcl_Obj *name;        /* the chanID */
    Tcl_HashEntry *entry; /* keyed by chanID; NULL once closed */
    void *owner;
};

/* Counted: one for being open, one for each call of the script under way. */
typedef struct ClusterScriptedTransport {
    ClusterTransport base;
    size_t refCount;
    bool closed;
    struct ScriptedType *type; /* held */
    const ClusterTransportDelegate *delegate;
    void *context;
    Tcl_Obj *name;       /* of the object */
    Tcl_HashTable links; /* chanID -> struct ScriptedLink */
    Tcl_Obj *chanID;     /* lent by the latest ScriptedDescribe, as is the next; NULL before */
    Tcl_Obj *descriptor;
    ClusterTraffic traffic;
} ClusterScriptedTransport;

/* ---- clusterScriptedLink.c ---- */

/* Takes it out of the table: nobody finds it any more. */
void ClusterScriptedDrop(struct ScriptedLink *link);
/* Rows of the type table. */
void *ClusterScriptedOwn(ClusterLink *handle, void *owner);
bool ClusterScriptedIsOpen(const ClusterLink *handle);

#endif
