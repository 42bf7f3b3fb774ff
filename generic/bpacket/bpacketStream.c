/*
 * bpacketStream.c --
 *
 *	Finds packets in a stream of bytes that comes in pieces of any size.
 */

#include "bpacket/bpacketStreamInt.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_FIRST  ((uint8_t) BPACKET_HEADER[0])
#define HEADER_SECOND ((uint8_t) BPACKET_HEADER[1])

#define LEAST_CAPACITY 4096  /* bytes of the first buffer */
#define KEPT_CAPACITY  65536 /* bytes; a larger buffer goes when little of it is used */

/* What stands at the start of the waiting bytes. */
typedef enum Frame {
    FRAME_WHOLE,    /* a packet */
    FRAME_PARTIAL,  /* the beginning of one: wait */
    FRAME_BROKEN,   /* a header, but no packet */
    FRAME_OVERSIZED /* a packet beyond the limit */
} Frame;

bpacket_stream *
bpacket_stream_new(size_t limit)
{
    bpacket_stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL) {
        stream->limit = (limit != 0) ? limit : BPACKET_STREAM_LIMIT;
    }
    return stream;
}

void
bpacket_stream_set_limit(bpacket_stream *stream, size_t limit)
{
    stream->limit = (limit != 0) ? limit : BPACKET_STREAM_LIMIT;
}

void
bpacket_stream_destroy(bpacket_stream **stream)
{
    if (*stream != NULL) {
        free((*stream)->bytes);
        free(*stream);
        *stream = NULL;
    }
}

static void
MoveToFront(bpacket_stream *stream)
{
    size_t pending = stream->end - stream->start;

    if (pending > 0 && stream->start > 0) {
        memmove(stream->bytes, stream->bytes + stream->start, pending);
    }
    stream->start = 0;
    stream->end = pending;
}

