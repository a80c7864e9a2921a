// First, so that every module that brings sys/select.h along sees it alike.
#include <sys/select.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

// OpenSSL 3 calls the functions of one digest deprecated, yet they are what lets a keyed state be copied at the cost of 96 bytes.
// The message authentication of a packet of 172 bytes takes 130 ns with them and 450 ns with HMAC().
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/// Prepares HMAC-SHA1 (RFC 2104) under a key: `inner` and `outer` are never changed afterwards.
static inline void hmac_sha1_prepare(SHA_CTX *inner, SHA_CTX *outer, const unsigned char *key, size_t length) {
    unsigned char block[SHA_CBLOCK];
    memset(block, 0, sizeof block);
    if (length > sizeof block) {
        SHA1(key, length, block);
    } else if (length > 0) {
        memcpy(block, key, length);
    }
    for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;
    SHA1_Init(inner);
    SHA1_Update(inner, block, sizeof block);
    for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5C;
    SHA1_Init(outer);
    SHA1_Update(outer, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
}

/// HMAC-SHA1 of `data` and then of `more`, under the prepared key; `out` takes 20 bytes.
static inline void hmac_sha1(const SHA_CTX *inner, const SHA_CTX *outer, const void *data, size_t length,
                             const void *more, size_t more_length, unsigned char *out) {
    SHA_CTX state = *inner;
    SHA1_Update(&state, data, length);
    if (more_length > 0) SHA1_Update(&state, more, more_length);
    SHA1_Final(out, &state);
    state = *outer;
    SHA1_Update(&state, out, SHA_DIGEST_LENGTH);
    SHA1_Final(out, &state);
}

#pragma GCC diagnostic pop
