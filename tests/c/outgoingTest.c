/*
 * outgoingTest.c --
 *
 *	Commands in namespace ::cluster::test that let tests reach outgoing
 *	packets, and measure them beside dicts.
 */

#include "packet/clusterOutgoing.h"
#include "codecTestInt.h"

#include <stdlib.h>

static const char *const statusNames[] = {
        [CLUSTER_PAYLOAD_OK] = "OK",
        [CLUSTER_PAYLOAD_NOT_DICT] = "NOT_DICT",
        [CLUSTER_PAYLOAD_UNKNOWN_KEY] = "UNKNOWN_KEY",
        [CLUSTER_PAYLOAD_BAD_VALUE] = "BAD_VALUE",
        [CLUSTER_PAYLOAD_TOO_LARGE] = "TOO_LARGE",
        [CLUSTER_PAYLOAD_INCOMPLETE] = "INCOMPLETE",
};

/* {OK packet present}, or the status and, if there is one, the culprit in a list. A new value. */
static Tcl_Obj *
Encoded(ClusterPayloadStatus status, bpacket_span packet, uint32_t present, Tcl_Obj *culprit)
{
    Tcl_Obj *result = Tcl_NewListObj(0, NULL);

    Tcl_ListObjAppendElement(NULL, result, Tcl_NewStringObj(statusNames[status], -1));
    if (status == CLUSTER_PAYLOAD_OK) {
        Tcl_ListObjAppendElement(NULL, result, CodecTestNewBytes(packet));
        Tcl_ListObjAppendElement(NULL, result, Tcl_NewWideIntObj((Tcl_WideInt) present));
    } else if (culprit) {
        Tcl_ListObjAppendElement(NULL, result, culprit);
    }
    return result;
}

/* An optional word, NULL when it is not there or empty. */
static Tcl_Obj *
WordOf(Tcl_Size count, Tcl_Obj *const *words, Tcl_Size index)
{
    Tcl_Size length = 0;

    if (index < count) {
        Tcl_GetStringFromObj(words[index], &length);
    }
    return length > 0 ? words[index] : NULL;
}

/* encodefor payload ?only? ?limit?: what ClusterPayloadEncodeFor gives; see Encoded. */
int
OutgoingTestEncodeForCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    ClusterPayloadStatus status;
    bpacket_writer writer;
    bpacket_span packet = {NULL, 0};
    Tcl_Obj *culprit = NULL;
    uint32_t present;
    size_t limit = 0;

    (void) clientData;
    if (objc < 2 || objc > 4) {
        Tcl_WrongNumArgs(interp, 1, objv, "payload ?only? ?limit?");
        return TCL_ERROR;
    }
    if (objc > 3 && CodecTestGetSize(interp, objv[3], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    status = ClusterPayloadEncodeFor(objv[1], WordOf(objc, objv, 2), &writer, &packet, &present,
            &culprit);
    Tcl_SetObjResult(interp, Encoded(status, packet, present, culprit));
    bpacket_writer_free(&writer);
    return TCL_OK;
}

/* ---- one outgoing -------------------------------------------------------- */

enum {
    DO_ADOPT,
    DO_BOOLEAN,
    DO_DICT,
    DO_ENCODE,
    DO_FREE,
    DO_GET,
    DO_HAS,
    DO_NUMBER,
    DO_READ,
    DO_SAME,
    DO_VALUE
};

static const char *const stepNames[] = {"adopt", "boolean", "dict", "encode", "free", "get", "has",
        "number", "read", "same", "value", NULL};

/* So many words has each step, its name included; encode has up to two more. */
static const Tcl_Size stepWords[] = {2, 3, 1, 1, 1, 2, 2, 3, 2, 1, 3};

static int
GetField(Tcl_Interp *interp, Tcl_Obj *name, ClusterField *id)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(name, &length);
    int found = ClusterFieldByName(text, (size_t) length);

    if (!found) {
        Tcl_SetObjResult(interp, Tcl_ObjPrintf("no field \"%s\"", text));
        return TCL_ERROR;
    }
    *id = (ClusterField) found;
    return TCL_OK;
}

