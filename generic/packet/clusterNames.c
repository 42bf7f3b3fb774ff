/*
 * clusterNames.c --
 *
 *	The names of packet types and channels.
 */

#include "packet/clusterNames.h"

typedef struct NameRow {
    const char *pattern; /* a glob, as 1.1.8 matches them, in any case */
    int value;
} NameRow;

static const NameRow typeNames[] = {
        {"discon*", CLUSTER_DISCONNECT},
        {"close", CLUSTER_DISCONNECT},
        {"bea*", CLUSTER_HEARTBEAT},
        {"heart*", CLUSTER_HEARTBEAT},
        {"discov*", CLUSTER_DISCOVERY},
        {"find", CLUSTER_DISCOVERY},
        {"ping", CLUSTER_PING},
        {"q*", CLUSTER_QUERY},
        {"res*", CLUSTER_RESPONSE},
        {"answ*", CLUSTER_RESPONSE},
        {"event", CLUSTER_EVENT},
        {"flush*", CLUSTER_FLUSH},
        {"fail*", CLUSTER_FAILURE},
        {"probe", CLUSTER_PROBE},
        {"ack", CLUSTER_ACK},
        {"relay", CLUSTER_RELAY},
        {"deliv*", CLUSTER_DELIVERY},
        {"rece*", CLUSTER_RECEIPT},
        {NULL, 0},
};

static const NameRow channelNames[] = {
        {"br*", CLUSTER_CHANNEL_BROADCAST},
        {"sy*", CLUSTER_CHANNEL_SYSTEM},
        {"la*", CLUSTER_CHANNEL_LAN},
        {"lo*", CLUSTER_CHANNEL_LAN},
        {NULL, 0},
};

static bool
NumberByName(Tcl_Obj *value, const NameRow *names, Tcl_WideInt *number)
{
    if (Tcl_GetWideIntFromObj(NULL, value, number) == TCL_OK) {
        return *number >= 0;
    }
    for (; names->pattern; names++) {
        if (Tcl_StringCaseMatch(Tcl_GetString(value), names->pattern, TCL_MATCH_NOCASE)) {
            *number = names->value;
            return true;
        }
    }
    return false;
}

bool
ClusterTypeByName(Tcl_Obj *value, int64_t *type)
{
    Tcl_WideInt number;
    bool known = NumberByName(value, typeNames, &number);

    if (known) {
        *type = number;
    }
    return known;
}

bool
ClusterChannelByName(Tcl_Obj *value, uint64_t *channel)
{
    Tcl_WideInt number;
    bool known = NumberByName(value, channelNames, &number);

    if (known) {
        *channel = (uint64_t) number;
    }
    return known;
}

const char *
ClusterTypeName(uint64_t type)
{
    static const char *const names[] = {
            [CLUSTER_DISCONNECT] = "disconnect",
            [CLUSTER_HEARTBEAT] = "heartbeat",
            [CLUSTER_DISCOVERY] = "discovery",
            [CLUSTER_PING] = "ping",
            [CLUSTER_QUERY] = "query",
            [CLUSTER_RESPONSE] = "response",
            [CLUSTER_EVENT] = "event",
            [CLUSTER_FLUSH] = "flush",
            [CLUSTER_FAILURE] = "failure",
            [CLUSTER_PROBE] = "probe",
            [CLUSTER_ACK] = "ack",
            [CLUSTER_RELAY] = "relay",
            [CLUSTER_DELIVERY] = "delivery",
            [CLUSTER_RECEIPT] = "receipt",
    };

    _Static_assert(CLUSTER_COUNT(names) == CLUSTER_TYPES, "each type has a name");
    return type < CLUSTER_TYPES && names[type] ? names[type] : "unknown";
}
