/*
 * clusterpMulticast.c --
 *
 *	The multicast socket: its memberships, the interface it sends on, its datagrams.
 *
 *	Where the system tells what was sent on this host from what was not, each
 *	kind has a socket of its own, with a filter (ClusterpConfine): so the ear
 *	that heard a datagram says whence it came. Both are members of the same
 *	groups.
 *
 *	It is a member on every interface, so that it hears other programs of
 *	this host whichever of the interfaces they send on, but sends on one
 *	only, so that nobody hears it twice.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* What to ask for, halved until the system grants it: a whole burst has to fit in. */
#define RECEIVE_BUFFER       (4 * 1024 * 1024)
#define RECEIVE_BUFFER_LEAST (64 * 1024)

/* Systems limit the memberships of a socket, Linux to 20 by default; no more than this are kept. */
#define MEMBERSHIP_LIMIT 64

/* Room for what a datagram's arrival is told by. */
#define CONTROL_SIZE 256

/* The ear for this host, which sends as well, and that for others. */
#define HOME 0
#define AWAY 1

struct ClusterpMulticast {
    int fd[CLUSTERP_EARS]; /* owned; -1 for none */
    bool told;             /* the system tells the ears apart */
    ClusterpAddr group;
    char *wanted;                      /* the interface asked for, owned; NULL for any */
    unsigned sending;                  /* index of the interface in use, 0 for none */
    unsigned loopback;                 /* index of the loopback device, 0 for none */
    unsigned joined[MEMBERSHIP_LIMIT]; /* indexes of the interfaces it is a member on */
    int joinedCount;
};

/* ---- memberships -------------------------------------------------------- */

/* Of all ears; false with errno set when the first cannot. */
static bool
ChangeMembership(const ClusterpMulticast *socket, int option, unsigned index)
{
    struct ip_mreqn request;

    memset(&request, 0, sizeof(request));
    request.imr_multiaddr.s_addr = htonl(socket->group.ip);
    request.imr_ifindex = (int) index;
    if (socket->fd[AWAY] >= 0) {
        (void) setsockopt(socket->fd[AWAY], IPPROTO_IP, option, &request, sizeof(request));
    }
    return setsockopt(socket->fd[HOME], IPPROTO_IP, option, &request, sizeof(request)) == 0;
}

/* Joins unless it has; that too many have been joined, or that the interface cannot, is no matter. */
static void
Join(ClusterpMulticast *socket, unsigned index)
{
    for (int i = 0; i < socket->joinedCount; i++) {
        if (socket->joined[i] == index) {
            return;
        }
    }
    if (index == 0 || socket->joinedCount == MEMBERSHIP_LIMIT) {
        return;
    }
    if (ChangeMembership(socket, IP_ADD_MEMBERSHIP, index) || errno == EADDRINUSE) {
        socket->joined[socket->joinedCount++] = index;
    }
}

static bool
Exists(const ClusterpInterfaces *all, unsigned index)
{
    for (int i = 0; i < all->count; i++) {
        if (all->list[i].index == index) {
            return true;
        }
    }
    return false;
}

/* Gives up memberships on interfaces that are gone: they would count against the limit. */
static void
LeaveGone(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    int kept = 0;

    for (int i = 0; i < socket->joinedCount; i++) {
        if (Exists(all, socket->joined[i])) {
            socket->joined[kept++] = socket->joined[i];
        } else {
            (void) ChangeMembership(socket, IP_DROP_MEMBERSHIP, socket->joined[i]);
        }
    }
    socket->joinedCount = kept;
}

static bool
CanMulticast(const ClusterpInterface *interface)
{
    /* On Linux loopback does not claim that it can, but it does. */
    return (interface->flags & IFF_LOOPBACK) != 0
            || ((interface->flags & IFF_UP) != 0 && (interface->flags & IFF_MULTICAST) != 0);
}

/* Those that matter most come first, in case there are more than the system allows. */
static void
JoinAll(ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    Join(socket, socket->sending);
    for (int loopback = 1; loopback >= 0; loopback--) {
        for (int i = 0; i < all->count; i++) {
            const ClusterpInterface *interface = &all->list[i];

            if (CanMulticast(interface)
                    && ((interface->flags & IFF_LOOPBACK) != 0) == (loopback != 0)) {
                Join(socket, interface->index);
            }
        }
    }
}

/* ---- the way out -------------------------------------------------------- */

static bool
Usable(const ClusterpInterface *interface)
{
    return interface != NULL && interface->ip != 0 && (interface->flags & IFF_UP) != 0
            && CanMulticast(interface);
}

/* The first that is not loopback, one with a carrier before others, else loopback. */
static const ClusterpInterface *
FirstUsable(const ClusterpInterfaces *all)
{
    const ClusterpInterface *best = NULL;
    int bestRank = 0;

    for (int i = 0; i < all->count; i++) {
        const ClusterpInterface *interface = &all->list[i];
        int rank = 1;

        if (!Usable(interface)) {
            continue;
        }
        if ((interface->flags & IFF_LOOPBACK) == 0) {
            rank = (interface->flags & IFF_RUNNING) != 0 ? 3 : 2;
        }
        if (rank > bestRank) {
            best = interface;
            bestRank = rank;
        }
    }
    return best;
}

