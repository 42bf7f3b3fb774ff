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
    ClusterChannel *first; /* living ones */
    ClusterTraffic traffic;
    struct MemoryStream *next; /* of the network's */
} MemoryStream;

/* One end of a connection. */
struct ClusterChannel {
    MemoryStream *stream;
    char name[24];
    ClusterChannel *other; /* the far end, NULL until accepted and once that is closed */
    MemoryHost *peer;
    uint16_t port; /* where it connects to */
    bool connecting, finishing, dead;
    bool ended; /* the far end is closed: dies when `in` is empty */
    void *owner;
    ClusterBlobQueue out, in; /* in: what a closed far end left under way */
    ClusterTimer flow, arrival;
    ClusterChannel *next;  /* of the stream's */
    ClusterChannel *ofNet; /* of the network's */
};

static void Flow(void *data);
static void Arrive(void *data);

static MemoryStream *
Alive(ClusterTransport *transport, const char *what)
{
    MemoryStream *self = (MemoryStream *) transport;

    if (self->closed) {
        MemoryFault(self->host->net, what);
    }
    return self;
}

static ClusterClock *
ClockOf(const MemoryStream *stream)
{
    return HandClockTable(stream->host->net->clock);
}

/* ---- the life of a channel ----------------------------------------------- */

static ClusterChannel *
NewChannel(MemoryStream *stream, MemoryHost *peer, void *owner)
{
    MemoryNet *net = stream->host->net;
    ClusterChannel *channel = calloc(1, sizeof *channel);

    if (!channel) {
        return NULL;
    }
    channel->stream = stream;
    snprintf(channel->name, sizeof channel->name, "memory%d", ++net->nextChannel);
    channel->peer = peer;
    channel->owner = owner;
    ClusterBlobQueueInit(&channel->out);
    ClusterBlobQueueInit(&channel->in);
    channel->next = stream->first;
    stream->first = channel;
    channel->ofNet = net->channels;
    net->channels = channel;
    stream->traffic.connections++;
    stream->traffic.opened++;
    return channel;
}

static void
Die(ClusterChannel *channel)
{
    ClusterChannel **link = &channel->stream->first;

    while (*link != channel) {
        link = &(*link)->next;
    }
    *link = channel->next;
    channel->dead = true;
    channel->stream->traffic.connections--;
    ClusterTimerCancel(&channel->flow);
    ClusterTimerCancel(&channel->arrival);
    if (channel->other) {
        channel->other->other = NULL;
        channel->other = NULL;
    }
}

/* It ends without the wish of the layer above, which is told. */
static void
Fail(ClusterChannel *channel, bool failed)
{
    MemoryStream *stream = channel->stream;

    if (channel->dead) {
        return;
    }
    Die(channel);
    stream->traffic.failures += failed || channel->out.count;
    if (!channel->finishing) {
        stream->delegate->closed(stream->context, &stream->base, channel, channel->owner,
                &channel->out, failed);
    }
    ClusterBlobQueueFree(&channel->out);
}

/* It ends by the wish of the layer above: what can be written is, and the far end learns of the end behind that. */
static void
Shut(ClusterChannel *channel)
{
    ClusterChannel *other = channel->other;
    ClusterBlob *blob;

    if (channel->dead) {
        return;
    }
    Die(channel);
    while (other && (blob = ClusterBlobQueuePop(&channel->out)) != NULL) {
        if (!channel->stream->host->stalled) {
            ClusterBlobQueuePush(&other->in, blob);
        }
        ClusterBlobRelease(blob);
    }
    ClusterBlobQueueFree(&channel->out);
    if (other) {
        other->ended = true;
        ClusterTimerSet(&other->arrival, ClockOf(other->stream), 0, Arrive, other);
    }
}

static void
Finish(ClusterChannel *channel)
{
    channel->owner = NULL;
    channel->finishing = true;
    if (!channel->out.count) {
        Shut(channel);
    }
}

void
MemoryStreamsFree(MemoryNet *net)
{
    while (net->channels) {
        ClusterChannel *channel = net->channels;

        net->channels = channel->ofNet;
        ClusterBlobQueueFree(&channel->out);
        ClusterBlobQueueFree(&channel->in);
        free(channel);
    }
    while (net->streams) {
        MemoryStream *stream = net->streams;

        net->streams = stream->next;
        free(stream);
    }
}

/* ---- packets on their way ------------------------------------------------ */

/* The bytes are the receiver's only until it returns. */
static void
Deliver(ClusterChannel *channel, const ClusterBlob *blob)
{
    MemoryStream *stream = channel->stream;
    bpacket_span packet;
    uint8_t *copy;

    if (channel->dead || channel->finishing || (copy = malloc(blob->length + 1)) == NULL) {
        return;
    }
    memcpy(copy, blob->bytes, blob->length);
    packet.bytes = copy;
    packet.length = blob->length;
    stream->traffic.packetsIn++;
    stream->delegate->received(stream->context, &stream->base, channel, packet);
    free(copy);
}

