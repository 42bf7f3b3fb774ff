/*
 * codecTest.c --
 *
 *	Commands in namespace ::cluster::test that let tests reach the codec.
 */

#include "codecTest.h"

#include "bpacketStream.h"
#include "bpacketText.h"
#include "clusterPayload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bpacket_span
BytesOf(Tcl_Obj *value)
{
    Tcl_Size length;
    bpacket_span span;

    span.bytes = Tcl_GetByteArrayFromObj(value, &length);
    span.length = (span.bytes != NULL) ? (size_t) length : 0;
    return span;
}

/*
 * Copies a value's bytes into memory of exactly their size, so that a
 * sanitizer sees every read beyond. The caller frees span.bytes' memory, which
 * is the result; NULL without memory.
 */
static uint8_t *
CopyOf(Tcl_Obj *value, bpacket_span *span)
{
    bpacket_span bytes = BytesOf(value);
    uint8_t *copy = malloc(bytes.length > 0 ? bytes.length : 1);

    if (copy != NULL && bytes.length > 0) {
        memcpy(copy, bytes.bytes, bytes.length);
    }
    span->bytes = copy;
    span->length = bytes.length;
    return copy;
}

static Tcl_Obj *
NewBytes(bpacket_span span)
{
    return Tcl_NewByteArrayObj(span.bytes, (Tcl_Size) span.length);
}

static const char *
StatusName(bpacket_status status)
{
    static const char *const names[] = {"OK", "TRUNCATED", "OVERFLOW", "UNKNOWN_FIELD", "MALFORMED",
            "TOO_LARGE", "NO_MEMORY", "REFUSED"};

    return names[status];
}

static int
StatusError(Tcl_Interp *interp, bpacket_status status)
{
    Tcl_SetObjResult(interp, Tcl_NewStringObj(bpacket_status_text(status), -1));
    Tcl_SetErrorCode(interp, "CLUSTER", "PACKET", StatusName(status), (char *) NULL);
    return TCL_ERROR;
}

/* A size from a Tcl value. */
static int
GetSize(Tcl_Interp *interp, Tcl_Obj *value, size_t *size)
{
    Tcl_WideInt wide;

    if (Tcl_GetWideIntFromObj(interp, value, &wide) != TCL_OK) {
        return TCL_ERROR;
    }
    if (wide < 0) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("size may not be negative", -1));
        return TCL_ERROR;
    }
    *size = (size_t) wide;
    return TCL_OK;
}

/* ---- payloads ------------------------------------------------------------- */

static int
PayloadError(Tcl_Interp *interp, ClusterPayloadStatus status, Tcl_Obj *culprit)
{
    static const char *const names[] = {"OK", "NOT_DICT", "UNKNOWN_KEY", "BAD_VALUE", "TOO_LARGE"};

    Tcl_SetObjResult(interp,
            Tcl_ObjPrintf("cannot encode: %s%s%s", names[status], (culprit != NULL) ? " " : "",
                    (culprit != NULL) ? Tcl_GetString(culprit) : ""));
    Tcl_SetErrorCode(interp, "CLUSTER", "PAYLOAD", names[status], (char *) NULL);
    return TCL_ERROR;
}

