/*
 * clusterPayloadInt.h --
 *
 *	The steps of encoding a packet, for the files of this folder alone.
 */

#ifndef CLUSTER_PAYLOAD_INT_H
#define CLUSTER_PAYLOAD_INT_H

#include "packet/clusterPayload.h"

/* Empties the writer and begins a packet, with a filter of this one word unless it is NULL. */
void ClusterPayloadBegin(bpacket_writer *writer, Tcl_Obj *only);
/* Writes one field from a Tcl value: BAD_VALUE and TOO_LARGE as of ClusterPayloadEncode, else OK. */
ClusterPayloadStatus ClusterPayloadWriteField(bpacket_writer *writer, ClusterField id,
        Tcl_Obj *value);
/* Ends the packet: OK, with *packet inside the writer, or TOO_LARGE. */
ClusterPayloadStatus ClusterPayloadFinish(bpacket_writer *writer, bpacket_span *packet);

#endif
