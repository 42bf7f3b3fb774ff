/*
 * clusterJoin.c --
 *
 *	`cluster join`: its options, and the making of a cluster.
 */

#include "command/clusterCommands.h"
#include "base/clusterError.h"
#include "base/clusterHold.h"
#include "base/clusterLimits.h"
#include "base/clusterLoop.h"
#include "command/clusterCommandInt.h"
#include "command/clusterSealCmd.h"
#include "node/clusterProbing.h"
#include "script/clusterScripted.h"
#include "transport/clusterDatagram.h"

#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS   86400
#define TTL_MAX       (366 * DAY_SECONDS)
#define HEARTBEAT_MIN 10
#define HEARTBEAT_MAX (30 * DAY_SECONDS * 1000LL)
#define MEMORY_MAX    (1024 * 1024 * 1024)
#define PROBE_MIN     100
#define PROBE_MAX     60000
_Static_assert(TTL_MAX == 31622400 && HEARTBEAT_MIN == 10 && HEARTBEAT_MAX == 2592000000
                && CLUSTER_MEMORY == 67108864 && CLUSTER_MEMORY_MIN == 1048576
                && MEMORY_MAX == 1073741824 && CLUSTER_QUEUE_DEFAULT == 50331648 && PROBE_MIN == 100
                && PROBE_MAX == 60000 && CLUSTER_QUEUE_LEAST == 1048576
                && CLUSTER_QUEUE_MOST == 1099511627776 && CLUSTER_BACKLOG == 16777216
                && CLUSTER_BACKLOG_LEAST == 65536 && CLUSTER_CONFIRMS_MOST == 1024,
        "the options' rows say so in words");

/* What join was asked for. The values are held by `options`. */
typedef struct JoinRequest {
    Tcl_Obj *options; /* dict: key without dash, value; held */
    ClusterNodeConfig node;
    uint64_t *channels;
    Tcl_Obj *protocols;   /* a list with c; held */
    Tcl_Obj *channelList; /* as `config` shows it; held */
    char hid[CLUSTERP_HARDWARE_ID_SIZE];
    char program[CLUSTER_SELF_WORD_MAX + 1];
    ClusterKeySource keys; /* borrowed from options; all NULL: none */
    bool seals;            /* -seal is there */
} JoinRequest;

/* Parses a value into the request. False when it is not what it must be. */
typedef bool(JoinProc)(JoinRequest *request, Tcl_Obj *value);

/*
 * ------------------------------------------------------------------------
 * Options
 * ------------------------------------------------------------------------
 */

static bool
ParseAddress(JoinRequest *request, Tcl_Obj *value)
{
    ClusterAddress address;

    if (!ClusterAddressParse(Tcl_GetString(value), &address)
            || !ClusterAddressIsMulticast(&address)) {
        return false;
    }
    request->node.group =
            ClusterAddressWithPort(&address, ClusterAddressPort(&request->node.group));
    return true;
}

static bool
ParseRange(Tcl_Obj *value, Tcl_WideInt least, Tcl_WideInt most, Tcl_WideInt *number)
{
    return Tcl_GetWideIntFromObj(NULL, value, number) == TCL_OK && *number >= least
            && *number <= most;
}

static bool
ParsePort(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt port;

    if (!ParseRange(value, 1, 65535, &port)) {
        return false;
    }
    request->node.group = ClusterAddressWithPort(&request->node.group, (uint16_t) port);
    return true;
}

static bool
ParseTtl(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt seconds;

    if (!ParseRange(value, 1, TTL_MAX, &seconds)) {
        return false;
    }
    request->node.ttl = seconds * 1000;
    return true;
}

static bool
ParseHeartbeat(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt ms;

    if (!ParseRange(value, HEARTBEAT_MIN, HEARTBEAT_MAX, &ms)) {
        return false;
    }
    request->node.heartbeat = ms;
    return true;
}

static bool
ParseRemote(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt hops;
    double number;
    int on;

    if (Tcl_GetWideIntFromObj(NULL, value, &hops) != TCL_OK) {
        if (Tcl_GetDoubleFromObj(NULL, value, &number) == TCL_OK
                || Tcl_GetBooleanFromObj(NULL, value, &on) != TCL_OK) {
            return false;
        }
        hops = on;
    }
    request->node.remote = (int) hops;
    return hops >= 0 && hops <= 255;
}

