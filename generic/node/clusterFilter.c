/*
 * clusterFilter.c --
 *
 *	Does a filter name the node? Its names (sid, hid, tags) are looked up by
 *	their bytes, as filters cost strangers nothing.
 *
 *	The names are kept sorted, in Tcl's internal form, from the first use until
 *	the tags change. What a word of a filter costs depends on its length and on
 *	the logarithm of the number of names.
 */

#include "node/clusterNodeInt.h"

#include "bpacket/bpacketText.h"

#include <stdlib.h>
#include <string.h>

struct ClusterNames {
    size_t count, longest; /* names; bytes of the longest */
    uint8_t *bytes;        /* of all names, behind them */
    bpacket_span names[];
};

static int
CompareNames(const void *left, const void *right)
{
    const bpacket_span *a = left, *b = right;

    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return a->length ? memcmp(a->bytes, b->bytes, a->length) : 0;
}

/*
 * ------------------------------------------------------------------------
 * The names
 * ------------------------------------------------------------------------
 */

/* With room for so many names of so many bytes in all. Without memory Tcl's allocator ends the process. */
static ClusterNames *
NewNames(size_t count, size_t bytes)
{
    size_t head = sizeof(ClusterNames) + count * sizeof(bpacket_span);
    ClusterNames *names = (ClusterNames *) Tcl_Alloc((unsigned) (head + bytes));

    names->count = names->longest = 0;
    names->bytes = (uint8_t *) names + head;
    return names;
}

/* The next one, its bytes behind those before: scripts may convert the values that they come from. */
static void
AddName(ClusterNames *names, Tcl_Obj *name)
{
    bpacket_span *span = &names->names[names->count];
    Tcl_Size length;
    const char *text = Tcl_GetStringFromObj(name, &length);

    span->bytes = names->count ? span[-1].bytes + span[-1].length : names->bytes;
    span->length = (size_t) length;
    memcpy((uint8_t *) span->bytes, text, span->length);
    names->count++;
    if (span->length > names->longest) {
        names->longest = span->length;
    }
}

static const ClusterNames *
NamesOf(ClusterNode *node)
{
    Tcl_Obj **tags;
    Tcl_Size count, length, i;
    size_t bytes = 0;

    if (node->names) {
        return node->names;
    }
    if (Tcl_ListObjGetElements(NULL, node->tags, &count, &tags) != TCL_OK) {
        count = 0;
    }
    for (i = -2; i < count; i++) {
        Tcl_GetStringFromObj(i == -2 ? node->sidObj : i == -1 ? node->hidObj : tags[i], &length);
        bytes += (size_t) length;
    }
    node->names = NewNames((size_t) count + 2, bytes);
    AddName(node->names, node->sidObj);
    AddName(node->names, node->hidObj);
    for (i = 0; i < count; i++) {
        AddName(node->names, tags[i]);
    }
    qsort(node->names->names, node->names->count, sizeof(bpacket_span), CompareNames);
    return node->names;
}

void
ClusterNodeForgetNames(ClusterNode *node)
{
    if (node->names) {
        Tcl_Free((void *) node->names);
        node->names = NULL;
    }
}

/*
 * ------------------------------------------------------------------------
 * Looking up
 * ------------------------------------------------------------------------
 */

static bool
HasName(const ClusterNames *names, bpacket_span word)
{
    return bsearch(&word, names->names, names->count, sizeof word, CompareNames) != NULL;
}

bool
ClusterNodeIsNamed(ClusterNode *node, Tcl_Obj *word)
{
    Tcl_Size length;
    bpacket_span span = {(const uint8_t *) Tcl_GetStringFromObj(word, &length), 0};

    span.length = (size_t) length;
    return HasName(NamesOf(node), span);
}

/* A word of a filter, which is hardly ever another inside Tcl than on the wire; and never shorter there. */
static bool
HasWireName(const ClusterNames *names, bpacket_span wire, bpacket_writer *buffer)
{
    bpacket_span word = wire;

    if (wire.length > names->longest) {
        return false;
    }
    if (!bpacket_text_is_plain(wire)) {
        bpacket_writer_reset(buffer);
        bpacket_text_to_tcl(buffer, wire, CLUSTER_TEXT_PAIRS);
        word.bytes = buffer->bytes;
        word.length = buffer->length;
    }
    return HasName(names, word);
}

bool
ClusterNodeInFilter(ClusterNode *node, bpacket_list filter)
{
    const ClusterNames *names = NamesOf(node);
    bpacket_writer buffer;
    bpacket_span word;
    bool found = false;

    bpacket_writer_init(&buffer, 0);
    while (!found && bpacket_list_next(&filter, &word)) {
        found = HasWireName(names, word, &buffer);
    }
    bpacket_writer_free(&buffer);
    return found;
}
