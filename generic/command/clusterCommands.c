/*
 * clusterCommands.c --
 *
 *	The ensemble ::cluster and its small utilities.
 */

#include "command/clusterCommands.h"

#include "base/clusterError.h"
#include "base/clusterLocal.h"
#include "base/clusterPlatform.h"
#include "command/clusterSealCmd.h"

/* cluster hwaddr ?iface? */
static int
HwaddrCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const char *interface = objc > 1 && *Tcl_GetString(objv[1]) ? Tcl_GetString(objv[1]) : NULL;
    char id[CLUSTERP_HARDWARE_ID_SIZE];

    (void) clientData;
    if (!ClusterpHardwareId(interface, id)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("there is no hardware address of interface \"%s\"", interface),
                "CLUSTER", "INTERFACE", interface, (char *) NULL);
    }
    Tcl_SetObjResult(interp, Tcl_NewStringObj(id, -1));
    return TCL_OK;
}

/* cluster lanip ?iface?: empty when there is none. */
static int
LanipCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    const char *interface = objc > 1 && *Tcl_GetString(objv[1]) ? Tcl_GetString(objv[1]) : NULL;
    char text[CLUSTER_ADDRESS_TEXT];
    ClusterAddress address;
    bool found = ClusterLanAddress(interface, &address);

    (void) clientData;
    if (!found && interface) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("there is no address of interface \"%s\"", interface), "CLUSTER",
                "INTERFACE", interface, (char *) NULL);
    }
    if (found) {
        ClusterAddressFormat(&address, text);
        Tcl_SetObjResult(interp, Tcl_NewStringObj(text, -1));
    }
    return TCL_OK;
}

/* cluster local_addresses ?force? */
static int
LocalAddressesCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *list;
    int force = 0, count, i;

    (void) clientData;
    if (objc > 1 && Tcl_GetBooleanFromObj(interp, objv[1], &force) != TCL_OK) {
        return TCL_ERROR;
    }
    list = Tcl_NewListObj(0, NULL);
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj("localhost", -1));
    count = ClusterLocalCount(force != 0);
    for (i = 0; i < count; i++) {
        ClusterAddress address = ClusterLocalAt(i);
        char text[CLUSTER_ADDRESS_TEXT];

        ClusterAddressFormat(&address, text);
        Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(text, -1));
    }
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
}

/* cluster islocal DESCRIPTOR: is the dict's address this host's? */
static int
IslocalCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *key, *value = NULL;
    ClusterAddress address;
    int code;

    (void) clientData;
    (void) objc;
    key = Tcl_NewStringObj("address", -1);
    Tcl_IncrRefCount(key);
    code = Tcl_DictObjGet(interp, objv[1], key, &value);
    Tcl_DecrRefCount(key);
    if (code == TCL_OK) {
        Tcl_SetObjResult(interp,
                Tcl_NewBooleanObj(value && ClusterAddressParse(Tcl_GetString(value), &address)
                        && ClusterIsLocal(&address)));
    }
    return code;
}

static int
PlatformCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) clientData;
    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_NewStringObj(ClusterpPlatformName(), -1));
    return TCL_OK;
}

/* cluster rand MIN MAX: an integer, both ends included. */
static int
RandCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_WideInt least, most;
    uint64_t random, range;

    (void) clientData;
    (void) objc;
    if (Tcl_GetWideIntFromObj(interp, objv[1], &least) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[2], &most) != TCL_OK) {
        return TCL_ERROR;
    }
    if (most < least) {
        return ClusterFail(interp, Tcl_NewStringObj("min must not be greater than max", -1),
                "CLUSTER", "VALUE", (char *) NULL);
    }
    ClusterpRandom(&random, sizeof random);
    range = (uint64_t) most - (uint64_t) least + 1;
    if (range) {
        random %= range;
    }
    random += (uint64_t) least;
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) random));
    return TCL_OK;
}

/* cluster query_id: a number that none was before in this interp. */
static int
QueryIdCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterInterp *data = clientData;

    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) ++data->lastId));
    return TCL_OK;
}

typedef struct CommandRow {
    const char *name;
    Tcl_ObjCmdProc *proc;
    int least, most; /* arguments; most -1 for any number */
    const char *usage;
} CommandRow;

static const CommandRow commands[] = {
        {"hwaddr", HwaddrCmd, .most = 1, .usage = "?iface?"},
        {"islocal", IslocalCmd, .least = 1, .most = 1, .usage = "descriptor"},
        {"join", ClusterJoinCmd, .most = -1},
        {"key", ClusterKeyCmd, .most = 2, .usage = "?-file file?"},
        {"lanip", LanipCmd, .most = 1, .usage = "?iface?"},
        {"local_addresses", LocalAddressesCmd, .most = 1, .usage = "?force?"},
        {"platform", PlatformCmd, .most = 0},
        {"query_id", QueryIdCmd, .most = 0},
        {"rand", RandCmd, .least = 2, .most = 2, .usage = "min max"},
        {.name = NULL},
};

/* What a command is made with; freed with it. */
typedef struct CommandData {
    ClusterInterp *data; /* held */
    const CommandRow *row;
} CommandData;

static int
RunEnsembleCommand(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    CommandData *command = clientData;
    const CommandRow *row = command->row;

    if (objc - 1 < row->least || (row->most >= 0 && objc - 1 > row->most)) {
        Tcl_WrongNumArgs(interp, 1, objv, row->usage);
        return TCL_ERROR;
    }
    return row->proc(command->data, interp, objc, objv);
}

static void
FreeCommand(void *clientData)
{
    CommandData *command = clientData;

    ClusterInterpRelease(command->data);
    Tcl_Free((char *) command);
}

static void
MakeCommand(ClusterInterp *data, Tcl_Namespace *namespace, const CommandRow *row)
{
    CommandData *command = (CommandData *) Tcl_Alloc(sizeof *command);
    Tcl_DString name;

    command->data = data;
    command->row = row;
    ClusterInterpHold(data);
    Tcl_DStringInit(&name);
    Tcl_DStringAppend(&name, "::cluster::", -1);
    Tcl_DStringAppend(&name, row->name, -1);
    Tcl_CreateObjCommand(data->interp, Tcl_DStringValue(&name), RunEnsembleCommand, command,
            FreeCommand);
    Tcl_DStringFree(&name);
    Tcl_Export(data->interp, namespace, row->name, 0);
}

int
ClusterCommandsInit(ClusterInterp *data)
{
    Tcl_Interp *interp = data->interp;
    Tcl_Namespace *namespace = Tcl_FindNamespace(interp, "::cluster", NULL, TCL_LEAVE_ERR_MSG);
    const CommandRow *row;
    Tcl_Obj *name;

    if (!namespace) {
        return TCL_ERROR;
    }
    for (row = commands; row->name; row++) {
        MakeCommand(data, namespace, row);
    }
    name = Tcl_NewStringObj("::cluster", -1);
    Tcl_IncrRefCount(name);
    if (!Tcl_FindEnsemble(interp, name, 0)) {
        Tcl_CreateEnsemble(interp, "::cluster", namespace, TCL_ENSEMBLE_PREFIX);
    }
    Tcl_DecrRefCount(name);
    Tcl_ResetResult(interp);
    Tcl_CreateAlias(interp, "::cluster::shadowed::join", interp, "::join", 0, NULL);
    Tcl_CreateAlias(interp, "::cluster::shadowed::cluster", interp, "::cluster", 0, NULL);
    return TCL_OK;
}
