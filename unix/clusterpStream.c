/*
 * clusterpStream.c --
 *
 *	TCP connections, and what they share with unix-domain ones: accepting, reading, writing.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef __linux__
#   include <linux/sockios.h>
#endif

/* The most runs of bytes handed to the system at once. */
#define RUN_LIMIT 64

/* Seconds of silence until an idle connection's far end is asked, between two questions, and how many go unanswered. */
#define KEEPALIVE_IDLE_S  10
#define KEEPALIVE_EVERY_S 1
#define KEEPALIVE_COUNT   5
/* Seconds until what was written is confirmed, where the system itself can see to that. */
#define CONFIRM_WITHIN_S 10

/* Where signals are switched off for the whole socket (see ClusterpSocket) nothing is needed here. */
#ifdef MSG_NOSIGNAL
#   define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)
#else
#   define SEND_FLAGS MSG_DONTWAIT
#endif

static bool
BindAndListen(int fd, uint16_t port, bool localOnly)
{
    struct sockaddr_in address;
    uint32_t ip = INADDR_ANY;

    if (port != 0) {
        /* So that connections lingering from an earlier owner of the port are not in the way. */
        (void) ClusterpSetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (localOnly && !ClusterpConfine(fd, CLUSTERP_HERE)) {
        ip = INADDR_LOOPBACK;
    }
    ClusterpToSockaddr(ip, port, &address);
    return bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0
            && listen(fd, SOMAXCONN) == 0;
}

bool
ClusterpNearAddress(int fd, ClusterpAddr *name)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    if (getsockname(fd, (struct sockaddr *) &address, &length) != 0) {
        return false;
    }
    ClusterpFromSockaddr((struct sockaddr *) &address, name);
    return true;
}

ClusterpResult
ClusterpTcpListen(uint16_t port, bool localOnly, int *fd, uint16_t *bound, int *error)
{
    ClusterpAddr name;
    int made = ClusterpSocket(AF_INET, SOCK_STREAM);

    *fd = -1;
    if (made < 0) {
        return ClusterpFail(error);
    }
    if (!BindAndListen(made, port, localOnly) || !ClusterpNearAddress(made, &name)) {
        ClusterpDiscard(made);
        return ClusterpFail(error);
    }
    *fd = made;
    if (bound != NULL) {
        *bound = name.port;
    }
    return CLUSTERP_OK;
}

/*
 * A connect to a port of this host that nobody listens on, but which the
 * system just chose for our own end, connects the socket to itself.
 */
static bool
ConnectedToItself(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    ClusterpAddr near, far;

    if (getpeername(fd, (struct sockaddr *) &peer, &length) != 0
            || !ClusterpNearAddress(fd, &near)) {
        return false;
    }
    ClusterpFromSockaddr((struct sockaddr *) &peer, &far);
    return near.port != 0 && near.port == far.port && near.ip == far.ip;
}

/*
 * Has the system ask whether the far end of an idle connection is still there.
 * What is written and not confirmed has a limit of its own here and there;
 * TCP_USER_TIMEOUT is not used, as it also ends connections whose peer only
 * does not read. Within this host there is nothing to ask.
 */
static void
WatchOver(int fd, const ClusterpAddr *peer)
{
    (void) ClusterpSetOption(fd, SOL_SOCKET, SO_KEEPALIVE, !ClusterpIsLoopback(peer->ip));
#if defined(TCP_KEEPIDLE)
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#elif defined(TCP_KEEPALIVE)
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_KEEPALIVE, KEEPALIVE_IDLE_S);
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
#endif
#ifdef TCP_THIN_LINEAR_TIMEOUTS
    /* What little is under way is repeated often: that it gets lost each time says something then. */
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
#endif
#ifdef TCP_RXT_CONNDROPTIME
    (void) ClusterpSetOption(fd, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, CONFIRM_WITHIN_S);
#endif
}

