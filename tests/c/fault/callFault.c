/*
 * callFault.c --
 *
 *	Makes calls of the system fail in a process while it runs: preloaded
 *	(LD_PRELOAD), it stands before the C library for the calls that the package
 *	makes, and for those of nobody else. The file named by the environment
 *	variable CALL_FAULTS is shared with whoever decides what fails: a head, and
 *	a row for each function (see Table), in which it also counts the calls.
 *
 *	A library of its own, which knows neither Tcl nor the package.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum Call {
    CALL_ACCEPT4,
    CALL_ACCESS,
    CALL_BIND,
    CALL_CALLOC,
    CALL_CHMOD,
    CALL_CONNECT,
    CALL_EPOLL_CREATE1,
    CALL_EPOLL_CTL,
    CALL_EPOLL_WAIT,
    CALL_FCHMOD,
    CALL_FCNTL,
    CALL_FGETS,
    CALL_FOPEN,
    CALL_FSTAT,
    CALL_GETENTROPY,
    CALL_GETHOSTNAME,
    CALL_GETIFADDRS,
    CALL_GETPEERNAME,
    CALL_GETRLIMIT,
    CALL_GETSOCKNAME,
    CALL_GETSOCKOPT,
    CALL_IF_NAMETOINDEX,
    CALL_IOCTL,
    CALL_LISTEN,
    CALL_LSTAT,
    CALL_MALLOC,
    CALL_MKDIR,
    CALL_OPEN,
    CALL_OPENDIR,
    CALL_POLL,
    CALL_READ,
    CALL_READDIR,
    CALL_RECV,
    CALL_RECVFROM,
    CALL_RECVMSG,
    CALL_RENAME,
    CALL_SENDMSG,
    CALL_SENDTO,
    CALL_SETSOCKOPT,
    CALL_SHUTDOWN,
    CALL_SOCKET,
    CALL_STAT,
    CALL_STRDUP,
    CALL_TIMERFD_CREATE,
    CALL_TIMERFD_SETTIME,
    CALL_UNLINK,
    CALLS
};

static const char *const names[CALLS] = {
        [CALL_ACCEPT4] = "accept4",
        [CALL_ACCESS] = "access",
        [CALL_BIND] = "bind",
        [CALL_CALLOC] = "calloc",
        [CALL_CHMOD] = "chmod",
        [CALL_CONNECT] = "connect",
        [CALL_EPOLL_CREATE1] = "epoll_create1",
        [CALL_EPOLL_CTL] = "epoll_ctl",
        [CALL_EPOLL_WAIT] = "epoll_wait",
        [CALL_FCHMOD] = "fchmod",
        [CALL_FCNTL] = "fcntl",
        [CALL_FGETS] = "fgets",
        [CALL_FOPEN] = "fopen",
        [CALL_FSTAT] = "fstat",
        [CALL_GETENTROPY] = "getentropy",
        [CALL_GETHOSTNAME] = "gethostname",
        [CALL_GETIFADDRS] = "getifaddrs",
        [CALL_GETPEERNAME] = "getpeername",
        [CALL_GETRLIMIT] = "getrlimit",
        [CALL_GETSOCKNAME] = "getsockname",
        [CALL_GETSOCKOPT] = "getsockopt",
        [CALL_IF_NAMETOINDEX] = "if_nametoindex",
        [CALL_IOCTL] = "ioctl",
        [CALL_LISTEN] = "listen",
        [CALL_LSTAT] = "lstat",
        [CALL_MALLOC] = "malloc",
        [CALL_MKDIR] = "mkdir",
        [CALL_OPEN] = "open",
        [CALL_OPENDIR] = "opendir",
        [CALL_POLL] = "poll",
        [CALL_READ] = "read",
        [CALL_READDIR] = "readdir",
        [CALL_RECV] = "recv",
        [CALL_RECVFROM] = "recvfrom",
        [CALL_RECVMSG] = "recvmsg",
        [CALL_RENAME] = "rename",
        [CALL_SENDMSG] = "sendmsg",
        [CALL_SENDTO] = "sendto",
        [CALL_SETSOCKOPT] = "setsockopt",
        [CALL_SHUTDOWN] = "shutdown",
        [CALL_SOCKET] = "socket",
        [CALL_STAT] = "stat",
        [CALL_STRDUP] = "strdup",
        [CALL_TIMERFD_CREATE] = "timerfd_create",
        [CALL_TIMERFD_SETTIME] = "timerfd_settime",
        [CALL_UNLINK] = "unlink",
};
_Static_assert(sizeof names / sizeof names[0] == CALLS, "a name for each");

/* In place of an error: the new descriptor gets the number 0. */
#define FIRST (-1)

