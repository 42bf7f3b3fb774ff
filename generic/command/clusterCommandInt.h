/*
 * clusterCommandInt.h --
 *
 *	What the files of command/ share among themselves: the state behind the
 *	objects of members and transports, the making of objects, parsing and
 *	messages, and the members chosen to send to.
 *
 *	Each struct is counted: its TclOO object holds one reference (metadata),
 *	each call under way another. The object may be gone while the struct
 *	lives: `object` is NULL then.
 */

#ifndef CLUSTER_COMMAND_INT_H
#define CLUSTER_COMMAND_INT_H

#include "base/clusterMethod.h"
#include "base/clusterTable.h"
#include "node/clusterNode.h"
#include "node/clusterResolve.h"
#include "script/clusterObject.h"
#include "script/clusterParse.h"

/* A member's object. Holds the member, whose owner it is, and the cluster. */
typedef struct ClusterServiceObject {
    size_t refCount;
    ClusterObject *cluster;
    ClusterMember *member;
    Tcl_Object object;
    Tcl_Obj *name;
    Tcl_Obj *my;
    ClusterTable
            *open; /* queries that a hook left open, by ruid (clusterAnswerCmd.c); NULL for none */
    bool ending;   /* its destructor runs, or it is being destroyed */
} ClusterServiceObject;

/* A transport's object. */
typedef struct ClusterProtocolObject {
    size_t refCount;
    ClusterObject *cluster; /* held */
    ClusterSlot *slot;      /* lives as long as the cluster's node */
    Tcl_Object object;
} ClusterProtocolObject;

extern const ClusterClassInfo clusterClassInfo;
extern const ClusterClassInfo clusterServiceClassInfo;
extern const ClusterClassInfo clusterQueryClassInfo;
extern const ClusterClassInfo clusterProtocolClassInfo; /* of every built-in transport's class */
extern const ClusterMethod clusterMethods[];

/* ---- clusterObject.c ---- */

void ClusterObjectHold(ClusterObject *cluster);
void ClusterObjectRelease(ClusterObject *cluster);
/* A cluster without node and TclOO object yet, one reference; NULL without memory. Releasing it undoes all. */
ClusterObject *ClusterObjectNew(ClusterInterp *data, unsigned id, Tcl_Obj *config);
/* Makes the TclOO object, to which the reference goes over. TCL_ERROR with a message: it stays the caller's. */
int ClusterObjectPublish(ClusterObject *cluster);
/* Deletes namespace ::cluster::clusters::N and all in it. */
void ClusterObjectDropNamespace(ClusterInterp *data, unsigned id);
/* TCL_OK, or TCL_ERROR with a message when the cluster was destroyed. */
int ClusterObjectAlive(ClusterObject *cluster, Tcl_Interp *interp);

/* ---- clusterServiceCmd.c ---- */

void ClusterServiceHold(void *self);
void ClusterServiceRelease(void *self);
/* Makes the object of a member. False when it cannot be (the interp is going). */
bool ClusterServiceCreate(ClusterObject *cluster, ClusterMember *member);
/* Ends the object of a lost member, whose hook ran before, unless its destructor is at that. */
void ClusterServiceEnd(ClusterServiceObject *service);
/* The member behind a name or TclOO object, NULL with a message when it is none of this cluster. */
ClusterMember *ClusterServiceFind(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *name);

#define CLUSTER_SERVICE_SEND_FLAGS                                                                 \
   (CLUSTER_ALLOW_BROADCAST | CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES)
/* Sends, and leaves the protocol used as the result, empty when none worked. */
int ClusterServiceSend(ClusterServiceObject *service, Tcl_Interp *interp, ClusterOutgoing *outgoing,
        Tcl_Obj *protocols, int flags);

/* ---- clusterAnswerCmd.c ---- */

/* Notes a query that may be answered by `$service answer`. False when there are too many, or its ruid is too long. */
bool ClusterServiceOpen(ClusterServiceObject *service, Tcl_Obj *ruid, Tcl_Obj *channel);
/* Takes that back. False when it was not noted, or is answered. */
bool ClusterServiceClose(ClusterServiceObject *service, Tcl_Obj *ruid);
/* Forgets all of them. */
void ClusterServiceCloseAll(ClusterServiceObject *service);
ClusterMethodProc ClusterServiceCmdAnswer;

/* ---- clusterQueryCmd.c ---- */

int ClusterQueryCreate(ClusterObject *cluster, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv);

/* ---- clusterQueryCallback.c ---- */

void ClusterQueryTold(ClusterQuery *source, ClusterQueryEvent event, ClusterMember *member,
        Tcl_Obj *payload, const char *reason);

/* ---- clusterProtocolCmd.c ---- */

int ClusterProtocolCreate(ClusterObject *cluster, ClusterSlot *slot);
/* The name of a slot's object, a new value. */
Tcl_Obj *ClusterProtocolName(ClusterObject *cluster, ClusterSlot *slot);
/* {address A port P local L}, as hooks and `descriptor` give it: a new dict, or the transport's own. */
Tcl_Obj *ClusterProtocolDescriptor(const ClusterOrigin *origin);