static bool
ParseMemory(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt bytes;

    if (!ParseRange(value, CLUSTER_MEMORY_MIN, MEMORY_MAX, &bytes)) {
        return false;
    }
    request->node.memory = (size_t) bytes;
    return true;
}

static bool
ParseQueue(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt bytes;

    if (!ParseRange(value, CLUSTER_QUEUE_LEAST, CLUSTER_QUEUE_MOST, &bytes)
            || (uint64_t) bytes > SIZE_MAX) {
        return false;
    }
    request->node.queue = (size_t) bytes;
    return true;
}

static bool
ParseProbe(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt ms;

    if (!ParseRange(value, 0, PROBE_MAX, &ms) || (ms > 0 && ms < PROBE_MIN)) {
        return false;
    }
    request->node.probe = ms;
    return true;
}

static bool
ParseBacklog(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt bytes;

    if (!ParseRange(value, CLUSTER_BACKLOG_LEAST, CLUSTER_QUEUE_MOST, &bytes)
            || (uint64_t) bytes > SIZE_MAX) {
        return false;
    }
    request->node.backlog = (size_t) bytes;
    return true;
}

static bool
ParseConfirms(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_WideInt count;

    if (!ParseRange(value, 1, CLUSTER_CONFIRMS_MOST, &count)) {
        return false;
    }
    request->node.confirms = (size_t) count;
    return true;
}

static bool
ParseTags(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_Size count;

    request->node.tags = value;
    return Tcl_ListObjLength(NULL, value, &count) == TCL_OK;
}

static bool
IsProtocol(const JoinRequest *request, const char *id)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    Tcl_ListObjGetElements(NULL, request->protocols, &count, &words);
    for (i = 0; i < count; i++) {
        if (strcmp(Tcl_GetString(words[i]), id) == 0) {
            return true;
        }
    }
    return false;
}

/* Each once, and c at least. */
static bool
ParseProtocols(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    if (Tcl_ListObjGetElements(NULL, value, &count, &words) != TCL_OK) {
        return false;
    }
    request->protocols = Tcl_NewListObj(0, NULL);
    Tcl_IncrRefCount(request->protocols);
    for (i = 0; i < count; i++) {
        if (!IsProtocol(request, Tcl_GetString(words[i]))) {
            Tcl_ListObjAppendElement(NULL, request->protocols, words[i]);
        }
    }
    if (!IsProtocol(request, "c")) {
        Tcl_ListObjAppendElement(NULL, request->protocols, Tcl_NewStringObj("c", -1));
    }
    return true;
}

/* 0 1 2 and those given, each once. */
static bool
ParseChannels(JoinRequest *request, Tcl_Obj *value)
{
    Tcl_Obj **words;
    Tcl_Size count, i;
    size_t n;

    if (Tcl_ListObjGetElements(NULL, value, &count, &words) != TCL_OK) {
        return false;
    }
    request->channels = (uint64_t *) Tcl_Alloc(((unsigned) count + 1) * sizeof *request->channels);
    request->channelList = Tcl_NewListObj(0, NULL);
    Tcl_IncrRefCount(request->channelList);
    for (i = 0; i <= CLUSTER_CHANNEL_LAN; i++) {
        Tcl_ListObjAppendElement(NULL, request->channelList, Tcl_NewWideIntObj(i));
    }
    for (i = 0; i < count; i++) {
        Tcl_WideInt channel;

        if (Tcl_GetWideIntFromObj(NULL, words[i], &channel) != TCL_OK || channel < 0) {
            return false;
        }
        for (n = 0; n < request->node.channelCount; n++) {
            if (request->channels[n] == (uint64_t) channel) {
                break;
            }
        }
        if (channel > CLUSTER_CHANNEL_LAN && n == request->node.channelCount) {
            request->channels[request->node.channelCount++] = (uint64_t) channel;
            Tcl_ListObjAppendElement(NULL, request->channelList, Tcl_NewWideIntObj(channel));
        }
    }
    request->node.channels = request->channels;
    return true;
}

/* They are looked at after all others: see TakeKeys. */
static bool
ParseKeyFile(JoinRequest *request, Tcl_Obj *value)
{
    request->keys.file = value;
    return true;
}

static bool
ParseKeys(JoinRequest *request, Tcl_Obj *value)
{
    request->keys.list = value;
    return true;
}

static bool
ParseSeal(JoinRequest *request, Tcl_Obj *value)
{
    request->seals = true;
    return ClusterSealModeParse(Tcl_GetString(value), &request->node.mode);
}

