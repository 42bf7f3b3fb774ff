/*
 * sealSecretTest.c --
 *
 *	The command ::cluster::test::secret: sealed streams.
 */

#include "sealTestInt.h"

#include "seal/clusterSecret.h"

#include <stdlib.h>
#include <string.h>

typedef struct SecretBench {
    ClusterSecret *secret;
    SealTestSystem system;
} SecretBench;

static const char *const fedNames[] = {
        [CLUSTER_SECRET_REPLY] = "reply",
        [CLUSTER_SECRET_PLAIN] = "plain",
        [CLUSTER_SECRET_BROKEN] = "broken",
};

/* A name and perhaps bytes, as the result. */
static void
SetResult(Tcl_Interp *interp, const char *name, const uint8_t *bytes, size_t size, bool good)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);

    SealTestAddText(list, name);
    if (good) {
        SealTestAddBytes(list, bytes, size);
    }
    Tcl_SetObjResult(interp, list);
}

static void
Hello(Tcl_Interp *interp, SecretBench *bench)
{
    uint8_t out[CLUSTER_SECRET_REPLY_MOST];
    size_t size = 0;
    ClusterSealResult result = ClusterSecretHello(bench->secret, out, &size);

    SetResult(interp, ClusterSealResultName(result), out, size, result == CLUSTER_SEAL_OK);
}

/* From and into memory of exactly the size that is asked for. */
static int
Feed(Tcl_Interp *interp, SecretBench *bench, Tcl_Obj *packet, int64_t now)
{
    size_t length, size = 0;
    const uint8_t *bytes = SealTestBytes(packet, &length);
    size_t room = length > CLUSTER_SECRET_REPLY_MOST ? length : CLUSTER_SECRET_REPLY_MOST;
    uint8_t *copy = malloc(length > 0 ? length : 1), *out = malloc(room);
    ClusterSecretFed fed;

    if (!copy || !out) {
        free(copy);
        free(out);
        return SealTestFail(interp, "out of memory");
    }
    memcpy(copy, bytes, length);
    fed = ClusterSecretFeed(bench->secret, copy, length, now, out, &size);
    if (fed == CLUSTER_SECRET_BROKEN) {
        const char *reason = ClusterSealResultName(ClusterSecretReason(bench->secret));

        SetResult(interp, "broken", (const uint8_t *) reason, strlen(reason), true);
    } else {
        SetResult(interp, fedNames[fed], out, size, true);
    }
    free(copy);
    free(out);
    return TCL_OK;
}

static int
Seal(Tcl_Interp *interp, SecretBench *bench, Tcl_Obj *plain, int64_t now)
{
    size_t length, size = 0;
    const uint8_t *bytes = SealTestBytes(plain, &length);
    uint8_t *out = malloc(ClusterSecretSize(length));
    ClusterSealResult result;

    if (!out) {
        return SealTestFail(interp, "out of memory");
    }
    result = ClusterSecretSeal(bench->secret, bytes, length, now, out, &size);
    SetResult(interp, ClusterSealResultName(result), out, size, result == CLUSTER_SEAL_OK);
    free(out);
    return TCL_OK;
}

/* Open or not, the peer's name, and why it broke. */
static void
State(Tcl_Interp *interp, SecretBench *bench)
{
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    size_t length;
    const char *name = ClusterSecretPeer(bench->secret, &length);

    SealTestAddNumber(list, ClusterSecretIsOpen(bench->secret));
    SealTestAddBytes(list, (const uint8_t *) name, length);
    SealTestAddText(list, ClusterSealResultName(ClusterSecretReason(bench->secret)));
    Tcl_SetObjResult(interp, list);
}

/* STREAM hello | feed PACKET ?NOW? | seal BYTES ?NOW? | state | fork */
static int
StreamCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    SecretBench *bench = clientData;
    const char *word = objc > 1 ? Tcl_GetString(objv[1]) : "";
    Tcl_WideInt now = 0;

    if (objc == 4 && Tcl_GetWideIntFromObj(interp, objv[3], &now) != TCL_OK) {
        return TCL_ERROR;
    }
    if (strcmp(word, "feed") == 0 && objc >= 3) {
        return Feed(interp, bench, objv[2], now);
    }
    if (strcmp(word, "seal") == 0 && objc >= 3) {
        return Seal(interp, bench, objv[2], now);
    }
    if (strcmp(word, "hello") == 0) {
        Hello(interp, bench);
    } else if (strcmp(word, "state") == 0) {
        State(interp, bench);
    } else if (strcmp(word, "fork") == 0) {
        bench->system.process++;
    } else {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?argument ...?");
        return TCL_ERROR;
    }
    return TCL_OK;
}

static void
DeleteStream(void *clientData)
{
    SecretBench *bench = clientData;

    ClusterSecretFree(bench->secret);
    free(bench);
}

/*
 * secret NAME connects|accepts RING RANDOM GROUP PORT OWN ?REKEY?: makes the command
 * NAME. Random bytes: who connects draws number and header, who accepts header and number.
 */
static int
SecretCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    ClusterSecretConfig config;
    const uint8_t *random;
    size_t length = 0;
    int port;
    SecretBench *bench;

    (void) clientData;
    memset(&config, 0, sizeof config);
    if (objc < 8 || (random = SealTestBytes(objv[4], &length)) == NULL || length == 0) {
        Tcl_WrongNumArgs(interp, 1, objv,
                "name connects|accepts ring random group port own ?rekey?");
        return TCL_ERROR;
    }
    config.keys = SealTestRing(interp, objv[3]);
    if (!config.keys || Tcl_GetIntFromObj(interp, objv[6], &port) != TCL_OK
            || (objc > 8 && SealTestNumber(interp, objv[8], &config.rekeyBytes) != TCL_OK)) {
        return TCL_ERROR;
    }
    bench = calloc(1, sizeof *bench);
    if (!bench) {
        return SealTestFail(interp, "out of memory");
    }
    SealTestSystemInit(&bench->system, random, length);
    config.system = &bench->system.system;
    config.group = Tcl_GetString(objv[5]);
    config.port = (uint16_t) port;
    config.name = (const char *) SealTestBytes(objv[7], &config.nameLength);
    bench->secret = ClusterSecretNew(&config, strcmp(Tcl_GetString(objv[2]), "connects") == 0);
    if (!bench->secret) {
        free(bench);
        return SealTestFail(interp, "no stream");
    }
    Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), StreamCmd, bench, DeleteStream);
    return TCL_OK;
}

void
SealTestSecretInit(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "::cluster::test::secret", SecretCmd, NULL, NULL);
}
