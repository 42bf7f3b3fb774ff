/*
 * lifeTest.c --
 *
 *	Commands in namespace ::cluster::test for forks, threads and raw sockets.
 */

#include "lifeTest.h"

#include "base/clusterPlatform.h"
#include "transport/clusterPool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#   if __GLIBC_PREREQ(2, 33)
#      include <malloc.h>
#      define HAS_MALLINFO2
#   endif
#endif

static int
FailWithErrno(Tcl_Interp *interp, const char *what, int error)
{
    Tcl_SetObjResult(interp, Tcl_ObjPrintf("%s: %s", what, Tcl_ErrnoMsg(error)));
    Tcl_SetErrorCode(interp, "CLUSTER", "TEST", (char *) NULL);
    return TCL_ERROR;
}

/* ---- sockets ---------------------------------------------------------------- */

/* datagram address port bytes ?hops? ?interface?: sends one as a stranger. */
static int
DatagramCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterpAddr group;
    ClusterpMulticast *socket;
    ClusterpResult result;
    Tcl_Size length;
    const unsigned char *bytes;
    const char *interfaces[2] = {NULL, NULL};
    int port, hops = 0, error = EINVAL;

    (void) clientData;
    if (objc < 4 || objc > 6) {
        Tcl_WrongNumArgs(interp, 1, objv, "address port bytes ?hops? ?interface?");
        return TCL_ERROR;
    }
    bytes = Tcl_GetByteArrayFromObj(objv[3], &length);
    if (!ClusterpParseIp(Tcl_GetString(objv[1]), &group.ip) || !bytes
            || Tcl_GetIntFromObj(NULL, objv[2], &port) != TCL_OK
            || (objc > 4 && Tcl_GetIntFromObj(NULL, objv[4], &hops) != TCL_OK)) {
        return FailWithErrno(interp, "datagram", error);
    }
    group.port = (uint16_t) port;
    interfaces[0] = objc > 5 ? Tcl_GetString(objv[5]) : "127.0.0.1";
    socket = ClusterpMulticastOpen(&group, hops, interfaces, &error);
    if (!socket) {
        return FailWithErrno(interp, "datagram", error);
    }
    result = ClusterpMulticastSend(socket, bytes, (size_t) length, &error);
    ClusterpMulticastClose(socket);
    return result == CLUSTERP_OK ? TCL_OK : FailWithErrno(interp, "datagram", error);
}

/* Waits, a second at most, for a datagram. */
static ClusterpResult
Await(ClusterpMulticast *socket, ClusterpArrival *arrival, int *error)
{
    static char buffer[65536];
    ClusterpResult result = CLUSTERP_AGAIN;
    size_t length;
    int i;

    for (i = 0; i < 1000 && result == CLUSTERP_AGAIN; i++) {
        int ear = i % CLUSTERP_EARS;

        if (ClusterpMulticastDescriptor(socket, ear) < 0) {
            continue;
        }
        result = ClusterpMulticastReceive(socket, ear, buffer, sizeof buffer, &length, arrival,
                error);
        if (result == CLUSTERP_AGAIN) {
            Tcl_Sleep(1);
        }
    }
    return result;
}

/* arrival address port interface: sends a datagram, hears it, and tells where it came from and in, and if that is known to be this host. */
static int
ArrivalCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterpAddr group = {0, 0};
    ClusterpArrival arrival;
    ClusterpMulticast *socket;
    ClusterpResult result;
    const char *interfaces[2] = {NULL, NULL};
    int port, error = EINVAL;
    char text[16];

    (void) clientData;
    if (objc != 4) {
        Tcl_WrongNumArgs(interp, 1, objv, "address port interface");
        return TCL_ERROR;
    }
    if (!ClusterpParseIp(Tcl_GetString(objv[1]), &group.ip)
            || Tcl_GetIntFromObj(NULL, objv[2], &port) != TCL_OK) {
        return FailWithErrno(interp, "arrival", error);
    }
    group.port = (uint16_t) port;
    interfaces[0] = Tcl_GetString(objv[3]);
    socket = ClusterpMulticastOpen(&group, 0, interfaces, &error);
    if (!socket) {
        return FailWithErrno(interp, "arrival", error);
    }
    result = ClusterpMulticastSend(socket, "x", 1, &error);
    if (result == CLUSTERP_OK) {
        result = Await(socket, &arrival, &error);
    }
    ClusterpMulticastClose(socket);
    if (result != CLUSTERP_OK) {
        return FailWithErrno(interp, "arrival", error);
    }
    ClusterpFormatIp(arrival.from.ip, text);
    Tcl_SetObjResult(interp,
            Tcl_ObjPrintf("%s %u %d", text, arrival.interface, arrival.whence == CLUSTERP_HERE));
    return TCL_OK;
}