/* encode ?only? ?limit? */
static int
EncodeStep(Tcl_Interp *interp, ClusterOutgoing *outgoing, Tcl_Size count, Tcl_Obj *const *words,
        Tcl_Obj *results)
{
    Tcl_Obj *only = WordOf(count, words, 1), *culprit = NULL;
    ClusterPayloadStatus status;
    bpacket_writer writer;
    bpacket_span packet = {NULL, 0};
    uint32_t present;
    size_t limit = 0;

    if (count > 2 && CodecTestGetSize(interp, words[2], &limit) != TCL_OK) {
        return TCL_ERROR;
    }
    bpacket_writer_init(&writer, limit);
    /* Twice, so that the second finds a used writer. */
    (void) ClusterOutgoingEncode(outgoing, only, &writer, &packet, &present, NULL);
    status = ClusterOutgoingEncode(outgoing, only, &writer, &packet, &present, &culprit);
    Tcl_ListObjAppendElement(NULL, results, Encoded(status, packet, present, culprit));
    bpacket_writer_free(&writer);
    return TCL_OK;
}

/* Sets a field. */
static int
SetStep(Tcl_Interp *interp, ClusterOutgoing *outgoing, int step, ClusterField id, Tcl_Obj *value)
{
    Tcl_WideInt number;
    int boolean;

    switch (step) {
    case DO_NUMBER: /* -1 stands for 2^64 - 1, and so on */
        if (Tcl_GetWideIntFromObj(interp, value, &number) != TCL_OK) {
            return TCL_ERROR;
        }
        ClusterOutgoingSetNumber(outgoing, id, (uint64_t) number);
        return TCL_OK;
    case DO_BOOLEAN:
        if (Tcl_GetBooleanFromObj(interp, value, &boolean) != TCL_OK) {
            return TCL_ERROR;
        }
        ClusterOutgoingSetBoolean(outgoing, id, boolean != 0);
        return TCL_OK;
    default:
        ClusterOutgoingSetValue(outgoing, id, value);
        return TCL_OK;
    }
}

/* What a field has, as each way of asking tells it; {} for nothing. */
static Tcl_Obj *
Asked(const ClusterOutgoing *outgoing, int step, ClusterField id)
{
    uint64_t number;
    Tcl_Obj *value;

    switch (step) {
    case DO_HAS:
        return Tcl_NewBooleanObj(ClusterOutgoingHas(outgoing, id));
    case DO_READ:
        return ClusterOutgoingNumber(outgoing, id, &number)
                ? Tcl_NewWideIntObj((Tcl_WideInt) number)
                : Tcl_NewObj();
    default:
        value = ClusterOutgoingGet(outgoing, id);
        return value ? value : Tcl_NewObj();
    }
}

/* Is the dict made once: asked for twice, the same value? */
static bool
SameDict(ClusterOutgoing *outgoing)
{
    Tcl_Obj *first = ClusterOutgoingPayload(outgoing);
    bool same;

    Tcl_IncrRefCount(first);
    same = ClusterOutgoingPayload(outgoing) == first;
    Tcl_DecrRefCount(first);
    return same;
}

/* One step, a list; appends to the results what it tells. */
static int
Step(Tcl_Interp *interp, ClusterOutgoing *outgoing, Tcl_Obj *list, Tcl_Obj *results)
{
    const ClusterPayloadKeys *keys = outgoing->keys;
    Tcl_Obj **words;
    Tcl_Size count;
    ClusterField id = CLUSTER_TYPE;
    int step;

    if (Tcl_ListObjGetElements(interp, list, &count, &words) != TCL_OK || count == 0
            || Tcl_GetIndexFromObj(interp, words[0], stepNames, "step", 0, &step) != TCL_OK) {
        return TCL_ERROR;
    }
    if (count < stepWords[step]) {
        Tcl_SetObjResult(interp, Tcl_ObjPrintf("too few words in \"%s\"", Tcl_GetString(list)));
        return TCL_ERROR;
    }
    if (step != DO_ADOPT && stepWords[step] > 1 && GetField(interp, words[1], &id) != TCL_OK) {
        return TCL_ERROR;
    }
    switch (step) {
    case DO_ADOPT:
        ClusterOutgoingAdopt(outgoing, words[1]);
        return TCL_OK;
    case DO_DICT:
        return Tcl_ListObjAppendElement(interp, results, ClusterOutgoingPayload(outgoing));
    case DO_SAME:
        return Tcl_ListObjAppendElement(interp, results, Tcl_NewBooleanObj(SameDict(outgoing)));
    case DO_ENCODE:
        return EncodeStep(interp, outgoing, count, words, results);
    case DO_FREE:
        ClusterOutgoingFree(outgoing);
        ClusterOutgoingInit(outgoing, keys);
        return TCL_OK;
    case DO_GET:
    case DO_HAS:
    case DO_READ:
        return Tcl_ListObjAppendElement(interp, results, Asked(outgoing, step, id));
    default:
        return SetStep(interp, outgoing, step, id, words[2]);
    }
}

