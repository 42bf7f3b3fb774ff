/*
 * clusterPayload.c --
 *
 *	Converts between payloads, which are Tcl dicts, and packets.
 */

#include "clusterPayload.h"
#include "bpacketText.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static int
DigitValue(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return 16;
}

/*
 * Reads a number of up to 64 bits, decimal without leading zero or with 0x,
 * which Tcl knows as a bignum only.
 */
static bool
ParseUnsigned(const char *text, uint64_t *number)
{
    unsigned base = 10;
    uint64_t value = 0;

    if (*text == '+') {
        text++;
    }
    if (text[0] == '0') {
        if (text[1] != 'x' && text[1] != 'X') {
            return false;
        }
        base = 16;
        text += 2;
    }
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned) DigitValue(*text);

        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *number = value;
    return true;
}

static ClusterPayloadStatus
WriteNumber(bpacket_writer *writer, Tcl_Obj *value)
{
    Tcl_WideInt wide;
    double sign;
    uint64_t number;

    /*
     * Tcl 8.6 lets numbers between -2^64 and 2^64 pass as wide, wrapping them
     * around; the double tells their sign.
     */
    if (Tcl_GetWideIntFromObj(NULL, value, &wide) == TCL_OK
            && Tcl_GetDoubleFromObj(NULL, value, &sign) == TCL_OK) {
        if (sign < 0) {
            return CLUSTER_PAYLOAD_BAD_VALUE;
        }
        number = (uint64_t) wide;
    } else if (!ParseUnsigned(Tcl_GetString(value), &number)) {
        return CLUSTER_PAYLOAD_BAD_VALUE;
    }
    bpacket_write_varint(writer, number);
    return CLUSTER_PAYLOAD_OK;
}

static void
WriteText(bpacket_writer *writer, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(value, &length);

    bpacket_write_text(writer, text, (size_t) length);
}

/*
 * How many characters Tcl's internal text has, or -1 when one of them is
 * above U+00FF.
 */
static Tcl_Size
CountLatin(const uint8_t *text, Tcl_Size length)
{
    Tcl_Size count = 0;

    for (Tcl_Size at = 0; at < length; at++, count++) {
        if (text[at] < 0x80) {
            continue;
        }
        if (at + 1 == length || (text[at + 1] & 0xc0) != 0x80
                || (text[at] != 0xc0 && text[at] != 0xc2 && text[at] != 0xc3)) {
            return -1;
        }
        at++;
    }
    return count;
}

/* Writes text whose characters are all below U+0100 as bytes. */
static void
WriteLatin(bpacket_writer *writer, const uint8_t *text, Tcl_Size length)
{
    Tcl_Size at = 0;

    while (at < length) {
        Tcl_Size run = at;

        while (run < length && text[run] < 0x80) {
            run++;
        }
        bpacket_write_bytes(writer, text + at, (size_t) (run - at));
        at = run;
        if (at < length) {
            uint8_t byte = (uint8_t) (text[at] << 6 | (text[at + 1] & 0x3f));

            bpacket_write_bytes(writer, &byte, 1);
            at += 2;
        }
    }
}

/* A value that has bytes and no text yet; Tcl offers no other question that does not convert. */
static bool
IsPureBytes(const Tcl_Obj *value)
{
    return value->bytes == NULL && value->typePtr != NULL
            && strcmp(value->typePtr->name, "bytearray") == 0;
}

/*
 * Bytes are taken from the text here, not by Tcl_GetByteArrayFromObj: that
 * cuts characters above U+00FF in Tcl 8.6 without a word.
 */
static ClusterPayloadStatus
WriteRaw(bpacket_writer *writer, Tcl_Obj *value)
{
    const uint8_t *text;
    Tcl_Size length, count;

    if (IsPureBytes(value)) {
        const uint8_t *bytes = Tcl_GetByteArrayFromObj(value, &length);

        bpacket_write_span(writer, bytes, (size_t) length);
        return CLUSTER_PAYLOAD_OK;
    }
    text = (const uint8_t *) Tcl_GetStringFromObj(value, &length);
    count = CountLatin(text, length);
    if (count < 0) {
        return CLUSTER_PAYLOAD_BAD_VALUE;
    }
    bpacket_write_varint(writer, (uint64_t) count);
    WriteLatin(writer, text, length);
    return CLUSTER_PAYLOAD_OK;
}

static ClusterPayloadStatus
WriteList(bpacket_writer *writer, Tcl_Obj *value)
{
    Tcl_Size count;
    Tcl_Obj **elements;

    if (Tcl_ListObjGetElements(NULL, value, &count, &elements) != TCL_OK) {
        return CLUSTER_PAYLOAD_BAD_VALUE;
    }
    if ((size_t) count > CLUSTER_MAX_ELEMENTS) {
        return CLUSTER_PAYLOAD_TOO_LARGE;
    }
    bpacket_write_varint(writer, (uint64_t) count);
    for (Tcl_Size i = 0; i < count; i++) {
        WriteText(writer, elements[i]);
    }
    return CLUSTER_PAYLOAD_OK;
}

