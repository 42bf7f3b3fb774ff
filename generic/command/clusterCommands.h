/*
 * clusterCommands.h --
 *
 *	The commands of the ensemble ::cluster.
 */

#ifndef CLUSTER_COMMANDS_H
#define CLUSTER_COMMANDS_H

#include "script/clusterInterp.h"

/* Makes the ensemble and its commands. TCL_ERROR with a message. */
int ClusterCommandsInit(ClusterInterp *data);

/* clusterJoin.c: clientData is the ClusterInterp */
Tcl_ObjCmdProc ClusterJoinCmd;

#endif
