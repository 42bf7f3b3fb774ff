/*
 * workTest.c --
 *
 *	Counts work, for tests of what a packet may cost: instructions where the
 *	system counts them, else basic blocks in a build that says when it enters
 *	one (make cost). Both are the same in each run, as no time is.
 */

#include "workTest.h"

#include <stdint.h>
#include <string.h>

#ifdef __linux__
#   include <linux/perf_event.h>
#   include <sys/syscall.h>
#   include <unistd.h>
#endif

#if defined(__has_attribute)
#   if __has_attribute(no_sanitize_coverage)
#      define NOT_COUNTED __attribute__((no_sanitize_coverage))
#   endif
#endif
#ifndef NOT_COUNTED
#   define NOT_COUNTED
#endif

/* Of all threads; tests that count have one. */
static uint64_t blocks;

/* Called by what was compiled with -fsanitize-coverage=trace-pc at each basic block. The name is the compiler's. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __sanitizer_cov_trace_pc(void);

NOT_COUNTED void
__sanitizer_cov_trace_pc(void)
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
{
    blocks++;
}

typedef struct Work {
    int fd; /* of the counter of instructions, -1 where there is none */
} Work;

static int
OpenCounter(void)
{
#ifdef __linux__
    struct perf_event_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return (int) syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
#else
    return -1;
#endif
}

/* work: {instructions|blocks COUNT}, done until now; empty when nothing counts. */
static int
WorkCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    Work *work = clientData;
    uint64_t count = blocks;
    Tcl_Obj *parts[2];

    if (objc != 1) {
        Tcl_WrongNumArgs(interp, 1, objv, NULL);
        return TCL_ERROR;
    }
#ifdef __linux__
    if (work->fd >= 0 && read(work->fd, &count, sizeof count) != sizeof count) {
        count = 0;
    }
#endif
    if (count == 0) {
        return TCL_OK;
    }
    parts[0] = Tcl_NewStringObj(work->fd >= 0 ? "instructions" : "blocks", -1);
    parts[1] = Tcl_NewWideIntObj((Tcl_WideInt) count);
    Tcl_SetObjResult(interp, Tcl_NewListObj(2, parts));
    return TCL_OK;
}

static void
DeleteWork(void *clientData)
{
    Work *work = clientData;

#ifdef __linux__
    if (work->fd >= 0) {
        close(work->fd);
    }
#endif
    Tcl_Free((void *) work);
}

int
Clusterworktest_Init(Tcl_Interp *interp)
{
    Work *work = (Work *) Tcl_Alloc(sizeof *work);

    work->fd = OpenCounter();
    Tcl_CreateObjCommand(interp, "::cluster::test::work", WorkCmd, work, DeleteWork);
    return TCL_OK;
}
