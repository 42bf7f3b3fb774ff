/*
 * bpacketStreamCmd.c --
 *
 *	Class ::bpacket::classes::stream: puts packets together from pieces and
 *	hands them to a callback.
 *
 *	Packets are found when bytes are appended, wait in the order in which they
 *	were complete, and are delivered from the event loop, or by flush.
 */

#include "bpacket/bpacketStreamCmd.h"

#include "bpacket/bpacketError.h"
#include "bpacket/bpacketFeed.h"
#include "bpacket/bpacketValue.h"
#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "base/clusterMethod.h"

#include <stdlib.h>

/* Packets delivered in a row, before other events get their turn. */
#define BATCH 64

#define DEFAULT_ID "default"

/* Least limit that a stream may have, in bytes: the empty packet. */
#define LEAST_LIMIT 5

/* Counted: the object's metadata holds one, a method or delivery under way another. */
typedef struct Stream {
    size_t refCount;
    Tcl_Interp *interp;
    Tcl_Object object; /* NULL when it was destroyed */
    Tcl_Obj *callback; /* a list, empty for none; packets wait then */
    BpacketFeeds feeds;
    Tcl_TimerToken timer;
} Stream;

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

static void
HoldStream(void *self)
{
    ((Stream *) self)->refCount++;
}

static void
ReleaseStream(void *self)
{
    Stream *stream = self;

    if (--stream->refCount > 0) {
        return;
    }
    BpacketFeedsFree(&stream->feeds);
    Tcl_DecrRefCount(stream->callback);
    free(stream);
}

static void
StreamMetadataDeleted(void *clientData)
{
    Stream *stream = clientData;

    stream->object = NULL;
    if (stream->timer) {
        Tcl_DeleteTimerHandler(stream->timer);
        stream->timer = NULL;
    }
    BpacketFeedsDrop(&stream->feeds);
    ReleaseStream(stream);
}

static const Tcl_ObjectMetadataType streamMetadata = {
        .version = TCL_OO_METADATA_VERSION_CURRENT,
        .name = "bpacket stream",
        .deleteProc = StreamMetadataDeleted,
        .cloneProc = ClusterMethodRefuseCopy,
};

/*
 * ------------------------------------------------------------------------
 * Delivery
 * ------------------------------------------------------------------------
 */

static bool
CanDeliver(const Stream *stream)
{
    Tcl_Size words = 0;

    return stream->object && !ClusterListEmpty(&stream->feeds.packets)
            && !Tcl_InterpDeleted(stream->interp)
            && Tcl_ListObjLength(NULL, stream->callback, &words) == TCL_OK && words > 0;
}

static Tcl_TimerProc DeliverFromLoop;

/* Sees to it that what waits is delivered from the event loop. */
static void
ArmDelivery(Stream *stream)
{
    bool wanted = CanDeliver(stream);

    if (wanted && !stream->timer) {
        stream->timer = Tcl_CreateTimerHandler(0, DeliverFromLoop, stream);
    } else if (!wanted && stream->timer) {
        Tcl_DeleteTimerHandler(stream->timer);
        stream->timer = NULL;
    }
}

/*
 * Hands the first packet of a feed to the callback, which may do anything; if
 * it enters the event loop, it gets the next packets meanwhile.
 */
static int
DeliverPacket(Stream *stream, BpacketFeed *feed)
{
    Tcl_Interp *interp = stream->interp;
    Tcl_Obj *command = Tcl_DuplicateObj(stream->callback);
    Tcl_Obj *id = Tcl_NewStringObj(Tcl_GetHashKey(&stream->feeds.byId, feed->entry), -1);
    Tcl_Obj *bytes = BpacketFeedTake(feed);
    int code;

    BpacketFeedTidy(&stream->feeds, feed);
    ArmDelivery(stream);
    Tcl_IncrRefCount(command);
    Tcl_ListObjAppendElement(NULL, command, bytes);
    Tcl_ListObjAppendElement(NULL, command, id);
    Tcl_DecrRefCount(bytes);
    code = Tcl_EvalObjEx(interp, command, TCL_EVAL_DIRECT | TCL_EVAL_GLOBAL);
    Tcl_DecrRefCount(command);
    return code;
}

