/*
 * clusterMethod.h --
 *
 *	Tables of methods: one row and one function make a method. Methods that
 *	only give a value away are facts, with a table of their own.
 */

#ifndef CLUSTER_METHOD_H
#define CLUSTER_METHOD_H

#include "base/clusterCompat.h"

#include <stdbool.h>

/* objv[0] is the first argument; their count was checked. self is held while it runs. */
typedef int(ClusterMethodProc)(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

typedef struct ClusterMethod {
    const char *name;
    ClusterMethodProc *proc;
    int least, most;   /* arguments; most -1 for any number */
    const char *usage; /* for the message on wrong # args; NULL for none */
} ClusterMethod;

/* The value, borrowed or new; NULL for an empty one. */
typedef Tcl_Obj *(ClusterFactProc) (void *self);

/* A method without arguments, errors or effects. */
typedef struct ClusterFact {
    const char *name;
    ClusterFactProc *proc;
} ClusterFact;

/*
 * Makes an object's state from the arguments of `CLASS create NAME ...` and
 * gives it to the object as metadata. TCL_ERROR with a message.
 */
typedef int(ClusterConstructProc)(Tcl_Interp *interp, Tcl_Object object, int objc,
        Tcl_Obj *const *objv);

/* A class whose methods are C. */
typedef struct ClusterClassInfo {
    const char *name;             /* "::cluster::service"; NULL: several classes share this */
    const ClusterMethod *methods; /* ends with a row without name */
    const ClusterFact *facts;     /* the same; NULL for none */
    const Tcl_ObjectMetadataType *metadata; /* of the objects */
    void (*hold)(void *self);
    void (*release)(void *self);
    ClusterConstructProc *construct; /* NULL: scripts cannot make such objects */
    void (*destroy)(void *self);     /* the destructor; self is held; NULL for nothing to do */
    const char *how;                 /* how such objects come to be, for messages */
} ClusterClassInfo;

/* `oo::class create NAME`, or the class of that name if it exists. NULL with a message. */
Tcl_Class ClusterMethodCreateClass(Tcl_Interp *interp, const char *name);
/* Gives a class its methods, constructor and destructor. info must live for ever. */
void ClusterMethodInstall(Tcl_Interp *interp, Tcl_Class class, const ClusterClassInfo *info);
/* A clone proc of metadata: copies of live objects cannot be made. */
int ClusterMethodRefuseCopy(Tcl_Interp *interp, void *old, void **copy);

#endif
