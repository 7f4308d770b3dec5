/* Whether two texts are the same: no secret rests on it (FNV-1a, 64 bits). */

#include "billing_worker.h"


uint64_t
billing_digest_add(uint64_t digest, const void *bytes, size_t len)
{
    size_t                i;
    const unsigned char  *byte = bytes;

    for (i = 0; i < len; i++) {
        digest = (digest ^ byte[i]) * 0x100000001b3ULL;
    }

    return digest;
}