/* What is to happen to the calls of a function. */
typedef struct Row {
    char name[24];
    int32_t detail; /* only those with this option, operation or family; -1: all */
    int32_t kind;   /* only on sockets of this type (SOCK_STREAM ...); -1: all */
    int32_t skip;   /* so many are let go first */
    int32_t times;  /* then so many fail */
    int32_t every;  /* of those let go: 1 all, 2 every other one ... */
    int32_t error;  /* errno; 0: what is read or written is cut; FIRST */
    int32_t length; /* ... to this */
    int32_t seen;   /* of those since, which of `every` */
    int32_t calls;  /* so many were made */
    int32_t failed; /* and so many failed */
} Row;

typedef struct Table {
    int32_t armed; /* 0: nothing is counted and nothing fails */
    int32_t count; /* of rows */
    int32_t size;  /* of one */
    int32_t plug;  /* nothing but what is to be number 0 gets it */
    Row rows[CALLS];
} Table;

static Table *table;

/* ---- whose call, and which ------------------------------------------------ */

/* Is that address in the code of a library of the package, or of its tests? */
static int
HasCaller(struct dl_phdr_info *info, size_t size, void *caller)
{
    const char *slash = strrchr(info->dlpi_name, '/');
    uintptr_t at = (uintptr_t) caller - info->dlpi_addr;

    (void) size;
    if (!strstr(slash ? slash : info->dlpi_name, "cluster")) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && at - part->p_vaddr < part->p_memsz) {
            return 1;
        }
    }
    return 0;
}

__attribute__((constructor)) static void
Share(void)
{
    const char *path = getenv("CALL_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *place;

    if (fd < 0 || ftruncate(fd, sizeof *table) != 0) {
        return;
    }
    place = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void) close(fd);
    if (place == MAP_FAILED) {
        return;
    }
    table = place;
    table->count = CALLS;
    table->size = sizeof(Row);
    for (int i = 0; i < CALLS; i++) {
        (void) snprintf(table->rows[i].name, sizeof table->rows[i].name, "%s", names[i]);
    }
}

/* The C library's function of that name into *function, a pointer to one. */
static void
Next(enum Call call, void *function)
{
    static void *known[CALLS];

    if (!known[call]) {
        known[call] = dlsym(RTLD_NEXT, names[call]);
    }
    memcpy(function, &known[call], sizeof known[call]);
}

static bool
IsOfKind(int fd, int kind)
{
    int (*next)(int, int, int, void *, socklen_t *), type = -1, before = errno;
    socklen_t length = sizeof type;

    Next(CALL_GETSOCKOPT, &next);
    (void) next(fd, SOL_SOCKET, SO_TYPE, &type, &length);
    errno = before;
    return type == kind;
}

/* Takes number 0 if it is free. */
static void
Plug(void)
{
    int before = errno;

    if (fcntl(0, F_GETFD) < 0) {
        (void) open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    errno = before;
}

/* The row, if this call is to fail, else NULL; errno is as it has to be. */
static const Row *
Fails(enum Call call, int fd, int detail, void *caller)
{
    Row *row;

    if (!table || !table->armed || dl_iterate_phdr(HasCaller, caller) == 0) {
        return NULL;
    }
    if (table->plug) {
        Plug();
    }
    row = &table->rows[call];
    if ((row->detail >= 0 && row->detail != detail)
            || (row->kind >= 0 && row->times > 0 && !IsOfKind(fd, row->kind))) {
        return NULL;
    }
    row->calls++;
    if (row->times <= 0) {
        return NULL;
    }
    if (row->skip > 0) {
        row->skip--;
        return NULL;
    }
    if (++row->seen % (row->every > 1 ? row->every : 1) != 0) {
        return NULL;
    }
    row->times--;
    row->failed++;
    if (row->error > 0) {
        errno = row->error;
    }
    return row;
}

/* As Fails, of one that has no short results. */
static bool
Refused(enum Call call, int fd, int detail, void *caller)
{
    const Row *row = Fails(call, fd, detail, caller);

    return row && row->error > 0;
}

/* A new descriptor, where the row wants it. */
static int
Placed(const Row *row, int fd)
{
    if (!row || row->error != FIRST || fd <= 0) {
        return fd;
    }
    (void) dup3(fd, 0, O_CLOEXEC);
    (void) close(fd);
    return 0;
}

/* As Refused; one that is to be short is, by what *size is changed to. */
static bool
RefusedOrCut(enum Call call, int fd, size_t *size, void *caller)
{
    const Row *row = Fails(call, fd, -1, caller);

    if (row && row->error == 0 && *size > (size_t) row->length) {
        *size = (size_t) row->length;
    }
    return row && row->error > 0;
}

#define CALLER __builtin_return_address(0)

static bool
IsGroup(const struct sockaddr *to)
{
    struct sockaddr_in address;

    memcpy(&address, to, sizeof address);
    return to->sa_family == AF_INET && IN_MULTICAST(ntohl(address.sin_addr.s_addr));
}

/* ---- sockets ---------------------------------------------------------------- */

int
socket(int domain, int type, int protocol)
{
    int (*next)(int, int, int);
    const Row *row;

    Next(CALL_SOCKET, &next);
    row = Fails(CALL_SOCKET, -1, domain, CALLER);
    return row && row->error > 0 ? -1 : Placed(row, next(domain, type, protocol));
}

int
bind(int fd, const struct sockaddr *name, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t);

    Next(CALL_BIND, &next);
    return Refused(CALL_BIND, fd, name->sa_family, CALLER) ? -1 : next(fd, name, length);
}

