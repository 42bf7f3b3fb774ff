/*
 * memoryTestInt.h --
 *
 *	The network's body, for the files of the network in memory alone.
 */

#ifndef MEMORY_TEST_INT_H
#define MEMORY_TEST_INT_H

#include "memoryTest.h"

#include "packet/clusterPayload.h"

struct MemoryNet {
    HandClock *clock;
    MemoryHost *hosts;
    uint32_t random;
    ClusterSystem system;
    uint64_t drawn; /* what the system's random numbers are made from */
    uint16_t nextPort;
    int nextLink;
    Tcl_HashTable links; /* "from>to" to MemoryLink, malloc'ed */
    ClusterPayloadKeys keys;
    Tcl_Obj *counts, *sent, *raw, *faults; /* held, not shared */
    bool tracing;
    bool cut[MEMORY_WAYS];
    struct MemoryDatagram *datagrams; /* every transport there ever was */
    struct MemoryStream *streams;
    MemoryUnicast *unicasts;
    MemoryUnicast **byPort; /* the latest of each port */
    const MemoryOutside *outside;
    const MemoryLink *everywhere; /* the rule for all, as long as it is the only one */
    ClusterLink *conns;           /* every link there ever was */
    Tcl_HashTable blobs;          /* the first ones sent, held, to how many hold each for us */
};

/* The host behind the context that a transport was opened with, which is a node's slot. */
MemoryHost *MemoryHostOf(const void *context);
MemoryLink MemoryFindLink(const MemoryHost *from, const MemoryHost *to);
int64_t MemoryDelay(MemoryNet *net, const MemoryLink *link);
/* A packet came to a host, which may count it. */
void MemoryHeard(MemoryHost *to, const void *bytes, size_t length);
/* Records a packet that was sent; to is NULL for all, and who is outside. */
void MemoryNote(MemoryHost *from, const char *transport, const MemoryHost *to, ClusterBlob *blob);

/* datagramTest.c and connTest.c: frees what the network keeps of them. */
void MemoryDatagramsFree(MemoryNet *net);
void MemoryStreamsFree(MemoryNet *net);
/* unicastNetTest.c: the same. */
void MemoryUnicastsFree(MemoryNet *net);

#endif
