/*
 * clusterPayload.h --
 *
 *	Between payloads, which are Tcl dicts, and packets. No interp is known:
 *	faults come back as an enum, of which the layer command makes messages.
 */

#ifndef CLUSTER_PAYLOAD_H
#define CLUSTER_PAYLOAD_H

#include "base/clusterCompat.h"
#include "packet/clusterPacket.h"

typedef enum ClusterPayloadStatus {
    CLUSTER_PAYLOAD_OK = 0,
    CLUSTER_PAYLOAD_NOT_DICT,    /* the payload is no dict */
    CLUSTER_PAYLOAD_UNKNOWN_KEY, /* a key that is no field */
    CLUSTER_PAYLOAD_BAD_VALUE,   /* a value that the field's type cannot hold */
    CLUSTER_PAYLOAD_TOO_LARGE,   /* beyond CLUSTER_MAX_PACKET or _MAX_ELEMENTS, or no memory */
    CLUSTER_PAYLOAD_INCOMPLETE   /* a field that every packet needs is not there; not of encoding */
} ClusterPayloadStatus;

/*
 * The names of the fields as Tcl values, indexed by field id (entry 0 is
 * NULL), so that dicts built by one thread share their keys. Thread-bound.
 */
typedef struct ClusterPayloadKeys {
    Tcl_Obj *name[CLUSTER_FIELDS];
} ClusterPayloadKeys;

void ClusterPayloadKeysInit(ClusterPayloadKeys *keys);
void ClusterPayloadKeysFree(ClusterPayloadKeys *keys);

/*
 * Encodes a dict in its own order as one packet into the writer, which is
 * reset first. On CLUSTER_PAYLOAD_OK *packet is the packet, inside the writer.
 * On UNKNOWN_KEY and BAD_VALUE *culprit, when not NULL, is set to the key
 * (borrowed from the dict). Types: varint, a non-negative integer below 2^64;
 * boolean, any Tcl boolean; list, a Tcl list; raw, a byte array (characters
 * above U+00FF are a BAD_VALUE); string, anything.
 */
ClusterPayloadStatus ClusterPayloadEncode(Tcl_Obj *payload, bpacket_writer *writer,
        bpacket_span *packet, Tcl_Obj **culprit);
/*
 * The same with the word `only` as filter in front, for payloads that have
 * none; NULL for no filter. *present: bit 1 << id for each field of the dict.
 */
ClusterPayloadStatus ClusterPayloadEncodeFor(Tcl_Obj *payload, Tcl_Obj *only,
        bpacket_writer *writer, bpacket_span *packet, uint32_t *present, Tcl_Obj **culprit);

/* What the value of a key must be, for messages; the key is a field's name. */
const char *ClusterPayloadMust(const char *key);

/* A new dict (refCount 0) with the packet's fields in the order they came. */
Tcl_Obj *ClusterPayloadFromPacket(const ClusterPayloadKeys *keys, const ClusterPacket *packet);

/* One field of a packet as a new Tcl value (refCount 0); the field must be there. */
Tcl_Obj *ClusterPayloadField(const ClusterPacket *packet, ClusterField id);

/* Wire text as a new string value (refCount 0), whatever the bytes. */
Tcl_Obj *ClusterPayloadText(bpacket_span wire);

/*
 * The bytes of a value, which stay its own; NULL when it has characters above
 * U+00FF, which Tcl_GetByteArrayFromObj of Tcl 8.6 cuts without a word.
 */
const uint8_t *ClusterPayloadBytes(Tcl_Obj *value, Tcl_Size *length);

#endif
