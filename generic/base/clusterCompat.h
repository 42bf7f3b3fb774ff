/*
 * clusterCompat.h --
 *
 *	Lets one source serve Tcl 8.6 and 9: what 9 has and 8.6 lacks, by its name in 9.
 */

#ifndef CLUSTER_COMPAT_H
#define CLUSTER_COMPAT_H

#include <tcl.h>
#include <tclOO.h>

#ifndef TCL_SIZE_MAX
#   include <limits.h>
#   ifndef Tcl_Size
typedef int Tcl_Size;
#   endif
#   define TCL_SIZE_MAX      INT_MAX
#   define TCL_SIZE_MODIFIER ""
#endif

/* The rows of an array, for `_Static_assert` against what it is indexed by. */
#define CLUSTER_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if TCL_MAJOR_VERSION < 9
/* In 9 these are an enum, which the preprocessor cannot see. */
#   define TCL_OO_METHOD_PUBLIC     1
#   define TCL_OO_METHOD_UNEXPORTED 0
/* Characters beyond the BMP are surrogate pairs inside 8.6. */
#   define CLUSTER_TEXT_PAIRS 1
#else
#   define CLUSTER_TEXT_PAIRS 0
#endif

#endif
