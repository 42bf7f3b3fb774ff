/*
 * timerTest.c --
 *
 *	The command ::cluster::test::timers: a clock that is turned by hand, and
 *	timers on it that evaluate scripts.
 */

#include "baseTest.h"

#include "clockTest.h"

#include <stdlib.h>

typedef struct TimerBench TimerBench;

typedef struct ScriptTimer {
    TimerBench *bench;
    ClusterTimer timer;
    Tcl_Obj *script; /* held while it is set */
} ScriptTimer;

struct TimerBench {
    Tcl_Interp *interp;
    HandClock *clock;
    ScriptTimer timers[BASE_TEST_ENTRIES];
};

static void
DropScript(ScriptTimer *timer)
{
    if (timer->script) {
        Tcl_DecrRefCount(timer->script);
        timer->script = NULL;
    }
}

/* Evaluates a timer's script, which may use the command again. Errors are reported in the background. */
static void
Fire(void *data)
{
    ScriptTimer *timer = data;
    Tcl_Interp *interp = timer->bench->interp;
    Tcl_Obj *script = timer->script;

    timer->script = NULL;
    if (Tcl_EvalObjEx(interp, script, TCL_EVAL_GLOBAL) != TCL_OK) {
        Tcl_BackgroundException(interp, TCL_ERROR);
    }
    Tcl_DecrRefCount(script);
}

static void
SetTimer(TimerBench *bench, int number, int64_t ms, Tcl_Obj *script)
{
    ScriptTimer *timer = &bench->timers[number];

    Tcl_IncrRefCount(script);
    DropScript(timer);
    timer->bench = bench;
    timer->script = script;
    ClusterTimerSet(&timer->timer, HandClockTable(bench->clock), ms, Fire, timer);
}

/* set N MS SCRIPT | cancel N | isset N: words[3] are there as they should be. */
static int
TimerOf(TimerBench *bench, Tcl_Interp *interp, int word, Tcl_Obj *const *words)
{
    enum { CANCEL, ISSET };
    ScriptTimer *timer;
    Tcl_WideInt ms;
    int number;

    if (BaseTestEntry(interp, words[0], &number) != TCL_OK) {
        return TCL_ERROR;
    }
    timer = &bench->timers[number];
    if (word == CANCEL) {
        ClusterTimerCancel(&timer->timer);
        DropScript(timer);
    } else if (word == ISSET) {
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterTimerIsSet(&timer->timer)));
    } else if (Tcl_GetWideIntFromObj(interp, words[1], &ms) == TCL_OK) {
        SetTimer(bench, number, ms, words[2]);
    } else {
        return TCL_ERROR;
    }
    return TCL_OK;
}

/* run UNTIL ORDER: those that one pass runs that looks no further. */
static int
RunCmd(TimerBench *bench, Tcl_Interp *interp, Tcl_Obj *const *words)
{
    ClusterClock *clock = HandClockTable(bench->clock);
    Tcl_WideInt until, order;
    int count = 0;

    if (Tcl_GetWideIntFromObj(interp, words[0], &until) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, words[1], &order) != TCL_OK) {
        return TCL_ERROR;
    }
    while (ClusterClockRunOne(clock, until, (uint64_t) order)) {
        count++;
    }
    Tcl_SetObjResult(interp, Tcl_NewIntObj(count));
    return TCL_OK;
}

/* The time of the first timer, empty when none is set. */
static Tcl_Obj *
Next(ClusterClock *clock)
{
    int64_t due;

    return ClusterClockNext(clock, &due) ? Tcl_NewWideIntObj((Tcl_WideInt) due) : Tcl_NewObj();
}

/* timers cancel|isset N | set N MS SCRIPT | run UNTIL ORDER | advance|away MS | lateness|next|now|order|pending */
static int
TimersCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"cancel", "isset", "set", "run", "advance", "away",
            "lateness", "next", "now", "order", "pending", NULL};
    static const int counts[] = {3, 3, 5, 4, 3, 3, 2, 2, 2, 2, 2};
    enum { CANCEL, ISSET, SET, RUN, ADVANCE, AWAY, LATENESS, NEXT, NOW, ORDER };
    TimerBench *bench = clientData;
    ClusterClock *clock = HandClockTable(bench->clock);
    Tcl_WideInt number = 0;
    int word;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    if (word <= RUN) {
        return word == RUN ? RunCmd(bench, interp, objv + 2)
                           : TimerOf(bench, interp, word, objv + 2);
    }
    if (objc > 2 && Tcl_GetWideIntFromObj(interp, objv[2], &number) != TCL_OK) {
        return TCL_ERROR;
    }
    switch (word) {
    case ADVANCE:
        HandClockAdvance(bench->clock, number);
        return TCL_OK;
    case AWAY:
        HandClockAway(bench->clock, number);
        return TCL_OK;
    case LATENESS:
        number = ClusterClockLateness(clock);
        break;
    case NEXT:
        Tcl_SetObjResult(interp, Next(clock));
        return TCL_OK;
    case NOW:
        number = HandClockNow(bench->clock);
        break;
    case ORDER:
        number = (Tcl_WideInt) clock->timers.order;
        break;
    default:
        number = (Tcl_WideInt) HandClockPending(bench->clock);
        break;
    }
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj(number));
    return TCL_OK;
}

static void
DeleteTimers(void *clientData)
{
    TimerBench *bench = clientData;
    int i;

    for (i = 0; i < BASE_TEST_ENTRIES; i++) {
        ClusterTimerCancel(&bench->timers[i].timer);
        DropScript(&bench->timers[i]);
    }
    HandClockFree(bench->clock);
    free(bench);
}

int
Clustertimertest_Init(Tcl_Interp *interp)
{
    TimerBench *bench = calloc(1, sizeof *bench);

    if (!bench || (bench->clock = HandClockNew()) == NULL) {
        free(bench);
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    bench->interp = interp;
    Tcl_CreateObjCommand(interp, "::cluster::test::timers", TimersCmd, bench, DeleteTimers);
    return TCL_OK;
}
