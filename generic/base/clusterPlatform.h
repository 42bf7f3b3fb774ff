/*
 * clusterPlatform.h --
 *
 *	The contract with the operating system: everything that depends on it is
 *	behind these functions. unix/ has them for POSIX and Linux, macosx/ those
 *	that differ there.
 *
 *	No function here blocks (but ClusterpPollerPoll where it is told to),
 *	calls back, or knows Tcl. Every descriptor made here is non-blocking and
 *	close-on-exec; it belongs to the caller, who ends it with ClusterpClose.
 *	Where a function fails it says so in its result and leaves the system's
 *	error number in *error (never 0 then), if error is not NULL; nothing is
 *	left open. Addresses are IPv4, in host byte order.
 */

#ifndef CLUSTER_PLATFORM_H
#define CLUSTER_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ClusterpAddr {
    uint32_t ip; /* 0 for none or any */
    uint16_t port;
} ClusterpAddr;

/* What a file is, whatever its name: a descriptor of a bound socket cannot be asked. */
typedef struct ClusterpFileId {
    uint64_t device;
    uint64_t number;
} ClusterpFileId;

typedef struct ClusterpBytes {
    const void *bytes;
    size_t length;
} ClusterpBytes;

typedef enum ClusterpResult {
    CLUSTERP_OK = 0,
    CLUSTERP_AGAIN,  /* not now (EAGAIN), or a connect under way (EINPROGRESS) */
    CLUSTERP_CLOSED, /* the peer closed; reads only */
    CLUSTERP_ERROR   /* see *error */
} ClusterpResult;

/* ---- poller: epoll or kqueue, level-triggered ------------------------- */

#define CLUSTERP_READABLE 1
#define CLUSTERP_WRITABLE 2

typedef struct ClusterpPoller ClusterpPoller;

typedef struct ClusterpEvent {
    void *context; /* as given to ClusterpPollerSet */
    int mask;      /* a hangup or error shows as both bits */
} ClusterpEvent;

ClusterpPoller *ClusterpPollerNew(int *error);
void ClusterpPollerFree(ClusterpPoller *poller);
/* The one descriptor that is readable whenever an event is there, or its time has come (ClusterpPollerWake). */
int ClusterpPollerDescriptor(const ClusterpPoller *poller);
/* Changes what is watched on fd from oldMask to newMask (0: nothing, removed). */
ClusterpResult ClusterpPollerSet(ClusterpPoller *poller, int fd, int oldMask, int newMask,
        void *context, int *error);
/*
 * Fills in at most max events (one or more) and returns how many, 0 when there are none (or
 * on an error). Waits at most ms milliseconds for the first; 0: does not.
 */
int ClusterpPollerPoll(ClusterpPoller *poller, ClusterpEvent *events, int max, int ms);
/*
 * Makes the poller's descriptor readable at a time of ClusterpMonotonic (0:
 * never), until the next poll, which tells nothing of it. In place of what was
 * set before. A wall clock that is set changes nothing.
 */
ClusterpResult ClusterpPollerWake(ClusterpPoller *poller, int64_t at, int *error);

/* ---- multicast datagrams ---------------------------------------------- */

typedef struct ClusterpMulticast ClusterpMulticast;

/* What the system knows of a packet's sender, whatever the source address says. */
typedef enum ClusterpWhence {
    CLUSTERP_UNKNOWN,  /* nothing */
    CLUSTERP_HERE,     /* it was sent on this host */
    CLUSTERP_ELSEWHERE /* it was sent by another one */
} ClusterpWhence;

/*
 * It hears with so many ears, each a descriptor of its own: with the first what
 * was sent on this host, with the second what comes from others. There is no
 * second one with a ttl of 0, as the system then drops what comes from others
 * before it reaches us; nor where it cannot tell the two apart: there the first
 * hears everything.
 */
#define CLUSTERP_EARS 2

/*
 * A socket bound to the group's port, which other sockets of this host may
 * share. It is a member of the group on the `interfaces` and on loopback, and
 * sends by each that is up and by loopback. They are names or IPv4 addresses up
 * to a NULL, of which one at least has to be there; NULL or none: all that are
 * up and can multicast, of those with addresses of the same net the first alone
 * for sending. ttl: hops; 0 for this host only: then it sends by the first
 * interface given, else by loopback, and everybody sees 127.0.0.1 as the
 * sender's address. Only datagrams sent to this very group and port are
 * received, own ones too.
 */
ClusterpMulticast *ClusterpMulticastOpen(const ClusterpAddr *group, int ttl,
        const char *const *interfaces, int *error);
void ClusterpMulticastClose(ClusterpMulticast *socket);
/* -1 when there is no such ear. */
int ClusterpMulticastDescriptor(const ClusterpMulticast *socket, int ear);
/* A descriptor that becomes readable when the host's interfaces or addresses change; -1 when the system tells of none. */
int ClusterpMulticastNetwork(const ClusterpMulticast *socket);
/*
 * Reads what that descriptor tells, joins on interfaces that came or returned
 * and chooses anew which to send by. True when these, or the addresses that
 * others see, are not what they were.
 */
