/*
 * datagramTest.c --
 *
 *	Transports `c` and `d` of the network in memory, which are the same but
 *	for their names: datagrams to every host.
 */

#include "memoryTestInt.h"

#include "node/clusterNode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct MemoryDatagram {
    ClusterTransport base;
    MemoryWay way;
    MemoryHost *host;
    const ClusterTransportDelegate *delegate;
    void *context;
    bool closed;
    ClusterTraffic traffic;
    struct MemoryDatagram *next; /* of the network's */
} MemoryDatagram;

/* One datagram under way to one host. */
typedef struct Flight {
    ClusterTimer timer;
    MemoryHost *to;
    MemoryWay way;
    ClusterAddress from;
    ClusterBlob *blob;
} Flight;

static MemoryDatagram *
DatagramAlive(ClusterTransport *transport, const char *what)
{
    MemoryDatagram *self = (MemoryDatagram *) transport;

    if (self->closed) {
        MemoryFault(self->host->net, what);
    }
    return self;
}

static ClusterTransport *
DatagramOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    MemoryDatagram *self = calloc(1, sizeof *self);

    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->base.type = config->type;
    self->way = (MemoryWay) (config->type - memoryDatagramTypes);
    self->host = MemoryHostOf(context);
    self->delegate = delegate;
    self->context = context;
    self->next = self->host->net->datagrams;
    self->host->net->datagrams = self;
    self->host->datagrams[self->way] = self;
    return &self->base;
}

static void
DatagramClose(ClusterTransport *transport)
{
    MemoryDatagram *self = DatagramAlive(transport, "c closed twice");

    self->closed = true;
    self->host->datagrams[self->way] = NULL;
}

void
MemoryDatagramsFree(MemoryNet *net)
{
    while (net->datagrams) {
        MemoryDatagram *self = net->datagrams;

        net->datagrams = self->next;
        free(self);
    }
}

bool
MemoryWayByName(const char *name, MemoryWay *way)
{
    int i;

    for (i = 0; i < MEMORY_WAYS; i++) {
        if (strcmp(memoryDatagramTypes[i].id, name) == 0) {
            *way = (MemoryWay) i;
            return true;
        }
    }
    return false;
}

static void
DatagramFillOrigin(const MemoryDatagram *self, const ClusterAddress *from, ClusterOrigin *origin)
{
    memset(origin, 0, sizeof *origin);
    origin->address = *from;
    snprintf(origin->name, sizeof origin->name, "memory%s", self->base.type->id);
}

/* The bytes are the receiver's only until it returns. */
bool
MemoryInjectBy(MemoryHost *to, MemoryWay way, const ClusterAddress *from, unsigned interface,
        const void *bytes, size_t length)
{
    MemoryDatagram *self = to->datagrams[way];
    ClusterOrigin origin;
    uint8_t *copy;
    bpacket_span packet;

    if (!self || (copy = malloc(length ? length : 1)) == NULL) {
        return false;
    }
    memcpy(copy, bytes, length);
    packet.bytes = copy;
    packet.length = length;
    self->traffic.packetsIn++;
    MemoryHeard(to, bytes, length);
    DatagramFillOrigin(self, from, &origin);
    origin.interface = interface;
    origin.severally = origin.foreign = interface != 0;
    self->delegate->received(self->context, &self->base, NULL, packet, &origin);
    free(copy);
    return true;
}

bool
MemoryInject(MemoryHost *to, MemoryWay way, const ClusterAddress *from, const void *bytes,
        size_t length)
{
    return MemoryInjectBy(to, way, from, 0, bytes, length);
}

static void
DatagramArrive(void *data)
{
    Flight *flight = data;

    MemoryInject(flight->to, flight->way, &flight->from, flight->blob->bytes, flight->blob->length);
    ClusterBlobRelease(flight->blob);
    free(flight);
}

