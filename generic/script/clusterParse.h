/*
 * clusterParse.h --
 *
 *	Arguments that hooks and commands parse alike, with the messages for
 *	those that are wrong.
 */

#ifndef CLUSTER_PARSE_H
#define CLUSTER_PARSE_H

#include "base/clusterCompat.h"

#include <stdint.h>

/* A channel's or a packet type's number, or its name. TCL_ERROR with a message. */
int ClusterParseChannel(Tcl_Interp *interp, Tcl_Obj *value, uint64_t *channel);
int ClusterParseType(Tcl_Interp *interp, Tcl_Obj *value, int64_t *type);

/*
 * "-name value ..." into values[] by index of names, which end with NULL; the
 * last of a name wins. TCL_ERROR on an unknown name or a missing value.
 */
int ClusterParseOptions(Tcl_Interp *interp, const char *const *names, int objc,
        Tcl_Obj *const *objv, Tcl_Obj **values);

#endif
