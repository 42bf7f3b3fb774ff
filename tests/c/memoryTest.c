/*
 * memoryTest.c --
 *
 *	The network in memory: hosts, links, and the record of what was sent
 *	(see memoryTest.h).
 */

#include "memoryTestInt.h"

#include "node/clusterNodeInt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Packets looked after for whether they are freed at the end. */
#define BLOBS_KEPT 4096
/* Ports there can be. */
#define MEMORY_PORTS 65536

/* ---- the network --------------------------------------------------------- */

static void
Renew(Tcl_Obj **slot, Tcl_Obj *value)
{
    Tcl_IncrRefCount(value);
    if (*slot) {
        Tcl_DecrRefCount(*slot);
    }
    *slot = value;
}

/*
 * Splitmix64, by Vigna: nodes draw numbers of their own, so that what one asks
 * for does not change which packets are lost.
 */
static uint64_t
NextDrawn(MemoryNet *net)
{
    uint64_t number = net->drawn += UINT64_C(0x9e3779b97f4a7c15);

    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static void
SystemRandom(void *context, void *bytes, size_t length)
{
    unsigned char *at = bytes;
    uint64_t number = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        number = i % sizeof number ? number >> 8 : NextDrawn(context);
        at[i] = (unsigned char) number;
    }
}

static bool
SystemIsLocal(void *context, const ClusterAddress *address)
{
    (void) context;
    return ClusterAddressIsLoopback(address);
}

static bool
SystemIsNear(void *context, const ClusterAddress *address)
{
    (void) context;
    (void) address;
    return true;
}

static int
SystemProcessId(void *context)
{
    (void) context;
    return 1;
}

static void
SystemProcessName(void *context, char *name, size_t size)
{
    (void) context;
    snprintf(name, size, "a test");
}

static void
SystemHostName(void *context, char *name, size_t size)
{
    (void) context;
    snprintf(name, size, "host.test");
}

static int64_t
SystemMicroseconds(void *context)
{
    return 1000 * HandClockNow(((MemoryNet *) context)->clock);
}

/* Some time in the year 2026. */
static int64_t
SystemWall(void *context)
{
    return INT64_C(1790000000000) + HandClockNow(((MemoryNet *) context)->clock);
}

static int64_t
SystemSlowWall(void *context)
{
    return SystemWall(context) - 60000;
}

static int64_t
SystemFastWall(void *context)
{
    return SystemWall(context) + 60000;
}

bool
MemoryWall(ClusterSystem *system, const char *word)
{
    static const struct {
        const char *word;
        int64_t (*wall)(void *context);
    } walls[] = {{"right", SystemWall}, {"slow", SystemSlowWall}, {"fast", SystemFastWall}};
    size_t i = 0;

    while (i < CLUSTER_COUNT(walls) && strcmp(walls[i].word, word) != 0) {
        i++;
    }
    if (i < CLUSTER_COUNT(walls)) {
        system->wall = walls[i].wall;
    }
    return i < CLUSTER_COUNT(walls);
}

static const ClusterSystem memorySystem = {
        .random = SystemRandom,
        .isLocal = SystemIsLocal,
        .isNear = SystemIsNear,
        .processId = SystemProcessId,
        .microseconds = SystemMicroseconds,
        .wall = SystemWall,
        .processName = SystemProcessName,
        .hostName = SystemHostName,
};

MemoryNet *
MemoryNetNew(HandClock *clock)
{
    MemoryNet *net = calloc(1, sizeof *net);

    if (net) {
        net->clock = clock;
        net->system = memorySystem;
        net->system.context = net;
        MemoryNetSeed(net, 1);
        net->nextPort = 1;
        net->byPort = calloc(MEMORY_PORTS, sizeof net->byPort[0]);
        Tcl_InitHashTable(&net->links, TCL_STRING_KEYS);
        Tcl_InitHashTable(&net->blobs, TCL_ONE_WORD_KEYS);
        ClusterPayloadKeysInit(&net->keys);
        Renew(&net->counts, Tcl_NewDictObj());
        Renew(&net->sent, Tcl_NewListObj(0, NULL));
        Renew(&net->raw, Tcl_NewListObj(0, NULL));
        Renew(&net->faults, Tcl_NewListObj(0, NULL));
    }
    return net;
}

/* One that a hook made of another holds that. */
static void
CountPlain(MemoryNet *net, const ClusterBlob *blob)
{
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&net->blobs, (const char *) blob->plain);

    if (entry) {
        Tcl_SetHashValue(entry, (void *) ((uintptr_t) Tcl_GetHashValue(entry) + 1));
    }
}

static ClusterBlob *
BlobOf(MemoryNet *net, Tcl_HashEntry *entry)
{
    return (ClusterBlob *) Tcl_GetHashKey(&net->blobs, entry);
}

