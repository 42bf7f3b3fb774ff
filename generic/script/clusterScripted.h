/*
 * clusterScripted.h --
 *
 *	Transports written in Tcl: a class ::cluster::protocol::ID, whose objects
 *	answer proto, props, send, descriptor, event and done, and hand packets
 *	in with `$cluster receive` and `$cluster event channel`.
 *
 *	Scripts may do anything here too: what they throw is reported in the
 *	background and counts as a failure of this transport alone.
 */

#ifndef CLUSTER_SCRIPTED_H
#define CLUSTER_SCRIPTED_H

#include "script/clusterObject.h"

/*
 * The type of a class ::cluster::protocol::ID, NULL when there is no such
 * class, or without memory. It belongs to the node it is added to, and goes
 * with the node's slot; before that, ClusterScriptedTypeFree ends it. The
 * transport's object is ::cluster::clusters::N::protocols::ID.
 */
const ClusterTransportType *ClusterScriptedType(ClusterObject *cluster, const char *id);
void ClusterScriptedTypeFree(const ClusterTransportType *type);

/* Is it one of these? Then the functions for links may be called. */
bool ClusterScriptedIs(const ClusterTransportType *type);
/* The link of a chanID, held; NULL when there is none and `make` is false, or without memory. */
ClusterLink *ClusterScriptedLink(ClusterTransport *transport, Tcl_Obj *chanID, bool make);
void ClusterScriptedRelease(ClusterLink *handle);
/* Its chanID, borrowed. */
Tcl_Obj *ClusterScriptedName(ClusterLink *link);
/*
 * The origin that a descriptor (a dict, which the origin borrows) tells: its
 * address, which may be a name that only the script knows, its port, and
 * whether it is local.
 */
void ClusterScriptedReadDescriptor(Tcl_Obj *descriptor, ClusterOrigin *origin);
/* Counts a packet that came in; does nothing for transports of C, which count themselves. */
void ClusterScriptedCount(ClusterTransport *transport, size_t length);
/* The script says that a link is closed. Tells the delegate the first time. */
void ClusterScriptedClosed(ClusterTransport *transport, ClusterLink *handle);

#endif