/* Returns NULL when there is none; with one asked for, none but that. */
static const ClusterpInterface *
Choose(const ClusterpMulticast *socket, const ClusterpInterfaces *all)
{
    const ClusterpInterface *interface;

    if (socket->wanted != NULL) {
        return ClusterpInterfaceFind(all, socket->wanted);
    }
    interface = ClusterpInterfaceDefault(all);
    return Usable(interface) ? interface : FirstUsable(all);
}

static bool
SetSending(ClusterpMulticast *socket, const ClusterpInterface *interface)
{
    struct ip_mreqn request;
    uint32_t ip = interface->ip;

    /* An address asked for may be another than the interface's first. */
    if (socket->wanted != NULL) {
        (void) ClusterpParseIp(socket->wanted, &ip);
    }
    memset(&request, 0, sizeof(request));
    request.imr_ifindex = (int) interface->index;
    /* Else Linux puts another interface's address, or none at all, in what goes out by loopback. */
    request.imr_address.s_addr = htonl(ip);
    if (setsockopt(socket->fd[HOME], IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) != 0) {
        return false;
    }
    socket->sending = interface->index;
    return true;
}

static unsigned
Loopback(const ClusterpInterfaces *all)
{
    for (int i = 0; i < all->count; i++) {
        if ((all->list[i].flags & IFF_LOOPBACK) != 0) {
            return all->list[i].index;
        }
    }
    return 0;
}

/*
 * Brings the socket in line with the interfaces there are. False, with errno
 * set, when there is no way out or no membership; it is usable again after a
 * later success.
 */
static bool
Settle(ClusterpMulticast *socket)
{
    ClusterpInterfaces all;
    const ClusterpInterface *interface;
    bool sends = true;
    int saved = ENODEV;

    if (!ClusterpInterfacesGet(&all)) {
        return false;
    }
    LeaveGone(socket, &all);
    socket->loopback = Loopback(&all);
    interface = Choose(socket, &all);
    if (interface == NULL) {
        sends = socket->wanted
                == NULL; /* with nothing up at all there is still loopback to wait for */
    } else if (!SetSending(socket, interface)) {
        sends = false;
        saved = errno;
    }
    JoinAll(socket, &all);
    ClusterpInterfacesFree(&all);
    errno = saved;
    return sends && socket->joinedCount > 0;
}

/* ---- opening and closing ------------------------------------------------ */

/*
 * Other programs share a port under one of two options, and each demands that
 * all have set the same one: tcludp, which members of version 1.1.8 use, sets
 * SO_REUSEPORT, most others SO_REUSEADDR.
 */
static bool
ShareAndBind(int fd, const ClusterpAddr *group)
{
    struct sockaddr_in address;

    if (!ClusterpSetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)) {
        return false;
    }
#ifdef SO_REUSEPORT
    (void) ClusterpSetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#endif
    /* Bound to the group, it does not get what is sent to the port by other ways. */
    ClusterpToSockaddr(group->ip, group->port, &address);
    return bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0;
}

static bool
SetHops(int fd, int ttl)
{
    /* The size that every system takes for these two. */
    unsigned char hops = (unsigned char) ttl, loop = 1;

    if (ttl < 0 || ttl > 255) {
        errno = EINVAL;
        return false;
    }
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) == 0
            && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) == 0;
}

