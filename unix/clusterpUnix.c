/*
 * clusterpUnix.c --
 *
 *	Unix-domain stream sockets and the files that name them.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool
ToAddress(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (length == 0) {
        errno = ENOENT; /* on Linux an empty one would mean a name the system makes up */
        return false;
    }
    if (length >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address->sun_path, path, length + 1);
    return true;
}

/* Returns a connected descriptor, or -1 with errno set. */
static int
Connect(const struct sockaddr_un *address)
{
    int result, fd = ClusterpSocket(AF_UNIX, SOCK_STREAM);

    if (fd < 0) {
        return -1;
    }
    do {
        result = connect(fd, (const struct sockaddr *) address, sizeof(*address));
    } while (result != 0 && errno == EINTR);
    if (result != 0 && errno != EISCONN) {
        ClusterpDiscard(fd);
        return -1;
    }
    return fd;
}

ClusterpResult
ClusterpUnixConnect(const char *path, int *fd, int *error)
{
    struct sockaddr_un address;

    *fd = -1;
    if (!ToAddress(path, &address)) {
        return ClusterpFail(error);
    }
    *fd = Connect(&address);
    return *fd < 0 ? ClusterpFail(error) : CLUSTERP_OK;
}

static bool
Identify(const char *path, ClusterpFileId *file)
{
    struct stat status;

    if (lstat(path, &status) != 0) {
        return false;
    }
    if (!S_ISSOCK(status.st_mode)) {
        errno = EADDRINUSE;
        return false;
    }
    file->device = (uint64_t) status.st_dev;
    file->number = (uint64_t) status.st_ino;
    return true;
}

bool
ClusterpUnixOwns(const ClusterpFileId *file, const char *path)
{
    ClusterpFileId there;

    return Identify(path, &there) && there.device == file->device && there.number == file->number;
}

void
ClusterpUnlink(const char *path)
{
    (void) unlink(path);
}

/* Makes the directories on the way to path that are missing, for this user alone. */
static void
MakeDirectories(const char *path)
{
    char *copy = strdup(path);

    if (copy == NULL) {
        return;
    }
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void) mkdir(copy, 0700); /* where that fails, binding says why */
        *slash = '/';
    }
    free(copy);
}

/*
 * Removes a socket that nobody listens behind. The identity is compared again
 * at the end, as another process may do the same and have bound its own since.
 */
static bool
RemoveStale(const struct sockaddr_un *address)
{
    const char *path = address->sun_path;
    ClusterpFileId before;
    int fd;

    if (!Identify(path, &before)) {
        return errno == ENOENT;
    }
    fd = Connect(address);
    if (fd >= 0) {
        ClusterpClose(fd);
        return false;
    }
    if (errno == ENOENT) {
        return true;
    }
    return errno == ECONNREFUSED && ClusterpUnixOwns(&before, path) && unlink(path) == 0;
}

static bool
Bind(int fd, const struct sockaddr_un *address)
{
    const struct sockaddr *name = (const struct sockaddr *) address;

    if (bind(fd, name, sizeof(*address)) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        MakeDirectories(address->sun_path);
        if (bind(fd, name, sizeof(*address)) == 0) {
            return true;
        }
    }
    if (errno != EADDRINUSE) {
        return false;
    }
    if (!RemoveStale(address)) {
        errno = EADDRINUSE;
        return false;
    }
    return bind(fd, name, sizeof(*address)) == 0;
}

/*
 * Nobody can connect before listen, so the permissions are set in time. The
 * process's umask is left alone, as other threads make files meanwhile. While
 * bound but not listening the file looks stale to others: if one took its
 * place just then, that is found at the end.
 */
static bool
Open(int fd, const struct sockaddr_un *address, int mode, ClusterpFileId *file)
{
    const char *path = address->sun_path;

    if (!Identify(path, file) || chmod(path, (mode_t) mode) != 0 || listen(fd, SOMAXCONN) != 0) {
        return false;
    }
    if (!ClusterpUnixOwns(file, path)) {
        errno = EADDRINUSE;
        return false;
    }
    return true;
}

ClusterpResult
ClusterpUnixListen(const char *path, int mode, int *fd, ClusterpFileId *file, int *error)
{
    struct sockaddr_un address;
    ClusterpFileId made = {0, 0};
    int socket, saved;

    *fd = -1;
    if (!ToAddress(path, &address)) {
        return ClusterpFail(error);
    }
    socket = ClusterpSocket(AF_UNIX, SOCK_STREAM);
    if (socket < 0) {
        return ClusterpFail(error);
    }
    if (!Bind(socket, &address)) {
        ClusterpDiscard(socket);
        return ClusterpFail(error);
    }
    if (!Open(socket, &address, mode, &made)) {
        saved = errno;
        if (made.number != 0 && ClusterpUnixOwns(&made, path)) {
            ClusterpUnlink(path);
        }
        ClusterpClose(socket);
        errno = saved;
        return ClusterpFail(error);
    }
    *fd = socket;
    if (file != NULL) {
        *file = made;
    }
    return CLUSTERP_OK;
}
