/*
 * bpacketWriter.c --
 *
 *	Writes bpacket values into a growing buffer.
 */

#include "bpacket/bpacketWriter.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 512             /* bytes; most packets fit */
#define KEPT_CAPACITY  (1024u * 1024u) /* bytes; larger buffers go at reset */

void
bpacket_writer_init(bpacket_writer *writer, size_t limit)
{
    writer->bytes = NULL;
    writer->length = 0;
    writer->capacity = 0;
    writer->limit = limit;
    writer->status = BPACKET_OK;
}

void
bpacket_writer_reset(bpacket_writer *writer)
{
    if (writer->capacity > KEPT_CAPACITY) {
        bpacket_writer_free(writer);
    }
    writer->length = 0;
    writer->status = BPACKET_OK;
}

void
bpacket_writer_free(bpacket_writer *writer)
{
    free(writer->bytes);
    bpacket_writer_init(writer, writer->limit);
}

/*
 * Makes room for `more` bytes behind length. Capacity doubles, so that the
 * bytes copied stay proportional to the bytes written; it never exceeds the
 * limit.
 */
static bool
GrowWriter(bpacket_writer *writer, size_t more)
{
    size_t most = (writer->limit != 0) ? writer->limit : SIZE_MAX;
    size_t capacity, needed;
    uint8_t *bytes;

    if (writer->length > most || more > most - writer->length) {
        writer->status = BPACKET_TOO_LARGE;
        return false;
    }
    needed = writer->length + more;
    capacity = (writer->capacity > most / 2) ? most : writer->capacity * 2;
    if (capacity < FIRST_CAPACITY) {
        capacity = (most < FIRST_CAPACITY) ? most : FIRST_CAPACITY;
    }
    if (capacity < needed) {
        capacity = needed;
    }
    bytes = realloc(writer->bytes, capacity);
    if (bytes == NULL) {
        writer->status = BPACKET_NO_MEMORY;
        return false;
    }
    writer->bytes = bytes;
    writer->capacity = capacity;
    return true;
}

/* Takes `more` (not 0) bytes at the end for the caller to fill in; NULL on an error. */
static uint8_t *
ExtendWriter(bpacket_writer *writer, size_t more)
{
    uint8_t *place;

    if (writer->status != BPACKET_OK) {
        return NULL;
    }
    if (more > writer->capacity - writer->length && !GrowWriter(writer, more)) {
        return NULL;
    }
    place = writer->bytes + writer->length;
    writer->length += more;
    return place;
}

/* Puts value at `to` and returns how many bytes that took, at most BPACKET_VARINT_SIZE. */
static size_t
PutVarint(uint8_t *to, uint64_t value)
{
    size_t count = 0;

    while (value >= 0x80) {
        to[count++] = (uint8_t) (value | 0x80);
        value >>= 7;
    }
    to[count++] = (uint8_t) value;
    return count;
}

void
bpacket_write_bytes(bpacket_writer *writer, const void *bytes, size_t length)
{
    uint8_t *place;

    if (length == 0) {
        return;
    }
    place = ExtendWriter(writer, length);
    if (place != NULL) {
        memcpy(place, bytes, length);
    }
}

void
bpacket_write_varint(bpacket_writer *writer, uint64_t value)
{
    uint8_t bytes[BPACKET_VARINT_SIZE];

    if (value < 0x80) {
        uint8_t *place = ExtendWriter(writer, 1);

        if (place != NULL) {
            *place = (uint8_t) value;
        }
        return;
    }
    bpacket_write_bytes(writer, bytes, PutVarint(bytes, value));
}

void
bpacket_write_span(bpacket_writer *writer, const void *bytes, size_t length)
{
    bpacket_write_varint(writer, length);
    bpacket_write_bytes(writer, bytes, length);
}

void
bpacket_write_boolean(bpacket_writer *writer, bool value)
{
    bpacket_write_varint(writer, value ? 1 : 0);
}

/* The room that header and length may need in front of a body within the limit. */
static size_t
FrameRoom(const bpacket_writer *writer)
{
    uint8_t bytes[BPACKET_VARINT_SIZE];
    uint64_t most = (writer->limit != 0) ? writer->limit : UINT64_MAX;

    return BPACKET_HEADER_SIZE + PutVarint(bytes, most);
}

void
bpacket_frame_begin(bpacket_writer *writer)
{
    ExtendWriter(writer, FrameRoom(writer));
}

bpacket_span
bpacket_frame_end(bpacket_writer *writer)
{
    static const uint8_t endMark[BPACKET_END_MARK_SIZE] = {0, 0};
    uint8_t length[BPACKET_VARINT_SIZE];
    size_t room = FrameRoom(writer);
    bpacket_span packet = {NULL, 0};
    size_t start, count;

    bpacket_write_bytes(writer, endMark, sizeof endMark);
    if (writer->status != BPACKET_OK) {
        return packet;
    }
    /* The length is known only now: it goes right in front of the body. */
    count = PutVarint(length, writer->length - room - sizeof endMark);
    start = room - count - BPACKET_HEADER_SIZE;
    memcpy(writer->bytes + start, BPACKET_HEADER, BPACKET_HEADER_SIZE);
    memcpy(writer->bytes + start + BPACKET_HEADER_SIZE, length, count);
    packet.bytes = writer->bytes + start;
    packet.length = writer->length - start;
    return packet;
}
