/*
 * sealDatagramTest.c --
 *
 *	The commands ::cluster::test::replay and seal: the table of origins by
 *	itself, and sealed datagrams.
 */

#include "sealTestInt.h"

#include "base/clusterLimits.h"
#include "seal/clusterSeal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- replay ------------------------------------------------------------------- */

static const char *const replayResults[] = {
        [CLUSTER_REPLAY_FRESH] = "fresh",
        [CLUSTER_REPLAY_SEEN] = "seen",
        [CLUSTER_REPLAY_CHALLENGE] = "challenge",
        [CLUSTER_REPLAY_CLONE] = "clone",
        [CLUSTER_REPLAY_FULL] = "full",
};

/* A name as an origin: what it lacks is zero. */
static void
OriginOf(Tcl_Obj *value, uint8_t origin[CLUSTER_ORIGIN])
{
    size_t length;
    const uint8_t *bytes = SealTestBytes(value, &length);

    memset(origin, 0, CLUSTER_ORIGIN);
    memcpy(origin, bytes, length < CLUSTER_ORIGIN ? length : CLUSTER_ORIGIN);
}

static int
ReadStamp(Tcl_Interp *interp, Tcl_Obj *const objv[], ClusterStamp *stamp)
{
    Tcl_WideInt time;

    OriginOf(objv[0], stamp->origin);
    if (SealTestNumber(interp, objv[1], &stamp->sequence) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[2], &time) != TCL_OK) {
        return TCL_ERROR;
    }
    stamp->time = time;
    return TCL_OK;
}

static int
ReplayTake(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    ClusterStamp stamp;
    Tcl_WideInt now, wall;

    if (ReadStamp(interp, objv, &stamp) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[3], &now) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[4], &wall) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp,
            Tcl_NewStringObj(replayResults[ClusterReplayTake(replay, &stamp, now, wall)], -1));
    return TCL_OK;
}

static int
ReplaySeen(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    uint8_t origin[CLUSTER_ORIGIN];
    uint64_t sequence;

    OriginOf(objv[0], origin);
    if (SealTestNumber(interp, objv[1], &sequence) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterReplaySeen(replay, origin, sequence)));
    return TCL_OK;
}

static int
ReplayAsk(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    uint8_t origin[CLUSTER_ORIGIN];
    char text[CLUSTER_CHALLENGE_TEXT + 1];
    Tcl_WideInt now;

    OriginOf(objv[0], origin);
    if (Tcl_GetWideIntFromObj(interp, objv[1], &now) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterReplayAsk(replay, origin, now, text);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(text, -1));
    return TCL_OK;
}

static int
ReplayAnswered(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    ClusterStamp stamp;
    Tcl_WideInt now;
    size_t length;
    const char *ruid = (const char *) SealTestBytes(objv[3], &length);

    if (ReadStamp(interp, objv, &stamp) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[4], &now) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp,
            Tcl_NewStringObj(
                    replayResults[ClusterReplayAnswered(replay, &stamp, ruid, length, now)], -1));
    return TCL_OK;
}

static int
ReplayBind(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    uint8_t origin[CLUSTER_ORIGIN];
    Tcl_WideInt now;
    size_t length;
    const char *member = (const char *) SealTestBytes(objv[1], &length);

    OriginOf(objv[0], origin);
    if (Tcl_GetWideIntFromObj(interp, objv[2], &now) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp,
            Tcl_NewStringObj(replayResults[ClusterReplayBind(replay, origin, member, length, now)],
                    -1));
    return TCL_OK;
}

static int
ReplayOwner(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    uint8_t origin[CLUSTER_ORIGIN];
    const char *owner;
    size_t length;

    OriginOf(objv[0], origin);
    owner = ClusterReplayOwner(replay, origin, &length);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(owner ? owner : "-", owner ? (Tcl_Size) length : 1));
    return TCL_OK;
}

static int
ReplayForget(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    size_t length;
    const char *member = (const char *) SealTestBytes(objv[0], &length);

    (void) interp;
    ClusterReplayForget(replay, member, length);
    return TCL_OK;
}

static int
ReplayCount(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[])
{
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) ClusterReplayCount(replay)));
    return TCL_OK;
}

/*
 * TABLE take ORIGIN NUMBER TIME NOW WALL | seen ORIGIN NUMBER | ask ORIGIN NOW |
 * answered ORIGIN NUMBER TIME RUID NOW | bind ORIGIN MEMBER NOW | owner ORIGIN |
 * forget MEMBER | count
 */
