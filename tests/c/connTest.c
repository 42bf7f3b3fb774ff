/*
 * connTest.c --
 *
 *	Transport `t` of the network in memory: connections, which keep order,
 *	fill up, break, and are refused.
 *
 *	A packet stays in its sender's queue until it arrives, so what breaks
 *	has unsent packets unless time has passed since the send.
 */

#include "memoryTestInt.h"

#include "node/clusterNode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Milliseconds until a connect across a partition is given up, and between attempts to write across one. */
#define CONNECT_MS 5000
#define RETRY_MS   200

typedef struct MemoryStream {
    ClusterTransport base;
    MemoryHost *host;
    const ClusterTransportDelegate *delegate;
    void *context;
    bool closed;
    uint16_t port;
    ClusterLink *first; /* living ones */
    ClusterTraffic traffic;
    struct MemoryStream *next; /* of the network's */
} MemoryStream;

/* One end of a connection. */
struct ClusterLink {
    MemoryStream *stream;
    char name[CLUSTER_LINK_NAME];
    ClusterLink *other; /* the far end, NULL until accepted and once that is closed */
    MemoryHost *peer;
    uint16_t port; /* where it connects to */
    bool connecting, finishing, dead;
    bool suspect, told; /* other ways come first; that was told */
    bool ended;         /* the far end is closed: dies when `in` is empty */
    void *owner;
    bool awaited; /* drained() is to be told once no more waits than this: */
    size_t drainBytes, drainPackets;
    ClusterBlobQueue out, in; /* in: what a closed far end left under way */
    ClusterTimer flow, arrival;
    ClusterLink *next;  /* of the stream's */
    ClusterLink *ofNet; /* of the network's */
};

static void LinkFlow(void *data);
static void LinkArrive(void *data);

static MemoryStream *
StreamAlive(ClusterTransport *transport, const char *what)
{
    MemoryStream *self = (MemoryStream *) transport;

    if (self->closed) {
        MemoryFault(self->host->net, what);
    }
    return self;
}

static ClusterClock *
StreamClockOf(const MemoryStream *stream)
{
    return HandClockTable(stream->host->net->clock);
}

/* ---- the life of a link -------------------------------------------------- */

static ClusterLink *
LinkNew(MemoryStream *stream, MemoryHost *peer, void *owner)
{
    MemoryNet *net = stream->host->net;
    ClusterLink *link = calloc(1, sizeof *link);

    if (!link) {
        return NULL;
    }
    link->stream = stream;
    snprintf(link->name, sizeof link->name, "memory%d", ++net->nextLink);
    link->peer = peer;
    link->owner = owner;
    ClusterBlobQueueInit(&link->out);
    ClusterBlobQueueInit(&link->in);
    link->next = stream->first;
    stream->first = link;
    link->ofNet = net->conns;
    net->conns = link;
    stream->traffic.connections++;
    stream->traffic.opened++;
    return link;
}

static void
LinkDie(ClusterLink *link)
{
    ClusterLink **at = &link->stream->first;

    while (*at != link) {
        at = &(*at)->next;
    }
    *at = link->next;
    link->dead = true;
    link->stream->traffic.connections--;
    ClusterTimerCancel(&link->flow);
    ClusterTimerCancel(&link->arrival);
    if (link->other) {
        link->other->other = NULL;
        link->other = NULL;
    }
}

/* It ends without the wish of the layer above, which is told. */
static void
LinkFail(ClusterLink *link, bool failed)
{
    MemoryStream *stream = link->stream;

    if (link->dead) {
        return;
    }
    LinkDie(link);
    stream->traffic.failures += failed || link->out.count;
    if (!link->finishing) {
        stream->delegate->closed(stream->context, &stream->base, link, link->owner, &link->out);
    }
    ClusterBlobQueueFree(&link->out);
}

/* It ends by the wish of the layer above: what can be written is, and the far end learns of the end behind that. */
static void
LinkShut(ClusterLink *link)
{
    ClusterLink *other = link->other;
    ClusterBlob *blob;

    if (link->dead) {
        return;
    }
    LinkDie(link);
    while (other && (blob = ClusterBlobQueuePop(&link->out)) != NULL) {
        if (!link->stream->host->stalled) {
            ClusterBlobQueuePush(&other->in, blob);
        }
        ClusterBlobRelease(blob);
    }
    ClusterBlobQueueFree(&link->out);
    if (other) {
        other->ended = true;
        ClusterTimerSet(&other->arrival, StreamClockOf(other->stream), 0, LinkArrive, other);
    }
}

static void
LinkFinish(ClusterLink *link)
{
    link->owner = NULL;
    link->finishing = true;
    if (!link->out.count) {
        LinkShut(link);
    }
}

