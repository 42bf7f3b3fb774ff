/*
 * clusterpMulticast.c --
 *
 *	The multicast socket: its opening and its datagrams (the interfaces: clusterpWays.c).
 *
 *	Where the system tells what was sent on this host from what was not, each
 *	kind has a socket of its own, with a filter (ClusterpConfine): so the ear
 *	that heard a datagram says whence it came. What goes to other hosts is sent
 *	by the ear for others, without coming back, what goes to this host by the
 *	other one.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* What to ask for, halved until the system grants it: a whole burst has to fit in. */
#define RECEIVE_BUFFER       (4 * 1024 * 1024)
#define RECEIVE_BUFFER_LEAST (64 * 1024)

/* Room for what a datagram's arrival is told by. */
#define CONTROL_SIZE 256

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
SetHops(int fd, int ttl, bool back)
{
    /* The size that every system takes for these two. */
    unsigned char hops = (unsigned char) ttl, loop = back ? 1 : 0;

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
OpenEar(ClusterpMulticast *socket, int ear)
{
    int fd = socket->fd[ear] = ClusterpSocket(AF_INET, SOCK_DGRAM);
    bool confined;

    if (fd < 0) {
        return false;
    }
    Prepare(fd);
    confined = ClusterpConfine(fd, ear == CLUSTERP_HOME ? CLUSTERP_HERE : CLUSTERP_ELSEWHERE);
    if (ear == CLUSTERP_HOME) {
        socket->told = confined;
    } else if (socket->told && !confined) {
        return false;
    }
    return SetHops(fd, socket->ttl, ear == CLUSTERP_HOME) && ShareAndBind(fd, &socket->group);
}

static bool
KeepWanted(ClusterpMulticast *socket, const char *const *interfaces)
{
    size_t count = 0;

    while (interfaces != NULL && interfaces[count] != NULL) {
        count++;
    }
    if (count == 0) {
        return true;
    }
    socket->wanted = calloc(count, sizeof(*socket->wanted));
    for (size_t i = 0; socket->wanted != NULL && i < count; i++) {
        socket->wanted[i] = strdup(interfaces[i]);
        if (socket->wanted[i] == NULL) {
            break;
        }
        socket->wantedCount++;
    }
    errno = ENOMEM;
    return (size_t) socket->wantedCount == count;
}

static bool
Configure(ClusterpMulticast *socket)
{
    bool changed;

    if (!IN_MULTICAST(socket->group.ip)) {
        errno = EINVAL;
        return false;
    }
    if (!OpenEar(socket, CLUSTERP_HOME)) {
        return false;
    }
    if (socket->ttl > 0) {
        if (!OpenEar(socket, CLUSTERP_AWAY)) {
            return false;
        }
        socket->network = ClusterpNetworkOpen(); /* before the first look, to miss nothing */
    }
    return ClusterpWaysSettle(socket, &changed);
}

ClusterpMulticast *
ClusterpMulticastOpen(const ClusterpAddr *group, int ttl, const char *const *interfaces, int *error)
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
    for (int i = 0; i < CLUSTERP_SPARES; i++) {
        socket->spare[i] = -1;
    }
    socket->network = -1;
    socket->group = *group;
    socket->ttl = ttl;
    if (KeepWanted(socket, interfaces) && Configure(socket)) {
        return socket;
    }
    (void) ClusterpFail(error);
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
        for (int i = 0; i < CLUSTERP_SPARES; i++) {
            ClusterpClose(socket->spare[i]);
        }
        ClusterpClose(socket->network);
        for (int i = 0; i < socket->wantedCount; i++) {
            free(socket->wanted[i]);
        }
        free(socket->wanted);
        free(socket);
    }
}

int
ClusterpMulticastDescriptor(const ClusterpMulticast *socket, int ear)
{
    return ear == CLUSTERP_HOME || socket->told ? socket->fd[ear] : -1;
}

int
ClusterpMulticastNetwork(const ClusterpMulticast *socket)
{
    return socket->network;
}

bool
ClusterpMulticastRefresh(ClusterpMulticast *socket)
{
    bool changed = false;

    if (socket->network >= 0) {
        ClusterpNetworkRead(socket->network, socket);
    }
    (void) ClusterpWaysSettle(socket, &changed);
    return changed;
}

/* ---- datagrams ---------------------------------------------------------- */

/* What a datagram is; it goes by each way that it has not gone by. */
typedef struct Letter {
    const void *bytes;
    size_t length;
    int went;  /* ways by which it leaves this host */
    int error; /* of the last way by which it did not go, 0 for none yet */
} Letter;

static bool
SendOnce(int fd, const ClusterpAddr *group, const Letter *letter)
{
    struct sockaddr_in to;
    ssize_t sent;

    ClusterpToSockaddr(group->ip, group->port, &to);
    do {
        sent = sendto(fd, letter->bytes, letter->length, MSG_DONTWAIT, (struct sockaddr *) &to,
                sizeof(to));
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static void
SendBy(ClusterpMulticast *socket, int ear, ClusterpWay *way, Letter *letter)
{
    if (way->sent == socket->number) {
        return;
    }
    if (ear == CLUSTERP_AWAY && (way->index != socket->used.index || way->ip != socket->used.ip)) {
        if (!ClusterpWaysUse(socket->fd[ear], way)) {
            letter->error = errno;
            return;
        }
        socket->used = *way;
    }
    if (!SendOnce(socket->fd[ear], &socket->group, letter)) {
        letter->error = errno;
        return;
    }
    way->sent = socket->number;
    letter->went += way->index != socket->loopback || socket->wayCount == 0;
}

/* By all ways that it has not gone by. */
static void
SendAll(ClusterpMulticast *socket, Letter *letter)
{
    if (socket->home.index == 0 && socket->wayCount == 0) {
        letter->error = ENETDOWN;
    }
    if (socket->home.index != 0) {
        SendBy(socket, CLUSTERP_HOME, &socket->home, letter);
    }
    for (int i = 0; i < socket->wayCount; i++) {
        SendBy(socket, CLUSTERP_AWAY, &socket->ways[i], letter);
    }
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
    Letter letter = {.bytes = bytes, .length = length}, again = letter;
    bool changed;

    socket->number++;
    SendAll(socket, &letter);
    if (WayOutVanished(letter.error) && ClusterpWaysSettle(socket, &changed)) {
        again.went = letter.went;
        letter = again;
        SendAll(socket, &letter);
    }
    socket->missed = letter.error != 0;
    if (letter.went > 0) {
        return CLUSTERP_OK;
    }
    errno = letter.error;
    return ClusterpFail(error);
}

bool
ClusterpMulticastMissed(const ClusterpMulticast *socket)
{
    return socket->missed;
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
        return ear == CLUSTERP_HOME ? CLUSTERP_HERE : CLUSTERP_ELSEWHERE;
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
        arrival->severally = socket->links > 1 && arrival->whence != CLUSTERP_HERE;
    }
    return CLUSTERP_OK;
}
