/*
 * clusterTransport.h --
 *
 *	What a transport is: a table of functions that carries packets, what it
 *	can do as facts in the same table, and a table of callbacks through which
 *	it tells the layer above (the delegate).
 *
 *	Neither side blocks. A built-in transport calls the delegate from the event
 *	loop alone, but for changed() and moved(), which event() may call, and
 *	dropped(), drained() and feared(), which only note. A transport written in Tcl runs its script in open, close,
 *	send, props, event, describe, forget and done, and a script may do anything
 *	there: hand in packets, close links, destroy the cluster. So whoever calls
 *	one of these looks afterwards at what is left. own, isOpen, serving, reach,
 *	waiting, await, pending, traffic and release call nobody.
 *
 *	A callback may do anything too, close the transport included: a transport
 *	holds itself and the link while it calls, and looks afterwards.
 */

#ifndef CLUSTER_TRANSPORT_H
#define CLUSTER_TRANSPORT_H

#include "bpacket/bpacketReader.h"
#include "base/clusterAddress.h"
#include "base/clusterBlob.h"
#include "base/clusterCompat.h"
#include "seal/clusterKeys.h"

/* The largest datagram that UDP carries, in bytes. */
#define CLUSTER_DATAGRAM_MAX 65507

/* A link's name in scripts fits, with its end. */
#define CLUSTER_LINK_NAME 24

typedef struct ClusterTransport ClusterTransport;

/*
 * A connection to one peer; chanID in scripts. Opaque here. It belongs to its
 * transport, and is valid until closed() told of it, or close(), forget() or
 * done() ended it; a callback that got it may use it until it returns. Datagram
 * transports have none, and hand over NULL.
 */
typedef struct ClusterLink ClusterLink;

typedef enum ClusterSendResult {
    CLUSTER_SENT,        /* written, or queued on a link that is open or opening */
    CLUSTER_SEND_FAILED, /* this way does not work now */
    CLUSTER_SEND_REFUSED, /* nor does it, as the peer's host says that nobody takes connections there */
    CLUSTER_SEND_DENIED, /* it is there, and not for us: it will not work soon, whatever the peer does */
    CLUSTER_SEND_ABSENT,    /* where the peer says it is, there is nothing */
    CLUSTER_SEND_FULL,      /* the peer does not read: the queue is at its limit */
    CLUSTER_SEND_TOO_LARGE, /* more than the transport can carry */
    CLUSTER_SEND_RESULTS
} ClusterSendResult;

