/*
 * clusterDatagram.c --
 *
 *	Transport `d`: unicast datagrams of one packet each, to the port that a
 *	member announces, and what the system tells of those that did not arrive.
 */

#include "transport/clusterDatagram.h"

#include "base/clusterLimits.h"
#include "base/clusterLocal.h"
#include "base/clusterLoop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Datagram {
    ClusterTransport base;
    size_t refCount; /* one for being open, one for each callback under way */
    bool closed;
    bool localOnly;
    const ClusterTransportDelegate *delegate;
    void *context;
    ClusterLoop *loop;
    ClusterpDatagram *socket; /* NULL when it failed and could not be made anew yet */
    ClusterWatch *watch;
    uint16_t port; /* in use, or used last */
    char name[CLUSTER_LINK_NAME];
    ClusterTraffic traffic;
} Datagram;

static void
DatagramRelease(Datagram *self)
{
    if (--self->refCount == 0) {
        free(self);
    }
}

/*
 * ------------------------------------------------------------------------
 * The socket
 * ------------------------------------------------------------------------
 */

static ClusterWatchProc DatagramReadable;

static void
DatagramShut(Datagram *self)
{
    if (self->watch) {
        ClusterWatchFree(&self->watch);
    }
    ClusterpDatagramClose(self->socket);
    self->socket = NULL;
}

/* A socket on that port (0: any). False with *error, and none. */
static bool
DatagramListen(Datagram *self, uint16_t port, int *error)
{
    uint16_t bound;
    int fd;

    self->socket = ClusterpDatagramOpen(port, self->localOnly, &bound, error);
    if (!self->socket) {
        return false;
    }
    fd = ClusterpDatagramDescriptor(self->socket);
    self->watch =
            ClusterWatchNew(self->loop, fd, CLUSTERP_READABLE, DatagramReadable, NULL, self, error);
    if (!self->watch) {
        DatagramShut(self);
        return false;
    }
    self->port = bound;
    snprintf(self->name, sizeof self->name, "udp%d", fd);
    return true;
}

/* On the same port if that can be had: those who know it need not learn another. */
static void
DatagramRenew(Datagram *self)
{
    int error;

    DatagramShut(self);
    self->refCount++;
    if (!DatagramListen(self, self->port, &error)) {
        (void) DatagramListen(self, 0, &error);
    }
    self->delegate->changed(self->context, &self->base);
    DatagramRelease(self);
}

static bool
DatagramIsWell(const Datagram *self)
{
    return self->socket && ClusterpDatagramWorks(self->socket);
}

/*
 * ------------------------------------------------------------------------
 * What comes
 * ------------------------------------------------------------------------
 */

static void
DatagramNoteOrigin(const Datagram *self, const ClusterpArrival *arrival, ClusterOrigin *origin)
{
    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressFromPlatform(&arrival->from);
    origin->interface = arrival->interface;
    origin->vouched = arrival->whence == CLUSTERP_HERE;
    origin->foreign = arrival->whence == CLUSTERP_ELSEWHERE;
    memcpy(origin->name, self->name, sizeof origin->name);
}

/* Tells of one datagram that did not arrive; false when there is none. */
static bool
DatagramTellReturned(Datagram *self)
{
    ClusterpReturned returned;
    ClusterAddress address;

    if (ClusterpDatagramReturned(self->socket, &returned) != CLUSTERP_OK) {
        return false;
    }
    self->traffic.failures++;
    if (self->delegate->refused) {
        address = ClusterAddressFromPlatform(&returned.to);
        self->delegate->refused(self->context, &self->base, &address, returned.unreachable);
    }
    return true;
}

/* Hands on one datagram; false when there is none. It is in the thread's buffer until the callback enters the event loop. */
static bool
DatagramHandOver(Datagram *self)
{
    size_t size, length;
    uint8_t *buffer = ClusterLoopBuffer(self->loop, &size);
    ClusterpArrival arrival;
    ClusterOrigin origin;
    bpacket_span packet;
    ClusterpResult result;

    result = ClusterpDatagramReceive(self->socket, buffer, size, &length, &arrival, NULL);
    if (result != CLUSTERP_OK) {
        if (result == CLUSTERP_ERROR && !DatagramIsWell(self)) {
            DatagramRenew(self);
        }
        return false;
    }
    self->traffic.bytesIn += length;
    if (length > self->base.type->largest) {
        self->delegate->dropped(self->context, &self->base, CLUSTER_DROP_OVERSIZED, 1);
        return true;
    }
    self->traffic.packetsIn++;
    DatagramNoteOrigin(self, &arrival, &origin);
    packet.bytes = buffer;
    packet.length = length;
    self->delegate->received(self->context, &self->base, NULL, packet, &origin);
    return true;
}

/* A callback may close the transport, and so may whoever it calls. */
static void
DatagramReadable(void *context, int mask)
{
    Datagram *self = context;
    int64_t start = ClusterpMonotonic();
    bool more = true;
    int i;

    (void) mask;
    self->refCount++;
    for (i = 0; more && i < CLUSTER_LOOP_PACKETS && !self->closed && self->socket; i++) {
        more = (DatagramTellReturned(self)
                       || (!self->closed && self->socket && DatagramHandOver(self)))
                && ClusterpMonotonic() - start < CLUSTER_LOOP_MICROSECONDS;
    }
    DatagramRelease(self);
}

