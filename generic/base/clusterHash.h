/*
 * clusterHash.h --
 *
 *	A hash of bytes under a key that nobody outside knows, so that nobody can
 *	make up bytes whose hashes collide: SipHash-2-4 (Aumasson and Bernstein,
 *	2012).
 */

#ifndef CLUSTER_HASH_H
#define CLUSTER_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The two words of the key come from a good source of random numbers. */
uint64_t ClusterHash(const uint64_t key[2], const void *bytes, size_t length);

#endif
