/*
 * baseTest.c --
 *
 *	The commands ::cluster::test::chain, heap and deadlines: one of each, and
 *	entries for it that are named by numbers.
 */

#include "baseTest.h"

#include "base/clusterDeadline.h"
#include "base/clusterList.h"

#include <stdlib.h>

#define ENTRIES BASE_TEST_ENTRIES

int
BaseTestEntry(Tcl_Interp *interp, Tcl_Obj *word, int *number)
{
    if (Tcl_GetIntFromObj(interp, word, number) != TCL_OK) {
        return TCL_ERROR;
    }
    if (*number < 0 || *number >= ENTRIES) {
        Tcl_SetObjResult(interp, Tcl_ObjPrintf("no entry %d", *number));
        return TCL_ERROR;
    }
    return TCL_OK;
}

static void
Append(Tcl_Obj *list, int64_t number)
{
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewWideIntObj((Tcl_WideInt) number));
}

/* Clears the memory of a bench that a command made. */
static void
FreeBench(void *clientData)
{
    free(clientData);
}

/* ---- lists --------------------------------------------------------------- */

/* The entry is not the first field, so that only CLUSTER_LIST_ITEM finds its item. */
typedef struct Item {
    int number;
    ClusterListEntry entry;
} Item;

typedef struct Chain {
    ClusterList list;
    Item items[ENTRIES];
} Chain;

/* The number of an entry's item, empty for none. */
static Tcl_Obj *
NumberOf(ClusterListEntry *entry)
{
    return entry ? Tcl_NewIntObj(CLUSTER_LIST_ITEM(entry, Item, entry)->number) : Tcl_NewObj();
}

static Tcl_Obj *
Forwards(const ClusterList *list)
{
    Tcl_Obj *numbers = Tcl_NewListObj(0, NULL);
    ClusterListEntry *entry;

    for (entry = ClusterListFirst(list); entry; entry = ClusterListNext(list, entry)) {
        Tcl_ListObjAppendElement(NULL, numbers, NumberOf(entry));
    }
    return numbers;
}

static Tcl_Obj *
Backwards(const ClusterList *list)
{
    Tcl_Obj *numbers = Tcl_NewListObj(0, NULL);
    ClusterListEntry *entry;

    for (entry = list->ring.previous; entry != &list->ring; entry = entry->previous) {
        Tcl_ListObjAppendElement(NULL, numbers, NumberOf(entry));
    }
    return numbers;
}

/* chain append|prepend|remove|has|next N | first | last | empty | numbers | backwards */
static int
ChainCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"append", "has", "next", "prepend", "remove", "backwards",
            "empty", "first", "last", "numbers", NULL};
    enum { APPEND, HAS, NEXT, PREPEND, REMOVE, BACKWARDS, EMPTY, FIRST, LAST };
    Chain *chain = clientData;
    ClusterListEntry *entry;
    int word, number = 0;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != (word <= REMOVE ? 3 : 2)) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?number?");
        return TCL_ERROR;
    }
    if (objc == 3 && BaseTestEntry(interp, objv[2], &number) != TCL_OK) {
        return TCL_ERROR;
    }
    entry = &chain->items[number].entry;
    switch (word) {
    case APPEND:
        ClusterListAppend(&chain->list, entry);
        break;
    case HAS:
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterListHas(entry)));
        break;
    case NEXT:
        Tcl_SetObjResult(interp, NumberOf(ClusterListNext(&chain->list, entry)));
        break;
    case PREPEND:
        ClusterListPrepend(&chain->list, entry);
        break;
    case REMOVE:
        ClusterListRemove(entry);
        break;
    case BACKWARDS:
        Tcl_SetObjResult(interp, Backwards(&chain->list));
        break;
    case EMPTY:
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterListEmpty(&chain->list)));
        break;
    case FIRST:
        Tcl_SetObjResult(interp, NumberOf(ClusterListFirst(&chain->list)));
        break;
    case LAST:
        Tcl_SetObjResult(interp, NumberOf(ClusterListLast(&chain->list)));
        break;
    default:
        Tcl_SetObjResult(interp, Forwards(&chain->list));
        break;
    }
    return TCL_OK;
}

static Chain *
NewChain(void)
{
    Chain *chain = calloc(1, sizeof *chain);
    int i;

    if (chain) {
        ClusterListInit(&chain->list);
        for (i = 0; i < ENTRIES; i++) {
            chain->items[i].number = i;
        }
    }
    return chain;
}

/* ---- heaps --------------------------------------------------------------- */

typedef struct HeapBench {
    ClusterHeap heap;
    ClusterHeapEntry entries[ENTRIES];
} HeapBench;

static Tcl_Obj *
EntryNumber(const HeapBench *bench, const ClusterHeapEntry *entry)
{
    return entry ? Tcl_NewIntObj((int) (entry - bench->entries)) : Tcl_NewObj();
}

/*
 * What is wrong with the entry at the numbered place and all below it, NULL
 * for nothing; adds how many there are. With as many entries as places, and no
 * place beyond the count, the tree is complete.
 */
static const char *
Wrong(const ClusterHeap *heap, const ClusterHeapEntry *entry, size_t place, size_t *found)
{
    const ClusterHeapEntry *children[2];
    const char *wrong = NULL;
    size_t i;

    ++*found;
    if (place > heap->count) {
        return "not complete";
    }
    if (!entry->listed) {
        return "an entry that is not listed";
    }
    children[0] = entry->left;
    children[1] = entry->right;
    for (i = 0; i < 2 && !wrong; i++) {
        const ClusterHeapEntry *child = children[i];

        if (child && child->parent != entry) {
            wrong = "a child that has another parent";
        } else if (child
                && (child->key < entry->key
                        || (child->key == entry->key && child->order < entry->order))) {
            wrong = "a child before its parent";
        } else if (child) {
            wrong = Wrong(heap, child, 2 * place + i, found);
        }
    }
    return wrong;
}

