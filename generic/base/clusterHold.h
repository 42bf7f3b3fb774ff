/*
 * clusterHold.h --
 *
 *	A field that holds a reference to a Tcl value.
 */

#ifndef CLUSTER_HOLD_H
#define CLUSTER_HOLD_H

#include "base/clusterCompat.h"

/*
 * Puts a value (new, or held elsewhere; NULL for none) into a field in place
 * of what is there: takes a reference, and drops that of the old value last,
 * as freeing it may end the new one.
 */
static inline void
ClusterReplaceObj(Tcl_Obj **field, Tcl_Obj *value)
{
    Tcl_Obj *before = *field;

    if (value) {
        Tcl_IncrRefCount(value);
    }
    *field = value;
    if (before) {
        Tcl_DecrRefCount(before);
    }
}

#endif
