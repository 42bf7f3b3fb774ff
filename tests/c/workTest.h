/*
 * workTest.h --
 *
 *	The command that counts work.
 */

#ifndef WORK_TEST_H
#define WORK_TEST_H

#include "base/clusterCompat.h"

int Clusterworktest_Init(Tcl_Interp *interp);

#endif
