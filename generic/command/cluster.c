/*
 * cluster.c --
 *
 *	Loads the package into an interpreter.
 */

#include "command/cluster.h"

#include "bpacket/bpacketCmd.h"
#include "base/clusterError.h"
#include "command/clusterCommandInt.h"
#include "command/clusterCommands.h"
#include "script/clusterHooks.h"
#include "script/clusterInterp.h"

/* Namespaces of the package; scripts list services by them. */
static const char *const namespaces[] = {"::cluster", "::cluster::clusters", "::cluster::protocol",
        "::cluster::shadowed", NULL};

static void
MakePackageNamespaces(Tcl_Interp *interp)
{
    int i;

    for (i = 0; namespaces[i]; i++) {
        if (!Tcl_FindNamespace(interp, namespaces[i], NULL, 0)) {
            Tcl_CreateNamespace(interp, namespaces[i], NULL, NULL);
        }
    }
    Tcl_ResetResult(interp);
}

/* The classes but those of transports, which follow from the table of these. */
static const ClusterClassInfo *const classInfos[CLUSTER_CLASS_PROTOCOL] = {
        [CLUSTER_CLASS_CLUSTER] = &clusterClassInfo,
        [CLUSTER_CLASS_SERVICE] = &clusterServiceClassInfo,
        [CLUSTER_CLASS_QUERY] = &clusterQueryClassInfo,
};

static int
MakeProtocolClass(ClusterInterp *data, int index)
{
    Tcl_Obj *name = Tcl_ObjPrintf("::cluster::protocol::%s", ClusterTransportAt(index)->id);
    int code;

    Tcl_IncrRefCount(name);
    code = ClusterInterpAddClass(data, CLUSTER_CLASS_PROTOCOL + index, Tcl_GetString(name),
            &clusterProtocolClassInfo);
    Tcl_DecrRefCount(name);
    return code;
}

static int
MakeClasses(ClusterInterp *data)
{
    int i, code = TCL_OK;

    for (i = 0; i < CLUSTER_CLASS_PROTOCOL && code == TCL_OK; i++) {
        code = ClusterInterpAddClass(data, i, classInfos[i]->name, classInfos[i]);
    }
    for (i = 0; ClusterTransportAt(i) && code == TCL_OK; i++) {
        code = MakeProtocolClass(data, i);
    }
    return code;
}

#define LOADER "cluster:load"

static int
LoadCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) clientData;
    (void) objc;
    (void) objv;
    return Cluster_Init(interp);
}

/*
 * `load` does nothing for a library that the interp has already, so after a
 * `package forget` the package's index calls this hidden command instead.
 */
static void
MakeLoader(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, LOADER, LoadCmd, NULL, NULL);
    if (Tcl_HideCommand(interp, LOADER, LOADER) != TCL_OK) {
        Tcl_DeleteCommand(interp, LOADER); /* there is one from the first time */
    }
    Tcl_ResetResult(interp);
}

/*
 * Loads the package: commands, classes and the version. Returns TCL_OK, or
 * TCL_ERROR with a message.
 */
int
Cluster_Init(Tcl_Interp *interp)
{
    ClusterInterp *data;

    if (!Tcl_InitStubs(interp, "8.6-", 0) || !Tcl_OOInitStubs(interp)) {
        return TCL_ERROR;
    }
    data = ClusterInterpGet(interp);
    if (!data) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    MakePackageNamespaces(interp);
    if (BpacketInit(interp) != TCL_OK || ClusterCommandsInit(data) != TCL_OK
            || MakeClasses(data) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterHooksCommands(interp, data);
    MakeLoader(interp);
    return Tcl_PkgProvideEx(interp, "cluster", PACKAGE_VERSION, NULL);
}

/* Sockets are not for untrusted scripts. */
int
Cluster_SafeInit(Tcl_Interp *interp)
{
    if (!Tcl_InitStubs(interp, "8.6-", 0)) {
        return TCL_ERROR;
    }
    return ClusterFail(interp,
            Tcl_NewStringObj("cluster cannot be loaded into a safe interpreter: its parent may "
                             "lend it a cluster by aliases",
                    -1),
            "CLUSTER", "SAFE", (char *) NULL);
}
