/*
 * clusterSystem.h --
 *
 *	What the membership asks the system, as a table, so that a test can answer
 *	in the system's place and repeat a failing run by its seed.
 */

#ifndef CLUSTER_SYSTEM_H
#define CLUSTER_SYSTEM_H

#include "base/clusterAddress.h"

typedef struct ClusterSystem {
    /* Fills in bytes that nobody can guess. */
    void (*random)(void *context, void *bytes, size_t length);
    /* Is the address one of this host's? */
    bool (*isLocal)(void *context, const ClusterAddress *address);
    /* Is the address in a net that this host is in? */
    bool (*isNear)(void *context, const ClusterAddress *address);
    /* The id of this process; another one after a fork. */
    int (*processId)(void *context);
    /*
     * The name of the program that this process runs, and of the host; empty
     * when there is none. Cut to size - 1 bytes, which may be any but NUL.
     */
    void (*processName)(void *context, char *name, size_t size);
    void (*hostName)(void *context, char *name, size_t size);
    /* Microseconds of a clock that nobody sets. */
    int64_t (*microseconds)(void *context);
    /* Milliseconds since 1970, of the clock that people set. */
    int64_t (*wall)(void *context);
    void *context;
} ClusterSystem;

/* The system itself. */
extern const ClusterSystem clusterSystem;

/* Microseconds of a clock that nobody sets. */
int64_t ClusterSystemMicroseconds(const ClusterSystem *system);
/* Milliseconds since 1970, of the clock that people set. */
int64_t ClusterSystemWall(const ClusterSystem *system);
/* So many letters and digits that nobody can guess, each equally likely, and a NUL. */
void ClusterSystemRandomText(const ClusterSystem *system, char *text, size_t letters);
/* A number from 0 to below - 1, each equally likely up to one part in 2^32 / below; below > 0. */
uint32_t ClusterSystemRandomBelow(const ClusterSystem *system, uint32_t below);

#endif
