/*
 * clockShift.c --
 *
 *	Moves the wall clock of a process while it runs: preloaded (LD_PRELOAD),
 *	it adds to what the system says the seconds that are written in the file
 *	named by the environment variable CLOCK_SHIFT. The monotonic clock, timers
 *	of the system and other processes are left alone.
 *
 *	A library of its own, which knows neither Tcl nor the package.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* 0 without a file, or when no number is in it. May not change errno. */
static long
Shift(void)
{
    const char *name = getenv("CLOCK_SHIFT");
    int before = errno, fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    char text[32];
    ssize_t length;
    long shift = 0;

    if (fd >= 0) {
        length = read(fd, text, sizeof text - 1);
        if (length > 0) {
            text[length] = '\0';
            shift = strtol(text, NULL, 10);
        }
        close(fd);
    }
    errno = before;
    return shift;
}

/* Straight from the kernel: the C library's function of this name is replaced. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
    int result = (int) syscall(SYS_clock_gettime, id, now);

    if (result == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += Shift();
    }
    return result;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;

    (void) zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) {
        return -1;
    }
    now->tv_sec = exact.tv_sec;
    now->tv_usec = (suseconds_t) (exact.tv_nsec / 1000);
    return 0;
}

time_t
time(time_t *now)
{
    struct timespec exact = {0, 0};

    (void) clock_gettime(CLOCK_REALTIME, &exact);
    if (now) {
        *now = exact.tv_sec;
    }
    return exact.tv_sec;
}
