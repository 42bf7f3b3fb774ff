/*
 * clusterFactCmd.h --
 *
 *	Methods of a cluster that change nothing (see clusterFactCmd.c).
 */

#ifndef CLUSTER_FACT_CMD_H
#define CLUSTER_FACT_CMD_H

#include "command/clusterCommandInt.h"

extern const ClusterFact clusterFacts[];
ClusterMethodProc ClusterCmdConfig;
ClusterMethodProc ClusterCmdProtocols;
ClusterMethodProc ClusterCmdProtocol;
ClusterMethodProc ClusterCmdProps;
ClusterMethodProc ClusterCmdIsLocal;
ClusterMethodProc ClusterCmdGetType;
ClusterMethodProc ClusterCmdGetChannel;
ClusterMethodProc ClusterCmdResolve;
ClusterMethodProc ClusterCmdResolver;
ClusterMethodProc ClusterCmdResolveSelf;
ClusterMethodProc ClusterCmdResolverSelf;
ClusterMethodProc ClusterCmdCheckFilter;

#endif
