/* Invitations: a token that only the mail holds, and its digest for us. */

#include "billing_store.h"

#include <string.h>

#include <openssl/evp.h>

#define BILLING_TOKEN_PREFIX  "n_"
#define BILLING_TOKEN_RANDOM  26        /* of 5 bits each: 130 */


billing_err_t
billing_invitation_token(const billing_secret_t *secret, const char *id,
    char out[BILLING_INVITATION_LEN + 1])
{
    char             *p;
    uint8_t           mac[32];
    billing_err_t     rc;
    billing_bytes_t   part = { id, strlen(id) };

    /* Few digits, so that no token looks like a card's number. */

    static const char  letters[] = "abcdefghijklmnopqrstuvwxyz234567";

    out[0] = '\0';

    rc = billing_mac(secret, BILLING_KEY_INVITATION, &part, 1, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    memcpy(out, BILLING_TOKEN_PREFIX, sizeof(BILLING_TOKEN_PREFIX));
    p = out + sizeof(BILLING_TOKEN_PREFIX) - 1;

    for (size_t i = 0; i < BILLING_TOKEN_RANDOM; i++) {
        *p++ = letters[mac[i] & 31];
    }

    *p = '\0';

    return BILLING_OK;
}


billing_err_t
billing_invitation_digest(const char *token,
    char out[BILLING_INVITATION_DIGEST_LEN + 1])
{
    uint8_t   digest[32];
    unsigned  len = 0;

    if (EVP_Digest(token, strlen(token), digest, &len, EVP_sha256(), NULL)
        != 1 || len != sizeof(digest))
    {
        return BILLING_ENOMEM;
    }

    billing_hex(digest, sizeof(digest), out);

    return BILLING_OK;
}