/* Makes the buffer `capacity` bytes large, which hold those that wait. A large one is not copied where the system can help it. */
static bool
Reallocate(bpacket_stream *stream, size_t capacity)
{
    uint8_t *bytes;

    MoveToFront(stream);
    bytes = realloc(stream->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    stream->bytes = bytes;
    stream->capacity = capacity;
    return true;
}

void
bpacket_stream_idle(bpacket_stream *stream)
{
    if (stream->start == stream->end) {
        free(stream->bytes);
        stream->bytes = NULL;
        stream->capacity = stream->start = stream->end = 0;
    }
}

void
bpacket_stream_trim(bpacket_stream *stream)
{
    size_t pending = stream->end - stream->start;

    if (stream->capacity <= KEPT_CAPACITY || pending > stream->capacity / 4) {
        return;
    }
    if (pending == 0) {
        bpacket_stream_idle(stream);
    } else {
        /* Without memory for the small buffer the large one serves as well. */
        (void) Reallocate(stream, (pending < LEAST_CAPACITY) ? LEAST_CAPACITY : pending * 2);
    }
}

/* What the frame at start is, where a header stands, told in constant time; *size is the whole packet's. */
static Frame
FrameAtStart(const bpacket_stream *stream, size_t *size)
{
    const uint8_t *frame = stream->bytes + stream->start;
    size_t left = stream->end - stream->start;
    bpacket_reader reader;
    uint64_t body;
    size_t prefix;

    bpacket_reader_init(&reader, frame + BPACKET_HEADER_SIZE, left - BPACKET_HEADER_SIZE);
    body = bpacket_read_varint(&reader);
    if (reader.status != BPACKET_OK) {
        return (reader.status == BPACKET_TRUNCATED) ? FRAME_PARTIAL : FRAME_BROKEN;
    }
    prefix = left - bpacket_reader_left(&reader);
    if (body > stream->limit || prefix + BPACKET_END_MARK_SIZE > stream->limit - (size_t) body) {
        return FRAME_OVERSIZED;
    }
    *size = prefix + (size_t) body + BPACKET_END_MARK_SIZE;
    if (left < *size) {
        return FRAME_PARTIAL;
    }
    return (frame[*size - 2] == 0 && frame[*size - 1] == 0) ? FRAME_WHOLE : FRAME_BROKEN;
}

/*
 * The buffer for so many bytes: half as large again, but an eighth is enough
 * beyond the packet that has begun.
 */
static size_t
CapacityFor(const bpacket_stream *stream, size_t needed, size_t wanted)
{
    size_t capacity = needed + needed / 2, most, size = 0;

    if (stream->end - stream->start > KEPT_CAPACITY
            && memcmp(stream->bytes + stream->start, BPACKET_HEADER, BPACKET_HEADER_SIZE) == 0
            && FrameAtStart(stream, &size) == FRAME_PARTIAL && size > 0) {
        most = size + size / 8 + wanted;
        capacity = (capacity < most) ? capacity : (needed < most) ? most : needed;
    }
    return (capacity < LEAST_CAPACITY) ? LEAST_CAPACITY : capacity;
}

/*
 * Makes `wanted` bytes of room behind end. Time stays linear, for waiting
 * bytes are moved only
 *   1. to the front, when at least an eighth of the buffer was given out or
 *	skipped since they were last moved; or
 *   2. into a buffer half as large again, which lasts for as many new bytes.
 * A stranger who sends one false header after another, each of which makes
 * us wait for a large packet, gains nothing by it.
 */
static bool
MakeRoom(bpacket_stream *stream, size_t wanted)
{
    size_t pending = stream->end - stream->start;
    size_t needed;

    if (wanted > SIZE_MAX / 4 || pending > SIZE_MAX / 4) {
        return false;
    }
    needed = pending + wanted;
    if (needed <= stream->capacity && stream->start >= stream->capacity / 8) {
        MoveToFront(stream);
        return true;
    }
    return Reallocate(stream, CapacityFor(stream, needed, wanted));
}

/* Makes `wanted` bytes of room behind end, in a buffer that is not larger than need be. */
static bool
ReserveRoom(bpacket_stream *stream, size_t wanted)
{
    if (stream->start == stream->end) {
        stream->start = stream->end = 0;
    }
    if (wanted < stream->capacity / 4) {
        bpacket_stream_trim(stream);
    }
    return wanted <= stream->capacity - stream->end || MakeRoom(stream, wanted);
}

uint8_t *
bpacket_stream_room(bpacket_stream *stream, size_t length)
{
    return ReserveRoom(stream, length) ? stream->bytes + stream->end : NULL;
}

void
bpacket_stream_filled(bpacket_stream *stream, size_t length)
{
    stream->end += length;
}

bool
bpacket_stream_feed(bpacket_stream *stream, const void *bytes, size_t length)
{
    uint8_t *room;

    if (length == 0) {
        return true;
    }
    room = bpacket_stream_room(stream, length);
    if (room == NULL) {
        return false;
    }
    memcpy(room, bytes, length);
    bpacket_stream_filled(stream, length);
    return true;
}

static void
Skip(bpacket_stream *stream, size_t length)
{
    stream->start += length;
    stream->garbage += length;
}

/* Skips to the next header, or to half of one at the very end; false when no whole one is there. */
static bool
FindHeader(bpacket_stream *stream)
{
    while (stream->start < stream->end) {
        const uint8_t *from = stream->bytes + stream->start;
        size_t left = stream->end - stream->start;
        const uint8_t *found = memchr(from, HEADER_FIRST, left);

        if (found == NULL) {
            Skip(stream, left);
            return false;
        }
        Skip(stream, (size_t) (found - from));
        left = stream->end - stream->start;
        if (left < BPACKET_HEADER_SIZE) {
            return false;
        }
        if (found[1] == HEADER_SECOND) {
            return true;
        }
        Skip(stream, 1);
    }
    return false;
}

bool
bpacket_stream_next(bpacket_stream *stream, bpacket_span *packet)
{
    while (FindHeader(stream)) {
        size_t size = 0;
        Frame frame = FrameAtStart(stream, &size);

        if (frame == FRAME_PARTIAL) {
            return false;
        }
        if (frame == FRAME_WHOLE) {
            packet->bytes = stream->bytes + stream->start;
            packet->length = size;
            stream->start += size;
            return true;
        }
        if (frame == FRAME_OVERSIZED) {
            stream->oversized++;
        }
        Skip(stream, 1);
    }
    return false;
}

size_t
bpacket_stream_pending(const bpacket_stream *stream)
{
    return stream->end - stream->start;
}

size_t
bpacket_stream_memory(const bpacket_stream *stream)
{
    return stream->capacity;
}

uint64_t
bpacket_stream_garbage(const bpacket_stream *stream)
{
    return stream->garbage;
}

uint64_t
bpacket_stream_oversized(const bpacket_stream *stream)
{
    return stream->oversized;
}
