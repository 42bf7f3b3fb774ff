/*
 * unicastNetTest.c --
 *
 *	The transport for datagrams to one host on the network in memory, by which
 *	nodes probe each other. Where nobody hears at a port that is told, as the
 *	system of a host would.
 */

#include "memoryTestInt.h"

#include "node/clusterNode.h"

#include <stdlib.h>
#include <string.h>

struct MemoryUnicast {
    ClusterTransport base;
    MemoryHost *host;
    const ClusterTransportDelegate *delegate;
    void *context;
    uint16_t port;
    bool closed;
    ClusterTraffic traffic;
    struct MemoryUnicast *next; /* of the network's */
};

/* One datagram under way, and later perhaps the word that it did not arrive. */
typedef struct Flight {
    ClusterTimer timer;
    MemoryUnicast *from;
    ClusterAddress to;
    ClusterBlob *blob;
} Flight;

static MemoryUnicast *
UnicastAlive(ClusterTransport *transport, const char *what)
{
    MemoryUnicast *self = (MemoryUnicast *) transport;

    if (self->closed) {
        MemoryFault(self->host->net, what);
    }
    return self;
}

/* The next port, which is its own as long as the network does not begin anew with them. */
static void
TakePort(MemoryUnicast *self)
{
    MemoryNet *net = self->host->net;

    self->port = net->nextPort++;
    net->byPort[self->port] = self;
}

static ClusterTransport *
UnicastOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    MemoryUnicast *self = calloc(1, sizeof *self);

    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->base.type = config->type;
    self->host = MemoryHostOf(context);
    self->delegate = delegate;
    self->context = context;
    TakePort(self);
    self->host->unicast = self;
    self->next = self->host->net->unicasts;
    self->host->net->unicasts = self;
    return &self->base;
}

static void
UnicastClose(ClusterTransport *transport)
{
    UnicastAlive(transport, "unicast closed twice")->closed = true;
}

void
MemoryUnicastsFree(MemoryNet *net)
{
    while (net->unicasts) {
        MemoryUnicast *self = net->unicasts;

        net->unicasts = self->next;
        free(self);
    }
}

/* Who hears there, NULL for nobody. */
static MemoryUnicast *
FindUnicast(const MemoryNet *net, uint16_t port)
{
    MemoryUnicast *unicast = net->byPort[port];

    return unicast && !unicast->closed && unicast->port == port ? unicast : NULL;
}

/* The host that the address is of, as far as a port is needed to tell; NULL for none. */
static MemoryHost *
FindHost(const MemoryNet *net, const ClusterAddress *address)
{
    MemoryHost *host = net->hosts;

    while (host && ClusterAddressCompare(&host->address, address) != 0) {
        host = host->next;
    }
    return host;
}

static void
UnicastDeliver(MemoryUnicast *to, const ClusterAddress *from, const ClusterBlob *blob)
{
    ClusterOrigin origin;
    uint8_t *copy = malloc(blob->length ? blob->length : 1);
    bpacket_span packet = {copy, blob->length};

    if (copy) {
        memcpy(copy, blob->bytes, blob->length);
        memset(&origin, 0, sizeof origin);
        origin.address = *from;
        to->traffic.packetsIn++;
        MemoryHeard(to->host, copy, blob->length);
        to->delegate->received(to->context, &to->base, NULL, packet, &origin);
        free(copy);
    }
}

bool
MemoryInjectUnicast(MemoryHost *to, const ClusterAddress *from, const void *bytes, size_t length)
{
    MemoryUnicast *self = to->unicast;
    ClusterBlob *blob;

    if (!self || self->closed || (blob = ClusterBlobNew(bytes, length)) == NULL) {
        return false;
    }
    UnicastDeliver(self, from, blob);
    ClusterBlobRelease(blob);
    return true;
}

bool
MemoryRenumber(MemoryHost *host)
{
    MemoryUnicast *self = host->unicast;

    if (self && !self->closed) {
        TakePort(self);
        self->delegate->changed(self->context, &self->base);
    }
    return self && !self->closed;
}

