/*
 * billingctl verify --gateway: what the gateway has kept and what the database
 * knows of it are the same payments.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define BILLING_VERIFY_RECENT_SEC  60   /* what is under way is no finding */


/* Pages as they come: intent to the checkout it paid for. */
typedef struct {
    json_t                  *seen;
    billing_gateway_page_t   page;
} billing_verify_list_t;

typedef struct {
    char     state[16];                 /* "" no such checkout */
    char     intent[BILLING_GATEWAY_ID_MAX + 1];
    char     currency[4];
    int64_t  amount_minor;
    int64_t  captured_minor;
} billing_verify_checkout_t;


static billing_db_rc_t billing_check_gateway(billing_verify_t *v);
static billing_db_rc_t billing_verify_pages(billing_verify_t *v,
    billing_verify_list_t *list);
static bool billing_verify_fetch(billing_verify_t *v, const char *after,
    billing_gateway_page_t *page);
static billing_db_rc_t billing_verify_payment(billing_verify_t *v,
    const billing_gateway_payment_t *payment);
static billing_db_rc_t billing_verify_strayed(billing_verify_t *v,
    const char *intent);
static billing_db_rc_t billing_verify_checkout(billing_verify_t *v,
    const char *id, billing_verify_checkout_t *out);
static billing_db_rc_t billing_verify_unseen(billing_verify_t *v,
    const json_t *seen);


const billing_check_t  billing_checks_gateway[] = {
    { "gateway.payments", "payments",
      "look at the payment in the gateway's own pages; money that nothing was"
      " given for goes back",
      NULL, "", NULL, billing_check_gateway },
    { .name = NULL }
};


static billing_db_rc_t
billing_check_gateway(billing_verify_t *v)
{
    billing_db_rc_t         rc;
    billing_verify_list_t  *list;

    list = calloc(1, sizeof(*list));

    if (list == NULL || !billing_ctl_secrets(v->s)
        || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK
        || !billing_http_new(v->w))
    {
        free(list);
        billing_verify_unknown(v, "the gateway cannot be asked");
        return BILLING_DB_OK;
    }

    list->seen = json_object();

    rc = billing_verify_pages(v, list);

    if (rc == BILLING_DB_OK && v->unknown[0] == '\0') {
        rc = billing_verify_unseen(v, list->seen);
    }

    json_decref(list->seen);
    free(list);
    billing_http_free(v->w);
    curl_global_cleanup();

    return rc;
}


static billing_db_rc_t
billing_verify_pages(billing_verify_t *v, billing_verify_list_t *list)
{
    char             after[BILLING_GATEWAY_ID_MAX + 1] = "";
    billing_db_rc_t  rc = BILLING_DB_OK;

    do {
        if (!billing_verify_fetch(v, after, &list->page)) {
            return BILLING_DB_OK;
        }

        for (size_t i = 0; i < list->page.n && rc == BILLING_DB_OK; i++) {
            const billing_gateway_payment_t  *payment;

            payment = &list->page.payments[i];
            memcpy(after, payment->id, sizeof(after));

            if (payment->succeeded && payment->checkout[0] != '\0') {
                (void) json_object_set_new(list->seen, payment->id,
                                           json_string(payment->checkout));
                rc = billing_verify_payment(v, payment);
                v->looked++;
            }
        }

        billing_ctl_progress(v->s->ctl, "payments", v->looked, 0);

    } while (list->page.more && rc == BILLING_DB_OK);

    return rc;
}


/* The worker's own way to the gateway, its limits and its proof of identity. */

static bool
billing_verify_fetch(billing_verify_t *v, const char *after,
    billing_gateway_page_t *page)
{
    bool                       good = false;
    billing_call_t             call = { .kind = BILLING_CALL_SEARCH };
    const billing_finished_t  *finished;

    (void) snprintf(call.subject, sizeof(call.subject), "verify");

    if (billing_gateway_list(after, 0, &call.request) != BILLING_OK) {
        billing_verify_unknown(v, "the gateway gave an id that is none");
        return false;
    }

    billing_call_after_commit(v->w, &call);
    billing_http_committed(v->w);

    while (billing_http_finished(v->w, &finished) == 0
           && billing_http_busy(v->w) > 0)
    {
        billing_http_wait(v->w, NULL, 0, 1000);
        billing_http_perform(v->w);
    }

    if (billing_http_finished(v->w, &finished) == 0) {
        billing_verify_unknown(v, "out of memory");
        return false;
    }

    good = billing_gateway_page(&finished->reply, page) == BILLING_OK;

    if (!good) {
        billing_verify_unknown(v, "the gateway answered %u, which is no list"
                               " of payments", finished->reply.status);
    }

    billing_http_drop(v->w, 1);

    return good;
}


