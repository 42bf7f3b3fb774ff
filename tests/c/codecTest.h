/*
 * codecTest.h --
 *
 *	Commands that let tests reach the codec; not part of the package.
 */

#ifndef CODEC_TEST_H
#define CODEC_TEST_H

#include "base/clusterCompat.h"

/*
 * Makes the codec's commands in namespace ::cluster::test of interp, into
 * which stubs were loaded. Returns TCL_OK or TCL_ERROR with a message.
 */
int Clustercodectest_Init(Tcl_Interp *interp);

#endif
