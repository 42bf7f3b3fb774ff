/*
 * fuzzTest.c --
 *
 *	The command `fuzz`, by which tests hand bytes to a fuzz target.
 */

#include "fuzzTest.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* fuzz TARGET BYTES: what does not hold, empty when all is well. */
static int
FuzzCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    FuzzTarget *target;
    const unsigned char *bytes;
    const char *fault;
    uint8_t *copy;
    Tcl_Size length;

    (void) clientData;
    if (objc != 3) {
        Tcl_WrongNumArgs(interp, 1, objv, "target bytes");
        return TCL_ERROR;
    }
    target = FuzzTargetByName(Tcl_GetString(objv[1]));
    bytes = Tcl_GetByteArrayFromObj(objv[2], &length);
    if (!target || !bytes) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj(target ? "no bytes" : "no such target", -1));
        return TCL_ERROR;
    }
    /* In memory of exactly their size, so that a sanitizer sees every read beyond. */
    copy = malloc(length > 0 ? (size_t) length : 1);
    if (!copy) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    memcpy(copy, bytes, (size_t) length);
    fault = target(copy, (size_t) length);
    free(copy);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(fault ? fault : "", -1));
    return TCL_OK;
}

int
Clusterfuzztest_Init(Tcl_Interp *interp)
{
    return Tcl_CreateObjCommand(interp, "::cluster::test::fuzz", FuzzCmd, NULL, NULL) ? TCL_OK
                                                                                      : TCL_ERROR;
}
