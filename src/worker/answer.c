/*
 * Answers to nginx: queued while the transaction is open, published when it
 * has been committed.  A client that is gone does not matter: the answer is in
 * the command row, and the same key asks for it again.
 */

#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

typedef struct {
    char       channel[BILLING_KEY_MAX];
    char      *bytes;
    size_t     len;
    char       op[BILLING_OP_ID_LEN + 1];
    char       trace[BILLING_TRACE_LEN + 1];    /* "": nothing is logged */
    unsigned   status;
} billing_answer_slot_t;

struct billing_answers_s {
    billing_answer_slot_t  *slots;
    size_t                  n;
    size_t                  max;
};


bool
billing_answers_new(billing_worker_t *w)
{
    billing_infra(w)->answers = calloc(1, sizeof(struct billing_answers_s));

    return billing_infra(w)->answers != NULL;
}


void
billing_answers_free(billing_worker_t *w)
{
    struct billing_answers_s  *a = billing_infra(w)->answers;

    if (a != NULL) {
        billing_answers_undo(w, 0);
        free(a->slots);
        free(a);
        billing_infra(w)->answers = NULL;
    }
}


static billing_answer_slot_t *
billing_answers_push(struct billing_answers_s *a)
{
    size_t                  max;
    billing_answer_slot_t  *grown;

    if (a->n == a->max) {
        max = a->max ? a->max * 2 : 64;

        grown = realloc(a->slots, max * sizeof(billing_answer_slot_t));
        if (grown == NULL) {
            return NULL;
        }

        a->slots = grown;
        a->max = max;
    }

    return &a->slots[a->n];
}


void
billing_answer_queue(billing_worker_t *w, const char *channel,
    const billing_answer_t *answer)
{
    size_t                     len = strlen(channel);
    billing_answer_slot_t     *slot;
    struct billing_answers_s  *a = billing_infra(w)->answers;

    if (len == 0 || len >= sizeof(slot->channel)) {
        return;
    }

    slot = billing_answers_push(a);
    if (slot == NULL) {
        billing_log("an answer is lost: out of memory");
        return;
    }

    if (billing_answer_encode(&w->secrets[0], answer, &slot->bytes,
                              &slot->len) != BILLING_OK)
    {
        billing_log("an answer of %zu bytes cannot be written",
                    answer->body.len);
        return;
    }

    memcpy(slot->channel, channel, len + 1);
    memcpy(slot->op, answer->op, sizeof(slot->op));
    memcpy(slot->trace, w->trace, sizeof(slot->trace));
    slot->status = answer->status;
    a->n++;
}


void
billing_answers_flush(billing_worker_t *w)
{
    struct billing_answers_s  *a = billing_infra(w)->answers;

    for (size_t i = 0; i < a->n; i++) {
        billing_redis_command_t  command = { .argc = 0 };

        billing_redis_word(&command, "PUBLISH");
        billing_redis_word(&command, a->slots[i].channel);
        billing_redis_arg(&command, a->slots[i].bytes, a->slots[i].len);
        (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);

        if (a->slots[i].trace[0] != '\0') {
            billing_log_trace(a->slots[i].trace);
            billing_log("operation %s answered %u", a->slots[i].op,
                        a->slots[i].status);
            billing_log_trace(NULL);
        }
    }

    billing_answers_undo(w, 0);
}


size_t
billing_answers_mark(const billing_worker_t *w)
{
    return billing_infra(w)->answers->n;
}


void
billing_answers_undo(billing_worker_t *w, size_t mark)
{
    struct billing_answers_s  *a = billing_infra(w)->answers;

    while (a->n > mark) {
        free(a->slots[--a->n].bytes);
    }
}