/*
 * ------------------------------------------------------------------------
 * The transport
 * ------------------------------------------------------------------------
 */

static ClusterTransport *
DatagramOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    Datagram *self = calloc(1, sizeof *self);
    int error = ENOMEM;

    *code = "SOCKET";
    if (self) {
        self->base.type = &clusterDatagramType;
        self->refCount = 1;
        self->localOnly = config->remote == 0;
        self->delegate = delegate;
        self->context = context;
        self->loop = ClusterLoopGet(&error);
        if (self->loop && DatagramListen(self, 0, &error)) {
            return &self->base;
        }
        free(self);
    }
    *why = Tcl_ObjPrintf("cannot open a UDP socket: %s", Tcl_ErrnoMsg(error));
    return NULL;
}

static void
DatagramClose(ClusterTransport *transport)
{
    Datagram *self = (Datagram *) transport;

    self->closed = true;
    DatagramShut(self);
    DatagramRelease(self);
}

/* To where it hears datagrams at that address. CLUSTERP_ERROR with *error unset: it says no port, or we do not send there. */
static ClusterpResult
DatagramSendTo(const Datagram *self, const ClusterPeer *peer, const ClusterAddress *address,
        const ClusterBlob *blob, int *error)
{
    ClusterAddress where = ClusterAddressWithPort(address, ClusterPeerPort(peer));
    ClusterpAddr to;

    if (!ClusterAddressPort(&where) || ClusterAddressIsMulticast(&where)
            || !ClusterAddressToPlatform(&where, &to)) {
        return CLUSTERP_ERROR;
    }
    return ClusterpDatagramSend(self->socket, &to, blob->bytes, blob->length, error);
}

static ClusterpResult
DatagramSendOut(const Datagram *self, const ClusterPeer *peer, const ClusterBlob *blob, int *error)
{
    ClusterAddress loopback = ClusterAddressLoopback();
    ClusterpResult result;

    if (!self->socket || !peer || (self->localOnly && !peer->local)) {
        return CLUSTERP_ERROR;
    }
    if (!peer->local) {
        return DatagramSendTo(self, peer, &peer->address, blob, error);
    }
    result = DatagramSendTo(self, peer, &loopback, blob, error);
    if (result == CLUSTERP_ERROR && ClusterLacksLoopback(*error, &peer->address)) {
        result = DatagramSendTo(self, peer, &peer->address, blob, error);
    }
    return result;
}

static ClusterSendResult
DatagramSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    Datagram *self = (Datagram *) transport;
    ClusterpResult result;
    int error = 0;

    (void) link;
    if (blob->length > transport->type->largest) {
        return CLUSTER_SEND_TOO_LARGE;
    }
    result = DatagramSendOut(self, peer, blob, &error);
    if (result != CLUSTERP_OK) {
        self->traffic.failures++;
        return result == CLUSTERP_ERROR && (error == EACCES || error == EPERM)
                ? CLUSTER_SEND_DENIED
                : CLUSTER_SEND_FAILED;
    }
    self->traffic.packetsOut++;
    self->traffic.bytesOut += blob->length;
    return CLUSTER_SENT;
}

static Tcl_Obj *
DatagramProps(ClusterTransport *transport)
{
    const Datagram *self = (const Datagram *) transport;
    Tcl_Obj *props;

    if (!self->socket) {
        return NULL;
    }
    props = Tcl_NewDictObj();
    Tcl_DictObjPut(NULL, props, Tcl_NewStringObj("port", -1), Tcl_NewIntObj(self->port));
    return props;
}

static void
DatagramEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    Datagram *self = (Datagram *) transport;

    if (event == CLUSTER_EVENT_REFRESH || !DatagramIsWell(self)) {
        DatagramRenew(self);
    }
}

static bool
DatagramDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    const Datagram *self = (const Datagram *) transport;
    ClusterAddress loopback = ClusterAddressLoopback();

    (void) link;
    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressWithPort(&loopback, self->port);
    origin->vouched = true;
    memcpy(origin->name, self->name, sizeof origin->name);
    return true;
}

static void *
DatagramOwn(ClusterLink *link, void *owner)
{
    (void) link;
    (void) owner;
    return NULL;
}

static void
DatagramForget(ClusterTransport *transport, void *owner)
{
    (void) transport;
    (void) owner;
}

static void
DatagramDone(ClusterTransport *transport, ClusterLink *link)
{
    (void) transport;
    (void) link;
}

static const ClusterTraffic *
DatagramTraffic(ClusterTransport *transport)
{
    return &((Datagram *) transport)->traffic;
}

const ClusterTransportType clusterDatagramType = {
        .id = "d",
        .datagrams = true,
        .largest = CLUSTER_UNICAST_BYTES,
        .open = DatagramOpen,
        .close = DatagramClose,
        .send = DatagramSend,
        .props = DatagramProps,
        .event = DatagramEvent,
        .describe = DatagramDescribe,
        .own = DatagramOwn,
        .forget = DatagramForget,
        .done = DatagramDone,
        .traffic = DatagramTraffic,
};
