/*
 * clusterDeliveries.c --
 *
 *	Events that are to be confirmed: which of them wait for that, and what
 *	becomes of them. Changes the state, and sends nothing (clusterDeliver.c
 *	does).
 */

#include "node/clusterConfirmInt.h"

#include <stdlib.h>
#include <string.h>

/*
 * ------------------------------------------------------------------------
 * Begun
 * ------------------------------------------------------------------------
 */

static ClusterDelivery *
DeliveryOf(ClusterListEntry *entry)
{
    return entry ? CLUSTER_LIST_ITEM(entry, ClusterDelivery, entry) : NULL;
}

/* The next epoch, under a new nonce. */
static void
BeginEpoch(ClusterOutbox *outbox)
{
    ClusterNode *node = outbox->member->node;

    outbox->key.epoch = ++node->epochs;
    outbox->key.sequence = 0;
    ClusterSystemRandomText(&node->system, outbox->key.nonce, CLUSTER_NONCE);
}

static ClusterOutbox *
OutboxOf(ClusterMember *member)
{
    ClusterOutbox *outbox = member->outbox;

    if (!outbox && (outbox = calloc(1, sizeof *outbox)) != NULL) {
        outbox->member = member;
        ClusterListInit(&outbox->list);
        ClusterListInit(&outbox->waiting);
        BeginEpoch(outbox);
        member->outbox = outbox;
    }
    return outbox;
}

static ClusterDelivery *
NewDelivery(ClusterMember *member, Tcl_Obj *confirm)
{
    ClusterOutbox *outbox = OutboxOf(member);
    ClusterDelivery *delivery = outbox ? calloc(1, sizeof *delivery) : NULL;

    if (delivery) {
        delivery->refCount = 1;
        delivery->outbox = outbox;
        ClusterReplaceObj(&delivery->confirm, confirm);
    }
    return delivery;
}

static void
AppendConfirm(ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason, Tcl_Obj *text)
{
    ClusterNotice *notice = ClusterNoticeAppend(member->node, CLUSTER_NOTICE_CONFIRM, member);

    notice->confirm = status;
    notice->reason = reason;
    ClusterReplaceObj(&notice->payload, confirm);
    ClusterReplaceObj(&notice->before, text);
}

bool
ClusterDeliveriesAdmit(const ClusterMember *member)
{
    const ClusterOutbox *outbox = member->outbox;

    return !outbox
            || (outbox->open < member->node->confirms
                    && outbox->count < 2 * member->node->confirms);
}

bool
ClusterDeliveriesDrained(const ClusterMember *member)
{
    return !member->outbox || member->outbox->open <= member->node->confirms / 4;
}

ClusterDelivery *
ClusterDeliveryBegin(ClusterMember *member, Tcl_Obj *confirm, Tcl_Obj *protocols, int64_t timeout,
        char *ruid)
{
    ClusterDelivery *delivery = NewDelivery(member, confirm);
    ClusterOutbox *outbox = member->outbox;

    if (!delivery) {
        return NULL;
    }
    delivery->sequence = ++outbox->key.sequence;
    ClusterDeliveryKeyWrite(&outbox->key, ruid);
    ClusterReplaceObj(&delivery->protocols, protocols);
    ClusterListAppend(&outbox->list, &delivery->entry);
    outbox->count++;
    outbox->open++;
    ClusterNodeSetDue(member->node, &delivery->due, CLUSTER_DUE_DELIVERY,
            ClusterNodeNow(member->node) + timeout);
    return delivery;
}

void
ClusterDeliveryTellLater(ClusterMember *member, Tcl_Obj *confirm, ClusterConfirmStatus status,
        const char *reason)
{
    ClusterDelivery *delivery = member->lost ? NULL : NewDelivery(member, confirm);

    if (!delivery) {
        AppendConfirm(member, confirm, status, reason, NULL);
        return;
    }
    delivery->status = status;
    delivery->reason = reason;
    ClusterListAppend(&member->outbox->waiting, &delivery->entry);
    ClusterNodeSetDue(member->node, &delivery->due, CLUSTER_DUE_DELIVERY,
            ClusterNodeNow(member->node));
}

