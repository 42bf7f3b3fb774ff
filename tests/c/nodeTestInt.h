/*
 * nodeTestInt.h --
 *
 *	A test's nodes: shared by the delegate that records what they are told
 *	and the commands that drive them.
 */

#ifndef NODE_TEST_INT_H
#define NODE_TEST_INT_H

#include "nodeTest.h"

#include "node/clusterNode.h"
#include "memoryTest.h"

/* Those of one interp; freed with the command `node`. */
typedef struct TestBench {
    Tcl_Interp *interp;
    HandClock *clock;
    MemoryNet *net;
    int depth; /* of reactions under way */
} TestBench;

/* Lives until the bench is reset, closed or not. */
typedef struct TestNode {
    MemoryHost host; /* first, as the network wants */
    TestBench *bench;
    ClusterNode *node;  /* one reference */
    Tcl_Obj *log;       /* list of what was told; held, not shared */
    Tcl_Obj *reactions; /* dict: callback to command prefix; held, not shared */
    Tcl_Obj *ids;       /* list: what its queries' owners point to; held, not shared */
} TestNode;

/*
 * Records in the node's log what it is told, and asks the test's reaction,
 * whose result decides. Its arguments, and the meaning of its result:
 *
 *	packetIn NODE SLOT PACKET	refuse; else, unless empty, other bytes
 *	messageIn NODE PAYLOAD		refuse
 *	memberIn NODE UUID		refuse
 *	added NODE SID			refuse
 *	tags NODE SID			-
 *	discovered NODE SID		-
 *	suspect NODE SID		-
 *	lost NODE SID			-
 *	query NODE SID DATA		the answer; an error is the error's text
 *	event NODE SID DATA		-
 *	broadcastOut NODE PAYLOAD	before that, of what goes to all
 *	payloadOut NODE PAYLOAD		refuse; else, unless empty, another payload
 *	packetOut NODE SLOT PACKET	refuse; else, unless empty, other bytes
 *	response|error|timeout|done NODE ID	-
 *	unsealed NODE REASON ADDRESS	-
 */
extern const ClusterNodeDelegate testNodeDelegate;

/* The name of the node with that sid, the sid itself when there is none. Borrowed, or new (refCount 0). */
Tcl_Obj *TestNodeName(const TestBench *bench, Tcl_Obj *sid);

/* networkTest.c */
/* Sets a message, with the culprit in quotes unless it is NULL. Returns TCL_ERROR. */
int TestFail(Tcl_Interp *interp, const char *text, Tcl_Obj *culprit);
/* Puts a value, held, in another's place. */
void TestRenew(Tcl_Obj **slot, Tcl_Obj *value);
/* The node of that name; NULL when there is none, with a message in the second case. */
TestNode *TestNodeFind(const TestBench *bench, Tcl_Obj *name);
TestNode *TestNodeGet(const TestBench *bench, Tcl_Interp *interp, Tcl_Obj *name);

/* roomTest.c */
/* What the node's members, queries and the rest take: dict of names to numbers (refCount 0). */
Tcl_Obj *TestNodeCounts(const ClusterNode *node);
/* The first of these that is not 0; NULL when nothing is left, as of a closed node. */
const char *TestNodeRest(const ClusterNode *node);

/* nodeSealTest.c */
/* A ring of these keys, with one reference, the caller's; NULL with a message. */
ClusterKeys *TestNodeRing(Tcl_Interp *interp, Tcl_Obj *list);
/* node NAME keys add KEY | use ID | remove ID; node NAME seal MODE */
int TestKeysCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);
int TestSealCmd(TestNode *test, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

/* nodeCommandTest.c: node NAME COMMAND ?ARG ...?, three words at least. */
int TestNodeCommand(TestBench *bench, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

#endif