void
MemoryStreamsFree(MemoryNet *net)
{
    while (net->conns) {
        ClusterLink *link = net->conns;

        net->conns = link->ofNet;
        ClusterBlobQueueFree(&link->out);
        ClusterBlobQueueFree(&link->in);
        free(link);
    }
    while (net->streams) {
        MemoryStream *stream = net->streams;

        net->streams = stream->next;
        free(stream);
    }
}

/* ---- packets on their way ------------------------------------------------ */

static void
LinkDescribe(const ClusterLink *link, ClusterOrigin *origin)
{
    memset(origin, 0, sizeof *origin);
    memcpy(origin->name, link->name, sizeof origin->name);
    if (link->peer) {
        origin->address = ClusterAddressWithPort(&link->peer->address, link->port);
    }
}

/* The bytes are the receiver's only until it returns. */
static void
LinkDeliver(ClusterLink *link, const ClusterBlob *blob)
{
    MemoryStream *stream = link->stream;
    ClusterOrigin origin;
    bpacket_span packet;
    uint8_t *copy;

    if (link->dead || link->finishing || (copy = malloc(blob->length + 1)) == NULL) {
        return;
    }
    memcpy(copy, blob->bytes, blob->length);
    packet.bytes = copy;
    packet.length = blob->length;
    stream->traffic.packetsIn++;
    LinkDescribe(link, &origin);
    stream->delegate->received(stream->context, &stream->base, link, packet, &origin);
    free(copy);
}

/* What a far end that is closed had written, then the end. */
static void
LinkArrive(void *data)
{
    ClusterLink *link = data;
    ClusterBlob *blob;

    while (!link->dead && (blob = ClusterBlobQueuePop(&link->in)) != NULL) {
        LinkDeliver(link, blob);
        ClusterBlobRelease(blob);
    }
    if (!link->dead && link->ended) {
        LinkFail(link, false);
    }
}

static MemoryStream *
FindStream(const MemoryNet *net, uint16_t port)
{
    MemoryHost *host;

    for (host = net->hosts; host; host = host->next) {
        if (host->stream && host->stream->port == port) {
            return host->stream;
        }
    }
    return NULL;
}

static bool
LinkReachable(const ClusterLink *link)
{
    return link->peer && link->peer->side == link->stream->host->side;
}

static bool
Writes(const MemoryHost *host)
{
    return !host->stalled || host->passing > 0;
}

/* Arranges for what is queued to be written. */
static void
LinkArmFlow(ClusterLink *link)
{
    MemoryHost *host = link->stream->host;
    int64_t delay;
    MemoryLink wire;

    if (link->dead || ClusterTimerIsSet(&link->flow) || (!Writes(host) && !link->connecting)
            || (!link->out.count && !link->connecting)) {
        return;
    }
    if (link->peer && !LinkReachable(link)) {
        delay = link->connecting ? CONNECT_MS : RETRY_MS;
    } else if (link->peer) {
        wire = MemoryFindLink(host, link->peer);
        delay = MemoryDelay(host->net, &wire);
    } else {
        delay = 0;
    }
    ClusterTimerSet(&link->flow, StreamClockOf(link->stream), delay, LinkFlow, link);
}

/* Is the connection made? Otherwise it failed. */
static bool
LinkConnect(ClusterLink *link)
{
    MemoryStream *to = FindStream(link->stream->host->net, link->port);

    if (!to || !LinkReachable(link) || to->host->refusal != MEMORY_ACCEPTS
            || (link->other = LinkNew(to, link->stream->host, NULL)) == NULL) {
        LinkFail(link, true);
        return false;
    }
    link->other->other = link;
    link->connecting = false;
    return true;
}

static void
LinkFlow(void *data)
{
    ClusterLink *link = data;
    size_t count = link->out.count;

    if (link->connecting && !LinkConnect(link)) {
        return;
    }
    while (count-- > 0 && !link->dead && link->other && LinkReachable(link)
            && Writes(link->stream->host)) {
        ClusterBlob *blob = ClusterBlobQueuePop(&link->out);

        if (!blob) {
            break;
        }
        link->stream->host->passing -= link->stream->host->stalled;
        link->stream->traffic.packetsOut++;
        LinkDeliver(link->other, blob);
        ClusterBlobRelease(blob);
    }
    if (link->dead) {
        return;
    }
    if (link->awaited && link->out.bytes <= link->drainBytes
            && link->out.count <= link->drainPackets) {
        link->awaited = false;
        link->stream->delegate->drained(link->stream->context, &link->stream->base, link,
                link->owner);
    }
    if (link->finishing && !link->out.count) {
        LinkShut(link);
    } else if (link->other) {
        LinkArmFlow(link);
    }
}

