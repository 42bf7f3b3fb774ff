/*
 * crowdStandIn.c --
 *
 *	What a stand-in does: probes a member twice in a period, acks, relays,
 *	passes on news, suspects and loses who does not answer, as
 *	clusterProber.c and clusterProbePackets.c do.
 */

#include "crowdTestInt.h"

#include "base/clusterHold.h"
#include "packet/clusterForeign.h"
#include "packet/clusterNames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in clusterProber.c and clusterProbePackets.c. */
#define RELAYS       3
#define AGAIN        250
#define AGAIN_SHARE  4
#define RELAY_WITHIN 2000
#define NEXT_AFTER   4
#define FEW          64
/* Acks that are remembered, to know who was well lately. */
#define ACKS 64
/* As in clusterPinger.c and clusterNodeInt.h. */
#define PING_MOST    10
#define PING_EVERY   1000
#define ANSWER_EVERY 1000
#define BEAT_EVERY   120000
#define NEWS_BYTES   2048

typedef enum Stage { WAITS, ASKED, WIDE, SUSPECTED } Stage;

/* A probe under way. */
typedef struct Doubt {
    ClusterListEntry entry;
    ClusterTimer timer;
    CrowdStandIn *by;
    uint32_t of;
    Stage stage;
    char id[CROWD_ID + 1];
    int64_t first, again, told; /* told: when others had us look, 0: they did not */
    uint32_t confirmers[CLUSTER_CONFIRMERS];
    int confirmed;
} Doubt;

/* A probe on another's account. */
typedef struct Errand {
    ClusterListEntry entry;
    uint32_t asker, target;
    char asked[CROWD_ID + 1], id[CROWD_ID + 1];
    int64_t until;
} Errand;

struct CrowdStandIn {
    CrowdMember *member;
    Crowd *crowd;
    ClusterTimer turn, beat;
    uint32_t at, offset, stride; /* of the round: all numbers in an order of its own */
    ClusterProbing probing;
    ClusterRtt rtt; /* to all alike */
    uint32_t incarnation;
    int64_t doubtedUntil, answered, beaten, pinged;
    int pings, unanswered;
    ClusterNews news;
    ClusterList doubts, errands;
    struct {
        uint32_t of;
        int64_t time;
    } acks[ACKS]; /* a ring: who acked lately as others had us look */
    int acksNext;
    uint32_t lost;
    uint8_t *known; /* of each member: CROWD_LOST or its incarnation */
};

static int64_t
Now(const CrowdStandIn *self)
{
    return HandClockNow(self->crowd->clock);
}

static uint32_t
NumberOf(const CrowdStandIn *self)
{
    return self->member->number;
}

/* ---- letters ------------------------------------------------------------- */

static void
SendTo(CrowdStandIn *self, int type, const char *id, uint32_t about, uint32_t to)
{
    CrowdLetter letter = {.type = type,
            .from = NumberOf(self),
            .about = about,
            .incarnation = self->incarnation};
    Tcl_Obj *news = ClusterNewsTake(&self->news, self->crowd->count - self->lost);

    memcpy(letter.id, id, sizeof letter.id);
    ClusterReplaceObj(&letter.news, news);
    CrowdSendTo(self->crowd, &letter, to);
}

static void
SendToAll(CrowdStandIn *self, int type, uint32_t about)
{
    CrowdLetter letter = {.type = type, .from = NumberOf(self), .about = about};

    CrowdSendToAll(self->crowd, &letter);
}

static void
MakeId(CrowdStandIn *self, char id[CROWD_ID + 1])
{
    snprintf(id, CROWD_ID + 1, "%08x%08x", (unsigned) CrowdRandom(self->crowd, 0x7fffffff),
            (unsigned) CrowdRandom(self->crowd, 0x7fffffff));
}

/* ---- probes -------------------------------------------------------------- */

static void DoubtDue(void *data);

static void
SetDue(Doubt *doubt, int64_t wait)
{
    ClusterTimerSet(&doubt->timer, HandClockTable(doubt->by->crowd->clock), wait, DoubtDue, doubt);
}

