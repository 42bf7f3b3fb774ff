/*
 * stateTest.c --
 *
 *	The commands ::cluster::test::liveness, awaits, news and probing: the state
 *	machines of the node, without a node.
 */

#include "stateTest.h"

#include "node/clusterAwaits.h"
#include "node/clusterLiveness.h"
#include "node/clusterNews.h"
#include "node/clusterProbing.h"

#include <stdlib.h>
#include <string.h>

static void
Put(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static void
PutNumber(Tcl_Obj *dict, const char *key, int64_t number)
{
    Put(dict, key, Tcl_NewWideIntObj((Tcl_WideInt) number));
}

/* The words of the bits that are set. */
static Tcl_Obj *
Bits(unsigned bits, const char *const *names)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    int i;

    for (i = 0; names[i]; i++) {
        if (bits & 1U << i) {
            Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(names[i], -1));
        }
    }
    if (bits >> i) {
        Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj("?", 1));
    }
    return list;
}

/* ---- liveness ------------------------------------------------------------ */

static const char *const actionNames[] = {"ping", "ping-alone", "cancel-ping", "reconnect", "lose",
        NULL};

/* The state of a name, CLUSTER_LIFE_STATES for none. */
static ClusterLifeState
StateByName(const char *name)
{
    int i = 0;

    while (i < CLUSTER_LIFE_STATES
            && strcmp(ClusterLifeStateName((ClusterLifeState) i), name) != 0) {
        i++;
    }
    return (ClusterLifeState) i;
}

static ClusterLifeEvent
EventByName(const char *name)
{
    int i = 0;

    while (i < CLUSTER_LIFE_EVENTS
            && strcmp(ClusterLifeEventName((ClusterLifeEvent) i), name) != 0) {
        i++;
    }
    return (ClusterLifeEvent) i;
}

static Tcl_Obj *
DictOf(const ClusterLiveness *life)
{
    Tcl_Obj *dict = Tcl_NewDictObj();

    Put(dict, "state", Tcl_NewStringObj(ClusterLifeStateName(life->state), -1));
    PutNumber(dict, "seen", life->seen);
    PutNumber(dict, "deadline", life->deadline);
    PutNumber(dict, "ttl", life->ttl);
    PutNumber(dict, "local", life->local);
    Put(dict, "cause", Tcl_NewStringObj(ClusterLifeEventName(life->cause), -1));
    return dict;
}

static const char *
TextOf(Tcl_Obj *dict, const char *key)
{
    Tcl_Obj *word = Tcl_NewStringObj(key, -1), *value = NULL;

    Tcl_IncrRefCount(word);
    Tcl_DictObjGet(NULL, dict, word, &value);
    Tcl_DecrRefCount(word);
    return value ? Tcl_GetString(value) : "";
}

/* The opposite of DictOf; false when something is missing or unknown. */
static bool
FromDict(Tcl_Obj *dict, ClusterLiveness *life)
{
    life->state = StateByName(TextOf(dict, "state"));
    life->cause = EventByName(TextOf(dict, "cause"));
    life->seen = strtoll(TextOf(dict, "seen"), NULL, 10);
    life->deadline = strtoll(TextOf(dict, "deadline"), NULL, 10);
    life->ttl = strtoll(TextOf(dict, "ttl"), NULL, 10);
    life->local = strcmp(TextOf(dict, "local"), "1") == 0;
    return life->state < CLUSTER_LIFE_STATES && life->cause < CLUSTER_LIFE_EVENTS;
}

/* liveness step LIFE EVENT NOW ?WITHIN?: LIFE after that, with what else came of it. */
static int
StepCmd(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterLiveness life;
    ClusterLifeEvent event;
    Tcl_WideInt now, within = 0;
    Tcl_Obj *dict;
    unsigned actions;
    bool taken = true;

    if (Tcl_GetWideIntFromObj(interp, objv[4], &now) != TCL_OK
            || (objc > 5 && Tcl_GetWideIntFromObj(interp, objv[5], &within) != TCL_OK)) {
        return TCL_ERROR;
    }
    event = EventByName(Tcl_GetString(objv[3]));
    if (!FromDict(objv[2], &life) || event == CLUSTER_LIFE_EVENTS) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("no such state or event", -1));
        return TCL_ERROR;
    }
    actions = ClusterLivenessStep(&life, event, now, within, &taken);
    dict = DictOf(&life);
    PutNumber(dict, "taken", taken);
    Put(dict, "actions", Bits(actions, actionNames));
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
}

