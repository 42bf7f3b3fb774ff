/*
 * bpacketValueInt.h --
 *
 *	What the files that turn values into bytes and back share among
 *	themselves, and nobody else sees.
 *
 *	Those that write return false when the value is none of theirs; those
 *	that read return a new value (refCount 0), or NULL with the reader's status
 *	set.
 */

#ifndef BPACKET_VALUE_INT_H
#define BPACKET_VALUE_INT_H

#include "bpacket/bpacketValue.h"

/* Bytes of the largest integer as a varint. */
#define BPACKET_INTEGER_BYTES (BPACKET_INTEGER_BITS / 7)

/* ---- bpacketInteger.c ---------------------------------------------------- */

Tcl_Obj *BpacketReadInteger(bpacket_reader *reader);
/* The bytes of a varint, at most `most` of them. */
bpacket_span BpacketReadVarintBytes(bpacket_reader *reader, size_t most);
/* The value of a varint of any size within bounds. */
Tcl_Obj *BpacketBigObj(bpacket_span varint);

/* ---- bpacketFloat.c ------------------------------------------------------ */

/* Byte 0 and 32 bits of IEEE 754, or byte 1 and 64 bits. */
bool BpacketWriteFloat(bpacket_writer *writer, Tcl_Obj *value);
Tcl_Obj *BpacketReadFloat(bpacket_reader *reader);
/* Sign byte (1 for positive), the integer part and the fraction as varints. */
bool BpacketWriteVfloat(bpacket_writer *writer, Tcl_Obj *value);
Tcl_Obj *BpacketReadVfloat(bpacket_reader *reader);

/* ---- bpacketValue.c ------------------------------------------------------ */

/* Frees a value that nobody holds. */
void BpacketDiscard(Tcl_Obj *value);

#endif
