/*
 * codecTest.c --
 *
 *	Commands in namespace ::cluster::test that let tests reach the codec.
 */

#include "codecTest.h"

#include "bpacket/bpacketText.h"
#include "packet/clusterPayload.h"
#include "codecTestInt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bpacket_span
CodecTestBytesOf(Tcl_Obj *value)
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
    bpacket_span bytes = CodecTestBytesOf(value);
    uint8_t *copy = malloc(bytes.length > 0 ? bytes.length : 1);

    if (copy != NULL && bytes.length > 0) {
        memcpy(copy, bytes.bytes, bytes.length);
    }
    span->bytes = copy;
    span->length = bytes.length;
    return copy;
}

Tcl_Obj *
CodecTestNewBytes(bpacket_span span)
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

int
CodecTestStatusError(Tcl_Interp *interp, bpacket_status status)
{
    Tcl_SetObjResult(interp, Tcl_NewStringObj(bpacket_status_text(status), -1));
    Tcl_SetErrorCode(interp, "CLUSTER", "PACKET", StatusName(status), (char *) NULL);
    return TCL_ERROR;
}

int
CodecTestGetSize(Tcl_Interp *interp, Tcl_Obj *value, size_t *size)
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
    if (objc == 3 && CodecTestGetSize(interp, objv[2], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    /* Twice, so that the second finds a used writer. */
    (void) ClusterPayloadEncode(objv[1], &writer, &packet, NULL);
    status = ClusterPayloadEncode(objv[1], &writer, &packet, &culprit);
    if (status == CLUSTER_PAYLOAD_OK) {
        Tcl_SetObjResult(interp, CodecTestNewBytes(packet));
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
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    status = ClusterPacketDecode(copy, bytes.length, (objc > 2) ? RefuseUnwanted : NULL, &wanted,
            &packet);
    if (status == BPACKET_OK) {
        Tcl_SetObjResult(interp, ClusterPayloadFromPacket(keys, &packet));
    }
    free(copy);
    return (status == BPACKET_OK) ? TCL_OK : CodecTestStatusError(interp, status);
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
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
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
        Tcl_ListObjAppendElement(NULL, value, CodecTestNewBytes(element));
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
        return CodecTestNewBytes(bpacket_read_span(reader));
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
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
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
    if (CodecTestGetSize(interp, objv[1], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    for (int i = 2; i < objc; i++) {
        bpacket_span chunk = CodecTestBytesOf(objv[i]);

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
    if (CodecTestGetSize(interp, objv[1], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    /* Twice, so that the second finds a used buffer. */
    for (int i = 0; i < 2; i++) {
        bpacket_writer_reset(&writer);
        bpacket_frame_begin(&writer);
        body = CodecTestBytesOf(objv[2]);
        bpacket_write_bytes(&writer, body.bytes, body.length);
        packet = bpacket_frame_end(&writer);
    }
    if (writer.status == BPACKET_OK) {
        Tcl_SetObjResult(interp, CodecTestNewBytes(packet));
    } else {
        result = CodecTestStatusError(interp, writer.status);
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
    bpacket_reader reader;
    bpacket_writer out;
    Tcl_Obj *result;
    uint64_t length;

    if (way == 2) {
        return Tcl_NewWideIntObj(bpacket_text_is_plain(in) ? 1 : 0);
    }
    bpacket_writer_init(&out, 0);
    if (way < 2) {
        bpacket_write_text(&out, text, in.length);
        bpacket_reader_init(&reader, out.bytes, out.length);
        length = bpacket_read_varint(&reader);
        result = way == 1
                ? Tcl_NewWideIntObj((Tcl_WideInt) length)
                : Tcl_NewByteArrayObj(reader.next, (Tcl_Size) bpacket_reader_left(&reader));
    } else {
        bpacket_text_to_tcl(&out, in, way == 4);
        result = Tcl_NewByteArrayObj(out.bytes, (Tcl_Size) out.length);
    }
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
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    Tcl_SetObjResult(interp, Converted(way, in));
    free(copy);
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
            {"::cluster::test::stream", CodecTestStreamCmd},
            {"::cluster::test::encodefor", OutgoingTestEncodeForCmd},
            {"::cluster::test::outgoing", OutgoingTestCmd},
            {"::cluster::test::outgoingtime", OutgoingTestTimeCmd},
    };
    ClusterPayloadKeys *keys = malloc(sizeof *keys);

    if (keys == NULL) {
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    ClusterPayloadKeysInit(keys);
    /* The namespace comes with its first command; that command owns the keys, which others borrow. */
    Tcl_CreateObjCommand(interp, "::cluster::test::decode", DecodeCmd, keys, DeleteKeys);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        Tcl_CreateObjCommand(interp, commands[i].name, commands[i].proc, keys, NULL);
    }
    return TCL_OK;
}