/* liveness new TTL LOCAL LEAVING NOW */
static int
NewCmd(Tcl_Interp *interp, Tcl_Obj *const *objv)
{
    ClusterLiveness life;
    Tcl_WideInt ttl, now;
    int local, leaving;

    if (Tcl_GetWideIntFromObj(interp, objv[2], &ttl) != TCL_OK
            || Tcl_GetBooleanFromObj(interp, objv[3], &local) != TCL_OK
            || Tcl_GetBooleanFromObj(interp, objv[4], &leaving) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[5], &now) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterLivenessInit(&life, ttl, local, leaving, now);
    Tcl_SetObjResult(interp, DictOf(&life));
    return TCL_OK;
}

/* The names of all states, and of all events. */
static Tcl_Obj *
Names(void)
{
    Tcl_Obj *states = Tcl_NewListObj(0, NULL), *events = Tcl_NewListObj(0, NULL), *both[2];
    int i;

    for (i = 0; i < CLUSTER_LIFE_STATES; i++) {
        Tcl_ListObjAppendElement(NULL, states,
                Tcl_NewStringObj(ClusterLifeStateName((ClusterLifeState) i), -1));
    }
    for (i = 0; i < CLUSTER_LIFE_EVENTS; i++) {
        Tcl_ListObjAppendElement(NULL, events,
                Tcl_NewStringObj(ClusterLifeEventName((ClusterLifeEvent) i), -1));
    }
    both[0] = states;
    both[1] = events;
    return Tcl_NewListObj(2, both);
}

/* liveness names | new ... | step ... */
static int
LivenessCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"names", "new", "step", NULL};
    static const int least[] = {2, 6, 5}, most[] = {2, 6, 6};
    enum { NAMES, NEW };
    int word;

    (void) clientData;
    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc < least[word] || objc > most[word]) {
        Tcl_WrongNumArgs(interp, 1, objv,
                "names | new ttl local leaving now | step life event now ?within?");
        return TCL_ERROR;
    }
    if (word == NAMES) {
        Tcl_SetObjResult(interp, Names());
        return TCL_OK;
    }
    return word == NEW ? NewCmd(interp, objv) : StepCmd(interp, objc, objv);
}

/* ---- awaits -------------------------------------------------------------- */

/* Who is awaited is named by a number from 0; a place in here stands for it. */
#define PERSONS 64

typedef struct AwaitsBench {
    ClusterAwaits awaits;
    char persons[PERSONS];
} AwaitsBench;

static int
GetPerson(AwaitsBench *bench, Tcl_Interp *interp, Tcl_Obj *word, const void **who)
{
    int number;

    if (Tcl_GetIntFromObj(interp, word, &number) != TCL_OK) {
        return TCL_ERROR;
    }
    if (number < 0 || number >= PERSONS) {
        Tcl_SetObjResult(interp, Tcl_ObjPrintf("nobody is %d", number));
        return TCL_ERROR;
    }
    *who = &bench->persons[number];
    return TCL_OK;
}

/* awaits begin LIST: in place of what was awaited before. */
static int
BeginCmd(AwaitsBench *bench, Tcl_Interp *interp, Tcl_Obj *list)
{
    const void *who[PERSONS];
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(interp, list, &count, &words) != TCL_OK || count > PERSONS) {
        return TCL_ERROR;
    }
    for (i = 0; i < count; i++) {
        if (GetPerson(bench, interp, words[i], &who[i]) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    ClusterAwaitsFree(&bench->awaits);
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(ClusterAwaitsInit(&bench->awaits, who, (size_t) count)));
    return TCL_OK;
}

