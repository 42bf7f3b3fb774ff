/*
 * sealTestInt.h --
 *
 *	What the files of the commands for seals share.
 */

#ifndef SEAL_TEST_INT_H
#define SEAL_TEST_INT_H

#include "base/clusterCompat.h"
#include "base/clusterSystem.h"
#include "seal/clusterKeys.h"

/* The system's answers as a test wants them. Not moved while somebody asks. */
typedef struct SealTestSystem {
    ClusterSystem system;
    uint8_t random[256]; /* given out in turn, from the first again after the last */
    size_t count, at;
    int process;
} SealTestSystem;

/* random: at least one byte. */
void SealTestSystemInit(SealTestSystem *system, const uint8_t *random, size_t length);

/* The ring of a command that `keys` made, borrowed; NULL with a message. */
ClusterKeys *SealTestRing(Tcl_Interp *interp, Tcl_Obj *name);
/* The bytes of a value, which they are as long as the value is held. */
const uint8_t *SealTestBytes(Tcl_Obj *value, size_t *length);
/* Appends a number, or bytes, to a list. */
void SealTestAddNumber(Tcl_Obj *list, int64_t number);
void SealTestAddBytes(Tcl_Obj *list, const uint8_t *bytes, size_t length);
void SealTestAddText(Tcl_Obj *list, const char *text);
/* Sets the result to a message, and returns TCL_ERROR. */
int SealTestFail(Tcl_Interp *interp, const char *message);

/* A number, which may be up to 2^64 - 1. */
int SealTestNumber(Tcl_Interp *interp, Tcl_Obj *value, uint64_t *number);

/* ---- the other files' commands: made in namespace ::cluster::test ---- */

void SealTestDatagramInit(Tcl_Interp *interp);
void SealTestSecretInit(Tcl_Interp *interp);

#endif
