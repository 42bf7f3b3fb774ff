/*
 * clusterMethod.c --
 *
 *	Calls the methods of C classes by their tables (see clusterMethod.h).
 */

#include "clusterMethod.h"

#include "clusterError.h"

int
ClusterMethodCall(const ClusterClassInfo *info, const ClusterMethod *row, Tcl_Interp *interp,
        Tcl_ObjectContext context, int objc, Tcl_Obj *const *objv)
{
    int skip = (int) Tcl_ObjectContextSkippedArgs(context);
    int count = objc - skip, code;
    void *self;

    if (count < row->least || (row->most >= 0 && count > row->most)) {
        Tcl_WrongNumArgs(interp, skip, objv, row->usage);
        return TCL_ERROR;
    }
    self = Tcl_ObjectGetMetadata(Tcl_ObjectContextObject(context), info->metadata);
    if (!self) {
        return ClusterFail(interp, Tcl_ObjPrintf("this object was not made by %s", info->how),
                "CLUSTER", "OBJECT", NULL);
    }
    info->hold(self);
    code = row->proc(self, interp, count, objv + skip);
    info->release(self);
    return code;
}

int
ClusterMethodRefuse(const ClusterClassInfo *info, Tcl_Interp *interp)
{
    return ClusterFail(interp, Tcl_ObjPrintf("objects of %s are made by %s", info->name, info->how),
            "CLUSTER", "OBJECT", NULL);
}

int
ClusterMethodRefuseCopy(Tcl_Interp *interp, void *old, void **copy)
{
    (void) old;
    *copy = NULL;
    return ClusterFail(interp, Tcl_NewStringObj("this object cannot be copied", -1), "CLUSTER",
            "OBJECT", NULL);
}