ClusterpResult
ClusterpTcpConnect(const ClusterpAddr *to, int *fd, int *error)
{
    struct sockaddr_in address;
    ClusterpResult result = CLUSTERP_OK;
    int made = ClusterpSocket(AF_INET, SOCK_STREAM);

    *fd = -1;
    if (made < 0) {
        return ClusterpFail(error);
    }
    (void) ClusterpSetOption(made, IPPROTO_TCP, TCP_NODELAY, 1);
    WatchOver(made, to);
    if (ClusterpIsLoopback(to->ip)) {
        (void) ClusterpSetOption(made, SOL_SOCKET, SO_DONTROUTE, 1);
    }
    ClusterpToSockaddr(to->ip, to->port, &address);
    if (connect(made, (struct sockaddr *) &address, sizeof(address)) != 0) {
        /* After an interruption it goes on by itself; a second call would only disturb it. */
        result = errno == EINPROGRESS || errno == EINTR ? CLUSTERP_AGAIN : CLUSTERP_ERROR;
    } else if (ConnectedToItself(made)) {
        errno = ECONNREFUSED;
        result = CLUSTERP_ERROR;
    }
    if (result == CLUSTERP_ERROR) {
        ClusterpDiscard(made);
        return ClusterpFail(error);
    }
    *fd = made;
    return result;
}

ClusterpResult
ClusterpConnectResult(int fd, int *error)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(int);
    int pending = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &length) != 0) {
        return ClusterpFail(error);
    }
    if (pending == 0) {
        length = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *) &peer, &length) == 0) {
            pending = ConnectedToItself(fd) ? ECONNREFUSED : 0;
        } else if (errno == ENOTCONN) {
            return CLUSTERP_AGAIN;
        } else {
            pending = errno;
        }
    }
    if (pending != 0) {
        errno = pending;
        return ClusterpFail(error);
    }
    return CLUSTERP_OK;
}

