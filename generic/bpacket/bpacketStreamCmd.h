/*
 * bpacketStreamCmd.h --
 *
 *	Class ::bpacket::classes::stream: puts packets together from pieces and
 *	hands them to a callback.
 */

#ifndef BPACKET_STREAM_CMD_H
#define BPACKET_STREAM_CMD_H

#include "base/clusterCompat.h"

/* Makes the class, if it is not there. TCL_ERROR with a message. */
int BpacketStreamMakeClass(Tcl_Interp *interp);

#endif