static Doubt *
FindDoubt(const CrowdStandIn *self, uint32_t of)
{
    ClusterListEntry *entry = ClusterListFirst(&self->doubts);

    for (; entry; entry = ClusterListNext(&self->doubts, entry)) {
        Doubt *doubt = CLUSTER_LIST_ITEM(entry, Doubt, entry);

        if (doubt->of == of) {
            return doubt;
        }
    }
    return NULL;
}

/* Which begins soon: see BeginProbe. */
static Doubt *
NewDoubt(CrowdStandIn *self, uint32_t of)
{
    Doubt *doubt = calloc(1, sizeof *doubt);

    if (doubt) {
        doubt->by = self;
        doubt->of = of;
        doubt->again = AGAIN;
        MakeId(self, doubt->id);
        ClusterListAppend(&self->doubts, &doubt->entry);
    }
    return doubt;
}

static void
BeginProbe(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;

    doubt->stage = ASKED;
    doubt->first = Now(self);
    SendTo(self, CLUSTER_PROBE, doubt->id, CROWD_NOBODY, doubt->of);
    SetDue(doubt, ClusterProbingWait(&self->probing, &self->rtt));
}

/* As it is told to. */
static Doubt *
BeginSoon(CrowdStandIn *self, uint32_t of)
{
    int64_t spread = ClusterProbingSpread(self->crowd->count - 1 - self->lost);
    Doubt *doubt = NewDoubt(self, of);

    if (doubt) {
        doubt->told = Now(self);
    }
    if (doubt && spread) {
        SetDue(doubt, CrowdRandom(self->crowd, (uint32_t) spread + 1));
    } else if (doubt) {
        BeginProbe(doubt);
    }
    return doubt;
}

static void
EndDoubt(Doubt *doubt)
{
    if (doubt->stage == SUSPECTED) {
        doubt->by->unanswered--;
    }
    ClusterTimerCancel(&doubt->timer);
    ClusterListRemove(&doubt->entry);
    free(doubt);
}

static void
Widen(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;
    int asked = 0, tries;

    doubt->stage = WIDE;
    SendTo(self, CLUSTER_PROBE, doubt->id, CROWD_NOBODY, doubt->of);
    for (tries = 0; tries < 4 * RELAYS && asked < RELAYS; tries++) {
        uint32_t relay = (uint32_t) CrowdRandom(self->crowd, self->crowd->count);

        if (relay != doubt->of && relay != NumberOf(self) && self->known[relay] != CROWD_LOST
                && !FindDoubt(self, relay)) {
            SendTo(self, CLUSTER_RELAY, doubt->id, doubt->of, relay);
            asked++;
        }
    }
    SetDue(doubt, 2 * ClusterProbingWait(&self->probing, &self->rtt));
}

static void
Lose(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;

    CrowdNote(self->crowd, CROWD_LOSES, NumberOf(self), doubt->of);
    self->known[doubt->of] = CROWD_LOST;
    self->lost++;
    ClusterNewsForget(&self->news, self->crowd->members[doubt->of].uuid);
    EndDoubt(doubt);
}

/* When it is to be looked at again; loses it when its time is over. */
static void
Reckon(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;
    int64_t end = doubt->first
            + ClusterProbingSuspicion(&self->probing, self->crowd->count - 1 - self->lost,
                    doubt->confirmed);
    int64_t left = end + 1 - Now(self);

    if (left <= 0) {
        Lose(doubt);
    } else {
        SetDue(doubt, left < doubt->again ? left : doubt->again);
    }
}

static void
Ping(CrowdStandIn *self, uint32_t of)
{
    if (Now(self) - self->pinged >= PING_EVERY) {
        self->pinged = Now(self);
        self->pings = 0;
    }
    if (self->pings < PING_MOST) {
        self->pings++;
        SendToAll(self, CLUSTER_PING, of);
    }
}

/* The next of the round, which is all numbers in steps that have no divisor in common with how many there are. */
static uint32_t
NextInRound(CrowdStandIn *self)
{
    self->at = (uint32_t) (((uint64_t) self->at + self->stride) % self->crowd->count);
    return (self->at + self->offset) % self->crowd->count;
}

