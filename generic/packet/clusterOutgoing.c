/*
 * clusterOutgoing.c --
 *
 *	Keeps the fields of a packet to be sent, and makes its bytes or a dict.
 */

#include "packet/clusterOutgoing.h"

#include "base/clusterHold.h"
#include "bpacket/bpacketValue.h"
#include "packet/clusterPayloadInt.h"

#include <string.h>

_Static_assert(CLUSTER_FIELDS <= 32, "ClusterOutgoing.present has a bit for each field");

#define IsSet(outgoing, id) (((outgoing)->present & (1u << (id))) != 0)

static void
DropPayload(ClusterOutgoing *outgoing)
{
    ClusterReplaceObj(&outgoing->payload, NULL);
}

static void
DropFields(ClusterOutgoing *outgoing)
{
    for (unsigned i = 0; i < outgoing->count; i++) {
        ClusterOutgoingField *field = &outgoing->field[outgoing->order[i]];

        if (field->value) {
            Tcl_DecrRefCount(field->value);
        }
    }
    outgoing->count = 0;
    outgoing->present = 0;
}

void
ClusterOutgoingInit(ClusterOutgoing *outgoing, const ClusterPayloadKeys *keys)
{
    outgoing->keys = keys;
    outgoing->payload = NULL;
    outgoing->adopted = false;
    outgoing->count = 0;
    outgoing->present = 0;
}

void
ClusterOutgoingFree(ClusterOutgoing *outgoing)
{
    DropFields(outgoing);
    DropPayload(outgoing);
    outgoing->adopted = false;
}

/* ---- setting fields ------------------------------------------------------ */

/*
 * The field, empty, with its place in the order; a dict of the fields made
 * before is gone. A filter comes first, so that who is not meant need not
 * read on.
 */
static ClusterOutgoingField *
FieldToSet(ClusterOutgoing *outgoing, ClusterField id)
{
    ClusterOutgoingField *field = &outgoing->field[id];

    DropPayload(outgoing);
    if (IsSet(outgoing, id)) {
        if (field->value) {
            Tcl_DecrRefCount(field->value);
        }
    } else if (id == CLUSTER_FILTER) {
        memmove(outgoing->order + 1, outgoing->order, outgoing->count++);
        outgoing->order[0] = (uint8_t) id;
    } else {
        outgoing->order[outgoing->count++] = (uint8_t) id;
    }
    outgoing->present |= 1u << id;
    field->value = NULL;
    return field;
}

/* The same in an adopted dict. */
static void
PutAdopted(ClusterOutgoing *outgoing, ClusterField id, Tcl_Obj *value)
{
    Tcl_Size size;

    Tcl_IncrRefCount(value);
    if (Tcl_DictObjSize(NULL, outgoing->payload, &size) == TCL_OK) {
        if (Tcl_IsShared(outgoing->payload)) {
            ClusterOutgoingAdopt(outgoing, Tcl_DuplicateObj(outgoing->payload));
        }
        Tcl_DictObjPut(NULL, outgoing->payload, outgoing->keys->name[id], value);
    }
    Tcl_DecrRefCount(value);
}

void
ClusterOutgoingSetNumber(ClusterOutgoing *outgoing, ClusterField id, uint64_t number)
{
    if (outgoing->adopted) {
        PutAdopted(outgoing, id, BpacketIntegerObj(number));
    } else {
        FieldToSet(outgoing, id)->number = number;
    }
}

void
ClusterOutgoingSetBoolean(ClusterOutgoing *outgoing, ClusterField id, bool boolean)
{
    if (outgoing->adopted) {
        PutAdopted(outgoing, id, Tcl_NewWideIntObj(boolean ? 1 : 0));
    } else {
        FieldToSet(outgoing, id)->number = boolean ? 1 : 0;
    }
}

void
ClusterOutgoingSetValue(ClusterOutgoing *outgoing, ClusterField id, Tcl_Obj *value)
{
    if (outgoing->adopted) {
        PutAdopted(outgoing, id, value);
        return;
    }
    Tcl_IncrRefCount(value); /* first: it may be the one that is set */
    FieldToSet(outgoing, id)->value = value;
}

/* ---- reading fields ------------------------------------------------------ */

/* Of an adopted dict, borrowed; NULL when it is not there, or no dict is. */
static Tcl_Obj *
AdoptedValue(const ClusterOutgoing *outgoing, ClusterField id)
{
    Tcl_Obj *value = NULL;

    (void) Tcl_DictObjGet(NULL, outgoing->payload, outgoing->keys->name[id], &value);
    return value;
}

