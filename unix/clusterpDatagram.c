/*
 * clusterpDatagram.c --
 *
 *	The socket for unicast datagrams, and what the system tells of those that did not arrive.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#ifdef __linux__
#   include <linux/errqueue.h>
#   include <netinet/ip_icmp.h>
#endif

/* Room for what comes beside a datagram: the interface, or an error and who told of it. */
#define CONTROL_SIZE 256
/* Errors of earlier datagrams that one send may find. */
#define PENDING_MOST 3
/* Errors that one look may pass over, as they tell of nobody. */
#define RETURNED_MOST 64

struct ClusterpDatagram {
    int fd;            /* owned */
    bool confined;     /* the system lets in what is of this host alone */
    unsigned loopback; /* index of the loopback device, 0 for none */
};

/* What recvmsg fills in. */
typedef struct Parcel {
    union {
        size_t aligned; /* as a cmsghdr, which begins with one, has to be */
        char bytes[CONTROL_SIZE];
    } control;
    struct sockaddr_storage peer;
    struct iovec run;
    struct msghdr message;
} Parcel;

/* ---- opening and closing ------------------------------------------------ */

static unsigned
LoopbackIndex(void)
{
    ClusterpInterfaces all;
    unsigned index = 0;

    if (!ClusterpInterfacesGet(&all)) {
        return 0;
    }
    for (int i = 0; i < all.count && index == 0; i++) {
        if ((all.list[i].flags & IFF_LOOPBACK) != 0) {
            index = all.list[i].index;
        }
    }
    ClusterpInterfacesFree(&all);
    return index;
}

/* Confined before it is bound, so that nothing slips in. */
static bool
BindDatagram(ClusterpDatagram *socket, uint16_t port, bool localOnly)
{
    struct sockaddr_in address;
    uint32_t ip = INADDR_ANY;

    if (localOnly) {
        socket->confined = ClusterpConfine(socket->fd, CLUSTERP_HERE);
        ip = socket->confined ? INADDR_ANY : INADDR_LOOPBACK;
    }
#ifdef IP_PKTINFO
    /* Each datagram says by which interface it came in. */
    (void) ClusterpSetOption(socket->fd, IPPROTO_IP, IP_PKTINFO, 1);
#endif
#ifdef IP_RECVERR
    (void) ClusterpSetOption(socket->fd, IPPROTO_IP, IP_RECVERR, 1);
#endif
    ClusterpToSockaddr(ip, port, &address);
    return bind(socket->fd, (struct sockaddr *) &address, sizeof(address)) == 0;
}

ClusterpDatagram *
ClusterpDatagramOpen(uint16_t port, bool localOnly, uint16_t *bound, int *error)
{
    ClusterpDatagram *socket = calloc(1, sizeof(*socket));
    ClusterpAddr name;

    if (socket == NULL) {
        errno = ENOMEM;
        (void) ClusterpFail(error);
        return NULL;
    }
    socket->loopback = LoopbackIndex();
    socket->fd = ClusterpSocket(AF_INET, SOCK_DGRAM);
    if (socket->fd >= 0 && BindDatagram(socket, port, localOnly)
            && ClusterpNearAddress(socket->fd, &name)) {
        *bound = name.port;
        return socket;
    }
    (void) ClusterpFail(error);
    ClusterpDatagramClose(socket);
    return NULL;
}

void
ClusterpDatagramClose(ClusterpDatagram *socket)
{
    if (socket != NULL) {
        ClusterpClose(socket->fd);
        free(socket);
    }
}

int
ClusterpDatagramDescriptor(const ClusterpDatagram *socket)
{
    return socket->fd;
}

bool
ClusterpDatagramWorks(const ClusterpDatagram *socket)
{
    ClusterpAddr name;

    return ClusterpNearAddress(socket->fd, &name) && name.port != 0;
}

/* ---- datagrams ---------------------------------------------------------- */

/* May errno be that of an earlier datagram, to whomever? Asking took it off the socket. */
static bool
MayBeOfAnother(int number)
{
    switch (number) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EMSGSIZE:
    case EOPNOTSUPP:
    case EACCES:
        return true;
    default:
        return false;
    }
}

ClusterpResult
ClusterpDatagramSend(ClusterpDatagram *socket, const ClusterpAddr *to, const void *bytes,
        size_t length, int *error)
{
    int flags = MSG_DONTWAIT | (ClusterpIsLoopback(to->ip) ? MSG_DONTROUTE : 0);
    struct sockaddr_in address;
    int pending = 0;
    ssize_t sent;

    ClusterpToSockaddr(to->ip, to->port, &address);
    do {
        sent = sendto(socket->fd, bytes, length, flags, (struct sockaddr *) &address,
                sizeof(address));
    } while (sent < 0 && (errno == EINTR || (MayBeOfAnother(errno) && ++pending <= PENDING_MOST)));
    return sent < 0 ? ClusterpFail(error) : CLUSTERP_OK;
}

