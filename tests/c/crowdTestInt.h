/*
 * crowdTestInt.h --
 *
 *	A crowd: many members, of whom some are nodes and the others stand-ins.
 *
 *	A node keeps some kilobytes for each member that it knows, so that ten
 *	thousand which all know each other do not fit anywhere. A stand-in behaves
 *	on the network as a node does that has nothing else to do than to probe: by
 *	the same rules, times and counts, of which the numbers are the node's own
 *	(clusterProbing.h, clusterNews.h). It keeps one byte for each member. What
 *	is measured are the nodes.
 *
 *	Stand-ins send each other letters, not packets; what goes to or comes from
 *	a node is a packet.
 */

#ifndef CROWD_TEST_INT_H
#define CROWD_TEST_INT_H

#include "crowdTest.h"

#include "base/clusterBucket.h"
#include "base/clusterList.h"
#include "memoryTest.h"
#include "node/clusterNews.h"
#include "node/clusterNode.h"
#include "node/clusterProbing.h"
#include "packet/clusterOutgoing.h"

/* No member's number. */
#define CROWD_NOBODY UINT32_MAX
/* What a stand-in knows of one that is lost; else it is the latest incarnation that it heard of. */
#define CROWD_LOST 255

/* Letters of a probe's id. */
#define CROWD_ID 16

typedef struct Crowd Crowd;
typedef struct CrowdStandIn CrowdStandIn;

typedef struct CrowdMember {
    MemoryHost host; /* first; on the network only if it is a node */
    Crowd *crowd;
    uint32_t number;
    bool cut;
    uint16_t port;
    ClusterNode *node;         /* one reference; NULL: a stand-in */
    CrowdStandIn *standIn;     /* NULL: a node */
    Tcl_Obj *sid, *hid, *uuid; /* held */
} CrowdMember;

typedef enum CrowdEventKind { CROWD_SUSPECTS, CROWD_LOSES } CrowdEventKind;

typedef struct CrowdEvent {
    int64_t time;
    uint32_t by, of;
    CrowdEventKind kind;
} CrowdEvent;

struct Crowd {
    HandClock *clock;
    MemoryNet *net;
    MemoryOutside outside;
    MemoryTally tally; /* of all nodes */
    int64_t period;
    int drop;              /* percent of datagrams */
    uint32_t count, nodes; /* members, and of them the first ones are nodes */
    CrowdMember *members;
    uint32_t *byPort;     /* number of the member that has the port */
    Tcl_HashTable byName; /* sid and uuid, to number */
    ClusterPayloadKeys keys;
    bpacket_writer writer;
    Tcl_Obj *protocols; /* held */
    CrowdEvent *events;
    size_t eventCount, eventRoom;
};

/* What one stand-in tells another, or all. */
typedef struct CrowdLetter {
    int type; /* as of packets */
    uint32_t from;
    uint32_t about;        /* whom a relay is of, an ack is for, a ping asks after; CROWD_NOBODY */
    char id[CROWD_ID + 1]; /* of probe, ack and relay; empty: none that can be read */
    uint32_t incarnation;
    Tcl_Obj *news; /* held; NULL: none */
} CrowdLetter;

/* ---- crowdTest.c ---- */

void CrowdNote(Crowd *crowd, CrowdEventKind kind, uint32_t by, uint32_t of);
uint32_t CrowdByName(Crowd *crowd, const char *name);
static inline int
CrowdRandom(Crowd *crowd, uint32_t below)
{
    return MemoryRandom(crowd->net, (int) below);
}

/* ---- crowdLetter.c: on the way ---- */

/* Sends a letter, whose news it takes over, to one, or to all. */
void CrowdSendTo(Crowd *crowd, CrowdLetter *letter, uint32_t to);
void CrowdSendToAll(Crowd *crowd, CrowdLetter *letter);
/* A heartbeat of a stand-in with all it has to tell, in the node's ear at once. */
void CrowdTeach(Crowd *crowd, const CrowdMember *member, CrowdMember *node);
/* The network's MemoryOutside. */
void CrowdHeardByAll(void *context, MemoryHost *from, ClusterBlob *blob);
bool CrowdHeardByOne(void *context, MemoryHost *from, uint16_t port, ClusterBlob *blob);

/* ---- crowdStandIn.c ---- */

/* Begins to probe. NULL without memory. */
CrowdStandIn *CrowdStandInNew(CrowdMember *member);
void CrowdStandInFree(CrowdStandIn *self);
/* A letter came, to it or to all; borrowed. */
void CrowdStandInHear(CrowdStandIn *self, const CrowdLetter *letter);

#endif
