/*
 * clusterFactCmd.c --
 *
 *	What a cluster tells of itself and of the others: methods that change nothing.
 */

#include "command/clusterFactCmd.h"

#include "base/clusterError.h"
#include "base/clusterLocal.h"

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

/* config ?key ...?: the configuration, or what is in it under the keys. */
int
ClusterCmdConfig(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    Tcl_Obj *value = ((ClusterObject *) self)->config, *next;
    int i;

    for (i = 0; i < objc; i++) {
        if (Tcl_DictObjGet(interp, value, objv[i], &next) != TCL_OK) {
            return TCL_ERROR;
        }
        if (!next) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("key \"%s\" not known in dictionary", Tcl_GetString(objv[i])),
                    "CLUSTER", "CONFIG", Tcl_GetString(objv[i]), (char *) NULL);
        }
        value = next;
    }
    Tcl_SetObjResult(interp, value);
    return TCL_OK;
}

/* protocols ?OBJECTS?: the ids, or the names of the transports' objects. */
int
ClusterCmdProtocols(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    Tcl_Obj *names;
    int objects = 0, i;

    if (objc > 0 && Tcl_GetBooleanFromObj(interp, objv[0], &objects) != TCL_OK) {
        return TCL_ERROR;
    }
    if (!objects) {
        Tcl_SetObjResult(interp, ClusterNodeProtocols(cluster->node));
        return TCL_OK;
    }
    names = Tcl_NewListObj(0, NULL);
    for (i = 0; i < ClusterNodeSlotCount(cluster->node); i++) {
        Tcl_ListObjAppendElement(NULL, names,
                ClusterProtocolName(cluster, ClusterNodeSlot(cluster->node, i)));
    }
    Tcl_SetObjResult(interp, names);
    return TCL_OK;
}

/* protocol ID: the name of its object, empty when it is not one of ours. */
int
ClusterCmdProtocol(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    ClusterSlot *slot = ClusterNodeSlotById(cluster->node, Tcl_GetString(objv[0]));

    (void) objc;
    if (slot) {
        Tcl_SetObjResult(interp, ClusterProtocolName(cluster, slot));
    }
    return TCL_OK;
}

/* props ?protoprops? ...: what is advertised. */
int
ClusterCmdProps(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int i;

    for (i = 0; i < objc; i++) {
        if (Tcl_StringCaseMatch(Tcl_GetString(objv[i]), "protop*", TCL_MATCH_NOCASE)) {
            Tcl_SetObjResult(interp, ClusterNodeProps(((ClusterObject *) self)->node));
            break;
        }
    }
    return TCL_OK;
}

int
ClusterCmdIsLocal(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterAddress address;

    (void) self;
    (void) objc;
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(ClusterAddressParse(Tcl_GetString(objv[0]), &address)
                    && ClusterIsLocal(&address)));
    return TCL_OK;
}

int
ClusterCmdGetType(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    int64_t type;

    (void) self;
    (void) objc;
    if (ClusterParseType(interp, objv[0], &type) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj(type));
    return TCL_OK;
}

int
ClusterCmdGetChannel(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    uint64_t channel;

    (void) self;
    (void) objc;
    if (ClusterParseChannel(interp, objv[0], &channel) != TCL_OK) {
        return TCL_ERROR;
    }
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj((Tcl_WideInt) channel));
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * Services
 * ------------------------------------------------------------------------
 */

static Tcl_Obj *
ServiceNames(const ClusterObject *cluster, const ClusterResolver *resolver)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterMember *member = NULL;

    while ((member = ClusterNodeNextMember(cluster->node, member)) != NULL) {
        if (ClusterMemberName(member) && (!resolver || ClusterResolverMatches(resolver, member))) {
            Tcl_ListObjAppendElement(NULL, names, ClusterMemberName(member));
        }
    }
    return names;
}

static int
ReturnMatches(ClusterObject *cluster, Tcl_Interp *interp, ClusterResolveStatus status,
        ClusterResolver *resolver, Tcl_Obj *culprit)
{
    if (status != CLUSTER_RESOLVE_OK) {
        return ClusterResolveFail(interp, status, culprit);
    }
    Tcl_SetObjResult(interp, ServiceNames(cluster, resolver));
    ClusterResolverFree(resolver);
    return TCL_OK;
}

