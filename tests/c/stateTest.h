/*
 * stateTest.h --
 *
 *	Commands that let tests reach the state machines of the node: whether a
 *	member is alive, who has to answer, what is passed on about others, and how
 *	long an answer is waited for; not part of the package.
 */

#ifndef STATE_TEST_H
#define STATE_TEST_H

#include "base/clusterCompat.h"

/* Makes the commands liveness, awaits, news and probing in namespace ::cluster::test of interp, into which stubs were loaded. */
int Clusterstatetest_Init(Tcl_Interp *interp);

#endif
