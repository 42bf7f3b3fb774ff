/*
 * clusterDatagram.h --
 *
 *	Transport `d`: unicast datagrams, for the membership itself. It is none of
 *	the built-in ones: scripts cannot join with it, and it is in nobody's list
 *	of protocols.
 */

#ifndef CLUSTER_DATAGRAM_H
#define CLUSTER_DATAGRAM_H

#include "transport/clusterTransport.h"

extern const ClusterTransportType clusterDatagramType;

#endif
