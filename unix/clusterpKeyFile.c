/*
 * clusterpKeyFile.c --
 *
 *	Files that hold secrets: read only if nobody else could read or write
 *	them, and made so that nobody else can.
 */

#include "clusterpInt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* May the secret be taken from what is open there? */
static ClusterpSecretResult
Judge(int fd, size_t room, int *error)
{
    struct stat status;

    if (fstat(fd, &status) != 0) {
        *error = errno;
        return CLUSTERP_SECRET_ERROR;
    }
    if (!S_ISREG(status.st_mode)) {
        return CLUSTERP_SECRET_NO_FILE;
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        return CLUSTERP_SECRET_FOREIGN;
    }
    if (status.st_mode & (S_IRWXG | S_IRWXO)) {
        return CLUSTERP_SECRET_OPEN;
    }
    return status.st_size > (off_t) room ? CLUSTERP_SECRET_LARGE : CLUSTERP_SECRET_OK;
}

/* Up to its end. It may have grown since it was looked at. */
static ClusterpSecretResult
ReadAll(int fd, void *buffer, size_t room, size_t *length, int *error)
{
    ssize_t got = 1;

    *length = 0;
    while (got > 0 && *length < room) {
        got = read(fd, (char *) buffer + *length, room - *length);
        if (got > 0) {
            *length += (size_t) got;
        } else if (got < 0 && errno == EINTR) {
            got = 1;
        }
    }
    if (got < 0) {
        *error = errno;
        return CLUSTERP_SECRET_ERROR;
    }
    return CLUSTERP_SECRET_OK;
}

/* Not blocking, as it may be a pipe that nobody writes to. */
ClusterpSecretResult
ClusterpSecretRead(const char *path, void *buffer, size_t room, size_t *length, int *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ClusterpSecretResult result;

    if (fd < 0) {
        *error = errno;
        return CLUSTERP_SECRET_ERROR;
    }
    result = Judge(fd, room, error);
    if (result == CLUSTERP_SECRET_OK) {
        result = ReadAll(fd, buffer, room, length, error);
    }
    close(fd);
    return result;
}

static bool
WriteAll(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t taken = write(fd, bytes, length);

        if (taken < 0 && errno != EINTR) {
            return false;
        }
        if (taken > 0) {
            bytes += taken;
            length -= (size_t) taken;
        }
    }
    return true;
}

/* It is complete, or not there. */
bool
ClusterpSecretMake(const char *path, const void *bytes, size_t length, int *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    bool good;

    if (fd < 0) {
        *error = errno;
        return false;
    }
    good = WriteAll(fd, bytes, length) && fsync(fd) == 0;
    *error = errno;
    if (close(fd) != 0 && good) {
        *error = errno;
        good = false;
    }
    if (!good) {
        unlink(path);
    }
    return good;
}