static int
AcceptOne(int listener, struct sockaddr *peer, socklen_t *length)
{
#ifdef SOCK_CLOEXEC
    return accept4(listener, peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
    int fd = accept(listener, peer, length);

    if (fd >= 0 && !ClusterpPrepare(fd)) {
        ClusterpDiscard(fd);
        return -1;
    }
    return fd;
#endif
}

/* Is it the connection that failed, before it was accepted, and not the listener? */
static bool
PassingError(int number)
{
    return number == EINTR || number == ECONNABORTED || number == EPROTO;
}

ClusterpResult
ClusterpAccept(int listener, int *fd, ClusterpAddr *from, int *error)
{
    struct sockaddr_storage peer;
    socklen_t length;
    ClusterpAddr ignored;
    int made;

    *fd = -1;
    do {
        length = sizeof(peer);
        memset(&peer, 0, sizeof(peer));
        made = AcceptOne(listener, (struct sockaddr *) &peer, &length);
    } while (made < 0 && PassingError(errno));
    if (made < 0) {
        return ClusterpWouldBlock(errno) ? CLUSTERP_AGAIN : ClusterpFail(error);
    }
    from = from != NULL ? from : &ignored;
    ClusterpFromSockaddr((struct sockaddr *) &peer, from);
    if (peer.ss_family == AF_INET) {
        (void) ClusterpSetOption(made, IPPROTO_TCP, TCP_NODELAY, 1);
        WatchOver(made, from);
    }
#ifdef SO_NOSIGPIPE
    (void) ClusterpSetOption(made, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    *fd = made;
    return CLUSTERP_OK;
}

bool
ClusterpListens(int fd)
{
    int listens = 0, error = 0;
    socklen_t length = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0
            && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

bool
ClusterpSomebodyWaits(int listener)
{
    struct pollfd waiting = {listener, POLLIN, 0};

    return poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLIN);
}

ClusterpResult
ClusterpRead(int fd, void *buffer, size_t size, size_t *length, int *error)
{
    ssize_t got;

    *length = 0;
    do {
        got = recv(fd, buffer, size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return ClusterpWouldBlock(errno) ? CLUSTERP_AGAIN : ClusterpFail(error);
    }
    *length = (size_t) got;
    return got == 0 && size > 0 ? CLUSTERP_CLOSED : CLUSTERP_OK;
}

/* One call for at most RUN_LIMIT runs. Returns what was taken, or -1; *wanted is what they hold. */
static ssize_t
WriteRuns(int fd, const ClusterpBytes *runs, unsigned char count, size_t *wanted)
{
    struct iovec vectors[RUN_LIMIT];
    struct msghdr message;
    ssize_t taken;

    *wanted = 0;
    for (int i = 0; i < count; i++) {
        vectors[i].iov_base = (void *) (uintptr_t) runs[i].bytes; /* only read from */
        vectors[i].iov_len = runs[i].length;
        *wanted += runs[i].length;
    }
    if (*wanted == 0) {
        return 0;
    }
    memset(&message, 0, sizeof(message));
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    do {
        taken = sendmsg(fd, &message, SEND_FLAGS);
    } while (taken < 0 && errno == EINTR);
    return taken;
}

ClusterpResult
ClusterpWrite(int fd, const ClusterpBytes *runs, int count, size_t *length, int *error)
{
    *length = 0;
    while (count > 0) {
        unsigned char some = (unsigned char) (count < RUN_LIMIT ? count : RUN_LIMIT);
        size_t wanted;
        ssize_t taken = WriteRuns(fd, runs, some, &wanted);

        if (taken < 0 && *length > 0) {
            return CLUSTERP_OK; /* the next call meets the reason again */
        }
        if (taken < 0) {
            return ClusterpWouldBlock(errno) ? CLUSTERP_AGAIN : ClusterpFail(error);
        }
        *length += (size_t) taken;
        if ((size_t) taken < wanted) {
            return CLUSTERP_OK;
        }
        runs += some;
        count -= some;
    }
    return CLUSTERP_OK;
}

void
ClusterpShutWrite(int fd)
{
    (void) shutdown(fd, SHUT_WR);
}

/* What a unix-domain socket has taken is with the peer already. */
size_t
ClusterpUnsent(int fd)
{
    int count = 0;
#ifdef SIOCOUTQNSD
    bool known = ioctl(fd, SIOCOUTQNSD, &count) == 0;
#elif defined(SO_NWRITE)
    socklen_t length = sizeof(count);
    bool known = getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &length) == 0;
#else
    bool known = false;
#endif

    return known && count > 0 ? (size_t) count : 0;
}

size_t
ClusterpUnconfirmed(int fd)
{
    int count = 0;
#ifdef SIOCOUTQ
    bool known = ioctl(fd, SIOCOUTQ, &count) == 0;
#elif defined(SO_NWRITE)
    socklen_t length = sizeof(count);
    bool known = getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &length) == 0;
#else
    bool known = false;
#endif

    return known && count > 0 ? (size_t) count : 0;
}

/* Where the system has no such information, TCP_RXT_CONNDROPTIME ends the connection (see WatchOver). */
ClusterpDelivery
ClusterpDelivered(int fd)
{
#ifdef __linux__
    struct tcp_info info;
    socklen_t length = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_unacked > 0) {
        return info.tcpi_retransmits ? CLUSTERP_REPEATED : CLUSTERP_UNDER_WAY;
    }
#else
    (void) fd;
#endif
    return CLUSTERP_CONFIRMED;
}

bool
ClusterpProbe(int fd, bool soon)
{
#ifdef __linux__
    return ClusterpSetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, soon ? 1 : KEEPALIVE_IDLE_S);
#else
    (void) fd;
    (void) soon;
    return false;
#endif
}

int64_t
ClusterpSilence(int fd)
{
#ifdef __linux__
    struct tcp_info info;
    socklen_t length = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
        return info.tcpi_last_ack_recv < info.tcpi_last_data_recv ? info.tcpi_last_ack_recv
                                                                  : info.tcpi_last_data_recv;
    }
#else
    (void) fd;
#endif
    return INT64_MAX;
}

bool
ClusterpIsWayGone(int error)
{
    return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN
            || error == EHOSTDOWN;
}