/* Probes so many of those whose turn comes. */
static void
TakeTurns(CrowdStandIn *self, int turns)
{
    uint32_t tries, of;
    Doubt *doubt;

    for (tries = 0; tries < self->crowd->count && turns > 0; tries++) {
        of = NextInRound(self);
        if (of != NumberOf(self) && self->known[of] != CROWD_LOST && !FindDoubt(self, of)
                && (doubt = NewDoubt(self, of)) != NULL) {
            BeginProbe(doubt);
            turns--;
        }
    }
}

static void
Suspect(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;

    doubt->stage = SUSPECTED;
    if (self->unanswered > 0 && self->answered < doubt->first) {
        ClusterProbingFailed(&self->probing);
    }
    self->unanswered++;
    CrowdNote(self->crowd, CROWD_SUSPECTS, NumberOf(self), doubt->of);
    ClusterNewsAdd(&self->news, CLUSTER_NEWS_SUSPECT, self->crowd->members[doubt->of].uuid,
            self->known[doubt->of]);
    if (doubt->confirmed < CLUSTER_CONFIRMERS) {
        Ping(self, doubt->of);
    }
    if (doubt->confirmed == 0 && self->answered >= doubt->first) {
        TakeTurns(self, NEXT_AFTER);
    }
    SendTo(self, CLUSTER_PROBE, doubt->id, CROWD_NOBODY, doubt->of);
    Reckon(doubt);
}

static void
DoubtDue(void *data)
{
    Doubt *doubt = data;
    CrowdStandIn *self = doubt->by;

    switch (doubt->stage) {
    case WAITS:
        BeginProbe(doubt);
        break;
    case ASKED:
        Widen(doubt);
        break;
    case WIDE:
        Suspect(doubt);
        break;
    default:
        SendTo(self, CLUSTER_PROBE, doubt->id, CROWD_NOBODY, doubt->of);
        if (doubt->again < self->probing.period / AGAIN_SHARE) {
            doubt->again *= 2;
        }
        Reckon(doubt);
        break;
    }
}

/* ---- turns --------------------------------------------------------------- */

static uint32_t
Divisor(uint32_t one, uint32_t other)
{
    return other ? Divisor(other, one % other) : one;
}

static void
TurnDue(void *data)
{
    CrowdStandIn *self = data;

    ClusterTimerSet(&self->turn, HandClockTable(self->crowd->clock),
            ClusterProbingGap(&self->probing), TurnDue, self);
    TakeTurns(self, 1);
}

static void
BeatDue(void *data)
{
    CrowdStandIn *self = data;

    SendToAll(self, CLUSTER_HEARTBEAT, CROWD_NOBODY);
    ClusterTimerSet(&self->beat, HandClockTable(self->crowd->clock),
            BEAT_EVERY / 100 * (90 + CrowdRandom(self->crowd, 21)), BeatDue, self);
}

CrowdStandIn *
CrowdStandInNew(CrowdMember *member)
{
    CrowdStandIn *self = calloc(1, sizeof *self);
    Crowd *crowd = member->crowd;

    if (!self || (self->known = calloc(crowd->count, 1)) == NULL) {
        free(self);
        return NULL;
    }
    self->member = member;
    self->crowd = crowd;
    self->probing.period = crowd->period;
    self->offset = (uint32_t) CrowdRandom(crowd, crowd->count);
    do {
        self->stride = 1 + (uint32_t) CrowdRandom(crowd, crowd->count);
    } while (Divisor(self->stride, crowd->count) != 1);
    ClusterListInit(&self->doubts);
    ClusterListInit(&self->errands);
    ClusterTimerSet(&self->turn, HandClockTable(crowd->clock),
            CrowdRandom(crowd, (uint32_t) ClusterProbingGap(&self->probing)), TurnDue, self);
    ClusterTimerSet(&self->beat, HandClockTable(crowd->clock), CrowdRandom(crowd, BEAT_EVERY),
            BeatDue, self);
    return self;
}