void
ClusterDeliveryHold(ClusterDelivery *delivery)
{
    delivery->refCount++;
}

void
ClusterDeliveryRelease(ClusterDelivery *delivery)
{
    if (--delivery->refCount == 0) {
        ClusterBlobRelease(delivery->blob);
        ClusterReplaceObj(&delivery->protocols, NULL);
        ClusterReplaceObj(&delivery->confirm, NULL);
        free(delivery);
    }
}

/*
 * ------------------------------------------------------------------------
 * Ended
 * ------------------------------------------------------------------------
 */

/* Takes it off its list. */
static void
Unlist(ClusterDelivery *delivery)
{
    ClusterOutbox *outbox = delivery->outbox;

    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one that is on a list has its outbox */
    ClusterNodeClearDue(outbox->member->node, &delivery->due);
    ClusterListRemove(&delivery->entry);
    if (delivery->sequence) {
        outbox->count--;
        outbox->open -= !delivery->settled;
    }
    delivery->outbox = NULL;
    ClusterDeliveryRelease(delivery);
}

/* Its end will be told. It stays where it is. */
static void
Settle(ClusterDelivery *delivery, ClusterConfirmStatus status, const char *reason, Tcl_Obj *text)
{
    ClusterOutbox *outbox = delivery->outbox;

    if (delivery->settled) {
        return;
    }
    delivery->settled = true;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one that is on a list has its outbox */
    outbox->open -= delivery->sequence != 0;
    ClusterNodeClearDue(outbox->member->node, &delivery->due);
    AppendConfirm(outbox->member, delivery->confirm, status, reason, text);
    if (outbox->member->full && !outbox->member->lost && ClusterDeliveriesDrained(outbox->member)) {
        ClusterNodeSetDue(outbox->member->node, &outbox->member->drained, CLUSTER_DUE_DRAINED,
                ClusterNodeNow(outbox->member->node));
    }
}

/* With none left that anybody waits for, the receiver may forget the others. */
static void
EndEpochIfIdle(ClusterOutbox *outbox)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): of a delivery on a list */
    if (outbox->open == 0 && outbox->count > 0) {
        while (!ClusterListEmpty(&outbox->list)) {
            Unlist(DeliveryOf(ClusterListFirst(&outbox->list)));
        }
        BeginEpoch(outbox);
    }
}

void
ClusterDeliveryVoid(ClusterDelivery *delivery)
{
    ClusterOutbox *outbox = delivery->outbox;

    if (!outbox) {
        return;
    }
    if (!delivery->settled) {
        delivery->settled = true;
        outbox->open--;
        ClusterNodeClearDue(outbox->member->node, &delivery->due);
    }
    if (delivery->sequence == outbox->key.sequence) {
        outbox->key.sequence--; /* nobody heard of it */
        Unlist(delivery);
    }
    EndEpochIfIdle(outbox);
}

/* A time-out keeps its place: the receiver waits for it before it takes those behind it. */
void
ClusterDeliveryDue(ClusterDelivery *delivery)
{
    ClusterOutbox *outbox = delivery->outbox;

    if (delivery->sequence == 0) {
        Settle(delivery, delivery->status, delivery->reason, NULL);
        Unlist(delivery);
        return;
    }
    Settle(delivery, CLUSTER_CONFIRM_FAILED, "timeout", NULL);
    EndEpochIfIdle(outbox);
}

static void
FailAll(ClusterOutbox *outbox, const char *reason)
{
    ClusterListEntry *entry;

    while ((entry = ClusterListFirst(&outbox->list)) != NULL) {
        Settle(DeliveryOf(entry), CLUSTER_CONFIRM_FAILED, reason, NULL);
        Unlist(DeliveryOf(entry));
    }
}

void
ClusterDeliveriesLost(ClusterMember *member)
{
    ClusterOutbox *outbox = member->outbox;
    ClusterListEntry *entry;

    if (!outbox) {
        return;
    }
    while ((entry = ClusterListFirst(&outbox->waiting)) != NULL) {
        ClusterDeliveryDue(DeliveryOf(entry));
    }
    FailAll(outbox, "lost");
    ClusterNodeClearDue(member->node, &outbox->again);
}