/* What a far end that is closed had written, then the end. */
static void
Arrive(void *data)
{
    ClusterChannel *channel = data;
    ClusterBlob *blob;

    while (!channel->dead && (blob = ClusterBlobQueuePop(&channel->in)) != NULL) {
        Deliver(channel, blob);
        ClusterBlobRelease(blob);
    }
    if (!channel->dead && channel->ended) {
        Fail(channel, false);
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
Reachable(const ClusterChannel *channel)
{
    return channel->peer && channel->peer->side == channel->stream->host->side;
}

/* Arranges for what is queued to be written. */
static void
ArmFlow(ClusterChannel *channel)
{
    MemoryHost *host = channel->stream->host;
    int64_t delay;
    MemoryLink link;

    if (channel->dead || ClusterTimerIsSet(&channel->flow)
            || (host->stalled && !channel->connecting)
            || (!channel->out.count && !channel->connecting)) {
        return;
    }
    if (channel->peer && !Reachable(channel)) {
        delay = channel->connecting ? CONNECT_MS : RETRY_MS;
    } else if (channel->peer) {
        link = MemoryFindLink(host, channel->peer);
        delay = MemoryDelay(host->net, &link);
    } else {
        delay = 0;
    }
    ClusterTimerSet(&channel->flow, ClockOf(channel->stream), delay, Flow, channel);
}

/* Is the connection made? Otherwise it failed. */
static bool
Connect(ClusterChannel *channel)
{
    MemoryStream *to = FindStream(channel->stream->host->net, channel->port);

    if (!to || !Reachable(channel) || to->host->refusal != MEMORY_ACCEPTS
            || (channel->other = NewChannel(to, channel->stream->host, NULL)) == NULL) {
        Fail(channel, true);
        return false;
    }
    channel->other->other = channel;
    channel->connecting = false;
    return true;
}

static void
Flow(void *data)
{
    ClusterChannel *channel = data;
    size_t count = channel->out.count;

    if (channel->connecting && !Connect(channel)) {
        return;
    }
    while (count-- > 0 && !channel->dead && channel->other && Reachable(channel)
            && !channel->stream->host->stalled) {
        ClusterBlob *blob = ClusterBlobQueuePop(&channel->out);

        if (!blob) {
            break;
        }
        channel->stream->traffic.packetsOut++;
        Deliver(channel->other, blob);
        ClusterBlobRelease(blob);
    }
    if (channel->dead) {
        return;
    }
    if (channel->finishing && !channel->out.count) {
        Shut(channel);
    } else if (channel->other) {
        ArmFlow(channel);
    }
}

int
MemoryBreak(MemoryHost *host, const MemoryHost *other)
{
    ClusterChannel *channel = host->stream ? host->stream->first : NULL;
    int count = 0;

    while (channel) {
        ClusterChannel *far = channel->other;

        if (other && channel->peer != other) {
            channel = channel->next;
            continue;
        }
        Fail(channel, true);
        if (far) {
            Fail(far, true);
        }
        count++;
        /* Those who were told may have done anything. */
        channel = host->stream ? host->stream->first : NULL;
    }
    return count;
}

void
MemoryResume(MemoryHost *host)
{
    ClusterChannel *channel;

    for (channel = host->stream ? host->stream->first : NULL; channel; channel = channel->next) {
        ArmFlow(channel);
    }
}

int
MemoryChannels(const MemoryHost *host)
{
    ClusterChannel *channel;
    int count = 0;

    for (channel = host->stream ? host->stream->first : NULL; channel; channel = channel->next) {
        count++;
    }
    return count;
}

/* ---- the type ------------------------------------------------------------ */

static ClusterTransport *
Open(const ClusterTransportConfig *config, const ClusterTransportDelegate *delegate, void *context,
        Tcl_Obj **why, const char **code)
{
    MemoryStream *self = calloc(1, sizeof *self);

    (void) config;
    if (!self) {
        *why = Tcl_NewStringObj("out of memory", -1);
        *code = "MEMORY";
        return NULL;
    }
    self->base.type = &memoryStreamType;
    self->host = ClusterNodeContext(ClusterSlotNode(context));
    self->delegate = delegate;
    self->context = context;
    self->port = self->host->net->nextPort++;
    self->next = self->host->net->streams;
    self->host->net->streams = self;
    self->host->stream = self;
    return &self->base;
}

static void
Close(ClusterTransport *transport)
{
    MemoryStream *self = Alive(transport, "t closed twice");

    self->closed = true;
    self->host->stream = NULL;
    while (self->first) {
        Shut(self->first);
    }
}

/* The port a member advertises, 0 when there is none. */
static uint16_t
PeerPort(Tcl_Obj *props)
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
IsAt(const MemoryHost *host, const ClusterPeer *peer)
{
    return peer->local ? host->ip >> 24 == 127 : host->ip == peer->ip;
}

/* A channel that is opening, NULL when that fails at once. */
static ClusterChannel *
Dial(MemoryStream *self, const ClusterPeer *peer)
{
    uint16_t port = PeerPort(peer->props);
    MemoryStream *to = FindStream(self->host->net, port);
    ClusterChannel *channel;

    if (to && !IsAt(to->host, peer)) {
        to = NULL;
    }
    if (!port || (to && to->host->refusal == MEMORY_REFUSES_AT_ONCE)
            || (channel = NewChannel(self, to ? to->host : NULL, peer->owner)) == NULL) {
        self->traffic.failures++;
        return NULL;
    }
    channel->port = port;
    channel->connecting = true;
    return channel;
}

static ClusterSendResult
Send(ClusterTransport *transport, const ClusterPeer *peer, ClusterChannel **channelPtr,
        ClusterBlob *blob)
{
    MemoryStream *self = Alive(transport, "send over a closed t");
    ClusterChannel *channel = *channelPtr;
    Tcl_WideInt limit = self->host->limit;

    if (!channel) {
        if (!peer || (channel = Dial(self, peer)) == NULL) {
            return CLUSTER_SEND_FAILED;
        }
        *channelPtr = channel;
    } else if (channel->dead || channel->stream != self) {
        MemoryFault(self->host->net, "send over a dead channel");
        return CLUSTER_SEND_FAILED;
    }
    if (channel->finishing) {
        return CLUSTER_SEND_FAILED;
    }
    if (limit && (Tcl_WideInt) channel->out.count >= limit) {
        return CLUSTER_SEND_FULL;
    }
    MemoryNote(self->host, "t", channel->peer, blob);
    ClusterBlobQueuePush(&channel->out, blob);
    ArmFlow(channel);
    return CLUSTER_SENT;
}

static Tcl_Obj *
Props(ClusterTransport *transport)
{
    MemoryStream *self = Alive(transport, "props of a closed t");
    Tcl_Obj *props = Tcl_NewDictObj();

    Tcl_DictObjPut(NULL, props, Tcl_NewStringObj("port", -1), Tcl_NewIntObj(self->port));
    return props;
}

/* A new port; connections stay. Whatever was wrong with the old one is over. */
static void
Event(ClusterTransport *transport, ClusterTransportEvent event)
{
    MemoryStream *self = Alive(transport, "event for a closed t");

    if (event == CLUSTER_EVENT_REFRESH) {
        self->port = self->host->net->nextPort++;
        self->host->refusal = MEMORY_ACCEPTS;
        self->delegate->changed(self->context, transport);
    }
}

static bool
Info(ClusterTransport *transport, ClusterChannel *channel, ClusterChannelInfo *info)
{
    MemoryStream *self = Alive(transport, "info of a closed t");

    memset(info, 0, sizeof *info);
    info->ip = self->host->ip;
    info->port = self->port;
    if (channel) {
        memcpy(info->name, channel->name, sizeof info->name);
        info->ip = channel->peer ? channel->peer->ip : 0;
        info->port = channel->port;
        return !channel->dead;
    }
    return true;
}

static void *
Own(ClusterChannel *channel, void *owner)
{
    void *before = channel->owner;

    if (channel->dead) {
        MemoryFault(channel->stream->host->net, "a dead channel was given an owner");
    }
    channel->owner = owner;
    return before;
}

static void
Forget(ClusterTransport *transport, void *owner)
{
    ClusterChannel *channel = Alive(transport, "forget by a closed t")->first;

    while (channel) {
        ClusterChannel *next = channel->next;

        if (channel->owner == owner) {
            Finish(channel);
        }
        channel = next;
    }
}

static void
Done(ClusterTransport *transport, ClusterChannel *channel)
{
    MemoryStream *self = Alive(transport, "done by a closed t");

    if (channel->dead) {
        MemoryFault(self->host->net, "a dead channel was closed");
    } else {
        Finish(channel);
    }
}

static bool
IsOpen(const ClusterChannel *channel)
{
    return !channel->dead && !channel->finishing;
}

static const ClusterTraffic *
Traffic(ClusterTransport *transport)
{
    return &((MemoryStream *) transport)->traffic;
}

const ClusterTransportType memoryStreamType = {
        .id = "t",
        .open = Open,
        .close = Close,
        .send = Send,
        .props = Props,
        .event = Event,
        .info = Info,
        .own = Own,
        .forget = Forget,
        .done = Done,
        .traffic = Traffic,
        .isOpen = IsOpen,
};
