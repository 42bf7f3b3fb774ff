/*
 * codecTestInt.h --
 *
 *	What the files of the codec's test commands share.
 */

#ifndef CODEC_TEST_INT_H
#define CODEC_TEST_INT_H

#include "bpacket/bpacketReader.h"
#include "base/clusterCompat.h"

/* ---- codecTest.c ---- */

/* The bytes of a value, borrowed. */
bpacket_span CodecTestBytesOf(Tcl_Obj *value);
Tcl_Obj *CodecTestNewBytes(bpacket_span span);
/* Leaves the status as an error in the interp. TCL_ERROR. */
int CodecTestStatusError(Tcl_Interp *interp, bpacket_status status);
/* A size from a Tcl value. */
int CodecTestGetSize(Tcl_Interp *interp, Tcl_Obj *value, size_t *size);

/* ---- codecStreamTest.c ---- */

/* stream name ?limit?: makes the command `name`, a stream. */
Tcl_ObjCmdProc CodecTestStreamCmd;

/* ---- outgoingTest.c; their client data are the keys ---- */

Tcl_ObjCmdProc OutgoingTestEncodeForCmd;
Tcl_ObjCmdProc OutgoingTestCmd;
Tcl_ObjCmdProc OutgoingTestTimeCmd;

#endif
