/*
 * clusterpUnix.c --
 *
 *	Unix-domain stream sockets and the files that name them.
 */

#include "clusterpInt.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Seconds for which a file that nobody listens behind is left alone. */
#define YOUNG_S 2
/* Entries of a directory that are looked at for files that are left over, and how many of those are tried. */
#define TIDY_ENTRIES 65536
#define TIDY_FILES   256

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

/* A socket under its own name alone: others can make symbolic links, and in some systems hard ones, to what they cannot reach. */
static bool
IsPlainSocket(const struct stat *status)
{
    if (S_ISLNK(status->st_mode) || (S_ISSOCK(status->st_mode) && status->st_nlink != 1)) {
        errno = ELOOP;
        return false;
    }
    if (!S_ISSOCK(status->st_mode)) {
        errno = ECONNREFUSED;
        return false;
    }
    return true;
}

/* As Connect, to a plain socket. Where the system cannot do that in one step the name is looked at before and afterwards. */
static int
ConnectPlainly(const struct sockaddr_un *address)
{
    struct stat before, after;
    int fd;

    if (lstat(address->sun_path, &before) != 0 || !IsPlainSocket(&before)) {
        return -1;
    }
    fd = Connect(address);
    if (fd >= 0
            && (lstat(address->sun_path, &after) != 0 || before.st_dev != after.st_dev
                    || before.st_ino != after.st_ino || !IsPlainSocket(&after))) {
        ClusterpDiscard(fd);
        errno = ELOOP;
        fd = -1;
    }
    return fd;
}

#ifdef __linux__
/* By a descriptor of the file, which nobody can exchange. */
static int
ConnectByFile(const struct sockaddr_un *address)
{
    struct sockaddr_un self;
    struct stat status;
    int fd = -1, file = ClusterpOpenFile(address->sun_path, O_PATH | O_NOFOLLOW);

    if (file < 0) {
        return -1;
    }
    memset(&self, 0, sizeof(self));
    self.sun_family = AF_UNIX;
    (void) snprintf(self.sun_path, sizeof(self.sun_path), "/proc/self/fd/%d", file);
    if (fstat(file, &status) == 0 && IsPlainSocket(&status)) {
        fd = access(self.sun_path, F_OK) == 0 ? Connect(&self) : ConnectPlainly(address);
    }
    ClusterpDiscard(file);
    return fd;
}
#else
#   define ConnectByFile ConnectPlainly
#endif

ClusterpResult
ClusterpUnixConnect(const char *path, int *fd, int *error)
{
    struct sockaddr_un address;

    *fd = -1;
    if (!ToAddress(path, &address)) {
        return ClusterpFail(error);
    }
    *fd = ConnectByFile(&address);
    return *fd < 0 ? ClusterpFail(error) : CLUSTERP_OK;
}

static bool
IsFile(const struct stat *status, const ClusterpFileId *file)
{
    return S_ISSOCK(status->st_mode) && file->device == (uint64_t) status->st_dev
            && file->number == (uint64_t) status->st_ino;
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

/* Makes the directories on the way to the file that are missing, for this user alone. */
static void
MakeDirectories(const struct sockaddr_un *address)
{
    struct sockaddr_un copy = *address;

    for (char *slash = strchr(copy.sun_path + 1, '/'); slash != NULL;
            slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void) mkdir(copy.sun_path, 0700); /* where that fails, binding says why */
        *slash = '/';
    }
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
    fd = ConnectByFile(address);
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
        MakeDirectories(address);
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
 * ------------------------------------------------------------------------
 * Permissions
 * ------------------------------------------------------------------------
 */

/*
 * Binds a socket whose file is never more open than `mode`. The process's
 * umask, which other threads use meanwhile, is not widened for it.
 */
static bool
BindWithin(int fd, const struct sockaddr_un *address, mode_t mode)
{
#ifdef __linux__
    /* The file gets the socket's own permissions, without those that the umask takes away. */
    return fchmod(fd, mode) == 0 && Bind(fd, address);
#else
    mode_t before = umask(0777);
    bool bound;

    (void) umask(before | (0777 & ~mode));
    bound = Bind(fd, address);
    (void) umask(before);
    return bound;
#endif
}

/* Gives back what the umask took. Nobody's file but ours, whatever stands at the path by now. */
static bool
Widen(const char *path, const ClusterpFileId *file, mode_t mode)
{
    struct stat status;
    bool done = false;
#ifdef __linux__
    char name[32];
    int fd = ClusterpOpenFile(path, O_PATH | O_NOFOLLOW);

    if (fd < 0) {
        return false;
    }
    (void) snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    if (fstat(fd, &status) == 0 && IsFile(&status, file)) {
        done = (status.st_mode & 0777) == mode || chmod(name, mode) == 0;
    }
    ClusterpDiscard(fd);
#else
    if (lstat(path, &status) == 0 && IsFile(&status, file)) {
        done = (status.st_mode & 0777) == mode
                || fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0;
    }
#endif
    return done;
}

size_t
ClusterpUnixOpenDirectory(const char *path)
{
    struct sockaddr_un copy;
    struct stat status;
    char *at = copy.sun_path;

    if (!ToAddress(path, &copy)) {
        return 0; /* nothing is made there */
    }
    while ((at = strchr(at, '/')) != NULL) {
        char *end = at == copy.sun_path ? at + 1 : at, was = *end;

        *end = '\0';
        if (stat(copy.sun_path, &status) == 0 && (status.st_mode & S_IWOTH) != 0
                && (status.st_mode & S_ISVTX) == 0) {
            return (size_t) (end - copy.sun_path);
        }
        *end = was;
        at++;
    }
    return 0;
}

/*
 * ------------------------------------------------------------------------
 * Listening
 * ------------------------------------------------------------------------
 */

/*
 * Nobody can connect before listen. While bound but not listening the file
 * looks stale to others: if one took its place just then, that is found at the
 * end.
 */
static bool
Open(int fd, const char *path, mode_t mode, ClusterpFileId *file)
{
    if (!Identify(path, file) || !Widen(path, file, mode) || listen(fd, SOMAXCONN) != 0) {
        return false;
    }
    if (!ClusterpUnixOwns(file, path)) {
        errno = EADDRINUSE;
        return false;
    }
    return true;
}

static bool
BindAndOpen(int fd, const struct sockaddr_un *address, mode_t mode, ClusterpFileId *file)
{
    int saved;

    if (!BindWithin(fd, address, mode)) {
        return false;
    }
    if (!Open(fd, address->sun_path, mode, file)) {
        saved = errno;
        (void) shutdown(fd, SHUT_RDWR);
        (void) RemoveStale(address);
        errno = saved;
        return false;
    }
    return true;
}

/* A name in the directory of the path that nobody else has; it is no longer, as the path's own has a sid in it. */
static bool
NameBeside(const char *path, struct sockaddr_un *address)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t) (slash - path) + 1 : 0;
    uint32_t random;

    if (!ToAddress(path, address)) {
        return false;
    }
    ClusterpRandom(&random, sizeof(random));
    (void) snprintf(address->sun_path + length, sizeof(address->sun_path) - length, ".%08x",
            (unsigned) random);
    return true;
}

