/*
 * clusterTcp.h --
 *
 *	Transport `t`, TCP connections. Option: {port N}, what to listen on (0: any).
 */

#ifndef CLUSTER_TCP_H
#define CLUSTER_TCP_H

#include "transport/clusterTransport.h"

extern const ClusterTransportType clusterTcpType;

#endif
