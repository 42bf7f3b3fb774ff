/*
 * clusterAddress.c --
 *
 *	What kinds of addresses there are, and what each answers (see
 *	clusterAddress.h).
 */

#include "base/clusterAddress.h"

#include <string.h>

#define LOOPBACK_IPV4   0x7f000001u
#define LOOPBACK_NET    127u
#define MULTICAST_CLASS 0xeu /* of the first four bits */

static const char localhost[] = "localhost";

static ClusterAddress
FromIpv4(uint32_t ip)
{
    ClusterAddress address = {.kind = CLUSTER_ADDRESS_NONE};

    if (ip) {
        address.kind = CLUSTER_ADDRESS_IPV4;
        address.place.ipv4 = ip;
    }
    return address;
}

ClusterAddress
ClusterAddressLoopback(void)
{
    return FromIpv4(LOOPBACK_IPV4);
}

ClusterAddress
ClusterAddressUnix(void)
{
    ClusterAddress address = {.kind = CLUSTER_ADDRESS_UNIX};

    return address;
}

bool
ClusterAddressParse(const char *text, ClusterAddress *address)
{
    uint32_t ip = 0;
    bool good = true;

    if (strcmp(text, localhost) == 0) {
        ip = LOOPBACK_IPV4;
    } else {
        good = ClusterpParseIp(text, &ip);
    }
    *address = FromIpv4(ip);
    return good;
}

ClusterAddress
ClusterAddressNamed(const char *name)
{
    size_t length = strlen(name);
    ClusterAddress address;

    if (!ClusterAddressParse(name, &address) && length > 0 && length < CLUSTER_ADDRESS_TEXT) {
        address.kind = CLUSTER_ADDRESS_NAMED;
        memcpy(address.place.name, name, length + 1);
    }
    return address;
}

void
ClusterAddressFormat(const ClusterAddress *address, char text[CLUSTER_ADDRESS_TEXT])
{
    switch (address->kind) {
    case CLUSTER_ADDRESS_NAMED:
        memcpy(text, address->place.name, CLUSTER_ADDRESS_TEXT);
        break;
    case CLUSTER_ADDRESS_UNIX:
        memcpy(text, localhost, sizeof localhost);
        break;
    case CLUSTER_ADDRESS_IPV4:
        ClusterpFormatIp(address->place.ipv4, text);
        break;
    default:
        ClusterpFormatIp(0, text);
        break;
    }
}

static int
Order(uint32_t one, uint32_t other)
{
    return (one > other) - (one < other);
}

int
ClusterAddressCompare(const ClusterAddress *one, const ClusterAddress *other)
{
    int order = Order(one->kind, other->kind);

    if (order == 0 && one->kind == CLUSTER_ADDRESS_IPV4) {
        order = Order(one->place.ipv4, other->place.ipv4);
    } else if (order == 0 && one->kind == CLUSTER_ADDRESS_NAMED) {
        order = strcmp(one->place.name, other->place.name);
    }
    return order ? order : Order(one->port, other->port);
}

bool
ClusterAddressIsNone(const ClusterAddress *address)
{
    return address->kind == CLUSTER_ADDRESS_NONE;
}

bool
ClusterAddressIsMulticast(const ClusterAddress *address)
{
    return address->kind == CLUSTER_ADDRESS_IPV4 && address->place.ipv4 >> 28 == MULTICAST_CLASS;
}

bool
ClusterAddressIsLoopback(const ClusterAddress *address)
{
    return address->kind == CLUSTER_ADDRESS_UNIX
            || (address->kind == CLUSTER_ADDRESS_IPV4 && address->place.ipv4 >> 24 == LOOPBACK_NET);
}

uint16_t
ClusterAddressPort(const ClusterAddress *address)
{
    return address->port;
}

ClusterAddress
ClusterAddressWithPort(const ClusterAddress *address, uint16_t port)
{
    ClusterAddress other = *address;

    other.port = port;
    return other;
}

ClusterAddress
ClusterAddressFromPlatform(const ClusterpAddr *from)
{
    ClusterAddress address = FromIpv4(from->ip);

    address.port = from->port;
    return address;
}

bool
ClusterAddressToPlatform(const ClusterAddress *address, ClusterpAddr *to)
{
    bool good = address->kind == CLUSTER_ADDRESS_IPV4;

    to->ip = good ? address->place.ipv4 : 0;
    to->port = good ? address->port : 0;
    return good;
}