bool
ClusterOutgoingHas(const ClusterOutgoing *outgoing, ClusterField id)
{
    return outgoing->adopted ? AdoptedValue(outgoing, id) != NULL : IsSet(outgoing, id);
}

Tcl_Obj *
ClusterOutgoingGet(const ClusterOutgoing *outgoing, ClusterField id)
{
    const ClusterOutgoingField *field = &outgoing->field[id];

    if (outgoing->adopted) {
        return AdoptedValue(outgoing, id);
    }
    if (!IsSet(outgoing, id)) {
        return NULL;
    }
    return field->value ? field->value : BpacketIntegerObj(field->number);
}

bool
ClusterOutgoingNumber(const ClusterOutgoing *outgoing, ClusterField id, uint64_t *number)
{
    Tcl_Obj *value;
    Tcl_WideInt wide;
    double sign;

    if (!outgoing->adopted && IsSet(outgoing, id) && !outgoing->field[id].value) {
        *number = outgoing->field[id].number;
        return *number <= INT64_MAX;
    }
    value = ClusterOutgoingGet(outgoing, id); /* not new: it is no number of ours */
    if (!value || Tcl_GetWideIntFromObj(NULL, value, &wide) != TCL_OK || wide < 0
            || Tcl_GetDoubleFromObj(NULL, value, &sign) != TCL_OK || sign < 0) {
        return false; /* Tcl 8.6 wraps numbers down to -2^64 around; their double tells */
    }
    *number = (uint64_t) wide;
    return true;
}

/* ---- as a dict ----------------------------------------------------------- */

Tcl_Obj *
ClusterOutgoingPayload(ClusterOutgoing *outgoing)
{
    Tcl_Obj *payload = outgoing->payload;

    if (payload) {
        return payload;
    }
    payload = Tcl_NewDictObj();
    Tcl_IncrRefCount(payload);
    for (unsigned i = 0; i < outgoing->count; i++) {
        ClusterField id = (ClusterField) outgoing->order[i];

        Tcl_DictObjPut(NULL, payload, outgoing->keys->name[id], ClusterOutgoingGet(outgoing, id));
    }
    outgoing->payload = payload;
    return payload;
}

void
ClusterOutgoingAdopt(ClusterOutgoing *outgoing, Tcl_Obj *payload)
{
    Tcl_IncrRefCount(payload); /* first: it may be held only by what is dropped */
    DropFields(outgoing);
    DropPayload(outgoing);
    outgoing->payload = payload;
    outgoing->adopted = true;
}

/* ---- as a packet --------------------------------------------------------- */

static ClusterPayloadStatus
WriteOutgoingField(bpacket_writer *writer, ClusterField id, const ClusterOutgoingField *field)
{
    if (field->value) {
        return ClusterPayloadWriteField(writer, id, field->value);
    }
    bpacket_write_varint(writer, (uint64_t) id);
    if (clusterFields[id].type == CLUSTER_BOOLEAN) {
        bpacket_write_boolean(writer, field->number != 0);
    } else {
        bpacket_write_varint(writer, field->number);
    }
    return CLUSTER_PAYLOAD_OK;
}

static ClusterPayloadStatus
EncodeOutgoing(const ClusterOutgoing *outgoing, Tcl_Obj *only, bpacket_writer *writer,
        bpacket_span *packet, uint32_t *present, Tcl_Obj **culprit)
{
    *present = 0;
    ClusterPayloadBegin(writer, only);
    for (unsigned i = 0; i < outgoing->count; i++) {
        ClusterField id = (ClusterField) outgoing->order[i];
        ClusterPayloadStatus status = WriteOutgoingField(writer, id, &outgoing->field[id]);

        *present |= 1u << id;
        if (status != CLUSTER_PAYLOAD_OK) {
            if (culprit && status != CLUSTER_PAYLOAD_TOO_LARGE) {
                *culprit = outgoing->keys->name[id];
            }
            return status;
        }
    }
    return ClusterPayloadFinish(writer, packet);
}

ClusterPayloadStatus
ClusterOutgoingEncode(const ClusterOutgoing *outgoing, Tcl_Obj *only, bpacket_writer *writer,
        bpacket_span *packet, uint32_t *present, Tcl_Obj **culprit)
{
    if (only && ClusterOutgoingHas(outgoing, CLUSTER_FILTER)) {
        only = NULL;
    }
    if (outgoing->adopted) {
        return ClusterPayloadEncodeFor(outgoing->payload, only, writer, packet, present, culprit);
    }
    return EncodeOutgoing(outgoing, only, writer, packet, present, culprit);
}
