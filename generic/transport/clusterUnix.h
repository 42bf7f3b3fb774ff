/*
 * clusterUnix.h --
 *
 *	Transport `u`, unix-domain stream sockets. Options: {path /dir/NAME.EXT ?mode OCTAL?}.
 */

#ifndef CLUSTER_UNIX_H
#define CLUSTER_UNIX_H

#include "transport/clusterTransport.h"

extern const ClusterTransportType clusterUnixType;

#endif
