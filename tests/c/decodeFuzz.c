/*
 * decodeFuzz.c --
 *
 *	Fuzz target `decode`: packets, payloads, text and single values.
 *
 *	The first byte of the input chooses what the rest is: a packet, the body
 *	of one, text, the payload of one as a Tcl dict, or values read one by
 *	one. What decodes must encode, and come back the same both ways.
 */

#include "fuzz.h"

#include "bpacket/bpacketText.h"
#include "packet/clusterPayload.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is well-formed, told by plainer code than the codec's ----------- */

static bool
IsTrail(const uint8_t *p, size_t left, size_t at)
{
    return at < left && p[at] >= 0x80 && p[at] <= 0xbf;
}

/* The length of the UTF-8 character at p, 0 when there is none; anything that is one, and no surrogates. */
static size_t
Utf8Character(const uint8_t *p, size_t left)
{
    uint32_t code;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xe0) {
        return (p[0] >= 0xc2 && IsTrail(p, left, 1)) ? 2 : 0;
    }
    if (!IsTrail(p, left, 1) || !IsTrail(p, left, 2)) {
        return 0;
    }
    if (p[0] < 0xf0) {
        code = (uint32_t) (p[0] & 15) << 12 | (uint32_t) (p[1] & 63) << 6 | (p[2] & 63);
        return (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) ? 3 : 0;
    }
    if (p[0] > 0xf7 || !IsTrail(p, left, 3)) {
        return 0;
    }
    code = (uint32_t) (p[0] & 7) << 18 | (uint32_t) (p[1] & 63) << 12 | (uint32_t) (p[2] & 63) << 6
            | (p[3] & 63);
    return (code >= 0x10000 && code <= 0x10ffff) ? 4 : 0;
}

static bool
IsUtf8(bpacket_span text)
{
    size_t at = 0;

    while (at < text.length) {
        size_t count = Utf8Character(text.bytes + at, text.length - at);

        if (count == 0) {
            return false;
        }
        at += count;
    }
    return true;
}

/* Reads a varint of no more bytes than it needs. */
static bool
ShortVarint(bpacket_reader *reader, uint64_t *value)
{
    const uint8_t *start = reader->next;

    *value = bpacket_read_varint(reader);
    return reader->status == BPACKET_OK && (reader->next == start + 1 || reader->next[-1] != 0);
}

static bool
CanonicalText(bpacket_reader *reader, bool text)
{
    uint64_t length;
    bpacket_span span;

    if (!ShortVarint(reader, &length) || length > bpacket_reader_left(reader)) {
        return false;
    }
    span = bpacket_read_bytes(reader, (size_t) length);
    return !text || IsUtf8(span);
}

static bool
CanonicalValue(bpacket_reader *reader, ClusterFieldType type)
{
    uint64_t value;

    switch (type) {
    case CLUSTER_VARINT:
        return ShortVarint(reader, &value);
    case CLUSTER_STRING:
        return CanonicalText(reader, true);
    case CLUSTER_RAWBYTES:
        return CanonicalText(reader, false);
    case CLUSTER_BOOLEAN:
        return ShortVarint(reader, &value) && value <= 1;
    case CLUSTER_LIST:
        break;
    }
    if (!ShortVarint(reader, &value) || value > CLUSTER_MAX_ELEMENTS) {
        return false;
    }
    while (value-- > 0) {
        if (!CanonicalText(reader, true)) {
            return false;
        }
    }
    return true;
}

/* Is it just what an encoder makes: shortest numbers, each field once, text in UTF-8? */
static bool
IsCanonical(bpacket_span packet)
{
    bpacket_reader reader;
    uint64_t body, id;
    uint32_t seen = 0;

    bpacket_reader_init(&reader, packet.bytes, packet.length);
    if (!bpacket_span_equals(bpacket_read_bytes(&reader, 2), BPACKET_HEADER, 2)
            || !ShortVarint(&reader, &body) || bpacket_reader_left(&reader) < 2
            || body != bpacket_reader_left(&reader) - 2 || !bpacket_end_mark(reader.end - 2)) {
        return false;
    }
    reader.end -= 2;
    while (bpacket_reader_left(&reader) > 0) {
        if (!ShortVarint(&reader, &id) || id == 0 || id >= CLUSTER_FIELDS || (seen & 1u << id)
                || !CanonicalValue(&reader, clusterFields[id].type)) {
            return false;
        }
        seen |= 1u << id;
    }
    return true;
}

/* ---- packets --------------------------------------------------------------- */

static bool
InPacket(bpacket_span part, bpacket_span whole)
{
    return part.length == 0
            || (part.bytes >= whole.bytes && part.length <= whole.length
                    && part.bytes + part.length <= whole.bytes + whole.length);
}

