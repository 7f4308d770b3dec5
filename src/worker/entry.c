/* Entries of a stream as Redis gives them, and lists of them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"


static char *
billing_entry_field(const redisReply *fields, const char *name, size_t *len)
{
    char              *copy;
    const redisReply  *key, *value;

    *len = 0;

    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        key = fields->element[i];
        value = fields->element[i + 1];

        if (key->type != REDIS_REPLY_STRING
            || value->type != REDIS_REPLY_STRING
            || strcmp(key->str, name) != 0)
        {
            continue;
        }

        /* Too long to be ours: the beginning is kept for the operator. */
        *len = (value->len <= BILLING_ENVELOPE_MAX) ? value->len
                                                    : BILLING_ENVELOPE_MAX + 1;
        copy = malloc(*len + 1);
        if (copy == NULL) {
            return NULL;
        }

        memcpy(copy, value->str, *len);
        copy[*len] = '\0';

        return copy;
    }

    return NULL;
}


billing_entry_t *
billing_entries_push(billing_entries_t *entries)
{
    unsigned          max;
    billing_entry_t  *grown;

    if (entries->n == entries->max) {
        max = entries->max ? entries->max * 2 : BILLING_TURN_MAX;

        grown = realloc(entries->entries, max * sizeof(billing_entry_t));
        if (grown == NULL) {
            return NULL;
        }

        entries->entries = grown;
        entries->max = max;
    }

    entries->entries[entries->n] = (billing_entry_t) { .deliveries = 0 };

    return &entries->entries[entries->n++];
}


void
billing_entries_parse(const redisReply *list, billing_stream_name_t stream,
    uint32_t deliveries, billing_entries_t *out)
{
    billing_entry_t   *entry;
    const redisReply  *row;

    if (list == NULL || list->type != REDIS_REPLY_ARRAY) {
        return;
    }

    for (size_t i = 0; i < list->elements; i++) {
        row = list->element[i];

        if (row->type != REDIS_REPLY_ARRAY || row->elements < 2
            || row->element[0]->type != REDIS_REPLY_STRING
            || row->element[0]->len >= BILLING_ENTRY_ID_MAX)
        {
            continue;
        }

        entry = billing_entries_push(out);
        if (entry == NULL) {
            return;             /* unacknowledged: it will be claimed */
        }

        entry->stream = stream;
        entry->deliveries = deliveries;
        (void) snprintf(entry->id, sizeof(entry->id), "%s",
                        row->element[0]->str);

        if (row->element[1]->type == REDIS_REPLY_ARRAY) {
            entry->command = billing_entry_field(row->element[1], "c",
                                                 &entry->command_len);
            entry->mac = billing_entry_field(row->element[1], "m",
                                             &entry->mac_len);
        }
    }
}


void
billing_entries_release(billing_entries_t *entries)
{
    for (unsigned i = 0; i < entries->n; i++) {
        free(entries->entries[i].command);
        free(entries->entries[i].mac);
    }

    entries->n = 0;
}


int
billing_entry_id_compare(const char *a, const char *b)
{
    char       *end;
    uint64_t    left, right;

    left = strtoull(a, &end, 10);
    a = (*end == '-') ? end + 1 : end;
    right = strtoull(b, &end, 10);
    b = (*end == '-') ? end + 1 : end;

    if (left != right) {
        return (left < right) ? -1 : 1;
    }

    left = strtoull(a, NULL, 10);
    right = strtoull(b, NULL, 10);

    if (left == right) {
        return 0;
    }

    return (left < right) ? -1 : 1;
}


bool
billing_entry_id_is_last(const char *id)
{
    return billing_entry_id_compare(id, "18446744073709551615-"
                                        "18446744073709551615") == 0;
}