/* encode payload ?limit?: the packet; limit is the writer's, 0 for none. */
static int
EncodeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    size_t limit = 0;
    bpacket_writer writer;
    bpacket_span packet;
    Tcl_Obj *culprit = NULL;
    ClusterPayloadStatus status;
    int result = TCL_OK;

    (void) clientData;
    if (objc < 2 || objc > 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "payload ?limit?");
        return TCL_ERROR;
    }
    if (objc == 3 && GetSize(interp, objv[2], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    /* Twice, so that the second finds a used writer. */
    (void) ClusterPayloadEncode(objv[1], &writer, &packet, NULL);
    status = ClusterPayloadEncode(objv[1], &writer, &packet, &culprit);
    if (status == CLUSTER_PAYLOAD_OK) {
        Tcl_SetObjResult(interp, NewBytes(packet));
    } else {
        result = PayloadError(interp, status, culprit);
    }
    bpacket_writer_free(&writer);
    return result;
}

/* What RefuseUnwanted compares with. */
typedef struct Wanted {
    bpacket_span ownSid; /* refused; none when empty */
    Tcl_Obj *filters;    /* list, one of which a filter must hold; NULL for any */
} Wanted;

static bool
HoldsOne(Tcl_Obj *filters, bpacket_list list)
{
    bpacket_span element;
    Tcl_Size count;
    Tcl_Obj **wanted;

    if (Tcl_ListObjGetElements(NULL, filters, &count, &wanted) != TCL_OK) {
        return false;
    }
    while (bpacket_list_next(&list, &element)) {
        for (Tcl_Size i = 0; i < count; i++) {
            Tcl_Size length;
            const char *text = Tcl_GetStringFromObj(wanted[i], &length);

            if (bpacket_span_equals(element, text, (size_t) length)) {
                return true;
            }
        }
    }
    return false;
}

/* The check of DecodeCmd: no own packets, and none filtered to others. */
static bool
RefuseUnwanted(void *context, ClusterField id, const ClusterFieldValue *value)
{
    const Wanted *wanted = context;

    if (id == CLUSTER_SID) {
        return wanted->ownSid.length == 0
                || !bpacket_span_equals(value->span, wanted->ownSid.bytes, wanted->ownSid.length);
    }
    return wanted->filters == NULL || HoldsOne(wanted->filters, value->list);
}

/* decode packet ?ownSid? ?filters?: the payload. */
static int
DecodeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    const ClusterPayloadKeys *keys = clientData;
    Wanted wanted = {{NULL, 0}, NULL};
    Tcl_Size sidLength;
    ClusterPacket packet;
    bpacket_status status;
    bpacket_span bytes;
    uint8_t *copy;

    if (objc < 2 || objc > 4) {
        Tcl_WrongNumArgs(interp, 1, objv, "packet ?ownSid? ?filters?");
        return TCL_ERROR;
    }
    if (objc > 2) {
        wanted.ownSid.bytes = (const uint8_t *) Tcl_GetStringFromObj(objv[2], &sidLength);
        wanted.ownSid.length = (size_t) sidLength;
    }
    if (objc > 3) {
        wanted.filters = objv[3];
    }
    copy = CopyOf(objv[1], &bytes);
    if (copy == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    status = ClusterPacketDecode(copy, bytes.length, (objc > 2) ? RefuseUnwanted : NULL, &wanted,
            &packet);
    if (status == BPACKET_OK) {
        Tcl_SetObjResult(interp, ClusterPayloadFromPacket(keys, &packet));
    }
    free(copy);
    return (status == BPACKET_OK) ? TCL_OK : StatusError(interp, status);
}

/* packetlength bytes */
static int
PacketLengthCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    bpacket_span bytes;
    uint8_t *copy;

    (void) clientData;
    if (objc != 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "bytes");
        return TCL_ERROR;
    }
    copy = CopyOf(objv[1], &bytes);
    if (copy == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    Tcl_SetObjResult(interp,
            Tcl_NewWideIntObj((Tcl_WideInt) ClusterPacketLength(bytes.bytes, bytes.length)));
    free(copy);
    return TCL_OK;
}

/* field name: its id, 0 when there is none. */
static int
FieldCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Tcl_Size length;
    const char *name;

    (void) clientData;
    if (objc != 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "name");
        return TCL_ERROR;
    }
    name = Tcl_GetStringFromObj(objv[1], &length);
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj(ClusterFieldByName(name, (size_t) length)));
    return TCL_OK;
}

/* ---- values and text ------------------------------------------------------ */

static Tcl_Obj *
ListToTcl(bpacket_list list)
{
    Tcl_Obj *value = Tcl_NewListObj(0, NULL);
    bpacket_span element;

    while (bpacket_list_next(&list, &element)) {
        Tcl_ListObjAppendElement(NULL, value, NewBytes(element));
    }
    return value;
}

static const char *const readKinds[] = {"boolean", "list", "span", "varint", NULL};

/* Reads one value, kind being its index in readKinds. */
static Tcl_Obj *
ReadOne(bpacket_reader *reader, int kind)
{
    char decimal[24];

    switch (kind) {
    case 0:
        return Tcl_NewWideIntObj(bpacket_read_boolean(reader) ? 1 : 0);
    case 1:
        return ListToTcl(bpacket_read_list(reader));
    case 2:
        return NewBytes(bpacket_read_span(reader));
    default:
        snprintf(decimal, sizeof decimal, "%" PRIu64, bpacket_read_varint(reader));
        return Tcl_NewStringObj(decimal, -1);
    }
}