int
listen(int fd, int backlog)
{
    int (*next)(int, int);

    Next(CALL_LISTEN, &next);
    return Refused(CALL_LISTEN, fd, -1, CALLER) ? -1 : next(fd, backlog);
}

/* One that is interrupted goes on all the same. */
int
connect(int fd, const struct sockaddr *name, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t);

    const Row *row = Fails(CALL_CONNECT, fd, name->sa_family, CALLER);
    int error = errno;

    Next(CALL_CONNECT, &next);
    if (row && row->error == EINTR) {
        (void) next(fd, name, length);
    }
    errno = error;
    return row && row->error > 0 ? -1 : next(fd, name, length);
}

int
accept4(int fd, struct sockaddr *name, socklen_t *length, int flags)
{
    int (*next)(int, struct sockaddr *, socklen_t *, int);
    const Row *row;

    Next(CALL_ACCEPT4, &next);
    row = Fails(CALL_ACCEPT4, fd, -1, CALLER);
    return row && row->error > 0 ? -1 : Placed(row, next(fd, name, length, flags));
}

int
shutdown(int fd, int how)
{
    int (*next)(int, int);

    Next(CALL_SHUTDOWN, &next);
    return Refused(CALL_SHUTDOWN, fd, how, CALLER) ? -1 : next(fd, how);
}

int
getsockname(int fd, struct sockaddr *name, socklen_t *length)
{
    int (*next)(int, struct sockaddr *, socklen_t *);

    Next(CALL_GETSOCKNAME, &next);
    return Refused(CALL_GETSOCKNAME, fd, -1, CALLER) ? -1 : next(fd, name, length);
}

int
getpeername(int fd, struct sockaddr *name, socklen_t *length)
{
    int (*next)(int, struct sockaddr *, socklen_t *);

    Next(CALL_GETPEERNAME, &next);
    return Refused(CALL_GETPEERNAME, fd, -1, CALLER) ? -1 : next(fd, name, length);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    int (*next)(int, int, int, const void *, socklen_t);

    Next(CALL_SETSOCKOPT, &next);
    return Refused(CALL_SETSOCKOPT, fd, level * 1000 + option, CALLER)
            ? -1
            : next(fd, level, option, value, length);
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
    int (*next)(int, int, int, void *, socklen_t *);

    Next(CALL_GETSOCKOPT, &next);
    return Refused(CALL_GETSOCKOPT, fd, level * 1000 + option, CALLER)
            ? -1
            : next(fd, level, option, value, length);
}

ssize_t
sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
        socklen_t length)
{
    ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

    Next(CALL_SENDTO, &next);
    return Refused(CALL_SENDTO, fd, IsGroup(to) ? 1 : 0, CALLER)
            ? -1
            : next(fd, bytes, size, flags, to, length);
}

