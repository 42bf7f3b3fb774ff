/*
 * clusterTest.c --
 *
 *	Loads the package together with the commands that only tests need.
 */

#include "clusterTest.h"

#include "cluster.h"
#include "codecTest.h"

int
Clustertest_Init(Tcl_Interp *interp)
{
    if (Cluster_Init(interp) != TCL_OK || Clustercodectest_Init(interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return Tcl_PkgProvideEx(interp, "clustertest", PACKAGE_VERSION, NULL);
}