/* ---- clusterDelegate.c ---- */

extern const ClusterNodeDelegate clusterObjectDelegate;
/* Runs the hook of a path in a service's object, with a payload. Its result and code are the caller's. */
int ClusterServiceRunHook(ClusterServiceObject *service, Tcl_Interp *interp, Tcl_Obj *payload,
        int objc, Tcl_Obj *const *objv);

/* ---- clusterStats.c ---- */

/* $cluster stats: a new dict. */
Tcl_Obj *ClusterObjectStats(ClusterObject *cluster);

/* ---- clusterArgs.c: parsing and messages that several commands share ---- */

/* Is it a list of protocols to send by, empty or with one at least that the cluster has? */
int ClusterParseProtocols(Tcl_Interp *interp, const ClusterObject *cluster, Tcl_Obj *value);
/* Turns a resolver or resolve that does not parse into a message. TCL_ERROR. */
int ClusterResolveFail(Tcl_Interp *interp, ClusterResolveStatus status, Tcl_Obj *culprit);
/* Says what others cannot be told, if anything, as an error in the interp. */
int ClusterFitFail(Tcl_Interp *interp, ClusterFit fit);
/* Why a send to a member failed, as `send_payload` and `send` say it. */
const char *ClusterSendReason(ClusterSendStatus status);
/* Turns a failed send into a message; TCL_OK when it is no error of the caller's. */
int ClusterSendFail(Tcl_Interp *interp, ClusterSendStatus status,
        const ClusterSendDetails *details);

/* ---- clusterMembers.c: whom to send to, or to ask ---- */

/* Members, each once, held. Begins as zeros; free with ClusterMembersFree, also after an error. */
typedef struct ClusterMembers {
    ClusterMember **list;
    size_t count, room;
    Tcl_HashTable table; /* the same, once they are many */
} ClusterMembers;

void ClusterMembersFree(ClusterMembers *members);
/* Adds those that match the arguments of resolve or resolver (one value: their list). */
int ClusterMembersResolve(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *resolve,
        Tcl_Obj *resolver, ClusterMembers *members);
/* Adds services by name. Ones that were lost meanwhile are passed over. */
int ClusterMembersNamed(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *names,
        ClusterMembers *members);
/* The names of their objects, and a filter of their sids: new lists. */
Tcl_Obj *ClusterMembersNames(const ClusterMembers *members);
Tcl_Obj *ClusterMembersFilter(const ClusterMembers *members);

/* Adds those that a packet with this filter (NULL: without one) is for. */
int ClusterMembersAddressed(ClusterObject *cluster, Tcl_Interp *interp, Tcl_Obj *filter,
        ClusterMembers *members);

/* ---- clusterOutcomes.c: sends to several ---- */

/* What came of them: dicts by service, and how many went how. Begins as zeros; the values are the caller's to release. */
typedef struct ClusterOutcomes {
    Tcl_Obj *success, *failed; /* {status S result R} each; noted if the caller made both */
    Tcl_Obj *refused;          /* reasons, else; made with the first */
    size_t done, full, oversized;
} ClusterOutcomes;

#define CLUSTER_SEND_FLAGS (CLUSTER_NO_HOOKS | CLUSTER_PING_ON_FAIL | CLUSTER_REPORT_FAILURES)
/*
 * Sends a packet, whose hooks were asked, to each member, and notes what came
 * of it. TCL_ERROR with a message only for a payload that cannot be encoded.
 */
int ClusterSendEach(Tcl_Interp *interp, ClusterOutgoing *outgoing, Tcl_Obj *protocols, int flags,
        const ClusterMembers *members, ClusterOutcomes *outcomes);
/* Notes what came of one of them. */
void ClusterOutcomeNote(ClusterOutcomes *outcomes, ClusterMember *member, ClusterSendStatus status,
        const ClusterSendDetails *details);
/*
 * Sends what is too large for the multicast to each of those that it is for.
 * TCL_ERROR with a message when none of them can have it, or has room for it.
 */
int ClusterSendLarge(ClusterObject *cluster, Tcl_Interp *interp, ClusterOutgoing *outgoing,
        ClusterOutcomes *outcomes);
/* The queues of so many services are full, which are all: TCL_ERROR with that message. */
int ClusterQueuesFull(Tcl_Interp *interp, size_t count);

/* ---- clusterConfirmCmd.c ---- */

/* Sends the event, whose hooks were asked, to each; `confirm` is a command's prefix. As ClusterSendEach. */
int ClusterConfirmSend(Tcl_Interp *interp, ClusterOutgoing *event, Tcl_Obj *protocols,
        const ClusterMembers *members, int64_t timeout, Tcl_Obj *confirm,
        ClusterOutcomes *outcomes);
/* What became of it, told to that command. */
void ClusterConfirmTold(ClusterObject *cluster, ClusterMember *member, Tcl_Obj *confirm,
        ClusterConfirmStatus status, const char *reason, Tcl_Obj *text);

/* ---- clusterSendCmd.c ---- */

ClusterMethodProc ClusterCmdSend;
ClusterMethodProc ClusterCmdSendPayload;

#endif