/* Cut, only the first run goes. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*next)(int, const struct msghdr *, int);
    struct msghdr cut = *message;
    size_t size = message->msg_iovlen > 0 ? message->msg_iov[0].iov_len : 0, whole = size;
    struct iovec run;

    Next(CALL_SENDMSG, &next);
    if (RefusedOrCut(CALL_SENDMSG, fd, &size, CALLER)) {
        return -1;
    }
    if (size < whole) {
        run.iov_base = message->msg_iov[0].iov_base;
        run.iov_len = size;
        cut.msg_iov = &run;
        cut.msg_iovlen = 1;
    }
    return next(fd, &cut, flags);
}

ssize_t
recv(int fd, void *buffer, size_t size, int flags)
{
    ssize_t (*next)(int, void *, size_t, int);

    Next(CALL_RECV, &next);
    return RefusedOrCut(CALL_RECV, fd, &size, CALLER) ? -1 : next(fd, buffer, size, flags);
}

ssize_t
recvfrom(int fd, void *restrict buffer, size_t size, int flags, struct sockaddr *restrict from,
        socklen_t *restrict length)
{
    ssize_t (*next)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

    Next(CALL_RECVFROM, &next);
    return Refused(CALL_RECVFROM, fd, -1, CALLER) ? -1
                                                  : next(fd, buffer, size, flags, from, length);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t (*next)(int, struct msghdr *, int);

    Next(CALL_RECVMSG, &next);
    return Refused(CALL_RECVMSG, fd, flags & MSG_ERRQUEUE ? 1 : 0, CALLER)
            ? -1
            : next(fd, message, flags);
}

int
ioctl(int fd, unsigned long request, ...)
{
    int (*next)(int, unsigned long, void *);
    va_list rest;
    void *value;

    va_start(rest, request);
    value = va_arg(rest, void *);
    va_end(rest);
    Next(CALL_IOCTL, &next);
    return Refused(CALL_IOCTL, fd, (int) request, CALLER) ? -1 : next(fd, request, value);
}

int
getifaddrs(struct ifaddrs **all)
{
    int (*next)(struct ifaddrs **);

    Next(CALL_GETIFADDRS, &next);
    return Refused(CALL_GETIFADDRS, -1, -1, CALLER) ? -1 : next(all);
}

unsigned
if_nametoindex(const char *name)
{
    unsigned (*next)(const char *);

    Next(CALL_IF_NAMETOINDEX, &next);
    return Refused(CALL_IF_NAMETOINDEX, -1, -1, CALLER) ? 0 : next(name);
}

/* ---- waiting ---------------------------------------------------------------- */

int
epoll_create1(int flags)
{
    int (*next)(int);
    const Row *row;

    Next(CALL_EPOLL_CREATE1, &next);
    row = Fails(CALL_EPOLL_CREATE1, -1, -1, CALLER);
    return row && row->error > 0 ? -1 : Placed(row, next(flags));
}

int
epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    int (*next)(int, int, int, struct epoll_event *);

    Next(CALL_EPOLL_CTL, &next);
    return Refused(CALL_EPOLL_CTL, fd, operation, CALLER) ? -1 : next(set, operation, fd, event);
}

int
epoll_wait(int set, struct epoll_event *events, int most, int ms)
{
    int (*next)(int, struct epoll_event *, int, int);

    Next(CALL_EPOLL_WAIT, &next);
    return Refused(CALL_EPOLL_WAIT, set, -1, CALLER) ? -1 : next(set, events, most, ms);
}

int
timerfd_create(int clock, int flags)
{
    int (*next)(int, int);
    const Row *row;

    Next(CALL_TIMERFD_CREATE, &next);
    row = Fails(CALL_TIMERFD_CREATE, -1, -1, CALLER);
    return row && row->error > 0 ? -1 : Placed(row, next(clock, flags));
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    int (*next)(int, int, const struct itimerspec *, struct itimerspec *);

    Next(CALL_TIMERFD_SETTIME, &next);
    return Refused(CALL_TIMERFD_SETTIME, fd, -1, CALLER) ? -1 : next(fd, flags, when, before);
}

int
poll(struct pollfd *all, nfds_t count, int ms)
{
    int (*next)(struct pollfd *, nfds_t, int);

    Next(CALL_POLL, &next);
    return Refused(CALL_POLL, -1, -1, CALLER) ? -1 : next(all, count, ms);
}

/* ---- files ------------------------------------------------------------------ */

int
open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, mode_t);
    const Row *row;
    mode_t mode = 0;
    va_list rest;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    Next(CALL_OPEN, &next);
    row = Fails(CALL_OPEN, -1, flags & O_PATH ? 1 : 0, CALLER);
    return row && row->error > 0 ? -1 : Placed(row, next(path, flags, mode));
}

ssize_t
read(int fd, void *buffer, size_t size)
{
    ssize_t (*next)(int, void *, size_t);

    Next(CALL_READ, &next);
    return RefusedOrCut(CALL_READ, fd, &size, CALLER) ? -1 : next(fd, buffer, size);
}

int
fcntl(int fd, int command, ...)
{
    int (*next)(int, int, void *);
    va_list rest;
    void *value;

    va_start(rest, command);
    value = va_arg(rest, void *);
    va_end(rest);
    Next(CALL_FCNTL, &next);
    return Refused(CALL_FCNTL, fd, command, CALLER) ? -1 : next(fd, command, value);
}

