/*
 * clusterTags.h --
 *
 *	The modifiers of `$cluster tags`: -append, -lappend, -map, -mappend, -remove, -replace.
 */

#ifndef CLUSTER_TAGS_H
#define CLUSTER_TAGS_H

#include "base/clusterCompat.h"

#include <stdbool.h>

/*
 * Applies the arguments in order to a list of tags. Returns the new list
 * (refCount 0), or NULL with *culprit, an unknown modifier or a word that is
 * no list (*list says which), borrowed from the arguments.
 */
Tcl_Obj *ClusterTagsApply(Tcl_Obj *tags, Tcl_Size objc, Tcl_Obj *const *objv, Tcl_Obj **culprit,
        bool *list);
/* The modifiers' names, for messages. */
const char *ClusterTagsModifiers(void);

#endif
