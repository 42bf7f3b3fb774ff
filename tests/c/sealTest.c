/*
 * sealTest.c --
 *
 *	The commands ::cluster::test::sodium and keys: whether there is libsodium,
 *	and key rings.
 */

#include "sealTest.h"

#include "sealTestInt.h"

#include <stdlib.h>
#include <string.h>

/* ---- the system, as a test wants it ------------------------------------------ */

static void
TestRandom(void *context, void *bytes, size_t length)
{
    SealTestSystem *system = context;
    size_t i;

    for (i = 0; i < length; i++) {
        ((uint8_t *) bytes)[i] = system->random[system->at];
        system->at = (system->at + 1) % system->count;
    }
}

static int
TestProcess(void *context)
{
    return ((SealTestSystem *) context)->process;
}

void
SealTestSystemInit(SealTestSystem *system, const uint8_t *random, size_t length)
{
    memset(system, 0, sizeof *system);
    system->system.random = TestRandom;
    system->system.processId = TestProcess;
    system->system.context = system;
    system->count = length < sizeof system->random ? length : sizeof system->random;
    memcpy(system->random, random, system->count);
    system->process = 1;
}

/* ---- values ------------------------------------------------------------------- */

const uint8_t *
SealTestBytes(Tcl_Obj *value, size_t *length)
{
    Tcl_Size size = 0;
    const uint8_t *bytes = Tcl_GetByteArrayFromObj(value, &size);

    *length = bytes ? (size_t) size : 0;
    return bytes;
}

void
SealTestAddNumber(Tcl_Obj *list, int64_t number)
{
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewWideIntObj((Tcl_WideInt) number));
}

void
SealTestAddBytes(Tcl_Obj *list, const uint8_t *bytes, size_t length)
{
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewByteArrayObj(bytes, (Tcl_Size) length));
}

void
SealTestAddText(Tcl_Obj *list, const char *text)
{
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(text, -1));
}

int
SealTestFail(Tcl_Interp *interp, const char *message)
{
    Tcl_SetObjResult(interp, Tcl_NewStringObj(message, -1));
    return TCL_ERROR;
}

int
SealTestNumber(Tcl_Interp *interp, Tcl_Obj *value, uint64_t *number)
{
    char *end;

    *number = strtoull(Tcl_GetString(value), &end, 0);
    return *end == '\0' ? TCL_OK : SealTestFail(interp, "no number");
}

/* ---- keys --------------------------------------------------------------------- */

static const char *const results[] = {
        [CLUSTER_KEYS_OK] = "ok",
        [CLUSTER_KEYS_UNAVAILABLE] = "unavailable",
        [CLUSTER_KEYS_NO_MEMORY] = "no memory",
        [CLUSTER_KEYS_MALFORMED] = "malformed",
        [CLUSTER_KEYS_TWICE] = "twice",
        [CLUSTER_KEYS_FULL] = "full",
        [CLUSTER_KEYS_UNKNOWN] = "unknown",
        [CLUSTER_KEYS_SEALS] = "seals",
        [CLUSTER_KEYS_EMPTY] = "empty",
};

static void
AddId(Tcl_Obj *list, const ClusterKeyId *id)
{
    char text[CLUSTER_KEY_ID_TEXT + 1];

    ClusterKeyIdText(id, text);
    SealTestAddText(list, text);
}

static bool
IdOfText(const char *text, size_t length, ClusterKeyId *id)
{
    size_t i;

    if (length != CLUSTER_KEY_ID_TEXT) {
        return false;
    }
    for (i = 0; i < CLUSTER_KEY_ID; i++) {
        const char digits[] = {text[2 * i], text[2 * i + 1], 0};

        id->bytes[i] = (uint8_t) strtoul(digits, NULL, 16);
    }
    return true;
}

/* The ids in their order, and the one that seals. */
static void
AddRing(Tcl_Obj *list, const ClusterKeys *keys)
{
    Tcl_Obj *ids = Tcl_NewListObj(0, NULL);
    ClusterKeyId id;
    size_t i;

    for (i = 0; i < ClusterKeysCount(keys); i++) {
        id = ClusterKeysAt(keys, i);
        AddId(ids, &id);
    }
    Tcl_ListObjAppendElement(NULL, list, ids);
    if (ClusterKeysSealing(keys, &id)) {
        AddId(list, &id);
    } else {
        SealTestAddText(list, "");
    }
}

