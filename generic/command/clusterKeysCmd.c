/*
 * clusterKeysCmd.c --
 *
 *	`$cluster keys`: which keys a cluster has, and their change while it runs.
 *
 *	Each member tells the others which keys it has, by their ids, which one
 *	seals, and its mode. So before a change it can be seen whom it would cut
 *	off, and unless that is forced such a change is refused.
 */

#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "base/clusterLimits.h"
#include "command/clusterCommandInt.h"
#include "command/clusterSealCmd.h"
#include "packet/clusterForeign.h"

#include <string.h>

/* Members that a message names. */
#define NAMED 8

/* ---- who hears whom --------------------------------------------------------------- */

/* Which keys this member has, and what it does with them: as it is, or would be. */
typedef struct Standing {
    ClusterKeyId ids[CLUSTER_KEYS_MAX];
    size_t count;
    ClusterKeyId sealing;
    ClusterSealMode mode;
} Standing;

static void
TakeStanding(Standing *standing, const ClusterKeys *keys, ClusterSealMode mode)
{
    memset(standing, 0, sizeof *standing);
    for (; standing->count < ClusterKeysCount(keys); standing->count++) {
        standing->ids[standing->count] = ClusterKeysAt(keys, standing->count);
    }
    ClusterKeysSealing(keys, &standing->sealing);
    standing->mode = mode;
}

static bool
IsId(const ClusterKeyId *id, const char *word)
{
    char text[CLUSTER_KEY_ID_TEXT + 1];

    ClusterKeyIdText(id, text);
    return strcmp(text, word) == 0;
}

/* What another member has told of its keys; all zeros of one without. */
typedef struct Told {
    Tcl_Obj *keys, *seals, *mode; /* held, or NULL */
    bool sealed;                  /* it sends sealed */
    bool deaf;                    /* ... and hears nothing else */
} Told;

static Tcl_Obj *
ReadTold(const ClusterMember *member, const char *key)
{
    Tcl_Obj *description = ClusterMemberDescription(member);

    return description ? ClusterForeignGet(description, CLUSTER_SELF_BYTES_MAX, key) : NULL;
}

static void
TakeTold(Told *told, const ClusterMember *member)
{
    ClusterSealMode mode = CLUSTER_SEAL_ACCEPT;

    told->keys = ReadTold(member, "keys");
    told->seals = ReadTold(member, "seals");
    told->mode = ReadTold(member, "mode");
    if (told->mode) {
        ClusterSealModeParse(Tcl_GetString(told->mode), &mode);
    }
    told->sealed = mode != CLUSTER_SEAL_ACCEPT;
    told->deaf = mode == CLUSTER_SEAL_REQUIRE;
}

static void
FreeTold(Told *told)
{
    ClusterReplaceObj(&told->keys, NULL);
    ClusterReplaceObj(&told->seals, NULL);
    ClusterReplaceObj(&told->mode, NULL);
}

static bool
HasKey(const Told *told, const ClusterKeyId *id)
{
    const char **words;
    Tcl_Size count, i;
    bool has = false;

    if (!told->keys || !ClusterForeignList(told->keys, CLUSTER_SELF_BYTES_MAX, &count, &words)) {
        return false;
    }
    for (i = 0; i < count; i++) {
        has = has || IsId(id, words[i]);
    }
    ClusterForeignFree(words);
    return has;
}

static bool
HearsUs(const Told *told, const Standing *we)
{
    return we->mode == CLUSTER_SEAL_ACCEPT ? !told->deaf : HasKey(told, &we->sealing);
}

static bool
IsHeard(const Told *told, const Standing *we)
{
    size_t i = 0;

    if (!told->sealed) {
        return we->mode != CLUSTER_SEAL_REQUIRE;
    }
    while (i < we->count && !(told->seals && IsId(&we->ids[i], Tcl_GetString(told->seals)))) {
        i++;
    }
    return i < we->count;
}

/* Would the change end that a member hears us, or we it? */
static bool
CutsOff(const ClusterMember *member, const Standing *before, const Standing *after)
{
    Told told;
    bool cuts;

    TakeTold(&told, member);
    cuts = (HearsUs(&told, before) && !HearsUs(&told, after))
            || (IsHeard(&told, before) && !IsHeard(&told, after));
    FreeTold(&told);
    return cuts;
}

/* The names of those whom the change would cut off, a new list. */
static Tcl_Obj *
WhomItCuts(const ClusterNode *node, const Standing *before, const Standing *after)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterMember *member = NULL;

    while ((member = ClusterNodeNextMember(node, member)) != NULL) {
        if (CutsOff(member, before, after) && ClusterMemberName(member)) {
            Tcl_ListObjAppendElement(NULL, names, ClusterMemberName(member));
        }
    }
    return names;
}

