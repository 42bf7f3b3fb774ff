/*
 * clusterKeySource.c --
 *
 *	Where the keys of a cluster come from: a file, a list, or `cluster key`,
 *	which makes one; and messages about them, which have none in them.
 */

#include "base/clusterError.h"
#include "base/clusterLimits.h"
#include "base/clusterPlatform.h"
#include "command/clusterCommands.h"
#include "command/clusterSealCmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- messages -------------------------------------------------------------------- */

static int
NoCipher(Tcl_Interp *interp)
{
    return ClusterFail(interp,
            Tcl_NewStringObj("keys need libsodium, and this package was built without it", -1),
            "CLUSTER", "SEAL", "UNAVAILABLE", (char *) NULL);
}

/* What is wrong with a key that has that place, which is a new value. TCL_ERROR. */
static int
BadKey(Tcl_Interp *interp, ClusterKeysResult result, Tcl_Obj *place)
{
    const char *code = "MALFORMED";
    Tcl_Obj *message;

    Tcl_IncrRefCount(place);
    if (result == CLUSTER_KEYS_TWICE) {
        message = Tcl_ObjPrintf("%s is there already, or another key of its id is",
                Tcl_GetString(place));
        code = "TWICE";
    } else if (result == CLUSTER_KEYS_FULL) {
        message = Tcl_ObjPrintf("%s is one too many: a cluster has at most %d keys",
                Tcl_GetString(place), CLUSTER_KEYS_MAX);
        code = "FULL";
    } else {
        message = Tcl_ObjPrintf("%s is not the base64 of 32 bytes", Tcl_GetString(place));
    }
    Tcl_DecrRefCount(place);
    return ClusterFail(interp, message, "CLUSTER", "SEAL", code, (char *) NULL);
}

static int
NoMemory(Tcl_Interp *interp)
{
    return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
            (char *) NULL);
}

int
ClusterKeysFail(Tcl_Interp *interp, ClusterKeysResult result)
{
    if (result == CLUSTER_KEYS_UNAVAILABLE) {
        return NoCipher(interp);
    }
    if (result == CLUSTER_KEYS_NO_MEMORY) {
        return NoMemory(interp);
    }
    return BadKey(interp, result, Tcl_NewStringObj("the key", -1));
}

static void
PutOption(Tcl_Obj *options, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, options, Tcl_NewStringObj(key, -1), value);
}

int
ClusterKeysHide(Tcl_Interp *interp, const char *command)
{
    Tcl_Obj *options = Tcl_GetReturnOptions(interp, TCL_ERROR);

    if (Tcl_IsShared(options)) {
        options = Tcl_DuplicateObj(options);
    }
    PutOption(options, "-level", Tcl_NewIntObj(0));
    PutOption(options, "-errorinfo",
            Tcl_ObjPrintf("%s\n    while executing\n\"%s ...\"",
                    Tcl_GetString(Tcl_GetObjResult(interp)), command));
    PutOption(options, "-errorstack", Tcl_NewObj());
    return Tcl_SetReturnOptions(interp, options);
}

bool
ClusterKeysLikely(const char *word)
{
    return strlen(word) >= CLUSTER_CIPHER_KEY_TEXT - 4;
}

Tcl_Obj *
ClusterKeyFileName(Tcl_Obj *file)
{
    Tcl_Obj *whole = Tcl_FSGetNormalizedPath(NULL, file);

    return whole ? whole : file;
}

bool
ClusterKeysIs(const char *word)
{
    uint8_t key[CLUSTER_CIPHER_KEY];
    bool is;

    if (strlen(word) != CLUSTER_CIPHER_KEY_TEXT || !ClusterCipherStart()) {
        return false;
    }
    is = ClusterCipherKeyOfText(key, word, CLUSTER_CIPHER_KEY_TEXT);
    ClusterCipherWipe(key, sizeof key);
    return is;
}

/* A file's name, as messages have it: somebody may have put a key there. */
static const char *
NameOf(Tcl_Obj *file)
{
    const char *name = Tcl_GetString(file), *tail = strrchr(name, '/');

    return ClusterKeysIs(name) || (tail && ClusterKeysIs(tail + 1)) ? "..." : name;
}

/* ---- files and lists --------------------------------------------------------------- */

static int
BadFile(Tcl_Interp *interp, ClusterpSecretResult result, Tcl_Obj *file, int error)
{
    const char *name = NameOf(file), *code = "FILE";
    Tcl_Obj *message;

    switch (result) {
    case CLUSTERP_SECRET_FOREIGN:
        message = Tcl_ObjPrintf("the key file \"%s\" belongs to another user", name);
        code = "OWNER";
        break;
    case CLUSTERP_SECRET_OPEN:
        message =
                Tcl_ObjPrintf("the key file \"%s\" is open to others: its mode must be 0600", name);
        code = "MODE";
        break;
    case CLUSTERP_SECRET_NO_FILE:
        message = Tcl_ObjPrintf("the key file \"%s\" is not an ordinary file", name);
        break;
    case CLUSTERP_SECRET_LARGE:
        message = Tcl_ObjPrintf("the key file \"%s\" is larger than %d bytes", name,
                CLUSTER_KEY_FILE_MAX);
        break;
    default:
        message = Tcl_ObjPrintf("cannot read the key file \"%s\": %s", name, Tcl_ErrnoMsg(error));
        break;
    }
    return ClusterFail(interp, message, "CLUSTER", "SEAL", code, name, (char *) NULL);
}

