/*
 * pingpong.c --
 *
 *	The least that a round trip over TCP can cost: a message goes to and fro
 *	between two processes, without any protocol. The benchmark's peer.
 *
 *	usage: pingpong serve block|poll BYTES
 *	       pingpong ping  block|poll BYTES PORT
 *
 *	`serve` prints the port it listens on, and echoes. `ping` reads numbers
 *	from standard input; for each it makes that many round trips and prints
 *	the microseconds that one took on average. `block` sleeps in read, `poll`
 *	in epoll_wait, as an event loop does. `ping` ends when its input does,
 *	`serve` with the connection.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#   include <sys/epoll.h>
#else
#   include <poll.h>
#endif

#define BYTES_MAX 65536

typedef struct Wire {
    int fd;
    int poller; /* epoll's descriptor; -1 to sleep in read */
    bool polls;
    size_t length; /* of a message */
    char buffer[BYTES_MAX];
} Wire;

static void
Die(const char *what)
{
    fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Sleeps until there is something to read. */
static void
Wait(const Wire *wire)
{
#ifdef __linux__
    struct epoll_event event;

    while (epoll_wait(wire->poller, &event, 1, -1) < 0 && errno == EINTR) {
        continue;
    }
#else
    struct pollfd ready = {wire->fd, POLLIN, 0};

    while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
        continue;
    }
#endif
}

/* Takes over a connected socket. */
static void
WireInit(Wire *wire, int fd, bool polls, size_t length)
{
    int on = 1;

    wire->fd = fd;
    wire->polls = polls;
    wire->length = length;
    wire->poller = -1;
    memset(wire->buffer, 'x', length);
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        Die("TCP_NODELAY");
    }
    if (!polls) {
        return;
    }
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        Die("O_NONBLOCK");
    }
#ifdef __linux__
    struct epoll_event event = {.events = EPOLLIN};

    wire->poller = epoll_create1(EPOLL_CLOEXEC);
    if (wire->poller < 0 || epoll_ctl(wire->poller, EPOLL_CTL_ADD, fd, &event) != 0) {
        Die("epoll");
    }
#endif
}

static void
Send(Wire *wire)
{
    if (write(wire->fd, wire->buffer, wire->length) != (ssize_t) wire->length) {
        Die("write");
    }
}

/* Waits for a whole message. False at the end of the connection. */
static bool
Receive(Wire *wire)
{
    size_t got = 0;

    while (got < wire->length) {
        ssize_t count;

        if (wire->polls) {
            Wait(wire);
        }
        count = read(wire->fd, wire->buffer + got, wire->length - got);
        if (count == 0 || (count < 0 && errno == ECONNRESET)) {
            return false;
        }
        if (count > 0) {
            got += (size_t) count;
        } else if (errno != EAGAIN && errno != EINTR) {
            Die("read");
        }
    }
    return true;
}

static struct sockaddr_in
Loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void
Serve(Wire *wire, bool polls, size_t length)
{
    struct sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    if (listener < 0 || bind(listener, (struct sockaddr *) &address, size) != 0
            || listen(listener, 1) != 0
            || getsockname(listener, (struct sockaddr *) &address, &size) != 0) {
        Die("listen");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        Die("accept");
    }
    WireInit(wire, fd, polls, length);
    while (Receive(wire)) {
        Send(wire);
    }
}

static double
Microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static void
Ping(Wire *wire, bool polls, size_t length, uint16_t port)
{
    struct sockaddr_in address = Loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    long count, i;

    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) != 0) {
        Die("connect");
    }
    WireInit(wire, fd, polls, length);
    while (scanf("%ld", &count) == 1 && count > 0) {
        double start = Microseconds();

        for (i = 0; i < count; i++) {
            Send(wire);
            if (!Receive(wire)) {
                Die("the other side ended");
            }
        }
        printf("%.3f\n", (Microseconds() - start) / (double) count);
        fflush(stdout);
    }
}

int
main(int argc, char **argv)
{
    static Wire wire;
    bool serves = argc == 4 && strcmp(argv[1], "serve") == 0;
    bool pings = argc == 5 && strcmp(argv[1], "ping") == 0;
    long length = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

    if ((!serves && !pings) || length < 1 || length > BYTES_MAX) {
        fputs("usage: pingpong serve block|poll BYTES\n"
              "       pingpong ping  block|poll BYTES PORT\n",
                stderr);
        return 2;
    }
    if (serves) {
        Serve(&wire, strcmp(argv[2], "poll") == 0, (size_t) length);
    } else {
        Ping(&wire, strcmp(argv[2], "poll") == 0, (size_t) length,
                (uint16_t) strtol(argv[4], NULL, 10));
    }
    return 0;
}
