/*
 * clusterResolve.h --
 *
 *	Which members match: the words of `resolver`, compiled once and applied
 *	to each member, or to oneself.
 */

#ifndef CLUSTER_RESOLVE_H
#define CLUSTER_RESOLVE_H

#include "node/clusterNode.h"

typedef enum ClusterMatchMode {
    CLUSTER_MATCH_EQUAL,
    CLUSTER_MATCH_GLOB,
    CLUSTER_MATCH_REGEXP
} ClusterMatchMode;

typedef enum ClusterMatchOp {
    CLUSTER_MATCH_HAS,  /* every item */
    CLUSTER_MATCH_NOT,  /* no item */
    CLUSTER_MATCH_SOME, /* at least one */
    CLUSTER_MATCH_EXACT /* every item, and no tag beside */
} ClusterMatchOp;

typedef struct ClusterResolver ClusterResolver;

typedef enum ClusterResolveStatus {
    CLUSTER_RESOLVE_OK = 0,
    CLUSTER_RESOLVE_BAD_WORD, /* *culprit is no mode and no operator */
    CLUSTER_RESOLVE_BAD_MODE,
    CLUSTER_RESOLVE_BAD_OPERATOR,
    CLUSTER_RESOLVE_NO_LIST,    /* nothing follows *culprit, the last word */
    CLUSTER_RESOLVE_OPTION,     /* *culprit is an option of resolvers, where tags are wanted */
    CLUSTER_RESOLVE_BAD_LIST,   /* *culprit is no list */
    CLUSTER_RESOLVE_BAD_REGEXP, /* *culprit is no regular expression */
    CLUSTER_RESOLVE_NO_MEMORY
} ClusterResolveStatus;

/*
 * Compiles the arguments of `resolver`: modes -equal, -match, -regexp and
 * operators -has (or -all), -not, -some, -exact, each followed by lists; one
 * argument alone is a list of arguments; without a leading dash, words as of
 * `resolve`. *culprit is borrowed from the arguments. Free what it gives.
 */
ClusterResolveStatus ClusterResolverParse(Tcl_Size objc, Tcl_Obj *const *objv,
        ClusterResolver **resolver, Tcl_Obj **culprit);
/* The arguments of `resolve`: words that must all be there; the first argument is a list of them. */
ClusterResolveStatus ClusterResolveParse(Tcl_Size objc, Tcl_Obj *const *objv,
        ClusterResolver **resolver, Tcl_Obj **culprit);
/* One term. mode and op by their names ("match", "has", with or without dash); NULL: equal, has. */
ClusterResolveStatus ClusterResolveTerm(Tcl_Obj *items, Tcl_Obj *mode, Tcl_Obj *op,
        ClusterResolver **resolver, Tcl_Obj **culprit);
void ClusterResolverFree(ClusterResolver *resolver);

bool ClusterResolverMatches(const ClusterResolver *resolver, ClusterMember *member);
/* Oneself: tags, sid, hid, localhost and the host's addresses. */
bool ClusterResolverMatchesSelf(const ClusterResolver *resolver, const ClusterNode *node);

#endif
