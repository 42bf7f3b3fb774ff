/*
 * clusterResolve.c --
 *
 *	Compiles and applies resolvers (see clusterResolve.h).
 */

#include "node/clusterResolve.h"

#include "base/clusterLocal.h"

#include <stdlib.h>
#include <string.h>

/* One condition; a member must meet all. */
typedef struct Term {
    ClusterMatchMode mode;
    ClusterMatchOp op;
    bool names;     /* an item that is a service's full name matches that service */
    Tcl_Obj *items; /* a list, held */
    struct Term *next;
} Term;

struct ClusterResolver {
    Term *first, **last;
};

/* What is matched. */
typedef struct Subject {
    const ClusterMember *member; /* NULL for ourselves, whose tags a script of ours set */
    Tcl_Obj *tags;               /* list */
    Tcl_Obj *sid;
    Tcl_Obj *place; /* list: hid, ip, localhost, which tags cannot claim */
    Tcl_Obj *name;  /* full name, or NULL */
} Subject;

typedef struct Word {
    const char *name;
    int value;
} Word;

static const Word modes[] = {
        {"equal", CLUSTER_MATCH_EQUAL},
        {"match", CLUSTER_MATCH_GLOB},
        {"regexp", CLUSTER_MATCH_REGEXP},
        {"regex", CLUSTER_MATCH_REGEXP},
        {NULL, 0},
};

static const Word operators[] = {
        {"has", CLUSTER_MATCH_HAS},
        {"all", CLUSTER_MATCH_HAS},
        {"not", CLUSTER_MATCH_NOT},
        {"some", CLUSTER_MATCH_SOME},
        {"exact", CLUSTER_MATCH_EXACT},
        {NULL, 0},
};

/* Finds a name with or without its dash. */
static bool
WordByName(const Word *table, const char *name, int *value)
{
    name += *name == '-';
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0) {
            *value = table->value;
            return true;
        }
    }
    return false;
}

/*
 * ------------------------------------------------------------------------
 * Compiling
 * ------------------------------------------------------------------------
 */

static ClusterResolver *
NewResolver(void)
{
    ClusterResolver *resolver = calloc(1, sizeof *resolver);

    if (resolver) {
        resolver->last = &resolver->first;
    }
    return resolver;
}

void
ClusterResolverFree(ClusterResolver *resolver)
{
    while (resolver && resolver->first) {
        Term *term = resolver->first;

        resolver->first = term->next;
        Tcl_DecrRefCount(term->items);
        free(term);
    }
    free(resolver);
}

/*
 * A list to walk while its elements are matched, held: matching a regular
 * expression converts values, and the list may be among them.
 */
static Tcl_Obj *
Walkable(ClusterMatchMode mode, Tcl_Obj *list)
{
    Tcl_Obj **words;
    Tcl_Size count;

    if (mode == CLUSTER_MATCH_REGEXP
            && Tcl_ListObjGetElements(NULL, list, &count, &words) == TCL_OK) {
        list = Tcl_NewListObj(count, words);
    }
    Tcl_IncrRefCount(list);
    return list;
}

/* *culprit is held by the items. */
static ClusterResolveStatus
CheckItems(Tcl_Obj *items, int mode, Tcl_Obj **culprit)
{
    ClusterResolveStatus status = CLUSTER_RESOLVE_OK;
    Tcl_Obj *walked, **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, items, &count, &words) != TCL_OK) {
        *culprit = items;
        return CLUSTER_RESOLVE_BAD_LIST;
    }
    if (mode != CLUSTER_MATCH_REGEXP) {
        return CLUSTER_RESOLVE_OK;
    }
    walked = Walkable((ClusterMatchMode) mode, items);
    Tcl_ListObjGetElements(NULL, walked, &count, &words);
    for (i = 0; i < count && status == CLUSTER_RESOLVE_OK; i++) {
        if (!Tcl_GetRegExpFromObj(NULL, words[i], TCL_REG_ADVANCED)) {
            *culprit = words[i];
            status = CLUSTER_RESOLVE_BAD_REGEXP;
        }
    }
    Tcl_DecrRefCount(walked);
    return status;
}

