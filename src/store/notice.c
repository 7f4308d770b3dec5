/* A notice: which record has just changed, and what it is now. */

#include "billing_store.h"

#include <string.h>


billing_err_t
billing_notice_split(billing_bytes_t notice, billing_bytes_t *key,
    billing_bytes_t *value)
{
    size_t       len;
    const char  *text = notice.data;
    const char  *blank;

    blank = notice.len > 0 ? memchr(text, ' ', notice.len) : NULL;

    if (blank == NULL) {
        return BILLING_EFORMAT;
    }

    len = (size_t) (blank - text);

    if (len == 0 || len >= BILLING_KEY_MAX || len + 1 == notice.len) {
        return BILLING_EFORMAT;
    }

    *key = (billing_bytes_t) { text, len };
    *value = (billing_bytes_t) { blank + 1, notice.len - len - 1 };

    return BILLING_OK;
}
