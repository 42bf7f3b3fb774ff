/*
 * clusterMessage.h --
 *
 *	One received packet on its way up: its bytes, decoded, and as a dict once
 *	somebody wants that.
 *
 *	Made on the stack of who receives it. It owns its bytes, so it survives
 *	event loops that hooks enter. Hooks that change the payload replace both
 *	forms together.
 */

#ifndef CLUSTER_MESSAGE_H
#define CLUSTER_MESSAGE_H

#include "base/clusterLimits.h"
#include "packet/clusterPayload.h"
#include "seal/clusterReplay.h"
#include "transport/clusterTransport.h"

struct ClusterMember;
typedef struct ClusterSlot ClusterSlot;

/* Packets up to this many bytes need no allocation. */
#define CLUSTER_MESSAGE_INLINE 1024

typedef struct ClusterMessage {
    ClusterSlot *slot;    /* the transport it came over */
    ClusterLink *link;    /* held by who received it, though it may have been closed */
    ClusterOrigin origin; /* where it came from; its values are held by the message */
    bool local;           /* from this host, as far as is known */
    bool unicast;         /* a datagram for us alone, in place of one to all */
    uint64_t departures;  /* goodbyes remembered before it came */
    const ClusterStamp
            *stamp; /* of the sealed datagram that it was in, the receiver's; else NULL */
    struct ClusterMember *member; /* held once known */
    ClusterPacket packet;         /* spans into bytes */
    uint8_t *bytes;               /* inlineBytes, or malloc'ed */
    size_t length;
    Tcl_Obj *payload; /* the dict; NULL until asked for */
    Tcl_Obj *hold;    /* bytes that a hook put in place of those received, or NULL */
    const ClusterPayloadKeys *keys;
    uint8_t inlineBytes[CLUSTER_MESSAGE_INLINE];
} ClusterMessage;

/* Without bytes yet. Ends with ClusterMessageFree. */
void ClusterMessageInit(ClusterMessage *message, const ClusterPayloadKeys *keys);
void ClusterMessageFree(ClusterMessage *message);
/* Notes where it came from, and holds the values in there. Called once. */
void ClusterMessageSetOrigin(ClusterMessage *message, const ClusterOrigin *origin);
/* Copies the bytes that message->packet was decoded from, and moves its spans there. False without memory. */
bool ClusterMessageKeep(ClusterMessage *message, bpacket_span source);
/* The payload as a dict, made at the first call; borrowed. */
Tcl_Obj *ClusterMessagePayload(ClusterMessage *message);
/*
 * Takes a dict in place of what came. Keys that are no fields stay in the
 * dict for later hooks. Not CLUSTER_PAYLOAD_OK: a value is of the wrong type,
 * and the message is as it was.
 */
ClusterPayloadStatus ClusterMessageReplace(ClusterMessage *message, Tcl_Obj *payload);
/* One field as a value, NULL when it is not there; from the dict if there is one, else new. refCount may be 0. */
Tcl_Obj *ClusterMessageField(ClusterMessage *message, ClusterField id);
/* Its data as a value, held for the caller; NULL when there is none, or more bytes of it. */
Tcl_Obj *ClusterMessageData(ClusterMessage *message, size_t most);
/* SID@HID of its sender, and its end. */
#define CLUSTER_UUID_SIZE (2 * CLUSTER_IDENTITY_MAX + 2)
void ClusterMessageUuid(const ClusterMessage *message, char uuid[CLUSTER_UUID_SIZE]);
/* Can a name in scripts be made of its sid and hid? */
bool ClusterMessageNameable(const ClusterMessage *message);
/* Has it sid, hid, type, channel and protocols? */
bool ClusterMessageComplete(const ClusterMessage *message);

#endif
