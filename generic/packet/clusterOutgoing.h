/*
 * clusterOutgoing.h --
 *
 *	One packet on its way out: its fields, from which the bytes are made, and
 *	the same as a dict once somebody wants to see that.
 *
 *	Made on the stack of who sends it, and encoded as often as it is sent.
 *	It begins as fields. A dict that a script gives takes the place of all of
 *	them (ClusterOutgoingAdopt); from then on the dict is what counts, with
 *	whatever is wrong in it. No interp is known.
 *
 *	Ownership: an outgoing holds one reference to each value it was given and
 *	to its dict, until they are replaced or it is freed. Values it gives out
 *	are borrowed: a caller that goes on to set, adopt or run scripts holds
 *	them. It borrows its keys, which must outlive it. It may not be copied.
 */

#ifndef CLUSTER_OUTGOING_H
#define CLUSTER_OUTGOING_H

#include "packet/clusterPayload.h"

/* A field as it was set: `value` unless that is NULL, else `number` (of a boolean 0 or 1). */
typedef struct ClusterOutgoingField {
    Tcl_Obj *value;
    uint64_t number;
} ClusterOutgoingField;

typedef struct ClusterOutgoing {
    const ClusterPayloadKeys *keys;
    Tcl_Obj *payload; /* the dict; NULL until asked for or adopted */
    bool adopted;     /* the dict is all there is; no field is set */
    uint8_t count;    /* of entries in order[] */
    uint32_t present; /* bit 1 << id for each field that is set */
    /* ids in the order they were set, but a filter first; one set again keeps its place */
    uint8_t order[CLUSTER_FIELDS];
    ClusterOutgoingField field[CLUSTER_FIELDS]; /* valid for those that are set */
} ClusterOutgoing;

/* Without fields yet. Ends with ClusterOutgoingFree. */
void ClusterOutgoingInit(ClusterOutgoing *outgoing, const ClusterPayloadKeys *keys);
/* Gives back all it holds; it may be used again after init. */
void ClusterOutgoingFree(ClusterOutgoing *outgoing);

/*
 * Set a field, anew or once more. A number is for the fields that are varints,
 * a boolean for those that are booleans, a value for any: what it cannot be
 * is found by encoding. An adopted dict is changed in a copy of our own when
 * others hold it too; one that is no dict stays as it is.
 */
void ClusterOutgoingSetNumber(ClusterOutgoing *outgoing, ClusterField id, uint64_t number);
void ClusterOutgoingSetBoolean(ClusterOutgoing *outgoing, ClusterField id, bool boolean);
void ClusterOutgoingSetValue(ClusterOutgoing *outgoing, ClusterField id, Tcl_Obj *value);

bool ClusterOutgoingHas(const ClusterOutgoing *outgoing, ClusterField id);
/* One field as a value, NULL when it is not there; borrowed, or new with refCount 0. */
Tcl_Obj *ClusterOutgoingGet(const ClusterOutgoing *outgoing, ClusterField id);
/* One field as a number; false when it is not there, or no number below 2^63. */
bool ClusterOutgoingNumber(const ClusterOutgoing *outgoing, ClusterField id, uint64_t *number);

/*
 * The payload: the adopted dict (which may turn out to be none), or one of
 * the fields in their order, made at the first call and kept until a field is
 * set. Borrowed.
 */
Tcl_Obj *ClusterOutgoingPayload(ClusterOutgoing *outgoing);
/* Takes a dict in place of all fields and of a dict it had, and holds it. Nothing is checked. */
void ClusterOutgoingAdopt(ClusterOutgoing *outgoing, Tcl_Obj *payload);

/*
 * Encodes it as one packet into the writer, which is reset first: the same
 * bytes, limits, status, *present and *culprit as ClusterPayloadEncodeFor
 * gives for the payload, without making a dict. `only` is the one word of the
 * filter of a packet that has none, NULL for no filter; it is not kept, so
 * that one outgoing can be sent to many, each time to another. The culprit is
 * borrowed from the outgoing.
 */
ClusterPayloadStatus ClusterOutgoingEncode(const ClusterOutgoing *outgoing, Tcl_Obj *only,
        bpacket_writer *writer, bpacket_span *packet, uint32_t *present, Tcl_Obj **culprit);

#endif
