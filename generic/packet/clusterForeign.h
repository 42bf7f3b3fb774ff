/*
 * clusterForeign.h --
 *
 *	Lists and dicts that strangers wrote as text. Its length is looked at
 *	before it is parsed, and no dict is made of it: the keys of one may all
 *	collide in Tcl's hash tables. Nor does the value become a list, which would
 *	stay with whoever keeps it: an element of two bytes takes eighty there.
 */

#ifndef CLUSTER_FOREIGN_H
#define CLUSTER_FOREIGN_H

#include "base/clusterCompat.h"

#include <stdbool.h>

/*
 * The elements of a list of at most so many bytes, which the caller frees by
 * ClusterForeignFree. False, with nothing to free: it is longer, or no list.
 */
bool ClusterForeignList(Tcl_Obj *value, size_t bytes, Tcl_Size *count, const char ***words);
/* The same for a dict: *count is even, key and value take turns, of a key that comes twice the last counts. */
bool ClusterForeignDict(Tcl_Obj *value, size_t bytes, Tcl_Size *count, const char ***words);
void ClusterForeignFree(const char **words);
/* The value of a key in such a dict, a reference of the caller; NULL when it has none, or is none. */
Tcl_Obj *ClusterForeignGet(Tcl_Obj *value, size_t bytes, const char *key);

#endif
