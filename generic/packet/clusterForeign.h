/*
 * clusterForeign.h --
 *
 *	Lists and dicts that strangers wrote as text. Its length is looked at
 *	before it is parsed, and no dict is made of it: the keys of one may all
 *	collide in Tcl's hash tables.
 */

#ifndef CLUSTER_FOREIGN_H
#define CLUSTER_FOREIGN_H

#include "base/clusterCompat.h"

#include <stdbool.h>

/*
 * The elements of a list of at most so many bytes. False: it is longer, or no
 * list. They stay the value's, and are good until it is converted.
 */
bool ClusterForeignList(Tcl_Obj *value, size_t bytes, Tcl_Size *count, Tcl_Obj ***words);
/* The same for a dict: *count is even, key and value take turns, of a key that comes twice the last counts. */
bool ClusterForeignDict(Tcl_Obj *value, size_t bytes, Tcl_Size *count, Tcl_Obj ***words);
/* The value of a key in such a dict, borrowed; NULL when it has none, or is none. */
Tcl_Obj *ClusterForeignGet(Tcl_Obj *value, size_t bytes, const char *key);

#endif