int
MemoryBreak(MemoryHost *host, const MemoryHost *other)
{
    ClusterLink *link = host->stream ? host->stream->first : NULL;
    int count = 0;

    while (link) {
        ClusterLink *far = link->other;

        if (other && link->peer != other) {
            link = link->next;
            continue;
        }
        LinkFail(link, true);
        if (far) {
            LinkFail(far, true);
        }
        count++;
        /* Those who were told may have done anything. */
        link = host->stream ? host->stream->first : NULL;
    }
    return count;
}

/* One of the host's that is suspect, and of which that was not told. */
static ClusterLink *
LinkUntold(const MemoryHost *host)
{
    ClusterLink *link = host->stream ? host->stream->first : NULL;

    while (link && (!link->suspect || link->told)) {
        link = link->next;
    }
    return link;
}

void
MemoryDoubt(MemoryHost *host, bool doubt)
{
    ClusterLink *link;

    for (link = host->stream ? host->stream->first : NULL; link; link = link->next) {
        link->suspect = link->told = doubt && link->suspect;
        link->suspect = doubt;
    }
    while ((link = LinkUntold(host)) != NULL) {
        const ClusterTransportDelegate *delegate = link->stream->delegate;
        ClusterBlobQueue unsent = link->out;

        link->told = true;
        ClusterBlobQueueInit(&link->out);
        delegate->suspect(link->stream->context, &link->stream->base, link, link->owner, &unsent,
                !link->connecting);
        ClusterBlobQueueFree(&unsent);
    }
}

void
MemoryResume(MemoryHost *host)
{
    ClusterLink *link;

    for (link = host->stream ? host->stream->first : NULL; link; link = link->next) {
        LinkArmFlow(link);
    }
}

int
MemoryConnections(const MemoryHost *host)
{
    ClusterLink *link;
    int count = 0;

    for (link = host->stream ? host->stream->first : NULL; link; link = link->next) {
        count++;
    }
    return count;
}

/* ---- the type ------------------------------------------------------------ */

static ClusterTransport *
StreamOpen(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate,
        void *context, Tcl_Obj **why, const char **code)
{
    MemoryStream *self = calloc(1, sizeof *self);

    (void) config;
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->base.type = &memoryStreamType;
    self->host = MemoryHostOf(context);
    self->delegate = delegate;
    self->context = context;
    self->port = self->host->net->nextPort++;
    self->next = self->host->net->streams;
    self->host->net->streams = self;
    self->host->stream = self;
    return &self->base;
}

static void
StreamClose(ClusterTransport *transport)
{
    MemoryStream *self = StreamAlive(transport, "t closed twice");

    self->closed = true;
    self->host->stream = NULL;
    while (self->first) {
        LinkShut(self->first);
    }
}

/* The port a member advertises, 0 when there is none. */
static uint16_t
StreamPeerPort(Tcl_Obj *props)
{
    Tcl_Obj *key = Tcl_NewStringObj("port", -1), *value = NULL;
    int port = 0;

    Tcl_IncrRefCount(key);
    if (!props || Tcl_DictObjGet(NULL, props, key, &value) != TCL_OK || !value
            || Tcl_GetIntFromObj(NULL, value, &port) != TCL_OK || port < 0 || port > 65535) {
        port = 0;
    }
    Tcl_DecrRefCount(key);
    return (uint16_t) port;
}

static bool
StreamIsAt(const MemoryHost *host, const ClusterPeer *peer)
{
    return peer->local ? ClusterAddressIsLoopback(&host->address)
                       : ClusterAddressCompare(&host->address, &peer->address) == 0;
}

/* A link that is opening, NULL when that fails at once. */
static ClusterLink *
StreamDial(MemoryStream *self, const ClusterPeer *peer, ClusterSendResult *failure)
{
    uint16_t port = StreamPeerPort(peer->props);
    MemoryStream *to = FindStream(self->host->net, port);
    ClusterLink *link;

    if (to && !StreamIsAt(to->host, peer)) {
        to = NULL;
    }
    *failure = !to                                  ? CLUSTER_SEND_FAILED
            : to->host->refusal == MEMORY_DENIES    ? CLUSTER_SEND_DENIED
            : to->host->refusal == MEMORY_IS_ABSENT ? CLUSTER_SEND_ABSENT
                                                    : CLUSTER_SEND_FAILED;
    if (!port || *failure != CLUSTER_SEND_FAILED
            || (to && to->host->refusal == MEMORY_REFUSES_AT_ONCE)
            || (link = LinkNew(self, to ? to->host : NULL, peer->owner)) == NULL) {
        self->traffic.failures++;
        return NULL;
    }
    link->port = port;
    link->connecting = true;
    return link;
}

