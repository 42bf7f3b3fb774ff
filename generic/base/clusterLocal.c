/*
 * clusterLocal.c --
 *
 *	Keeps the list of the host's addresses (see clusterLocal.h).
 */

#include "base/clusterLocal.h"

#include "base/clusterCompat.h"

#include <errno.h>

#define REFRESH_MICROSECONDS 1000000

typedef struct LocalList {
    int count; /* 0 until first asked for */
    int64_t asked;
    uint32_t ips[CLUSTER_LOCAL_MAX]; /* as the platform has them */
    uint32_t masks[CLUSTER_LOCAL_MAX];
} LocalList;

static Tcl_ThreadDataKey localKey;

static LocalList *
LocalListGet(void)
{
    return Tcl_GetThreadData(&localKey, sizeof(LocalList));
}

static void
LocalListAsk(LocalList *list)
{
    list->count = ClusterpLocalAddresses(list->ips, list->masks, CLUSTER_LOCAL_MAX);
    list->asked = ClusterpMonotonic();
}

static bool
LocalListHas(const LocalList *list, uint32_t ip)
{
    int i;

    for (i = 0; i < list->count; i++) {
        if (list->ips[i] == ip) {
            return true;
        }
    }
    return false;
}

bool
ClusterIsLocal(const ClusterAddress *address)
{
    LocalList *list;
    ClusterpAddr system;

    if (ClusterAddressIsLoopback(address)) {
        return true;
    }
    if (!ClusterAddressToPlatform(address, &system)) {
        return false;
    }
    list = LocalListGet();
    if (list->count && LocalListHas(list, system.ip)) {
        return true;
    }
    if (list->count && ClusterpMonotonic() - list->asked < REFRESH_MICROSECONDS) {
        return false;
    }
    LocalListAsk(list);
    return LocalListHas(list, system.ip);
}

bool
ClusterIsNear(const ClusterAddress *address)
{
    const LocalList *list = LocalListGet();
    ClusterpAddr system;
    int i;

    if (ClusterAddressIsLoopback(address) || !ClusterAddressToPlatform(address, &system)) {
        return true;
    }
    (void) ClusterLocalCount(false);
    for (i = 0; i < list->count; i++) {
        if (list->masks[i] != 0 && ((list->ips[i] ^ system.ip) & list->masks[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool
ClusterLacksLoopback(int error, const ClusterAddress *own)
{
    if (error != ENETUNREACH && error != EHOSTUNREACH && error != EADDRNOTAVAIL
            && error != EINVAL) { /* Linux, where the default route leads elsewhere */
        return false;
    }
    LocalListAsk(LocalListGet()); /* not one that was ours a moment ago */
    return !ClusterAddressIsLoopback(own) && ClusterIsLocal(own);
}

int
ClusterLocalCount(bool refresh)
{
    LocalList *list = LocalListGet();

    if (refresh || !list->count) {
        LocalListAsk(list);
    }
    return list->count;
}

ClusterAddress
ClusterLocalAt(int index)
{
    ClusterpAddr system = {LocalListGet()->ips[index], 0};

    return ClusterAddressFromPlatform(&system);
}

bool
ClusterLanAddress(const char *interface, ClusterAddress *address)
{
    ClusterpAddr system = {ClusterpLanAddress(interface), 0};

    *address = ClusterAddressFromPlatform(&system);
    return !ClusterAddressIsNone(address);
}
