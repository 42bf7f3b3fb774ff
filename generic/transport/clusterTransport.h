/*
 * clusterTransport.h --
 *
 *	What a transport is: a table of functions that carries packets, and a
 *	table of callbacks through which it tells the layer above (the delegate).
 *
 *	Neither side blocks. Functions of the type table never call the delegate
 *	before they return, except where stated; callbacks come from the event
 *	loop, and may do anything, closing the transport included: a transport
 *	holds itself and the link while it calls, and looks afterwards.
 */

#ifndef CLUSTER_TRANSPORT_H
#define CLUSTER_TRANSPORT_H

#include "bpacket/bpacketReader.h"
#include "base/clusterAddress.h"
#include "base/clusterBlob.h"
#include "base/clusterCompat.h"

/* The largest UDP datagram over IPv4, in bytes. */
#define CLUSTER_DATAGRAM_MAX 65507

typedef struct ClusterTransport ClusterTransport;

/* A way to or from one peer: a connection, or for datagrams the socket itself. Opaque here; chanID in scripts. */
typedef struct ClusterLink ClusterLink;

typedef enum ClusterSendResult {
    CLUSTER_SENT,          /* written, or queued on a way that is open or opening */
    CLUSTER_SEND_FAILED,   /* this way does not work now */
    CLUSTER_SEND_FULL,     /* the peer does not read: the queue is at its limit */
    CLUSTER_SEND_TOO_LARGE /* more than the transport can carry */
} ClusterSendResult;

/* Why bytes or packets were dropped; the names are in clusterTransport.c, what they mean in the manual. */
typedef enum ClusterDrop {
    CLUSTER_DROP_MALFORMED, /* not a packet, or not one of this cluster */
    CLUSTER_DROP_OVERSIZED,
    CLUSTER_DROP_FOREIGN,  /* from another host while remote is 0 */
    CLUSTER_DROP_OWN,      /* sent by ourselves: the multicast echo */
    CLUSTER_DROP_FILTERED, /* meant for others */
    CLUSTER_DROP_CHANNEL,  /* on a channel not joined */
    CLUSTER_DROP_HOOK,     /* refused by a hook */
    CLUSTER_DROP_REJECTED, /* the member did not validate */
    CLUSTER_DROP_LIMIT,    /* a limit on members or connections was reached */
    CLUSTER_DROPS
} ClusterDrop;

/* As in $cluster stats. */
const char *ClusterDropName(ClusterDrop reason);

typedef struct ClusterTraffic {
    uint64_t packetsIn, packetsOut;
    uint64_t bytesIn, bytesOut;
    uint64_t connections; /* open now */
    uint64_t opened;      /* ever */
    uint64_t failures;    /* connections refused, broken or closed with packets waiting */
    uint64_t queuedBytes; /* waiting in our queues now */
} ClusterTraffic;

/* Whom to send to. Filled in by the layer above for each send; borrowed. */
typedef struct ClusterPeer {
    ClusterAddress address; /* loopback for members of this host */
    bool local;
    Tcl_Obj *props; /* what the member advertises for this protocol, NULL when nothing */
    void *owner;    /* told with the link's callbacks */
} ClusterPeer;

/*
 * Told upwards. `context` is what the transport was opened with; `owner` is
 * the peer's that the link serves, NULL for incoming ones until
 * ClusterTransportType.own was called.
 */
typedef struct ClusterTransportDelegate {
    /*
     * One whole packet. The bytes are valid only until the callback returns
     * or enters the event loop.
     */
    void (*received)(void *context, ClusterTransport *transport, ClusterLink *link,
            bpacket_span packet);
    /*
     * The link is gone, and must be forgotten. `unsent` holds the packets
     * that were accepted and not wholly written, in order; the transport
     * releases it afterwards. failed: it broke, rather than being closed.
     */
    void (*closed)(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
            ClusterBlobQueue *unsent, bool failed);
    /* Part of a packet came from a peer that the link serves, and no whole one. NULL where nobody wants to know. */
    void (*arriving)(void *context, ClusterTransport *transport, void *owner);
    /* What props() returns has changed. May be called from within event(). */
    void (*changed)(void *context, ClusterTransport *transport);
    /* Something was dropped. May be called from anywhere; only counts. */
    void (*dropped)(void *context, ClusterTransport *transport, ClusterDrop reason, uint64_t count);
} ClusterTransportDelegate;

