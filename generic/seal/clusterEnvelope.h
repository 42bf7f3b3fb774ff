/*
 * clusterEnvelope.h --
 *
 *	What stands around everything sealed: a packet like any other to who looks
 *	for packets, with one field, 16, whose first byte says what is in it. Who
 *	does not know that field drops the packet.
 */

#ifndef CLUSTER_ENVELOPE_H
#define CLUSTER_ENVELOPE_H

#include "bpacket/bpacketReader.h"

/* The first byte of the field. */
typedef enum ClusterEnvelopeKind {
    CLUSTER_ENVELOPE_DATAGRAM = 1,
    CLUSTER_ENVELOPE_HELLO = 2,  /* of who connects */
    CLUSTER_ENVELOPE_ANSWER = 3, /* to that, of who accepted */
    CLUSTER_ENVELOPE_RECORD = 4  /* a piece of a stream */
} ClusterEnvelopeKind;

/* Bytes around a value, at most. */
#define CLUSTER_ENVELOPE_MOST 25

/* Bytes of the packet around a value of so many bytes. */
size_t ClusterEnvelopeSize(size_t length);
/* Writes all of it but the value, and says where that goes. The packet has room for ClusterEnvelopeSize bytes. */
uint8_t *ClusterEnvelopeWrite(uint8_t *packet, size_t length);
/*
 * The value in a packet, which is borrowed and has at least one byte. false
 * when it is no envelope, or not all of the bytes are.
 */
bool ClusterEnvelopeRead(const void *packet, size_t length, bpacket_span *value);

/* ---- what every seal speaks for ---------------------------------------------- */

#define CLUSTER_SEAL_GROUP_MOST 64

/*
 * A cluster's group, as the bytes that go into what tags are made of: so what was
 * sealed for another group or port does not open, though the key is the same.
 */
typedef struct ClusterSealGroup {
    uint8_t bytes[2 + 1 + CLUSTER_SEAL_GROUP_MOST];
    size_t length;
} ClusterSealGroup;

/* address: the group's, as members write it in dotted numbers. false when it is too long. */
bool ClusterSealGroupInit(ClusterSealGroup *group, const char *address, uint16_t port);

#endif
