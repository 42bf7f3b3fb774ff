/*
 * clusterError.c --
 *
 *	Error reporting (see clusterError.h).
 */

#include "base/clusterError.h"

#include <stdarg.h>

int
ClusterFail(Tcl_Interp *interp, Tcl_Obj *message, ...)
{
    Tcl_Obj *code = Tcl_NewListObj(0, NULL);
    const char *word;
    va_list words;

    va_start(words, message);
    while ((word = va_arg(words, const char *)) != NULL) {
        Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj(word, -1));
    }
    va_end(words);
    Tcl_SetObjResult(interp, message);
    Tcl_SetObjErrorCode(interp, code);
    return TCL_ERROR;
}

/* Calls ::onError. False when there is none, or it fails itself. */
static int
CallOnError(Tcl_Interp *interp, int code, const char *what, Tcl_Obj *subject)
{
    Tcl_Obj *words[5];
    Tcl_CmdInfo info;
    int i, result;

    if (!Tcl_GetCommandInfo(interp, "::onError", &info)) {
        return 0;
    }
    words[0] = Tcl_NewStringObj("::onError", -1);
    words[1] = Tcl_GetObjResult(interp);
    words[2] = Tcl_GetReturnOptions(interp, code);
    words[3] = Tcl_NewStringObj(what, -1);
    words[4] = subject ? subject : Tcl_NewObj();
    for (i = 0; i < 5; i++) {
        Tcl_IncrRefCount(words[i]);
    }
    result = Tcl_EvalObjv(interp, 5, words, TCL_EVAL_GLOBAL);
    for (i = 0; i < 5; i++) {
        Tcl_DecrRefCount(words[i]);
    }
    return result == TCL_OK;
}

void
ClusterBackground(Tcl_Interp *interp, int code, const char *what, Tcl_Obj *subject)
{
    if (Tcl_InterpDeleted(interp)) {
        return;
    }
    if (!CallOnError(interp, code, what, subject) && !Tcl_InterpDeleted(interp)) {
        Tcl_AppendObjToErrorInfo(interp, Tcl_ObjPrintf("\n    (%s)", what));
        Tcl_BackgroundException(interp, TCL_ERROR);
    }
    Tcl_ResetResult(interp);
}
