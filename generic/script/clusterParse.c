/*
 * clusterParse.c --
 *
 *	Parses arguments of hooks and commands (see clusterParse.h).
 */

#include "script/clusterParse.h"

#include "base/clusterError.h"
#include "packet/clusterNames.h"

#include <string.h>

int
ClusterParseChannel(Tcl_Interp *interp, Tcl_Obj *value, uint64_t *channel)
{
    if (ClusterChannelByName(value, channel)) {
        return TCL_OK;
    }
    return ClusterFail(interp,
            Tcl_ObjPrintf("Unknown Channel: %s, must be an integer of 0 or more, broadcast, "
                          "system, or lan",
                    Tcl_GetString(value)),
            "CLUSTER", "CHANNEL", Tcl_GetString(value), (char *) NULL);
}

int
ClusterParseType(Tcl_Interp *interp, Tcl_Obj *value, int64_t *type)
{
    Tcl_Obj *message;
    unsigned i;

    if (ClusterTypeByName(value, type)) {
        return TCL_OK;
    }
    message = Tcl_ObjPrintf("Unknown Type: %s, must be an integer of 0 or more",
            Tcl_GetString(value));
    for (i = 0; i < CLUSTER_TYPES; i++) {
        Tcl_AppendPrintfToObj(message, ", %s%s", i + 1 == CLUSTER_TYPES ? "or " : "",
                ClusterTypeName(i));
    }
    return ClusterFail(interp, message, "CLUSTER", "TYPE", Tcl_GetString(value), (char *) NULL);
}

static int
UnknownOption(Tcl_Interp *interp, const char *const *names, Tcl_Obj *given)
{
    Tcl_Obj *message = Tcl_ObjPrintf("unknown option \"%s\": must be", Tcl_GetString(given));
    int i;

    for (i = 0; names[i]; i++) {
        Tcl_AppendPrintfToObj(message, "%s %s%s", i == 0 ? "" : ",",
                i > 0 && !names[i + 1] ? "or " : "", names[i]);
    }
    return ClusterFail(interp, message, "CLUSTER", "OPTION", Tcl_GetString(given), (char *) NULL);
}

int
ClusterParseOptions(Tcl_Interp *interp, const char *const *names, int objc, Tcl_Obj *const *objv,
        Tcl_Obj **values)
{
    int i, n;

    for (i = 0; i < objc; i += 2) {
        const char *word = Tcl_GetString(objv[i]);

        for (n = 0; names[n] && strcmp(names[n], word) != 0; n++) {
            continue;
        }
        if (!names[n]) {
            return UnknownOption(interp, names, objv[i]);
        }
        if (i + 1 >= objc) {
            return ClusterFail(interp, Tcl_ObjPrintf("missing value for option \"%s\"", word),
                    "CLUSTER", "OPTION", word, (char *) NULL);
        }
        values[n] = objv[i + 1];
    }
    return TCL_OK;
}
