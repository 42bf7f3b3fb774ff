/*
 * nodeSealTest.c --
 *
 *	Keys of a test's nodes: given to them, changed, and asked for.
 */

#include "nodeTestInt.h"

#include <string.h>

ClusterKeys *
TestNodeRing(Tcl_Interp *interp, Tcl_Obj *list)
{
    ClusterKeys *keys = NULL;
    Tcl_Obj **words;
    Tcl_Size count, length, i;

    if (Tcl_ListObjGetElements(interp, list, &count, &words) != TCL_OK) {
        return NULL;
    }
    if (ClusterKeysNew(&keys) != CLUSTER_KEYS_OK) {
        TestFail(interp, "no key rings here", NULL);
        return NULL;
    }
    for (i = 0; i < count; i++) {
        const char *text = Tcl_GetStringFromObj(words[i], &length);

        if (ClusterKeysAddText(keys, text, (size_t) length, NULL) != CLUSTER_KEYS_OK) {
            ClusterKeysRelease(keys);
            TestFail(interp, "bad key", words[i]);
            return NULL;
        }
    }
    return keys;
}

/* The id of that text; false when the ring has none. */
static bool
FindId(const ClusterKeys *keys, const char *word, ClusterKeyId *id)
{
    char text[CLUSTER_KEY_ID_TEXT + 1];
    size_t i;

    for (i = 0; i < ClusterKeysCount(keys); i++) {
        *id = ClusterKeysAt(keys, i);
        ClusterKeyIdText(id, text);
        if (strcmp(text, word) == 0) {
            return true;
        }
    }
    return false;
}

int
TestKeysCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterKeys *keys = ClusterNodeKeyRing(test->node);
    const char *verb = Tcl_GetString(objv[3]), *word = Tcl_GetString(objv[4]);
    ClusterKeysResult result = CLUSTER_KEYS_UNKNOWN;
    ClusterKeyId id;

    (void) objc;
    if (!keys) {
        return TestFail(interp, "no keys", NULL);
    }
    if (strcmp(verb, "add") == 0) {
        result = ClusterKeysAddText(keys, word, strlen(word), NULL);
    } else if (FindId(keys, word, &id)) {
        result =
                strcmp(verb, "use") == 0 ? ClusterKeysUse(keys, &id) : ClusterKeysRemove(keys, &id);
    }
    if (result != CLUSTER_KEYS_OK) {
        return TestFail(interp, "cannot", objv[4]);
    }
    ClusterNodeKeysChanged(test->node);
    return TCL_OK;
}

int
TestSealCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterSealMode mode;

    (void) objc;
    if (!ClusterNodeKeyRing(test->node) || !ClusterSealModeParse(Tcl_GetString(objv[3]), &mode)) {
        return TestFail(interp, "no keys, or bad mode", objv[3]);
    }
    ClusterNodeSetSealMode(test->node, mode);
    return TCL_OK;
}