static const char *
Check(const ClusterHeap *heap)
{
    const char *wrong = NULL;
    size_t found = 0;

    if (heap->top) {
        wrong = heap->top->parent ? "a top with a parent" : Wrong(heap, heap->top, 1, &found);
    }
    return wrong ? wrong : found != heap->count ? "a wrong count" : "";
}

static int
AddToHeap(HeapBench *bench, Tcl_Interp *interp, int number, Tcl_Obj *key, Tcl_Obj *order)
{
    ClusterHeapEntry *entry = &bench->entries[number];
    Tcl_WideInt numbers[2];

    if (Tcl_GetWideIntFromObj(interp, key, &numbers[0]) != TCL_OK
            || Tcl_GetWideIntFromObj(interp, order, &numbers[1]) != TCL_OK) {
        return TCL_ERROR;
    }
    entry->key = numbers[0];
    entry->order = (uint64_t) numbers[1];
    ClusterHeapAdd(&bench->heap, entry);
    return TCL_OK;
}

/* heap add N KEY ORDER | remove N | has N | top | count | check */
static int
HeapCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"add", "has", "remove", "check", "count", "top", NULL};
    static const int counts[] = {5, 3, 3, 2, 2, 2};
    enum { ADD, HAS, REMOVE, CHECK, COUNT };
    HeapBench *bench = clientData;
    int word, number = 0;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    if (objc > 2 && BaseTestEntry(interp, objv[2], &number) != TCL_OK) {
        return TCL_ERROR;
    }
    switch (word) {
    case ADD:
        return AddToHeap(bench, interp, number, objv[3], objv[4]);
    case HAS:
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(bench->entries[number].listed));
        break;
    case REMOVE:
        ClusterHeapRemove(&bench->heap, &bench->entries[number]);
        break;
    case CHECK:
        Tcl_SetObjResult(interp, Tcl_NewStringObj(Check(&bench->heap), -1));
        break;
    case COUNT:
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) bench->heap.count));
        break;
    default:
        Tcl_SetObjResult(interp, EntryNumber(bench, bench->heap.top));
        break;
    }
    return TCL_OK;
}

/* ---- deadlines ----------------------------------------------------------- */

typedef struct DeadlineBench {
    ClusterDeadlines deadlines;
    ClusterDeadline each[ENTRIES];
} DeadlineBench;

/* NUMBER KEY ... of the entry and all below it: where they stand, and by what time. */
static void
Shape(const DeadlineBench *bench, const ClusterHeapEntry *entry, Tcl_Obj *list)
{
    if (entry) {
        Append(list, (const ClusterDeadline *) (const void *) entry - bench->each);
        Append(list, entry->key);
        Shape(bench, entry->left, list);
        Shape(bench, entry->right, list);
    }
}

/* {number due}, empty when none is set */
static Tcl_Obj *
Soonest(DeadlineBench *bench)
{
    ClusterDeadline *first = ClusterDeadlineSoonest(&bench->deadlines);
    Tcl_Obj *words = Tcl_NewListObj(0, NULL);

    if (first) {
        Append(words, first - bench->each);
        Append(words, first->due);
    }
    return words;
}

/* deadlines set N DUE | clear N | has N | soonest | shape | check */
static int
DeadlinesCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"clear", "has", "set", "check", "shape", "soonest", NULL};
    static const int counts[] = {3, 3, 4, 2, 2, 2};
    enum { CLEAR, HAS, SET, CHECK, SHAPE };
    DeadlineBench *bench = clientData;
    Tcl_Obj *list;
    Tcl_WideInt due = 0;
    int word, number = 0;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?arg ...?");
        return TCL_ERROR;
    }
    if ((objc > 2 && BaseTestEntry(interp, objv[2], &number) != TCL_OK)
            || (objc > 3 && Tcl_GetWideIntFromObj(interp, objv[3], &due) != TCL_OK)) {
        return TCL_ERROR;
    }
    switch (word) {
    case CLEAR:
        ClusterDeadlineClear(&bench->deadlines, &bench->each[number]);
        break;
    case HAS:
        Tcl_SetObjResult(interp, Tcl_NewBooleanObj(ClusterDeadlineIsSet(&bench->each[number])));
        break;
    case SET:
        ClusterDeadlineSet(&bench->deadlines, &bench->each[number], due);
        break;
    case CHECK:
        Tcl_SetObjResult(interp, Tcl_NewStringObj(Check(&bench->deadlines.heap), -1));
        break;
    case SHAPE:
        list = Tcl_NewListObj(0, NULL);
        Shape(bench, bench->deadlines.heap.top, list);
        Tcl_SetObjResult(interp, list);
        break;
    default:
        Tcl_SetObjResult(interp, Soonest(bench));
        break;
    }
    return TCL_OK;
}

/* ---- installation --------------------------------------------------------- */

int
Clusterbasetest_Init(Tcl_Interp *interp)
{
    Chain *chain = NewChain();
    HeapBench *heap = calloc(1, sizeof *heap);
    DeadlineBench *deadlines = calloc(1, sizeof *deadlines);

    if (!chain || !heap || !deadlines) {
        free(chain);
        free(heap);
        free(deadlines);
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    Tcl_CreateObjCommand(interp, "::cluster::test::chain", ChainCmd, chain, FreeBench);
    Tcl_CreateObjCommand(interp, "::cluster::test::heap", HeapCmd, heap, FreeBench);
    Tcl_CreateObjCommand(interp, "::cluster::test::deadlines", DeadlinesCmd, deadlines, FreeBench);
    return TCL_OK;
}
