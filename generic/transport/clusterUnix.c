/*
 * clusterUnix.c --
 *
 *	Transport `u`: a unix-domain socket NAME-SID.EXT that is advertised as {path P}.
 */

#include "transport/clusterUnix.h"

#include "base/clusterLimits.h"
#include "packet/clusterForeign.h"
#include "transport/clusterStreamInt.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MODE_DEFAULT 0600
#define MODE_MAX     0777
#define MODE_OTHERS  0022 /* lets others connect */

/* Letters and digits of a sid. */
#define SID_LEAST 8

typedef struct Unix {
    ClusterStream stream;
    Tcl_Obj *path; /* of our socket, normalized */
    int mode;
    bool made; /* the file is ours */
    ClusterpFileId file;
} Unix;

/*
 * ------------------------------------------------------------------------
 * The family
 * ------------------------------------------------------------------------
 */

static ClusterpResult
UnixListen(ClusterStream *stream, int *fd, int *error)
{
    Unix *self = (Unix *) stream;
    ClusterpFileId file;
    ClusterpResult result = ClusterpUnixListen(Tcl_GetString(self->path), self->mode,
            self->made ? &self->file : NULL, fd, &file, error);

    if (result == CLUSTERP_OK) {
        self->made = true;
        self->file = file;
    }
    return result;
}

/* Is a path absolute, and does it end in -SID or -SID.EXT, as those of members do, with a sid as members have it? */
static bool
UnixIsPathOf(const char *path, const char *sid)
{
    const char *tail = *path == '/' ? strrchr(path, '/') + 1 : "", *dot = strrchr(tail, '.');
    size_t length = dot && dot != tail ? (size_t) (dot - tail) : strlen(tail), size = strlen(sid),
           i;

    for (i = 0; i < size && isalnum((unsigned char) sid[i]); i++) {
        continue;
    }
    return i == size && size >= SID_LEAST && length > size && tail[length - size - 1] == '-'
            && memcmp(tail + length - size, sid, size) == 0;
}

/*
 * A member may say that it is behind any path, and what it asks for is written
 * there: so only to paths of members' form, and to a process that could have
 * been given it by whoever runs this one, unless we ourselves let in others.
 */
static ClusterpResult
UnixConnect(ClusterStream *stream, const ClusterPeer *peer, int *fd, int *error)
{
    Tcl_Obj *path = peer->local && peer->props
            ? ClusterForeignGet(peer->props, CLUSTER_PROPS_BYTES_MAX, "path")
            : NULL;
    ClusterpResult result = CLUSTERP_ERROR;

    *error = EADDRNOTAVAIL;
    if (path && UnixIsPathOf(Tcl_GetString(path), peer->sid)) {
        result = ClusterpUnixConnect(Tcl_GetString(path), fd, error);
    }
    if (path) {
        Tcl_DecrRefCount(path);
    }
    if (result == CLUSTERP_OK && !(((const Unix *) stream)->mode & MODE_OTHERS)
            && !ClusterpPeerIsTrusted(*fd)) {
        ClusterpClose(*fd);
        *error = EPERM;
        return CLUSTERP_ERROR;
    }
    return result;
}

static void
UnixFillOrigin(const Unix *self, ClusterOrigin *origin)
{
    origin->address = ClusterAddressUnix();
    origin->vouched = true;
    origin->path = self->path;
}

static void
UnixDescribeLink(const ClusterStream *stream, const ClusterLink *conn, ClusterOrigin *origin)
{
    (void) conn;
    UnixFillOrigin((const Unix *) stream, origin);
}

static bool
UnixAdmits(const ClusterStream *stream, const ClusterAddress *from)
{
    (void) stream;
    (void) from;
    return true;
}

static bool
UnixIntact(const ClusterStream *stream)
{
    const Unix *self = (const Unix *) stream;

    return self->made && ClusterpUnixOwns(&self->file, Tcl_GetString(self->path));
}

/* The file goes with the socket, unless somebody put another one in its place. */
static void
UnixUnlisten(ClusterStream *stream)
{
    Unix *self = (Unix *) stream;

    if (UnixIntact(stream)) {
        ClusterpUnlink(Tcl_GetString(self->path));
    }
    self->made = false;
}

static const ClusterStreamFamily unixFamily = {
        .linkPrefix = "unix",
        .listen = UnixListen,
        .connect = UnixConnect,
        .describe = UnixDescribeLink,
        .admits = UnixAdmits,
        .intact = UnixIntact,
        .unlisten = UnixUnlisten,
};

/*
 * ------------------------------------------------------------------------
 * Opening
 * ------------------------------------------------------------------------
 */

/* {path P ?mode M?}: where to, and for whom. */
static bool
UnixParseOptions(Unix *self, Tcl_Obj *options, Tcl_Obj **path, Tcl_Obj **why)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done;

    *path = NULL;
    *why = NULL;
    if (!options) {
        *why = Tcl_NewStringObj("protocol u needs -u {path PATH}", -1);
        return false;
    }
    if (Tcl_DictObjFirst(NULL, options, &search, &key, &value, &done) != TCL_OK) {
        *why = Tcl_NewStringObj("the value of -u must be a dict", -1);
        return false;
    }
    for (; !done && !*why; Tcl_DictObjNext(&search, &key, &value, &done)) {
        if (strcmp(Tcl_GetString(key), "path") == 0) {
            *path = value;
        } else if (strcmp(Tcl_GetString(key), "mode") != 0) {
            *why = Tcl_ObjPrintf("unknown key \"%s\" in -u: must be mode or path",
                    Tcl_GetString(key));
        } else {
            char *end;
            long mode = strtol(Tcl_GetString(value), &end, 8);

            if (*end || end == Tcl_GetString(value) || mode < 0 || mode > MODE_MAX) {
                *why = Tcl_ObjPrintf(
                        "bad mode \"%s\" in -u: must be octal permissions such as 0600",
                        Tcl_GetString(value));
            }
            self->mode = (int) mode;
        }
    }
    Tcl_DictObjDone(&search);
    if (!*why && (!*path || !*Tcl_GetString(*path))) {
        *why = Tcl_NewStringObj("protocol u needs a path in -u", -1);
    }
    return !*why && *path;
}

