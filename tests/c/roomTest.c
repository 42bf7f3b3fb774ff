/*
 * roomTest.c --
 *
 *	What a node's members take, as the node has counted it.
 */

#include "nodeTestInt.h"

#include "node/clusterNodeInt.h"

typedef struct Count {
    const char *name;
    size_t number;
} Count;

enum { COUNTS = 10 };

static void
TakeCounts(const ClusterNode *node, Count counts[COUNTS])
{
    const Count all[COUNTS] = {
            {"members", node->memberCount},
            {"unknown", node->unknownCount},
            {"charge", node->charge},
            {"large", node->largeCharge},
            {"sources", node->sources.count},
            {"sids", node->bySid.count},
            {"missing", (size_t) node->missingCount},
            {"relays", (size_t) node->relayCount},
            {"deadlines", node->deadlines.heap.count},
            {"queries", (size_t) node->queries.numEntries},
    };

    for (int i = 0; i < COUNTS; i++) {
        counts[i] = all[i];
    }
}

Tcl_Obj *
TestNodeCounts(const ClusterNode *node)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    Count counts[COUNTS];

    TakeCounts(node, counts);
    for (int i = 0; i < COUNTS; i++) {
        Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(counts[i].name, -1),
                Tcl_NewWideIntObj((Tcl_WideInt) counts[i].number));
    }
    return dict;
}

const char *
TestNodeRest(const ClusterNode *node)
{
    Count counts[COUNTS];

    TakeCounts(node, counts);
    for (int i = 0; i < COUNTS; i++) {
        if (counts[i].number) {
            return counts[i].name;
        }
    }
    return NULL;
}
