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

#include "base/clusterLimits.h"
#include "base/clusterLocal.h"
#include "base/clusterLoop.h"
#include "packet/clusterPacket.h"

#include <errno.h>
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
    ClusterWatch *network; /* NULL where the system tells of no changes */
    ClusterTimer soon;     /* tells of a change that came soon after another */
    int64_t moved;         /* when the last was told of; 0 for never */
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
    origin->severally = arrival->severally;
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
 * ------------------------------------------------------------------------
 * Changes of the network
 * ------------------------------------------------------------------------
 */

static void
MulticastTellMoved(void *context)
{
    Multicast *self = context;

    self->moved = ClusterpMonotonic();
    self->refCount++;
    self->delegate->moved(self->context, &self->base);
    MulticastRelease(self);
}

/* Others are to know at once where we are heard from now; of an interface that comes and goes, now and then. */
static void
MulticastMoved(Multicast *self)
{
    int64_t since = (ClusterpMonotonic() - self->moved) / 1000;

    if (!self->moved || since >= CLUSTER_MOVED_BEAT_EVERY) {
        MulticastTellMoved(self);
    } else if (!ClusterTimerIsSet(&self->soon)) {
        ClusterTimerSet(&self->soon, ClusterLoopClock(self->loop), CLUSTER_MOVED_BEAT_EVERY - since,
                MulticastTellMoved, self);
    }
}

static void
MulticastNetworkChanged(void *context, int mask)
{
    Multicast *self = context;

    (void) mask;
    ClusterLocalCount(true);
    if (ClusterpMulticastRefresh(self->socket)) {
        MulticastMoved(self);
    }
}

/*
 * ------------------------------------------------------------------------
 * Opening
 * ------------------------------------------------------------------------
 */

/* The only option: {interface LIST}. *interfaces: that list, NULL when there is none; borrowed. */
static bool
MulticastParseOptions(Tcl_Obj *options, Tcl_Obj **interfaces, Tcl_Obj **why)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    Tcl_Size count = 0;
    int done = 1;

    *interfaces = NULL;
    if (!options) {
        return true;
    }
    if (Tcl_DictObjFirst(NULL, options, &search, &key, &value, &done) != TCL_OK) {
        *why = Tcl_NewStringObj("the value of -c must be a dict", -1);
        return false;
    }
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        *why = NULL;
        if (strcmp(Tcl_GetString(key), "interface") != 0) {
            *why = Tcl_ObjPrintf("unknown key \"%s\" in -c: must be interface", Tcl_GetString(key));
        } else if (Tcl_ListObjLength(NULL, value, &count) != TCL_OK) {
            *why = Tcl_ObjPrintf("bad interface \"%s\" in -c: must be a list",
                    Tcl_GetString(value));
        }
        if (*why) {
            Tcl_DictObjDone(&search);
            return false;
        }
        *interfaces = count ? value : NULL;
    }
    return true;
}

/* The socket, on those interfaces of a list that are there (NULL: all). NULL with *error. */
static ClusterpMulticast *
MulticastSocket(const ClusterTransportConfig *config, Tcl_Obj *interfaces, int *error)
{
    ClusterpMulticast *socket;
    Tcl_Obj **words = NULL;
    Tcl_Size count = 0, i;
    ClusterpAddr group;
    const char **names;

    *error = ENOMEM;
    if (interfaces) {
        Tcl_ListObjGetElements(NULL, interfaces, &count, &words);
    }
    names = calloc((size_t) count + 1, sizeof *names);
    if (!names || !ClusterAddressToPlatform(&config->group, &group)) {
        free(names);
        return NULL;
    }
    for (i = 0; i < count; i++) {
        names[i] = Tcl_GetString(words[i]);
    }
    socket = ClusterpMulticastOpen(&group, config->remote, names, error);
    free(names);
    return socket;
}

static void
MulticastUnwatch(Multicast *self)
{
    int i;

    for (i = 0; i < CLUSTERP_EARS; i++) {
        ClusterWatchFree(&self->ears[i].watch);
    }
    if (self->network) {
        ClusterWatchFree(&self->network);
    }
}

/* Listens with every ear there is; false with *error, and with none. */
static bool
MulticastWatch(Multicast *self, int *error)
{
    int i, network = ClusterpMulticastNetwork(self->socket);

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
    if (network >= 0) {
        self->network = ClusterWatchNew(self->loop, network, CLUSTERP_READABLE,
                MulticastNetworkChanged, NULL, self, error);
        if (!self->network) {
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
    Tcl_Obj *interfaces;
    char text[CLUSTER_ADDRESS_TEXT];
    int error = 0;
    Multicast *self;

    *code = "CONFIG";
    if (!MulticastParseOptions(config->options, &interfaces, why)) {
        return NULL;
    }
    *code = "SOCKET";
    self = calloc(1, sizeof *self);
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->base.type = &clusterMulticastType;
    self->refCount = 1;
    self->delegate = delegate;
    self->context = context;
    self->group = config->group;
    self->loop = ClusterLoopGet(&error);
    if (self->loop) {
        self->socket = MulticastSocket(config, interfaces, &error);
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
    if (interfaces) {
        Tcl_AppendPrintfToObj(*why, " on interface \"%s\"", Tcl_GetString(interfaces));
    }
    Tcl_AppendPrintfToObj(*why, ": %s", Tcl_ErrnoMsg(error));
    return NULL;
}

static void
MulticastClose(ClusterTransport *transport)
{
    Multicast *self = (Multicast *) transport;

    self->closed = true;
    ClusterTimerCancel(&self->soon);
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
    Multicast *self = (Multicast *) transport;

    (void) event;
    if (ClusterpMulticastRefresh(self->socket)) {
        MulticastMoved(self);
    }
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

static bool
MulticastMissed(ClusterTransport *transport)
{
    return ClusterpMulticastMissed(((Multicast *) transport)->socket);
}

static const ClusterTraffic *
MulticastTraffic(ClusterTransport *transport)
{
    return &((Multicast *) transport)->traffic;
}

const ClusterTransportType clusterMulticastType = {
        .id = "c",
        .reachesAll = true,
        .datagrams = true,
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
        .missed = MulticastMissed,
};
