/*
 * cluster.h --
 *
 *	What the shared library exports: its init functions.
 */

#ifndef CLUSTER_H
#define CLUSTER_H

#include "base/clusterCompat.h"

DLLEXPORT int Cluster_Init(Tcl_Interp *interp);
DLLEXPORT int Cluster_SafeInit(Tcl_Interp *interp);

#endif
