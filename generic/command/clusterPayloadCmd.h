/*
 * clusterPayloadCmd.h --
 *
 *	The methods of a cluster that make payloads.
 */

#ifndef CLUSTER_PAYLOAD_CMD_H
#define CLUSTER_PAYLOAD_CMD_H

#include "command/clusterCommandInt.h"

ClusterMethodProc ClusterCmdPayload;
ClusterMethodProc ClusterCmdDiscoveryPayload;
ClusterMethodProc ClusterCmdHeartbeatPayload;
ClusterMethodProc ClusterCmdFlushPayload;
ClusterMethodProc ClusterCmdDisconnectPayload;
ClusterMethodProc ClusterCmdQueryPayload;
ClusterMethodProc ClusterCmdResponsePayload;
ClusterMethodProc ClusterCmdPingPayload;
ClusterMethodProc ClusterCmdEventPayload;
ClusterMethodProc ClusterCmdFailedPayload;

/* A list of property names, such as {protoprops tags}, to CLUSTER_WITH_ bits; other names are no properties of ours. */
int ClusterParseWith(Tcl_Interp *interp, Tcl_Obj *props, int *with);

#endif