typedef struct JoinRow {
    const char *key;
    JoinProc *proc;
    const char *value; /* by default, as `config` shows it; NULL: not shown unless given */
    const char *must;  /* what it must be, for messages and the manual */
} JoinRow;

/* In the order in which 1.1.8 lists them; memory is ours. */
static const JoinRow joinRows[] = {
        {"address", ParseAddress, .value = "230.230.230.230",
                .must = "an IPv4 multicast address from 224.0.0.0 to 239.255.255.255"},
        {"port", ParsePort, .value = "23000", .must = "an integer from 1 to 65535"},
        {"ttl", ParseTtl, .value = "600", .must = "an integer from 1 to 31622400 seconds"},
        {"heartbeat", ParseHeartbeat, .value = "120000",
                .must = "an integer from 10 to 2592000000 milliseconds"},
        {"protocols", ParseProtocols, .value = "t c", .must = "a list of protocols"},
        {"channels", ParseChannels, .value = "", .must = "a list of integers of 0 or more"},
        {"remote", ParseRemote, .value = "0", .must = "an integer from 0 to 255, or a boolean"},
        {"memory", ParseMemory, .must = "an integer from 1048576 to 1073741824 bytes"},
        {"queue", ParseQueue, .must = "an integer from 1048576 to 1099511627776 bytes"},
        {"probe", ParseProbe, .must = "0, or an integer from 100 to 60000 milliseconds"},
        {"backlog", ParseBacklog, .must = "an integer from 65536 to 1099511627776 bytes"},
        {"confirms", ParseConfirms, .must = "an integer from 1 to 1024"},
        {"tags", ParseTags, .value = "", .must = "a list of tags"},
        {"keyfile", ParseKeyFile, .must = "a file's name"},
        {"keys", ParseKeys, .must = "a list of keys"},
        {"seal", ParseSeal, .must = "accept, send, or require"},
        {.key = NULL},
};

static const JoinRow *
JoinRowByKey(const char *key)
{
    const JoinRow *row;

    for (row = joinRows; row->key; row++) {
        if (strcmp(row->key, key) == 0) {
            return row;
        }
    }
    return NULL;
}

static Tcl_Obj *
OptionValue(const JoinRequest *request, const char *key)
{
    Tcl_Obj *name = Tcl_NewStringObj(key, -1), *value = NULL;

    Tcl_IncrRefCount(name);
    Tcl_DictObjGet(NULL, request->options, name, &value);
    Tcl_DecrRefCount(name);
    return value;
}

/* A dict takes no reference to a key that it has already, so the new one has to be let go here. */
static void
PutOption(Tcl_Obj *dict, const char *key, Tcl_Obj *value)
{
    Tcl_Obj *name = Tcl_NewStringObj(key, -1);

    Tcl_IncrRefCount(name);
    Tcl_DictObjPut(NULL, dict, name, value);
    Tcl_DecrRefCount(name);
}

/* A word that may be a key, out of its place, as messages have it. */
static const char *
Shown(const char *word)
{
    return ClusterKeysLikely(word) ? "..." : word;
}

/* Arguments to a dict, dashes stripped as 1.1.8 does; the last of a key wins. */
static int
CollectOptions(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, JoinRequest *request)
{
    int i;

    request->options = Tcl_NewDictObj();
    Tcl_IncrRefCount(request->options);
    if (objc % 2) {
        return ClusterFail(interp, Tcl_NewStringObj("missing value to go with key", -1),
                "CLUSTER_INVALID_ARGS", Shown(Tcl_GetString(objv[objc - 1])), (char *) NULL);
    }
    for (i = 0; i < objc; i += 2) {
        const char *key = Tcl_GetString(objv[i]);

        while (*key == '-') {
            key++;
        }
        PutOption(request->options, key, objv[i + 1]);
    }
    return TCL_OK;
}

static int
ParseRows(Tcl_Interp *interp, JoinRequest *request)
{
    const JoinRow *row;

    for (row = joinRows; row->key; row++) {
        Tcl_Obj *value = OptionValue(request, row->key);

        if (!value && !row->value) {
            continue;
        }
        if (!value) {
            value = Tcl_NewStringObj(row->value, -1);
            PutOption(request->options, row->key, value);
        }
        if (!row->proc(request, value)) {
            return ClusterFail(interp,
                    Tcl_ObjPrintf("bad value \"%s\" for -%s: must be %s", Tcl_GetString(value),
                            row->key, row->must),
                    "CLUSTER_INVALID_ARGS", row->key, Tcl_GetString(value), (char *) NULL);
        }
    }
    return TCL_OK;
}

