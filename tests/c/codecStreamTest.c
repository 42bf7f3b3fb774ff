/*
 * codecStreamTest.c --
 *
 *	The command ::cluster::test::stream, which lets tests reach the streams
 *	that put packets together.
 */

#include "bpacket/bpacketStreamInt.h"
#include "codecTestInt.h"

#include <string.h>

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
        Tcl_ListObjAppendElement(NULL, packets, CodecTestNewBytes(packet));
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
            {"capacity", stream->capacity},
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
            return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
        }
        at += length;
        some = TakeAll(stream);
        Tcl_ListObjAppendList(NULL, packets, some);
        Tcl_DecrRefCount(some);
        if (stream->capacity > *peak) {
            *peak = stream->capacity;
        }
    }
    Tcl_SetObjResult(interp, packets);
    return TCL_OK;
}

/* STREAM feed|pieces bytes ?piece?. */
static int
StreamFeed(Tcl_Interp *interp, bpacket_stream *stream, int way, int objc, Tcl_Obj *const objv[])
{
    size_t piece = SIZE_MAX, peak = 0;
    Tcl_Obj *pair[2];

    if (objc < 3 || objc > 4) {
        Tcl_WrongNumArgs(interp, 2, objv, "bytes ?piece?");
        return TCL_ERROR;
    }
    if (objc == 4 && CodecTestGetSize(interp, objv[3], &piece) != TCL_OK) {
        return TCL_ERROR;
    }
    if (piece == 0) {
        piece = 1;
    }
    if (way == 0) {
        bpacket_span bytes = CodecTestBytesOf(objv[2]);

        return bpacket_stream_feed(stream, bytes.bytes, bytes.length)
                ? TCL_OK
                : CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    if (FeedPieces(interp, stream, CodecTestBytesOf(objv[2]), piece, &peak) != TCL_OK) {
        return TCL_ERROR;
    }
    pair[0] = Tcl_GetObjResult(interp);
    pair[1] = Tcl_NewWideIntObj((Tcl_WideInt) peak);
    Tcl_SetObjResult(interp, Tcl_NewListObj(2, pair));
    return TCL_OK;
}

/*
 * STREAM feed bytes; pieces bytes ?piece? (returns the packets and the largest
 * capacity); next (a list of none or one packet); all; counters; trim; destroy.
 */
static int
StreamObjectCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"feed", "pieces", "next", "all", "counters", "trim",
            "destroy", NULL};
    enum { FEED, PIECES, NEXT, ALL, COUNTERS, TRIM, DESTROY };
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
            bytes = CodecTestNewBytes(packet);
            Tcl_SetObjResult(interp, Tcl_NewListObj(1, &bytes));
        }
        return TCL_OK;
    case ALL:
        Tcl_SetObjResult(interp, TakeAll(stream));
        return TCL_OK;
    case COUNTERS:
        Tcl_SetObjResult(interp, StreamCounters(stream));
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

int
CodecTestStreamCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    size_t limit = 0;
    bpacket_stream *stream;

    (void) clientData;
    if (objc < 2 || objc > 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "name ?limit?");
        return TCL_ERROR;
    }
    if (objc == 3 && CodecTestGetSize(interp, objv[2], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    stream = bpacket_stream_new(limit);
    if (stream == NULL) {
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    /* The command owns the stream from here on. */
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), StreamObjectCmd, stream, DeleteStream);
    return TCL_OK;
}
