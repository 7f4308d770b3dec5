/*
 * What the gateway took, compared with what we know of it.  Replies, events
 * and look-ups find all but what went wrong in a way nobody thought of; this
 * finds that, too, within minutes of the gateway being there again (P9).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"
#include "billing_match.h"

#define BILLING_MATCH_SUBJECT  "match"


typedef struct {
    int64_t  done_at;
    int64_t  whole_at;
    int64_t  since_at;
    int64_t  begun_at;
    int64_t  next_try_at;
    char     after[BILLING_GATEWAY_ID_MAX + 1];
} billing_looking_t;


static billing_db_rc_t billing_match_load(billing_worker_t *w,
    billing_looking_t *match);
static billing_db_rc_t billing_match_store(billing_worker_t *w,
    const billing_looking_t *match);
static void billing_match_window(billing_looking_t *match, int64_t wall);
static billing_db_rc_t billing_match_look(billing_worker_t *w,
    const char *id, int64_t wall);
static billing_db_rc_t billing_match_send(billing_worker_t *w,
    billing_looking_t *match, int64_t wall);
static billing_db_rc_t billing_match_page(billing_worker_t *w,
    billing_looking_t *match, const billing_gateway_page_t *page, int64_t now);
static billing_db_rc_t billing_match_payment(billing_worker_t *w,
    const billing_gateway_payment_t *payment, int64_t now);
static billing_db_rc_t billing_match_ended(billing_worker_t *w,
    billing_checkout_t *co, const billing_gateway_payment_t *payment,
    int64_t now);


billing_db_rc_t
billing_match_sweep(billing_worker_t *w, int64_t wall, int64_t *next_wall)
{
    static const char  push_sql[] =
        "UPDATE gateway_match SET next_try_at = $1 WHERE id = 1";

    billing_db_rc_t    rc;
    billing_looking_t  match;

    rc = billing_match_load(w, &match);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* Far ahead: written under a clock that has been set back since. */

    if (match.next_try_at <= wall
        || match.next_try_at > wall + BILLING_MATCH_OVERLAP_SEC)
    {
        match.next_try_at = wall + BILLING_FLIGHT_SEC;
        rc = billing_savepoint_row(w, billing_match_look,
                                   BILLING_MATCH_SUBJECT, wall);

        if (rc == BILLING_DB_CONFLICT) {
            rc = billing_db_exec(w->db, push_sql, "i", match.next_try_at);
        }
    }

    *next_wall = match.next_try_at < *next_wall ? match.next_try_at
                                                : *next_wall;

    return rc;
}


static billing_db_rc_t
billing_match_look(billing_worker_t *w, const char *id, int64_t wall)
{
    billing_db_rc_t    rc;
    billing_looking_t  match;

    (void) id;

    rc = billing_match_load(w, &match);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (match.begun_at == 0) {
        billing_match_window(&match, wall);
    }

    return billing_match_send(w, &match, wall);
}


static void
billing_match_window(billing_looking_t *match, int64_t wall)
{
    match->begun_at = wall;
    match->after[0] = '\0';
    match->since_at = match->done_at - BILLING_MATCH_OVERLAP_SEC;

    if (match->done_at == 0
        || (wall - match->whole_at >= BILLING_MATCH_WHOLE_SEC
            && match->since_at > wall - BILLING_MATCH_LONG_SEC))
    {
        match->since_at = wall - BILLING_MATCH_LONG_SEC;
    }
}


static billing_db_rc_t
billing_match_send(billing_worker_t *w, billing_looking_t *match, int64_t wall)
{
    billing_call_t   call;
    billing_db_rc_t  rc;

    match->next_try_at = wall + BILLING_FLIGHT_SEC;

    memset(&call, 0, sizeof(call));
    call.kind = BILLING_CALL_MATCH;
    billing_copy(call.subject, sizeof(call.subject), BILLING_MATCH_SUBJECT);

    if (billing_gateway_list(match->after, match->since_at, &call.request)
        != BILLING_OK)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_match_store(w, match);

    if (rc == BILLING_DB_OK
        && !billing_call_in_flight(w, BILLING_MATCH_SUBJECT))
    {
        billing_call_after_commit(w, &call);
    }

    return rc;
}


billing_db_rc_t
billing_match_reply(billing_worker_t *w, const billing_call_t *call,
    const billing_reply_t *reply, int64_t now)
{
    billing_db_rc_t          rc;
    billing_looking_t          match;
    billing_gateway_page_t  *page;

    (void) call;

    rc = billing_match_load(w, &match);

    if (rc != BILLING_DB_OK || match.begun_at == 0) {
        return rc;
    }

    page = malloc(sizeof(*page));

    if (page == NULL) {
        return BILLING_DB_OK;           /* the sweep asks for it again */
    }

    if (billing_gateway_page(reply, page) != BILLING_OK) {
        match.next_try_at = billing_worker_wall(w) + BILLING_MATCH_SEC / 5;
        rc = billing_match_store(w, &match);

    } else {
        rc = billing_match_page(w, &match, page, now);
    }

    free(page);

    return rc;
}