static void
DeliverFromLoop(void *clientData)
{
    Stream *stream = clientData;
    Tcl_Interp *interp = stream->interp;
    int left;

    stream->timer = NULL;
    HoldStream(stream);
    Tcl_Preserve(interp);
    for (left = BATCH; left > 0 && CanDeliver(stream); left--) {
        if (DeliverPacket(stream, BpacketFeedsFirst(&stream->feeds)) == TCL_ERROR) {
            ClusterBackground(interp, TCL_ERROR, "packet callback", NULL);
        } else if (!Tcl_InterpDeleted(interp)) {
            Tcl_ResetResult(interp);
        }
    }
    ArmDelivery(stream);
    Tcl_Release(interp);
    ReleaseStream(stream);
}

/*
 * ------------------------------------------------------------------------
 * Methods
 * ------------------------------------------------------------------------
 */

/* The id among the arguments. */
static const char *
IdOf(int objc, Tcl_Obj *const *objv, int index)
{
    return (objc > index) ? Tcl_GetString(objv[index]) : DEFAULT_ID;
}

/* Takes what packets there are from a feed's stream. */
static int
FindPackets(Stream *stream, Tcl_Interp *interp, BpacketFeed *feed)
{
    uint64_t before = bpacket_stream_oversized(feed->stream);
    bpacket_span packet;

    while (bpacket_stream_next(feed->stream, &packet)) {
        if (!BpacketFeedAdd(&stream->feeds, feed, packet)) {
            return BpacketFailMemory(interp);
        }
    }
    bpacket_stream_trim(feed->stream);
    if (bpacket_stream_oversized(feed->stream) != before) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("a packet is larger than the limit of %lu bytes",
                        (unsigned long) stream->feeds.limit),
                "CLUSTER", "PACKET", "TOO_LARGE", (char *) NULL);
    }
    return TCL_OK;
}

/* $stream append data ?id? */
static int
AppendMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Stream *stream = self;
    bpacket_span bytes;
    BpacketFeed *feed;
    int code;

    if (!BpacketGetBytes(objv[0], &bytes)) {
        return ClusterFail(interp,
                Tcl_NewStringObj("the data holds characters above U+00FF, which are no bytes", -1),
                "CLUSTER", "PACKET", "MALFORMED", (char *) NULL);
    }
    feed = BpacketFeedsNeed(&stream->feeds, IdOf(objc, objv, 1));
    if (!feed) {
        return BpacketFailMemory(interp);
    }
    if (!bpacket_stream_feed(feed->stream, bytes.bytes, bytes.length)) {
        BpacketFeedTidy(&stream->feeds, feed);
        return BpacketFailMemory(interp);
    }
    code = FindPackets(stream, interp, feed);
    BpacketFeedTidy(&stream->feeds, feed);
    ArmDelivery(stream);
    return code;
}

/* $stream event prefix */
static int
EventMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Stream *stream = self;
    Tcl_Size words;

    (void) objc;
    if (Tcl_ListObjLength(interp, objv[0], &words) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterReplaceObj(&stream->callback, objv[0]);
    ArmDelivery(stream);
    return TCL_OK;
}

/*
 * $stream flush ?id?: delivers the packets that wait now; those that come
 * meanwhile are left to the event loop, and so is the rest when the callback
 * fails. The feed is looked up each time, as the callback may reset it.
 */
static int
FlushMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Stream *stream = self;
    const char *id = IdOf(objc, objv, 0);
    BpacketFeed *feed = BpacketFeedsFind(&stream->feeds, id);
    size_t left = feed ? feed->count : 0;
    int code = TCL_OK;

    for (; left > 0 && code != TCL_ERROR && CanDeliver(stream); left--) {
        feed = BpacketFeedsFind(&stream->feeds, id);
        if (!feed || ClusterListEmpty(&feed->packets)) {
            break;
        }
        code = DeliverPacket(stream, feed);
    }
    ArmDelivery(stream);
    if (code == TCL_ERROR) {
        return TCL_ERROR;
    }
    Tcl_ResetResult(interp);
    return TCL_OK;
}