int
fstat(int fd, struct stat *status)
{
    int (*next)(int, struct stat *);

    Next(CALL_FSTAT, &next);
    return Refused(CALL_FSTAT, fd, -1, CALLER) ? -1 : next(fd, status);
}

int
lstat(const char *restrict path, struct stat *restrict status)
{
    int (*next)(const char *, struct stat *);

    Next(CALL_LSTAT, &next);
    return Refused(CALL_LSTAT, -1, -1, CALLER) ? -1 : next(path, status);
}

int
stat(const char *restrict path, struct stat *restrict status)
{
    int (*next)(const char *, struct stat *);

    Next(CALL_STAT, &next);
    return Refused(CALL_STAT, -1, -1, CALLER) ? -1 : next(path, status);
}

int
access(const char *path, int mode)
{
    int (*next)(const char *, int);

    Next(CALL_ACCESS, &next);
    return Refused(CALL_ACCESS, -1, -1, CALLER) ? -1 : next(path, mode);
}

int
chmod(const char *path, mode_t mode)
{
    int (*next)(const char *, mode_t);

    Next(CALL_CHMOD, &next);
    return Refused(CALL_CHMOD, -1, -1, CALLER) ? -1 : next(path, mode);
}

int
fchmod(int fd, mode_t mode)
{
    int (*next)(int, mode_t);

    Next(CALL_FCHMOD, &next);
    return Refused(CALL_FCHMOD, fd, -1, CALLER) ? -1 : next(fd, mode);
}

int
unlink(const char *path)
{
    int (*next)(const char *);

    Next(CALL_UNLINK, &next);
    return Refused(CALL_UNLINK, -1, -1, CALLER) ? -1 : next(path);
}

int
rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *);

    Next(CALL_RENAME, &next);
    return Refused(CALL_RENAME, -1, -1, CALLER) ? -1 : next(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
    int (*next)(const char *, mode_t);

    Next(CALL_MKDIR, &next);
    return Refused(CALL_MKDIR, -1, -1, CALLER) ? -1 : next(path, mode);
}

DIR *
opendir(const char *path)
{
    DIR *(*next)(const char *);

    Next(CALL_OPENDIR, &next);
    return Refused(CALL_OPENDIR, -1, -1, CALLER) ? NULL : next(path);
}

struct dirent *
readdir(DIR *all)
{
    struct dirent *(*next)(DIR *);

    Next(CALL_READDIR, &next);
    return Refused(CALL_READDIR, -1, -1, CALLER) ? NULL : next(all);
}

FILE *
fopen(const char *restrict path, const char *restrict mode)
{
    FILE *(*next)(const char *, const char *);

    Next(CALL_FOPEN, &next);
    return Refused(CALL_FOPEN, -1, -1, CALLER) ? NULL : next(path, mode);
}

char *
fgets(char *restrict line, int size, FILE *restrict file)
{
    char *(*next)(char *, int, FILE *);

    Next(CALL_FGETS, &next);
    return Refused(CALL_FGETS, -1, -1, CALLER) ? NULL : next(line, size, file);
}

/* ---- the host, and memory --------------------------------------------------- */

int
getentropy(void *bytes, size_t size)
{
    int (*next)(void *, size_t);

    Next(CALL_GETENTROPY, &next);
    return Refused(CALL_GETENTROPY, -1, -1, CALLER) ? -1 : next(bytes, size);
}

int
gethostname(char *name, size_t size)
{
    int (*next)(char *, size_t);

    Next(CALL_GETHOSTNAME, &next);
    return Refused(CALL_GETHOSTNAME, -1, -1, CALLER) ? -1 : next(name, size);
}

int
getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    int (*next)(__rlimit_resource_t, struct rlimit *);

    Next(CALL_GETRLIMIT, &next);
    return Refused(CALL_GETRLIMIT, -1, -1, CALLER) ? -1 : next(resource, limit);
}

char *
strdup(const char *text)
{
    char *(*next)(const char *);

    Next(CALL_STRDUP, &next);
    return Refused(CALL_STRDUP, -1, -1, CALLER) ? NULL : next(text);
}

#ifdef __GLIBC__

/* By other names, as looking them up takes memory. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

void *
malloc(size_t size)
{
    return Refused(CALL_MALLOC, -1, -1, CALLER) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    return Refused(CALL_CALLOC, -1, -1, CALLER) ? NULL : __libc_calloc(count, size);
}

#endif