/* In place of a file of ours, which others can connect to until it is replaced in one step. */
static bool
Replace(int fd, const char *path, mode_t mode, ClusterpFileId *file)
{
    struct sockaddr_un beside;

    if (!NameBeside(path, &beside) || !BindAndOpen(fd, &beside, mode, file)) {
        return false;
    }
    if (rename(beside.sun_path, path) != 0) {
        int saved = errno;

        ClusterpUnlink(beside.sun_path);
        errno = saved;
        return false;
    }
    return true;
}

ClusterpResult
ClusterpUnixListen(const char *path, int mode, const ClusterpFileId *mine, int *fd,
        ClusterpFileId *file, int *error)
{
    struct sockaddr_un address;
    bool replaces = mine != NULL && ClusterpUnixOwns(mine, path);
    int made;

    *fd = -1;
    if (!ToAddress(path, &address)) {
        return ClusterpFail(error);
    }
    made = ClusterpSocket(AF_UNIX, SOCK_STREAM);
    if (made < 0) {
        return ClusterpFail(error);
    }
    if (replaces ? !Replace(made, path, (mode_t) mode, file)
                 : !BindAndOpen(made, &address, (mode_t) mode, file)) {
        ClusterpDiscard(made);
        return ClusterpFail(error);
    }
    *fd = made;
    return CLUSTERP_OK;
}

/*
 * ------------------------------------------------------------------------
 * Files that are left over
 * ------------------------------------------------------------------------
 */

/* Is it like ours, but for the sid, which stands at `at`? */
static bool
IsAlike(const char *name, const char *ours, size_t at, size_t length)
{
    size_t i;

    if (strlen(name) != strlen(ours) || strncmp(name, ours, at) != 0
            || strcmp(name + at + length, ours + at + length) != 0 || strcmp(name, ours) == 0) {
        return false;
    }
    for (i = at; i < at + length; i++) {
        if (!isalnum((unsigned char) name[i])) {
            return false;
        }
    }
    return true;
}

/* One that was made just now may be about to listen. */
static void
RemoveIfDead(const char *path)
{
    struct sockaddr_un address;
    struct stat status;

    if (ToAddress(path, &address) && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)
            && status.st_uid == geteuid() && time(NULL) - status.st_mtime > YOUNG_S) {
        (void) RemoveStale(&address);
    }
}

void
ClusterpUnixTidy(const char *path, size_t sidAt, size_t sidLength)
{
    const char *tail = strrchr(path, '/') + 1;
    size_t directory = (size_t) (tail - path);
    struct sockaddr_un address;
    const struct dirent *entry;
    int seen = 0, alike = 0;
    DIR *all;

    if (!ToAddress(path, &address)) {
        return;
    }
    address.sun_path[directory] = '\0';
    all = opendir(address.sun_path);
    while (all != NULL && seen++ < TIDY_ENTRIES && alike < TIDY_FILES
            && (entry = readdir(all)) != NULL) {
        if (IsAlike(entry->d_name, tail, sidAt - directory, sidLength)) {
            alike++;
            (void) snprintf(address.sun_path + directory, sizeof(address.sun_path) - directory,
                    "%s", entry->d_name);
            RemoveIfDead(address.sun_path);
        }
    }
    if (all != NULL) {
        (void) closedir(all);
    }
}

/*
 * ------------------------------------------------------------------------
 * The far end
 * ------------------------------------------------------------------------
 */

bool
ClusterpPeerIsTrusted(int fd)
{
    uid_t uid;
#ifdef __linux__
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        return false;
    }
    uid = peer.uid;
#else
    gid_t gid;

    if (getpeereid(fd, &uid, &gid) != 0) {
        return false;
    }
#endif
    return uid == 0 || uid == geteuid();
}
