/*
 * clusterMulticast.c --
 *
 *	Transport `c`: multicast datagrams to everybody in the group.
 *
 *	A datagram carries one packet, or several back to back: a thousand may fit,
 *	so what is left of one when the turn of the event loop is over waits for the
 *	next. There are no connections, so the delegate gets NULL for the link.
 */

#include "transport/clusterMulticast.h"

#include "base/clusterLoop.h"
#include "packet/clusterPacket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Multicast Multicast;

/* One ear of the socket (clusterPlatform.h): what it heard is handed on in its order, whatever the other hears. */
typedef struct Ear {
    Multicast *self;
    int number;
    ClusterWatch *watch; /* NULL for an ear that is not there */
    ClusterBlob
            *rest; /* packets of the latest datagram that are not handed on yet; NULL for none */
    size_t restAt; /* where the next one begins */
    ClusterOrigin origin; /* of the latest datagram */
} Ear;

struct Multicast {
    ClusterTransport base;
    size_t refCount; /* one for being open, one for each callback under way */
    bool closed;
    const ClusterTransportDelegate *delegate;
    void *context;
    ClusterLoop *loop;
    ClusterpMulticast *socket;
    Ear ears[CLUSTERP_EARS];
    char name[CLUSTER_LINK_NAME];
    ClusterAddress group; /* with its port */
    ClusterAddress last;  /* who sent the latest datagram, with the group's port */
    ClusterTraffic traffic;
};

static void
MulticastRelease(Multicast *self)
{
    int i;

    if (--self->refCount > 0) {
        return;
    }
    for (i = 0; i < CLUSTERP_EARS; i++) {
        ClusterBlobRelease(self->ears[i].rest);
    }
    free(self);
}

static void
MulticastNoteOrigin(Ear *ear, const ClusterpArrival *arrival)
{
    Multicast *self = ear->self;
    ClusterAddress from = ClusterAddressFromPlatform(&arrival->from);
    ClusterOrigin *origin = &ear->origin;

    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressWithPort(&from, ClusterAddressPort(&self->group));
    origin->interface = arrival->interface;
    origin->vouched = arrival->whence == CLUSTERP_HERE;
    origin->foreign = arrival->whence == CLUSTERP_ELSEWHERE;
    memcpy(origin->name, self->name, sizeof origin->name);
    self->last = origin->address;
}

/* The length of the packet that bytes begin with; all of them when it is none. */
static size_t
PacketOrAll(const uint8_t *bytes, size_t length)
{
    size_t first = ClusterPacketLength(bytes, length);

    return first ? first : length;
}

/* The callback may enter the event loop, which goes on with what is left. */
static void
MulticastHandOver(Ear *ear, bpacket_span packet)
{
    Multicast *self = ear->self;
    ClusterOrigin origin = ear->origin;

    if (ear->rest) {
        ClusterWatchAgain(ear->watch, CLUSTERP_READABLE);
    }
    self->traffic.packetsIn++;
    self->delegate->received(self->context, &self->base, NULL, packet, &origin);
}

/* The next packet of a datagram that was begun. */
static void
MulticastGoOn(Ear *ear)
{
    ClusterBlob *blob = ClusterBlobHold(ear->rest);
    bpacket_span packet = {blob->bytes + ear->restAt, 0};

    packet.length = PacketOrAll(packet.bytes, blob->length - ear->restAt);
    ear->restAt += packet.length;
    if (ear->restAt == blob->length) {
        ClusterBlobRelease(ear->rest);
        ear->rest = NULL;
        ClusterWatchAgainNot(ear->watch);
    }
    MulticastHandOver(ear, packet);
    ClusterBlobRelease(blob);
}

/*
 * The first packet of the next datagram; false when there is none. The
 * datagram is in the thread's buffer, which a callback may overwrite by
 * entering the event loop, so the others are copied before that.
 */
static bool
MulticastBegin(Ear *ear)
{
    Multicast *self = ear->self;
    size_t size, length;
    uint8_t *buffer = ClusterLoopBuffer(self->loop, &size);
    ClusterpArrival arrival;
    bpacket_span packet;

    if (ClusterpMulticastReceive(self->socket, ear->number, buffer, size, &length, &arrival, NULL)
            != CLUSTERP_OK) {
        return false;
    }
    MulticastNoteOrigin(ear, &arrival);
    self->traffic.bytesIn += length;
    packet.bytes = buffer;
    packet.length = PacketOrAll(buffer, length);
    if (packet.length < length) {
        ear->rest = ClusterBlobNew(buffer + packet.length, length - packet.length);
        ear->restAt = 0;
    }
    MulticastHandOver(ear, packet);
    return true;
}

static void
MulticastReadable(void *context, int mask)
{
    Ear *ear = context;
    Multicast *self = ear->self;
    int64_t start = ClusterpMonotonic();
    bool more = true;
    int i;

    (void) mask;
    self->refCount++;
    for (i = 0; more && i < CLUSTER_LOOP_PACKETS && !self->closed; i++) {
        if (ear->rest) {
            MulticastGoOn(ear);
        } else {
            more = MulticastBegin(ear);
        }
        more = more && ClusterpMonotonic() - start < CLUSTER_LOOP_MICROSECONDS;
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

static void
MulticastUnwatch(Multicast *self)
{
    int i;

    for (i = 0; i < CLUSTERP_EARS; i++) {
        ClusterWatchFree(&self->ears[i].watch);
    }
}

/* Listens with every ear there is; false with *error, and with none. */
static bool
MulticastWatch(Multicast *self, int *error)
{
    int i;

    for (i = 0; i < CLUSTERP_EARS; i++) {
        Ear *ear = &self->ears[i];
        int fd = ClusterpMulticastDescriptor(self->socket, i);

        ear->self = self;
        ear->number = i;
        if (fd < 0) {
            continue;
        }
        ear->watch = ClusterWatchNew(self->loop, fd, CLUSTERP_READABLE, MulticastReadable, NULL,
                ear, error);
        if (!ear->watch) {
            MulticastUnwatch(self);
            return false;
        }
    }
    snprintf(self->name, sizeof self->name, "udp%d", ClusterpMulticastDescriptor(self->socket, 0));
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
    if (self->socket && MulticastWatch(self, &error)) {
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
    MulticastUnwatch(self);
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
