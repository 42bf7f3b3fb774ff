/*
 * clusterReceipts.c --
 *
 *	Events that came to be confirmed: each is taken once, in the order of its
 *	sender, and confirmed, those that went well several at a time.
 */

#include "node/clusterConfirmInt.h"

#include <stdlib.h>
#include <string.h>

/*
 * Milliseconds between two receipts that are not full. Without that a sender and
 * a receiver that wait for each other go on one delivery at a time.
 */
#define CONFIRM_EVERY 2

/* What one that comes is to this node. */
typedef enum Standing {
    STANDING_NEXT,    /* to be taken */
    STANDING_DONE,    /* was taken */
    STANDING_RUNNING, /* is being dealt with */
    STANDING_GAP,     /* others before it have not come */
    STANDING_UNKNOWN, /* nothing is known of what came before it */
    STANDING_OLD      /* of an epoch that is over */
} Standing;

static ClusterInbox *
InboxOf(ClusterMember *member)
{
    if (!member->inbox && (member->inbox = calloc(1, sizeof *member->inbox)) != NULL) {
        member->inbox->member = member;
    }
    return member->inbox;
}

void
ClusterReceiptsLost(ClusterMember *member)
{
    if (member->inbox) {
        ClusterNodeClearDue(member->node, &member->inbox->due);
    }
}

/*
 * ------------------------------------------------------------------------
 * Told back
 * ------------------------------------------------------------------------
 */

/* One receipt for the inbox's epoch: data or error may be NULL. */
static void
AppendReceipt(ClusterInbox *inbox, const ClusterDeliveryKey *of, uint64_t sequence, Tcl_Obj *data,
        Tcl_Obj *error)
{
    ClusterErrand *errand =
            ClusterErrandAppend(inbox->member->node, CLUSTER_SEND_RECEIPT, inbox->member);
    ClusterDeliveryKey key = *of;
    char ruid[CLUSTER_DELIVERY_RUID];

    key.sequence = sequence;
    ClusterDeliveryKeyWrite(&key, ruid);
    ClusterReplaceObj(&errand->ruid, Tcl_NewStringObj(ruid, -1));
    ClusterReplaceObj(&errand->list, data);
    ClusterReplaceObj(&errand->ways, error);
}

static void
FlushDelivered(ClusterInbox *inbox)
{
    if (inbox->from) {
        AppendReceipt(inbox, &inbox->key, inbox->to, Tcl_NewWideIntObj((Tcl_WideInt) inbox->from),
                NULL);
        inbox->from = inbox->to = 0;
        inbox->confirmed = ClusterNodeNow(inbox->member->node);
    }
}

void
ClusterReceiptsDue(ClusterInbox *inbox)
{
    FlushDelivered(inbox);
}

/*
 * With its neighbours, if they are such. One that comes alone is confirmed in
 * this turn of the event loop; of many the sender need not wait for all.
 */
static void
NoteDelivered(ClusterInbox *inbox, uint64_t sequence)
{
    ClusterNode *node = inbox->member->node;
    int64_t now = ClusterNodeNow(node), next = inbox->confirmed + CONFIRM_EVERY;

    if (inbox->from && sequence == inbox->to + 1) {
        inbox->to = sequence;
    } else if (!inbox->from || sequence < inbox->from || sequence > inbox->to) {
        FlushDelivered(inbox);
        inbox->from = inbox->to = sequence;
    }
    if (inbox->to - inbox->from + 1 >= CLUSTER_RECEIPT_OF) {
        FlushDelivered(inbox);
    } else {
        ClusterNodeSetDue(node, &inbox->due, CLUSTER_DUE_RECEIPT, next > now ? next : now);
    }
}

/* As much of a text as is sent back, and kept. */
static Tcl_Obj *
Shortened(Tcl_Obj *text)
{
    Tcl_Size length = Tcl_GetCharLength(text);

    return length <= CLUSTER_FAILED_TEXT ? text : Tcl_GetRange(text, 0, CLUSTER_FAILED_TEXT - 1);
}

static void
NoteFailed(ClusterInbox *inbox, uint64_t sequence, Tcl_Obj *text)
{
    ClusterFailedDelivery *failed = &inbox->failed[inbox->failedNext];

    inbox->failedNext = (inbox->failedNext + 1) % CLUSTER_FAILED;
    failed->sequence = sequence;
    ClusterReplaceObj(&failed->text, Shortened(text));
    AppendReceipt(inbox, &inbox->key, sequence, NULL, failed->text);
}

/* Once more, as the sender did not hear it. */
static void
TellAgain(ClusterInbox *inbox, uint64_t sequence)
{
    size_t i;

    for (i = 0; i < CLUSTER_FAILED; i++) {
        if (inbox->failed[i].sequence == sequence) {
            AppendReceipt(inbox, &inbox->key, sequence, NULL, inbox->failed[i].text);
            return;
        }
    }
    NoteDelivered(inbox, sequence);
}

