/*
 * clusterError.h --
 *
 *	How commands and hooks report: a sentence and an error code to the
 *	caller, or to whoever hears of errors in the background.
 */

#ifndef CLUSTER_ERROR_H
#define CLUSTER_ERROR_H

#include "base/clusterCompat.h"

/*
 * Leaves message (taken over) as the interp's result, and the words up to
 * NULL as its error code. Returns TCL_ERROR.
 */
int ClusterFail(Tcl_Interp *interp, Tcl_Obj *message, ...);

/*
 * Reports the interp's result, which came with code, where nobody waits for
 * it: to ::onError {result options what args} if the user defined that, as
 * 1.1.8 does, else to the background error handler. Resets the result.
 */
void ClusterBackground(Tcl_Interp *interp, int code, const char *what, Tcl_Obj *subject);

#endif