static billing_db_rc_t
billing_match_page(billing_worker_t *w, billing_looking_t *match,
    const billing_gateway_page_t *page, int64_t now)
{
    size_t           i;
    int64_t          wall;
    billing_mark_t   mark;
    billing_db_rc_t  rc;

    wall = billing_worker_wall(w);

    for (i = 0; i < page->n; i++) {
        rc = billing_savepoint(w, &mark);

        if (rc == BILLING_DB_OK) {
            rc = billing_savepoint_end(w, &mark,
                     billing_match_payment(w, &page->payments[i], now));
        }

        /* The long look meets it again; the others are not its fault. */

        if (rc == BILLING_DB_CONFLICT) {
            billing_log("ALERT: payment %s contradicts the database",
                        page->payments[i].id);
            continue;
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    if (page->more) {
        billing_copy(match->after, sizeof(match->after),
                     page->payments[page->n - 1].id);
        return billing_match_send(w, match, wall);
    }

    if (match->since_at <= match->begun_at - BILLING_MATCH_LONG_SEC) {
        match->whole_at = match->begun_at;
    }

    match->done_at = match->begun_at;
    match->begun_at = 0;
    match->after[0] = '\0';
    match->next_try_at = wall + BILLING_MATCH_SEC;

    return billing_match_store(w, match);
}


/* Each of ours has its row; what bears no name of ours is not ours. */

static billing_db_rc_t
billing_match_payment(billing_worker_t *w,
    const billing_gateway_payment_t *payment, int64_t now)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;

    if (!payment->succeeded || payment->received_minor <= 0
        || payment->checkout[0] == '\0')
    {
        return BILLING_DB_OK;
    }

    rc = billing_checkout_load(w, payment->checkout, &co);

    if (rc == BILLING_DB_DONE) {
        return billing_stray_found(w, payment, false, now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (co.intent[0] != '\0' && strcmp(co.intent, payment->id) != 0) {
        return billing_stray_found(w, payment, true, now);
    }

    /* Who is under way asks for itself. */

    if (!billing_checkout_final(co.state)
        || (co.state == BILLING_CHECKOUT_SUCCEEDED && co.intent[0] != '\0')
        || co.state == BILLING_CHECKOUT_REFUNDED)
    {
        return BILLING_DB_OK;
    }

    return billing_match_ended(w, &co, payment, now);
}


/* It ended without this money: asked once more, then that goes back. */

static billing_db_rc_t
billing_match_ended(billing_worker_t *w, billing_checkout_t *co,
    const billing_gateway_payment_t *payment, int64_t now)
{
    if (co->state == BILLING_CHECKOUT_SUCCEEDED) {
        return billing_stray_found(w, payment, true, now);
    }

    if (billing_call_in_flight(w, co->id)) {
        return BILLING_DB_OK;
    }

    billing_log("ALERT: checkout %s is %s and was paid by %s", co->id,
                billing_checkout_word(co->state), payment->id);

    billing_copy(co->intent, sizeof(co->intent), payment->id);
    co->step = BILLING_CALL_LOOKUP;

    return billing_checkout_send(w, co);
}


static billing_db_rc_t
billing_match_load(billing_worker_t *w, billing_looking_t *match)
{
    static const char  sql[] =
        "SELECT done_at, whole_at, since_at, begun_at, next_try_at,"
        " page_after FROM gateway_match WHERE id = 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    match->done_at = billing_db_int(w->db, sql, 0);
    match->whole_at = billing_db_int(w->db, sql, 1);
    match->since_at = billing_db_int(w->db, sql, 2);
    match->begun_at = billing_db_int(w->db, sql, 3);
    match->next_try_at = billing_db_int(w->db, sql, 4);
    billing_copy(match->after, sizeof(match->after),
                 billing_db_text(w->db, sql, 5));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_match_store(billing_worker_t *w, const billing_looking_t *match)
{
    static const char  sql[] =
        "UPDATE gateway_match SET done_at = $1, whole_at = $2, since_at = $3,"
        " begun_at = $4, next_try_at = $5, page_after = $6 WHERE id = 1";

    return billing_db_exec(w->db, sql, "iiiiit", match->done_at,
                           match->whole_at, match->since_at, match->begun_at,
                           match->next_try_at, match->after);
}