/* A key that is neither an option nor a protocol of ours. Returns TCL_ERROR. */
static int
UnknownKey(Tcl_Interp *interp, const JoinRequest *request, const char *word)
{
    Tcl_Obj *message =
            Tcl_ObjPrintf("Invalid Cluster Config Key: %s, should be one of", Shown(word));
    const JoinRow *row;

    for (row = joinRows; row->key; row++) {
        Tcl_AppendPrintfToObj(message, " %s", row->key);
    }
    if (ClusterTransportByName(word)) {
        Tcl_AppendPrintfToObj(message, "; -%s needs %s among the -protocols", word, word);
    } else {
        Tcl_AppendPrintfToObj(message, ", or of the protocols to join with: %s",
                Tcl_GetString(request->protocols));
    }
    return ClusterFail(interp, message, "CLUSTER_INVALID_ARGS", Shown(word), (char *) NULL);
}

/* Other keys must be protocols of ours. */
static int
CheckKeys(Tcl_Interp *interp, const JoinRequest *request)
{
    Tcl_Obj *key, *value;
    Tcl_DictSearch search;
    int done;

    Tcl_DictObjFirst(NULL, request->options, &search, &key, &value, &done);
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        const char *word = Tcl_GetString(key);

        if (!JoinRowByKey(word) && !IsProtocol(request, word)) {
            Tcl_DictObjDone(&search);
            return UnknownKey(interp, request, word);
        }
    }
    Tcl_DictObjDone(&search);
    return TCL_OK;
}

/* The ring, if keys are given in one way. */
static int
TakeKeys(Tcl_Interp *interp, JoinRequest *request)
{
    ClusterKeySource *source = &request->keys;

    if (source->file && source->list) {
        return ClusterFail(interp,
                Tcl_NewStringObj("keys come from -keyfile or from -keys, not from both", -1),
                "CLUSTER", "SEAL", "OPTIONS", (char *) NULL);
    }
    if (!source->file && !source->list) {
        return !request->seals
                ? TCL_OK
                : ClusterFail(interp, Tcl_NewStringObj("-seal needs keys: -keyfile or -keys", -1),
                        "CLUSTER", "SEAL", "OPTIONS", (char *) NULL);
    }
    request->node.keys = ClusterKeysFrom(interp, source);
    return request->node.keys ? TCL_OK : TCL_ERROR;
}

/* The script that is being run, without its folder; empty when the interp has none. A trace may run here. */
static void
NameProgram(Tcl_Interp *interp, char name[CLUSTER_SELF_WORD_MAX + 1])
{
    Tcl_Obj *script = Tcl_GetVar2Ex(interp, "argv0", NULL, TCL_GLOBAL_ONLY);
    const char *path = script ? Tcl_GetString(script) : "", *tail = strrchr(path, '/');

    snprintf(name, CLUSTER_SELF_WORD_MAX + 1, "%s", tail ? tail + 1 : path);
}

static int
ParseJoin(Tcl_Interp *interp, int objc, Tcl_Obj *const *objv, JoinRequest *request)
{
    memset(request, 0, sizeof *request);
    request->node.probe = CLUSTER_PROBE_PERIOD;
    request->node.mode = CLUSTER_SEAL_REQUIRE;
    if (CollectOptions(interp, objc, objv, request) != TCL_OK
            || ParseRows(interp, request) != TCL_OK || CheckKeys(interp, request) != TCL_OK
            || TakeKeys(interp, request) != TCL_OK) {
        return TCL_ERROR;
    }
    ClusterpHardwareId(NULL, request->hid);
    request->node.hid = request->hid;
    NameProgram(interp, request->program);
    request->node.name = request->program;
    return TCL_OK;
}

static void
FreeJoin(JoinRequest *request)
{
    if (request->channels) {
        Tcl_Free((char *) request->channels);
    }
    ClusterKeysRelease(request->node.keys);
    ClusterReplaceObj(&request->options, NULL);
    ClusterReplaceObj(&request->protocols, NULL);
    ClusterReplaceObj(&request->channelList, NULL);
}

/*
 * ------------------------------------------------------------------------
 * Making
 * ------------------------------------------------------------------------
 */

