/*
 * bpacketCmd.h --
 *
 *	Package bpacket: the ensemble ::bpacket, its classes and variables.
 */

#ifndef BPACKET_CMD_H
#define BPACKET_CMD_H

#include "bpacket/bpacketTemplate.h"
#include "base/clusterCompat.h"

/* The same as in pkgIndex.tcl.in. */
#define BPACKET_VERSION "1.4.0"

/*
 * Makes the commands and provides the package, unless the interp has a
 * bpacket, which is left alone then. TCL_ERROR with a message.
 */
int BpacketInit(Tcl_Interp *interp);

/*
 * Leaves the bytes of a value as the interp's result. keys is the list of the
 * field's keys, NULL for none. TCL_ERROR with a message.
 */
int BpacketEncode(Tcl_Interp *interp, bpacket_type type, Tcl_Obj *keys, Tcl_Obj *value);

/* It is only computation, so safe interpreters have all of it. */
DLLEXPORT int Bpacket_Init(Tcl_Interp *interp);
DLLEXPORT int Bpacket_SafeInit(Tcl_Interp *interp);

#endif
