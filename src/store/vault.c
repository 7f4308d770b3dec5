/*
 * Memory for secrets alone: pages of their own that no core file has, wiped
 * before they go back.
 */

#include "billing_store.h"

#include <stdalign.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <openssl/crypto.h>

/* The leak check of a sanitizer is a debugger. */
#if defined(__SANITIZE_ADDRESS__)
#define BILLING_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BILLING_SANITIZED
#endif
#endif


bool
billing_vault_open(billing_vault_t *vault, size_t size)
{
    void  *pages;

    *vault = (billing_vault_t) { .size = size };

    pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED) {
        return false;
    }

    /* A system that does not know this has no core files either. */

    (void) madvise(pages, size, MADV_DONTDUMP);
    vault->pages = pages;

    return true;
}


void *
billing_vault_take(billing_vault_t *vault, size_t len)
{
    size_t  at, unit = alignof(max_align_t);

    if (vault->pages == NULL || len > vault->size - vault->used) {
        return NULL;
    }

    at = vault->used;
    len = (len + unit - 1) / unit * unit;
    vault->used = (len > vault->size - at) ? vault->size : at + len;

    return vault->pages + at;
}


void
billing_vault_close(billing_vault_t *vault)
{
    if (vault->pages != NULL) {
        OPENSSL_cleanse(vault->pages, vault->size);
        (void) munmap(vault->pages, vault->size);
    }

    *vault = (billing_vault_t) { .size = 0 };
}


void
billing_vault_process(void)
{
#ifndef BILLING_SANITIZED
    (void) prctl(PR_SET_DUMPABLE, 0);
#endif
}
