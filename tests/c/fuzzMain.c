/*
 * fuzzMain.c --
 *
 *	What libFuzzer calls; FUZZ_TARGET is the target's name.
 */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <tcl.h>

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int
LLVMFuzzerInitialize(int *argc, char ***argv) /* NOLINT(readability-non-const-parameter) */
{
    (void) argc;
    Tcl_FindExecutable((*argv)[0]);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *fault = FuzzTargetByName(FUZZ_TARGET)(bytes, length);

    if (fault) {
        fprintf(stderr, "fault: %s\n", fault);
        abort();
    }
    return 0;
}