static ClusterResolveStatus
AddTerm(ClusterResolver *resolver, int mode, int op, bool names, Tcl_Obj *items, Tcl_Obj **culprit)
{
    ClusterResolveStatus status = CheckItems(items, mode, culprit);
    Term *term;

    if (status != CLUSTER_RESOLVE_OK) {
        return status;
    }
    term = calloc(1, sizeof *term);
    if (!term) {
        return CLUSTER_RESOLVE_NO_MEMORY;
    }
    term->mode = (ClusterMatchMode) mode;
    term->op = (ClusterMatchOp) op;
    term->names = names;
    term->items = items;
    Tcl_IncrRefCount(items);
    *resolver->last = term;
    resolver->last = &term->next;
    return CLUSTER_RESOLVE_OK;
}

/*
 * The words behind a leading dash. A mode makes `has` the operator again. A 1
 * right behind a mode is passed over: 1.1.8 takes options from JSON objects
 * such as {"-match": 1}. An empty list asks for nothing, but -some of none is
 * nobody, and -exact none is who has no tags.
 */
static ClusterResolveStatus
ParseTerms(ClusterResolver *resolver, Tcl_Size objc, Tcl_Obj *const *objv, Tcl_Obj **culprit)
{
    ClusterResolveStatus status = CLUSTER_RESOLVE_OK;
    int mode = CLUSTER_MATCH_EQUAL, op = CLUSTER_MATCH_HAS;
    bool afterMode = false, wanting = false;
    Tcl_Size i;

    for (i = 0; i < objc && status == CLUSTER_RESOLVE_OK; i++) {
        const char *word = Tcl_GetString(objv[i]);

        if (*word == '-') {
            afterMode = WordByName(modes, word, &mode);
            if (afterMode) {
                op = CLUSTER_MATCH_HAS;
            } else if (!WordByName(operators, word, &op)) {
                *culprit = objv[i];
                return CLUSTER_RESOLVE_BAD_WORD;
            }
            wanting = true;
            continue;
        }
        wanting = false;
        if ((*word || op == CLUSTER_MATCH_SOME || op == CLUSTER_MATCH_EXACT)
                && !(afterMode && strcmp(word, "1") == 0)) {
            status = AddTerm(resolver, mode, op, false, objv[i], culprit);
        }
        afterMode = false;
    }
    if (status == CLUSTER_RESOLVE_OK && wanting) {
        *culprit = objv[objc - 1];
        return CLUSTER_RESOLVE_NO_LIST;
    }
    return status;
}

/* Is one of the words an option of resolvers? As a tag it would find nobody, without a word. */
static bool
HasOption(Tcl_Size objc, Tcl_Obj *const *objv, Tcl_Obj **culprit)
{
    Tcl_Obj **words;
    Tcl_Size count, i;
    int value;

    for (i = 0; i < objc; i++) {
        const char *word = Tcl_GetString(objv[i]);

        if (*word == '-'
                && (WordByName(modes, word, &value) || WordByName(operators, word, &value))) {
            *culprit = objv[i];
            return true;
        }
    }
    return objc == 1 && Tcl_ListObjGetElements(NULL, objv[0], &count, &words) == TCL_OK && count > 1
            && HasOption(count, words, culprit);
}

ClusterResolveStatus
ClusterResolveParse(Tcl_Size objc, Tcl_Obj *const *objv, ClusterResolver **resolver,
        Tcl_Obj **culprit)
{
    ClusterResolveStatus status;
    Tcl_Obj *items;

    *resolver = NewResolver();
    if (!*resolver) {
        return CLUSTER_RESOLVE_NO_MEMORY;
    }
    if (objc == 0) {
        return CLUSTER_RESOLVE_OK;
    }
    if (HasOption(objc, objv, culprit)) {
        ClusterResolverFree(*resolver);
        *resolver = NULL;
        return CLUSTER_RESOLVE_OPTION;
    }
    status = AddTerm(*resolver, CLUSTER_MATCH_EQUAL, CLUSTER_MATCH_HAS, true, objv[0], culprit);
    if (status == CLUSTER_RESOLVE_OK && objc > 1) {
        items = Tcl_NewListObj(objc - 1, objv + 1);
        Tcl_IncrRefCount(items);
        status = AddTerm(*resolver, CLUSTER_MATCH_EQUAL, CLUSTER_MATCH_HAS, true, items, culprit);
        Tcl_DecrRefCount(items);
    }
    if (status != CLUSTER_RESOLVE_OK) {
        ClusterResolverFree(*resolver);
        *resolver = NULL;
    }
    return status;
}