/* Why bytes or packets were dropped; the names are in clusterTransport.c, what they mean in the manual. */
typedef enum ClusterDrop {
    CLUSTER_DROP_MALFORMED, /* not a packet, or not one of this cluster */
    CLUSTER_DROP_OVERSIZED,
    CLUSTER_DROP_FOREIGN,   /* from another host while remote is 0 */
    CLUSTER_DROP_OWN,       /* sent by ourselves: the multicast echo */
    CLUSTER_DROP_FILTERED,  /* meant for others */
    CLUSTER_DROP_CHANNEL,   /* on a channel not joined */
    CLUSTER_DROP_HOOK,      /* refused by a hook */
    CLUSTER_DROP_REJECTED,  /* the member did not validate */
    CLUSTER_DROP_LIMIT,     /* a limit on members or connections was reached */
    CLUSTER_DROP_DUPLICATE, /* it came by another way that reaches everybody already */
    CLUSTER_DROP_SILENT,    /* a connection over which nothing valid came */
    CLUSTER_DROP_SLOW,      /* ... over which a packet began and did not go on */
    CLUSTER_DROP_STALLED,   /* ... whose peer did not read, or what waited for it */
    CLUSTER_DROP_CROWDED,   /* ... that served no member, closed for another */
    CLUSTER_DROP_LATE,      /* an answer to a query that has ended */
    CLUSTER_DROP_UNSEALED,  /* plain, where only what is sealed is heard */
    CLUSTER_DROP_BADSEAL,   /* sealed, and not with a key of ours, or changed on its way */
    CLUSTER_DROP_REPLAYED,  /* sealed by a member, and it was here before, or may have been */
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

/* What waits to be written over links. */
typedef struct ClusterWaiting {
    size_t bytes, packets;
    bool crowded; /* all queues of the thread together have little room left */
} ClusterWaiting;

/* Whom to send to. Filled in by the layer above for each send; borrowed. */
typedef struct ClusterPeer {
    const char *sid;
    ClusterAddress address; /* loopback for members of this host */
    bool local;
    Tcl_Obj *props; /* what the member advertises for this protocol, NULL when nothing */
    void *owner;    /* told with the link's callbacks */
    const char *
            uuid; /* sid@hid: who is to be there, and of unicast datagrams who alone is to open them */
} ClusterPeer;

/*
 * Where a packet comes from. The values in it (path, chanID, descriptor) are
 * the transport's: who keeps them beyond the callback or, after describe(),
 * beyond the next call of the transport, holds them.
 */
typedef struct ClusterOrigin {
    /*
     * The sender's, none when it is unknown. Its port is the one that
     * descriptors show: of multicast the group's, of a unicast datagram and of
     * a connection that the far end made the far end's, else 0.
     */
    ClusterAddress address;
    unsigned interface; /* index of the network interface it arrived by, 0 when unknown */
    /*
     * The kernel vouches that it comes from this host: over a unix-domain
     * socket, as multicast that was sent here, or over a connection to a server
     * socket that only this host reaches. The word of a transport written in
     * Tcl counts for as much.
     */
    bool vouched;
    /*
     * The kernel knows that another host sent it, whatever the source address
     * says: systems usually refuse their own addresses from outside, but can be
     * told not to. Without either, the address decides: over a connection it is
     * proved, as the answers to it came back; of multicast where the system
     * does not tell (others than Linux) it is all there is.
     */
    bool foreign;
    bool sealed; /* it came over a link that only who has a key of the cluster can use */
    const char *
            member; /* ... and that speaks for this member alone: its sid@hid, valid as the origin is; else NULL */
    /* Its sender is heard by several interfaces, so the same datagram may come by each of them. */
    bool severally;
    char name[CLUSTER_LINK_NAME]; /* chanID, unique in the thread */
    Tcl_Obj *path;                /* unix-domain sockets: ours, which descriptors show; else NULL */
    Tcl_Obj *chanID, *descriptor; /* of transports written in Tcl, in place of name; else NULL */
} ClusterOrigin;

/* How links are sealed. */
typedef struct ClusterTransportKeys {
    ClusterKeys *ring;
    ClusterAddress group; /* with its port */
    const char *name;     /* our own, sid@hid; borrowed until the transport calls somebody */
    bool seals;           /* links that we make are sealed */
    bool hearsPlain;      /* others may make links that are not */
} ClusterTransportKeys;

/*
 * Told upwards. `context` is what the transport was opened with; `owner` is
 * the peer's that the link serves, NULL for incoming ones until
 * ClusterTransportType.own was called. None is called once close() was.
 */
typedef struct ClusterTransportDelegate {
    /*
     * One whole packet, from the event loop or a script's call. The bytes and
     * the origin are valid only until the callback returns or enters the event
     * loop. link is NULL for datagrams, and held meanwhile. Returns whether
     * it was a packet at all, whoever it was for.
     */
    bool (*received)(void *context, ClusterTransport *transport, ClusterLink *link,
            bpacket_span packet, const ClusterOrigin *origin);
    /*
     * The link ended without our wish: it broke, or the peer closed it. From
     * the event loop or a script's call, once for each link; it must be
     * forgotten. `unsent` holds the packets that were accepted and not wholly
     * written, in order; the callback may take some out, and the transport
     * releases the others afterwards.
     */
    void (*closed)(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
            ClusterBlobQueue *unsent);
    /*
     * The same, where that says nothing of the peer: the way to it is gone, or
     * it lives elsewhere. standing: the link was open, or is given up as one
     * of both has another address by now, so that a new one may work. NULL where nobody wants to know: closed() is called instead.
     */
    void (*faded)(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
            ClusterBlobQueue *unsent, bool standing);
    /*
     * What was sent over a link has not been confirmed for a while: has the
     * owner just answered by a way without links? If not, it is asked, and this
     * is called again. From the event loop. NULL: that is never known.
     */
    bool (*reached)(void *context, ClusterTransport *transport, void *owner);
    /*
     * Other ways than this link come first from now on, for longer than usual it
     * was not made, or (standing) what was sent over it not confirmed, while
     * the owner is there. It works on, and may do so again: works() of the type
     * tells. What was sent over it may still arrive, or is told of when it
     * ends; `unsent` is what was not, and treated as in closed(). From the
     * event loop. NULL where nobody wants to know.
     */
    void (*suspect)(void *context, ClusterTransport *transport, ClusterLink *link, void *owner,
            ClusterBlobQueue *unsent, bool standing);
    /*
     * From the event loop: part of a packet came over a link that serves the
     * owner, and no whole one. NULL where nobody wants to know.
     */
    void (*arriving)(void *context, ClusterTransport *transport, void *owner);
    /*
     * The system says that nobody listens at the address and port of a datagram
     * that we sent, or (unreachable) that there is no way to that host now. From
     * the event loop, of unicast datagrams alone, and only where the system
     * tells (Linux): silence says nothing. The address is valid until the
     * callback returns. It is a hint: who knows both ports can make it up, but
     * for a member of this host. May come several times for one address, and
     * late, when somebody listens there by then. NULL where nobody wants to know.
     */
    void (*refused)(void *context, ClusterTransport *transport, const ClusterAddress *address,
            bool unreachable);
    /*
     * These packets were accepted, and will not or may not arrive: the system
     * has taken them of a link that is about to be told of as closed or faded,
     * and the peer may not have read them; or (discarded) they made room for
     * what waits for others. From anywhere, so it only notes that. The
     * transport releases them. NULL where nobody wants to know.
     */
    void (*feared)(void *context, ClusterTransport *transport, void *owner,
            const ClusterBlobQueue *packets, bool discarded);
    /*
     * No more waits over the link than await() asked for. From anywhere, so it
     * only notes that.
     */
    void (*drained)(void *context, ClusterTransport *transport, ClusterLink *link, void *owner);
    /* What props() returns has changed. From within event(), from a script's call, or, of datagrams, from the event loop. */
    void (*changed)(void *context, ClusterTransport *transport);
    /*
     * Interfaces or addresses have changed: others are to learn where we are
     * heard from, and there may be some who were not before. From the event
     * loop, or from within event().
     */
    void (*moved)(void *context, ClusterTransport *transport);
    /*
     * Are links sealed, and how? Asked for each that is made, from anywhere, so it
     * only answers. False, or NULL: there are no keys.
     */
    bool (*keys)(void *context, ClusterTransport *transport, ClusterTransportKeys *keys);
    /*
     * What came over a link from that address ended it, for this reason, UNSEALED
     * or BADSEAL, which it counts. From the event loop. NULL: dropped() is called
     * instead.
     */
    void (*unsealed)(void *context, ClusterTransport *transport, ClusterDrop reason,
            const ClusterAddress *address);
    /* Something was dropped. Called from anywhere, so it only counts. */
    void (*dropped)(void *context, ClusterTransport *transport, ClusterDrop reason, uint64_t count);
} ClusterTransportDelegate;

struct ClusterTransportType;

/* What join knows that transports need. Borrowed during open. */
typedef struct ClusterTransportConfig {
    const struct ClusterTransportType *type; /* which is to be opened */
    ClusterAddress group;                    /* with its port */
    int remote;                              /* hops; 0: this host only */
    const char *sid;
    size_t queue; /* bytes that may wait to be written, over all links of the thread; 0: the usual number */
    Tcl_Obj *options; /* the dict given as -ID, NULL when none */
} ClusterTransportConfig;

typedef enum ClusterTransportEvent {
    CLUSTER_EVENT_HEARTBEAT, /* a beat is about to be sent: see that all is well */
    CLUSTER_EVENT_REPORTED, /* a peer reports failures: see whether the server socket is well, else make it anew */
    CLUSTER_EVENT_REFRESH /* make the server socket anew */
} ClusterTransportEvent;

typedef struct ClusterTransportType {
    const char *id;

    /* ---- what it can do: fixed once it is open ---- */

    /*
     * What is sent reaches every member at once, whoever the peer is: every
     * broadcast goes this way, and a packet for one member only when that is
     * allowed, with a filter. There are no links. Else it reaches one peer,
     * over a link that its props lead to.
     */
    bool reachesAll;
    /* What was sent arrives, or closed() tells that it may not have. Else it may be lost, or come twice. */
    bool reliable;
    /* A peer's packets come in the order in which it sent them, the end of its link behind the last. */
    bool ordered;
    bool localOnly; /* cannot reach other hosts */
    /*
     * Each packet is sent by itself, whatever was sent before it: where the
     * cluster has keys the layer above seals it, and opens what comes, and the
     * transport knows nothing of it.
     */
    bool datagrams;
    /* ... else: its links are sealed then, and it says so of each (ClusterOrigin.sealed). */
    bool seals;
    bool connects;  /* without a link, sends connect to where the peer's props lead */
    size_t largest; /* bytes of a packet at most; 0: no limit below CLUSTER_MAX_PACKET */

    /* ---- what it does ---- */

    /*
     * Opens one. On failure returns NULL, leaving nothing open, with a new
     * Tcl value (refCount 0) that says why in *why, and the last word(s) of
     * an error code in *code (static). The delegate outlives the transport.
     */
    ClusterTransport *(*open)(const ClusterTransportConfig *config,
            const ClusterTransportDelegate *delegate, void *context, Tcl_Obj **why,
            const char **code);
    /*
     * Ends it and every link, without callbacks; it is the caller's no more,
     * though it lives until callbacks under way have returned. What was
     * accepted goes on being written, within limits (clusterLinger.h).
     */
    void (*close)(ClusterTransport *transport);
    /*
     * Sends to a peer over *link when that is not NULL, else over a new one,
     * which goes to *link. peer is NULL for broadcasts. The blob is the
     * caller's; the transport holds it as long as it needs it. A link found
     * broken here is told by closed() from the event loop.
     */
    ClusterSendResult (*send)(ClusterTransport *transport, const ClusterPeer *peer,
            ClusterLink **link, ClusterBlob *blob);
    /* What to advertise, a dict (refCount 0); NULL when nothing. */
    Tcl_Obj *(*props)(ClusterTransport *transport);
    void (*event)(ClusterTransport *transport, ClusterTransportEvent event);
    /*
     * What packets over a link have as their origin. link NULL: the
     * transport's own socket, with the address that its descriptor shows.
     * False, with nothing but zeros, when that is unknown.
     */
    bool (*describe)(ClusterTransport *transport, ClusterLink *link, ClusterOrigin *origin);
    /* Says whom a link serves. Returns whom it served before, NULL for nobody. */
    void *(*own)(ClusterLink *link, void *owner);
    /* The owner goes: its links serve nobody now, and close once what waits is written, without a callback. */
    void (*forget)(ClusterTransport *transport, void *owner);
    /* Closes one link once what waits is written, without a callback. */
    void (*done)(ClusterTransport *transport, ClusterLink *link);
    /* The transport's own counters, borrowed until it is closed. */
    const ClusterTraffic *(*traffic)(ClusterTransport *transport);
    /* Did the latest packet that was sent to all go by some ways only, so that not all can have it? NULL: never. */
    bool (*missed)(ClusterTransport *transport);
    /* The node is done with the type; NULL for types that live for ever. */
    void (*release)(const struct ClusterTransportType *type);
    /* False once the link was closed, when a callback that it is held for still runs; NULL: always true. */
    bool (*isOpen)(const ClusterLink *link);
    /* The newest open link that serves an owner, NULL when there is none; NULL: there is never more than one. */
    ClusterLink *(*serving)(ClusterTransport *transport, const void *owner);
    /*
     * The owner of a link is at another address by now. Links of it that are not
     * to that one end soon, unless they still work: faded() tells of each. Calls nobody. NULL: it is
     * nothing to the transport.
     */
    void (*moved)(ClusterLink *link, const ClusterAddress *address);
    /*
     * Has the system of the peer, not itself, confirmed within the last ms all
     * that was sent over the link? Calls nobody. NULL: it cannot be known.
     */
    bool (*answers)(const ClusterLink *link, int64_t ms);
    /* Is a link made, and not suspect? Calls nobody. NULL: always. */
    bool (*works)(const ClusterLink *link);
    /* Adds what waits to be written over a link. Calls nobody. NULL: nothing ever does. */
    void (*waiting)(const ClusterLink *link, ClusterWaiting *waiting);
    /* Has drained() called once as soon as no more than this waits over a link on which more does now. Calls nobody. NULL with waiting(). */
    void (*await)(ClusterLink *link, size_t bytes, size_t packets);
    /* Adds the packets for an owner that wait, or of which it is not known whether they arrived. Calls nobody. NULL: there never are any. */
    void (*pending)(ClusterTransport *transport, const void *owner, ClusterBlobQueue *packets);
    /*
     * Keys, or what is sealed, have changed: links that are not as they would be
     * now end soon, and faded() tells of each. Calls nobody. NULL with `seals` not set.
     */
    void (*rekeyed)(ClusterTransport *transport);
    /* Opens a link to a peer, as send() does, and sends nothing. NULL: it cannot be known whether a peer is there. */
    ClusterSendResult (
            *reach)(ClusterTransport *transport, const ClusterPeer *peer, ClusterLink **link);
} ClusterTransportType;

/* The port in what a member advertises, {port N}, 0 when there is none that could be one: a stranger wrote it. */
uint16_t ClusterPeerPort(const ClusterPeer *peer);

/* Common head of every transport. */
struct ClusterTransport {
    const ClusterTransportType *type;
};

/* The built-in ones: the index-th, NULL beyond the end; by id, NULL for others; the index by id, -1 for others. */
const ClusterTransportType *ClusterTransportAt(int index);
const ClusterTransportType *ClusterTransportByName(const char *id);
int ClusterTransportIndex(const char *id);

#endif
