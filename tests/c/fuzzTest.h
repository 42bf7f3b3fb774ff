/*
 * fuzzTest.h --
 *
 *	A command that hands bytes to a fuzz target; not part of the package.
 */

#ifndef FUZZ_TEST_H
#define FUZZ_TEST_H

#include "base/clusterCompat.h"

/*
 * Makes the command ::cluster::test::fuzz in interp, into which stubs were
 * loaded. Returns TCL_OK, or TCL_ERROR with a message.
 */
int Clusterfuzztest_Init(Tcl_Interp *interp);

#endif