static const char *
CheckList(bpacket_list list, bpacket_span packet)
{
    bpacket_span element = {NULL, 0};
    size_t count = list.count;

    if (!InPacket(list.elements, packet)) {
        return "a list outside its packet";
    }
    while (bpacket_list_next(&list, &element)) {
        if (!InPacket(element, packet)) {
            return "an element outside its packet";
        }
        count--;
    }
    return (count != 0 || list.elements.length != 0) ? "a list of another length" : NULL;
}

static const char *
CheckFields(const ClusterPacket *decoded, bpacket_span packet)
{
    const char *fault = NULL;

    for (unsigned i = 0; i < decoded->count && !fault; i++) {
        unsigned id = decoded->order[i];
        const ClusterFieldValue *value = &decoded->field[id];

        if (!ClusterPacketHas(decoded, id)) {
            return "a field in order and not present";
        }
        if (clusterFields[id].type == CLUSTER_STRING
                || clusterFields[id].type == CLUSTER_RAWBYTES) {
            fault = InPacket(value->span, packet) ? NULL : "a value outside its packet";
        } else if (clusterFields[id].type == CLUSTER_LIST) {
            fault = CheckList(value->list, packet);
        }
    }
    return fault;
}

/* The bytes that a payload encodes to, in the writer; NULL when it does, and how when it does not. */
static const char *
Encode(Tcl_Obj *payload, bpacket_writer *writer, bpacket_span *packet)
{
    switch (ClusterPayloadEncode(payload, writer, packet, NULL)) {
    case CLUSTER_PAYLOAD_OK:
        return NULL;
    case CLUSTER_PAYLOAD_NOT_DICT:
        return "what was decoded is no dict";
    case CLUSTER_PAYLOAD_UNKNOWN_KEY:
        return "what was decoded has an unknown key";
    case CLUSTER_PAYLOAD_BAD_VALUE:
        return "what was decoded does not encode";
    case CLUSTER_PAYLOAD_TOO_LARGE:
    case CLUSTER_PAYLOAD_INCOMPLETE:
        break;
    }
    return "what was decoded is too large to encode";
}

static bool
Same(bpacket_span one, bpacket_span other)
{
    return bpacket_span_equals(one, other.bytes, other.length);
}

static bool
SameObjText(Tcl_Obj *one, Tcl_Obj *other)
{
    Tcl_Size length, otherLength;
    const char *text = Tcl_GetStringFromObj(one, &length);
    const char *otherText = Tcl_GetStringFromObj(other, &otherLength);

    return length == otherLength && memcmp(text, otherText, (size_t) length) == 0;
}

/* Does the payload, as text alone, encode to the same bytes? */
static const char *
CheckAsText(Tcl_Obj *payload, bpacket_span expected)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(payload, &length);
    Tcl_Obj *copy = Tcl_NewStringObj(text, length);
    bpacket_writer writer;
    bpacket_span packet;
    const char *fault;

    bpacket_writer_init(&writer, 0);
    Tcl_IncrRefCount(copy);
    fault = Encode(copy, &writer, &packet);
    if (!fault && !Same(packet, expected)) {
        fault = "the payload's text encodes otherwise than its values";
    }
    Tcl_DecrRefCount(copy);
    bpacket_writer_free(&writer);
    return fault;
}

/* A payload that was decoded, encodes, and comes back. source: what it came from, or without bytes. */
static const char *
CheckPayload(const ClusterPayloadKeys *keys, Tcl_Obj *payload, bpacket_span source)
{
    bpacket_writer writer;
    bpacket_span packet;
    ClusterPacket decoded;
    Tcl_Obj *again;
    const char *fault;

    bpacket_writer_init(&writer, 0);
    fault = Encode(payload, &writer, &packet);
    if (!fault && source.bytes && IsCanonical(source) && !Same(packet, source)) {
        fault = "a canonical packet does not encode to itself";
    }
    if (!fault && !IsCanonical(packet)) {
        fault = "what was encoded is not canonical";
    }
    if (!fault
            && ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &decoded)
                    != BPACKET_OK) {
        fault = "what was encoded does not decode";
    }
    if (!fault) {
        again = ClusterPayloadFromPacket(keys, &decoded);
        Tcl_IncrRefCount(again);
        fault = SameObjText(payload, again) ? CheckAsText(payload, packet)
                                            : "a payload comes back changed";
        Tcl_DecrRefCount(again);
    }
    bpacket_writer_free(&writer);
    return fault;
}

