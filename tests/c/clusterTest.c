/*
 * clusterTest.c --
 *
 *	Loads the package together with the commands that only tests need.
 */

#include "clusterTest.h"

#include "baseTest.h"
#include "blobTest.h"
#include "command/cluster.h"
#include "codecTest.h"
#include "crowdTest.h"
#include "fuzzTest.h"
#include "lifeTest.h"
#include "nodeTest.h"
#include "sealTest.h"
#include "stateTest.h"
#include "unicastTest.h"
#include "workTest.h"

int
Clustertest_Init(Tcl_Interp *interp)
{
    if (Cluster_Init(interp) != TCL_OK || Clustercodectest_Init(interp) != TCL_OK
            || Clusterlifetest_Init(interp) != TCL_OK || Clusterblobtest_Init(interp) != TCL_OK
            || Clusternodetest_Init(interp) != TCL_OK || Clusterfuzztest_Init(interp) != TCL_OK
            || Clusterbasetest_Init(interp) != TCL_OK || Clustertimertest_Init(interp) != TCL_OK
            || Clustertabletest_Init(interp) != TCL_OK || Clusterstatetest_Init(interp) != TCL_OK
            || Clusterunicasttest_Init(interp) != TCL_OK || Clustercrowdtest_Init(interp) != TCL_OK
            || Clusterworktest_Init(interp) != TCL_OK || Clustersealtest_Init(interp) != TCL_OK) {
        return TCL_ERROR;
    }
    return Tcl_PkgProvideEx(interp, "clustertest", PACKAGE_VERSION, NULL);
}
