/*
 * clusterCipherSodium.c --
 *
 *	What seals are made of (see clusterCipher.h), by libsodium.
 */

#include "seal/clusterCipher.h"

#include <sodium.h>
#include <string.h>

_Static_assert(CLUSTER_CIPHER_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(CLUSTER_CIPHER_KEY == crypto_scalarmult_BYTES, "number");
_Static_assert(CLUSTER_CIPHER_KEY == crypto_scalarmult_SCALARBYTES, "secret number");
_Static_assert(CLUSTER_CIPHER_KEY == crypto_generichash_BYTES, "hash");
_Static_assert(CLUSTER_CIPHER_KEY == crypto_generichash_KEYBYTES, "key of a hash");
_Static_assert(CLUSTER_CIPHER_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "stream");
_Static_assert(CLUSTER_CIPHER_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(CLUSTER_CIPHER_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(CLUSTER_CIPHER_STREAM_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES,
        "header");
_Static_assert(CLUSTER_CIPHER_STREAM_EXTRA == crypto_secretstream_xchacha20poly1305_ABYTES,
        "piece");
_Static_assert(sizeof(ClusterCipherStream) >= sizeof(crypto_secretstream_xchacha20poly1305_state),
        "state of a stream");
_Static_assert(CLUSTER_CIPHER_KEY_TEXT + 1
                == sodium_base64_ENCODED_LEN(CLUSTER_CIPHER_KEY, sodium_base64_VARIANT_ORIGINAL),
        "text");

bool
ClusterCipherStart(void)
{
    return sodium_init() >= 0;
}

/* ---- memory for keys ------------------------------------------------------- */

/* What libsodium gives ends with its page, so it is aligned only if its size is. */
void *
ClusterCipherAllocate(size_t size)
{
    size_t whole = (size + 63) / 64 * 64;
    void *memory = sodium_malloc(whole);

    return memory ? memset(memory, 0, whole) : NULL;
}

void
ClusterCipherFree(void *memory)
{
    sodium_free(memory);
}

void
ClusterCipherWipe(void *memory, size_t size)
{
    sodium_memzero(memory, size);
}

bool
ClusterCipherSame(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

bool
ClusterCipherKeyOfText(uint8_t key[CLUSTER_CIPHER_KEY], const char *text, size_t length)
{
    size_t got = 0;

    return length == CLUSTER_CIPHER_KEY_TEXT
            && sodium_base642bin(key, CLUSTER_CIPHER_KEY, text, length, NULL, &got, NULL,
                       sodium_base64_VARIANT_ORIGINAL)
            == 0
            && got == CLUSTER_CIPHER_KEY;
}

void
ClusterCipherTextOfKey(char text[CLUSTER_CIPHER_KEY_TEXT + 1],
        const uint8_t key[CLUSTER_CIPHER_KEY])
{
    sodium_bin2base64(text, CLUSTER_CIPHER_KEY_TEXT + 1, key, CLUSTER_CIPHER_KEY,
            sodium_base64_VARIANT_ORIGINAL);
}

/* ---- hash, messages --------------------------------------------------------- */

void
ClusterCipherHash(uint8_t hash[CLUSTER_CIPHER_KEY], const uint8_t *key, const void *bytes,
        size_t length, const void *more, size_t moreLength)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key ? CLUSTER_CIPHER_KEY : 0, CLUSTER_CIPHER_KEY);
    crypto_generichash_update(&state, bytes, length);
    crypto_generichash_update(&state, more, moreLength);
    crypto_generichash_final(&state, hash, CLUSTER_CIPHER_KEY);
    sodium_memzero(&state, sizeof state);
}

void
ClusterCipherSeal(const ClusterCipherBox *box, uint8_t *sealed, const void *plain, size_t length)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, plain, length, box->with,
            box->withLength, NULL, box->nonce, box->key);
}

bool
ClusterCipherOpen(const ClusterCipherBox *box, uint8_t *plain, const uint8_t *sealed, size_t length)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, length, box->with,
                   box->withLength, box->nonce, box->key)
            == 0;
}

/* ---- agreeing on a secret --------------------------------------------------- */

void
ClusterCipherPublic(uint8_t public[CLUSTER_CIPHER_KEY], const uint8_t secret[CLUSTER_CIPHER_KEY])
{
    crypto_scalarmult_base(public, secret);
}

bool
ClusterCipherExchange(uint8_t shared[CLUSTER_CIPHER_KEY], const uint8_t secret[CLUSTER_CIPHER_KEY],
        const uint8_t public[CLUSTER_CIPHER_KEY])
{
    return crypto_scalarmult(shared, secret, public) == 0;
}

/* ---- streams ---------------------------------------------------------------- */

/* Ours is a number of words, so that it is aligned and headers need not know libsodium's. */
static crypto_secretstream_xchacha20poly1305_state *
SodiumState(ClusterCipherStream *stream)
{
    return (crypto_secretstream_xchacha20poly1305_state *) (void *) stream->state;
}

/*
 * The state of a stream is the same at both ends; what init_push does besides is
 * to draw the header from libsodium's own generator, which no test can repeat.
 */
void
ClusterCipherStreamBegin(ClusterCipherStream *stream,
        const uint8_t header[CLUSTER_CIPHER_STREAM_HEADER], const uint8_t key[CLUSTER_CIPHER_KEY])
{
    memset(stream, 0, sizeof *stream);
    crypto_secretstream_xchacha20poly1305_init_pull(SodiumState(stream), header, key);
}

void
ClusterCipherStreamSeal(ClusterCipherStream *stream, uint8_t *sealed, const void *plain,
        size_t length, bool rekey)
{
    crypto_secretstream_xchacha20poly1305_push(SodiumState(stream), sealed, NULL, plain, length,
            NULL, 0,
            rekey ? crypto_secretstream_xchacha20poly1305_TAG_REKEY
                  : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

bool
ClusterCipherStreamOpen(ClusterCipherStream *stream, uint8_t *plain, const uint8_t *sealed,
        size_t length)
{
    unsigned char tag;

    return crypto_secretstream_xchacha20poly1305_pull(SodiumState(stream), plain, NULL, &tag,
                   sealed, length, NULL, 0)
            == 0
            && (tag == crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
                    || tag == crypto_secretstream_xchacha20poly1305_TAG_REKEY);
}
