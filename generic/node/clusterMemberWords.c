/*
 * clusterMemberWords.c --
 *
 *	The words by which a member can be named in resolvers and filters, and
 *	those that do not count as they look like another's identity.
 */

#include "node/clusterNodeInt.h"

#include <string.h>

/* A hardware address, as hids are. */
static bool
LooksLikeHid(const char *text)
{
    int pairs;

    for (pairs = 0; pairs < 6; pairs++, text += 3) {
        if (strspn(text, "0123456789abcdefABCDEF") != 2 || text[2] != (pairs < 5 ? ':' : '\0')) {
            return false;
        }
    }
    return true;
}

/*
 * As members draw them. Others are not protected, or a stranger could take any
 * word for its sid, and take it away as a tag.
 */
static bool
LooksLikeSid(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    return strspn(text, letters) == CLUSTER_SID_LENGTH && text[CLUSTER_SID_LENGTH] == '\0';
}

/* May what is somebody's own identity not be said by the member? One of another host takes no tag away from one of this host. */
static bool
IsReserved(const ClusterMember *member, const ClusterMember *other)
{
    return other != member && (other->local || !member->local);
}

/* Is it the sid of somebody else? */
static bool
IsSidOfOther(const ClusterMember *member, const char *text)
{
    const ClusterNode *node = member->node;
    ClusterTableEntry *entry;

    if (!LooksLikeSid(text)) {
        return false;
    }
    if (strcmp(text, node->sid) == 0) {
        return true;
    }
    entry = ClusterTableFind(&node->bySid, text, CLUSTER_SID_LENGTH);
    for (; entry; entry = ClusterTableNextSame(&node->bySid, entry)) {
        const ClusterMember *other = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        if (IsReserved(member, other)) {
            return true;
        }
    }
    return false;
}

/* Is it the sid and hid of somebody else, or like the name of a service's object? */
static bool
IsNameOfOther(const ClusterMember *member, const char *text)
{
    static const char objects[] = "::cluster::clusters::";
    const ClusterNode *node = member->node;
    ClusterTableEntry *entry;

    if (strncmp(text, objects, sizeof objects - 1) == 0
            || strcmp(text, Tcl_GetString(node->uuidObj)) == 0) {
        return true;
    }
    entry = strchr(text, '@') ? ClusterTableFind(&node->byUuid, text, strlen(text)) : NULL;
    return entry && IsReserved(member, CLUSTER_TABLE_ITEM(entry, ClusterMember, inUuids));
}

/* `localhost`, or an address. */
static bool
LooksLikeAddress(const char *text)
{
    ClusterAddress address;

    return ClusterAddressParse(text, &address);
}

bool
ClusterMemberTagCounts(const ClusterMember *member, Tcl_Obj *tag)
{
    const char *text = Tcl_GetString(tag);

    return !LooksLikeAddress(text) && !LooksLikeHid(text) && !IsSidOfOther(member, text)
            && !IsNameOfOther(member, text);
}

/*
 * A member chooses its sid. Of several with one sid those of this host are
 * meant, and of these the first.
 */
bool
ClusterMemberSidCounts(const ClusterMember *member)
{
    Tcl_Size length;
    const char *sid = Tcl_GetStringFromObj(member->sid, &length);
    const ClusterTable *table = &member->node->bySid;
    ClusterTableEntry *entry = ClusterTableFind(table, sid, (size_t) length);
    bool before = true;

    if (LooksLikeAddress(sid) || LooksLikeHid(sid)) {
        return false;
    }
    for (; entry; entry = ClusterTableNextSame(table, entry)) {
        const ClusterMember *other = CLUSTER_TABLE_ITEM(entry, ClusterMember, inSids);

        if (other == member) {
            before = false;
        } else if (other->local != member->local ? other->local : before) {
            return false;
        }
    }
    return true;
}

/* Its hid too, but not where that is another's sid, and our host's is of members here alone. */
static bool
HidCounts(const ClusterMember *member)
{
    const char *hid = Tcl_GetString(member->hid);

    return !LooksLikeAddress(hid) && !IsSidOfOther(member, hid)
            && (member->local || strcmp(hid, Tcl_GetString(member->node->hidObj)) != 0);
}

static void
AppendAddress(const ClusterMember *member, Tcl_Obj *list)
{
    Tcl_ListObjAppendElement(NULL, list, ClusterMemberIp(member));
    if (member->local) {
        Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj("localhost", -1));
    }
}

Tcl_Obj *
ClusterMemberPlace(ClusterMember *member)
{
    if (!member->place) {
        Tcl_Obj *place = Tcl_NewListObj(0, NULL);

        if (HidCounts(member)) {
            Tcl_ListObjAppendElement(NULL, place, member->hid);
        }
        AppendAddress(member, place);
        ClusterReplaceObj(&member->place, place);
    }
    return member->place;
}

Tcl_Obj *
ClusterMemberWords(ClusterMember *member)
{
    Tcl_Obj *words = Tcl_NewListObj(0, NULL), **tags;
    Tcl_Size count = 0, i;

    Tcl_ListObjGetElements(NULL, member->tags, &count, &tags);
    for (i = 0; i < count; i++) {
        if (ClusterMemberTagCounts(member, tags[i])) {
            Tcl_ListObjAppendElement(NULL, words, tags[i]);
        }
    }
    if (HidCounts(member)) {
        Tcl_ListObjAppendElement(NULL, words, member->hid);
    }
    if (ClusterMemberSidCounts(member)) {
        Tcl_ListObjAppendElement(NULL, words, member->sid);
    }
    AppendAddress(member, words);
    return words;
}
