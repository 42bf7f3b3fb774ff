/*
 * memoryTest.h --
 *
 *	A network in memory: hosts of one process, the links between them, which
 *	lose, delay and double packets as a test wants, and transports that run on
 *	it: `c` and `d` (datagrams to all), `t` (connections), and datagrams to one.
 *
 *	What dies is kept until the network is freed, so that the use of a dead
 *	transport or link is a fault that a test can report, in any build.
 */

#ifndef MEMORY_TEST_H
#define MEMORY_TEST_H

#include "base/clusterSystem.h"
#include "clockTest.h"
#include "transport/clusterTransport.h"

typedef struct MemoryNet MemoryNet;
typedef struct MemoryUnicast MemoryUnicast;

/* The ways to all. */
typedef enum MemoryWay { MEMORY_C, MEMORY_D, MEMORY_WAYS } MemoryWay;

/* What a connection to this host's `t` comes to. */
typedef enum MemoryRefusal {
    MEMORY_ACCEPTS,
    MEMORY_REFUSES_AT_ONCE, /* send() fails */
    MEMORY_REFUSES_LATER,   /* the link breaks, told by closed() */
    MEMORY_DENIES,          /* send() says that it is not for us */
    MEMORY_IS_ABSENT        /* ... that nothing is there */
} MemoryRefusal;

/* Types of packets that are counted apart; those above go with the last. */
#define MEMORY_TYPES 16

/* What one host sent and heard, by type. */
typedef struct MemoryTally {
    uint64_t sent[MEMORY_TYPES], sentBytes[MEMORY_TYPES];
    uint64_t heard[MEMORY_TYPES], heardBytes[MEMORY_TYPES];
} MemoryTally;

/*
 * A node's place on the network. The context of a node with these transports
 * begins with one; it lives as long as the network.
 */
typedef struct MemoryHost {
    MemoryNet *net;
    Tcl_Obj *name; /* held by the owner of the host */
    ClusterAddress address;
    int side;                 /* of a partition: packets pass between hosts of one side */
    MemoryRefusal refusal;    /* ends when the transport is refreshed */
    bool stalled;             /* what it sends by `t` stays in its queues */
    int passing;              /* ... but for so many packets */
    bool misses[MEMORY_WAYS]; /* what it sends to all goes out by some of its interfaces only */
    Tcl_WideInt limit;        /* packets in a queue before it is full; 0: no limit */
    struct MemoryDatagram *datagrams[MEMORY_WAYS]; /* NULL while closed */
    struct MemoryStream *stream;
    struct MemoryUnicast *unicast; /* the latest, closed or not */
    MemoryTally *tally;            /* NULL: it is not counted */
    struct MemoryHost *next;
} MemoryHost;

/* Those who are no hosts of the network, and send and hear all the same: told of each packet, whoever loses it. */
typedef struct MemoryOutside {
    void (*toAll)(void *context, MemoryHost *from, ClusterBlob *blob);
    /* False: the port is none of theirs. */
    bool (*toOne)(void *context, MemoryHost *from, uint16_t port, ClusterBlob *blob);
    void *context;
} MemoryOutside;

/* What happens to packets from one host to another. */
typedef struct MemoryLink {
    int drop, duplicate; /* percent, of datagrams */
    int delay, jitter;   /* ms; up to jitter more, which reorders datagrams */
} MemoryLink;

extern const ClusterTransportType memoryDatagramTypes[MEMORY_WAYS], memoryStreamType,
        memoryUnicastType;

/* clock: the caller's, and outlives it. NULL without memory. */
MemoryNet *MemoryNetNew(HandClock *clock);
/* Every node on it must be closed. False when somebody still holds a packet that was sent. */
bool MemoryNetFree(MemoryNet *net);
/* What is random, on the network and in its nodes, repeats by this seed; at first it is 1. */
void MemoryNetSeed(MemoryNet *net, uint32_t seed);
/*
 * The system as nodes of this network see it: random numbers by its seed, only
 * loopback is local, and one process id for all. Valid as long as the network.
 */
const ClusterSystem *MemoryNetSystem(const MemoryNet *net);
/* The clock that people set, of a system of this network: `right`, or a minute `slow` or `fast`. False for other words. */
bool MemoryWall(ClusterSystem *system, const char *word);
void MemoryNetAddHost(MemoryNet *net, MemoryHost *host);
/* outside: the caller's, and outlives the network. Ports of the network's own are low. */
void MemoryNetSetOutside(MemoryNet *net, const MemoryOutside *outside);
/* 0 to below - 1, by the network's seed. */
int MemoryRandom(MemoryNet *net, int below);
MemoryHost *MemoryNetFirst(const MemoryNet *net);
/* "*" stands for every host; the rule that names more of them counts. */
void MemoryNetSetLink(MemoryNet *net, const char *from, const char *to, const MemoryLink *link);

/* False when there is none of that name. */
bool MemoryWayByName(const char *name, MemoryWay *way);
/* While cut, what is sent by a way arrives nowhere. */
void MemoryNetCut(MemoryNet *net, MemoryWay way, bool cut);
/* The port that the next listener of `t` gets; then they are counted on from there. */
void MemoryNetNextPort(MemoryNet *net, uint16_t port);
/* A datagram arrives at the host, now, as if from that address. False when that way is closed. */
bool MemoryInject(MemoryHost *to, MemoryWay way, const ClusterAddress *from, const void *bytes,
        size_t length);
/* The same by one of several interfaces, from another host. */
bool MemoryInjectBy(MemoryHost *to, MemoryWay way, const ClusterAddress *from, unsigned interface,
        const void *bytes, size_t length);
/* The same by unicast, at the host's port for that. */
bool MemoryInjectUnicast(MemoryHost *to, const ClusterAddress *from, const void *bytes,
        size_t length);
/* The port for those: 0 when there was none. */
uint16_t MemoryPort(const MemoryHost *host);
/* The port for those becomes another. */
bool MemoryRenumber(MemoryHost *host);
/* Breaks every connection between two hosts (other NULL: any): both ends are told, now. Returns how many. */
int MemoryBreak(MemoryHost *host, const MemoryHost *other);
/* What goes over its connections is not confirmed, or is again. */
void MemoryDoubt(MemoryHost *host, bool doubt);
/* Writes what a stalled host has queued. */
void MemoryResume(MemoryHost *host);
/* Links of the host's `t` that are open or opening. */
int MemoryConnections(const MemoryHost *host);

/* Of packets sent since the last call: dict of "TRANSPORT TYPE" to count (refCount 0). */
Tcl_Obj *MemoryNetCounts(MemoryNet *net);
/* While traced, each packet sent is kept as {time from transport to payload}; to is * for all. */
void MemoryNetTrace(MemoryNet *net, bool on);
/* What was traced since the last call, a list (refCount 0). */
Tcl_Obj *MemoryNetSent(MemoryNet *net);
/* The same with bytes, as {from transport to bytes}. */
Tcl_Obj *MemoryNetRaw(MemoryNet *net);
/* Notes that something happened that may not. */
void MemoryFault(MemoryNet *net, const char *text);
/* Faults since the last call, a list (refCount 0). */
Tcl_Obj *MemoryNetFaults(MemoryNet *net);

#endif
