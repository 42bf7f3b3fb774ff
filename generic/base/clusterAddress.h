/*
 * clusterAddress.h --
 *
 *	Where somebody is on the network, as a value that is copied and asked, and
 *	that nobody takes apart: outside base/ no code knows what kinds there are.
 *
 *	An address may be none, of IPv4, of a unix-domain socket (whose far end has
 *	no name of its own), or a name that an engine or a script knows. A port may
 *	come with it. IPv6 will be one kind more.
 */

#ifndef CLUSTER_ADDRESS_H
#define CLUSTER_ADDRESS_H

#include "base/clusterPlatform.h"

/* An address as text fits, with its end; no longer name is an address. */
#define CLUSTER_ADDRESS_TEXT 64

typedef enum ClusterAddressKind {
    CLUSTER_ADDRESS_NONE = 0,
    CLUSTER_ADDRESS_IPV4,
    CLUSTER_ADDRESS_UNIX,
    CLUSTER_ADDRESS_NAMED
} ClusterAddressKind;

/* Zero-initialised it is none. The fields are for clusterAddress.c alone. */
typedef struct ClusterAddress {
    ClusterAddressKind kind;
    uint16_t port; /* 0 when there is none */
    union {
        uint32_t ipv4; /* in host byte order */
        char name[CLUSTER_ADDRESS_TEXT];
    } place;
} ClusterAddress;

ClusterAddress ClusterAddressLoopback(void);
/* This host's other end of a unix-domain socket. */
ClusterAddress ClusterAddressUnix(void);
/* "a.b.c.d", or "localhost" for loopback. False, and none, when it is neither. */
bool ClusterAddressParse(const char *text, ClusterAddress *address);
/* What ClusterAddressParse understands, else the name as it is; none when that is empty or too long. */
ClusterAddress ClusterAddressNamed(const char *name);
/* Without the port. None shows as 0.0.0.0. */
void ClusterAddressFormat(const ClusterAddress *address, char text[CLUSTER_ADDRESS_TEXT]);

/* An order of all addresses, then of ports; 0 when both are the same. */
int ClusterAddressCompare(const ClusterAddress *one, const ClusterAddress *other);
bool ClusterAddressIsNone(const ClusterAddress *address);
/* Is it a group's, which many may join? */
bool ClusterAddressIsMulticast(const ClusterAddress *address);
/* Does it name the host that asks, on whatever host: loopback, or a unix-domain socket? */
bool ClusterAddressIsLoopback(const ClusterAddress *address);

uint16_t ClusterAddressPort(const ClusterAddress *address);
/* The same place with another port. */
ClusterAddress ClusterAddressWithPort(const ClusterAddress *address, uint16_t port);

/* The platform's form, for the calls that reach the system. */
ClusterAddress ClusterAddressFromPlatform(const ClusterpAddr *from);
/* False, and zeros, when the system cannot reach such an address, none included. */
bool ClusterAddressToPlatform(const ClusterAddress *address, ClusterpAddr *to);

#endif