/* Puts what is in a file into the ring. */
static int
ReadFile(Tcl_Interp *interp, Tcl_Obj *file, ClusterKeys *keys)
{
    const char *path = Tcl_FSGetNativePath(file);
    char *text = ClusterCipherAllocate(CLUSTER_KEY_FILE_MAX);
    ClusterpSecretResult read = CLUSTERP_SECRET_ERROR;
    ClusterKeysResult result;
    size_t length = 0, line = 0;
    int error = ENOENT, code = TCL_OK;

    if (!text) {
        return NoMemory(interp);
    }
    if (path) {
        read = ClusterpSecretRead(path, text, CLUSTER_KEY_FILE_MAX, &length, &error);
    }
    if (read != CLUSTERP_SECRET_OK) {
        code = BadFile(interp, read, file, error);
    } else if ((result = ClusterKeysRead(keys, text, length, &line)) == CLUSTER_KEYS_EMPTY) {
        code = ClusterFail(interp,
                Tcl_ObjPrintf("there is no key in the key file \"%s\"", NameOf(file)), "CLUSTER",
                "SEAL", "EMPTY", NameOf(file), (char *) NULL);
    } else if (result == CLUSTER_KEYS_NO_MEMORY) {
        code = NoMemory(interp);
    } else if (result != CLUSTER_KEYS_OK) {
        code = BadKey(interp, result,
                Tcl_ObjPrintf("line %d of the key file \"%s\"", (int) line, NameOf(file)));
    }
    ClusterCipherFree(text);
    return code;
}

static int
ReadList(Tcl_Interp *interp, Tcl_Obj *list, ClusterKeys *keys)
{
    ClusterKeysResult result;
    Tcl_Obj **words;
    Tcl_Size count, length, i;

    if (Tcl_ListObjGetElements(NULL, list, &count, &words) != TCL_OK) {
        return ClusterFail(interp, Tcl_NewStringObj("the value of -keys is not a list", -1),
                "CLUSTER", "SEAL", "MALFORMED", (char *) NULL);
    }
    if (count == 0) {
        return ClusterFail(interp, Tcl_NewStringObj("there is no key in -keys", -1), "CLUSTER",
                "SEAL", "EMPTY", (char *) NULL);
    }
    for (i = 0; i < count; i++) {
        const char *text = Tcl_GetStringFromObj(words[i], &length);

        result = ClusterKeysAddText(keys, text, (size_t) length, NULL);
        if (result != CLUSTER_KEYS_OK) {
            return BadKey(interp, result, Tcl_ObjPrintf("key number %d of -keys", (int) i + 1));
        }
    }
    return TCL_OK;
}

ClusterKeys *
ClusterKeysFrom(Tcl_Interp *interp, const ClusterKeySource *source)
{
    ClusterKeys *keys = NULL;
    ClusterKeysResult result = ClusterKeysNew(&keys);
    int code;

    if (result != CLUSTER_KEYS_OK) {
        ClusterKeysFail(interp, result);
        return NULL;
    }
    code = source->file ? ReadFile(interp, source->file, keys)
                        : ReadList(interp, source->list, keys);
    if (code != TCL_OK) {
        ClusterKeysRelease(keys);
        return NULL;
    }
    return keys;
}

/* ---- cluster key ---------------------------------------------------------------------- */

/* Writes a file with this key, and leaves the key's id as the result. */
static int
MakeFile(Tcl_Interp *interp, Tcl_Obj *file, const char *key)
{
    const char *path = Tcl_FSGetNativePath(file);
    char id[CLUSTER_KEY_ID_TEXT + 1], text[256];
    ClusterKeys *keys = NULL;
    int length, error = ENOENT;
    ClusterKeyId made;
    bool good;

    if (ClusterKeysNew(&keys) != CLUSTER_KEYS_OK
            || ClusterKeysAddText(keys, key, strlen(key), &made) != CLUSTER_KEYS_OK) {
        ClusterKeysRelease(keys);
        return ClusterKeysFail(interp, CLUSTER_KEYS_NO_MEMORY);
    }
    ClusterKeysRelease(keys);
    ClusterKeyIdText(&made, id);
    length = snprintf(text, sizeof text,
            "# the key %s of a cluster: whoever has it is a member\n%s\n", id, key);
    good = path && ClusterpSecretMake(path, text, (size_t) length, &error);
    ClusterCipherWipe(text, sizeof text);
    if (!good) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("cannot make the key file \"%s\": %s", NameOf(file),
                        Tcl_ErrnoMsg(error)),
                "CLUSTER", "SEAL", error == EEXIST ? "EXISTS" : "FILE", NameOf(file),
                (char *) NULL);
    }
    Tcl_SetObjResult(interp, Tcl_NewStringObj(id, -1));
    return TCL_OK;
}

int
ClusterKeyCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    char key[CLUSTER_CIPHER_KEY_TEXT + 1];
    int code = TCL_OK;

    (void) clientData;
    if (objc == 2 || (objc == 3 && strcmp(Tcl_GetString(objv[1]), "-file") != 0)) {
        Tcl_WrongNumArgs(interp, 1, objv, "?-file file?");
        return TCL_ERROR;
    }
    if (!ClusterKeysMake(&clusterSystem, key)) {
        return NoCipher(interp);
    }
    if (objc == 3) {
        code = MakeFile(interp, objv[2], key);
    } else {
        Tcl_SetObjResult(interp, Tcl_NewStringObj(key, -1));
    }
    ClusterCipherWipe(key, sizeof key);
    return code;
}
