/*
 * clusterTest.h --
 *
 *	What the test library exports.
 */

#ifndef CLUSTER_TEST_H
#define CLUSTER_TEST_H

#include "base/clusterCompat.h"

DLLEXPORT int Clustertest_Init(Tcl_Interp *interp);

#endif