void
CrowdStandInFree(CrowdStandIn *self)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&self->doubts)) != NULL) {
        EndDoubt(CLUSTER_LIST_ITEM(entry, Doubt, entry));
    }
    while ((entry = ClusterListFirst(&self->errands)) != NULL) {
        ClusterListRemove(entry);
        free(CLUSTER_LIST_ITEM(entry, Errand, entry));
    }
    ClusterTimerCancel(&self->turn);
    ClusterTimerCancel(&self->beat);
    ClusterNewsFree(&self->news);
    free(self->known);
    free(self);
}

/* ---- what is heard ------------------------------------------------------- */

static bool
ToldLately(const CrowdStandIn *self, uint32_t of)
{
    uint32_t others = self->crowd->count - 1 - self->lost;
    int64_t since = Now(self) - self->probing.period - ClusterProbingSpread(others);
    int i;

    for (i = 0; others > FEW && i < ACKS; i++) {
        if (self->acks[i].of == of && self->acks[i].time > since) {
            return true;
        }
    }
    return false;
}

static void
Doubted(CrowdStandIn *self, uint32_t of, uint32_t by)
{
    Doubt *doubt;
    int i;

    if (self->known[of] == CROWD_LOST) {
        return;
    }
    doubt = FindDoubt(self, of);
    if (!doubt && !ToldLately(self, of)) {
        doubt = BeginSoon(self, of);
    }
    for (i = 0; doubt && i < doubt->confirmed && doubt->confirmers[i] != by; i++) {
        continue;
    }
    if (doubt && i == doubt->confirmed && i < CLUSTER_CONFIRMERS) {
        doubt->confirmers[doubt->confirmed++] = by;
        if (doubt->stage == SUSPECTED) {
            Reckon(doubt);
        }
    }
}

static void
Refuted(CrowdStandIn *self, uint32_t of, uint32_t incarnation)
{
    Doubt *doubt = FindDoubt(self, of);

    if (self->known[of] == CROWD_LOST || incarnation <= self->known[of]) {
        return;
    }
    self->known[of] = (uint8_t) (incarnation < CROWD_LOST ? incarnation : CROWD_LOST - 1);
    ClusterNewsAdd(&self->news, CLUSTER_NEWS_ALIVE, self->crowd->members[of].uuid, incarnation);
    if (doubt && doubt->stage == WAITS) {
        EndDoubt(doubt);
    } else if (doubt) {
        doubt->first = Now(self);
        doubt->confirmed = 0;
        if (doubt->stage == SUSPECTED) {
            Reckon(doubt);
        }
    }
}

/* Others suspect us as we are now. */
static void
Deny(CrowdStandIn *self, uint32_t incarnation)
{
    if (incarnation == self->incarnation) {
        self->incarnation++;
        if (Now(self) >= self->doubtedUntil) {
            self->doubtedUntil = Now(self) + self->probing.period;
            ClusterProbingSuspected(&self->probing);
        }
        ClusterNewsAdd(&self->news, CLUSTER_NEWS_ALIVE, self->member->uuid, self->incarnation);
    }
}

static void
HeedItem(CrowdStandIn *self, uint32_t from, ClusterNewsKind kind, uint32_t of, uint32_t incarnation)
{
    if (of == CROWD_NOBODY) {
        return;
    }
    if (of == NumberOf(self)) {
        if (kind == CLUSTER_NEWS_SUSPECT) {
            Deny(self, incarnation);
        }
    } else if (kind == CLUSTER_NEWS_ALIVE) {
        Refuted(self, of, incarnation);
    } else if (incarnation >= self->known[of]) {
        Doubted(self, of, from);
    }
}

static void
HeedNews(CrowdStandIn *self, const CrowdLetter *letter)
{
    const char **words;
    Tcl_Size count, i;
    ClusterNewsKind kind;

    if (!letter->news || !ClusterForeignList(letter->news, NEWS_BYTES, &count, &words)) {
        return;
    }
    for (i = 0; i + 2 < count; i += 3) {
        if (ClusterNewsKindByName(words[i], &kind)) {
            HeedItem(self, letter->from, kind, CrowdByName(self->crowd, words[i + 1]),
                    (uint32_t) strtoul(words[i + 2], NULL, 10));
        }
    }
    ClusterForeignFree(words);
}

