/*
 * clusterTags.c --
 *
 *	Edits a list of tags (see clusterTags.h).
 */

#include "node/clusterTags.h"

#include <string.h>

/* A change to the tags, an unshared list. Returns false when the argument is no list. */
typedef bool(TagsProc)(Tcl_Obj *tags, Tcl_Obj *argument);

static Tcl_Size
TagIndex(Tcl_Obj *tags, Tcl_Obj *tag)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    Tcl_ListObjGetElements(NULL, tags, &count, &words);
    for (i = 0; i < count; i++) {
        if (strcmp(Tcl_GetString(words[i]), Tcl_GetString(tag)) == 0) {
            return i;
        }
    }
    return -1;
}

static bool
AppendTag(Tcl_Obj *tags, Tcl_Obj *tag)
{
    if (*Tcl_GetString(tag) && TagIndex(tags, tag) < 0) {
        Tcl_ListObjAppendElement(NULL, tags, tag);
    }
    return true;
}

static bool
RemoveTag(Tcl_Obj *tags, Tcl_Obj *tag)
{
    Tcl_Size at;

    while ((at = TagIndex(tags, tag)) >= 0) {
        Tcl_ListObjReplace(NULL, tags, at, 1, 0, NULL);
    }
    return true;
}

/* A pair, or less: NULL for what is not there. */
static bool
ParsePair(Tcl_Obj *argument, Tcl_Obj **from, Tcl_Obj **to)
{
    Tcl_Obj **words;
    Tcl_Size count;

    if (Tcl_ListObjGetElements(NULL, argument, &count, &words) != TCL_OK || count > 2) {
        return false;
    }
    *from = count > 0 ? words[0] : NULL;
    *to = count > 1 && *Tcl_GetString(words[1]) ? words[1] : NULL;
    return true;
}

static bool
MapTag(Tcl_Obj *tags, Tcl_Obj *argument)
{
    Tcl_Obj *from, *to;
    Tcl_Size at, count;

    if (!ParsePair(argument, &from, &to)
            || (Tcl_ListObjLength(NULL, argument, &count) == TCL_OK && count == 1)) {
        return false;
    }
    if (to && (at = TagIndex(tags, from)) >= 0
            && strcmp(Tcl_GetString(from), Tcl_GetString(to)) != 0) {
        bool there = TagIndex(tags, to) >= 0;

        Tcl_ListObjReplace(NULL, tags, at, 1, there ? 0 : 1, there ? NULL : &to);
    }
    return true;
}

static bool
MapOrAppendTag(Tcl_Obj *tags, Tcl_Obj *argument)
{
    Tcl_Obj *from, *to;

    if (!ParsePair(argument, &from, &to)) {
        return false;
    }
    if (from) {
        RemoveTag(tags, from);
    }
    return to ? AppendTag(tags, to) : true;
}

static bool
ReplaceTags(Tcl_Obj *tags, Tcl_Obj *argument)
{
    Tcl_Obj **words;
    Tcl_Size count, length;

    if (Tcl_ListObjGetElements(NULL, argument, &count, &words) != TCL_OK) {
        return false;
    }
    Tcl_ListObjLength(NULL, tags, &length);
    Tcl_ListObjReplace(NULL, tags, 0, length, count, words);
    return true;
}

typedef struct Modifier {
    const char *name;
    TagsProc *proc;
    bool once; /* the next argument is appended again */
} Modifier;

static const Modifier modifiers[] = {
        {"-append", AppendTag, false},
        {"-lappend", AppendTag, false},
        {"-map", MapTag, false},
        {"-mappend", MapOrAppendTag, false},
        {"-remove", RemoveTag, false},
        {"-replace", ReplaceTags, true},
        {NULL, NULL, false},
};

const char *
ClusterTagsModifiers(void)
{
    return "-append, -lappend, -map, -mappend, -remove, or -replace";
}

static const Modifier *
ModifierByName(const char *name)
{
    const Modifier *row;

    for (row = modifiers; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

Tcl_Obj *
ClusterTagsApply(Tcl_Obj *tags, Tcl_Size objc, Tcl_Obj *const *objv, Tcl_Obj **culprit, bool *list)
{
    const Modifier *modifier = &modifiers[0];
    Tcl_Obj *result = Tcl_DuplicateObj(tags);
    Tcl_Size i;

    for (i = 0; i < objc; i++) {
        const char *word = Tcl_GetString(objv[i]);

        if (*word == '-') {
            modifier = ModifierByName(word);
            *list = false;
        } else if (modifier->proc(result, objv[i])) {
            modifier = modifier->once ? &modifiers[0] : modifier;
        } else {
            modifier = NULL;
            *list = true;
        }
        if (!modifier) {
            *culprit = objv[i];
            Tcl_DecrRefCount(result);
            return NULL;
        }
    }
    return result;
}