static void
Prepare(int fd)
{
    int size = RECEIVE_BUFFER;

    while (size >= RECEIVE_BUFFER_LEAST && !ClusterpSetOption(fd, SOL_SOCKET, SO_RCVBUF, size)) {
        size /= 2;
    }
#ifdef IP_MULTICAST_ALL
    /* Nothing by memberships of other sockets. */
    (void) ClusterpSetOption(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
#endif
#ifdef IP_PKTINFO
    /* Each datagram says by which interface it came in. */
    (void) ClusterpSetOption(fd, IPPROTO_IP, IP_PKTINFO, 1);
#endif
}

/* Confined before it is bound, so that nothing slips in. */
static bool
OpenEar(ClusterpMulticast *socket, int ear, int ttl)
{
    int fd = socket->fd[ear] = ClusterpSocket(AF_INET, SOCK_DGRAM);
    bool confined;

    if (fd < 0) {
        return false;
    }
    Prepare(fd);
    confined = ClusterpConfine(fd, ear == HOME ? CLUSTERP_HERE : CLUSTERP_ELSEWHERE);
    if (ear == HOME) {
        socket->told = confined;
    } else if (!confined) {
        return false;
    }
    return SetHops(fd, ttl) && ShareAndBind(fd, &socket->group);
}

static bool
Configure(ClusterpMulticast *socket, int ttl)
{
    if (!IN_MULTICAST(socket->group.ip)) {
        errno = EINVAL;
        return false;
    }
    if (!OpenEar(socket, HOME, ttl)) {
        return false;
    }
    if (socket->told && ttl > 0 && !OpenEar(socket, AWAY, ttl)) {
        return false;
    }
    return Settle(socket);
}

ClusterpMulticast *
ClusterpMulticastOpen(const ClusterpAddr *group, int ttl, const char *interface, int *error)
{
    ClusterpMulticast *socket = calloc(1, sizeof(*socket));

    if (socket == NULL) {
        errno = ENOMEM;
        (void) ClusterpFail(error);
        return NULL;
    }
    for (int ear = 0; ear < CLUSTERP_EARS; ear++) {
        socket->fd[ear] = -1;
    }
    socket->group = *group;
    if (interface != NULL && (socket->wanted = strdup(interface)) == NULL) {
        errno = ENOMEM;
        (void) ClusterpFail(error);
    } else if (!Configure(socket, ttl)) {
        (void) ClusterpFail(error);
    } else {
        return socket;
    }
    ClusterpMulticastClose(socket);
    return NULL;
}

void
ClusterpMulticastClose(ClusterpMulticast *socket)
{
    if (socket != NULL) {
        for (int ear = 0; ear < CLUSTERP_EARS; ear++) {
            ClusterpClose(socket->fd[ear]);
        }
        free(socket->wanted);
        free(socket);
    }
}

int
ClusterpMulticastDescriptor(const ClusterpMulticast *socket, int ear)
{
    return socket->fd[ear];
}

void
ClusterpMulticastRefresh(ClusterpMulticast *socket)
{
    (void) Settle(socket);
}

/* ---- datagrams ---------------------------------------------------------- */

static bool
SendOnce(const ClusterpMulticast *socket, const void *bytes, size_t length)
{
    struct sockaddr_in to;
    ssize_t sent;

    ClusterpToSockaddr(socket->group.ip, socket->group.port, &to);
    do {
        sent = sendto(socket->fd[HOME], bytes, length, MSG_DONTWAIT, (struct sockaddr *) &to,
                sizeof(to));
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

/* Does errno say that the interface to send on is no longer what it was? */
static bool
WayOutVanished(int number)
{
    switch (number) {
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case ENODEV:
    case ENXIO:
    case EINVAL: /* Linux, when the address to send from is no longer the host's */
        return true;
    default:
        return false;
    }
}

ClusterpResult
ClusterpMulticastSend(ClusterpMulticast *socket, const void *bytes, size_t length, int *error)
{
    bool sent = SendOnce(socket, bytes, length);

    if (!sent && WayOutVanished(errno)) {
        int saved = errno;

        if (Settle(socket)) {
            sent = SendOnce(socket, bytes, length);
        } else {
            errno = saved;
        }
    }
    if (sent) {
        return CLUSTERP_OK;
    }
    return ClusterpWouldBlock(errno) || errno == ENOBUFS ? CLUSTERP_AGAIN : ClusterpFail(error);
}

/* The interface that a datagram came in by, 0 when the system did not say. */
static unsigned
ArrivedBy(struct msghdr *message)
{
#ifdef IP_PKTINFO
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
            part = CMSG_NXTHDR(message, part)) {
        struct in_pktinfo info;

        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO
                && part->cmsg_len >= CMSG_LEN(sizeof(info))) {
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            return (unsigned) info.ipi_ifindex;
        }
    }
#else
    (void) message;
#endif
    return 0;
}

/* Where the system does not tell, nothing but what came by the loopback device is known. */
static ClusterpWhence
Whence(const ClusterpMulticast *socket, int ear, unsigned interface)
{
    if (socket->told) {
        return ear == HOME ? CLUSTERP_HERE : CLUSTERP_ELSEWHERE;
    }
    return interface != 0 && interface == socket->loopback ? CLUSTERP_HERE : CLUSTERP_UNKNOWN;
}

ClusterpResult
ClusterpMulticastReceive(ClusterpMulticast *socket, int ear, void *buffer, size_t size,
        size_t *length, ClusterpArrival *arrival, int *error)
{
    union {
        struct cmsghdr aligned;
        char bytes[CONTROL_SIZE];
    } control;
    struct iovec run = {buffer, size};
    struct sockaddr_storage peer;
    struct msghdr message;
    ssize_t got;

    *length = 0;
    do {
        memset(&message, 0, sizeof(message));
        peer.ss_family = AF_UNSPEC;
        message.msg_name = &peer;
        message.msg_namelen = sizeof(peer);
        message.msg_iov = &run;
        message.msg_iovlen = 1;
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        got = recvmsg(socket->fd[ear], &message, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return ClusterpWouldBlock(errno) ? CLUSTERP_AGAIN : ClusterpFail(error);
    }
    *length = (size_t) got;
    if (arrival != NULL) {
        ClusterpFromSockaddr((struct sockaddr *) &peer, &arrival->from);
        arrival->interface = ArrivedBy(&message);
        arrival->whence = Whence(socket, ear, arrival->interface);
    }
    return CLUSTERP_OK;
}
