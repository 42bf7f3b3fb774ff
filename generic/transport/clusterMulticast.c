/*
 * clusterMulticast.c --
 *
 *	Transport `c`: multicast datagrams to everybody in the group.
 *
 *	A datagram carries one packet, or several back to back. There is one
 *	socket and no connection, so the delegate gets NULL for the link.
 */

#include "transport/clusterMulticast.h"

#include "base/clusterLoop.h"
#include "packet/clusterPacket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Multicast {
    ClusterTransport base;
    size_t refCount; /* one for being open, one for each callback under way */
    bool closed;
    const ClusterTransportDelegate *delegate;
    void *context;
    ClusterLoop *loop;
    ClusterWatch *watch;
    ClusterpMulticast *socket;
    char name[CLUSTER_LINK_NAME];
    ClusterAddress group; /* with its port */
    ClusterAddress last;  /* who sent the latest datagram, with the group's port */
    ClusterTraffic traffic;
} Multicast;

static void
MulticastRelease(Multicast *self)
{
    if (--self->refCount == 0) {
        free(self);
    }
}

static void
MulticastFillOrigin(const Multicast *self, const ClusterpArrival *arrival, ClusterOrigin *origin)
{
    ClusterAddress from = ClusterAddressFromPlatform(&arrival->from);

    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressWithPort(&from, ClusterAddressPort(&self->group));
    origin->interface = arrival->interface;
    origin->vouched = arrival->loopback;
    memcpy(origin->name, self->name, sizeof origin->name);
}

static void
MulticastHandOver(Multicast *self, bpacket_span packet, const ClusterOrigin *origin)
{
    self->traffic.packetsIn++;
    self->delegate->received(self->context, &self->base, NULL, packet, origin);
}

/*
 * Hands on every packet of a datagram. The datagram is in the thread's
 * buffer, which a callback may overwrite by entering the event loop, so all
 * but the first are copied before the first is handed on.
 */
static void
MulticastDeliver(Multicast *self, const uint8_t *bytes, size_t length, const ClusterOrigin *origin)
{
    size_t first = ClusterPacketLength(bytes, length);
    ClusterBlob *rest = NULL;
    bpacket_span packet = {bytes, first ? first : length};
    size_t at = 0;

    if (packet.length < length) {
        rest = ClusterBlobNew(bytes + packet.length, length - packet.length);
    }
    MulticastHandOver(self, packet, origin);
    while (rest && !self->closed && at < rest->length) {
        packet.bytes = rest->bytes + at;
        packet.length = ClusterPacketLength(packet.bytes, rest->length - at);
        if (!packet.length) {
            packet.length = rest->length - at;
        }
        at += packet.length;
        MulticastHandOver(self, packet, origin);
    }
    ClusterBlobRelease(rest);
}

static void
MulticastReadable(void *context, int mask)
{
    Multicast *self = context;
    size_t size, length;
    void *buffer = ClusterLoopBuffer(self->loop, &size);
    ClusterpArrival arrival;
    ClusterOrigin origin;
    int i;

    (void) mask;
    self->refCount++;
    for (i = 0; i < CLUSTER_LOOP_PACKETS && !self->closed; i++) {
        if (ClusterpMulticastReceive(self->socket, buffer, size, &length, &arrival, NULL)
                != CLUSTERP_OK) {
            break;
        }
        MulticastFillOrigin(self, &arrival, &origin);
        self->last = origin.address;
        self->traffic.bytesIn += length;
        MulticastDeliver(self, buffer, length, &origin);
    }
    MulticastRelease(self);
}

/*
 * The only option: {interface NAME}. Members that stay on this host send by
 * loopback, so that all see an address under which they reach the sender's
 * other sockets.
 */
static bool
MulticastParseOptions(Tcl_Obj *options, const char **interface, Tcl_Obj **why)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done;

    *interface = NULL;
    if (!options) {
        return true;
    }
    if (Tcl_DictObjFirst(NULL, options, &search, &key, &value, &done) != TCL_OK) {
        *why = Tcl_NewStringObj("the value of -c must be a dict", -1);
        return false;
    }
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        if (strcmp(Tcl_GetString(key), "interface") != 0) {
            *why = Tcl_ObjPrintf("unknown key \"%s\" in -c: must be interface", Tcl_GetString(key));
            Tcl_DictObjDone(&search);
            return false;
        }
        *interface = Tcl_GetString(value);
    }
    return true;
}

