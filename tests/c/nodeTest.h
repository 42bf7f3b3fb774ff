/*
 * nodeTest.h --
 *
 *	Commands that let tests run the membership on a network in memory and a
 *	clock that is turned by hand; not part of the package.
 */

#ifndef NODE_TEST_H
#define NODE_TEST_H

#include "base/clusterCompat.h"

/*
 * Makes the commands node, network and clock in namespace ::cluster::test of
 * interp, into which stubs were loaded. Returns TCL_OK, or TCL_ERROR with a
 * message. What they make ends with the command `node`.
 */
int Clusternodetest_Init(Tcl_Interp *interp);

#endif
