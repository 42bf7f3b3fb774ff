/*
 * clusterTransportCmd.h --
 *
 *	What transports written in Tcl call: methods of the cluster and of services.
 */

#ifndef CLUSTER_TRANSPORT_CMD_H
#define CLUSTER_TRANSPORT_CMD_H

#include "command/clusterCommandInt.h"

/* $cluster event, receive, service */
ClusterMethodProc ClusterCmdEvent;
ClusterMethodProc ClusterCmdReceive;
ClusterMethodProc ClusterCmdService;
/* $service event, receive, validate */
ClusterMethodProc ClusterServiceCmdEvent;
ClusterMethodProc ClusterServiceCmdReceive;
ClusterMethodProc ClusterServiceCmdValidate;

#endif