/* What `config` returns: the rows in their order, but for tags, which change, and keys, which nobody sees; then what was given to protocols. */
static Tcl_Obj *
MakeConfig(const JoinRequest *request)
{
    Tcl_Obj *config = Tcl_NewDictObj(), *key, *value;
    Tcl_DictSearch search;
    const JoinRow *row;
    int done;

    for (row = joinRows; row->key; row++) {
        Tcl_Obj *given = OptionValue(request, row->key);

        if (given && row->proc == ParseKeyFile) {
            PutOption(config, row->key, ClusterKeyFileName(given));
        } else if (given && row->proc != ParseTags && row->proc != ParseKeys) {
            PutOption(config, row->key, given);
        }
    }
    PutOption(config, "protocols",
            Tcl_DuplicateObj(
                    request->protocols)); /* scripts may convert it, while ours is walked */
    PutOption(config, "channels", request->channelList);
    PutOption(config, "remote", Tcl_NewIntObj(request->node.remote));
    Tcl_DictObjFirst(NULL, request->options, &search, &key, &value, &done);
    for (; !done; Tcl_DictObjNext(&search, &key, &value, &done)) {
        if (!JoinRowByKey(Tcl_GetString(key))) {
            Tcl_DictObjPut(NULL, config, key, value);
        }
    }
    Tcl_DictObjDone(&search);
    return config;
}

/* Opens one transport and makes its object; those written in Tcl are objects by themselves. */
static int
AddTransport(Tcl_Interp *interp, ClusterObject *cluster, const char *id, Tcl_Obj *options)
{
    const ClusterTransportType *type = ClusterTransportByName(id);
    bool builtIn = type != NULL;
    Tcl_Obj *why;
    const char *code;

    if (!builtIn) {
        type = ClusterScriptedType(cluster, id);
    }
    if (!type) {
        return ClusterFail(interp, Tcl_ObjPrintf("Unknown Cluster Protocol Requested: %s", id),
                "CLUSTER", "PROTOCOL", "UNKNOWN", id, (char *) NULL);
    }
    if (!ClusterNodeAddTransport(cluster->node, type, options, &why, &code)) {
        if (!builtIn) {
            ClusterScriptedTypeFree(type);
        }
        return ClusterFail(interp, why, "CLUSTER", "PROTOCOL", code, id, (char *) NULL);
    }
    if (!builtIn) { /* its constructor may have done anything */
        return ClusterObjectAlive(cluster, interp);
    }
    return ClusterProtocolCreate(cluster, ClusterNodeSlotById(cluster->node, id));
}

static int
AddTransports(Tcl_Interp *interp, ClusterObject *cluster, const JoinRequest *request)
{
    Tcl_Obj **words;
    Tcl_Size count, i;

    Tcl_ListObjGetElements(NULL, request->protocols, &count, &words);
    for (i = 0; i < count; i++) {
        const char *id = Tcl_GetString(words[i]);

        if (!ClusterNodeSlotById(cluster->node, id)
                && AddTransport(interp, cluster, id, OptionValue(request, id)) != TCL_OK) {
            return TCL_ERROR;
        }
    }
    return TCL_OK;
}

/* Where there can be none, members are found and lost as those of 1.1.8 are. */
static void
AddDatagram(ClusterObject *cluster)
{
    Tcl_Obj *why;
    const char *code;

    if (!ClusterNodeAddDatagram(cluster->node, &clusterDatagramType, &why, &code)) {
        Tcl_IncrRefCount(why);
        Tcl_DecrRefCount(why);
    }
}

/* The namespaces of services, queries and transports. */
static int
MakeClusterNamespaces(Tcl_Interp *interp, ClusterObject *cluster)
{
    static const char *const names[] = {"", "::services", "::queries", "::protocols", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        Tcl_Obj *name = Tcl_ObjPrintf("::cluster::clusters::%u%s", cluster->id, names[i]);
        Tcl_Namespace *made;

        Tcl_IncrRefCount(name);
        made = Tcl_CreateNamespace(interp, Tcl_GetString(name), NULL, NULL);
        Tcl_DecrRefCount(name);
        if (!made) {
            return TCL_ERROR;
        }
    }
    return TCL_OK;
}

/* A cluster that failed to come about: nobody heard of it, and nothing is left of it. */
static void
UnmakeCluster(ClusterObject *cluster, Tcl_Interp *interp)
{
    Tcl_InterpState state = Tcl_SaveInterpState(interp, TCL_ERROR);

    if (cluster->node) {
        ClusterNodeAbandon(cluster->node);
    }
    if (cluster->object) {
        Tcl_DeleteCommandFromToken(interp, Tcl_GetObjectCommand(cluster->object));
    }
    ClusterObjectDropNamespace(cluster->data, cluster->id);
    Tcl_RestoreInterpState(interp, state);
}

