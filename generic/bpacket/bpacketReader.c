/*
 * bpacketReader.c --
 *
 *	Reads bpacket values from a bounded run of bytes.
 */

#include "bpacket/bpacketReader.h"

#include <string.h>

/* The tenth byte of a varint holds the 64th bit and nothing else. */
#define VARINT_LAST_SHIFT 63

void
bpacket_reader_init(bpacket_reader *reader, const void *bytes, size_t length)
{
    static const uint8_t nothing[1] = {0};

    /* No arithmetic on a null pointer later, whatever the caller has. */
    reader->next = (bytes != NULL) ? bytes : nothing;
    reader->end = reader->next + ((bytes != NULL) ? length : 0);
    reader->status = BPACKET_OK;
}

size_t
bpacket_reader_left(const bpacket_reader *reader)
{
    return (size_t) (reader->end - reader->next);
}

void
bpacket_reader_fail(bpacket_reader *reader, bpacket_status status)
{
    if (reader->status == BPACKET_OK) {
        reader->status = status;
    }
}

uint64_t
bpacket_read_varint(bpacket_reader *reader)
{
    const uint8_t *next = reader->next;
    uint64_t value = 0;

    if (reader->status != BPACKET_OK) {
        return 0;
    }
    for (unsigned shift = 0; next < reader->end; shift += 7) {
        uint8_t byte = *next++;

        if (shift == VARINT_LAST_SHIFT && byte > 1) {
            reader->status = BPACKET_OVERFLOW;
            return 0;
        }
        value |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80) {
            reader->next = next;
            return value;
        }
    }
    reader->status = BPACKET_TRUNCATED;
    return 0;
}

bpacket_span
bpacket_read_bytes(bpacket_reader *reader, size_t length)
{
    bpacket_span span = {NULL, 0};

    if (reader->status != BPACKET_OK) {
        return span;
    }
    if (length > bpacket_reader_left(reader)) {
        reader->status = BPACKET_TRUNCATED;
        return span;
    }
    span.bytes = reader->next;
    span.length = length;
    reader->next += length;
    return span;
}

bpacket_span
bpacket_read_span(bpacket_reader *reader)
{
    const uint8_t *start = reader->next;
    uint64_t length = bpacket_read_varint(reader);
    bpacket_span span;

    /* Compared as 64 bits, so that a huge length survives a 32-bit size_t. */
    if (length > bpacket_reader_left(reader)) {
        bpacket_reader_fail(reader, BPACKET_TRUNCATED);
    }
    span = bpacket_read_bytes(reader, (size_t) length);
    if (reader->status != BPACKET_OK) {
        reader->next = start;
    }
    return span;
}

bool
bpacket_read_boolean(bpacket_reader *reader)
{
    bpacket_span span = bpacket_read_bytes(reader, 1);

    return span.length == 1 && span.bytes[0] != 0;
}

bpacket_list
bpacket_read_list(bpacket_reader *reader)
{
    const uint8_t *start = reader->next;
    bpacket_list list = {{NULL, 0}, 0};
    uint64_t count = bpacket_read_varint(reader);
    const uint8_t *first = reader->next;

    /* An element takes one byte at least: a lying count costs nothing. */
    if (count > bpacket_reader_left(reader)) {
        bpacket_reader_fail(reader, BPACKET_TRUNCATED);
    }
    for (uint64_t i = 0; i < count && reader->status == BPACKET_OK; i++) {
        bpacket_read_span(reader);
    }
    if (reader->status != BPACKET_OK) {
        reader->next = start;
        return list;
    }
    list.elements.bytes = first;
    list.elements.length = (size_t) (reader->next - first);
    list.count = (size_t) count;
    return list;
}

size_t
bpacket_read_frame(bpacket_reader *reader, size_t most)
{
    bpacket_span header = bpacket_read_bytes(reader, BPACKET_HEADER_SIZE);
    uint64_t body;

    if (reader->status != BPACKET_OK) {
        return 0;
    }
    if (!bpacket_span_equals(header, BPACKET_HEADER, BPACKET_HEADER_SIZE)) {
        bpacket_reader_fail(reader, BPACKET_MALFORMED);
        return 0;
    }
    body = bpacket_read_varint(reader);
    if (body > most) {
        bpacket_reader_fail(reader, BPACKET_TOO_LARGE);
        return 0;
    }
    if (body + BPACKET_END_MARK_SIZE > bpacket_reader_left(reader)) {
        bpacket_reader_fail(reader, BPACKET_TRUNCATED);
        return 0;
    }
    return (size_t) body;
}

bool
bpacket_end_mark(const uint8_t *bytes)
{
    return bytes[0] == 0 && bytes[1] == 0;
}

bool
bpacket_list_next(bpacket_list *list, bpacket_span *element)
{
    bpacket_reader reader;
    bpacket_span span;

    if (list->count == 0) {
        return false;
    }
    bpacket_reader_init(&reader, list->elements.bytes, list->elements.length);
    span = bpacket_read_span(&reader);
    if (reader.status != BPACKET_OK) {
        list->count = 0;
        return false;
    }
    list->elements.bytes = reader.next;
    list->elements.length = bpacket_reader_left(&reader);
    list->count--;
    *element = span;
    return true;
}

bool
bpacket_span_equals(bpacket_span span, const void *bytes, size_t length)
{
    return span.length == length && (length == 0 || memcmp(span.bytes, bytes, length) == 0);
}

const char *
bpacket_status_text(bpacket_status status)
{
    switch (status) {
    case BPACKET_OK:
        return "no error";
    case BPACKET_TRUNCATED:
        return "truncated value";
    case BPACKET_OVERFLOW:
        return "number beyond 64 bits";
    case BPACKET_UNKNOWN_FIELD:
        return "unknown field";
    case BPACKET_MALFORMED:
        return "malformed packet";
    case BPACKET_TOO_LARGE:
        return "packet too large";
    case BPACKET_NO_MEMORY:
        return "out of memory";
    case BPACKET_REFUSED:
        return "refused packet";
    }
    return "unknown status";
}
