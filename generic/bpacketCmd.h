/*
 * bpacketCmd.h --
 *
 *	Package bpacket: the ensemble ::bpacket, its classes and variables.
 */

#ifndef BPACKET_CMD_H
#define BPACKET_CMD_H

#include "clusterCompat.h"

/* The same as in pkgIndex.tcl.in. */
#define BPACKET_VERSION "1.4.0"

/*
 * Makes the commands and provides the package, unless the interp has a
 * bpacket, which is left alone then. TCL_ERROR with a message.
 */
int BpacketInit(Tcl_Interp *interp);

/* It is only computation, so safe interpreters have all of it. */
DLLEXPORT int Bpacket_Init(Tcl_Interp *interp);
DLLEXPORT int Bpacket_SafeInit(Tcl_Interp *interp);

#endif
