/*
 * clusterTransport.c --
 *
 *	The built-in transports by their ids.
 */

#include "transport/clusterTransport.h"

#include "transport/clusterMulticast.h"
#include "transport/clusterTcp.h"
#include "transport/clusterUnix.h"

#include <string.h>

const ClusterTransportType *
ClusterTransportByName(const char *id)
{
    static const ClusterTransportType *const types[] = {&clusterMulticastType, &clusterTcpType,
            &clusterUnixType};
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i]->id, id) == 0) {
            return types[i];
        }
    }
    return NULL;
}