/* TCL_ERROR, naming them, when it cuts somebody off, unless that is forced. */
static int
CheckChange(ClusterObject *cluster, Tcl_Interp *interp, const Standing *after, bool force)
{
    Standing before;
    Tcl_Obj *names, *message, *name;
    Tcl_Size count, i;
    int code;

    TakeStanding(&before, ClusterNodeKeyRing(cluster->node), ClusterNodeSealMode(cluster->node));
    names = WhomItCuts(cluster->node, &before, after);
    Tcl_IncrRefCount(names);
    Tcl_ListObjLength(NULL, names, &count);
    code = count == 0 || force ? TCL_OK : TCL_ERROR;
    if (code != TCL_OK) {
        message = Tcl_NewStringObj("it would cut off", -1);
        for (i = 0; i < count && i < NAMED; i++) {
            Tcl_ListObjIndex(NULL, names, i, &name);
            Tcl_AppendPrintfToObj(message, " %s", Tcl_GetString(name));
        }
        if (count > NAMED) {
            Tcl_AppendPrintfToObj(message, " and %d more", (int) count - NAMED);
        }
        Tcl_AppendToObj(message, ", see keys status; with -force it is done all the same", -1);
        ClusterFail(interp, message, "CLUSTER", "SEAL", "IN_USE", Tcl_GetString(names),
                (char *) NULL);
    }
    Tcl_DecrRefCount(names);
    return code;
}

/* ---- facts ------------------------------------------------------------------------ */

static void
Put(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static Tcl_Obj *
IdWord(const ClusterKeyId *id)
{
    char text[CLUSTER_KEY_ID_TEXT + 1];

    ClusterKeyIdText(id, text);
    return Tcl_NewStringObj(text, CLUSTER_KEY_ID_TEXT);
}

/* keys: {keys IDS seals ID mode M}, empty without keys. */
static int
ShowKeys(ClusterObject *cluster, Tcl_Interp *interp)
{
    const ClusterKeys *keys = ClusterNodeKeyRing(cluster->node);
    Tcl_Obj *dict = Tcl_NewDictObj(), *ids = Tcl_NewListObj(0, NULL);
    Standing standing;
    size_t i;

    if (keys) {
        TakeStanding(&standing, keys, ClusterNodeSealMode(cluster->node));
        for (i = 0; i < standing.count; i++) {
            Tcl_ListObjAppendElement(NULL, ids, IdWord(&standing.ids[i]));
        }
        Put(dict, "keys", ids);
        Put(dict, "seals", IdWord(&standing.sealing));
        Put(dict, "mode", Tcl_NewStringObj(ClusterSealModeName(standing.mode), -1));
    } else {
        Tcl_DecrRefCount(ids);
    }
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
}

/* What a member has told, a new dict. */
static Tcl_Obj *
StatusOf(const ClusterMember *member)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    Told told;

    TakeTold(&told, member);
    if (told.keys) {
        Put(dict, "keys", told.keys);
    }
    if (told.seals) {
        Put(dict, "seals", told.seals);
    }
    if (told.mode) {
        Put(dict, "mode", told.mode);
    }
    FreeTold(&told);
    return dict;
}

/* keys status: dict of services and what each has told of its keys; empty of one without. */
static int
StatusCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    ClusterMember *member = NULL;

    (void) force;
    (void) word;
    while ((member = ClusterNodeNextMember(cluster->node, member)) != NULL) {
        if (ClusterMemberName(member)) {
            Tcl_DictObjPut(NULL, dict, ClusterMemberName(member), StatusOf(member));
        }
    }
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
}

/* ---- changes ------------------------------------------------------------------------ */

/* The key of an id. TCL_ERROR with a message, which has nothing in it that could be a key. */
static int
FindKey(const ClusterKeys *keys, Tcl_Interp *interp, Tcl_Obj *word, ClusterKeyId *id)
{
    const char *text = Tcl_GetString(word);
    size_t i;

    for (i = 0; i < ClusterKeysCount(keys); i++) {
        *id = ClusterKeysAt(keys, i);
        if (IsId(id, text)) {
            return TCL_OK;
        }
    }
    if (strlen(text) > CLUSTER_KEY_ID_TEXT) {
        return ClusterFail(interp, Tcl_NewStringObj("that is not the id of a key", -1), "CLUSTER",
                "SEAL", "UNKNOWN", (char *) NULL);
    }
    return ClusterFail(interp, Tcl_ObjPrintf("there is no key \"%s\"", text), "CLUSTER", "SEAL",
            "UNKNOWN", text, (char *) NULL);
}

/* Such a ring for a cluster that had none, which goes on sending plain. */
static int
BeginKeys(ClusterObject *cluster, Tcl_Interp *interp, ClusterKeys *keys)
{
    return ClusterNodeSeal(cluster->node, keys, CLUSTER_SEAL_ACCEPT)
            ? TCL_OK
            : ClusterKeysFail(interp, CLUSTER_KEYS_NO_MEMORY);
}