/* What follows, who is still awaited, and whether it is over. */
static Tcl_Obj *
After(const AwaitsBench *bench, unsigned follows)
{
    static const char *const names[] = {"tell", "done", NULL};
    Tcl_Obj *words[3], *who = Tcl_NewListObj(0, NULL);
    size_t i;

    for (i = 0; i < bench->awaits.count; i++) {
        Tcl_ListObjAppendElement(NULL, who,
                Tcl_NewWideIntObj((const char *) bench->awaits.who[i] - bench->persons));
    }
    words[0] = Bits(follows, names);
    words[1] = who;
    words[2] = Tcl_NewBooleanObj(bench->awaits.over);
    return Tcl_NewListObj(3, words);
}

/* awaits begin LIST | has N | answer N | timeout | end: the last three return {follows who over} */
static int
AwaitsCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"answer", "timeout", "end", "begin", "has", NULL};
    static const int counts[] = {3, 2, 2, 3, 3};
    static const ClusterAwaitsEvent events[] = {CLUSTER_AWAITS_ANSWER, CLUSTER_AWAITS_TIMEOUT,
            CLUSTER_AWAITS_END};
    enum { ANSWER, TIMEOUT, END, BEGIN };
    AwaitsBench *bench = clientData;
    const void *who = NULL;
    int word;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "begin list | has who | answer who | timeout | end");
        return TCL_ERROR;
    }
    if (word == BEGIN) {
        return BeginCmd(bench, interp, objv[2]);
    }
    if (objc > 2 && GetPerson(bench, interp, objv[2], &who) != TCL_OK) {
        return TCL_ERROR;
    }
    if (word <= END) {
        Tcl_SetObjResult(interp,
                After(bench, ClusterAwaitsStep(&bench->awaits, events[word], who)));
    } else {
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterAwaitsHas(&bench->awaits, who)));
    }
    return TCL_OK;
}

static void
DeleteAwaits(void *clientData)
{
    AwaitsBench *bench = clientData;

    ClusterAwaitsFree(&bench->awaits);
    free(bench);
}

/* ---- news ---------------------------------------------------------------- */

/* One step; what is told is appended to the list. False when it is none. */
static bool
NewsStep(ClusterNews *news, Tcl_Obj *step, Tcl_Obj *told)
{
    Tcl_Obj **words, *taken;
    Tcl_Size count;
    const char *verb;
    ClusterNewsKind kind;
    int number = 0;

    if (Tcl_ListObjGetElements(NULL, step, &count, &words) != TCL_OK || count < 2) {
        return false;
    }
    verb = Tcl_GetString(words[0]);
    if (strcmp(verb, "take") == 0 && Tcl_GetIntFromObj(NULL, words[1], &number) == TCL_OK) {
        taken = ClusterNewsTake(news, (size_t) number);
        Tcl_ListObjAppendElement(NULL, told, taken ? taken : Tcl_NewStringObj("none", -1));
        return true;
    }
    if (strcmp(verb, "forget") == 0) {
        ClusterNewsForget(news, words[1]);
        return true;
    }
    if (count < 3 || !ClusterNewsKindByName(verb, &kind)
            || Tcl_GetIntFromObj(NULL, words[2], &number) != TCL_OK) {
        return false;
    }
    ClusterNewsAdd(news, kind, words[1], (uint32_t) number);
    return true;
}

/* news ?suspect|alive UUID INCARNATION? ?forget UUID? ?take MEMBERS? ...: what each `take` told. */
static int
NewsCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    ClusterNews news = {.count = 0};
    Tcl_Obj *told = Tcl_NewListObj(0, NULL);
    bool good = true;
    int i;

    (void) clientData;
    for (i = 1; i < objc && good; i++) {
        good = NewsStep(&news, objv[i], told);
    }
    ClusterNewsFree(&news);
    Tcl_SetObjResult(interp, told);
    if (!good) {
        Tcl_SetObjResult(interp, Tcl_ObjPrintf("bad step \"%s\"", Tcl_GetString(objv[i - 1])));
    }
    return good ? TCL_OK : TCL_ERROR;
}

