/*
 * clusterInterp.h --
 *
 *	What the package keeps for each interpreter: its classes, the clusters
 *	joined from it, and the hooks under way.
 */

#ifndef CLUSTER_INTERP_H
#define CLUSTER_INTERP_H

#include "base/clusterList.h"
#include "base/clusterMethod.h"
#include "script/clusterHookVariables.h"

#include <stdbool.h>
#include <stddef.h>

struct ClusterHookCall;

typedef enum ClusterClassId {
    CLUSTER_CLASS_CLUSTER,
    CLUSTER_CLASS_SERVICE,
    CLUSTER_CLASS_QUERY,
    CLUSTER_CLASS_PROTOCOL /* of the first built-in transport; those of the others follow in their order */
} ClusterClassId;

/* What an id stands for in this interp. */
typedef struct ClusterClass {
    Tcl_Obj *name;                /* as it is made; held */
    const ClusterClassInfo *info; /* lives for ever */
    Tcl_Class class;              /* NULL while it does not exist */
} ClusterClass;

/*
 * Counted: the interp's association holds one, and so does each cluster, class,
 * command and type of a transport written in Tcl. After the interp is gone
 * `interp` is NULL.
 */
typedef struct ClusterInterp {
    size_t refCount;
    Tcl_Interp *interp;
    ClusterClass *classes; /* by ClusterClassId */
    int classCount;
    unsigned classesLost;  /* how many were destroyed */
    ClusterList clusters;  /* of ClusterObject */
    unsigned lastId;       /* of clusters and queries */
    unsigned *freeNumbers; /* of clusters that are gone, for later ones */
    size_t freeCount, freeRoom;
    unsigned lastNumber;
    bool exitHandler;
    struct ClusterHookCall *call; /* the innermost hook under way */
    ClusterHookNames names;
} ClusterInterp;

/* The interp's data, made at the first call; NULL only without memory. */
ClusterInterp *ClusterInterpGet(Tcl_Interp *interp);
void ClusterInterpHold(ClusterInterp *data);
void ClusterInterpRelease(ClusterInterp *data);

/*
 * A number for a cluster, from 1, that no other has now; to be given back.
 * Ids are never used twice, but TclOO remembers every method name that was
 * ever called, so those are made of these.
 */
unsigned ClusterInterpTakeNumber(ClusterInterp *data);
void ClusterInterpGiveNumber(ClusterInterp *data, unsigned number);

/*
 * Says what the ids stand for, beginning with 0 and one after the other, and
 * makes the class. Does nothing for one that is known and exists. TCL_ERROR with a message.
 */
int ClusterInterpAddClass(ClusterInterp *data, int id, const char *name,
        const ClusterClassInfo *info);
/* "::cluster::service" or what the class was renamed to; made anew if a script destroyed it. NULL with a message. */
Tcl_Obj *ClusterInterpClassName(ClusterInterp *data, int id);
/* Sees that at `exit` goodbyes are said and files removed. Makes the thread's loop, which has to outlive that. */
void ClusterInterpWatchExit(ClusterInterp *data);

/*
 * A new object of a class, with metadata, constructor not called. Where hooks
 * run in it, its namespace's path leads to ::cluster. NULL with a message.
 */
Tcl_Object ClusterInterpNewObject(ClusterInterp *data, int id, const char *name,
        const Tcl_ObjectMetadataType *type, void *metadata);
/* The object's `my` command, as a new value. */
Tcl_Obj *ClusterInterpMy(Tcl_Object object);

#endif