static int
BeginWithKey(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *word)
{
    Tcl_Obj *list = Tcl_NewListObj(1, &word);
    ClusterKeySource source = {.list = list};
    ClusterKeys *keys;
    int code = TCL_ERROR;

    Tcl_IncrRefCount(list);
    keys = ClusterKeysFrom(interp, &source);
    if (keys) {
        code = BeginKeys(cluster, interp, keys);
    }
    ClusterKeysRelease(keys);
    Tcl_DecrRefCount(list);
    return code;
}

static int
AddKey(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *word)
{
    ClusterKeys *keys = ClusterNodeKeyRing(cluster->node);
    ClusterKeysResult result;
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(word, &length);

    if (!keys) {
        return BeginWithKey(cluster, interp, word);
    }
    result = ClusterKeysAddText(keys, text, (size_t) length, NULL);
    return result == CLUSTER_KEYS_OK ? TCL_OK : ClusterKeysFail(interp, result);
}

/* keys add KEY: its id. */
static int
AddCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    const ClusterKeys *keys;
    ClusterKeyId id;

    (void) force;
    if (AddKey(cluster, interp, word) != TCL_OK) {
        return ClusterKeysHide(interp, "$cluster keys add");
    }
    keys = ClusterNodeKeyRing(cluster->node);
    id = ClusterKeysAt(keys, ClusterKeysCount(keys) - 1);
    ClusterNodeKeysChanged(cluster->node);
    Tcl_SetObjResult(interp, IdWord(&id));
    return TCL_OK;
}

/* keys use ?-force? ID */
static int
UseCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    ClusterKeys *keys = ClusterNodeKeyRing(cluster->node);
    Standing after;
    ClusterKeyId id;

    if (FindKey(keys, interp, word, &id) != TCL_OK) {
        return TCL_ERROR;
    }
    TakeStanding(&after, keys, ClusterNodeSealMode(cluster->node));
    after.sealing = id;
    if (CheckChange(cluster, interp, &after, force) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterKeysUse(keys, &id);
    ClusterNodeKeysChanged(cluster->node);
    return TCL_OK;
}

static void
DropId(Standing *standing, const ClusterKeyId *id)
{
    size_t i = 0;

    while (i < standing->count
            && memcmp(standing->ids[i].bytes, id->bytes, sizeof id->bytes) != 0) {
        i++;
    }
    if (i < standing->count) {
        standing->ids[i] = standing->ids[--standing->count];
    }
}

/* keys remove ?-force? ID */
static int
RemoveCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    ClusterKeys *keys = ClusterNodeKeyRing(cluster->node);
    Standing after;
    ClusterKeyId id;

    if (FindKey(keys, interp, word, &id) != TCL_OK) {
        return TCL_ERROR;
    }
    TakeStanding(&after, keys, ClusterNodeSealMode(cluster->node));
    if (IsId(&after.sealing, Tcl_GetString(word))) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("the key %s seals what is sent: first use another one",
                        Tcl_GetString(word)),
                "CLUSTER", "SEAL", "SEALS", Tcl_GetString(word), (char *) NULL);
    }
    DropId(&after, &id);
    if (CheckChange(cluster, interp, &after, force) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterKeysRemove(keys, &id);
    ClusterNodeKeysChanged(cluster->node);
    return TCL_OK;
}

/* Puts those of another ring in place of those that the cluster has, if any. */
static int
TakeRing(ClusterObject *cluster, Tcl_Interp *interp, ClusterKeys *fresh, bool force)
{
    ClusterKeys *keys = ClusterNodeKeyRing(cluster->node);
    Standing after;

    if (!keys) {
        return BeginKeys(cluster, interp, fresh);
    }
    TakeStanding(&after, fresh, ClusterNodeSealMode(cluster->node));
    if (CheckChange(cluster, interp, &after, force) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterKeysExchange(keys, fresh);
    return TCL_OK;
}

/* The name of the file that the keys come from is in the configuration: another one is put there. */
static void
PutKeyFile(ClusterObject *cluster, Tcl_Obj *file)
{
    Tcl_Obj *config = Tcl_DuplicateObj(cluster->config), *key = Tcl_NewStringObj("keyfile", -1);

    Tcl_IncrRefCount(key);
    Tcl_DictObjPut(NULL, config, key, file);
    Tcl_DecrRefCount(key);
    ClusterReplaceObj(&cluster->config, config);
}

/* The same that was read before; NULL when there was none. */
static Tcl_Obj *
KeyFile(const ClusterObject *cluster)
{
    Tcl_Obj *key = Tcl_NewStringObj("keyfile", -1), *file = NULL;

    Tcl_IncrRefCount(key);
    Tcl_DictObjGet(NULL, cluster->config, key, &file);
    Tcl_DecrRefCount(key);
    return file;
}

/* keys reload ?-force? ?FILE?: the keys that are in the file by now. */
static int
ReloadCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    ClusterKeySource source = {.file = word ? ClusterKeyFileName(word) : KeyFile(cluster)};
    ClusterKeys *fresh;
    int code = TCL_ERROR;

    if (!source.file) {
        return ClusterFail(interp,
                Tcl_NewStringObj("the keys did not come from a file, so it has to be named", -1),
                "CLUSTER", "SEAL", "FILE", (char *) NULL);
    }
    Tcl_IncrRefCount(source.file);
    fresh = ClusterKeysFrom(interp, &source);
    if (fresh && (code = TakeRing(cluster, interp, fresh, force)) == TCL_OK) {
        PutKeyFile(cluster, source.file);
        ClusterNodeKeysChanged(cluster->node);
        code = ShowKeys(cluster, interp);
    }
    ClusterKeysRelease(fresh);
    Tcl_DecrRefCount(source.file);
    return code;
}