/* What is made of a key for both purposes. */
static void
AddPurposes(Tcl_Obj *list, const ClusterKeys *keys, const ClusterKeyId *id)
{
    const uint8_t *datagram = ClusterKeysFind(keys, id->bytes, CLUSTER_KEYS_DATAGRAM);
    const uint8_t *handshake = ClusterKeysFind(keys, id->bytes, CLUSTER_KEYS_HANDSHAKE);

    if (datagram && handshake) {
        SealTestAddBytes(list, datagram, CLUSTER_CIPHER_KEY);
        SealTestAddBytes(list, handshake, CLUSTER_CIPHER_KEY);
    }
}

/*
 * RING add TEXT: result and id | addraw BYTES: the same | read TEXT: result and
 * line | use ID | remove ID | purposes ID | list: ids, and the one that seals.
 */
static int
RingCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"add", "addraw", "read", "use", "remove", "purposes",
            "list", NULL};
    enum { ADD, ADDRAW, READ, USE, REMOVE, PURPOSES, LIST };
    ClusterKeys *keys = clientData;
    ClusterKeysResult result = CLUSTER_KEYS_OK;
    Tcl_Obj *list;
    ClusterKeyId id = {{0}};
    size_t length = 0, line = 0;
    const char *text = "";
    int word;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != (word == LIST ? 2 : 3)) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?argument?");
        return TCL_ERROR;
    }
    if (word != LIST) {
        text = (const char *) SealTestBytes(objv[2], &length);
    }
    if (word >= USE && word <= PURPOSES && !IdOfText(text, length, &id)) {
        return SealTestFail(interp, "no id");
    }
    list = Tcl_NewListObj(0, NULL);
    if (word == ADD) {
        result = ClusterKeysAddText(keys, text, length, &id);
    } else if (word == ADDRAW && length == CLUSTER_CIPHER_KEY) {
        result = ClusterKeysAdd(keys, (const uint8_t *) text, &id);
    } else if (word == READ) {
        result = ClusterKeysRead(keys, text, length, &line);
    } else if (word == USE) {
        result = ClusterKeysUse(keys, &id);
    } else if (word == REMOVE) {
        result = ClusterKeysRemove(keys, &id);
    } else if (word == PURPOSES) {
        AddPurposes(list, keys, &id);
    } else {
        AddRing(list, keys);
    }
    if (word != LIST && word != PURPOSES) {
        SealTestAddText(list, results[result]);
    }
    if (word <= ADDRAW) {
        AddId(list, &id);
    } else if (word == READ) {
        SealTestAddNumber(list, (int64_t) line);
    }
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
}

ClusterKeys *
SealTestRing(Tcl_Interp *interp, Tcl_Obj *name)
{
    Tcl_CmdInfo info;

    if (!Tcl_GetCommandInfo(interp, Tcl_GetString(name), &info) || info.objProc != RingCmd) {
        SealTestFail(interp, "no such ring");
        return NULL;
    }
    return info.objClientData;
}

static void
DeleteRing(void *clientData)
{
    ClusterKeysRelease(clientData);
}

/* keys NAME: makes the command NAME, an empty ring; the result. keys: a new key as text, of random bytes 0, 1, .... */
static int
KeysCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const uint8_t random[] = {0, 1, 2, 3, 4, 5, 6, 7};
    char text[CLUSTER_CIPHER_KEY_TEXT + 1];
    ClusterKeysResult result;
    SealTestSystem system;
    ClusterKeys *keys;

    (void) clientData;
    if (objc > 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "?name?");
        return TCL_ERROR;
    }
    if (objc == 1) {
        SealTestSystemInit(&system, random, sizeof random);
        Tcl_SetObjResult(interp,
                Tcl_NewStringObj(ClusterKeysMake(&system.system, text) ? text : "", -1));
        return TCL_OK;
    }
    result = ClusterKeysNew(&keys);
    if (result == CLUSTER_KEYS_OK) {
        Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), RingCmd, keys, DeleteRing);
    }
    Tcl_SetObjResult(interp, Tcl_NewStringObj(results[result], -1));
    return TCL_OK;
}

/* sodium: was the package built with libsodium? */
static int
SodiumCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    (void) clientData;
    (void) objc;
    (void) objv;
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterCipherStart()));
    return TCL_OK;
}

int
Clustersealtest_Init(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "::cluster::test::sodium", SodiumCmd, NULL, NULL);
    Tcl_CreateObjCommand(interp, "::cluster::test::keys", KeysCmd, NULL, NULL);
    SealTestDatagramInit(interp);
    SealTestSecretInit(interp);
    return TCL_OK;
}
