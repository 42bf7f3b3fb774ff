/*
 * clusterPacket.c --
 *
 *	Decodes the packet of a cluster into spans of the received bytes.
 */

#include "packet/clusterPacket.h"

#include "base/clusterLimits.h"

#include <string.h>

#define FIELD(fieldName, fieldType)                                                                \
   {                                                                                               \
      .name = fieldName, .length = sizeof fieldName - 1, .type = fieldType                         \
   }
#define LIST_FIELD(fieldName, elements)                                                            \
   {                                                                                               \
      .name = fieldName, .length = sizeof fieldName - 1, .type = CLUSTER_LIST, .most = elements    \
   }

const ClusterFieldInfo clusterFields[] = {
        [CLUSTER_TYPE] = FIELD("type", CLUSTER_VARINT),
        [CLUSTER_CHANNEL] = FIELD("channel", CLUSTER_VARINT),
        [CLUSTER_HID] = FIELD("hid", CLUSTER_STRING),
        [CLUSTER_SID] = FIELD("sid", CLUSTER_STRING),
        [CLUSTER_KNOWN] = FIELD("known", CLUSTER_VARINT),
        [CLUSTER_TIMESTAMP] = FIELD("timestamp", CLUSTER_VARINT),
        [CLUSTER_PROTOCOLS] = LIST_FIELD("protocols", CLUSTER_MAX_ELEMENTS),
        [CLUSTER_RUID] = FIELD("ruid", CLUSTER_STRING),
        [CLUSTER_OP] = FIELD("op", CLUSTER_STRING),
        [CLUSTER_DATA] = FIELD("data", CLUSTER_STRING),
        [CLUSTER_RAW] = FIELD("raw", CLUSTER_RAWBYTES),
        [CLUSTER_TAGS] = LIST_FIELD("tags", CLUSTER_MAX_ELEMENTS),
        [CLUSTER_KEEPALIVE] = FIELD("keepalive", CLUSTER_BOOLEAN),
        [CLUSTER_FILTER] = LIST_FIELD("filter", CLUSTER_FILTER_WORDS),
        [CLUSTER_ERROR] = FIELD("error", CLUSTER_STRING),
};

_Static_assert(sizeof clusterFields / sizeof clusterFields[0] == CLUSTER_FIELDS,
        "a field has no row");
_Static_assert(CLUSTER_FIELDS <= 32, "ClusterPacket.present has a bit for each field");

int
ClusterFieldByName(const char *name, size_t length)
{
    int id;

    for (id = 1; id < CLUSTER_FIELDS && length > 0; id++) {
        const ClusterFieldInfo *field = &clusterFields[id];

        if (field->length == length && field->name[0] == name[0]
                && memcmp(field->name, name, length) == 0) {
            return id;
        }
    }
    return 0;
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

static bpacket_list
ReadPacketList(bpacket_reader *reader, size_t most)
{
    bpacket_list list = bpacket_read_list(reader);

    if (list.count > most) {
        bpacket_reader_fail(reader, BPACKET_TOO_LARGE);
    }
    return list;
}

static ClusterFieldValue
ReadPacketValue(bpacket_reader *reader, const ClusterFieldInfo *info)
{
    ClusterFieldValue value;

    memset(&value, 0, sizeof value);
    switch (info->type) {
    case CLUSTER_VARINT:
        value.number = bpacket_read_varint(reader);
        break;
    case CLUSTER_STRING:
    case CLUSTER_RAWBYTES:
        value.span = bpacket_read_span(reader);
        break;
    case CLUSTER_LIST:
        value.list = ReadPacketList(reader, info->most);
        break;
    case CLUSTER_BOOLEAN:
        value.boolean = bpacket_read_boolean(reader);
        break;
    }
    return value;
}

static void
StoreValue(ClusterPacket *packet, unsigned id, const ClusterFieldValue *value)
{
    if (!ClusterPacketHas(packet, id)) {
        packet->present |= 1u << id;
        packet->order[packet->count++] = (uint8_t) id;
    }
    packet->field[id] = *value;
}

/* Reads fields up to the end of the body, or up to a fault or refusal. */
static void
ReadPacketFields(bpacket_reader *reader, ClusterPacketCheck *check, void *context,
        ClusterPacket *packet)
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
        if (id == CLUSTER_FILTER && ClusterPacketHas(packet, id)) {
            bpacket_reader_fail(reader, BPACKET_MALFORMED); /* each would be looked through */
            return;
        }
        value = ReadPacketValue(reader, &clusterFields[id]);
        if (reader->status != BPACKET_OK) {
            return;
        }
        StoreValue(packet, (unsigned) id, &value);
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
    ReadPacketFields(&reader, check, context, packet);
    return reader.status;
}