ClusterResolveStatus
ClusterResolverParse(Tcl_Size objc, Tcl_Obj *const *objv, ClusterResolver **resolver,
        Tcl_Obj **culprit)
{
    ClusterResolveStatus status;
    Tcl_Obj *whole = objc == 1 ? objv[0] : Tcl_NewListObj(objc, objv);
    Tcl_Obj **words;
    Tcl_Size count;

    *resolver = NULL;
    Tcl_IncrRefCount(whole);
    if (Tcl_ListObjGetElements(NULL, whole, &count, &words) != TCL_OK) {
        *culprit = objv[0];
        status = CLUSTER_RESOLVE_BAD_LIST;
    } else if (count == 0 || *Tcl_GetString(words[0]) != '-') {
        status = ClusterResolveParse(1, &whole, resolver, culprit);
    } else if ((*resolver = NewResolver()) == NULL) {
        status = CLUSTER_RESOLVE_NO_MEMORY;
    } else {
        status = ParseTerms(*resolver, count, words, culprit);
    }
    if (status != CLUSTER_RESOLVE_OK) {
        ClusterResolverFree(*resolver);
        *resolver = NULL;
        if (*culprit) { /* outlives the list it may be an element of */
            Tcl_IncrRefCount(*culprit);
        }
    }
    Tcl_DecrRefCount(whole);
    if (status != CLUSTER_RESOLVE_OK && *culprit) {
        Tcl_Obj *copy = Tcl_DuplicateObj(*culprit);

        Tcl_DecrRefCount(*culprit);
        *culprit = copy;
    }
    return status;
}

ClusterResolveStatus
ClusterResolveTerm(Tcl_Obj *items, Tcl_Obj *mode, Tcl_Obj *op, ClusterResolver **resolver,
        Tcl_Obj **culprit)
{
    ClusterResolveStatus status;
    int modeValue = CLUSTER_MATCH_EQUAL, opValue = CLUSTER_MATCH_HAS;

    *resolver = NULL;
    if (mode && !WordByName(modes, Tcl_GetString(mode), &modeValue)) {
        *culprit = mode;
        return CLUSTER_RESOLVE_BAD_MODE;
    }
    if (op && *Tcl_GetString(op) && !WordByName(operators, Tcl_GetString(op), &opValue)) {
        *culprit = op;
        return CLUSTER_RESOLVE_BAD_OPERATOR;
    }
    if ((*resolver = NewResolver()) == NULL) {
        return CLUSTER_RESOLVE_NO_MEMORY;
    }
    status = AddTerm(*resolver, modeValue, opValue, false, items, culprit);
    if (status != CLUSTER_RESOLVE_OK) {
        ClusterResolverFree(*resolver);
        *resolver = NULL;
    }
    return status;
}

/*
 * ------------------------------------------------------------------------
 * Matching
 * ------------------------------------------------------------------------
 */

static bool
WordMatches(ClusterMatchMode mode, Tcl_Obj *item, Tcl_Obj *word)
{
    if (mode == CLUSTER_MATCH_GLOB) {
        return Tcl_StringMatch(Tcl_GetString(word), Tcl_GetString(item)) != 0;
    }
    if (mode == CLUSTER_MATCH_REGEXP) {
        Tcl_RegExp regexp = Tcl_GetRegExpFromObj(NULL, item, TCL_REG_ADVANCED);

        return regexp && Tcl_RegExpExecObj(NULL, regexp, word, 0, 0, 0) > 0;
    }
    return strcmp(Tcl_GetString(item), Tcl_GetString(word)) == 0;
}

/* Does any word of the list match the item? member: whose tags the list is, which must count; NULL: all do. */
static bool
AnyWord(ClusterMatchMode mode, Tcl_Obj *item, Tcl_Obj *list, const ClusterMember *member)
{
    Tcl_Obj *walked = Walkable(mode, list), **words;
    Tcl_Size count = 0, i;
    bool matches = false;

    Tcl_ListObjGetElements(NULL, walked, &count, &words);
    for (i = 0; i < count && !matches; i++) {
        matches = WordMatches(mode, item, words[i])
                && (!member || ClusterMemberTagCounts(member, words[i]));
    }
    Tcl_DecrRefCount(walked);
    return matches;
}

