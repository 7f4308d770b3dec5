/*
 * Values made of rows, kept while nothing can have changed them.
 *
 * A statement says what it changes by its first words.  One that begins in
 * another way is taken to change everything; so is what ends or undoes a
 * transaction.  A table has one bit of 64: two with the same bit only forget
 * more than they must.
 */

#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

typedef struct {
    const char  *words;
    bool         writes;        /* to the table named behind them */
} billing_kept_verb_t;

static const billing_kept_verb_t  billing_kept_verbs[] = {
    { "SELECT ", false },
    { "SAVEPOINT ", false },
    { "RELEASE ", false },
    { "UPDATE ", true },
    { "INSERT INTO ", true },
    { "DELETE FROM ", true },
    { NULL, false }
};


/* Names end where a letter, a digit or "_" does not follow. */

static size_t
billing_kept_name(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
}


static uint64_t
billing_kept_bit(const char *name, size_t len)
{
    uint64_t  hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char) name[i]) * 0x100000001b3u;
    }

    return (uint64_t) 1 << (hash >> 58);
}


static uint64_t
billing_kept_mask(const char *tables)
{
    size_t    len;
    uint64_t  mask = 0;

    for ( /* void */ ; *tables != '\0'; tables += len) {
        tables += strspn(tables, " ");
        len = billing_kept_name(tables);
        mask |= billing_kept_bit(tables, len);
    }

    return mask;
}


static uint64_t
billing_kept_written(const char *sql)
{
    size_t  len;

    for (const billing_kept_verb_t *v = billing_kept_verbs; v->words; v++) {
        len = strlen(v->words);

        if (strncmp(sql, v->words, len) != 0) {
            continue;
        }

        if (!v->writes) {
            return 0;
        }

        sql += len;
        len = billing_kept_name(sql);

        return (len > 0) ? billing_kept_bit(sql, len) : UINT64_MAX;
    }

    return UINT64_MAX;
}


void
billing_kept_drop(billing_db_kept_t *kept, const char *sql)
{
    uint64_t  written = billing_kept_written(sql);

    for (size_t i = 0; i < BILLING_DB_KEPT; i++) {
        if (kept[i].mask & written) {
            kept[i].tables = NULL;
        }
    }
}


static billing_db_kept_t *
billing_kept_find(billing_db_kept_t *kept, const char *tables, const char *id)
{
    for (size_t i = 0; i < BILLING_DB_KEPT; i++) {
        if (kept[i].tables == tables && strcmp(kept[i].id, id) == 0) {
            return &kept[i];
        }
    }

    return NULL;
}


/* The next number of use; the place used longest ago has the lowest. */

static uint64_t
billing_kept_use(const billing_db_kept_t *kept)
{
    uint64_t  last = 0;

    for (size_t i = 0; i < BILLING_DB_KEPT; i++) {
        last = (kept[i].used > last) ? kept[i].used : last;
    }

    return last + 1;
}


bool
billing_kept_get(billing_db_kept_t *kept, const char *tables, const char *id,
    void *value, size_t size)
{
    billing_db_kept_t  *found = billing_kept_find(kept, tables, id);

    if (found == NULL || found->size != size) {
        return false;
    }

    found->used = billing_kept_use(kept);
    memcpy(value, found->value, size);

    return true;
}


/* One that finds no memory is read again, that is all. */

void
billing_kept_put(billing_db_kept_t *kept, const char *tables, const char *id,
    const void *value, size_t size)
{
    void               *copy;
    billing_db_kept_t  *at = billing_kept_find(kept, tables, id);

    for (size_t i = 0; at == NULL && i < BILLING_DB_KEPT; i++) {
        at = (kept[i].tables == NULL) ? &kept[i] : NULL;
    }

    if (at == NULL) {
        at = kept;

        for (size_t i = 1; i < BILLING_DB_KEPT; i++) {
            at = (kept[i].used < at->used) ? &kept[i] : at;
        }
    }

    at->tables = NULL;

    if (strlen(id) >= sizeof(at->id)) {
        return;
    }

    copy = (at->size == size) ? at->value : realloc(at->value, size);
    if (copy == NULL) {
        return;
    }

    memcpy(copy, value, size);
    at->value = copy;
    at->size = size;
    at->tables = tables;
    at->mask = billing_kept_mask(tables);
    at->used = billing_kept_use(kept);
    memcpy(at->id, id, strlen(id) + 1);
}


void
billing_kept_free(billing_db_kept_t *kept)
{
    for (size_t i = 0; i < BILLING_DB_KEPT; i++) {
        free(kept[i].value);
    }
}
