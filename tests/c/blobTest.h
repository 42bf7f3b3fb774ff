/*
 * blobTest.h --
 *
 *	Commands that let tests reach counted packets and their queues; not part
 *	of the package.
 */

#ifndef BLOB_TEST_H
#define BLOB_TEST_H

#include "base/clusterCompat.h"

/* Makes the command blobs in namespace ::cluster::test of interp, into which stubs were loaded. */
int Clusterblobtest_Init(Tcl_Interp *interp);

#endif
