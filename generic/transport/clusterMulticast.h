/*
 * clusterMulticast.h --
 *
 *	Transport `c`, multicast datagrams. Option: {interface NAME}, where to send from.
 */

#ifndef CLUSTER_MULTICAST_H
#define CLUSTER_MULTICAST_H

#include "transport/clusterTransport.h"

extern const ClusterTransportType clusterMulticastType;

#endif