/* Releases what KeepBlob kept. False when others hold some of it. */
static bool
FreeBlobs(MemoryNet *net)
{
    bool all = true;
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;

    for (entry = Tcl_FirstHashEntry(&net->blobs, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        CountPlain(net, BlobOf(net, entry));
    }
    for (entry = Tcl_FirstHashEntry(&net->blobs, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        all = all && BlobOf(net, entry)->refCount == (size_t) (uintptr_t) Tcl_GetHashValue(entry);
    }
    for (entry = Tcl_FirstHashEntry(&net->blobs, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        ClusterBlobRelease(BlobOf(net, entry));
    }
    Tcl_DeleteHashTable(&net->blobs);
    return all;
}

bool
MemoryNetFree(MemoryNet *net)
{
    Tcl_HashSearch search;
    Tcl_HashEntry *entry;
    bool all;

    if (!net) {
        return true;
    }
    MemoryDatagramsFree(net);
    MemoryStreamsFree(net);
    MemoryUnicastsFree(net);
    all = FreeBlobs(net);
    for (entry = Tcl_FirstHashEntry(&net->links, &search); entry;
            entry = Tcl_NextHashEntry(&search)) {
        free(Tcl_GetHashValue(entry));
    }
    Tcl_DeleteHashTable(&net->links);
    ClusterPayloadKeysFree(&net->keys);
    Tcl_DecrRefCount(net->counts);
    Tcl_DecrRefCount(net->sent);
    Tcl_DecrRefCount(net->raw);
    Tcl_DecrRefCount(net->faults);
    free(net->byPort);
    free(net);
    return all;
}

void
MemoryNetSeed(MemoryNet *net, uint32_t seed)
{
    net->random = seed ? seed : 1;
    net->drawn = seed;
}

const ClusterSystem *
MemoryNetSystem(const MemoryNet *net)
{
    return &net->system;
}

/* 0 to below - 1; the same row of numbers for the same seed. */
int
MemoryRandom(MemoryNet *net, int below)
{
    net->random ^= net->random << 13;
    net->random ^= net->random >> 17;
    net->random ^= net->random << 5;
    return below > 0 ? (int) (net->random % (uint32_t) below) : 0;
}

void
MemoryNetAddHost(MemoryNet *net, MemoryHost *host)
{
    MemoryHost **end = &net->hosts;

    while (*end) {
        end = &(*end)->next;
    }
    host->net = net;
    host->next = NULL;
    *end = host;
}

void
MemoryNetSetOutside(MemoryNet *net, const MemoryOutside *outside)
{
    net->outside = outside;
}

void
MemoryNetCut(MemoryNet *net, MemoryWay way, bool cut)
{
    net->cut[way] = cut;
}

void
MemoryNetNextPort(MemoryNet *net, uint16_t port)
{
    net->nextPort = port;
}

MemoryHost *
MemoryHostOf(const void *context)
{
    const ClusterSlot *slot = context;

    return slot->node->context;
}

MemoryHost *
MemoryNetFirst(const MemoryNet *net)
{
    return net->hosts;
}

/* ---- links --------------------------------------------------------------- */

static Tcl_Obj *
LinkKey(const char *from, const char *to)
{
    Tcl_Obj *key = Tcl_ObjPrintf("%s>%s", from, to);

    Tcl_IncrRefCount(key);
    return key;
}

void
MemoryNetSetLink(MemoryNet *net, const char *from, const char *to, const MemoryLink *link)
{
    Tcl_Obj *key = LinkKey(from, to);
    int isNew;
    Tcl_HashEntry *entry = Tcl_CreateHashEntry(&net->links, Tcl_GetString(key), &isNew);
    MemoryLink *copy = isNew ? malloc(sizeof *copy) : Tcl_GetHashValue(entry);

    if (copy) {
        *copy = *link;
    }
    Tcl_SetHashValue(entry, copy);
    net->everywhere =
            net->links.numEntries == 1 && strcmp(Tcl_GetString(key), "*>*") == 0 ? copy : NULL;
    Tcl_DecrRefCount(key);
}

static const MemoryLink *
FindLink(MemoryNet *net, const char *from, const char *to)
{
    Tcl_Obj *key = LinkKey(from, to);
    Tcl_HashEntry *entry = Tcl_FindHashEntry(&net->links, Tcl_GetString(key));

    Tcl_DecrRefCount(key);
    return entry ? Tcl_GetHashValue(entry) : NULL;
}

MemoryLink
MemoryFindLink(const MemoryHost *from, const MemoryHost *to)
{
    static const MemoryLink perfect = {0, 0, 0, 0};
    MemoryNet *net = from->net;
    const char *names[2] = {Tcl_GetString(from->name), Tcl_GetString(to->name)};
    const MemoryLink *link = NULL;

    if (net->everywhere) {
        return *net->everywhere;
    }
    if (net->links.numEntries) {
        link = FindLink(net, names[0], names[1]);
        link = link ? link : FindLink(net, names[0], "*");
        link = link ? link : FindLink(net, "*", names[1]);
        link = link ? link : FindLink(net, "*", "*");
    }
    return link ? *link : perfect;
}

int64_t
MemoryDelay(MemoryNet *net, const MemoryLink *link)
{
    return link->delay + MemoryRandom(net, link->jitter + 1);
}

/* ---- the record ---------------------------------------------------------- */

/* Keeps it, to see at the end whether others do. */
static void
KeepBlob(MemoryNet *net, ClusterBlob *blob)
{
    Tcl_HashEntry *entry;
    int isNew;

    if (net->blobs.numEntries < BLOBS_KEPT) {
        entry = Tcl_CreateHashEntry(&net->blobs, (const char *) blob, &isNew);
        if (isNew) {
            ClusterBlobHold(blob);
            Tcl_SetHashValue(entry, (void *) (uintptr_t) 1);
        }
    }
}

static int
TallyOf(const ClusterPacket *packet)
{
    uint64_t type = packet->field[CLUSTER_TYPE].number;

    return type < MEMORY_TYPES ? (int) type : MEMORY_TYPES - 1;
}

void
MemoryHeard(MemoryHost *to, const void *bytes, size_t length)
{
    ClusterPacket packet;

    if (to->tally && ClusterPacketDecode(bytes, length, NULL, NULL, &packet) == BPACKET_OK) {
        to->tally->heard[TallyOf(&packet)]++;
        to->tally->heardBytes[TallyOf(&packet)] += length;
    }
}

static void
NoteBytes(MemoryHost *from, const char *transport, const MemoryHost *to, const ClusterBlob *blob)
{
    Tcl_Obj *words[4];

    words[0] = from->name;
    words[1] = Tcl_NewStringObj(transport, -1);
    words[2] = to ? to->name : Tcl_NewStringObj("*", 1);
    words[3] = Tcl_NewByteArrayObj(blob->bytes, (Tcl_Size) blob->length);
    Tcl_ListObjAppendElement(NULL, from->net->raw, Tcl_NewListObj(4, words));
}

/* What was sealed is noted as what it was before. */
static bool
Decode(const ClusterBlob *blob, ClusterPacket *packet)
{
    return ClusterPacketDecode(blob->bytes, blob->length, NULL, NULL, packet) == BPACKET_OK
            || (blob->plain
                    && ClusterPacketDecode(blob->plain->bytes, blob->plain->length, NULL, NULL,
                               packet)
                            == BPACKET_OK);
}

void
MemoryNote(MemoryHost *from, const char *transport, const MemoryHost *to, ClusterBlob *blob)
{
    MemoryNet *net = from->net;
    ClusterPacket packet;
    Tcl_Obj *key, *count = NULL, *words[5];
    int number = 0;

    KeepBlob(net, blob);
    if (net->tracing) {
        NoteBytes(from, transport, to, blob);
    }
    if (!Decode(blob, &packet)) {
        key = Tcl_ObjPrintf("%s ?", transport);
    } else {
        key = Tcl_ObjPrintf("%s %d", transport, (int) packet.field[CLUSTER_TYPE].number);
        if (from->tally) {
            from->tally->sent[TallyOf(&packet)]++;
            from->tally->sentBytes[TallyOf(&packet)] += blob->length;
        }
        if (net->tracing) {
            words[0] = Tcl_NewWideIntObj((Tcl_WideInt) HandClockNow(net->clock));
            words[1] = from->name;
            words[2] = Tcl_NewStringObj(transport, -1);
            words[3] = to ? to->name : Tcl_NewStringObj("*", 1);
            words[4] = ClusterPayloadFromPacket(&net->keys, &packet);
            Tcl_ListObjAppendElement(NULL, net->sent, Tcl_NewListObj(5, words));
        }
    }
    Tcl_IncrRefCount(key);
    if (Tcl_DictObjGet(NULL, net->counts, key, &count) == TCL_OK && count) {
        (void) Tcl_GetIntFromObj(NULL, count, &number);
    }
    Tcl_DictObjPut(NULL, net->counts, key, Tcl_NewIntObj(number + 1));
    Tcl_DecrRefCount(key);
}

/* Hands out a value that was gathered, and begins another. */
static Tcl_Obj *
TakeAndReplace(Tcl_Obj **slot, Tcl_Obj *fresh)
{
    Tcl_Obj *value = Tcl_DuplicateObj(*slot);

    Renew(slot, fresh);
    return value;
}

Tcl_Obj *
MemoryNetCounts(MemoryNet *net)
{
    return TakeAndReplace(&net->counts, Tcl_NewDictObj());
}

void
MemoryNetTrace(MemoryNet *net, bool on)
{
    net->tracing = on;
}

Tcl_Obj *
MemoryNetSent(MemoryNet *net)
{
    return TakeAndReplace(&net->sent, Tcl_NewListObj(0, NULL));
}

Tcl_Obj *
MemoryNetRaw(MemoryNet *net)
{
    return TakeAndReplace(&net->raw, Tcl_NewListObj(0, NULL));
}

void
MemoryFault(MemoryNet *net, const char *text)
{
    Tcl_ListObjAppendElement(NULL, net->faults, Tcl_NewStringObj(text, -1));
}

Tcl_Obj *
MemoryNetFaults(MemoryNet *net)
{
    return TakeAndReplace(&net->faults, Tcl_NewListObj(0, NULL));
}