static billing_db_rc_t
billing_verify_payment(billing_verify_t *v,
    const billing_gateway_payment_t *payment)
{
    bool                        back;
    billing_db_rc_t             rc;
    billing_verify_checkout_t   ours;

    rc = billing_verify_strayed(v, payment->id);

    if (rc != BILLING_DB_DONE) {
        return rc == BILLING_DB_ROW ? BILLING_DB_OK : rc;
    }

    rc = billing_verify_checkout(v, payment->checkout, &ours);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* Younger than this view of the database, or still on its way there. */

    if (payment->created_at > v->wall - BILLING_VERIFY_RECENT_SEC
        && (ours.state[0] == '\0' || strcmp(ours.state, "new") == 0
            || strcmp(ours.state, "charging") == 0
            || strcmp(ours.state, "action") == 0
            || strcmp(ours.state, "unknown") == 0))
    {
        return BILLING_DB_OK;
    }

    if (ours.state[0] == '\0') {
        billing_verify_found(v, payment->id, "took %" PRId64 " %s for"
                             " checkout %s, which is not known",
                             payment->received_minor, payment->currency,
                             payment->checkout);
        return BILLING_DB_OK;
    }

    back = strcmp(ours.state, "refunding") == 0
           || strcmp(ours.state, "refunded") == 0;

    if (!back && strcmp(ours.state, "succeeded") != 0) {
        billing_verify_found(v, payment->id, "took %" PRId64 " %s for"
                             " checkout %s, which is %s",
                             payment->received_minor, payment->currency,
                             payment->checkout, ours.state);
        return BILLING_DB_OK;
    }

    if (strcmp(ours.intent, payment->id) != 0) {
        billing_verify_found(v, payment->id, "took %" PRId64 " %s for"
                             " checkout %s, which was paid by %s",
                             payment->received_minor, payment->currency,
                             payment->checkout, ours.intent);
        return BILLING_DB_OK;
    }

    if (!back && (ours.amount_minor != payment->received_minor
                  || strcmp(ours.currency, payment->currency) != 0))
    {
        billing_verify_found(v, payment->id, "took %" PRId64 " %s, checkout"
                             " %s is over %" PRId64 " %s",
                             payment->received_minor, payment->currency,
                             payment->checkout, ours.amount_minor,
                             ours.currency);
    }

    return BILLING_DB_OK;
}


/* ROW: found by the worker, which gives it back or has done so. */

static billing_db_rc_t
billing_verify_strayed(billing_verify_t *v, const char *intent)
{
    static const char  sql[] =
        "SELECT 1 FROM stray WHERE intent = $1 AND state <> 'flagged'";

    billing_db_rc_t  rc;

    rc = billing_db_query(v->w->db, sql, "t", intent);

    if (rc == BILLING_DB_ROW) {
        billing_db_done(v->w->db, sql);
    }

    return rc;
}


static billing_db_rc_t
billing_verify_checkout(billing_verify_t *v, const char *id,
    billing_verify_checkout_t *out)
{
    static const char  sql[] =
        "SELECT state, intent, currency, amount_minor, captured_minor"
        " FROM checkout WHERE id = $1";

    billing_db_t     *db = v->w->db;
    billing_db_rc_t   rc;

    memset(out, 0, sizeof(*out));
    rc = billing_db_query(db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    (void) snprintf(out->state, sizeof(out->state), "%s",
                    billing_db_text(db, sql, 0));
    (void) snprintf(out->intent, sizeof(out->intent), "%s",
                    billing_db_text(db, sql, 1));
    (void) snprintf(out->currency, sizeof(out->currency), "%s",
                    billing_db_text(db, sql, 2));
    out->amount_minor = billing_db_int(db, sql, 3);
    out->captured_minor = billing_db_int(db, sql, 4);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


/* What we think was paid and the gateway does not list. */

static billing_db_rc_t
billing_verify_unseen(billing_verify_t *v, const json_t *seen)
{
    static const char  sql[] =
        "SELECT id, intent, amount_minor, currency FROM checkout"
        " WHERE state = 'succeeded' AND amount_minor > 0"
        " AND purpose NOT IN ('card', 'trial_card') ORDER BY id";

    const char       *id, *intent, *paid;
    billing_db_rc_t   rc;

    rc = billing_db_query(v->w->db, sql, "");

    while (rc == BILLING_DB_ROW) {
        id = billing_db_text(v->w->db, sql, 0);
        intent = billing_db_text(v->w->db, sql, 1);
        paid = json_string_value(json_object_get(seen, intent));

        if (paid == NULL || strcmp(paid, id) != 0) {
            billing_verify_found(v, id, "was paid by %s with %" PRId64 " %s,"
                                 " which the gateway does not list",
                                 intent[0] == '\0' ? "nothing" : intent,
                                 billing_db_int(v->w->db, sql, 2),
                                 billing_db_text(v->w->db, sql, 3));
        }

        rc = billing_db_next(v->w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
