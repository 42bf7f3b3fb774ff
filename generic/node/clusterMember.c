/*
 * clusterMember.c --
 *
 *	Another member: its life as a struct, and what is known of it. What it says
 *	is for clusterMemberTold.c, the ways to it for clusterMemberWays.c, whether
 *	it is alive for clusterLiveness.c.
 */

#include "node/clusterNodeInt.h"

#include <stdlib.h>

/*
 * ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------
 */

void
ClusterMemberHold(ClusterMember *member)
{
    member->refCount++;
}

void
ClusterMemberRelease(ClusterMember *member)
{
    if (--member->refCount > 0) {
        return;
    }
    ClusterReplaceObj(&member->sid, NULL);
    ClusterReplaceObj(&member->hid, NULL);
    ClusterReplaceObj(&member->uuid, NULL);
    ClusterReplaceObj(&member->protocols, NULL);
    ClusterReplaceObj(&member->tags, NULL);
    ClusterReplaceObj(&member->props, NULL);
    ClusterReplaceObj(&member->description, NULL);
    ClusterReplaceObj(&member->place, NULL);
    ClusterReplaceObj(&member->firstPayload, NULL);
    ClusterReplaceObj(&member->name, NULL);
    ClusterConfirmFree(member);
    free((void *) member->protocolsWire.bytes);
    ClusterNodeRelease(member->node);
    free(member);
}

ClusterMember *
ClusterMemberNew(ClusterNode *node, ClusterMessage *message, Tcl_Obj *uuid, bool leaving)
{
    ClusterMember *member = calloc(1, sizeof *member);

    if (!member) {
        return NULL;
    }
    member->refCount = 1;
    member->node = node;
    ClusterNodeHold(node);
    ClusterReplaceObj(&member->uuid, uuid);
    ClusterReplaceObj(&member->sid, ClusterMessageField(message, CLUSTER_SID));
    ClusterReplaceObj(&member->hid, ClusterMessageField(message, CLUSTER_HID));
    ClusterReplaceObj(&member->protocols, Tcl_NewListObj(0, NULL));
    ClusterReplaceObj(&member->tags, Tcl_NewListObj(0, NULL));
    ClusterReplaceObj(&member->props, Tcl_NewDictObj());
    member->address = message->local ? ClusterAddressLoopback()
                                     : ClusterAddressWithPort(&message->origin.address, 0);
    member->local = message->local;
    member->interface = message->origin.interface;
    member->addressHeard = true;
    member->isNew = true;
    member->found = ClusterNodeNow(node);
    ClusterLivenessInit(&member->life, node->ttl, member->local, leaving, ClusterNodeNow(node));
    return member;
}

/*
 * ------------------------------------------------------------------------
 * Facts
 * ------------------------------------------------------------------------
 */

bool
ClusterMemberLost(const ClusterMember *member)
{
    return member->lost;
}

Tcl_Obj *
ClusterMemberSid(const ClusterMember *member)
{
    return member->sid;
}

Tcl_Obj *
ClusterMemberHid(const ClusterMember *member)
{
    return member->hid;
}

Tcl_Obj *
ClusterMemberUuid(const ClusterMember *member)
{
    return member->uuid;
}

Tcl_Obj *
ClusterMemberTags(const ClusterMember *member)
{
    return member->tags;
}

Tcl_Obj *
ClusterMemberProps(const ClusterMember *member)
{
    return member->props;
}

Tcl_Obj *
ClusterMemberProtocols(const ClusterMember *member)
{
    return member->protocols;
}

Tcl_Obj *
ClusterMemberDescription(const ClusterMember *member)
{
    return member->description;
}

bool
ClusterMemberKnowsCluster(const ClusterMember *member)
{
    return member->knowsCluster;
}

uint16_t
ClusterMemberDatagramPort(const ClusterMember *member)
{
    return member->datagramPort;
}

int64_t
ClusterMemberTtl(const ClusterMember *member)
{
    return member->ttl;
}

int64_t
ClusterMemberHeartbeat(const ClusterMember *member)
{
    return member->heartbeat;
}

int
ClusterMemberPid(const ClusterMember *member)
{
    return member->pid;
}

bool
ClusterMemberCan(const ClusterMember *member, uint32_t abilities)
{
    return (member->can & abilities) == abilities;
}

Tcl_Obj *
ClusterMemberIp(const ClusterMember *member)
{
    char text[CLUSTER_ADDRESS_TEXT];

    ClusterAddressFormat(&member->address, text);
    return Tcl_NewStringObj(text, -1);
}

bool
ClusterMemberLocal(const ClusterMember *member)
{
    return member->local;
}

int64_t
ClusterMemberRtt(const ClusterMember *member)
{
    return member->probe.rtt.mean;
}

bool
ClusterMemberSuspect(const ClusterMember *member)
{
    return member->life.state == CLUSTER_SILENT;
}

bool
ClusterMemberHasHeir(const ClusterMember *member)
{
    return member->probe.stage != CLUSTER_PROBE_IDLE
            && (member->probe.evidence & CLUSTER_EVIDENCE_HEIR) != 0;
}

const char *
ClusterMemberLossReason(const ClusterMember *member)
{
    return member->lost ? ClusterLossReasonName(member->life.reason) : NULL;
}

int64_t
ClusterMemberSilence(const ClusterMember *member)
{
    return ClusterNodeNow(member->node) - member->life.seen;
}

void *
ClusterMemberOwner(const ClusterMember *member)
{
    return member->owner;
}

void
ClusterMemberSetOwner(ClusterMember *member, void *owner, Tcl_Obj *name)
{
    member->owner = owner;
    if (name) {
        ClusterReplaceObj(&member->name, name);
    }
}

Tcl_Obj *
ClusterMemberName(const ClusterMember *member)
{
    return member->name;
}
