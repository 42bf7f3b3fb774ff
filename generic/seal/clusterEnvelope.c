/*
 * clusterEnvelope.c --
 *
 *	What stands around everything sealed (see clusterEnvelope.h).
 */

#include "seal/clusterEnvelope.h"

#include <string.h>

#define FIELD 16

static size_t
VarintSize(size_t number)
{
    size_t size = 1;

    while (number > 127) {
        number >>= 7;
        size++;
    }
    return size;
}

static uint8_t *
WriteVarint(uint8_t *at, size_t number)
{
    for (; number > 127; number >>= 7) {
        *at++ = (uint8_t) (number | 128);
    }
    *at++ = (uint8_t) number;
    return at;
}

static size_t
BodySize(size_t length)
{
    return 1 + VarintSize(length) + length;
}

size_t
ClusterEnvelopeSize(size_t length)
{
    size_t body = BodySize(length);

    return BPACKET_HEADER_SIZE + VarintSize(body) + body + BPACKET_END_MARK_SIZE;
}

uint8_t *
ClusterEnvelopeWrite(uint8_t *packet, size_t length)
{
    uint8_t *value;

    packet[0] = (uint8_t) BPACKET_HEADER[0];
    packet[1] = (uint8_t) BPACKET_HEADER[1];
    value = WriteVarint(packet + BPACKET_HEADER_SIZE, BodySize(length));
    *value++ = FIELD;
    value = WriteVarint(value, length);
    memset(value + length, 0, BPACKET_END_MARK_SIZE);
    return value;
}

bool
ClusterEnvelopeRead(const void *packet, size_t length, bpacket_span *value)
{
    bpacket_reader reader;
    size_t body;

    bpacket_reader_init(&reader, packet, length);
    body = bpacket_read_frame(&reader, length);
    if (reader.status != BPACKET_OK || bpacket_reader_left(&reader) != body + BPACKET_END_MARK_SIZE
            || !bpacket_end_mark(reader.next + body)) {
        return false;
    }
    reader.end = reader.next + body;
    if (bpacket_read_varint(&reader) != FIELD) {
        return false;
    }
    *value = bpacket_read_span(&reader);
    return reader.status == BPACKET_OK && value->length > 0 && bpacket_reader_left(&reader) == 0;
}

/* The port, the address's length, and the address: whatever follows cannot be taken for a part of it. */
bool
ClusterSealGroupInit(ClusterSealGroup *group, const char *address, uint16_t port)
{
    size_t length = strlen(address);

    if (length > CLUSTER_SEAL_GROUP_MOST) {
        return false;
    }
    group->bytes[0] = (uint8_t) (port >> 8);
    group->bytes[1] = (uint8_t) port;
    group->bytes[2] = (uint8_t) length;
    memcpy(group->bytes + 3, address, length);
    group->length = 3 + length;
    return true;
}
