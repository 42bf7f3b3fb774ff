/*
 * clusterPacket.h --
 *
 *	The packet of a cluster: fifteen fields, their ids, names and types, and
 *	decoding one into spans of the received bytes. Nothing is copied or
 *	converted here, and no Tcl is known.
 */

#ifndef CLUSTER_PACKET_H
#define CLUSTER_PACKET_H

#include "bpacket/bpacketReader.h"
#include "bpacket/bpacketWriter.h"

typedef enum ClusterField {
    CLUSTER_TYPE = 1,
    CLUSTER_CHANNEL,
    CLUSTER_HID,
    CLUSTER_SID,
    CLUSTER_KNOWN,
    CLUSTER_TIMESTAMP,
    CLUSTER_PROTOCOLS,
    CLUSTER_RUID,
    CLUSTER_OP,
    CLUSTER_DATA,
    CLUSTER_RAW,
    CLUSTER_TAGS,
    CLUSTER_KEEPALIVE,
    CLUSTER_FILTER,
    CLUSTER_ERROR,
    CLUSTER_FIELDS /* one more than the last id */
} ClusterField;

typedef enum ClusterFieldType {
    CLUSTER_VARINT,
    CLUSTER_STRING,
    CLUSTER_RAWBYTES,
    CLUSTER_LIST,
    CLUSTER_BOOLEAN
} ClusterFieldType;

#define CLUSTER_FIELD_TYPES (CLUSTER_BOOLEAN + 1)

typedef struct ClusterFieldInfo {
    const char *name;
    size_t length; /* of the name */
    ClusterFieldType type;
    size_t most; /* of a list: elements sent or accepted */
} ClusterFieldInfo;

/* Indexed by field id; row 0 has no name. */
extern const ClusterFieldInfo clusterFields[];

/* Which member is used follows from clusterFields[id].type. */
typedef union ClusterFieldValue {
    uint64_t number;
    bool boolean;
    bpacket_span span;
    bpacket_list list;
} ClusterFieldValue;

typedef struct ClusterPacket {
    uint32_t present; /* bit 1 << id for each field that is there */
    uint8_t count;    /* of entries in order[] */
    uint8_t order[CLUSTER_FIELDS];
    /* ids in the order they came; one that came twice
				 * keeps its first place and its last value */
    ClusterFieldValue field[CLUSTER_FIELDS];
} ClusterPacket;

#define ClusterPacketHas(packet, id) (((packet)->present & (1u << (id))) != 0)

/* Largest packet sent or accepted, in bytes, framing included. */
#define CLUSTER_MAX_PACKET (16u * 1024u * 1024u)

/* Most elements in a list sent or accepted: they cost far more memory as Tcl values than as bytes. */
#define CLUSTER_MAX_ELEMENTS 65536u

/*
 * Called once each time a sid or a filter was read, before anything behind
 * it is. Returns false to end decoding with BPACKET_REFUSED. It may not keep
 * the spans.
 */
typedef bool(ClusterPacketCheck)(void *context, ClusterField id, const ClusterFieldValue *value);

/*
 * Decodes exactly one packet, framing included. The spans in *packet point
 * into `bytes`. check may be NULL. Unknown field ids, a wrong header, length
 * or end mark, and any value out of bounds are errors, after which *packet
 * is not to be used.
 */
bpacket_status ClusterPacketDecode(const void *bytes, size_t length, ClusterPacketCheck *check,
        void *context, ClusterPacket *packet);

/* The id of a field by its name, 0 when there is none. */
int ClusterFieldByName(const char *name, size_t length);

/*
 * The packet at the start of a run of bytes, as a datagram may carry several:
 * returns its length with framing, or 0 when none starts there.
 */
size_t ClusterPacketLength(const void *bytes, size_t length);

#endif