/* $stream reset ?id?: forgets what came, of that id or of all. */
static int
StreamResetMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Stream *stream = self;
    BpacketFeed *feed;

    (void) interp;
    if (objc == 0 || *Tcl_GetString(objv[0]) == '\0') {
        BpacketFeedsDrop(&stream->feeds);
        return TCL_OK;
    }
    feed = BpacketFeedsFind(&stream->feeds, Tcl_GetString(objv[0]));
    if (feed) {
        BpacketFeedDrop(&stream->feeds, feed);
    }
    return TCL_OK;
}

/* ---- properties --------------------------------------------------------- */

typedef enum Property {
    PROPERTY_BUFFER,
    PROPERTY_CALLBACK,
    PROPERTY_GARBAGE,
    PROPERTY_LIMIT,
    PROPERTY_OVERSIZED,
    PROPERTY_PACKETS
} Property;

static const char *const properties[] = {
        [PROPERTY_BUFFER] = "buffer",
        [PROPERTY_CALLBACK] = "callback",
        [PROPERTY_GARBAGE] = "garbage",
        [PROPERTY_LIMIT] = "limit",
        [PROPERTY_OVERSIZED] = "oversized",
        [PROPERTY_PACKETS] = "packets",
        [PROPERTY_PACKETS + 1] = NULL,
};

static Tcl_Obj *
WaitingPackets(const BpacketFeed *feed)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    const ClusterListEntry *entry = ClusterListFirst(&feed->packets);

    for (; entry; entry = ClusterListNext(&feed->packets, entry)) {
        Tcl_ListObjAppendElement(NULL, list,
                CLUSTER_LIST_ITEM(entry, BpacketPacket, ofFeed)->bytes);
    }
    return list;
}

/* dict: id -> bytes of an incomplete packet, or packets that wait. */
static Tcl_Obj *
FeedsDict(Stream *stream, Property property)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    for (entry = Tcl_FirstHashEntry(&stream->feeds.byId, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        const BpacketFeed *feed = Tcl_GetHashValue(entry);
        size_t pending = bpacket_stream_pending(feed->stream);
        Tcl_Obj *value = NULL;

        if (property == PROPERTY_PACKETS && !ClusterListEmpty(&feed->packets)) {
            value = WaitingPackets(feed);
        } else if (property == PROPERTY_BUFFER && pending > 0) {
            value = Tcl_NewWideIntObj((Tcl_WideInt) pending);
        }
        if (value) {
            Tcl_DictObjPut(NULL, dict,
                    Tcl_NewStringObj(Tcl_GetHashKey(&stream->feeds.byId, entry), -1), value);
        }
    }
    return dict;
}

/* A counter: of the feeds that are gone and those that are there. */
static Tcl_Obj *
Counter(Stream *stream, Property property)
{
    bool garbage = (property == PROPERTY_GARBAGE);
    uint64_t sum = garbage ? stream->feeds.garbage : stream->feeds.oversized;
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    for (entry = Tcl_FirstHashEntry(&stream->feeds.byId, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        const BpacketFeed *feed = Tcl_GetHashValue(entry);

        sum += garbage ? bpacket_stream_garbage(feed->stream)
                       : bpacket_stream_oversized(feed->stream);
    }
    return BpacketIntegerObj(sum);
}

static Tcl_Obj *
PropertyValue(Stream *stream, Property property)
{
    switch (property) {
    case PROPERTY_CALLBACK:
        return stream->callback;
    case PROPERTY_LIMIT:
        return BpacketIntegerObj(stream->feeds.limit);
    case PROPERTY_GARBAGE:
    case PROPERTY_OVERSIZED:
        return Counter(stream, property);
    case PROPERTY_BUFFER:
    case PROPERTY_PACKETS:
        break;
    }
    return FeedsDict(stream, property);
}

/* $stream prop name, in any case as in 1.3.2 */
static int
PropMethod(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *name = Tcl_NewStringObj(Tcl_GetString(objv[0]), -1);
    int index, code;

    (void) objc;
    Tcl_IncrRefCount(name);
    Tcl_SetObjLength(name, Tcl_UtfToLower(Tcl_GetString(name)));
    code = Tcl_GetIndexFromObj(interp, name, properties, "property", TCL_EXACT, &index);
    Tcl_DecrRefCount(name);
    if (code == TCL_OK) {
        Tcl_SetObjResult(interp, PropertyValue(self, (Property) index));
    }
    return code;
}

/*
 * ------------------------------------------------------------------------
 * The class
 * ------------------------------------------------------------------------
 */

static int
SetLimit(Stream *stream, Tcl_Interp *interp, Tcl_Obj *value)
{
    Tcl_WideInt limit;

    if (Tcl_GetWideIntFromObj(interp, value, &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    if (limit < LEAST_LIMIT || limit > TCL_SIZE_MAX / 4) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad limit \"%s\": must be %d to %lu bytes", Tcl_GetString(value),
                        LEAST_LIMIT, (unsigned long) (TCL_SIZE_MAX / 4)),
                "CLUSTER", "VALUE", (char *) NULL);
    }
    stream->feeds.limit = (size_t) limit;
    return TCL_OK;
}