static void
Answered(Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;

    if (doubt->stage == ASKED) {
        ClusterRttTake(&self->rtt, 1000 * (Now(self) - doubt->first));
    }
    ClusterProbingAnswered(&self->probing, doubt->stage != ASKED);
    ClusterNewsForget(&self->news, self->crowd->members[doubt->of].uuid);
    EndDoubt(doubt);
}

static void
TakeErrand(CrowdStandIn *self, const CrowdLetter *letter)
{
    Errand *errand;

    if (letter->about == CROWD_NOBODY || letter->about == NumberOf(self)
            || self->known[letter->about] == CROWD_LOST
            || (errand = calloc(1, sizeof *errand)) == NULL) {
        return;
    }
    errand->asker = letter->from;
    errand->target = letter->about;
    memcpy(errand->asked, letter->id, sizeof errand->asked);
    MakeId(self, errand->id);
    errand->until = Now(self) + RELAY_WITHIN;
    ClusterListAppend(&self->errands, &errand->entry);
    SendTo(self, CLUSTER_PROBE, errand->id, CROWD_NOBODY, errand->target);
}

static void
FinishErrand(CrowdStandIn *self, const CrowdLetter *letter)
{
    ClusterListEntry *entry = ClusterListFirst(&self->errands), *next;

    for (; entry; entry = next) {
        Errand *errand = CLUSTER_LIST_ITEM(entry, Errand, entry);
        bool done = errand->target == letter->from && strcmp(errand->id, letter->id) == 0;

        next = ClusterListNext(&self->errands, entry);
        if (done) {
            SendTo(self, CLUSTER_ACK, errand->asked, errand->target, errand->asker);
        }
        if (done || errand->until < Now(self)) {
            ClusterListRemove(&errand->entry);
            free(errand);
        }
    }
}

static void
Remember(const Doubt *doubt)
{
    CrowdStandIn *self = doubt->by;

    if (doubt->told) {
        self->acks[self->acksNext].of = doubt->of;
        self->acks[self->acksNext].time = doubt->told;
        self->acksNext = (self->acksNext + 1) % ACKS;
    }
}

static void
TakeAck(CrowdStandIn *self, const CrowdLetter *letter)
{
    uint32_t of = letter->about == CROWD_NOBODY ? letter->from : letter->about;
    Doubt *doubt = FindDoubt(self, of);

    if (doubt && doubt->stage != WAITS && strcmp(doubt->id, letter->id) == 0) {
        if (of == letter->from && self->known[of] != CROWD_LOST) {
            Remember(doubt);
            self->known[of] = (uint8_t) (letter->incarnation < CROWD_LOST ? letter->incarnation
                                                                          : CROWD_LOST - 1);
        }
        Answered(doubt);
    } else if (of == letter->from) {
        FinishErrand(self, letter);
    }
}

/* Who is asked after alone says at once that it is there, at most once a second. */
static void
TakePing(CrowdStandIn *self, const CrowdLetter *letter)
{
    if (letter->about == NumberOf(self)) {
        if (Now(self) - self->beaten >= ANSWER_EVERY) {
            self->beaten = Now(self);
            SendToAll(self, CLUSTER_HEARTBEAT, CROWD_NOBODY);
        }
    } else if (letter->about != CROWD_NOBODY && letter->about != letter->from) {
        Doubted(self, letter->about, letter->from);
    }
}

void
CrowdStandInHear(CrowdStandIn *self, const CrowdLetter *letter)
{
    if (letter->type == CLUSTER_PING) {
        TakePing(self, letter);
        return;
    }
    self->answered = Now(self);
    HeedNews(self, letter);
    if (letter->type == CLUSTER_PROBE) {
        SendTo(self, CLUSTER_ACK, letter->id, CROWD_NOBODY, letter->from);
    } else if (letter->type == CLUSTER_ACK) {
        TakeAck(self, letter);
    } else if (letter->type == CLUSTER_RELAY) {
        TakeErrand(self, letter);
    }
}
