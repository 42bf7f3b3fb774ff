/*
 * clusterMethod.h --
 *
 *	Tables of methods: one row and one function make a method.
 */

#ifndef CLUSTER_METHOD_H
#define CLUSTER_METHOD_H

#include "clusterCompat.h"

#include <stdbool.h>

/* objv[0] is the first argument; their count was checked. self is held while it runs. */
typedef int(ClusterMethodProc)(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

typedef struct ClusterMethod {
    const char *name;
    ClusterMethodProc *proc;
    int least, most;   /* arguments; most -1 for any number */
    const char *usage; /* for the message on wrong # args; NULL for none */
} ClusterMethod;

/* A class whose methods are C. */
typedef struct ClusterClassInfo {
    const char *name;               /* "::cluster::service" */
    const ClusterMethod *methods;   /* ends with a row without name */
    const Tcl_MethodType *callType; /* its callProc is one line: ClusterMethodCall with the info */
    const Tcl_MethodType *constructorType; /* refuses */
    const Tcl_MethodType *destructorType;
    const Tcl_ObjectMetadataType *metadata; /* of the objects */
    void (*hold)(void *self);
    void (*release)(void *self);
    const char *how; /* how such objects come to be, for messages */
} ClusterClassInfo;

/* What a callProc does: checks the arguments, finds the object's state, holds it, calls the row. */
int ClusterMethodCall(const ClusterClassInfo *info, const ClusterMethod *row, Tcl_Interp *interp,
        Tcl_ObjectContext context, int objc, Tcl_Obj *const *objv);
/* What a constructor's callProc does: says that scripts cannot make such objects. */
int ClusterMethodRefuse(const ClusterClassInfo *info, Tcl_Interp *interp);
/* What a metadata clone proc does: copies of live objects cannot be made. */
int ClusterMethodRefuseCopy(Tcl_Interp *interp, void *old, void **copy);

#endif