/* keys seal ?-force? ?accept|send|require?: the mode. */
static int
SealCmd(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word)
{
    ClusterSealMode mode = ClusterNodeSealMode(cluster->node);
    Standing after;

    if (word && !ClusterSealModeParse(Tcl_GetString(word), &mode)) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("bad mode \"%s\": must be accept, send, or require",
                        Tcl_GetString(word)),
                "CLUSTER", "SEAL", "MODE", Tcl_GetString(word), (char *) NULL);
    }
    TakeStanding(&after, ClusterNodeKeyRing(cluster->node), mode);
    if (CheckChange(cluster, interp, &after, force) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterNodeSetSealMode(cluster->node, mode);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(ClusterSealModeName(mode), -1));
    return TCL_OK;
}

/* ---- the method ----------------------------------------------------------------------- */

typedef struct Verb {
    const char *name;
    int (*proc)(ClusterObject *cluster, Tcl_Interp *interp, bool force, Tcl_Obj *word);
    int least, most; /* words behind it, but for -force */
    bool forced;     /* -force may be there */
    bool without;    /* also of a cluster without keys */
    const char *usage;
} Verb;

static const Verb verbs[] = {
        {"add", AddCmd, .least = 1, .most = 1, .without = true, .usage = " key"},
        {"reload", ReloadCmd, .most = 1, .forced = true, .without = true, .usage = " ?file?"},
        {"remove", RemoveCmd, .least = 1, .most = 1, .forced = true, .usage = " id"},
        {"seal", SealCmd, .most = 1, .forced = true, .usage = " ?mode?"},
        {"status", StatusCmd, .without = true, .usage = ""},
        {"use", UseCmd, .least = 1, .most = 1, .forced = true, .usage = " id"},
        {.name = NULL},
};

static int
UnknownVerb(Tcl_Interp *interp, const char *word)
{
    return ClusterFail(interp,
            Tcl_ObjPrintf("unknown verb \"%s\": must be add, reload, remove, seal, status, or use",
                    ClusterKeysLikely(word) ? "..." : word),
            "CLUSTER", "SEAL", "VERB", (char *) NULL);
}

/* keys; keys VERB ?-force? ?word? */
int
ClusterCmdKeys(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    const Verb *verb = verbs;
    bool force;

    if (ClusterObjectAlive(cluster, interp) != TCL_OK) {
        return TCL_ERROR;
    }
    if (objc == 0) {
        return ShowKeys(cluster, interp);
    }
    while (verb->name && strcmp(verb->name, Tcl_GetString(objv[0])) != 0) {
        verb++;
    }
    if (!verb->name) {
        return UnknownVerb(interp, Tcl_GetString(objv[0]));
    }
    force = verb->forced && objc > 1 && strcmp(Tcl_GetString(objv[1]), "-force") == 0;
    objc -= 1 + force;
    objv += 1 + force;
    if (objc < verb->least || objc > verb->most) {
        return ClusterFail(interp,
                Tcl_ObjPrintf("wrong # args: should be \"%s keys %s%s%s\"",
                        Tcl_GetString(cluster->name), verb->name, verb->forced ? " ?-force?" : "",
                        verb->usage),
                "TCL", "WRONGARGS", (char *) NULL);
    }
    if (!verb->without && !ClusterNodeKeyRing(cluster->node)) {
        return ClusterFail(interp, Tcl_NewStringObj("this cluster has no keys", -1), "CLUSTER",
                "SEAL", "NONE", (char *) NULL);
    }
    return verb->proc(cluster, interp, force, objc > 0 ? objv[0] : NULL);
}
