/*
 * clusterMembers.c --
 *
 *	Chooses the members to send to, or to ask: by name and by resolver, each once.
 */

#include "base/clusterError.h"
#include "command/clusterCommandInt.h"
#include "node/clusterResolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From here on a member is looked up in the table, not in the list. */
#define FEW 16

/*
 * ------------------------------------------------------------------------
 * The set
 * ------------------------------------------------------------------------
 */

static void
EnterInTable(ClusterMembers *members, ClusterMember *member)
{
    int isNew;

    Tcl_CreateHashEntry(&members->table, (const char *) member, &isNew);
}

static bool
HasMember(const ClusterMembers *members, const ClusterMember *member)
{
    size_t i;

    if (members->count > FEW) {
        return Tcl_FindHashEntry((Tcl_HashTable *) &members->table, (const char *) member) != NULL;
    }
    for (i = 0; i < members->count; i++) {
        if (members->list[i] == member) {
            return true;
        }
    }
    return false;
}

static bool
GrowMembers(ClusterMembers *members)
{
    size_t room = members->room ? members->room * 2 : FEW;
    ClusterMember **list = realloc(members->list, room * sizeof *list);

    if (!list) {
        return false;
    }
    members->list = list;
    members->room = room;
    return true;
}

static int
AddMember(Tcl_Interp *interp, ClusterMembers *members, ClusterMember *member)
{
    size_t i;

    if (HasMember(members, member)) {
        return TCL_OK;
    }
    if (members->count == members->room && !GrowMembers(members)) {
        return ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    }
    ClusterMemberHold(member);
    members->list[members->count++] = member;
    if (members->count == FEW + 1) {
        Tcl_InitHashTable(&members->table, TCL_ONE_WORD_KEYS);
        for (i = 0; i < FEW; i++) {
            EnterInTable(members, members->list[i]);
        }
    }
    if (members->count > FEW) {
        EnterInTable(members, member);
    }
    return TCL_OK;
}

void
ClusterMembersFree(ClusterMembers *members)
{
    if (members->count > FEW) {
        Tcl_DeleteHashTable(&members->table);
    }
    while (members->count > 0) {
        ClusterMemberRelease(members->list[--members->count]);
    }
    free(members->list);
    members->list = NULL;
    members->room = 0;
}

Tcl_Obj *
ClusterMembersNames(const ClusterMembers *members)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    size_t i;

    for (i = 0; i < members->count; i++) {
        if (ClusterMemberName(members->list[i])) {
            Tcl_ListObjAppendElement(NULL, names, ClusterMemberName(members->list[i]));
        }
    }
    return names;
}

Tcl_Obj *
ClusterMembersFilter(const ClusterMembers *members)
{
    Tcl_Obj *filter = Tcl_NewListObj(0, NULL);
    size_t i;

    for (i = 0; i < members->count; i++) {
        Tcl_ListObjAppendElement(NULL, filter, ClusterMemberSid(members->list[i]));
    }
    return filter;
}

/*
 * ------------------------------------------------------------------------
 * Choosing
 * ------------------------------------------------------------------------
 */

typedef ClusterResolveStatus(ParseProc)(Tcl_Size objc, Tcl_Obj *const *objv,
        ClusterResolver **resolver, Tcl_Obj **culprit);

static int
AddMatches(ClusterObject *cluster, Tcl_Interp *interp, ParseProc *parse, Tcl_Obj *arguments,
        ClusterMembers *members)
{
    ClusterResolver *resolver;
    ClusterMember *member = NULL;
    Tcl_Obj *culprit = NULL;
    ClusterResolveStatus status = parse(1, &arguments, &resolver, &culprit);
    int code = TCL_OK;

    if (status != CLUSTER_RESOLVE_OK) {
        return ClusterResolveFail(interp, status, culprit);
    }
    while (code == TCL_OK && (member = ClusterNodeNextMember(cluster->node, member)) != NULL) {
        if (ClusterResolverMatches(resolver, member)) {
            code = AddMember(interp, members, member);
        }
    }
    ClusterResolverFree(resolver);
    return code;
}

int
ClusterMembersResolve(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *resolve,
        Tcl_Obj *resolver, ClusterMembers *members)
{
    if (resolver
            && AddMatches(cluster, interp, ClusterResolverParse, resolver, members) != TCL_OK) {
        return TCL_ERROR;
    }
    return resolve ? AddMatches(cluster, interp, ClusterResolveParse, resolve, members) : TCL_OK;
}

/* Is it the name of a service of this cluster, though there is none now? */
static bool
WasService(const ClusterObject *cluster, const char *name)
{
    char prefix[64];
    int length =
            snprintf(prefix, sizeof prefix, "::cluster::clusters::%u::services::", cluster->id);

    return strncmp(name, prefix, (size_t) length) == 0;
}

int
ClusterMembersNamed(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *names,
        ClusterMembers *members)
{
    Tcl_Obj **words;
    Tcl_Size count, i;
    int code = TCL_OK;

    if (Tcl_ListObjGetElements(interp, names, &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count && code == TCL_OK; i++) {
        ClusterMember *member = ClusterServiceFind(cluster, interp, words[i]);

        if (member) {
            code = AddMember(interp, members, member);
        } else if (!WasService(cluster, Tcl_GetString(words[i]))) {
            code = TCL_ERROR;
        }
    }
    if (code == TCL_OK) {
        Tcl_ResetResult(interp);
    }
    return code;
}

static bool
IsIn(Tcl_Obj *word, Tcl_Obj *const *words, Tcl_Size count)
{
    Tcl_Size i;

    for (i = 0; i < count; i++) {
        if (strcmp(Tcl_GetString(word), Tcl_GetString(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Would the member let a packet with this filter pass, as far as is known here? */
static bool
IsAddressed(const ClusterMember *member, Tcl_Obj *const *words, Tcl_Size count)
{
    Tcl_Obj *tag;
    Tcl_Size i;

    if (IsIn(ClusterMemberSid(member), words, count)
            || IsIn(ClusterMemberHid(member), words, count)) {
        return true;
    }
    for (i = 0; Tcl_ListObjIndex(NULL, ClusterMemberTags(member), i, &tag) == TCL_OK && tag; i++) {
        if (IsIn(tag, words, count)) {
            return true;
        }
    }
    return false;
}

int
ClusterMembersAddressed(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *filter,
        ClusterMembers *members)
{
    Tcl_Obj *list = filter ? Tcl_DuplicateObj(filter) : NULL, **words = NULL;
    ClusterMember *member = NULL;
    Tcl_Size count = 0;
    int code = TCL_OK;

    if (list) {
        Tcl_IncrRefCount(list);
        code = Tcl_ListObjGetElements(interp, list, &count, &words);
    }
    while (code == TCL_OK && (member = ClusterNodeNextMember(cluster->node, member)) != NULL) {
        if (!list || IsAddressed(member, words, count)) {
            code = AddMember(interp, members, member);
        }
    }
    if (list) {
        Tcl_DecrRefCount(list);
    }
    return code;
}
