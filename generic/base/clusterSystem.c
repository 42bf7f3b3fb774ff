/*
 * clusterSystem.c --
 *
 *	The system's own answers (see clusterSystem.h).
 */

#include "base/clusterSystem.h"

#include "base/clusterLocal.h"
#include "base/clusterCompat.h"
#include "base/clusterPlatform.h"

#include <stdio.h>
#include <string.h>

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

static bool
SystemIsNear(void *context, const ClusterAddress *address)
{
    (void) context;
    return ClusterIsNear(address);
}

static int
SystemProcessId(void *context)
{
    (void) context;
    return ClusterpProcessId();
}

static void
SystemProcessName(void *context, char *name, size_t size)
{
    const char *path = Tcl_GetNameOfExecutable(), *tail = path ? strrchr(path, '/') : NULL;

    (void) context;
    snprintf(name, size, "%s", tail ? tail + 1 : path ? path : "");
}

static void
SystemHostName(void *context, char *name, size_t size)
{
    (void) context;
    ClusterpHostName(name, size);
}

static int64_t
SystemMicroseconds(void *context)
{
    (void) context;
    return ClusterpMonotonic();
}

static int64_t
SystemWall(void *context)
{
    Tcl_Time time;

    (void) context;
    Tcl_GetTime(&time);
    return (int64_t) time.sec * 1000 + time.usec / 1000;
}

const ClusterSystem clusterSystem = {
        .random = SystemRandom,
        .isLocal = SystemIsLocal,
        .isNear = SystemIsNear,
        .processId = SystemProcessId,
        .microseconds = SystemMicroseconds,
        .wall = SystemWall,
        .processName = SystemProcessName,
        .hostName = SystemHostName,
};

int64_t
ClusterSystemMicroseconds(const ClusterSystem *system)
{
    return system->microseconds(system->context);
}

int64_t
ClusterSystemWall(const ClusterSystem *system)
{
    return system->wall(system->context);
}

uint32_t
ClusterSystemRandomBelow(const ClusterSystem *system, uint32_t below)
{
    uint32_t number;

    system->random(system->context, &number, sizeof number);
    return number % below;
}

/* Bytes beyond a multiple of the alphabet's size are not used. */
void
ClusterSystemRandomText(const ClusterSystem *system, char *text, size_t letters)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned size = sizeof alphabet - 1;
    size_t n = 0;

    while (n < letters) {
        unsigned char random[32];
        size_t i;

        system->random(system->context, random, sizeof random);
        for (i = 0; i < sizeof random && n < letters; i++) {
            if (random[i] < 256 / size * size) {
                text[n++] = alphabet[random[i] % size];
            }
        }
    }
    text[n] = '\0';
}
