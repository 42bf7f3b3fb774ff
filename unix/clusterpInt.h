/*
 * clusterpInt.h --
 *
 *	What the files of unix/ and macosx/ share among themselves, and nobody else sees.
 *
 *	It has to be the first header of each of them: what the systems' own
 *	headers show depends on the macro below.
 */

#ifndef CLUSTERP_INT_H
#define CLUSTERP_INT_H

#ifndef _GNU_SOURCE
#   define _GNU_SOURCE 1
#endif

#include "base/clusterPlatform.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* ---- clusterpSocket.c -------------------------------------------------- */

/* CLUSTERP_ERROR, with errno in *error if error is not NULL. */
ClusterpResult ClusterpFail(int *error);
/* A new socket, or -1 with errno set. */
int ClusterpSocket(int domain, int type);
/* Makes a descriptor that came without them non-blocking and close-on-exec; false with errno set. */
bool ClusterpPrepare(int fd);
/* As open, however often it is interrupted, and close-on-exec. */
int ClusterpOpenFile(const char *path, int flags);
/* Closes fd and keeps errno. */
void ClusterpDiscard(int fd);
/*
 * Of the loopback net? What is for it has to be sent without routes: a host
 * whose loopback device has no address would send it out by its default route.
 */
bool ClusterpIsLoopback(uint32_t ip);
void ClusterpToSockaddr(uint32_t ip, uint16_t port, struct sockaddr_in *to);
/* Zero if the address is not of IPv4. */
void ClusterpFromSockaddr(const struct sockaddr *from, ClusterpAddr *to);
bool ClusterpSetOption(int fd, int level, int name, int value);
/* Did a call fail with errno, and only because it would have had to wait? */
bool ClusterpWouldBlock(int number);

/* ---- the poller: clusterpEpoll.c, or clusterpKqueue.c ------------------ */

struct ClusterpPoller {
    int fd;    /* owned */
    int timer; /* owned; -1 where timers need no descriptor */
};

/* Opens fd and timer, close-on-exec, for an empty set of what is watched. False with errno set: nothing is open. */
bool ClusterpPollerOpen(ClusterpPoller *poller);

/* ---- clusterpInterfaces.c ---------------------------------------------- */

#define CLUSTERP_MAC_SIZE 6

typedef struct ClusterpInterface {
    char name[IF_NAMESIZE];
    unsigned index;
    unsigned flags;                 /* IFF_UP and so on */
    uint32_t ip;                    /* the first one, 0 for none */
    uint32_t mask;                  /* of its net */
    uint8_t mac[CLUSTERP_MAC_SIZE]; /* zeros for none */
} ClusterpInterface;

typedef struct ClusterpInterfaces {
    ClusterpInterface *list; /* in the system's order; owned */
    int count;
    struct ifaddrs *addresses; /* owned; every address of every interface */
} ClusterpInterfaces;

/* False without memory or when the system will not tell (errno set); *all is empty then. */
bool ClusterpInterfacesGet(ClusterpInterfaces *all);
void ClusterpInterfacesFree(ClusterpInterfaces *all);
/* By name, by IPv4 address, or by number as in the header; NULL when there is none. */
const ClusterpInterface *ClusterpInterfaceFind(const ClusterpInterfaces *all, const char *text);
/* That of the default route, or NULL. */
const ClusterpInterface *ClusterpInterfaceDefault(const ClusterpInterfaces *all);

/* ---- clusterpWays.c ----------------------------------------------------- */

/* No more memberships than this are kept; systems limit those of one socket, Linux to 20 by default. */
#define CLUSTERP_MEMBERSHIPS 64
/* Sockets that hold what is beyond the limit of one. */
#define CLUSTERP_SPARES 4

/* The ear for this host, which sends to it as well, and that for others, which sends to them. */
#define CLUSTERP_HOME 0
#define CLUSTERP_AWAY 1

/* An interface that is sent by. */
typedef struct ClusterpWay {
    unsigned index; /* 0 for none */
    uint32_t ip;    /* the source address of what goes there */
    bool carrier;   /* somebody may be there */
    uint64_t sent;  /* the number of the latest datagram that went */
} ClusterpWay;

struct ClusterpMulticast {
    int fd[CLUSTERP_EARS];      /* owned; -1 for none */
    int spare[CLUSTERP_SPARES]; /* owned; only members of the group, -1 for none */
    int network;                /* owned; tells of changes, -1 for none */
    bool told;                  /* the system tells the ears apart */
    int ttl;
    ClusterpAddr group;
    char **wanted; /* the interfaces asked for, owned; none for any */
    int wantedCount;
    unsigned loopback;                      /* index of the loopback device, 0 for none */
    ClusterpWay home;                       /* to this host */
    ClusterpWay ways[CLUSTERP_MEMBERSHIPS]; /* to others */
    int wayCount;
    ClusterpWay used;                      /* what the ear for others is set to send by */
    uint64_t number;                       /* of the latest datagram */
    bool missed;                           /* by some way it did not go */
    unsigned joined[CLUSTERP_MEMBERSHIPS]; /* indexes of the interfaces it is a member on */
    int joinedCount;
    int links; /* of these, those that others are heard by */
};

/*
 * Brings memberships and ways in line with the interfaces there are. False,
 * with errno set, when there is no way or no membership; it is usable again
 * after a later success. *changed: there is a way with a carrier that was not
 * there before, or without one, or with another address.
 */
bool ClusterpWaysSettle(ClusterpMulticast *socket, bool *changed);
/* Gives up the membership on an interface, with 0 all of them, so that it can be joined anew. */
void ClusterpWaysLeave(ClusterpMulticast *socket, unsigned index);
/* What the descriptor sends to groups goes this way. */
bool ClusterpWaysUse(int fd, const ClusterpWay *way);

/* ---- clusterpNetwork.c, one for each family of systems ------------------- */

/* A descriptor that becomes readable when interfaces or addresses come, go or change; -1 when there is none. */
int ClusterpNetworkOpen(void);
/* Reads what it tells, and has the socket leave interfaces that went, which may be back by now. */
void ClusterpNetworkRead(int fd, ClusterpMulticast *multicast);

/* ---- clusterpHost.c, one for each family of systems --------------------- */

/* What comes before a number: "eth" or "en". */
const char *ClusterpInterfacePrefix(void);
/* The name of the default route's interface; false when there is no such route. */
bool ClusterpDefaultRoute(const ClusterpInterfaces *all, char name[IF_NAMESIZE]);
/* Fills in the hardware address if that is what this entry holds and it has six bytes. */
void ClusterpLinkAddress(const struct ifaddrs *entry, uint8_t mac[CLUSTERP_MAC_SIZE]);
/* The hardware address of the primary interface by the shortest way there is, ahead of all others. */
bool ClusterpPrimaryMac(uint8_t mac[CLUSTERP_MAC_SIZE]);
/*
 * A socket not yet bound gets only what was sent on this host (CLUSTERP_HERE),
 * or only what was not (CLUSTERP_ELSEWHERE). False when the system has no way to.
 */
bool ClusterpConfine(int fd, ClusterpWhence whence);
/* What tells this machine from others; how many bytes, at most size, 0 when there is nothing but its name. */
size_t ClusterpMachineId(char *buffer, size_t size);

#endif
