/*
 * bpacketError.h --
 *
 *	Messages and error codes for what goes wrong in the codec. The first
 *	words of the codes are those of bpacket 1.3.2 (BINARY_PACKET) where it
 *	meant to give one, else CLUSTER.
 */

#ifndef BPACKET_ERROR_H
#define BPACKET_ERROR_H

#include "bpacket/bpacketReader.h"
#include "bpacket/bpacketTemplate.h"
#include "bpacket/bpacketValue.h"
#include "base/clusterCompat.h"

/* Each leaves the error in the interp and returns TCL_ERROR. */

/* Bytes that cannot be decoded: what the reader or writer says. */
int BpacketFailStatus(Tcl_Interp *interp, bpacket_status status);
/* A value that cannot be encoded; name is the field's, NULL for none. */
int BpacketFailValue(Tcl_Interp *interp, const BpacketProblem *problem, bpacket_type type,
        Tcl_Obj *name);
int BpacketFailTemplate(Tcl_Interp *interp, const bpacket_template_fault *fault);
int BpacketFailMemory(Tcl_Interp *interp);

#endif
