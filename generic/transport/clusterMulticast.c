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
    char name[24];
    ClusterAddress group; /* with its port */
    ClusterAddress from;  /* of the datagram being handled */
    ClusterTraffic traffic;
} Multicast;

static void
Release(Multicast *self)
{
    if (--self->refCount == 0) {
        free(self);
    }
}

/*
 * Hands on every packet of a datagram. The datagram is in the thread's
 * buffer, which a callback may overwrite by entering the event loop, so all
 * but the first are copied before the first is handed on.
 */
static void
Deliver(Multicast *self, const uint8_t *bytes, size_t length)
{
    size_t first = ClusterPacketLength(bytes, length);
    ClusterBlob *rest = NULL;
    bpacket_span packet = {bytes, first ? first : length};
    ClusterAddress from = self->from;
    size_t at = 0;

    if (packet.length < length) {
        rest = ClusterBlobNew(bytes + packet.length, length - packet.length);
    }
    self->traffic.packetsIn++;
    self->delegate->received(self->context, &self->base, NULL, packet);
    while (rest && !self->closed && at < rest->length) {
        packet.bytes = rest->bytes + at;
        packet.length = ClusterPacketLength(packet.bytes, rest->length - at);
        if (!packet.length) {
            packet.length = rest->length - at;
        }
        at += packet.length;
        self->from = from; /* a callback may have handled other datagrams */
        self->traffic.packetsIn++;
        self->delegate->received(self->context, &self->base, NULL, packet);
    }
    ClusterBlobRelease(rest);
}

static void
Readable(void *context, int mask)
{
    Multicast *self = context;
    size_t size, length;
    void *buffer = ClusterLoopBuffer(self->loop, &size);
    int i;

    (void) mask;
    self->refCount++;
    for (i = 0; i < CLUSTER_LOOP_PACKETS && !self->closed; i++) {
        ClusterpAddr from;

        if (ClusterpMulticastReceive(self->socket, buffer, size, &length, &from, NULL)
                != CLUSTERP_OK) {
            break;
        }
        self->from = ClusterAddressFromPlatform(&from);
        self->traffic.bytesIn += length;
        Deliver(self, buffer, length);
    }
    Release(self);
}

/*
 * The only option: {interface NAME}. Members that stay on this host send by
 * loopback, so that all see an address under which they reach the sender's
 * other sockets.
 */
static bool
ParseOptions(Tcl_Obj *options, const char **interface, Tcl_Obj **why)
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
    if (!ParseOptions(config->options, &interface, why)) {
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
                CLUSTERP_READABLE, Readable, NULL, self, &error);
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
    Release(self);
}

static ClusterSendResult
MulticastSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    Multicast *self = (Multicast *) transport;

    (void) peer;
    (void) link;
    if (blob->length > CLUSTER_DATAGRAM_MAX) {
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

static bool
MulticastInfo(ClusterTransport *transport, ClusterLink *link, ClusterLinkInfo *info)
{
    Multicast *self = (Multicast *) transport;

    (void) link;
    memcpy(info->name, self->name, sizeof info->name);
    info->address = ClusterAddressWithPort(&self->from, ClusterAddressPort(&self->group));
    info->local = false;
    info->path = NULL;
    info->chanID = info->descriptor = NULL;
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

const ClusterTransportType clusterMulticastType = {"c", true, false, MulticastOpen, MulticastClose,
        MulticastSend, MulticastProps, MulticastEvent, MulticastInfo, MulticastOwn, MulticastForget,
        MulticastDone, MulticastTraffic, NULL, NULL, NULL, NULL};