static ClusterPayloadStatus
WriteBoolean(bpacket_writer *writer, Tcl_Obj *value)
{
    int boolean;

    if (Tcl_GetBooleanFromObj(NULL, value, &boolean) != TCL_OK) {
        return CLUSTER_PAYLOAD_BAD_VALUE;
    }
    bpacket_write_boolean(writer, boolean != 0);
    return CLUSTER_PAYLOAD_OK;
}

static ClusterPayloadStatus
WriteField(bpacket_writer *writer, Tcl_Obj *key, Tcl_Obj *value)
{
    Tcl_Size length;
    const char *name = Tcl_GetStringFromObj(key, &length);
    int id = ClusterFieldByName(name, (size_t) length);

    if (id == 0) {
        return CLUSTER_PAYLOAD_UNKNOWN_KEY;
    }
    bpacket_write_varint(writer, (uint64_t) id);
    switch (clusterFields[id].type) {
    case CLUSTER_VARINT:
        return WriteNumber(writer, value);
    case CLUSTER_RAWBYTES:
        return WriteRaw(writer, value);
    case CLUSTER_LIST:
        return WriteList(writer, value);
    case CLUSTER_BOOLEAN:
        return WriteBoolean(writer, value);
    case CLUSTER_STRING:
        break;
    }
    WriteText(writer, value);
    return CLUSTER_PAYLOAD_OK;
}

ClusterPayloadStatus
ClusterPayloadEncode(Tcl_Obj *payload, bpacket_writer *writer, bpacket_span *packet,
        Tcl_Obj **culprit)
{
    ClusterPayloadStatus status = CLUSTER_PAYLOAD_OK;
    Tcl_DictSearch search;
    Tcl_Obj *key, *value;
    int done;

    if (Tcl_DictObjFirst(NULL, payload, &search, &key, &value, &done) != TCL_OK) {
        return CLUSTER_PAYLOAD_NOT_DICT;
    }
    bpacket_writer_reset(writer);
    bpacket_frame_begin(writer);
    while (!done) {
        status = WriteField(writer, key, value);
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
    *packet = bpacket_frame_end(writer);
    if (writer->status != BPACKET_OK || packet->length > CLUSTER_MAX_PACKET) {
        return CLUSTER_PAYLOAD_TOO_LARGE;
    }
    return CLUSTER_PAYLOAD_OK;
}

/* ---- from packet to dict ------------------------------------------------ */

Tcl_Obj *
ClusterPayloadText(bpacket_span wire)
{
    bpacket_writer text;
    Tcl_Obj *value;

    if (bpacket_text_is_plain(wire)) {
        return Tcl_NewStringObj((const char *) wire.bytes, (Tcl_Size) wire.length);
    }
    bpacket_writer_init(&text, 0);
    bpacket_text_to_tcl(&text, wire, CLUSTER_TEXT_PAIRS);
    if (text.status != BPACKET_OK) {
        Tcl_Panic("unable to alloc %lu bytes for text", (unsigned long) wire.length);
    }
    value = Tcl_NewStringObj((const char *) text.bytes, (Tcl_Size) text.length);
    bpacket_writer_free(&text);
    return value;
}

static Tcl_Obj *
NumberValue(uint64_t number)
{
    char decimal[24];

    if (number <= INT64_MAX) {
        return Tcl_NewWideIntObj((Tcl_WideInt) number);
    }
    snprintf(decimal, sizeof decimal, "%" PRIu64, number);
    return Tcl_NewStringObj(decimal, -1);
}

static Tcl_Obj *
ListValue(bpacket_list list)
{
    Tcl_Obj *value = Tcl_NewListObj(0, NULL);
    bpacket_span element;

    while (bpacket_list_next(&list, &element)) {
        Tcl_ListObjAppendElement(NULL, value, ClusterPayloadText(element));
    }
    return value;
}

Tcl_Obj *
ClusterPayloadField(const ClusterPacket *packet, ClusterField id)
{
    const ClusterFieldValue *field = &packet->field[id];

    switch (clusterFields[id].type) {
    case CLUSTER_VARINT:
        return NumberValue(field->number);
    case CLUSTER_RAWBYTES:
        return Tcl_NewByteArrayObj(field->span.bytes, (Tcl_Size) field->span.length);
    case CLUSTER_LIST:
        return ListValue(field->list);
    case CLUSTER_BOOLEAN:
        return Tcl_NewWideIntObj(field->boolean ? 1 : 0);
    case CLUSTER_STRING:
        break;
    }
    return ClusterPayloadText(field->span);
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
