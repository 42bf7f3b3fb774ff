/*
 * shellMain.c --
 *
 *	A tclsh that has the packages linked in, as a program may that is linked
 *	with the static library (configure --disable-shared).
 */

#include "clusterTest.h"

#include "bpacket/bpacketCmd.h"
#include "command/cluster.h"

/* Tcl 9 gave it another name. */
#if TCL_MAJOR_VERSION < 9
#   define Tcl_StaticLibrary Tcl_StaticPackage
#endif

/*
 * Makes the packages known to every interp; `package require` loads them by
 * the package's index, which looks for what was linked when it finds no file.
 */
static int
AppInit(Tcl_Interp *interp)
{
    if (Tcl_Init(interp) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_StaticLibrary(NULL, "Cluster", Cluster_Init, Cluster_SafeInit);
    Tcl_StaticLibrary(NULL, "Bpacket", Bpacket_Init, Bpacket_SafeInit);
    Tcl_StaticLibrary(NULL, "Clustertest", Clustertest_Init, NULL);
    return TCL_OK;
}

int
main(int argc, char **argv)
{
    Tcl_Main(argc, argv, AppInit);
    return 0;
}