static ClusterTransport *
MulticastOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    const char *interface;
    char text[CLUSTER_ADDRESS_TEXT];
    ClusterpAddr group;
    int error = 0;
    Multicast *self;

    *code = "CONFIG";
    if (!MulticastParseOptions(config->options, &interface, why)) {
        return NULL;
    }
    if (!interface && config->remote == 0) {
        interface = "127.0.0.1";
    }
    *code = "SOCKET";
    self = calloc(1, sizeof *self);
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        return NULL;
    }
    self->base.type = &clusterMulticastType;
    self->refCount = 1;
    self->delegate = delegate;
    self->context = context;
    self->group = config->group;
    self->loop = ClusterLoopGet(&error);
    if (self->loop && ClusterAddressToPlatform(&config->group, &group)) {
        self->socket = ClusterpMulticastOpen(&group, config->remote, interface, &error);
    }
    if (self->socket) {
        self->watch = ClusterWatchNew(self->loop, ClusterpMulticastDescriptor(self->socket),
                CLUSTERP_READABLE, MulticastReadable, NULL, self, &error);
    }
    if (self->watch) {
        snprintf(self->name, sizeof self->name, "udp%d", ClusterpMulticastDescriptor(self->socket));
        return &self->base;
    }
    if (self->socket) {
        ClusterpMulticastClose(self->socket);
    }
    free(self);
    ClusterAddressFormat(&config->group, text);
    *why = Tcl_ObjPrintf("cannot join multicast group %s port %d", text,
            ClusterAddressPort(&config->group));
    if (config->options && interface) {
        Tcl_AppendPrintfToObj(*why, " on interface \"%s\"", interface);
    }
    Tcl_AppendPrintfToObj(*why, ": %s", Tcl_ErrnoMsg(error));
    return NULL;
}

static void
MulticastClose(ClusterTransport *transport)
{
    Multicast *self = (Multicast *) transport;

    self->closed = true;
    ClusterWatchFree(&self->watch);
    ClusterpMulticastClose(self->socket);
    self->socket = NULL;
    MulticastRelease(self);
}

static ClusterSendResult
MulticastSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    Multicast *self = (Multicast *) transport;

    (void) peer;
    (void) link;
    if (blob->length > transport->type->largest) {
        return CLUSTER_SEND_TOO_LARGE;
    }
    if (ClusterpMulticastSend(self->socket, blob->bytes, blob->length, NULL) != CLUSTERP_OK) {
        self->traffic.failures++;
        return CLUSTER_SEND_FAILED;
    }
    self->traffic.packetsOut++;
    self->traffic.bytesOut += blob->length;
    return CLUSTER_SENT;
}

static Tcl_Obj *
MulticastProps(ClusterTransport *transport)
{
    (void) transport;
    return NULL;
}

static void
MulticastEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    (void) event;
    ClusterpMulticastRefresh(((Multicast *) transport)->socket);
}

/* The descriptor of the socket shows whoever sent last. */
static bool
MulticastDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    Multicast *self = (Multicast *) transport;

    (void) link;
    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressWithPort(&self->last, ClusterAddressPort(&self->group));
    memcpy(origin->name, self->name, sizeof origin->name);
    return true;
}

static void *
MulticastOwn(ClusterLink *link, void *owner)
{
    (void) link;
    (void) owner;
    return NULL;
}

static void
MulticastForget(ClusterTransport *transport, void *owner)
{
    (void) transport;
    (void) owner;
}

static void
MulticastDone(ClusterTransport *transport, ClusterLink *link)
{
    (void) transport;
    (void) link;
}

static const ClusterTraffic *
MulticastTraffic(ClusterTransport *transport)
{
    return &((Multicast *) transport)->traffic;
}

const ClusterTransportType clusterMulticastType = {
        .id = "c",
        .reachesAll = true,
        .largest = CLUSTER_DATAGRAM_MAX,
        .open = MulticastOpen,
        .close = MulticastClose,
        .send = MulticastSend,
        .props = MulticastProps,
        .event = MulticastEvent,
        .describe = MulticastDescribe,
        .own = MulticastOwn,
        .forget = MulticastForget,
        .done = MulticastDone,
        .traffic = MulticastTraffic,
};