static int
DoReplay(Tcl_Interp *interp, ClusterReplay *replay, int objc, Tcl_Obj *const objv[])
{
    static const struct Verb {
        const char *name;
        int count;
        int (*proc)(Tcl_Interp *interp, ClusterReplay *replay, Tcl_Obj *const objv[]);
    } verbs[] = {
            {"take", 7, ReplayTake},
            {"seen", 4, ReplaySeen},
            {"ask", 4, ReplayAsk},
            {"answered", 7, ReplayAnswered},
            {"bind", 5, ReplayBind},
            {"owner", 3, ReplayOwner},
            {"forget", 3, ReplayForget},
            {"count", 2, ReplayCount},
            {NULL, 0, NULL},
    };
    int word;

    if (objc < 2
            || Tcl_GetIndexFromObjStruct(interp, objv[1], verbs, sizeof verbs[0], "command", 0,
                       &word)
                    != TCL_OK
            || objc != verbs[word].count) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?argument ...?");
        return TCL_ERROR;
    }
    return verbs[word].proc(interp, replay, objv + 2);
}

static int
TableCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    return DoReplay(interp, clientData, objc, objv);
}

static void
DeleteTable(void *clientData)
{
    ClusterReplayFree(clientData);
}

/* replay NAME MOST WALL: makes the command NAME, an empty table. */
static int
ReplayCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const uint8_t random[] = {1, 2, 3, 4, 5, 6, 7};
    SealTestSystem system;
    ClusterReplay *replay;
    Tcl_WideInt wall;
    int most;

    (void) clientData;
    if (objc != 4 || Tcl_GetIntFromObj(interp, objv[2], &most) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[3], &wall) != TCL_OK) {
        Tcl_WrongNumArgs(interp, 1, objv, "name most wall");
        return TCL_ERROR;
    }
    SealTestSystemInit(&system, random, sizeof random);
    replay = ClusterReplayNew(&system.system, (size_t) most, wall);
    if (!replay) {
        return SealTestFail(interp, "out of memory");
    }
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), TableCmd, replay, DeleteTable);
    return TCL_OK;
}

/* ---- seal --------------------------------------------------------------------- */

typedef struct SealBench {
    ClusterSeal *seal;
    SealTestSystem system;
} SealBench;

static ClusterAudience
AudienceOf(int objc, Tcl_Obj *const objv[], int index)
{
    ClusterAudience audience = {NULL, 0};

    if (index < objc) {
        audience.member = (const char *) SealTestBytes(objv[index], &audience.length);
    }
    return audience;
}

/* SEAL datagram PACKET WALL ?AUDIENCE? ?ROOM?: the result's name, and the bytes. */
static int
SealDatagram(Tcl_Interp *interp, SealBench *bench, int objc, Tcl_Obj *const objv[])
{
    size_t length, size = 0;
    const uint8_t *packet = SealTestBytes(objv[2], &length);
    ClusterAudience audience = AudienceOf(objc, objv, 4);
    Tcl_WideInt wall;
    Tcl_Obj *list;
    ClusterSealResult result;
    uint8_t *out;
    int room = (int) ClusterSealSize(length);

    if (Tcl_GetWideIntFromObj(interp, objv[3], &wall) != TCL_OK
            || (objc == 6 && Tcl_GetIntFromObj(interp, objv[5], &room) != TCL_OK)) {
        return TCL_ERROR;
    }
    out = malloc((size_t) room + 1);
    if (!out) {
        return SealTestFail(interp, "out of memory");
    }
    result = ClusterSealDatagram(bench->seal, packet, length, audience, wall, out, (size_t) room,
            &size);
    list = Tcl_NewListObj(0, NULL);
    SealTestAddText(list, ClusterSealResultName(result));
    if (result == CLUSTER_SEAL_OK) {
        SealTestAddBytes(list, out, size);
    }
    free(out);
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
}

static void
AddOpened(Tcl_Obj *list, const ClusterOpened *opened)
{
    char number[24], text[CLUSTER_KEY_ID_TEXT + 1];

    SealTestAddBytes(list, opened->packet, opened->length);
    SealTestAddBytes(list, opened->stamp.origin, CLUSTER_ORIGIN);
    snprintf(number, sizeof number, "%llu", (unsigned long long) opened->stamp.sequence);
    SealTestAddText(list, number);
    SealTestAddNumber(list, opened->stamp.time);
    ClusterKeyIdText(&opened->key, text);
    SealTestAddText(list, text);
}

