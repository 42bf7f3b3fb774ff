/*
 * clusterPayload.c --
 *
 *	Converts between payloads, which are Tcl dicts, and packets.
 */

#include "packet/clusterPayloadInt.h"

#include "bpacket/bpacketValue.h"

#include <string.h>

#define NUMBER_BITS 64 /* of a varint in a cluster's packet */

void
ClusterPayloadKeysInit(ClusterPayloadKeys *keys)
{
    keys->name[0] = NULL;
    for (int id = 1; id < CLUSTER_FIELDS; id++) {
        keys->name[id] = Tcl_NewStringObj(clusterFields[id].name, -1);
        Tcl_IncrRefCount(keys->name[id]);
    }
}

void
ClusterPayloadKeysFree(ClusterPayloadKeys *keys)
{
    for (int id = 1; id < CLUSTER_FIELDS; id++) {
        Tcl_DecrRefCount(keys->name[id]);
        keys->name[id] = NULL;
    }
}

/* ---- from dict to packet ------------------------------------------------ */

/* The lists of a cluster's packets are bounded, so this is not BpacketWriteValue. */
static ClusterPayloadStatus
WriteBoundedList(bpacket_writer *writer, Tcl_Obj *value, size_t most)
{
    Tcl_Size count;
    Tcl_Obj **elements;

    if (Tcl_ListObjGetElements(NULL, value, &count, &elements) != TCL_OK) {
        return CLUSTER_PAYLOAD_BAD_VALUE;
    }
    if ((size_t) count > most) {
        return CLUSTER_PAYLOAD_TOO_LARGE;
    }
    bpacket_write_varint(writer, (uint64_t) count);
    for (Tcl_Size i = 0; i < count; i++) {
        BpacketWriteText(writer, elements[i]);
    }
    return CLUSTER_PAYLOAD_OK;
}

static ClusterPayloadStatus
BadValueUnless(bool written)
{
    return written ? CLUSTER_PAYLOAD_OK : CLUSTER_PAYLOAD_BAD_VALUE;
}

ClusterPayloadStatus
ClusterPayloadWriteField(bpacket_writer *writer, ClusterField id, Tcl_Obj *value)
{
    bpacket_write_varint(writer, (uint64_t) id);
    switch (clusterFields[id].type) {
    case CLUSTER_VARINT:
        return BadValueUnless(BpacketWriteInteger(writer, value, NUMBER_BITS));
    case CLUSTER_RAWBYTES:
        return BadValueUnless(BpacketWriteRaw(writer, value));
    case CLUSTER_LIST:
        return WriteBoundedList(writer, value, clusterFields[id].most);
    case CLUSTER_BOOLEAN:
        return BadValueUnless(BpacketWriteBoolean(writer, value));
    case CLUSTER_STRING:
        break;
    }
    BpacketWriteText(writer, value);
    return CLUSTER_PAYLOAD_OK;
}

/* A key and its value, as the dict has them. */
static ClusterPayloadStatus
WritePair(bpacket_writer *writer, Tcl_Obj *key, Tcl_Obj *value, uint32_t *present)
{
    Tcl_Size length;
    const char *name = Tcl_GetStringFromObj(key, &length);
    int id = ClusterFieldByName(name, (size_t) length);

    if (id == 0) {
        return CLUSTER_PAYLOAD_UNKNOWN_KEY;
    }
    *present |= 1u << id;
    return ClusterPayloadWriteField(writer, (ClusterField) id, value);
}

const char *
ClusterPayloadMust(const char *key)
{
    static const char *const must[] = {
            [CLUSTER_VARINT] = "an integer of 0 or more",
            [CLUSTER_STRING] = "text",
            [CLUSTER_RAWBYTES] = "bytes, without characters above U+00FF",
            [CLUSTER_LIST] = "a list",
            [CLUSTER_BOOLEAN] = "a boolean",
    };
    _Static_assert(CLUSTER_COUNT(must) == CLUSTER_FIELD_TYPES, "a type of fields has no text");
    int id = ClusterFieldByName(key, strlen(key));

    return id ? must[clusterFields[id].type] : "absent";
}