static bool
SidMatches(ClusterMatchMode mode, Tcl_Obj *item, const Subject *subject)
{
    return WordMatches(mode, item, subject->sid)
            && (!subject->member || ClusterMemberSidCounts(subject->member));
}

static bool
ItemMatches(const Term *term, Tcl_Obj *item, const Subject *subject)
{
    if (term->names && subject->name
            && strcmp(Tcl_GetString(item), Tcl_GetString(subject->name)) == 0) {
        return true;
    }
    return AnyWord(term->mode, item, subject->tags, subject->member)
            || (term->op != CLUSTER_MATCH_EXACT
                    && (SidMatches(term->mode, item, subject)
                            || AnyWord(term->mode, item, subject->place, NULL)));
}

/* Does every tag that counts match one of the items? */
static bool
NothingBeside(const Term *term, Tcl_Size count, Tcl_Obj **items, const Subject *subject)
{
    Tcl_Obj *walked = Walkable(term->mode, subject->tags), **words;
    Tcl_Size n = 0, i, j;
    bool nothing = true;

    Tcl_ListObjGetElements(NULL, walked, &n, &words);
    for (i = 0; i < n && nothing; i++) {
        for (j = 0; j < count && !WordMatches(term->mode, items[j], words[i]); j++) {
            continue;
        }
        nothing = j < count
                || (subject->member && !ClusterMemberTagCounts(subject->member, words[i]));
    }
    Tcl_DecrRefCount(walked);
    return nothing;
}

static bool
OperatorHolds(const Term *term, Tcl_Size count, Tcl_Obj **items, const Subject *subject)
{
    Tcl_Size i, hits = 0;

    for (i = 0; i < count; i++) {
        hits += ItemMatches(term, items[i], subject) ? 1 : 0;
    }
    switch (term->op) {
    case CLUSTER_MATCH_NOT:
        return hits == 0;
    case CLUSTER_MATCH_SOME:
        return hits > 0;
    case CLUSTER_MATCH_EXACT:
        return hits == count && NothingBeside(term, count, items, subject);
    default:
        return hits == count;
    }
}

static bool
TermMatches(const Term *term, const Subject *subject)
{
    Tcl_Obj *walked = Walkable(term->mode, term->items), **items;
    Tcl_Size count;
    bool matches = Tcl_ListObjGetElements(NULL, walked, &count, &items) == TCL_OK
            && OperatorHolds(term, count, items, subject);

    Tcl_DecrRefCount(walked);
    return matches;
}

static bool
SubjectMatches(const ClusterResolver *resolver, const Subject *subject)
{
    const Term *term;

    for (term = resolver->first; term; term = term->next) {
        if (!TermMatches(term, subject)) {
            return false;
        }
    }
    return true;
}

/* One whose place another has taken is nobody's choice until it shows that it lives. */
bool
ClusterResolverMatches(const ClusterResolver *resolver, ClusterMember *member)
{
    Subject subject;

    if (ClusterMemberHasHeir(member)) {
        return false;
    }
    subject.member = member;
    subject.sid = ClusterMemberSid(member);
    subject.place = ClusterMemberPlace(member);
    subject.tags = ClusterMemberTags(member);
    subject.name = ClusterMemberName(member);
    return SubjectMatches(resolver, &subject);
}

bool
ClusterResolverMatchesSelf(const ClusterResolver *resolver, const ClusterNode *node)
{
    Subject subject;
    int count = ClusterLocalCount(false), i;
    bool matches;

    subject.member = NULL;
    subject.sid = ClusterNodeSid(node);
    subject.place = Tcl_NewListObj(0, NULL);
    subject.tags = ClusterNodeTags(node);
    subject.name = NULL;
    Tcl_IncrRefCount(subject.place);
    Tcl_ListObjAppendElement(NULL, subject.place, ClusterNodeHid(node));
    Tcl_ListObjAppendElement(NULL, subject.place, Tcl_NewStringObj("localhost", -1));
    for (i = 0; i < count; i++) {
        ClusterAddress address = ClusterLocalAt(i);
        char text[CLUSTER_ADDRESS_TEXT];

        ClusterAddressFormat(&address, text);
        Tcl_ListObjAppendElement(NULL, subject.place, Tcl_NewStringObj(text, -1));
    }
    matches = SubjectMatches(resolver, &subject);
    Tcl_DecrRefCount(subject.place);
    return matches;
}
