/*
 * clusterSelf.c --
 *
 *	How members tell each other what they are and can: the key `cluster` of
 *	props, written of the node and read of others, who are strangers.
 */

#include "node/clusterNodeInt.h"

#include "packet/clusterForeign.h"

#include <stdio.h>
#include <string.h>

/* The digits of a number that is read. */
#define DIGITS_MOST 15

/* What a member can do beyond 1.1.8: the word in `can`, and its bit. What is not told of is not used towards it. */
static const struct {
    const char *name;
    uint32_t bit;
} abilities[] = {
        {"probe", CLUSTER_CAN_PROBE},
        {"confirm", CLUSTER_CAN_CONFIRM},
        {NULL, 0},
};

/* A number of digits alone, from 1 to `most`; 0: it is none. */
static int64_t
ReadNumber(const char *text, int64_t most)
{
    int64_t number = 0;
    int i;

    for (i = 0; text[i]; i++) {
        if (i == DIGITS_MOST || text[i] < '0' || text[i] > '9') {
            return 0;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number <= most ? number : 0;
}

/*
 * ------------------------------------------------------------------------
 * Of the node
 * ------------------------------------------------------------------------
 */

static void
PutWord(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(key, -1), value);
}

static void
PutNumber(Tcl_Obj *dict, const char *key, int64_t number)
{
    PutWord(dict, key, Tcl_NewWideIntObj((Tcl_WideInt) number));
}

/* Others print it: what is no printable character of ASCII, or a blank, becomes a low line. */
static void
MakePlain(char *word)
{
    for (; *word; word++) {
        if (*word <= ' ' || *word > '~') {
            *word = '_';
        }
    }
}

void
ClusterSelfInit(ClusterNode *node, const char *name)
{
    if (name && *name) {
        snprintf(node->processName, sizeof node->processName, "%s", name);
    } else {
        node->system.processName(node->system.context, node->processName, sizeof node->processName);
    }
    node->system.hostName(node->system.context, node->hostName, sizeof node->hostName);
    MakePlain(node->processName);
    MakePlain(node->hostName);
}

/* The port, if the transport tells one. */
void
ClusterSelfHasDatagram(ClusterNode *node)
{
    ClusterSlot *slot = node->datagram;
    Tcl_Obj *props = slot->transport ? slot->type->props(slot->transport) : NULL, *port;

    node->datagramPort = 0;
    node->abilities &= ~CLUSTER_CAN_PROBE;
    if (props) {
        Tcl_IncrRefCount(props);
        port = ClusterForeignGet(props, CLUSTER_PROPS_BYTES_MAX, "port");
        if (port) {
            node->datagramPort = (uint16_t) ReadNumber(Tcl_GetString(port), UINT16_MAX);
            Tcl_DecrRefCount(port);
        }
        Tcl_DecrRefCount(props);
    }
    if (node->datagramPort) {
        node->abilities |=
                CLUSTER_CAN_PROBE; /* whoever probes us is answered, even if we probe nobody */
    }
}

static Tcl_Obj *
AbilityNames(uint32_t can)
{
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    size_t i;

    for (i = 0; abilities[i].name; i++) {
        if (can & abilities[i].bit) {
            Tcl_ListObjAppendElement(NULL, names, Tcl_NewStringObj(abilities[i].name, -1));
        }
    }
    return names;
}

static Tcl_Obj *
KeyName(const ClusterKeyId *id)
{
    char text[CLUSTER_KEY_ID_TEXT + 1];

    ClusterKeyIdText(id, text);
    return Tcl_NewStringObj(text, CLUSTER_KEY_ID_TEXT);
}

/* Which keys it can open, by their ids, which each of its datagrams shows anyway. */
static void
PutKeys(Tcl_Obj *self, const ClusterSealing *sealing)
{
    const ClusterKeys *keys = ClusterSealingKeys(sealing);
    Tcl_Obj *names = Tcl_NewListObj(0, NULL);
    ClusterKeyId id;
    size_t i;

    for (i = 0; i < ClusterKeysCount(keys); i++) {
        id = ClusterKeysAt(keys, i);
        Tcl_ListObjAppendElement(NULL, names, KeyName(&id));
    }
    PutWord(self, "keys", names);
    if (ClusterKeysSealing(keys, &id)) {
        PutWord(self, "seals", KeyName(&id));
    }
    PutWord(self, "mode", Tcl_NewStringObj(ClusterSealModeName(ClusterSealingMode(sealing)), -1));
}

Tcl_Obj *
ClusterNodeDescribeSelf(const ClusterNode *node)
{
    Tcl_Obj *self = Tcl_NewDictObj();

    PutWord(self, "version", Tcl_NewStringObj(PACKAGE_VERSION, -1));
    if (node->processName[0]) {
        PutWord(self, "name", Tcl_NewStringObj(node->processName, -1));
    }
    PutNumber(self, "pid", node->pid);
    if (node->hostName[0]) {
        PutWord(self, "host", Tcl_NewStringObj(node->hostName, -1));
    }
    PutNumber(self, "ttl", node->ttl);
    PutNumber(self, "heartbeat", node->heartbeat);
    if (node->datagramPort) {
        PutNumber(self, "datagram", node->datagramPort);
    }
    PutWord(self, "can", AbilityNames(node->abilities));
    if (node->sealing) {
        PutKeys(self, node->sealing);
    }
    return self;
}

/*
 * ------------------------------------------------------------------------
 * Of others
 * ------------------------------------------------------------------------
 */

/* The bits of those words that are known. */
static uint32_t
ReadAbilities(const char *text)
{
    Tcl_Obj *list = Tcl_NewStringObj(text, -1);
    const char **words;
    Tcl_Size count, i;
    uint32_t can = 0;
    size_t known;

    Tcl_IncrRefCount(list);
    if (ClusterForeignList(list, CLUSTER_SELF_BYTES_MAX, &count, &words)) {
        for (i = 0; i < count; i++) {
            for (known = 0; abilities[known].name; known++) {
                if (strcmp(words[i], abilities[known].name) == 0) {
                    can |= abilities[known].bit;
                }
            }
        }
        ClusterForeignFree(words);
    }
    Tcl_DecrRefCount(list);
    return can;
}

static void
ReadKey(ClusterMember *member, const char *key, const char *value)
{
    if (strcmp(key, "pid") == 0) {
        member->pid = (int) ReadNumber(value, INT32_MAX);
    } else if (strcmp(key, "ttl") == 0) {
        member->ttl = ReadNumber(value, CLUSTER_SELF_MS_MAX);
    } else if (strcmp(key, "heartbeat") == 0) {
        member->heartbeat = ReadNumber(value, CLUSTER_SELF_MS_MAX);
    } else if (strcmp(key, "datagram") == 0) {
        member->datagramPort = (uint16_t) ReadNumber(value, UINT16_MAX);
    } else if (strcmp(key, "can") == 0) {
        member->can = ReadAbilities(value);
    }
}

static void
Forget(ClusterMember *member)
{
    ClusterReplaceObj(&member->description, NULL);
    member->knowsCluster = false;
    member->datagramPort = 0;
    member->can = 0;
    member->ttl = member->heartbeat = 0;
    member->pid = 0;
}

/* Is that what it told already? */
static bool
IsKnown(const ClusterMember *member, Tcl_Obj *description)
{
    return member->description
            && strcmp(Tcl_GetString(description), Tcl_GetString(member->description)) == 0;
}

/*
 * Kept as text alone: the elements that it was parsed into would take many
 * times the memory.
 */
void
ClusterSelfHear(ClusterMember *member, Tcl_Obj *description)
{
    const char **words;
    Tcl_Size count, length, i;
    const char *text;

    if (IsKnown(member, description)) {
        return;
    }
    Forget(member);
    if (!ClusterForeignDict(description, CLUSTER_SELF_BYTES_MAX, &count, &words)) {
        return;
    }
    member->knowsCluster = true;
    for (i = 0; i < count; i += 2) {
        ReadKey(member, words[i], words[i + 1]);
    }
    ClusterForeignFree(words);
    text = Tcl_GetStringFromObj(description, &length);
    ClusterReplaceObj(&member->description, Tcl_NewStringObj(text, length));
}

size_t
ClusterSelfBytes(const ClusterMember *member)
{
    Tcl_Size length = 0;

    if (member->description) {
        Tcl_GetStringFromObj(member->description, &length);
    }
    return (size_t) length;
}
