/*
 * crowdTest.h --
 *
 *	The command that simulates thousands of members on a network in memory; not
 *	part of the package.
 */

#ifndef CROWD_TEST_H
#define CROWD_TEST_H

#include "base/clusterCompat.h"

/* Makes the command crowd in namespace ::cluster::test of interp, into which stubs were loaded. */
int Clustercrowdtest_Init(Tcl_Interp *interp);

#endif
