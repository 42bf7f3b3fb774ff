/*
 * lifeTest.h --
 *
 *	Commands that let tests of lifetimes and of hostile peers do what Tcl
 *	alone cannot; not part of the package.
 */

#ifndef LIFE_TEST_H
#define LIFE_TEST_H

#include "base/clusterCompat.h"

/*
 * Makes the commands in namespace ::cluster::test of interp, into which
 * stubs were loaded. Returns TCL_OK.
 */
int Clusterlifetest_Init(Tcl_Interp *interp);

#endif
