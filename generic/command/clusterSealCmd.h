/*
 * clusterSealCmd.h --
 *
 *	Keys in scripts: where they come from, `cluster key`, and `$cluster keys`.
 *
 *	No message has a key in it, nor has what Tcl adds to an error of ours.
 */

#ifndef CLUSTER_SEAL_CMD_H
#define CLUSTER_SEAL_CMD_H

#include "base/clusterMethod.h"
#include "seal/clusterKeys.h"

/* ---- clusterKeySource.c ---- */

/* Where keys come from: one of these, the others NULL. */
typedef struct ClusterKeySource {
    Tcl_Obj *file; /* its name */
    Tcl_Obj *list; /* of keys */
} ClusterKeySource;

/* A ring of these keys with one reference, the caller's; NULL with a message. */
ClusterKeys *ClusterKeysFrom(Tcl_Interp *interp, const ClusterKeySource *source);
/* The same file wherever the program goes; the name itself when it has no other. */
Tcl_Obj *ClusterKeyFileName(Tcl_Obj *file);
/* Turns what could not be done with a key of a script into a message. TCL_ERROR. */
int ClusterKeysFail(Tcl_Interp *interp, ClusterKeysResult result);
/*
 * After an error of a command that was called with keys: what Tcl would add to
 * say which command that was names only `command`. TCL_ERROR.
 */
int ClusterKeysHide(Tcl_Interp *interp, const char *command);
/* Does it look like a key, so that it should not be shown? */
bool ClusterKeysLikely(const char *word);

/* Is it a key? */
bool ClusterKeysIs(const char *word);

/* cluster key ?-file FILE? */
Tcl_ObjCmdProc ClusterKeyCmd;

/* ---- clusterKeysCmd.c ---- */

/* $cluster keys ?...? */
ClusterMethodProc ClusterCmdKeys;

#endif
