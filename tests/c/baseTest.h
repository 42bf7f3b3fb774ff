/*
 * baseTest.h --
 *
 *	Commands that let tests reach lists, heaps, tables, deadlines and timers; not
 *	part of the package.
 */

#ifndef BASE_TEST_H
#define BASE_TEST_H

#include "base/clusterCompat.h"

/*
 * Makes the commands chain, heap and deadlines (baseTest.c) and timers
 * (timerTest.c), hash and table (tableTest.c) in namespace ::cluster::test of interp, into which stubs were
 * loaded. Each has one list, heap or clock, and entries that are named by
 * numbers from 0.
 */
int Clusterbasetest_Init(Tcl_Interp *interp);
int Clustertimertest_Init(Tcl_Interp *interp);
int Clustertabletest_Init(Tcl_Interp *interp);

/* So many entries there are. */
#define BASE_TEST_ENTRIES 1024

/* Reads the number of an entry. TCL_ERROR with a message. */
int BaseTestEntry(Tcl_Interp *interp, Tcl_Obj *word, int *number);

#endif