/* Takes `callback PREFIX` and `limit BYTES`, with or without a dash, in any case. */
static int
SetOption(Stream *stream, Tcl_Interp *interp, Tcl_Obj *option, Tcl_Obj *value)
{
    static const char *const names[] = {"callback", "limit", NULL};
    const char *text = Tcl_GetString(option);
    Tcl_Obj *name = Tcl_NewStringObj((*text == '-') ? text + 1 : text, -1);
    int index, code;

    Tcl_IncrRefCount(name);
    Tcl_SetObjLength(name, Tcl_UtfToLower(Tcl_GetString(name)));
    code = Tcl_GetIndexFromObj(interp, name, names, "option", TCL_EXACT, &index);
    Tcl_DecrRefCount(name);
    if (code != TCL_OK) {
        return code;
    }
    return (index == 0) ? EventMethod(stream, interp, 1, &value) : SetLimit(stream, interp, value);
}

/* ::bpacket::classes::stream create NAME ?option value ...? */
static int
ConstructStream(Tcl_Interp *interp, Tcl_Object object, int objc, Tcl_Obj *const *objv)
{
    Stream *stream;
    int i;

    if (objc % 2 != 0) {
        return ClusterFail(interp,
                Tcl_NewStringObj("wrong # args: should be \"bpacket create stream name "
                                 "?-callback prefix? ?-limit bytes?\"",
                        -1),
                "TCL", "WRONGARGS", (char *) NULL);
    }
    stream = calloc(1, sizeof *stream);
    if (!stream) {
        return BpacketFailMemory(interp);
    }
    stream->refCount = 1;
    stream->interp = interp;
    stream->object = object;
    stream->callback = Tcl_NewObj();
    Tcl_IncrRefCount(stream->callback);
    BpacketFeedsInit(&stream->feeds, BPACKET_STREAM_LIMIT);
    Tcl_ObjectSetMetadata(object, &streamMetadata, stream);
    for (i = 0; i < objc; i += 2) {
        if (SetOption(stream, interp, objv[i], objv[i + 1]) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    return TCL_OK;
}

static const ClusterMethod methods[] = {
        {"append", AppendMethod, .least = 1, .most = 2, .usage = "data ?id?"},
        {"event", EventMethod, .least = 1, .most = 1, .usage = "prefix"},
        {"flush", FlushMethod, .most = 1, .usage = "?id?"},
        {"prop", PropMethod, .least = 1, .most = 1, .usage = "name"},
        {"reset", StreamResetMethod, .most = 1, .usage = "?id?"},
        {.name = NULL},
};

static const ClusterClassInfo classInfo = {
        .name = "::bpacket::classes::stream",
        .methods = methods,
        .metadata = &streamMetadata,
        .hold = HoldStream,
        .release = ReleaseStream,
        .construct = ConstructStream,
        .how = "bpacket create stream",
};

int
BpacketStreamMakeClass(Tcl_Interp *interp)
{
    Tcl_Class class = ClusterMethodCreateClass(interp, classInfo.name);

    if (!class) {
        return TCL_ERROR;
    }
    ClusterMethodInstall(interp, class, &classInfo);
    return TCL_OK;
}