uint16_t
MemoryPort(const MemoryHost *host)
{
    return host->unicast ? host->unicast->port : 0;
}

static void
UnicastArrive(void *data)
{
    Flight *flight = data;
    MemoryUnicast *from = flight->from;
    MemoryUnicast *to = FindUnicast(from->host->net, ClusterAddressPort(&flight->to));

    if (to) {
        UnicastDeliver(to, &from->host->address, flight->blob);
    } else if (!from->closed) {
        from->delegate->refused(from->context, &from->base, &flight->to, false);
    }
    ClusterBlobRelease(flight->blob);
    free(flight);
}

static void
UnicastLaunch(MemoryUnicast *self, const ClusterAddress *to, const MemoryLink *wire,
        ClusterBlob *blob)
{
    Flight *flight = calloc(1, sizeof *flight);

    if (flight) {
        flight->from = self;
        flight->to = *to;
        flight->blob = ClusterBlobHold(blob);
        ClusterTimerSet(&flight->timer, HandClockTable(self->host->net->clock),
                MemoryDelay(self->host->net, wire), UnicastArrive, flight);
    }
}

/* A closed port is of the host that last had it: whether packets pass to that decides. */
static const MemoryHost *
HostOfPort(const MemoryNet *net, const ClusterAddress *to)
{
    const MemoryUnicast *unicast = net->byPort[ClusterAddressPort(to)];

    return unicast && unicast->port == ClusterAddressPort(to) ? unicast->host : FindHost(net, to);
}

static ClusterSendResult
UnicastSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    MemoryUnicast *self = UnicastAlive(transport, "send over a closed unicast");
    MemoryNet *net = self->host->net;
    Tcl_Obj *key = Tcl_NewStringObj("port", -1), *value = NULL;
    const MemoryHost *host;
    ClusterAddress to;
    MemoryLink wire;
    int port = 0;

    (void) link;
    Tcl_IncrRefCount(key);
    Tcl_DictObjGet(NULL, peer->props, key, &value);
    Tcl_DecrRefCount(key);
    if (!value || Tcl_GetIntFromObj(NULL, value, &port) != TCL_OK) {
        return CLUSTER_SEND_FAILED;
    }
    if (net->outside
            && net->outside->toOne(net->outside->context, self->host, (uint16_t) port, blob)) {
        MemoryNote(self->host, self->base.type->id, NULL, blob);
        self->traffic.packetsOut++;
        return CLUSTER_SENT;
    }
    to = ClusterAddressWithPort(&peer->address, (uint16_t) port);
    host = HostOfPort(net, &to);
    MemoryNote(self->host, self->base.type->id, host, blob);
    self->traffic.packetsOut++;
    if (host && host->side == self->host->side) {
        wire = MemoryFindLink(self->host, host);
        if (MemoryRandom(net, 100) >= wire.drop) {
            UnicastLaunch(self, &to, &wire, blob);
        }
    }
    return CLUSTER_SENT;
}

static Tcl_Obj *
UnicastProps(ClusterTransport *transport)
{
    return Tcl_ObjPrintf("port %d",
            (int) UnicastAlive(transport, "props of a closed unicast")->port);
}

static void
UnicastEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    (void) UnicastAlive(transport, "event for a closed unicast");
    (void) event;
}

static bool
UnicastDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    (void) link;
    memset(origin, 0, sizeof *origin);
    origin->address = UnicastAlive(transport, "describe of a closed unicast")->host->address;
    return true;
}

static const ClusterTraffic *
UnicastTraffic(ClusterTransport *transport)
{
    return &((MemoryUnicast *) transport)->traffic;
}

const ClusterTransportType memoryUnicastType = {
        .id = "datagram",
        .datagrams = true,
        .largest = 1400,
        .open = UnicastOpen,
        .close = UnicastClose,
        .send = UnicastSend,
        .props = UnicastProps,
        .event = UnicastEvent,
        .describe = UnicastDescribe,
        .traffic = UnicastTraffic,
};
