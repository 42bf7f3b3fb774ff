/*
 * clusterSystem.c --
 *
 *	The system's own answers (see clusterSystem.h).
 */

#include "base/clusterSystem.h"

#include "base/clusterLocal.h"
#include "base/clusterPlatform.h"

static void
SystemRandom(void *context, void *bytes, size_t length)
{
    (void) context;
    ClusterpRandom(bytes, length);
}

static bool
SystemIsLocal(void *context, const ClusterAddress *address)
{
    (void) context;
    return ClusterIsLocal(address);
}

static int
SystemProcessId(void *context)
{
    (void) context;
    return ClusterpProcessId();
}

const ClusterSystem clusterSystem = {
        .random = SystemRandom,
        .isLocal = SystemIsLocal,
        .processId = SystemProcessId,
};

uint32_t
ClusterSystemRandomBelow(const ClusterSystem *system, uint32_t below)
{
    uint32_t number;

    system->random(system->context, &number, sizeof number);
    return number % below;
}
