/*
 * bpacketValue.h --
 *
 *	Between Tcl values and the bytes of a field, type by type. No interp is
 *	known: faults come back as an enum, and bpacketError.c makes messages of them.
 */

#ifndef BPACKET_VALUE_H
#define BPACKET_VALUE_H

#include "bpacket/bpacketReader.h"
#include "bpacket/bpacketTemplate.h"
#include "bpacket/bpacketWriter.h"
#include "base/clusterCompat.h"

/*
 * Largest integer in a packet, in bits (1168 bytes as a varint): turning it
 * into decimal takes time quadratic in them.
 */
#define BPACKET_INTEGER_BITS 8176

/* Most elements in all lists of a packet: they cost far more memory as Tcl values than as bytes. */
#define BPACKET_MAX_ELEMENTS (1024u * 1024u)

typedef enum BpacketFault {
    BPACKET_VALUE_OK = 0,
    BPACKET_NOT_INTEGER, /* no integer from 0 to below 2^BPACKET_INTEGER_BITS */
    BPACKET_NOT_NUMBER,  /* no finite number */
    BPACKET_NOT_BOOLEAN,
    BPACKET_NOT_BYTES, /* a character above U+00FF */
    BPACKET_NOT_LIST,
    BPACKET_NOT_DICT,
    BPACKET_MISSING_KEY,
    BPACKET_NEEDS_KEYS, /* a dict without keys in the template */
    BPACKET_TOO_MANY    /* elements */
} BpacketFault;

/* Why a value cannot be encoded; the culprit is the value, an element of it or a key, borrowed. */
typedef struct BpacketProblem {
    BpacketFault fault;
    Tcl_Obj *culprit;
} BpacketProblem;

/*
 * Appends value as `type` (not BPACKET_TYPE_OWN). keys is the list of the
 * field's keys, NULL for none. Returns false with the problem; the writer may
 * hold part of the value then. A full writer is no problem here: it has its
 * own status.
 */
bool BpacketWriteValue(bpacket_writer *writer, bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value,
        BpacketProblem *problem);

/*
 * Reads a value of `type` (not BPACKET_TYPE_OWN) as a new Tcl value (refCount
 * 0), or returns NULL with the reader's status set. *budget is how many
 * elements of lists there may still be, and goes down by those read.
 */
Tcl_Obj *BpacketReadValue(bpacket_reader *reader, bpacket_type type, Tcl_Obj *keys, size_t *budget);

/* The same for the parts that other formats use too. False: nothing was written. */
bool BpacketWriteInteger(bpacket_writer *writer, Tcl_Obj *value, unsigned bits);
bool BpacketWriteRaw(bpacket_writer *writer, Tcl_Obj *value);
bool BpacketWriteBoolean(bpacket_writer *writer, Tcl_Obj *value);
void BpacketWriteText(bpacket_writer *writer, Tcl_Obj *value);

/* New values (refCount 0). */
Tcl_Obj *BpacketIntegerObj(uint64_t number);
Tcl_Obj *BpacketTextObj(bpacket_span wire);
Tcl_Obj *BpacketListObj(bpacket_list list);
Tcl_Obj *BpacketBytesObj(bpacket_span bytes);

/*
 * The bytes of a value; false when it has a character above U+00FF, which
 * Tcl 8.6 would cut without a word. Valid until the value changes its form:
 * evaluate no script meanwhile.
 */
bool BpacketGetBytes(Tcl_Obj *value, bpacket_span *bytes);

#endif