static const char *
FuzzPacket(const ClusterPayloadKeys *keys, bpacket_span packet)
{
    ClusterPacket decoded;
    bpacket_status status = ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &decoded);
    const char *fault;
    Tcl_Obj *payload;

    if (status != BPACKET_OK) {
        if (status == BPACKET_REFUSED || status == BPACKET_NO_MEMORY) {
            return "an outcome that cannot be";
        }
        return IsCanonical(packet) ? "a canonical packet does not decode" : NULL;
    }
    if (ClusterPacketLength(packet.bytes, packet.length) != packet.length) {
        return "a packet that decodes has another length";
    }
    fault = CheckFields(&decoded, packet);
    if (fault) {
        return fault;
    }
    payload = ClusterPayloadFromPacket(keys, &decoded);
    Tcl_IncrRefCount(payload);
    fault = CheckPayload(keys, payload, packet);
    Tcl_DecrRefCount(payload);
    return fault;
}

static const char *
FuzzBody(const ClusterPayloadKeys *keys, bpacket_span body)
{
    bpacket_writer writer;
    bpacket_span packet;
    const char *fault = NULL;

    bpacket_writer_init(&writer, 0);
    bpacket_frame_begin(&writer);
    bpacket_write_bytes(&writer, body.bytes, body.length);
    packet = bpacket_frame_end(&writer);
    if (writer.status == BPACKET_OK) {
        fault = FuzzPacket(keys, packet);
    }
    bpacket_writer_free(&writer);
    return fault;
}

/* ---- text ------------------------------------------------------------------ */

/* Is it text as it may stand in Tcl? */
static bool
IsInternal(const bpacket_writer *text, bool pairs)
{
    size_t at = 0;

    while (at < text->length) {
        const uint8_t *p = text->bytes + at;
        size_t left = text->length - at, count = Utf8Character(p, left);

        if (p[0] == 0 || (count == 4 && pairs)) {
            return false;
        }
        if (left >= 2 && p[0] == 0xc0 && p[1] == 0x80) {
            count = 2;
        } else if (pairs && left >= 6 && p[0] == 0xed && p[1] >= 0xa0 && p[1] <= 0xaf
                && IsTrail(p, left, 2) && p[3] == 0xed && p[4] >= 0xb0 && p[4] <= 0xbf
                && IsTrail(p, left, 5)) {
            count = 6;
        }
        if (count == 0) {
            return false;
        }
        at += count;
    }
    return true;
}

static bpacket_span
Written(const bpacket_writer *writer)
{
    bpacket_span span;

    span.bytes = writer->bytes;
    span.length = writer->length;
    return span;
}

/* Appends text as it leaves, without the length in front. False when that is another than foretold. */
static bool
FromTcl(bpacket_writer *wire, const char *text, size_t length)
{
    bpacket_writer sized;
    bpacket_reader reader;
    bpacket_span left;
    bool good;

    bpacket_writer_init(&sized, 0);
    bpacket_write_text(&sized, text, length);
    bpacket_reader_init(&reader, sized.bytes, sized.length);
    left = bpacket_read_span(&reader);
    good = reader.status == BPACKET_OK && bpacket_reader_left(&reader) == 0;
    bpacket_write_bytes(wire, left.bytes, left.length);
    bpacket_writer_free(&sized);
    return good;
}

/* What text becomes on the wire: always UTF-8, and of the length foretold. */
static const char *
CheckFromTcl(const char *text, size_t length, bpacket_writer *wire)
{
    if (!FromTcl(wire, text, length)) {
        return "text has another length than foretold";
    }
    return IsUtf8(Written(wire)) ? NULL : "text leaves as something else than UTF-8";
}

static const char *
CheckBothWays(bpacket_span wire, bool pairs)
{
    bpacket_writer text, back, again;
    const char *fault = NULL;

    bpacket_writer_init(&text, 0);
    bpacket_writer_init(&back, 0);
    bpacket_writer_init(&again, 0);
    bpacket_text_to_tcl(&text, wire, pairs);
    if (!IsInternal(&text, pairs)) {
        fault = "text arrives as something that Tcl does not know";
    }
    if (!fault && bpacket_text_is_plain(wire) && !Same(wire, Written(&text))) {
        fault = "plain text is changed";
    }
    fault = fault ? fault : CheckFromTcl((const char *) text.bytes, text.length, &back);
    if (!fault && IsUtf8(wire) && !Same(wire, Written(&back))) {
        fault = "UTF-8 comes back changed";
    }
    if (!fault) {
        bpacket_text_to_tcl(&again, Written(&back), pairs);
        fault = Same(Written(&again), Written(&text)) ? NULL : "text comes back changed";
    }
    bpacket_writer_free(&text);
    bpacket_writer_free(&back);
    bpacket_writer_free(&again);
    return fault;
}