struct ClusterTransportType;

/* What join knows that transports need. Borrowed during open. */
typedef struct ClusterTransportConfig {
    const struct ClusterTransportType *type; /* which is to be opened */
    ClusterAddress group;                    /* with its port */
    int remote;                              /* hops; 0: this host only */
    const char *sid;
    Tcl_Obj *options; /* the dict given as -ID, NULL when none */
} ClusterTransportConfig;

typedef enum ClusterTransportEvent {
    CLUSTER_EVENT_HEARTBEAT, /* a beat is about to be sent: see that all is well */
    CLUSTER_EVENT_REFRESH    /* a peer reports failures: make the server socket anew */
} ClusterTransportEvent;

/* Where a link comes from, for descriptors and locality. */
typedef struct ClusterLinkInfo {
    char name[24];          /* chanID, unique in the thread */
    ClusterAddress address; /* the peer's (of a datagram, the last sender's), with its port */
    bool local;             /* for certain of this host, whatever the address */
    const char *path;       /* unix sockets: ours; else NULL */
    /* Of transports written in Tcl, else NULL; borrowed until the transport is asked again. */
    Tcl_Obj *chanID, *descriptor;
} ClusterLinkInfo;

typedef struct ClusterTransportType {
    const char *id;
    bool datagram;  /* reaches everybody: used by broadcast, and with peers only when allowed */
    bool localOnly; /* cannot reach other hosts */

    /*
     * Opens one. On failure returns NULL, leaving nothing open, with a new
     * Tcl value (refCount 0) that says why in *why, and the last word(s) of
     * an error code in *code (static).
     */
    ClusterTransport *(*open)(const ClusterTransportConfig *config,
            const ClusterTransportDelegate *delegate, void *context, Tcl_Obj **why,
            const char **code);
    /* Ends it and every link, without callbacks. What was accepted goes on being written, within limits. */
    void (*close)(ClusterTransport *transport);
    /*
     * Sends to a peer over *link when that is not NULL, else over a new
     * one, which goes to *link (not held; valid until closed() tells). The
     * blob is held as long as needed. peer is NULL for broadcasts. A link
     * found broken here is told by closed() from the event loop.
     */
    ClusterSendResult (*send)(ClusterTransport *transport, const ClusterPeer *peer,
            ClusterLink **link, ClusterBlob *blob);
    /* What to advertise, a dict (refCount 0); NULL when nothing. */
    Tcl_Obj *(*props)(ClusterTransport *transport);
    void (*event)(ClusterTransport *transport, ClusterTransportEvent event);
    /*
     * link NULL: the transport's own socket. False when it is unknown. One
     * written in Tcl is asked for it, so anything may have happened afterwards.
     */
    bool (*info)(ClusterTransport *transport, ClusterLink *link, ClusterLinkInfo *info);
    /* Says whom a link serves. Returns whom it served before, NULL for nobody. */
    void *(*own)(ClusterLink *link, void *owner);
    /* The owner goes: its links serve nobody now, and close once what waits is written, without a callback. */
    void (*forget)(ClusterTransport *transport, void *owner);
    /* Closes one link once what waits is written, without a callback. */
    void (*done)(ClusterTransport *transport, ClusterLink *link);
    const ClusterTraffic *(*traffic)(ClusterTransport *transport);
    /* The node is done with the type; NULL for types that live for ever. */
    void (*release)(const struct ClusterTransportType *type);
    /* False once the link was closed, when a callback that it is held for still runs; NULL: always true. */
    bool (*isOpen)(const ClusterLink *link);
    /* The newest open link that serves an owner, NULL when there is none; NULL: there is never more than one. */
    ClusterLink *(*serving)(ClusterTransport *transport, const void *owner);
    /* Opens a link to a peer, as send() does, and sends nothing. NULL: it cannot be known whether a peer is there. */
    ClusterSendResult (
            *reach)(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link);
} ClusterTransportType;

/* A transport's first member. */
struct ClusterTransport {
    const ClusterTransportType *type;
};

/* The built-in ones: the index-th, NULL beyond the end; by id, NULL for others; the index by id, -1 for others. */
const ClusterTransportType *ClusterTransportAt(int index);
const ClusterTransportType *ClusterTransportByName(const char *id);
int ClusterTransportIndex(const char *id);

#endif