bool ClusterpMulticastRefresh(ClusterpMulticast *socket);
/*
 * One datagram, by every way. When one has vanished, refreshes and tries what is left.
 * OK: somebody may have got it; else an error, also where the system had no room for it.
 */
ClusterpResult ClusterpMulticastSend(ClusterpMulticast *socket, const void *bytes, size_t length,
        int *error);
/* Was there a way by which the latest datagram did not go? */
bool ClusterpMulticastMissed(const ClusterpMulticast *socket);
/* Where a datagram came from, and in. */
typedef struct ClusterpArrival {
    ClusterpAddr from;
    unsigned
            interface; /* index of the interface that it came in by, 0 when the system does not say */
    ClusterpWhence whence;
    bool severally; /* from others, who are heard by more than one interface: it may come by each */
} ClusterpArrival;

/* One datagram into buffer (at least 65536 bytes, or it may be cut); CLUSTERP_AGAIN when none is there. */
ClusterpResult ClusterpMulticastReceive(ClusterpMulticast *socket, int ear, void *buffer,
        size_t size, size_t *length, ClusterpArrival *arrival, int *error);

/* ---- unicast datagrams -------------------------------------------------- */

typedef struct ClusterpDatagram ClusterpDatagram;

/*
 * A UDP socket on a port (0: the system chooses; the one in use goes to *bound)
 * of all of the host's addresses. localOnly: confined to this host as
 * ClusterpTcpListen is, and so that nothing of others is even queued.
 */
ClusterpDatagram *ClusterpDatagramOpen(uint16_t port, bool localOnly, uint16_t *bound, int *error);
void ClusterpDatagramClose(ClusterpDatagram *socket);
int ClusterpDatagramDescriptor(const ClusterpDatagram *socket);
/* Does the socket itself still work? What became of datagrams does not matter for that. */
bool ClusterpDatagramWorks(const ClusterpDatagram *socket);
/* One datagram; never AGAIN. What became of others does not make this fail. */
ClusterpResult ClusterpDatagramSend(ClusterpDatagram *socket, const ClusterpAddr *to,
        const void *bytes, size_t length, int *error);
/* One datagram into buffer, cut if it is longer; CLUSTERP_AGAIN when none is there. `severally` is false. */
ClusterpResult ClusterpDatagramReceive(ClusterpDatagram *socket, void *buffer, size_t size,
        size_t *length, ClusterpArrival *arrival, int *error);

/* One of ours that did not arrive. */
typedef struct ClusterpReturned {
    ClusterpAddr to;
    bool unreachable; /* the host or its net; else nobody listens on the port there */
} ClusterpReturned;

/*
 * What the system heard of a datagram of ours (ICMP): OK, it did not arrive;
 * AGAIN: nothing more, on systems that do not tell always. The descriptor is
 * readable while there is something. Who can see or guess both ports can make
 * it up, but not of loopback addresses.
 */
ClusterpResult ClusterpDatagramReturned(ClusterpDatagram *socket, ClusterpReturned *returned);

/* ---- stream sockets ----------------------------------------------------- */

/*
 * Listens on TCP port (0: the system chooses; the one in use goes to *bound).
 * localOnly: reachable from this host alone: by loopback, and where the system
 * lets us shut out others so (Linux, by a packet filter), by the host's own
 * addresses; the caller checks peers' addresses besides.
 */
ClusterpResult ClusterpTcpListen(uint16_t port, bool localOnly, int *fd, uint16_t *bound,
        int *error);
/* OK: connected; AGAIN: under way, the descriptor becomes writable when decided. */
ClusterpResult ClusterpTcpConnect(const ClusterpAddr *to, int *fd, int *error);
/* How a connect under way ended. */
ClusterpResult ClusterpConnectResult(int fd, int *error);
/* AGAIN when nobody waits. from may be NULL; it is zero for unix sockets. Out of descriptors is an ERROR. */
ClusterpResult ClusterpAccept(int listener, int *fd, ClusterpAddr *from, int *error);

/* Would ClusterpAccept find somebody? */
bool ClusterpSomebodyWaits(int listener);
/* Is it a socket that listens, with no error? */
bool ClusterpListens(int fd);

/*
 * Listens on a unix-domain path, mode its permissions (0600), which it never
 * exceeds. A file in the way is replaced only if it is `mine` (unless that is
 * NULL), which works until then, or a socket that nobody listens behind;
 * otherwise the error is EADDRINUSE. Over-long: ENAMETOOLONG. Missing
 * directories are made (0700). *file says which file was made.
 */
ClusterpResult ClusterpUnixListen(const char *path, int mode, const ClusterpFileId *mine, int *fd,
        ClusterpFileId *file, int *error);
/*
 * How much of an absolute path names a directory where others may replace what
 * is not theirs: all can write there, and it is not sticky. 0 for none.
 */
size_t ClusterpUnixOpenDirectory(const char *path);
/*
 * Removes this user's sockets that nobody listens behind and that are named as
 * an absolute path, but with other letters and digits at sidAt.
 */