/* unix path: a channel connected to a unix-domain socket. */
static int
UnixCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Channel channel;
    int fd, error;

    (void) clientData;
    if (objc != 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "path");
        return TCL_ERROR;
    }
    if (ClusterpUnixConnect(Tcl_GetString(objv[1]), &fd, &error) != CLUSTERP_OK) {
        return FailWithErrno(interp, "unix", error);
    }
    channel = Tcl_MakeFileChannel((void *) (intptr_t) fd, TCL_READABLE | TCL_WRITABLE);
    Tcl_RegisterChannel(interp, channel);
    Tcl_SetChannelOption(interp, channel, "-translation", "binary");
    Tcl_SetChannelOption(interp, channel, "-blocking", "0");
    Tcl_SetObjResult(interp, Tcl_NewStringObj(Tcl_GetChannelName(channel), -1));
    return TCL_OK;
}

/* ---- processes ---------------------------------------------------------------- */

/*
 * The notifier of Tcl 9 is shared with the parent after a fork, and Tcl_Exit
 * would pull the parent's descriptors out of it.
 */
static void
EndChild(int code)
{
    if (TCL_MAJOR_VERSION > 8) {
        _exit(code);
    }
    Tcl_Exit(code);
}

/* fork script: the child evaluates it and exits, with the result as its code; the parent gets its id. */
static int
ForkCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    pid_t pid;
    int code = 0;

    (void) clientData;
    if (objc != 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "script");
        return TCL_ERROR;
    }
    pid = fork();
    if (pid < 0) {
        return FailWithErrno(interp, "fork", errno);
    }
    if (pid == 0) {
        if (Tcl_EvalObjEx(interp, objv[1], TCL_EVAL_GLOBAL) != TCL_OK
                || Tcl_GetIntFromObj(NULL, Tcl_GetObjResult(interp), &code) != TCL_OK) {
            code = 99;
        }
        EndChild(code);
    }
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj(pid));
    return TCL_OK;
}

/* wait pid: until the child ends; its code, or minus the signal that ended it. */
static int
WaitCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int pid, status;

    (void) clientData;
    if (objc != 2 || Tcl_GetIntFromObj(interp, objv[1], &pid) != TCL_OK) {
        Tcl_WrongNumArgs(interp, 1, objv, "pid");
        return TCL_ERROR;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return FailWithErrno(interp, "wait", errno);
        }
    }
    Tcl_SetObjResult(interp,
            Tcl_NewIntObj(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)));
    return TCL_OK;
}

/* ---- threads ---------------------------------------------------------------- */

/* Handed to the thread, and read again by whoever joins it. */
typedef struct Task {
    char *script; /* both malloc'ed, owned by the task */
    char *result;
    bool keep; /* the interp outlives the thread */
    Tcl_ThreadId thread;
} Task;

static Tcl_ThreadCreateType
RunTask(void *clientData)
{
    Task *task = clientData;
    Tcl_Interp *interp = Tcl_CreateInterp();

    (void) Tcl_Init(interp);
    (void) Tcl_EvalEx(interp, task->script, -1, TCL_EVAL_GLOBAL);
    task->result = strdup(Tcl_GetStringResult(interp));
    if (!task->keep) {
        Tcl_DeleteInterp(interp);
    }
    Tcl_ExitThread(0);
    TCL_THREAD_CREATE_RETURN;
}

static void
FreeTask(Task *task)
{
    free(task->script);
    free(task->result);
    free(task);
}

/* NAME: waits for the thread's end and returns its script's result. */
static int
JoinCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Task *task = clientData;
    int code;

    (void) objc;
    if (Tcl_JoinThread(task->thread, &code) != TCL_OK) {
        return FailWithErrno(interp, "thread", ECHILD);
    }
    Tcl_SetObjResult(interp, Tcl_NewStringObj(task->result ? task->result : "", -1));
    Tcl_DeleteCommand(interp, Tcl_GetString(objv[0]));
    FreeTask(task);
    return TCL_OK;
}