static const char *
FuzzText(bpacket_span wire)
{
    bpacket_writer writer;
    Tcl_Obj *value = ClusterPayloadText(wire);
    const char *fault = CheckBothWays(wire, true);
    Tcl_Size length;

    Tcl_IncrRefCount(value);
    (void) Tcl_GetStringFromObj(value, &length);
    bpacket_writer_init(&writer, 0);
    bpacket_text_to_tcl(&writer, wire, CLUSTER_TEXT_PAIRS);
    if (!fault && !bpacket_span_equals(Written(&writer), Tcl_GetString(value), (size_t) length)) {
        fault = "a value is not the text it was made of";
    }
    Tcl_DecrRefCount(value);
    bpacket_writer_reset(&writer);
    fault = fault ? fault : CheckBothWays(wire, false);
    /* Any bytes at all where Tcl's text should be. */
    fault = fault ? fault : CheckFromTcl((const char *) wire.bytes, wire.length, &writer);
    bpacket_writer_free(&writer);
    return fault;
}

/* ---- dicts ----------------------------------------------------------------- */

/* A lone surrogate leaves as U+FFFD, so texts are compared as they leave. */
static bool
SameOnWire(Tcl_Obj *one, Tcl_Obj *other)
{
    Tcl_Obj *values[2] = {one, other};
    bpacket_writer writers[2];
    bool same;

    for (int i = 0; i < 2; i++) {
        Tcl_Size length;
        const char *text = Tcl_GetStringFromObj(values[i], &length);

        bpacket_writer_init(&writers[i], 0);
        (void) FromTcl(&writers[i], text, (size_t) length);
    }
    same = Same(Written(&writers[0]), Written(&writers[1]));
    bpacket_writer_free(&writers[0]);
    bpacket_writer_free(&writers[1]);
    return same;
}

static bool
SameNumber(Tcl_Obj *one, Tcl_Obj *other)
{
    Tcl_WideInt number, otherNumber;

    /* Beyond 63 bits Tcl's own view of a number is not to be had without an interp. */
    if (Tcl_GetWideIntFromObj(NULL, one, &number) != TCL_OK || number < 0) {
        return true;
    }
    return Tcl_GetWideIntFromObj(NULL, other, &otherNumber) == TCL_OK && number == otherNumber;
}

static bool
SameValue(Tcl_Obj *one, Tcl_Obj *other, ClusterFieldType type)
{
    Tcl_Obj **elements, **otherElements;
    Tcl_Size count, otherCount, i;
    int boolean, otherBoolean;

    switch (type) {
    case CLUSTER_VARINT:
        return SameNumber(one, other);
    case CLUSTER_BOOLEAN:
        return Tcl_GetBooleanFromObj(NULL, one, &boolean) == TCL_OK
                && Tcl_GetBooleanFromObj(NULL, other, &otherBoolean) == TCL_OK
                && !boolean == !otherBoolean;
    case CLUSTER_RAWBYTES:
    case CLUSTER_STRING:
        return SameOnWire(one, other);
    case CLUSTER_LIST:
        break;
    }
    if (Tcl_ListObjGetElements(NULL, one, &count, &elements) != TCL_OK
            || Tcl_ListObjGetElements(NULL, other, &otherCount, &otherElements) != TCL_OK
            || count != otherCount) {
        return false;
    }
    for (i = 0; i < count && SameOnWire(elements[i], otherElements[i]); i++) {
        continue;
    }
    return i == count;
}

/* What was decoded is what was encoded, field by field. */
static const char *
CompareDicts(Tcl_Obj *payload, Tcl_Obj *decoded)
{
    Tcl_DictSearch search;
    Tcl_Obj *key, *value, *other;
    Tcl_Size size, otherSize, length;
    int done;
    const char *fault = NULL;

    if (Tcl_DictObjSize(NULL, payload, &size) != TCL_OK
            || Tcl_DictObjSize(NULL, decoded, &otherSize) != TCL_OK || size != otherSize) {
        return "a dict comes back with another size";
    }
    Tcl_DictObjFirst(NULL, payload, &search, &key, &value, &done);
    for (; !done && !fault; Tcl_DictObjNext(&search, &key, &value, &done)) {
        const char *name = Tcl_GetStringFromObj(key, &length);
        int id = ClusterFieldByName(name, (size_t) length);

        if (id == 0 || Tcl_DictObjGet(NULL, decoded, key, &other) != TCL_OK || !other
                || !SameValue(value, other, clusterFields[id].type)) {
            fault = "a value comes back changed";
        }
    }
    Tcl_DictObjDone(&search);
    return fault;
}

