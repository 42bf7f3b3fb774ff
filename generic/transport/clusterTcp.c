/*
 * clusterTcp.c --
 *
 *	Transport `t`: TCP on a port that is advertised as {port N}.
 */

#include "transport/clusterTcp.h"

#include "base/clusterLocal.h"
#include "transport/clusterStreamInt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

typedef struct Tcp {
    ClusterStream stream;
    bool localOnly;
    uint16_t wanted; /* port asked for, 0 for any */
    uint16_t port;   /* port in use */
} Tcp;

static ClusterpResult
TcpListen(ClusterStream *stream, int *fd, int *error)
{
    Tcp *self = (Tcp *) stream;

    return ClusterpTcpListen(self->wanted, self->localOnly, fd, &self->port, error);
}

static ClusterpResult
TcpConnectTo(const ClusterAddress *address, uint16_t port, int *fd, int *error)
{
    ClusterAddress where = ClusterAddressWithPort(address, port);
    ClusterpAddr to;

    if (port == 0 || !ClusterAddressToPlatform(&where, &to)) {
        *error = EADDRNOTAVAIL;
        return CLUSTERP_ERROR;
    }
    return ClusterpTcpConnect(&to, fd, error);
}

static ClusterpResult
TcpConnect(ClusterStream *stream, const ClusterPeer *peer, int *fd, int *error)
{
    ClusterAddress loopback = ClusterAddressLoopback();
    uint16_t port = ClusterPeerPort(peer);
    ClusterpResult result;

    if (!peer->local) {
        if (((const Tcp *) stream)->localOnly) {
            *error = EADDRNOTAVAIL;
            return CLUSTERP_ERROR;
        }
        return TcpConnectTo(&peer->address, port, fd, error);
    }
    result = TcpConnectTo(&loopback, port, fd, error);
    if (result == CLUSTERP_ERROR && port != 0 && ClusterLacksLoopback(*error, &peer->address)) {
        result = TcpConnectTo(&peer->address, port, fd, error);
    }
    return result;
}

/*
 * Vouched for is all where this host alone reaches the server socket: we connect
 * to addresses of its own then, and nowhere else. Else there is but the address.
 */
static void
TcpDescribeLink(const ClusterStream *stream, const ClusterLink *conn, ClusterOrigin *origin)
{
    (void) conn;
    origin->vouched = ((const Tcp *) stream)->localOnly;
}

static bool
TcpAdmits(const ClusterStream *stream, const ClusterAddress *from)
{
    return !((const Tcp *) stream)->localOnly || ClusterIsLocal(from);
}

static bool
TcpIntact(const ClusterStream *stream)
{
    return stream->listener >= 0;
}

static void
TcpUnlisten(ClusterStream *stream)
{
    (void) stream;
}

static const ClusterStreamFamily tcpFamily = {
        .linkPrefix = "tcp",
        .listen = TcpListen,
        .connect = TcpConnect,
        .describe = TcpDescribeLink,
        .admits = TcpAdmits,
        .intact = TcpIntact,
        .unlisten = TcpUnlisten,
};

/* The only option: {port N}. */
static bool
TcpParseOptions(Tcp *self, Tcl_Obj *options, Tcl_Obj **why)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done, port;

    if (!options) {
        return true;
    }
    if (Tcl_DictObjFirst(NULL, options, &search, &key, &value, &done) != TCL_OK) {
        *why = Tcl_NewStringObj("the value of -t must be a dict", -1);
        return false;
    }
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        *why = NULL;
        if (strcmp(Tcl_GetString(key), "port") != 0) {
            *why = Tcl_ObjPrintf("unknown key \"%s\" in -t: must be port", Tcl_GetString(key));
        } else if (Tcl_GetIntFromObj(NULL, value, &port) != TCL_OK || port < 0 || port > PORT_MAX) {
            *why = Tcl_ObjPrintf("bad port \"%s\" in -t: must be an integer from 0 to %d",
                    Tcl_GetString(value), PORT_MAX);
        } else {
            self->wanted = (uint16_t) port;
        }
        if (*why) {
            Tcl_DictObjDone(&search);
            return false;
        }
    }
    return true;
}

static void
TcpFree(ClusterStream *stream)
{
    free(stream);
}

static ClusterTransport *
TcpOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    Tcp *self = calloc(1, sizeof *self);
    int error = ENOMEM;

    *code = "SOCKET";
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->localOnly = config->remote == 0;
    self->stream.freeProc = TcpFree;
    if (!TcpParseOptions(self, config->options, why)) {
        *code = "CONFIG";
        free(self);
        return NULL;
    }
    if (!ClusterStreamStart(&self->stream, config, &tcpFamily, delegate, context, &error)) {
        *why = Tcl_ObjPrintf("cannot listen on TCP port %d: %s", self->wanted, Tcl_ErrnoMsg(error));
        free(self);
        return NULL;
    }
    return &self->stream.base;
}

static Tcl_Obj *
TcpProps(ClusterTransport *transport)
{
    Tcp *self = (Tcp *) transport;
    Tcl_Obj *props;

    if (self->stream.listener < 0) {
        return NULL;
    }
    props = Tcl_NewDictObj();
    Tcl_DictObjPut(NULL, props, Tcl_NewStringObj("port", -1), Tcl_NewIntObj(self->port));
    return props;
}

static bool
TcpDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    ClusterAddress loopback = ClusterAddressLoopback();
    Tcp *self = (Tcp *) transport;

    if (link) {
        ClusterConnDescribe(link, origin);
    } else {
        memset(origin, 0, sizeof *origin);
        origin->address = ClusterAddressWithPort(&loopback, self->port);
        origin->vouched = true;
    }
    return true;
}

const ClusterTransportType clusterTcpType = {
        .id = "t",
        .reliable = true,
        .ordered = true,
        .connects = true,
        .seals = true,
        .largest = BPACKET_STREAM_LIMIT,
        .open = TcpOpen,
        .close = ClusterStreamClose,
        .send = ClusterStreamSend,
        .props = TcpProps,
        .event = ClusterStreamEvent,
        .describe = TcpDescribe,
        .own = ClusterConnOwn,
        .forget = ClusterStreamForget,
        .done = ClusterStreamDone,
        .traffic = ClusterStreamTraffic,
        .isOpen = ClusterConnIsOpen,
        .answers = ClusterConnAnswers,
        .works = ClusterConnWorks,
        .serving = ClusterStreamServing,
        .waiting = ClusterConnWaiting,
        .await = ClusterConnDrainTo,
        .pending = ClusterStreamPending,
        .reach = ClusterStreamReach,
        .rekeyed = ClusterStreamRekeyed,
        .moved = ClusterConnMoved,
};
