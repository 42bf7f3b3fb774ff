/*
 * clusterMulticast.h --
 *
 *	Transport `c`, multicast datagrams. Option: {interface LIST}, where to send and to listen.
 */

#ifndef CLUSTER_MULTICAST_H
#define CLUSTER_MULTICAST_H

#include "transport/clusterTransport.h"

extern const ClusterTransportType clusterMulticastType;

#endif