/*
 * outgoing ?step ...?: takes an outgoing through steps, each a list, and
 * gives the list of what they tell:
 *
 *	number|boolean|value FIELD VALUE, adopt PAYLOAD, free	nothing
 *	encode ?ONLY? ?LIMIT?	see Encoded; ONLY {} for none
 *	dict			the payload
 *	same			1: asked twice, the same dict
 *	has|get|read FIELD	is it there; its value; it as a number
 */
int
OutgoingTestCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Tcl_Obj *results = Tcl_NewListObj(0, NULL);
    ClusterOutgoing outgoing;
    int i, code = TCL_OK;

    Tcl_IncrRefCount(results);
    ClusterOutgoingInit(&outgoing, clientData);
    for (i = 1; i < objc && code == TCL_OK; i++) {
        code = Step(interp, &outgoing, objv[i], results);
    }
    ClusterOutgoingFree(&outgoing);
    if (code == TCL_OK) {
        Tcl_SetObjResult(interp, results);
    }
    Tcl_DecrRefCount(results);
    return code;
}

/* ---- measuring ----------------------------------------------------------- */

/* An event, and the writer it goes to. */
typedef struct Event {
    const ClusterPayloadKeys *keys;
    Tcl_Obj *sid, *hid, *protocols, *data; /* held */
    bpacket_writer writer;
    bpacket_span packet;
} Event;

/* As events were made when a dict stood between them and their bytes. */
static void
SendDict(Event *event)
{
    Tcl_Obj *const *name = event->keys->name;
    Tcl_Obj *extra = Tcl_NewDictObj(), *payload = Tcl_NewDictObj();
    Tcl_Obj *key, *value;
    Tcl_DictSearch search;
    uint32_t present;
    int done;

    Tcl_IncrRefCount(extra);
    Tcl_IncrRefCount(payload);
    Tcl_DictObjPut(NULL, extra, name[CLUSTER_DATA], event->data);
    Tcl_DictObjGet(NULL, extra, name[CLUSTER_FILTER], &value);
    Tcl_DictObjPut(NULL, payload, name[CLUSTER_SID], event->sid);
    Tcl_DictObjPut(NULL, payload, name[CLUSTER_HID], event->hid);
    Tcl_DictObjPut(NULL, payload, name[CLUSTER_TYPE], Tcl_NewWideIntObj(6));
    Tcl_DictObjPut(NULL, payload, name[CLUSTER_CHANNEL], Tcl_NewWideIntObj(0));
    Tcl_DictObjPut(NULL, payload, name[CLUSTER_PROTOCOLS], event->protocols);
    (void) Tcl_DictObjFirst(NULL, extra, &search, &key, &value, &done);
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        Tcl_DictObjPut(NULL, payload, key, value);
    }
    Tcl_DictObjDone(&search);
    (void) ClusterPayloadEncodeFor(payload, event->sid, &event->writer, &event->packet, &present,
            NULL);
    Tcl_DecrRefCount(payload);
    Tcl_DecrRefCount(extra);
}