/* read bytes ?kind ...?: a list of what was read, then status and bytes left. */
static int
ReadCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Tcl_Obj *result;
    bpacket_reader reader;
    bpacket_span bytes;
    uint8_t *copy;
    int kind;

    (void) clientData;
    if (objc < 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "bytes ?kind ...?");
        return TCL_ERROR;
    }
    for (int i = 2; i < objc; i++) {
        if (Tcl_GetIndexFromObj(interp, objv[i], readKinds, "kind", 0, &kind) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    copy = CopyOf(objv[1], &bytes);
    if (copy == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    bpacket_reader_init(&reader, bytes.bytes, bytes.length);
    result = Tcl_NewListObj(0, NULL);
    for (int i = 2; i < objc; i++) {
        (void) Tcl_GetIndexFromObj(NULL, objv[i], readKinds, "kind", 0, &kind);
        Tcl_ListObjAppendElement(NULL, result, ReadOne(&reader, kind));
    }
    Tcl_ListObjAppendElement(NULL, result, Tcl_NewStringObj(StatusName(reader.status), -1));
    Tcl_ListObjAppendElement(NULL, result,
            Tcl_NewWideIntObj((Tcl_WideInt) bpacket_reader_left(&reader)));
    Tcl_SetObjResult(interp, result);
    free(copy);
    return TCL_OK;
}

/* write limit ?chunk ...?: writes each chunk as a span; the writer's status and bytes. */
static int
WriteCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Tcl_Obj *result[2];
    bpacket_writer writer;
    size_t limit;

    (void) clientData;
    if (objc < 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "limit ?chunk ...?");
        return TCL_ERROR;
    }
    if (GetSize(interp, objv[1], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    for (int i = 2; i < objc; i++) {
        bpacket_span chunk = BytesOf(objv[i]);

        bpacket_write_span(&writer, chunk.bytes, chunk.length);
    }
    result[0] = Tcl_NewStringObj(StatusName(writer.status), -1);
    result[1] = Tcl_NewByteArrayObj(writer.bytes, (Tcl_Size) writer.length);
    Tcl_SetObjResult(interp, Tcl_NewListObj(2, result));
    bpacket_writer_free(&writer);
    return TCL_OK;
}

/* frame limit body: a frame around the body. */
static int
FrameCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    bpacket_writer writer;
    bpacket_span body, packet;
    size_t limit;
    int result = TCL_OK;

    (void) clientData;
    if (objc != 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "limit body");
        return TCL_ERROR;
    }
    if (GetSize(interp, objv[1], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    /* Twice, so that the second finds a used buffer. */
    for (int i = 0; i < 2; i++) {
        bpacket_writer_reset(&writer);
        bpacket_frame_begin(&writer);
        body = BytesOf(objv[2]);
        bpacket_write_bytes(&writer, body.bytes, body.length);
        packet = bpacket_frame_end(&writer);
    }
    if (writer.status == BPACKET_OK) {
        Tcl_SetObjResult(interp, NewBytes(packet));
    } else {
        result = StatusError(interp, writer.status);
    }
    bpacket_writer_free(&writer);
    return result;
}

static const char *const textWays[] = {"from", "length", "plain", "tofour", "topairs", NULL};

/* Converts `in`, way being an index in textWays. */
static Tcl_Obj *
Converted(int way, bpacket_span in)
{
    const char *text = (const char *) in.bytes;
    bpacket_writer out;
    Tcl_Obj *result;

    if (way == 1) {
        size_t length = bpacket_text_wire_length(text, in.length);

        return Tcl_NewWideIntObj((Tcl_WideInt) length);
    }
    if (way == 2) {
        return Tcl_NewWideIntObj(bpacket_text_is_plain(in) ? 1 : 0);
    }
    bpacket_writer_init(&out, 0);
    if (way == 0) {
        bpacket_text_from_tcl(&out, text, in.length);
    } else {
        bpacket_text_to_tcl(&out, in, way == 4);
    }
    result = Tcl_NewByteArrayObj(out.bytes, (Tcl_Size) out.length);
    bpacket_writer_free(&out);
    return result;
}

/*
 * text from|length|plain|tofour|topairs bytes: the functions of bpacketText,
 * on bytes, whatever the running Tcl has inside.
 */
static int
TextCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    bpacket_span in;
    uint8_t *copy;
    int way;

    (void) clientData;
    if (objc != 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "way bytes");
        return TCL_ERROR;
    }
    if (Tcl_GetIndexFromObj(interp, objv[1], textWays, "way", 0, &way) != TCL_OK) {
        return TCL_ERROR;
    }
    copy = CopyOf(objv[2], &in);
    if (copy == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    Tcl_SetObjResult(interp, Converted(way, in));
    free(copy);
    return TCL_OK;
}

/* ---- streams -------------------------------------------------------------- */

static void
DeleteStream(void *clientData)
{
    bpacket_stream *stream = clientData;

    bpacket_stream_destroy(&stream);
}

/* All whole packets as a list. */
static Tcl_Obj *
TakeAll(bpacket_stream *stream)
{
    Tcl_Obj *packets = Tcl_NewListObj(0, NULL);
    bpacket_span packet;

    while (bpacket_stream_next(stream, &packet)) {
        Tcl_ListObjAppendElement(NULL, packets, NewBytes(packet));
    }
    return packets;
}

static Tcl_Obj *
StreamCounters(const bpacket_stream *stream)
{
    Tcl_Obj *counters = Tcl_NewListObj(0, NULL);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
            {"pending", bpacket_stream_pending(stream)},
            {"garbage", bpacket_stream_garbage(stream)},
            {"oversized", bpacket_stream_oversized(stream)},
            {"capacity", bpacket_stream_capacity(stream)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Tcl_ListObjAppendElement(NULL, counters, Tcl_NewStringObj(rows[i].name, -1));
        Tcl_ListObjAppendElement(NULL, counters, Tcl_NewWideIntObj((Tcl_WideInt) rows[i].value));
    }
    return counters;
}

/*
 * Feeds bytes in pieces, taking whole packets after each; the result is a
 * list of them. peak, when not NULL, becomes the largest capacity seen.
 */
static int
FeedPieces(Tcl_Interp *interp, bpacket_stream *stream, bpacket_span bytes, size_t piece,
        size_t *peak)
{
    Tcl_Obj *packets = Tcl_NewListObj(0, NULL);
    size_t at = 0;

    while (at < bytes.length) {
        size_t length = (bytes.length - at < piece) ? bytes.length - at : piece;
        Tcl_Obj *some;

        if (!bpacket_stream_feed(stream, bytes.bytes + at, length)) {
            Tcl_DecrRefCount(packets);
            return StatusError(interp, BPACKET_NO_MEMORY);
        }
        at += length;
        some = TakeAll(stream);
        Tcl_ListObjAppendList(NULL, packets, some);
        Tcl_DecrRefCount(some);
        if (bpacket_stream_capacity(stream) > *peak) {
            *peak = bpacket_stream_capacity(stream);
        }
    }
    Tcl_SetObjResult(interp, packets);
    return TCL_OK;
}

/* Copies bytes into the stream in pieces by reserve and commit, without taking packets. */
static int
FeedReserved(Tcl_Interp *interp, bpacket_stream *stream, bpacket_span bytes, size_t piece)
{
    size_t at = 0;

    while (at < bytes.length) {
        size_t length = (bytes.length - at < piece) ? bytes.length - at : piece;
        size_t room;
        uint8_t *place = bpacket_stream_reserve(stream, length, &room);

        if (place == NULL || room < length) {
            return StatusError(interp, BPACKET_NO_MEMORY);
        }
        /* Some of the room stays unused, as after a short read. */
        memcpy(place, bytes.bytes + at, length);
        bpacket_stream_commit(stream, length);
        at += length;
    }
    return TCL_OK;
}

/* STREAM feed|reserve|pieces bytes ?piece?. */
static int
StreamFeed(Tcl_Interp *interp, bpacket_stream *stream, int way, int objc, Tcl_Obj *const objv[])
{
    size_t piece = SIZE_MAX, peak = 0;
    Tcl_Obj *pair[2];

    if (objc < 3 || objc > 4) {
        Tcl_WrongNumArgs(interp, 2, objv, "bytes ?piece?");
        return TCL_ERROR;
    }
    if (objc == 4 && GetSize(interp, objv[3], &piece) != TCL_OK) {
        return TCL_ERROR;
    }
    if (piece == 0) {
        piece = 1;
    }
    if (way == 0) {
        bpacket_span bytes = BytesOf(objv[2]);

        return bpacket_stream_feed(stream, bytes.bytes, bytes.length)
                ? TCL_OK
                : StatusError(interp, BPACKET_NO_MEMORY);
    }
    if (way == 1) {
        return FeedReserved(interp, stream, BytesOf(objv[2]), piece);
    }
    if (FeedPieces(interp, stream, BytesOf(objv[2]), piece, &peak) != TCL_OK) {
        return TCL_ERROR;
    }
    pair[0] = Tcl_GetObjResult(interp);
    pair[1] = Tcl_NewWideIntObj((Tcl_WideInt) peak);
    Tcl_SetObjResult(interp, Tcl_NewListObj(2, pair));
    return TCL_OK;
}

/*
 * STREAM feed bytes; reserve bytes ?piece?; pieces bytes ?piece? (returns the
 * packets and the largest capacity); next (a list of none or one packet);
 * all; counters; reset; trim; destroy.
 */
static int
StreamObjectCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"feed", "reserve", "pieces", "next", "all", "counters",
            "reset", "trim", "destroy", NULL};
    enum { FEED, RESERVE, PIECES, NEXT, ALL, COUNTERS, RESET, TRIM, DESTROY };
    bpacket_stream *stream = clientData;
    bpacket_span packet;
    Tcl_Obj *bytes;
    int word;

    if (objc < 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "subcommand ?arg ...?");
        return TCL_ERROR;
    }
    if (Tcl_GetIndexFromObj(interp, objv[1], words, "subcommand", 0, &word) != TCL_OK) {
        return TCL_ERROR;
    }
    switch (word) {
    case NEXT:
        if (bpacket_stream_next(stream, &packet)) {
            bytes = NewBytes(packet);
            Tcl_SetObjResult(interp, Tcl_NewListObj(1, &bytes));
        }
        return TCL_OK;
    case ALL:
        Tcl_SetObjResult(interp, TakeAll(stream));
        return TCL_OK;
    case COUNTERS:
        Tcl_SetObjResult(interp, StreamCounters(stream));
        return TCL_OK;
    case RESET:
        bpacket_stream_reset(stream);
        return TCL_OK;
    case TRIM:
        bpacket_stream_trim(stream);
        return TCL_OK;
    case DESTROY:
        return Tcl_DeleteCommand(interp, Tcl_GetString(objv[0])) == 0 ? TCL_OK : TCL_ERROR;
    default:
        return StreamFeed(interp, stream, word, objc, objv);
    }
}