/* Once for each place where some are missing. */
static void
TellGap(ClusterInbox *inbox, uint64_t sequence)
{
    if (inbox->gapAfter != inbox->key.sequence + 1) {
        inbox->gapAfter = inbox->key.sequence + 1;
        AppendReceipt(inbox, &inbox->key, sequence, Tcl_NewStringObj("gap", -1), NULL);
    }
}

/*
 * ------------------------------------------------------------------------
 * Taken
 * ------------------------------------------------------------------------
 */

static bool
IsRunning(const ClusterInbox *inbox, uint64_t sequence)
{
    size_t i;

    for (i = 0; i < CLUSTER_COUNT(inbox->running); i++) {
        if (inbox->running[i] == sequence) {
            return true;
        }
    }
    return false;
}

static void
BeginInboxEpoch(ClusterInbox *inbox, const ClusterDeliveryKey *key)
{
    FlushDelivered(inbox);
    ClusterInboxForget(inbox);
    memset(inbox->running, 0, sizeof inbox->running);
    inbox->key = *key;
    inbox->key.sequence = 0;
    inbox->gapAfter = 0;
}

static Standing
StandingOf(ClusterInbox *inbox, const ClusterDeliveryKey *key)
{
    bool same = key->epoch == inbox->key.epoch && strcmp(key->nonce, inbox->key.nonce) == 0;

    if (!same && key->epoch <= inbox->key.epoch) {
        return STANDING_OLD;
    }
    if (!same && key->sequence != 1) {
        return STANDING_UNKNOWN;
    }
    if (!same) {
        BeginInboxEpoch(inbox, key);
    }
    if (key->sequence > inbox->key.sequence + 1) {
        return STANDING_GAP;
    }
    if (key->sequence == inbox->key.sequence + 1) {
        return STANDING_NEXT;
    }
    return IsRunning(inbox, key->sequence) ? STANDING_RUNNING : STANDING_DONE;
}

/* Its place among those that run; others stay NULL's. */
static uint64_t *
EnterRunning(ClusterInbox *inbox, uint64_t sequence)
{
    size_t i;

    for (i = 0; i < CLUSTER_COUNT(inbox->running); i++) {
        if (inbox->running[i] == 0) {
            inbox->running[i] = sequence;
            return &inbox->running[i];
        }
    }
    return NULL;
}

/* Has the hook run, unless it is in the place of one that the sender gave up. */
static void
Take(ClusterNode *node, ClusterInbox *inbox, ClusterMessage *message, uint64_t sequence)
{
    uint64_t epoch = inbox->key.epoch, *running;
    Tcl_Obj *error = NULL;
    bool good = true;

    inbox->key.sequence = sequence;
    running = EnterRunning(inbox, sequence);
    if (!ClusterPacketHas(&message->packet, CLUSTER_ERROR)) {
        good = node->delegate->event(node->context, message, &error);
    }
    if (epoch == inbox->key.epoch && !message->member->lost && !node->closed) {
        if (running) {
            *running = 0;
        }
        if (good) {
            NoteDelivered(inbox, sequence);
        } else {
            NoteFailed(inbox, sequence, error ? error : Tcl_NewObj());
        }
    }
    if (error) {
        Tcl_DecrRefCount(error);
    }
}

/* The message holds its member, and that the inbox. */
void
ClusterReceiptsTake(ClusterNode *node, ClusterMessage *message)
{
    Tcl_Obj *ruid = ClusterMessageField(message, CLUSTER_RUID);
    ClusterDeliveryKey key;
    ClusterInbox *inbox;
    bool good = false;

    if (ruid) {
        Tcl_IncrRefCount(ruid);
        good = ClusterDeliveryKeyRead(Tcl_GetString(ruid), &key);
        Tcl_DecrRefCount(ruid);
    }
    if (!good || (inbox = InboxOf(message->member)) == NULL) {
        ClusterNodeCountDrop(node, good ? CLUSTER_DROP_LIMIT : CLUSTER_DROP_REJECTED);
        return;
    }
    switch (StandingOf(inbox, &key)) {
    case STANDING_NEXT:
        Take(node, inbox, message, key.sequence);
        break;
    case STANDING_DONE:
        TellAgain(inbox, key.sequence);
        break;
    case STANDING_GAP:
        TellGap(inbox, key.sequence);
        break;
    case STANDING_UNKNOWN:
        AppendReceipt(inbox, &key, key.sequence, Tcl_NewStringObj("unknown", -1), NULL);
        break;
    default:
        break;
    }
}
