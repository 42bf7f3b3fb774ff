/*
 * sealTest.h --
 *
 *	Commands that let tests reach seals: key rings, sealed datagrams and
 *	streams; not part of the package.
 */

#ifndef SEAL_TEST_H
#define SEAL_TEST_H

#include "base/clusterCompat.h"

/* Makes sodium, keys, seal and secret in namespace ::cluster::test of interp, into which stubs were loaded. */
int Clustersealtest_Init(Tcl_Interp *interp);

#endif
