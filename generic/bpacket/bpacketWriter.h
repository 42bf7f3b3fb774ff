/*
 * bpacketWriter.h --
 *
 *	Writes bpacket values into a growing buffer.
 *
 *	Errors are sticky: after a failed allocation or beyond the limit nothing
 *	more is written and status says why. The buffer is kept between packets
 *	(bpacket_writer_reset), so a writer in use does not allocate. No Tcl.
 */

#ifndef BPACKET_WRITER_H
#define BPACKET_WRITER_H

#include "bpacket/bpacketReader.h"

typedef struct bpacket_writer {
    uint8_t *bytes; /* malloc'ed, owned by the writer */
    size_t length;  /* bytes in use */
    size_t capacity;
    size_t limit; /* length never exceeds this */
    bpacket_status status;
} bpacket_writer;

/* A writer without a buffer yet; limit in bytes, 0 for none. */
void bpacket_writer_init(bpacket_writer *writer, size_t limit);
/* Empties it for the next packet, clears the status; keeps the buffer unless it grew beyond 1 MiB. */
void bpacket_writer_reset(bpacket_writer *writer);
/* Frees the buffer; the writer may be used again after init. */
void bpacket_writer_free(bpacket_writer *writer);

void bpacket_write_bytes(bpacket_writer *writer, const void *bytes, size_t length);
void bpacket_write_varint(bpacket_writer *writer, uint64_t value);
void bpacket_write_span(bpacket_writer *writer, const void *bytes, size_t length);
void bpacket_write_boolean(bpacket_writer *writer, bool value);

/*
 * A frame is header C0 8D, varint length of the body, body, 00 00. begin
 * leaves room for the header, what is written next is the body, and end puts
 * header and end mark around it and returns the whole packet, which stays in
 * the writer until it is reset. On an error the span is empty. One frame at a
 * time, on an empty writer.
 */
void bpacket_frame_begin(bpacket_writer *writer);
bpacket_span bpacket_frame_end(bpacket_writer *writer);

#endif