/*
 * ------------------------------------------------------------------------
 * Sent again
 * ------------------------------------------------------------------------
 */

void
ClusterDeliveriesAgain(ClusterMember *member, bool failed)
{
    ClusterOutbox *outbox = member->outbox;

    if (!outbox || !outbox->count || member->lost) {
        return;
    }
    if (!failed) {
        outbox->pause = 0;
    } else if (outbox->pause < CLUSTER_CONFIRM_AGAIN_MOST) {
        outbox->pause = outbox->pause ? 2 * outbox->pause : CLUSTER_CONFIRM_AGAIN_FIRST;
    }
    ClusterNodeSetDue(member->node, &outbox->again, CLUSTER_DUE_AGAIN,
            ClusterNodeNow(member->node) + outbox->pause);
}

ClusterDelivery *
ClusterDeliveryAfter(const ClusterMember *member, uint64_t sequence)
{
    ClusterOutbox *outbox = member->outbox;
    ClusterListEntry *entry = outbox ? ClusterListFirst(&outbox->list) : NULL;

    while (entry && DeliveryOf(entry)->sequence <= sequence) {
        entry = ClusterListNext(&outbox->list, entry);
    }
    return DeliveryOf(entry);
}

/*
 * ------------------------------------------------------------------------
 * Confirmed
 * ------------------------------------------------------------------------
 */

/* The first that a receipt is for; all up to its ruid's are. */
static uint64_t
FirstOf(Tcl_Obj *data, const ClusterDeliveryKey *key)
{
    Tcl_WideInt first;

    if (Tcl_GetWideIntFromObj(NULL, data, &first) != TCL_OK || first < 1
            || (uint64_t) first > key->sequence) {
        return key->sequence;
    }
    return (uint64_t) first;
}

static void
ConfirmRange(ClusterOutbox *outbox, uint64_t first, uint64_t last, ClusterConfirmStatus status,
        Tcl_Obj *text)
{
    ClusterListEntry *entry = ClusterListFirst(&outbox->list), *next;

    for (; entry && DeliveryOf(entry)->sequence <= last; entry = next) {
        next = ClusterListNext(&outbox->list, entry);
        if (DeliveryOf(entry)->sequence >= first) {
            Settle(DeliveryOf(entry), status, status == CLUSTER_CONFIRM_FAILED ? "error" : "",
                    text);
            Unlist(DeliveryOf(entry));
        }
    }
}

/* The receiver knows of no earlier ones: they have not come yet, or it has forgotten what became of them. */
static void
Forgotten(ClusterOutbox *outbox)
{
    if (ClusterListEmpty(&outbox->list)
            || DeliveryOf(ClusterListFirst(&outbox->list))->sequence == 1) {
        ClusterDeliveriesAgain(outbox->member, false);
        return;
    }
    FailAll(outbox, "lost");
    BeginEpoch(outbox);
}

void
ClusterDeliveriesReceipt(ClusterMember *member, const char *ruid, Tcl_Obj *data, Tcl_Obj *error)
{
    ClusterOutbox *outbox = member->outbox;
    const char *word = data ? Tcl_GetString(data) : "";
    ClusterDeliveryKey key;

    if (!outbox || !ClusterDeliveryKeyRead(ruid, &key) || key.epoch != outbox->key.epoch
            || strcmp(key.nonce, outbox->key.nonce) != 0) {
        return;
    }
    if (error) {
        ConfirmRange(outbox, key.sequence, key.sequence, CLUSTER_CONFIRM_FAILED, error);
    } else if (strcmp(word, "gap") == 0) {
        ClusterDeliveriesAgain(member, false);
    } else if (strcmp(word, "unknown") == 0) {
        Forgotten(outbox);
    } else if (data) {
        ConfirmRange(outbox, FirstOf(data, &key), key.sequence, CLUSTER_CONFIRM_DELIVERED, NULL);
    }
    EndEpochIfIdle(outbox);
}