int
ClusterCmdResolve(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterResolver *resolver;
    Tcl_Obj *culprit = NULL;
    ClusterResolveStatus status = ClusterResolveParse(objc, objv, &resolver, &culprit);

    return ReturnMatches(self, interp, status, resolver, culprit);
}

int
ClusterCmdResolver(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterResolver *resolver;
    Tcl_Obj *culprit = NULL;
    ClusterResolveStatus status = ClusterResolverParse(objc, objv, &resolver, &culprit);

    return ReturnMatches(self, interp, status, resolver, culprit);
}

static int
ReturnSelfMatch(ClusterObject *cluster, Tcl_Interp *interp, ClusterResolveStatus status,
        ClusterResolver *resolver, Tcl_Obj *culprit)
{
    if (status != CLUSTER_RESOLVE_OK) {
        return ClusterResolveFail(interp, status, culprit);
    }
    Tcl_SetObjResult(interp,
            Tcl_NewBooleanObj(ClusterResolverMatchesSelf(resolver, cluster->node)));
    ClusterResolverFree(resolver);
    return TCL_OK;
}

/* resolve_self TAG ?MODE? */
int
ClusterCmdResolveSelf(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterResolver *resolver;
    Tcl_Obj *culprit = NULL, *items = Tcl_NewListObj(1, objv);
    ClusterResolveStatus status;
    int code;

    Tcl_IncrRefCount(items);
    status = ClusterResolveTerm(items, objc > 1 ? objv[1] : NULL, NULL, &resolver, &culprit);
    code = ReturnSelfMatch(self, interp, status, resolver, culprit);
    Tcl_DecrRefCount(items);
    return code;
}

int
ClusterCmdResolverSelf(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterResolver *resolver;
    Tcl_Obj *culprit = NULL;
    ClusterResolveStatus status = ClusterResolverParse(objc, objv, &resolver, &culprit);

    return ReturnSelfMatch(self, interp, status, resolver, culprit);
}

/* check_filter FILTER: does it name us? */
int
ClusterCmdCheckFilter(void *self, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterObject *cluster = self;
    Tcl_Obj **words;
    Tcl_Size count, i;
    bool match = false;

    (void) objc;
    if (Tcl_ListObjGetElements(interp, objv[0], &count, &words) != TCL_OK) {
        return TCL_ERROR;
    }
    for (i = 0; i < count && !match; i++) {
        match = ClusterNodeIsNamed(cluster->node, words[i]);
    }
    Tcl_SetObjResult(interp, Tcl_NewBooleanObj(match));
    return TCL_OK;
}

/*
 * ------------------------------------------------------------------------
 * The table of facts
 * ------------------------------------------------------------------------
 */

static ClusterNode *
NodeOf(void *self)
{
    return ((ClusterObject *) self)->node;
}

static Tcl_Obj *
OwnSid(void *self)
{
    return ClusterNodeSid(NodeOf(self));
}

static Tcl_Obj *
OwnHid(void *self)
{
    return ClusterNodeHid(NodeOf(self));
}

static Tcl_Obj *
OwnUuid(void *self)
{
    return ClusterNodeUuid(NodeOf(self));
}

/* In seconds. */
static Tcl_Obj *
OwnTtl(void *self)
{
    return Tcl_NewWideIntObj(ClusterNodeTtl(NodeOf(self)) / 1000);
}

static Tcl_Obj *
OwnStats(void *self)
{
    return ClusterObjectStats(self);
}

static Tcl_Obj *
AllServices(void *self)
{
    return ServiceNames(self, NULL);
}

static Tcl_Obj *
ServiceCount(void *self)
{
    return Tcl_NewWideIntObj((Tcl_WideInt) ClusterNodeMemberCount(NodeOf(self)));
}

const ClusterFact clusterFacts[] = {
        {"flags", ServiceCount}, /* for scripts of old */
        {"hid", OwnHid},
        {"known_services", ServiceCount},
        {"services", AllServices},
        {"sid", OwnSid},
        {"stats", OwnStats},
        {"ttl", OwnTtl},
        {"uuid", OwnUuid},
        {NULL, NULL},
};
