/*
 * clusterPacket.c --
 *
 *	Decodes the packet of a cluster into spans of the received bytes.
 */

#include "packet/clusterPacket.h"

#include <string.h>

const ClusterFieldInfo clusterFields[] = {
        [CLUSTER_TYPE] = {"type", CLUSTER_VARINT},
        [CLUSTER_CHANNEL] = {"channel", CLUSTER_VARINT},
        [CLUSTER_HID] = {"hid", CLUSTER_STRING},
        [CLUSTER_SID] = {"sid", CLUSTER_STRING},
        [CLUSTER_KNOWN] = {"known", CLUSTER_VARINT},
        [CLUSTER_TIMESTAMP] = {"timestamp", CLUSTER_VARINT},
        [CLUSTER_PROTOCOLS] = {"protocols", CLUSTER_LIST},
        [CLUSTER_RUID] = {"ruid", CLUSTER_STRING},
        [CLUSTER_OP] = {"op", CLUSTER_STRING},
        [CLUSTER_DATA] = {"data", CLUSTER_STRING},
        [CLUSTER_RAW] = {"raw", CLUSTER_RAWBYTES},
        [CLUSTER_TAGS] = {"tags", CLUSTER_LIST},
        [CLUSTER_KEEPALIVE] = {"keepalive", CLUSTER_BOOLEAN},
        [CLUSTER_FILTER] = {"filter", CLUSTER_LIST},
        [CLUSTER_ERROR] = {"error", CLUSTER_STRING},
};

_Static_assert(sizeof clusterFields / sizeof clusterFields[0] == CLUSTER_FIELDS,
        "a field has no row");
_Static_assert(CLUSTER_FIELDS <= 32, "ClusterPacket.present has a bit for each field");

/*
 * The only field whose first two characters add up to that index, modulo 32.
 * The fields' test goes through all names; a new one may need another sum.
 */
static const uint8_t fieldBySum[32] = {
        [2] = CLUSTER_PROTOCOLS,
        [5] = CLUSTER_DATA,
        [7] = CLUSTER_RUID,
        [11] = CLUSTER_CHANNEL,
        [13] = CLUSTER_TYPE,
        [15] = CLUSTER_FILTER,
        [16] = CLUSTER_KEEPALIVE,
        [17] = CLUSTER_HID,
        [19] = CLUSTER_RAW,
        [21] = CLUSTER_TAGS,
        [23] = CLUSTER_ERROR,
        [25] = CLUSTER_KNOWN,
        [28] = CLUSTER_SID,
        [29] = CLUSTER_TIMESTAMP,
        [31] = CLUSTER_OP,
};

int
ClusterFieldByName(const char *name, size_t length)
{
    const char *candidate;
    int id;

    if (length < 2) {
        return 0;
    }
    id = fieldBySum[((uint8_t) name[0] + (uint8_t) name[1]) & 31];
    if (id == 0) {
        return 0;
    }
    candidate = clusterFields[id].name;
    return (strlen(candidate) == length && memcmp(candidate, name, length) == 0) ? id : 0;
}

size_t
ClusterPacketLength(const void *bytes, size_t length)
{
    bpacket_reader reader;
    size_t body, total;

    bpacket_reader_init(&reader, bytes, length);
    body = bpacket_read_frame(&reader, CLUSTER_MAX_PACKET);
    if (reader.status != BPACKET_OK || !bpacket_end_mark(reader.next + body)) {
        return 0;
    }
    total = (length - bpacket_reader_left(&reader)) + body + BPACKET_END_MARK_SIZE;
    return (total <= CLUSTER_MAX_PACKET) ? total : 0;
}

/* Reads a list that is not longer than a packet's lists may be. */
static bpacket_list
ReadList(bpacket_reader *reader)
{
    bpacket_list list = bpacket_read_list(reader);

    if (list.count > CLUSTER_MAX_ELEMENTS) {
        bpacket_reader_fail(reader, BPACKET_TOO_LARGE);
    }
    return list;
}

static ClusterFieldValue
ReadValue(bpacket_reader *reader, ClusterFieldType type)
{
    ClusterFieldValue value;

    memset(&value, 0, sizeof value);
    switch (type) {
    case CLUSTER_VARINT:
        value.number = bpacket_read_varint(reader);
        break;
    case CLUSTER_STRING:
    case CLUSTER_RAWBYTES:
        value.span = bpacket_read_span(reader);
        break;
    case CLUSTER_LIST:
        value.list = ReadList(reader);
        break;
    case CLUSTER_BOOLEAN:
        value.boolean = bpacket_read_boolean(reader);
        break;
    }
    return value;
}

static void
KeepValue(ClusterPacket *packet, unsigned id, const ClusterFieldValue *value)
{
    if (!ClusterPacketHas(packet, id)) {
        packet->present |= 1u << id;
        packet->order[packet->count++] = (uint8_t) id;
    }
    packet->field[id] = *value;
}

/* Reads fields up to the end of the body, or up to a fault or refusal. */
static void
ReadFields(bpacket_reader *reader, ClusterPacketCheck *check, void *context, ClusterPacket *packet)
{
    while (reader->status == BPACKET_OK && bpacket_reader_left(reader) > 0) {
        uint64_t id = bpacket_read_varint(reader);
        ClusterFieldValue value;

        if (reader->status != BPACKET_OK) {
            return;
        }
        if (id == 0 || id >= CLUSTER_FIELDS) {
            bpacket_reader_fail(reader, BPACKET_UNKNOWN_FIELD);
            return;
        }
        value = ReadValue(reader, clusterFields[id].type);
        if (reader->status != BPACKET_OK) {
            return;
        }
        KeepValue(packet, (unsigned) id, &value);
        if (check != NULL && (id == CLUSTER_SID || id == CLUSTER_FILTER)
                && !check(context, (ClusterField) id, &value)) {
            bpacket_reader_fail(reader, BPACKET_REFUSED);
        }
    }
}

bpacket_status
ClusterPacketDecode(const void *bytes, size_t length, ClusterPacketCheck *check, void *context,
        ClusterPacket *packet)
{
    bpacket_reader reader;
    size_t body;

    packet->present = 0;
    packet->count = 0;
    if (length > CLUSTER_MAX_PACKET) {
        return BPACKET_TOO_LARGE;
    }
    bpacket_reader_init(&reader, bytes, length);
    body = bpacket_read_frame(&reader, CLUSTER_MAX_PACKET);
    if (reader.status != BPACKET_OK) {
        return reader.status;
    }
    if (bpacket_reader_left(&reader) != body + BPACKET_END_MARK_SIZE
            || !bpacket_end_mark(reader.next + body)) {
        return BPACKET_MALFORMED;
    }
    reader.end = reader.next + body;
    ReadFields(&reader, check, context, packet);
    return reader.status;
}