/*
 * SEAL open BYTES NOW WALL ?AUDIENCE?: the result's name, and if it is authentic
 * packet, origin, number, time and key id. From and into memory of exactly their size.
 */
static int
SealOpen(Tcl_Interp *interp, SealBench *bench, int objc, Tcl_Obj *const objv[])
{
    size_t length;
    const uint8_t *bytes = SealTestBytes(objv[2], &length);
    uint8_t *copy = malloc(length > 0 ? length : 1), *room = malloc(length > 0 ? length : 1);
    Tcl_WideInt now, wall;
    ClusterOpened opened;
    Tcl_Obj *list;
    ClusterSealResult result;

    if (!copy || !room || objc < 5 || Tcl_GetWideIntFromObj(interp, objv[3], &now) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, objv[4], &wall) != TCL_OK) {
        free(copy);
        free(room);
        return SealTestFail(interp, "no times");
    }
    memcpy(copy, bytes, length);
    result = ClusterSealOpen(bench->seal, copy, length, AudienceOf(objc, objv, 5), now, wall, room,
            &opened);
    list = Tcl_NewListObj(0, NULL);
    SealTestAddText(list, ClusterSealResultName(result));
    if (result == CLUSTER_SEAL_OK || result == CLUSTER_SEAL_CHALLENGE
            || result == CLUSTER_SEAL_FULL) {
        AddOpened(list, &opened);
    }
    free(copy);
    free(room);
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
}

/* SEAL datagram ... | open ... | size LENGTH | fork | what a TABLE can */
static int
SealCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    SealBench *bench = clientData;
    const char *word = objc > 1 ? Tcl_GetString(objv[1]) : "";
    int length;

    if (strcmp(word, "datagram") == 0 && objc >= 4 && objc <= 6) {
        return SealDatagram(interp, bench, objc, objv);
    }
    if (strcmp(word, "open") == 0 && objc >= 5 && objc <= 6) {
        return SealOpen(interp, bench, objc, objv);
    }
    if (strcmp(word, "size") == 0 && objc == 3) {
        if (Tcl_GetIntFromObj(interp, objv[2], &length) != TCL_OK) {
            return TCL_ERROR;
        }
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) ClusterSealSize((size_t) length)));
        return TCL_OK;
    }
    if (strcmp(word, "fork") == 0) {
        bench->system.process++;
        return TCL_OK;
    }
    return DoReplay(interp, ClusterSealReplay(bench->seal), objc, objv);
}

static void
DeleteSeal(void *clientData)
{
    SealBench *bench = clientData;

    ClusterSealFree(bench->seal);
    free(bench);
}

/* seal NAME RING RANDOM GROUP PORT ?ORIGINS? ?SEQUENCE?: makes the command NAME. Random bytes: origin, then the table's keys. */
static int
MakeSealCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    ClusterSealConfig config = {.origins = CLUSTER_ORIGINS_MAX};
    size_t length = 0;
    const uint8_t *random;
    int port, origins = CLUSTER_ORIGINS_MAX;
    SealBench *bench;

    (void) clientData;
    if (objc < 6 || objc > 8 || (random = SealTestBytes(objv[3], &length)) == NULL || length == 0) {
        Tcl_WrongNumArgs(interp, 1, objv, "name ring random group port ?origins? ?sequence?");
        return TCL_ERROR;
    }
    config.keys = SealTestRing(interp, objv[2]);
    if (!config.keys || Tcl_GetIntFromObj(interp, objv[5], &port) != TCL_OK
            || (objc > 6 && Tcl_GetIntFromObj(interp, objv[6], &origins) != TCL_OK)
            || (objc > 7 && SealTestNumber(interp, objv[7], &config.sequence) != TCL_OK)) {
        return TCL_ERROR;
    }
    bench = calloc(1, sizeof *bench);
    if (!bench) {
        return SealTestFail(interp, "out of memory");
    }
    SealTestSystemInit(&bench->system, random, length);
    config.system = &bench->system.system;
    config.group = Tcl_GetString(objv[4]);
    config.port = (uint16_t) port;
    config.origins = (size_t) origins;
    bench->seal = ClusterSealNew(&config);
    if (!bench->seal) {
        free(bench);
        return SealTestFail(interp, "no seal");
    }
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), SealCmd, bench, DeleteSeal);
    return TCL_OK;
}

void
SealTestDatagramInit(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "::cluster::test::replay", ReplayCmd, NULL, NULL);
    Tcl_CreateObjCommand(interp, "::cluster::test::seal", MakeSealCmd, NULL, NULL);
}