static void
DatagramLaunch(const MemoryDatagram *by, MemoryHost *to, const MemoryLink *link, ClusterBlob *blob)
{
    Flight *flight = calloc(1, sizeof *flight);
    MemoryHost *from = by->host;

    if (flight) {
        flight->to = to;
        flight->way = by->way;
        flight->from = from->address;
        flight->blob = ClusterBlobHold(blob);
        ClusterTimerSet(&flight->timer, HandClockTable(from->net->clock),
                MemoryDelay(from->net, link), DatagramArrive, flight);
    }
}

/* To every host, the sender as well, as multicast does. */
static ClusterSendResult
DatagramSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link,
        ClusterBlob *blob)
{
    MemoryDatagram *self = DatagramAlive(transport, "send over a closed c");
    MemoryNet *net = self->host->net;
    MemoryHost *to;

    (void) peer;
    (void) link;
    if (blob->length > transport->type->largest) {
        return CLUSTER_SEND_TOO_LARGE;
    }
    MemoryNote(self->host, self->base.type->id, NULL, blob);
    self->traffic.packetsOut++;
    for (to = net->cut[self->way] ? NULL : net->hosts; to; to = to->next) {
        MemoryLink wire = MemoryFindLink(self->host, to);

        if (to->datagrams[self->way] && to->side == self->host->side
                && MemoryRandom(net, 100) >= wire.drop) {
            DatagramLaunch(self, to, &wire, blob);
            if (MemoryRandom(net, 100) < wire.duplicate) {
                DatagramLaunch(self, to, &wire, blob);
            }
        }
    }
    if (net->outside && !net->cut[self->way]) {
        net->outside->toAll(net->outside->context, self->host, blob);
    }
    return CLUSTER_SENT;
}

static Tcl_Obj *
DatagramProps(ClusterTransport *transport)
{
    (void) DatagramAlive(transport, "props of a closed c");
    return NULL;
}

static void
DatagramEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    (void) DatagramAlive(transport, "event for a closed c");
    (void) event;
}

static bool
DatagramDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    MemoryDatagram *self = DatagramAlive(transport, "describe of a closed c");

    (void) link;
    DatagramFillOrigin(self, &self->host->address, origin);
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
    (void) DatagramAlive(transport, "forget by a closed c");
    (void) owner;
}

static void
DatagramDone(ClusterTransport *transport, ClusterLink *link)
{
    (void) DatagramAlive(transport, "done by a closed c");
    (void) link;
}

static bool
DatagramMissed(ClusterTransport *transport)
{
    MemoryDatagram *self = DatagramAlive(transport, "missed of a closed c");

    return self->host->misses[self->way];
}

static const ClusterTraffic *
DatagramTraffic(ClusterTransport *transport)
{
    return &((MemoryDatagram *) transport)->traffic;
}

const ClusterTransportType memoryDatagramTypes[MEMORY_WAYS] = {
        [MEMORY_C] =
                {
                        .id = "c",
                        .reachesAll = true,
                        .datagrams = true,
                        .largest = CLUSTER_DATAGRAM_MAX,
                        .open = DatagramOpen,
                        .close = DatagramClose,
                        .send = DatagramSend,
                        .props = DatagramProps,
                        .event = DatagramEvent,
                        .describe = DatagramDescribe,
                        .own = DatagramOwn,
                        .forget = DatagramForget,
                        .done = DatagramDone,
                        .missed = DatagramMissed,
                        .traffic = DatagramTraffic,
                },
        [MEMORY_D] =
                {
                        .id = "d",
                        .reachesAll = true,
                        .datagrams = true,
                        .largest = CLUSTER_DATAGRAM_MAX,
                        .open = DatagramOpen,
                        .close = DatagramClose,
                        .send = DatagramSend,
                        .props = DatagramProps,
                        .event = DatagramEvent,
                        .describe = DatagramDescribe,
                        .own = DatagramOwn,
                        .forget = DatagramForget,
                        .done = DatagramDone,
                        .missed = DatagramMissed,
                        .traffic = DatagramTraffic,
                },
};