/* CLUSTER_TRACE in the environment switches the trace on, unless it is a false boolean. */
static bool
WantsTrace(void)
{
    const char *text = getenv("CLUSTER_TRACE");
    int on = 1;

    if (!text || !*text) {
        return false;
    }
    return Tcl_GetBoolean(NULL, text, &on) != TCL_OK || on;
}

/* Can others be told its tags and props? Transports written in Tcl are asked, and may do anything. */
static bool
Fits(Tcl_Interp *interp, ClusterObject *cluster)
{
    ClusterFit fit = ClusterNodeFitProps(cluster->node);

    if (fit == CLUSTER_FITS) {
        fit = ClusterNodeFitTags(cluster->node, ClusterNodeTags(cluster->node));
    }
    return ClusterFitFail(interp, fit) == TCL_OK && ClusterObjectAlive(cluster, interp) == TCL_OK;
}

/*
 * A cluster that is ready to start, with one reference beside its object's.
 * NULL with a message, nothing left. The object comes before the transports,
 * as those written in Tcl call it from their constructors.
 */
static ClusterObject *
MakeCluster(ClusterInterp *data, Tcl_Interp *interp, const JoinRequest *request, ClusterLoop *loop)
{
    ClusterObject *cluster = ClusterObjectNew(data, ++data->lastId, MakeConfig(request));
    ClusterNodeConfig config = request->node;

    config.clock = ClusterLoopClock(loop);
    config.trace = WantsTrace();
    if (cluster) {
        cluster->node = ClusterNodeNew(&config, &clusterObjectDelegate, cluster);
    }
    if (!cluster || !cluster->node) {
        ClusterFail(interp, Tcl_NewStringObj("out of memory", -1), "CLUSTER", "MEMORY",
                (char *) NULL);
    } else if (MakeClusterNamespaces(interp, cluster) == TCL_OK
            && ClusterObjectPublish(cluster) == TCL_OK) {
        ClusterObjectHold(cluster);
        if (AddTransports(interp, cluster, request) == TCL_OK && Fits(interp, cluster)) {
            AddDatagram(cluster);
            return cluster;
        }
    }
    if (cluster) {
        UnmakeCluster(cluster, interp);
        ClusterObjectRelease(cluster);
    }
    return NULL;
}

/* Is any of the words -keys, or a key? */
static bool
HasKeys(int objc, Tcl_Obj *const *objv)
{
    int i;

    for (i = 1; i < objc; i++) {
        const char *word = Tcl_GetString(objv[i]);

        if (strcmp(word + strspn(word, "-"), "keys") == 0 || ClusterKeysIs(word)) {
            return true;
        }
    }
    return false;
}

/*
 * cluster join ?-option value ...?
 *
 * Joins a cluster: opens the transports, sends a heartbeat and a discovery
 * probe. Returns the name of the cluster's object. On an error nothing is
 * left behind.
 */
int
ClusterJoinCmd(void *clientData, Tcl_Interp *interp, int objc, Tcl_Obj *const *objv)
{
    ClusterInterp *data = clientData;
    ClusterObject *cluster = NULL;
    JoinRequest request;
    ClusterLoop *loop;
    int error;

    if (Tcl_IsSafe(interp)) {
        return ClusterFail(interp, Tcl_NewStringObj("a safe interpreter cannot join a cluster", -1),
                "CLUSTER", "SAFE", (char *) NULL);
    }
    if (ParseJoin(interp, objc - 1, objv + 1, &request) == TCL_OK) {
        loop = ClusterLoopGet(&error);
        if (loop) {
            cluster = MakeCluster(data, interp, &request, loop);
        } else {
            ClusterFail(interp,
                    Tcl_ObjPrintf("this thread's event loop cannot be used: %s",
                            Tcl_ErrnoMsg(error)),
                    "CLUSTER", "LOOP", (char *) NULL);
        }
    }
    FreeJoin(&request);
    if (!cluster) {
        return HasKeys(objc, objv) ? ClusterKeysHide(interp, "cluster join") : TCL_ERROR;
    }
    ClusterNodeStart(cluster->node);
    Tcl_SetObjResult(interp, cluster->name);
    ClusterObjectRelease(cluster);
    return TCL_OK;
}