static void
MakeEvent(ClusterOutgoing *outgoing, const Event *event)
{
    ClusterOutgoingInit(outgoing, event->keys);
    ClusterOutgoingSetValue(outgoing, CLUSTER_SID, event->sid);
    ClusterOutgoingSetValue(outgoing, CLUSTER_HID, event->hid);
    ClusterOutgoingSetNumber(outgoing, CLUSTER_TYPE, 6);
    ClusterOutgoingSetNumber(outgoing, CLUSTER_CHANNEL, 0);
    ClusterOutgoingSetValue(outgoing, CLUSTER_PROTOCOLS, event->protocols);
    ClusterOutgoingSetValue(outgoing, CLUSTER_DATA, event->data);
}

static void
SendFields(Event *event)
{
    ClusterOutgoing outgoing;
    uint32_t present;

    MakeEvent(&outgoing, event);
    (void) ClusterOutgoingEncode(&outgoing, event->sid, &event->writer, &event->packet, &present,
            NULL);
    ClusterOutgoingFree(&outgoing);
}

/* The same when somebody wants the dict as well. */
static void
SendBoth(Event *event)
{
    ClusterOutgoing outgoing;
    uint32_t present;

    MakeEvent(&outgoing, event);
    (void) ClusterOutgoingPayload(&outgoing);
    (void) ClusterOutgoingEncode(&outgoing, event->sid, &event->writer, &event->packet, &present,
            NULL);
    ClusterOutgoingFree(&outgoing);
}

#define WAYS 3

static int
ByNumber(const void *one, const void *other)
{
    double a = *(const double *) one, b = *(const double *) other;

    return (a > b) - (a < b);
}

/* Nanoseconds that one call takes, of so many. */
static double
Measure(void (*way)(Event *), Event *event, int calls)
{
    Tcl_Time before, after;

    Tcl_GetTime(&before);
    for (int i = 0; i < calls; i++) {
        way(event);
    }
    Tcl_GetTime(&after);
    return ((double) (after.sec - before.sec) * 1e9 + (double) (after.usec - before.usec) * 1e3)
            / calls;
}

/* The medians of so many rounds, in which the ways take turns; a new list. NULL without memory. */
static Tcl_Obj *
Medians(Event *event, int rounds, int calls)
{
    static void (*const ways[WAYS])(Event *) = {SendDict, SendFields, SendBoth};
    double *times = malloc(WAYS * (size_t) rounds * sizeof *times);
    Tcl_Obj *medians;

    if (!times) {
        return NULL;
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < WAYS; i++) {
            times[i * rounds + round] = Measure(ways[i], event, calls);
        }
    }
    medians = Tcl_NewListObj(0, NULL);
    for (int i = 0; i < WAYS; i++) {
        double *mine = times + i * rounds;

        qsort(mine, (size_t) rounds, sizeof *mine, ByNumber);
        Tcl_ListObjAppendElement(NULL, medians, Tcl_NewDoubleObj(mine[rounds / 2]));
    }
    free(times);
    return medians;
}

/*
 * outgoingtime sid hid protocols data rounds calls: nanoseconds that an event
 * to one member takes from its values to its packet: as a dict, as fields,
 * as fields of which somebody wants the dict as well.
 */
int
OutgoingTestTimeCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Event event;
    Tcl_Obj *medians;
    size_t rounds, calls;

    if (objc != 7) {
        Tcl_WrongNumArgs(interp, 1, objv, "sid hid protocols data rounds calls");
        return TCL_ERROR;
    }
    if (CodecTestGetSize(interp, objv[5], &rounds) != TCL_OK
            || CodecTestGetSize(interp, objv[6], &calls) != TCL_OK) {
        return TCL_ERROR;
    }
    if (rounds < 1 || rounds > 100000 || calls < 1 || calls > 1000000) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("rounds or calls out of range", -1));
        return TCL_ERROR;
    }
    event.keys = clientData;
    event.sid = objv[1];
    event.hid = objv[2];
    event.protocols = objv[3];
    event.data = objv[4];
    bpacket_writer_init(&event.writer, 0);
    medians = Medians(&event, (int) rounds, (int) calls);
    bpacket_writer_free(&event.writer);
    if (!medians) {
        return CodecTestStatusError(interp, BPACKET_NO_MEMORY);
    }
    Tcl_SetObjResult(interp, medians);
    return TCL_OK;
}