/* ---- probing ------------------------------------------------------------- */

/* The state of one node's probes, and of one member's round trips. */
typedef struct ProbingBench {
    ClusterProbing probing;
    ClusterRtt rtt;
} ProbingBench;

static int64_t
NumberAt(Tcl_Obj *list, int at)
{
    Tcl_Obj *word = NULL;
    Tcl_WideInt number = 0;

    Tcl_ListObjIndex(NULL, list, at, &word);
    if (word) {
        Tcl_GetWideIntFromObj(NULL, word, &number);
    }
    return (int64_t) number;
}

/* What is asked for by a word; -1 when it is something that happens, which it does, or nothing known. */
static int64_t
ProbingStep(ProbingBench *bench, const char *verb, Tcl_Obj *step)
{
    ClusterProbing *probing = &bench->probing;

    if (strcmp(verb, "gap") == 0) {
        return ClusterProbingGap(probing);
    }
    if (strcmp(verb, "least") == 0) {
        return ClusterProbingLeastWait(&bench->rtt);
    }
    if (strcmp(verb, "wait") == 0) {
        return ClusterProbingWait(probing, &bench->rtt);
    }
    if (strcmp(verb, "suspicion") == 0) { /* MEMBERS CONFIRMED */
        return ClusterProbingSuspicion(probing, (size_t) NumberAt(step, 1),
                (int) NumberAt(step, 2));
    }
    if (strcmp(verb, "spread") == 0) { /* MEMBERS */
        return ClusterProbingSpread((size_t) NumberAt(step, 1));
    }
    if (strcmp(verb, "hung") == 0) {
        return ClusterProbingHung(probing);
    }
    if (strcmp(verb, "rtt") == 0) { /* MICROSECONDS */
        ClusterRttTake(&bench->rtt, NumberAt(step, 1));
    }
    if (strcmp(verb, "answered") == 0) { /* REPEATED */
        ClusterProbingAnswered(probing, NumberAt(step, 1) != 0);
    }
    if (strcmp(verb, "failed") == 0) {
        ClusterProbingFailed(probing);
    }
    if (strcmp(verb, "suspected") == 0) {
        ClusterProbingSuspected(probing);
    }
    return -1;
}

/* probing PERIOD STEP ...: what was asked for, in order; see ProbingStep. */
static int
ProbingCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    ProbingBench bench = {.probing = {.period = 0}};
    Tcl_Obj *result = Tcl_NewListObj(0, NULL), *verb;
    Tcl_WideInt period = 0;
    int64_t value;
    int i;

    (void) clientData;
    if (objc > 1) {
        Tcl_GetWideIntFromObj(NULL, objv[1], &period);
    }
    bench.probing.period = (int64_t) period;
    for (i = 2; i < objc; i++) {
        if (Tcl_ListObjIndex(NULL, objv[i], 0, &verb) == TCL_OK && verb
                && (value = ProbingStep(&bench, Tcl_GetString(verb), objv[i])) >= 0) {
            Tcl_ListObjAppendElement(NULL, result, Tcl_NewWideIntObj((Tcl_WideInt) value));
        }
    }
    Tcl_SetObjResult(interp, result);
    return TCL_OK;
}

int
Clusterstatetest_Init(Tcl_Interp *interp)
{
    AwaitsBench *bench = calloc(1, sizeof *bench);

    if (!bench) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    Tcl_CreateObjCommand(interp, "::cluster::test::liveness", LivenessCmd, NULL, NULL);
    Tcl_CreateObjCommand(interp, "::cluster::test::awaits", AwaitsCmd, bench, DeleteAwaits);
    Tcl_CreateObjCommand(interp, "::cluster::test::news", NewsCmd, NULL, NULL);
    Tcl_CreateObjCommand(interp, "::cluster::test::probing", ProbingCmd, NULL, NULL);
    return TCL_OK;
}