static ClusterSendResult
StreamSend(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **linkPtr,
        ClusterBlob *blob)
{
    MemoryStream *self = StreamAlive(transport, "send over a closed t");
    ClusterLink *link = *linkPtr;
    Tcl_WideInt limit = self->host->limit;
    ClusterSendResult failure = CLUSTER_SEND_FAILED;

    if (!link) {
        if (!peer || (link = StreamDial(self, peer, &failure)) == NULL) {
            return failure;
        }
        *linkPtr = link;
    } else if (link->dead || link->stream != self) {
        MemoryFault(self->host->net, "send over a dead link");
        return CLUSTER_SEND_FAILED;
    }
    if (link->finishing) {
        return CLUSTER_SEND_FAILED;
    }
    if (limit && (Tcl_WideInt) link->out.count >= limit) {
        return CLUSTER_SEND_FULL;
    }
    MemoryNote(self->host, "t", link->peer, blob);
    ClusterBlobQueuePush(&link->out, blob);
    LinkArmFlow(link);
    return CLUSTER_SENT;
}

static Tcl_Obj *
StreamProps(ClusterTransport *transport)
{
    MemoryStream *self = StreamAlive(transport, "props of a closed t");
    Tcl_Obj *props = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, props, Tcl_NewStringObj("port", -1), Tcl_NewIntObj(self->port));
    return props;
}

/* A new port; connections stay. Whatever was wrong with the old one is over. */
static void
StreamEvent(ClusterTransport *transport, ClusterTransportEvent event)
{
    MemoryStream *self = StreamAlive(transport, "event for a closed t");

    if (event != CLUSTER_EVENT_HEARTBEAT) {
        self->port = self->host->net->nextPort++;
        self->host->refusal = MEMORY_ACCEPTS;
        self->delegate->changed(self->context, transport);
    }
}

static bool
StreamDescribe(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin)
{
    MemoryStream *self = StreamAlive(transport, "describe of a closed t");

    if (link) {
        LinkDescribe(link, origin);
        return true;
    }
    memset(origin, 0, sizeof *origin);
    origin->address = ClusterAddressWithPort(&self->host->address, self->port);
    origin->vouched = true;
    return true;
}

static void *
LinkOwn(ClusterLink *link, void *owner)
{
    void *before = link->owner;

    if (link->dead) {
        MemoryFault(link->stream->host->net, "a dead link was given an owner");
    }
    link->owner = owner;
    return before;
}

static void
LinkWaiting(const ClusterLink *link, ClusterWaiting *waiting)
{
    size_t limit = (size_t) link->stream->host->limit;

    waiting->bytes += link->out.bytes;
    waiting->packets += link->out.count;
    waiting->crowded = limit && link->out.count > limit / 4;
}

static void
LinkAwait(ClusterLink *link, size_t bytes, size_t packets)
{
    link->drainBytes = bytes;
    link->drainPackets = packets;
    link->awaited = link->out.bytes > bytes || link->out.count > packets;
}

static void
StreamPending(ClusterTransport *transport, const void *owner, ClusterBlobQueue *packets)
{
    ClusterLink *link = StreamAlive(transport, "pending of a closed t")->first;
    size_t i;

    for (; link; link = link->next) {
        for (i = 0; link->owner == owner && i < link->out.count; i++) {
            ClusterBlobQueuePush(packets, ClusterBlobQueueAt(&link->out, i));
        }
    }
}

static void
StreamForget(ClusterTransport *transport, void *owner)
{
    ClusterLink *link = StreamAlive(transport, "forget by a closed t")->first;

    while (link) {
        ClusterLink *next = link->next;

        if (link->owner == owner) {
            LinkFinish(link);
        }
        link = next;
    }
}

static void
StreamDone(ClusterTransport *transport, ClusterLink *link)
{
    MemoryStream *self = StreamAlive(transport, "done by a closed t");

    if (link->dead) {
        MemoryFault(self->host->net, "a dead link was closed");
    } else {
        LinkFinish(link);
    }
}

static bool
LinkIsOpen(const ClusterLink *link)
{
    return !link->dead && !link->finishing;
}

static bool
LinkWorks(const ClusterLink *link)
{
    return LinkIsOpen(link) && !link->connecting && !link->suspect;
}

static const ClusterTraffic *
StreamTraffic(ClusterTransport *transport)
{
    return &((MemoryStream *) transport)->traffic;
}

const ClusterTransportType memoryStreamType = {
        .id = "t",
        .reliable = true,
        .ordered = true,
        .connects = true,
        .open = StreamOpen,
        .close = StreamClose,
        .send = StreamSend,
        .props = StreamProps,
        .event = StreamEvent,
        .describe = StreamDescribe,
        .own = LinkOwn,
        .waiting = LinkWaiting,
        .await = LinkAwait,
        .pending = StreamPending,
        .forget = StreamForget,
        .done = StreamDone,
        .traffic = StreamTraffic,
        .isOpen = LinkIsOpen,
        .works = LinkWorks,
};