static const char *
FuzzDict(const ClusterPayloadKeys *keys, bpacket_span text)
{
    Tcl_Obj *payload = ClusterPayloadText(text), *decoded = NULL, *culprit = NULL;
    bpacket_writer writer;
    bpacket_span packet;
    ClusterPacket fields;
    ClusterPayloadStatus status;
    const char *fault = NULL;

    Tcl_IncrRefCount(payload);
    bpacket_writer_init(&writer, 0);
    status = ClusterPayloadEncode(payload, &writer, &packet, &culprit);
    if (status == CLUSTER_PAYLOAD_UNKNOWN_KEY || status == CLUSTER_PAYLOAD_BAD_VALUE) {
        fault = (culprit && culprit->refCount > 0) ? NULL : "a wrong payload without a culprit";
    } else if (status == CLUSTER_PAYLOAD_OK) {
        if (ClusterPacketDecode(packet.bytes, packet.length, NULL, NULL, &fields) == BPACKET_OK) {
            decoded = ClusterPayloadFromPacket(keys, &fields);
            Tcl_IncrRefCount(decoded);
            fault = CompareDicts(payload, decoded);
            fault = fault ? fault : CheckPayload(keys, decoded, packet);
            Tcl_DecrRefCount(decoded);
        } else {
            fault = "an encoded dict does not decode";
        }
    }
    bpacket_writer_free(&writer);
    Tcl_DecrRefCount(payload);
    return fault;
}

/* ---- single values ---------------------------------------------------------- */

/* Reads one value, and writes it again. */
static const char *
ReadFuzzed(bpacket_reader *reader, uint8_t what, bpacket_writer *writer)
{
    const uint8_t *start = reader->next;
    bool good = reader->status == BPACKET_OK;
    bpacket_span span = {NULL, 0};
    bpacket_list list;
    size_t left;

    bpacket_writer_reset(writer);
    switch (what % 5) {
    case 0:
        bpacket_write_varint(writer, bpacket_read_varint(reader));
        break;
    case 1:
        span = bpacket_read_bytes(reader, what / 5u);
        bpacket_write_bytes(writer, span.bytes, span.length);
        break;
    case 2:
        span = bpacket_read_span(reader);
        bpacket_write_span(writer, span.bytes, span.length);
        break;
    case 3:
        bpacket_write_boolean(writer, bpacket_read_boolean(reader));
        break;
    default:
        list = bpacket_read_list(reader);
        bpacket_write_varint(writer, list.count);
        while (bpacket_list_next(&list, &span)) {
            bpacket_write_span(writer, span.bytes, span.length);
        }
        break;
    }
    left = bpacket_reader_left(reader);
    if (reader->status != BPACKET_OK) {
        return (reader->next == start && span.length == 0) ? NULL : "a read that failed moved on";
    }
    if (!good || reader->next < start || left > (size_t) (reader->end - start)) {
        return "a reader went astray";
    }
    /* Needless bytes of varints are not written. */
    return writer->length <= (size_t) (reader->next - start) ? NULL : "a value grew";
}

/* The first eight bytes say what to read from the others. */
static const char *
FuzzValues(bpacket_span input)
{
    bpacket_reader reader;
    bpacket_writer writer;
    const char *fault = NULL;

    if (input.length < 8) {
        return NULL;
    }
    bpacket_reader_init(&reader, input.bytes + 8, input.length - 8);
    bpacket_writer_init(&writer, 0);
    for (unsigned turn = 0; turn < 64 && !fault; turn++) {
        fault = ReadFuzzed(&reader, input.bytes[turn % 8], &writer);
    }
    bpacket_writer_free(&writer);
    return fault;
}

/* ---- the target ------------------------------------------------------------- */

const char *
FuzzDecode(const uint8_t *bytes, size_t length)
{
    bpacket_span rest;
    ClusterPayloadKeys keys;
    const char *fault;

    if (length == 0) {
        return NULL;
    }
    rest.bytes = bytes + 1;
    rest.length = length - 1;
    ClusterPayloadKeysInit(&keys);
    switch (bytes[0] % 5) {
    case 0:
        fault = FuzzPacket(&keys, rest);
        break;
    case 1:
        fault = FuzzBody(&keys, rest);
        break;
    case 2:
        fault = FuzzText(rest);
        break;
    case 3:
        fault = FuzzDict(&keys, rest);
        break;
    default:
        fault = FuzzValues(rest);
        break;
    }
    ClusterPayloadKeysFree(&keys);
    return fault;
}