/* thread NAME script ?keep?: starts a thread; the command NAME, called once, joins it. */
static int
ThreadCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Task *task;
    int keep = 0;

    (void) clientData;
    if (objc < 3 || objc > 4
            || (objc == 4 && Tcl_GetBooleanFromObj(interp, objv[3], &keep) != TCL_OK)) {
        Tcl_WrongNumArgs(interp, 1, objv, "name script ?keep?");
        return TCL_ERROR;
    }
    task = calloc(1, sizeof *task);
    if (!task || (task->script = strdup(Tcl_GetString(objv[2]))) == NULL) {
        free(task);
        return FailWithErrno(interp, "thread", ENOMEM);
    }
    task->keep = keep;
    if (Tcl_CreateThread(&task->thread, RunTask, task, TCL_THREAD_STACK_DEFAULT,
                TCL_THREAD_JOINABLE)
            != TCL_OK) {
        FreeTask(task);
        return FailWithErrno(interp, "thread", EAGAIN);
    }
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), JoinCmd, task, NULL);
    return TCL_OK;
}

/* ---- installation --------------------------------------------------------- */

/*
 * cluster::test::seconds N --
 *
 *	So many seconds pass for the connections of this thread.
 */
static int
SecondsCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int seconds;

    (void) clientData;
    if (objc != 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "number");
        return TCL_ERROR;
    }
    if (Tcl_GetIntFromObj(interp, objv[1], &seconds) != TCL_OK) {
        return TCL_ERROR;
    }
    while (seconds-- > 0) {
        ClusterPoolSecond(ClusterPoolGet());
    }
    return TCL_OK;
}

/* users: how many keep timers on the clock of this thread, as each node does until it is freed. */
static int
UsersCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int error = 0;
    ClusterLoop *loop = ClusterLoopGet(&error);

    (void) clientData;
    (void) objc;
    (void) objv;
    if (!loop) {
        return FailWithErrno(interp, "loop", error);
    }
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) ClusterLoopClock(loop)->users));
    return TCL_OK;
}

/* memory: bytes that this process has of the C library, empty where that does not tell. */
static int
MemoryCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    (void) clientData;
    (void) objc;
    (void) objv;
    Tcl_ResetResult(interp);
#ifdef HAS_MALLINFO2
    struct mallinfo2 info = mallinfo2();

    Tcl_SetObjResult(interp,
            Tcl_NewWideIntObj((Tcl_WideInt) info.uordblks + (Tcl_WideInt) info.hblkhd));
#endif
    return TCL_OK;
}

#define ADDRESSES_MAX 64

/* addresses MAX: the host's first ones, and whether what lies behind the room for them was left alone. */
static int
AddressesCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    uint32_t ips[ADDRESSES_MAX + 1], masks[ADDRESSES_MAX + 1];
    Tcl_Obj *list = Tcl_NewObj(), *words[2];
    int max = 0, count;

    (void) clientData;
    if (objc != 2 || Tcl_GetIntFromObj(interp, objv[1], &max) != TCL_OK || max < 0
            || max > ADDRESSES_MAX) {
        return FailWithErrno(interp, "addresses MAX", EINVAL);
    }
    memset(ips, 0, sizeof ips);
    memset(masks, 0, sizeof masks);
    count = ClusterpLocalAddresses(ips, masks, max);
    for (int i = 0; i < count; i++) {
        Tcl_ListObjAppendElement(NULL, list,
                Tcl_ObjPrintf("%u.%u.%u.%u", (unsigned) (ips[i] >> 24),
                        (unsigned) (ips[i] >> 16 & 255), (unsigned) (ips[i] >> 8 & 255),
                        (unsigned) (ips[i] & 255)));
    }
    words[0] = list;
    words[1] = Tcl_NewBooleanObj(ips[max] == 0 && masks[max] == 0);
    Tcl_SetObjResult(interp, Tcl_NewListObj(2, words));
    return TCL_OK;
}

int
Clusterlifetest_Init(Tcl_Interp *interp)
{
    static const struct {
        const char *name;
        Tcl_ObjCmdProc *proc;
    } commands[] = {
            {"::cluster::test::addresses", AddressesCmd},
            {"::cluster::test::arrival", ArrivalCmd},
            {"::cluster::test::datagram", DatagramCmd},
            {"::cluster::test::unix", UnixCmd},
            {"::cluster::test::fork", ForkCmd},
            {"::cluster::test::seconds", SecondsCmd},
            {"::cluster::test::wait", WaitCmd},
            {"::cluster::test::memory", MemoryCmd},
            {"::cluster::test::thread", ThreadCmd},
            {"::cluster::test::users", UsersCmd},
    };
    size_t i;

    for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        Tcl_CreateObjCommand(interp, commands[i].name, commands[i].proc, NULL, NULL);
    }
    return TCL_OK;
}
