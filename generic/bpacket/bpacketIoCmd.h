/*
 * bpacketIoCmd.h --
 *
 *	Class ::bpacket::classes::io: encodes dicts as packets and decodes them.
 */

#ifndef BPACKET_IO_CMD_H
#define BPACKET_IO_CMD_H

#include "base/clusterCompat.h"

/* Makes the class, if it is not there. TCL_ERROR with a message. */
int BpacketIoMakeClass(Tcl_Interp *interp);

#endif
