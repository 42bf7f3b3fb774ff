/*
 * clusterpSystem.c --
 *
 *	The clock, random bytes, the process's number and the host's name.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <sys/resource.h>
#include <unistd.h>

/* The most that getentropy gives at once. */
#define ENTROPY_LIMIT 256

int64_t
ClusterpMonotonic(void)
{
    struct timespec now = {0, 0};

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + (int64_t) now.tv_nsec / 1000;
}

int
ClusterpProcessId(void)
{
    return (int) getpid();
}

/* A name that is too long is cut: whether the system ends it with a NUL then is left open. */
void
ClusterpHostName(char *name, size_t size)
{
    if (gethostname(name, size) != 0 && errno != ENAMETOOLONG) {
        name[0] = '\0';
    }
    name[size - 1] = '\0';
}

size_t
ClusterpDescriptorLimit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
            || limit.rlim_cur > SIZE_MAX) {
        return SIZE_MAX;
    }
    return (size_t) limit.rlim_cur;
}

size_t
ClusterpDescriptorNext(int fd)
{
    int next = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    ClusterpClose(next);
    return next < 0 ? ClusterpDescriptorLimit() : (size_t) next;
}

/* The way of kernels that lack the call. */
static bool
ReadDevice(uint8_t *bytes, size_t length)
{
    int fd = ClusterpOpenFile("/dev/urandom", O_RDONLY);

    while (fd >= 0 && length > 0) {
        ssize_t got = read(fd, bytes, length);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        bytes += got;
        length -= (size_t) got;
    }
    ClusterpClose(fd);
    return fd >= 0 && length == 0;
}

void
ClusterpRandom(void *bytes, size_t length)
{
    uint8_t *next = bytes;

    while (length > 0) {
        size_t some = length < ENTROPY_LIMIT ? length : ENTROPY_LIMIT;

        if (getentropy(next, some) != 0 && !ReadDevice(next, some)) {
            abort(); /* as C libraries do: guessable names would be worse */
        }
        next += some;
        length -= some;
    }
}