void
ClusterPayloadBegin(bpacket_writer *writer, Tcl_Obj *only)
{
    bpacket_writer_reset(writer);
    bpacket_frame_begin(writer);
    if (only) {
        bpacket_write_varint(writer, CLUSTER_FILTER);
        bpacket_write_varint(writer, 1);
        BpacketWriteText(writer, only);
    }
}

ClusterPayloadStatus
ClusterPayloadFinish(bpacket_writer *writer, bpacket_span *packet)
{
    *packet = bpacket_frame_end(writer);
    if (writer->status != BPACKET_OK || packet->length > CLUSTER_MAX_PACKET) {
        return CLUSTER_PAYLOAD_TOO_LARGE;
    }
    return CLUSTER_PAYLOAD_OK;
}

ClusterPayloadStatus
ClusterPayloadEncode(Tcl_Obj *payload, bpacket_writer *writer, bpacket_span *packet,
        Tcl_Obj **culprit)
{
    uint32_t present;

    return ClusterPayloadEncodeFor(payload, NULL, writer, packet, &present, culprit);
}

ClusterPayloadStatus
ClusterPayloadEncodeFor(Tcl_Obj *payload, Tcl_Obj *only, bpacket_writer *writer,
        bpacket_span *packet, uint32_t *present, Tcl_Obj **culprit)
{
    ClusterPayloadStatus status = CLUSTER_PAYLOAD_OK;
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done;

    *present = 0;
    if (Tcl_DictObjFirst(NULL, payload, &search, &key, &value, &done) != TCL_OK) {
        return CLUSTER_PAYLOAD_NOT_DICT;
    }
    ClusterPayloadBegin(writer, only);
    while (!done) {
        status = WritePair(writer, key, value, present);
        if (status != CLUSTER_PAYLOAD_OK) {
            break;
        }
        Tcl_DictObjNext(&search, &key, &value, &done);
    }
    Tcl_DictObjDone(&search);
    if (status != CLUSTER_PAYLOAD_OK) {
        if (culprit != NULL && status != CLUSTER_PAYLOAD_TOO_LARGE) {
            *culprit = key;
        }
        return status;
    }
    return ClusterPayloadFinish(writer, packet);
}

/* ---- from packet to dict ------------------------------------------------ */

Tcl_Obj *
ClusterPayloadField(const ClusterPacket *packet, ClusterField id)
{
    const ClusterFieldValue *field = &packet->field[id];

    switch (clusterFields[id].type) {
    case CLUSTER_VARINT:
        return BpacketIntegerObj(field->number);
    case CLUSTER_RAWBYTES:
        return BpacketBytesObj(field->span);
    case CLUSTER_LIST:
        return BpacketListObj(field->list);
    case CLUSTER_BOOLEAN:
        return Tcl_NewWideIntObj(field->boolean ? 1 : 0);
    case CLUSTER_STRING:
        break;
    }
    return BpacketTextObj(field->span);
}

Tcl_Obj *
ClusterPayloadFromPacket(const ClusterPayloadKeys *keys, const ClusterPacket *packet)
{
    Tcl_Obj *payload = Tcl_NewDictObj();

    for (unsigned i = 0; i < packet->count; i++) {
        ClusterField id = (ClusterField) packet->order[i];

        Tcl_DictObjPut(NULL, payload, keys->name[id], ClusterPayloadField(packet, id));
    }
    return payload;
}

/* ---- parts -------------------------------------------------------------- */

Tcl_Obj *
ClusterPayloadText(bpacket_span wire)
{
    return BpacketTextObj(wire);
}

const uint8_t *
ClusterPayloadBytes(Tcl_Obj *value, Tcl_Size *length)
{
    bpacket_span bytes;

    if (!BpacketGetBytes(value, &bytes)) {
        return NULL;
    }
    *length = (Tcl_Size) bytes.length;
    return bytes.bytes;
}
