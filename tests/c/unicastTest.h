/*
 * unicastTest.h --
 *
 *	Commands that let tests reach transport `d` directly; not part of the
 *	package.
 */

#ifndef UNICAST_TEST_H
#define UNICAST_TEST_H

#include "base/clusterCompat.h"

/* Makes the command unicast in namespace ::cluster::test of interp, into which stubs were loaded. */
int Clusterunicasttest_Init(Tcl_Interp *interp);

#endif