/* False with errno set. */
static bool
ReceiveParcel(int fd, Parcel *parcel, void *buffer, size_t size, int flags, size_t *length)
{
    ssize_t got;

    do {
        memset(parcel, 0, sizeof(*parcel));
        parcel->peer.ss_family = AF_UNSPEC;
        parcel->run.iov_base = buffer;
        parcel->run.iov_len = size;
        parcel->message.msg_name = &parcel->peer;
        parcel->message.msg_namelen = sizeof(parcel->peer);
        parcel->message.msg_iov = &parcel->run;
        parcel->message.msg_iovlen = 1;
        parcel->message.msg_control = &parcel->control;
        parcel->message.msg_controllen = sizeof(parcel->control);
        got = recvmsg(fd, &parcel->message, flags | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    *length = got < 0 ? 0 : (size_t) got;
    return got >= 0;
}

#if defined(IP_PKTINFO) || defined(IP_RECVERR)
/* The part of that kind; false when the system did not send it along. */
static bool
FindPart(Parcel *parcel, int type, void *part, size_t size)
{
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&parcel->message); each != NULL;
            each = CMSG_NXTHDR(&parcel->message, each)) {
        if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == type
                && each->cmsg_len >= CMSG_LEN(size)) {
            memcpy(part, CMSG_DATA(each), size);
            return true;
        }
    }
    return false;
}

#endif

static unsigned
CameBy(Parcel *parcel)
{
#ifdef IP_PKTINFO
    struct in_pktinfo info;

    if (FindPart(parcel, IP_PKTINFO, &info, sizeof(info))) {
        return (unsigned) info.ipi_ifindex;
    }
#else
    (void) parcel;
#endif
    return 0;
}

/*
 * What a host sends to itself comes in by the loopback device, and nothing else
 * does (see ClusterpConfine), whatever the source address says. Only Linux is
 * known to show the others' interfaces truly.
 */
static ClusterpWhence
WhenceCame(const ClusterpDatagram *socket, unsigned interface)
{
    if (socket->confined || (interface != 0 && interface == socket->loopback)) {
        return CLUSTERP_HERE;
    }
#ifdef __linux__
    return interface != 0 && socket->loopback != 0 ? CLUSTERP_ELSEWHERE : CLUSTERP_UNKNOWN;
#else
    return CLUSTERP_UNKNOWN;
#endif
}

ClusterpResult
ClusterpDatagramReceive(ClusterpDatagram *socket, void *buffer, size_t size, size_t *length,
        ClusterpArrival *arrival, int *error)
{
    Parcel parcel;

    if (!ReceiveParcel(socket->fd, &parcel, buffer, size, 0, length)) {
        return ClusterpWouldBlock(errno) || MayBeOfAnother(errno) ? CLUSTERP_AGAIN
                                                                  : ClusterpFail(error);
    }
    ClusterpFromSockaddr((struct sockaddr *) &parcel.peer, &arrival->from);
    arrival->interface = CameBy(&parcel);
    arrival->whence = WhenceCame(socket, arrival->interface);
    arrival->severally = false;
    return CLUSTERP_OK;
}

/* ---- those that did not arrive ------------------------------------------ */

#ifdef IP_RECVERR

/* What the system sends along: the error, and behind it who told of it. */
typedef struct Complaint {
    struct sock_extended_err error;
    struct sockaddr_in offender;
} Complaint;

/*
 * Only the host itself knows that nobody listens there; whoever else says so, a
 * packet filter on the way, says that the way ends. Of loopback addresses
 * nobody but they can know anything.
 */
static bool
Understand(const Complaint *complaint, ClusterpReturned *returned)
{
    ClusterpAddr offender;
    bool itself;

    if (complaint->error.ee_origin != SO_EE_ORIGIN_ICMP
            || complaint->error.ee_type != ICMP_DEST_UNREACH
            || complaint->error.ee_code == ICMP_FRAG_NEEDED) {
        return false;
    }
    ClusterpFromSockaddr((const struct sockaddr *) &complaint->offender, &offender);
    itself = offender.ip == returned->to.ip;
    returned->unreachable = complaint->error.ee_code != ICMP_PORT_UNREACH || !itself;
    return itself || !ClusterpIsLoopback(returned->to.ip);
}

ClusterpResult
ClusterpDatagramReturned(ClusterpDatagram *socket, ClusterpReturned *returned)
{
    char start[1]; /* of the datagram, which nobody looks at */
    Complaint complaint;
    Parcel parcel;
    size_t length;

    for (int i = 0; i < RETURNED_MOST; i++) {
        if (!ReceiveParcel(socket->fd, &parcel, start, sizeof(start), MSG_ERRQUEUE, &length)) {
            return CLUSTERP_AGAIN;
        }
        ClusterpFromSockaddr((struct sockaddr *) &parcel.peer, &returned->to);
        if (FindPart(&parcel, IP_RECVERR, &complaint, sizeof(complaint))
                && Understand(&complaint, returned)) {
            return CLUSTERP_OK;
        }
    }
    return CLUSTERP_AGAIN;
}

#else

ClusterpResult
ClusterpDatagramReturned(ClusterpDatagram *socket, ClusterpReturned *returned)
{
    (void) socket;
    (void) returned;
    return CLUSTERP_AGAIN;
}

#endif
