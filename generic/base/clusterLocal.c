/*
 * clusterLocal.c --
 *
 *	Keeps the list of the host's addresses (see clusterLocal.h).
 */

#include "base/clusterLocal.h"

#include "base/clusterCompat.h"
#include "base/clusterPlatform.h"

#define REFRESH_MICROSECONDS 1000000
#define LOOPBACK_NET         127u

typedef struct LocalList {
    int count; /* 0 until first asked for */
    int64_t asked;
    uint32_t ips[CLUSTER_LOCAL_MAX];
} LocalList;

static Tcl_ThreadDataKey localKey;

static void
Ask(LocalList *list)
{
    list->count = ClusterpLocalAddresses(list->ips, CLUSTER_LOCAL_MAX);
    list->asked = ClusterpMonotonic();
}

static bool
Find(const LocalList *list, uint32_t ip)
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
ClusterIsLocal(uint32_t ip)
{
    LocalList *list;

    if (ip >> 24 == LOOPBACK_NET) {
        return true;
    }
    list = Tcl_GetThreadData(&localKey, sizeof *list);
    if (list->count && Find(list, ip)) {
        return true;
    }
    if (list->count && ClusterpMonotonic() - list->asked < REFRESH_MICROSECONDS) {
        return false;
    }
    Ask(list);
    return Find(list, ip);
}

const uint32_t *
ClusterLocalList(bool refresh, int *count)
{
    LocalList *list = Tcl_GetThreadData(&localKey, sizeof *list);

    if (refresh || !list->count) {
        Ask(list);
    }
    *count = list->count;
    return list->ips;
}
