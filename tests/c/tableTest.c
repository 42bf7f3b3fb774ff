/*
 * tableTest.c --
 *
 *	The commands ::cluster::test::hash, and table: one table, and entries for
 *	it that are named by numbers.
 */

#include "baseTest.h"

#include "base/clusterHash.h"
#include "base/clusterTable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ENTRIES BASE_TEST_ENTRIES

typedef struct Row {
    int number;
    Tcl_Obj *text; /* held while it is in the table */
    ClusterTableEntry entry;
} Row;

typedef struct TableBench {
    ClusterTable table;
    Row rows[ENTRIES];
} TableBench;

/* The number of an entry's row, empty for none. */
static Tcl_Obj *
RowNumber(ClusterTableEntry *entry)
{
    return entry ? Tcl_NewIntObj(CLUSTER_TABLE_ITEM(entry, Row, entry)->number) : Tcl_NewObj();
}

static void
ReleaseText(ClusterTableEntry *entry)
{
    Row *row = CLUSTER_TABLE_ITEM(entry, Row, entry);

    Tcl_DecrRefCount(row->text);
    row->text = NULL;
}

static void
AddRow(TableBench *bench, Row *row, Tcl_Obj *text)
{
    Tcl_Size length;
    const char *bytes = Tcl_GetStringFromObj(text, &length);

    if (!row->text) {
        row->text = text;
        Tcl_IncrRefCount(text);
        ClusterTableAdd(&bench->table, &row->entry, bytes, (size_t) length);
    }
}

static void
RemoveRow(TableBench *bench, Row *row)
{
    ClusterTableRemove(&bench->table, &row->entry);
    if (row->text) {
        ReleaseText(&row->entry);
    }
}

static ClusterTableEntry *
FindRow(const TableBench *bench, Tcl_Obj *text)
{
    Tcl_Size length;
    const char *bytes = Tcl_GetStringFromObj(text, &length);

    return ClusterTableFind(&bench->table, bytes, (size_t) length);
}

/* table add NUMBER TEXT | remove NUMBER | same NUMBER | find TEXT | count | clear */
static int
TableCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    static const char *const words[] = {"add", "remove", "same", "find", "count", "clear", NULL};
    static const int counts[] = {4, 3, 3, 3, 2, 2};
    enum { ADD, REMOVE, SAME, FIND, COUNT };
    TableBench *bench = clientData;
    int word, number = 0;

    if (objc < 2 || Tcl_GetIndexFromObj(interp, objv[1], words, "command", 0, &word) != TCL_OK
            || objc != counts[word]) {
        Tcl_WrongNumArgs(interp, 1, objv, "command ?argument ...?");
        return TCL_ERROR;
    }
    if (word <= SAME && BaseTestEntry(interp, objv[2], &number) != TCL_OK) {
        return TCL_ERROR;
    }
    if (word == ADD) {
        AddRow(bench, &bench->rows[number], objv[3]);
    } else if (word == REMOVE) {
        RemoveRow(bench, &bench->rows[number]);
    } else if (word == SAME) {
        Tcl_SetObjResult(interp,
                RowNumber(ClusterTableNextSame(&bench->table, &bench->rows[number].entry)));
    } else if (word == FIND) {
        Tcl_SetObjResult(interp, RowNumber(FindRow(bench, objv[2])));
    } else if (word == COUNT) {
        Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) bench->table.count));
    } else {
        ClusterTableFree(&bench->table, ReleaseText);
    }
    return TCL_OK;
}

static void
FreeTableBench(void *clientData)
{
    ClusterTableFree(&((TableBench *) clientData)->table, ReleaseText);
    free(clientData);
}

/* hash KEY BYTES: both are bytes, of KEY 16; the hash as an integer. */
static int
HashCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
    const unsigned char *bytes;
    Tcl_Size length;
    uint64_t key[2] = {0, 0};
    char text[17];
    int i;

    (void) clientData;
    if (objc != 3 || (bytes = Tcl_GetByteArrayFromObj(objv[1], &length)) == NULL || length != 16) {
        Tcl_WrongNumArgs(interp, 1, objv, "key bytes");
        return TCL_ERROR;
    }
    for (i = 0; i < 16; i++) {
        key[i / 8] |= (uint64_t) bytes[i] << (8 * (i % 8));
    }
    bytes = Tcl_GetByteArrayFromObj(objv[2], &length);
    snprintf(text, sizeof text, "%016" PRIx64, ClusterHash(key, bytes, (size_t) length));
    Tcl_SetObjResult(interp, Tcl_NewStringObj(text, -1));
    return TCL_OK;
}

int
Clustertabletest_Init(Tcl_Interp *interp)
{
    static const uint64_t key[2] = {1, 2};
    TableBench *bench = calloc(1, sizeof *bench);
    int i;

    if (!bench) {
        Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
        return TCL_ERROR;
    }
    ClusterTableInit(&bench->table, key);
    for (i = 0; i < ENTRIES; i++) {
        bench->rows[i].number = i;
    }
    Tcl_CreateObjCommand(interp, "::cluster::test::table", TableCmd, bench, FreeTableBench);
    Tcl_CreateObjCommand(interp, "::cluster::test::hash", HashCmd, NULL, NULL);
    return TCL_OK;
}
