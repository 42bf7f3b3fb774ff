/*
 * clusterForeign.c --
 *
 *	Reads lists and dicts of strangers (see clusterForeign.h).
 */

#include "packet/clusterForeign.h"

#include <string.h>

bool
ClusterForeignList(Tcl_Obj *value, size_t bytes, Tcl_Size *count, Tcl_Obj ***words)
{
    Tcl_Size length;

    Tcl_GetStringFromObj(value, &length);
    return (size_t) length <= bytes && Tcl_ListObjGetElements(NULL, value, count, words) == TCL_OK;
}

bool
ClusterForeignDict(Tcl_Obj *value, size_t bytes, Tcl_Size *count, Tcl_Obj ***words)
{
    return ClusterForeignList(value, bytes, count, words) && *count % 2 == 0;
}

Tcl_Obj *
ClusterForeignGet(Tcl_Obj *value, size_t bytes, const char *key)
{
    Tcl_Obj **words;
    Tcl_Size count;

    if (!ClusterForeignDict(value, bytes, &count, &words)) {
        return NULL;
    }
    for (; count > 0; count -= 2) {
        if (strcmp(Tcl_GetString(words[count - 2]), key) == 0) {
            return words[count - 1];
        }
    }
    return NULL;
}