/* stream name ?limit?: makes the command `name`, a stream. */
static int
StreamCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    size_t limit = 0;
    bpacket_stream *stream;

    (void) clientData;
    if (objc < 2 || objc > 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "name ?limit?");
        return TCL_ERROR;
    }
    if (objc == 3 && GetSize(interp, objv[2], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    stream = bpacket_stream_new(limit);
    if (stream == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    /* The command owns the stream from here on. */
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), StreamObjectCmd, stream, DeleteStream);
    return TCL_OK;
}

/* ---- installation --------------------------------------------------------- */

static void
DeleteKeys(void *clientData)
{
    ClusterPayloadKeysFree(clientData);
    free(clientData);
}

int
Clustercodectest_Init(Tcl_Interp *interp)
{
    static const struct {
        const char *name;
        Tcl_ObjCmdProc *proc;
    } commands[] = {
            {"::cluster::test::encode", EncodeCmd},
            {"::cluster::test::packetlength", PacketLengthCmd},
            {"::cluster::test::field", FieldCmd},
            {"::cluster::test::read", ReadCmd},
            {"::cluster::test::write", WriteCmd},
            {"::cluster::test::frame", FrameCmd},
            {"::cluster::test::text", TextCmd},
            {"::cluster::test::stream", StreamCmd},
    };
    ClusterPayloadKeys *keys = malloc(sizeof *keys);

    if (keys == NULL) {
        return StatusError(interp, BPACKET_NO_MEMORY);
    }
    ClusterPayloadKeysInit(keys);
    /* The namespace comes with its first command; that command owns the keys. */
    Tcl_CreateObjCommand(interp, "::cluster::test::decode", DecodeCmd, keys, DeleteKeys);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        Tcl_CreateObjCommand(interp, commands[i].name, commands[i].proc, NULL, NULL);
    }
    return TCL_OK;
}