void ClusterpUnixTidy(const char *path, size_t sidAt, size_t sidLength);
/* Is the process that listened behind a connected unix-domain socket of this user or root? */
bool ClusterpPeerIsTrusted(int fd);
/* A full backlog is an ERROR with EAGAIN, as nothing is under way then. */
ClusterpResult ClusterpUnixConnect(const char *path, int *fd, int *error);
/* Does path still name that very file? Ask while the socket bound to it is open. */
bool ClusterpUnixOwns(const ClusterpFileId *file, const char *path);
void ClusterpUnlink(const char *path);

ClusterpResult ClusterpRead(int fd, void *buffer, size_t size, size_t *length, int *error);
/* Writes what fits of up to count runs; *length is what was taken. Never raises SIGPIPE. */
ClusterpResult ClusterpWrite(int fd, const ClusterpBytes *runs, int count, size_t *length,
        int *error);
/* Says that nothing more will be written; the peer reads the end after all that was. */
void ClusterpShutWrite(int fd);
/* How many bytes taken of a connection closing now might still destroy: those not on their way to the peer. */
size_t ClusterpUnsent(int fd);
/* How many bytes of what was written the peer's host may not have; of a unix-domain socket, may not have been read, or more. 0 where the system does not tell. */
size_t ClusterpUnconfirmed(int fd);
/* What has become of what was written. */
typedef enum ClusterpDelivery {
    CLUSTERP_CONFIRMED, /* the peer's host has all of it, or the system does not tell */
    CLUSTERP_UNDER_WAY,
    CLUSTERP_REPEATED /* it was sent again, and still nothing came back */
} ClusterpDelivery;
ClusterpDelivery ClusterpDelivered(int fd);
/* Does an error of a stream socket say that the way to the peer's host is gone, rather than that the peer is? */
bool ClusterpIsWayGone(int error);
/*
 * Has the system ask the far end of a TCP connection soon whether it is there,
 * or, on false, as late as usual. False when ClusterpSilence could not tell of
 * the answer.
 */
bool ClusterpProbe(int fd, bool soon);
/* Milliseconds since anything came from the far end's host. */
int64_t ClusterpSilence(int fd);
/* Our own end's address; zero for unix sockets. */
bool ClusterpNearAddress(int fd, ClusterpAddr *address);
void ClusterpClose(int fd);

/* How many descriptors the process may have (SIZE_MAX: any number), and the number of the next one: the limit when there is none. */
size_t ClusterpDescriptorLimit(void);
size_t ClusterpDescriptorNext(int fd);

/* ---- files with secrets ------------------------------------------------- */

typedef enum ClusterpSecretResult {
    CLUSTERP_SECRET_OK = 0,
    CLUSTERP_SECRET_ERROR,   /* the system's; see *error */
    CLUSTERP_SECRET_NO_FILE, /* a directory, a pipe, ... */
    CLUSTERP_SECRET_FOREIGN, /* it is neither this user's nor root's */
    CLUSTERP_SECRET_OPEN,    /* others than its owner may do something with it */
    CLUSTERP_SECRET_LARGE    /* there is no room for it */
} ClusterpSecretResult;

/* Reads a file that nobody else could read or write; never blocks. */
ClusterpSecretResult ClusterpSecretRead(const char *path, void *buffer, size_t room, size_t *length,
        int *error);
/* Makes a file for this user alone. False, with none made, when there is one of that name, or it cannot be. */
bool ClusterpSecretMake(const char *path, const void *bytes, size_t length, int *error);

/* ---- host --------------------------------------------------------------- */

#define CLUSTERP_HARDWARE_ID_SIZE 18

/*
 * "aa:bb:cc:dd:ee:ff" of `interface`, or with NULL of the host: the primary
 * interface (eth0 on Linux, en0 on macOS), else one made from the machine's id,
 * else that of the default route's, else the first that is not zero, else one
 * made from the host's name. With NULL it never fails; with a name false means no such one,
 * or one without such an address.
 * A number N as interface means ethN (enN on macOS).
 */
bool ClusterpHardwareId(const char *interface, char id[CLUSTERP_HARDWARE_ID_SIZE]);
/* Fills in at most max of the host's addresses (loopback first), and the masks of their nets, and returns how many. */
int ClusterpLocalAddresses(uint32_t *ips, uint32_t *masks, int max);
/* The address of the interface `name`, or with NULL of the default route's, else the first not loopback; 0 when none. */
uint32_t ClusterpLanAddress(const char *name);
/* "linux", "osx", as 1.1.8 names them. */
const char *ClusterpPlatformName(void);

/* "a.b.c.d" to an address; false when it is not exactly that. */
bool ClusterpParseIp(const char *text, uint32_t *ip);
/* At least 16 bytes. */
void ClusterpFormatIp(uint32_t ip, char text[16]);

int ClusterpProcessId(void);
/* The host's name, cut to size - 1 bytes; empty when it has none. */
void ClusterpHostName(char *name, size_t size);
/* Unpredictable bytes from the system. */
void ClusterpRandom(void *bytes, size_t length);
/* Microseconds of a clock that never goes back. */
int64_t ClusterpMonotonic(void);

#endif
