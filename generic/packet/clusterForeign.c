/*
 * clusterForeign.c --
 *
 *	Reads lists and dicts of strangers (see clusterForeign.h).
 */

#include "packet/clusterForeign.h"

#include <string.h>

bool
ClusterForeignList(Tcl_Obj *value, size_t bytes, Tcl_Size *count, const char ***words)
{
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(value, &length);

    return (size_t) length <= bytes && Tcl_SplitList(NULL, text, count, words) == TCL_OK;
}

void
ClusterForeignFree(const char **words)
{
    Tcl_Free((void *) words);
}

bool
ClusterForeignDict(Tcl_Obj *value, size_t bytes, Tcl_Size *count, const char ***words)
{
    if (!ClusterForeignList(value, bytes, count, words)) {
        return false;
    }
    if (*count % 2) {
        ClusterForeignFree(*words);
        return false;
    }
    return true;
}

Tcl_Obj *
ClusterForeignGet(Tcl_Obj *value, size_t bytes, const char *key)
{
    Tcl_Obj *found = NULL;
    const char **words;
    Tcl_Size count;

    if (!ClusterForeignDict(value, bytes, &count, &words)) {
        return NULL;
    }
    for (; count > 0 && !found; count -= 2) {
        if (strcmp(words[count - 2], key) == 0) {
            found = Tcl_NewStringObj(words[count - 1], -1);
            Tcl_IncrRefCount(found);
        }
    }
    ClusterForeignFree(words);
    return found;
}