/*
 * Inserts -SID before the extension; a leading dot begins none. New, refCount 0;
 * NULL for no usable path. *sidAt: where the sid begins, in bytes.
 */
static Tcl_Obj *
UnixServerPath(Tcl_Obj *given, const char *sid, size_t *sidAt)
{
    Tcl_Obj *normalized;
    const char *path, *tail, *dot;
    Tcl_Obj *result;

    Tcl_IncrRefCount(given);
    normalized = Tcl_FSGetNormalizedPath(NULL, given);
    Tcl_DecrRefCount(given);
    if (!normalized) {
        return NULL;
    }
    path = Tcl_GetString(normalized);
    tail = strrchr(path, '/');
    tail = tail ? tail + 1 : path;
    dot = strrchr(tail, '.');
    if (!*tail) {
        return NULL;
    }
    if (!dot || dot == tail) {
        *sidAt = strlen(path) + 1;
        return Tcl_ObjPrintf("%s-%s", path, sid);
    }
    *sidAt = (size_t) (dot - path) + 1;
    result = Tcl_NewStringObj(path, (Tcl_Size) (dot - path));
    Tcl_AppendPrintfToObj(result, "-%s%s", sid, dot);
    return result;
}

static void
UnixFree(ClusterStream *stream)
{
    Unix *self = (Unix *) stream;

    if (self->path) {
        Tcl_DecrRefCount(self->path);
    }
    free(self);
}

static ClusterTransport *
UnixOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    Unix *self = calloc(1, sizeof *self);
    int error = ENOMEM, open;
    Tcl_Obj *given;
    size_t sidAt;

    *code = "CONFIG";
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->mode = MODE_DEFAULT;
    self->stream.freeProc = UnixFree;
    if (!UnixParseOptions(self, config->options, &given, why)) {
        UnixFree(&self->stream);
        return NULL;
    }
    self->path = UnixServerPath(given, config->sid, &sidAt);
    if (!self->path) {
        *why = Tcl_ObjPrintf("bad path \"%s\" in -u", Tcl_GetString(given));
        UnixFree(&self->stream);
        return NULL;
    }
    Tcl_IncrRefCount(self->path);
    open = (int) ClusterpUnixOpenDirectory(Tcl_GetString(self->path));
    if (open) {
        *why = Tcl_ObjPrintf("cannot listen on unix socket \"%s\": everybody can replace files in "
                             "\"%.*s\", which is writable and not sticky",
                Tcl_GetString(self->path), open, Tcl_GetString(self->path));
        UnixFree(&self->stream);
        return NULL;
    }
    ClusterpUnixTidy(Tcl_GetString(self->path), sidAt, strlen(config->sid));
    if (!ClusterStreamStart(&self->stream, config, &unixFamily, delegate, context, &error)) {
        *code = "SOCKET";
        *why = Tcl_ObjPrintf("cannot listen on unix socket \"%s\": %s", Tcl_GetString(self->path),
                Tcl_ErrnoMsg(error));
        UnixFree(&self->stream);
        return NULL;
    }
    return &self->stream.base;
}

static Tcl_Obj *
UnixProps(ClusterTransport *transport)
{
    Unix *self = (Unix *) transport;
    Tcl_Obj *props;

    if (self->stream.listener < 0) {
        return NULL;
    }
    props = Tcl_NewDictObj();
    Tcl_DictObjPut(NULL, props, Tcl_NewStringObj("path", -1), self->path);
    return props;
}

static bool
UnixDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    if (link) {
        ClusterConnDescribe(link, origin);
    } else {
        memset(origin, 0, sizeof *origin);
        UnixFillOrigin((Unix *) transport, origin);
    }
    return true;
}

const ClusterTransportType clusterUnixType = {
        .id = "u",
        .reliable = true,
        .ordered = true,
        .connects = true,
        .seals = true,
        .localOnly = true,
        .largest = BPACKET_STREAM_LIMIT,
        .open = UnixOpen,
        .close = ClusterStreamClose,
        .send = ClusterStreamSend,
        .props = UnixProps,
        .event = ClusterStreamEvent,
        .describe = UnixDescribe,
        .own = ClusterConnOwn,
        .forget = ClusterStreamForget,
        .done = ClusterStreamDone,
        .traffic = ClusterStreamTraffic,
        .isOpen = ClusterConnIsOpen,
        .answers = ClusterConnAnswers,
        .serving = ClusterStreamServing,
        .waiting = ClusterConnWaiting,
        .await = ClusterConnDrainTo,
        .pending = ClusterStreamPending,
        .reach = ClusterStreamReach,
        .rekeyed = ClusterStreamRekeyed,
};
