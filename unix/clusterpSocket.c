/*
 * clusterpSocket.c --
 *
 *	What sockets of all kinds have in common: making, addressing and closing them.
 */

#include "clusterpInt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

ClusterpResult
ClusterpFail(int *error)
{
    if (error != NULL) {
        *error = errno != 0 ? errno : EIO;
    }
    return CLUSTERP_ERROR;
}

bool
ClusterpWouldBlock(int number)
{
    /* Two names for one number nearly everywhere, which a compiler warns of in one expression. */
    if (number == EAGAIN) {
        return true;
    }
    return number == EWOULDBLOCK;
}

bool
ClusterpSetOption(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

bool
ClusterpPrepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return false;
    }
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int
ClusterpSocket(int domain, int type)
{
#ifdef SOCK_CLOEXEC
    /* In one step, so that a child started by another thread meanwhile does not inherit it. */
    int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    int fd = socket(domain, type, 0);

    if (fd >= 0 && !ClusterpPrepare(fd)) {
        ClusterpDiscard(fd);
        return -1;
    }
#endif
#ifdef SO_NOSIGPIPE
    if (fd >= 0) {
        (void) ClusterpSetOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
    }
#endif
    return fd;
}

int
ClusterpOpenFile(const char *path, int flags)
{
    int fd;

    do {
        fd = open(path, flags | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

void
ClusterpClose(int fd)
{
    if (fd >= 0) {
        /* Not repeated on EINTR: the number may be another thread's file by then. */
        (void) close(fd);
    }
}

void
ClusterpDiscard(int fd)
{
    int saved = errno;

    ClusterpClose(fd);
    errno = saved;
}

bool
ClusterpIsLoopback(uint32_t ip)
{
    return ip >> 24 == IN_LOOPBACKNET;
}

void
ClusterpToSockaddr(uint32_t ip, uint16_t port, struct sockaddr_in *to)
{
    memset(to, 0, sizeof(*to));
    to->sin_family = AF_INET;
    to->sin_addr.s_addr = htonl(ip);
    to->sin_port = htons(port);
}

void
ClusterpFromSockaddr(const struct sockaddr *from, ClusterpAddr *to)
{
    struct sockaddr_in inet;

    to->ip = 0;
    to->port = 0;
    if (from->sa_family == AF_INET) {
        memcpy(&inet, from, sizeof(inet));
        to->ip = ntohl(inet.sin_addr.s_addr);
        to->port = ntohs(inet.sin_port);
    }
}

bool
ClusterpParseIp(const char *text, uint32_t *ip)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1) {
        return false;
    }
    *ip = ntohl(address.s_addr);
    return true;
}

void
ClusterpFormatIp(uint32_t ip, char text[16])
{
    struct in_addr address;

    address.s_addr = htonl(ip);
    if (inet_ntop(AF_INET, &address, text, 16) == NULL) {
        text[0] = '\0';
    }
}
