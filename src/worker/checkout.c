/*
 * Checkouts: rows, states and the moves between them.  A state only moves
 * forward; whatever else is asked is refused and reported.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    const char  *word;
    const char  *answer;                /* "state" of a purchase */
    bool         final;
    unsigned     next;                  /* bit per state that may follow */
} billing_checkout_row_t;


static billing_db_rc_t billing_checkout_store(billing_worker_t *w,
    const billing_checkout_t *co);
static bool billing_checkout_read(billing_db_t *db, const char *sql,
    billing_checkout_t *co);
static billing_reason_t billing_reason_of(const char *code);


#define BILLING_TO(state)  (1u << (BILLING_CHECKOUT_##state))

/*
 * UNKNOWN ends on the gateway's proof only.  FAILED may start anew when the
 * reason was ours (billing_checkout_again), never after a refusal.  Money
 * that comes after the end goes back.
 */

static const billing_checkout_row_t
    billing_checkout_rows[BILLING_CHECKOUT_STATES] =
{
    [BILLING_CHECKOUT_NONE] = { "", "pending", false,
        BILLING_TO(NEW) },
    [BILLING_CHECKOUT_NEW] = { "new", "pending", false,
        BILLING_TO(CHARGING) | BILLING_TO(FAILED) | BILLING_TO(SUCCEEDED) },
    [BILLING_CHECKOUT_CHARGING] = { "charging", "pending", false,
        BILLING_TO(SUCCEEDED) | BILLING_TO(FAILED) | BILLING_TO(ACTION)
        | BILLING_TO(UNKNOWN) | BILLING_TO(REFUNDING) },
    [BILLING_CHECKOUT_ACTION] = { "action", "action_required", false,
        BILLING_TO(CHARGING) | BILLING_TO(EXPIRED) },
    [BILLING_CHECKOUT_UNKNOWN] = { "unknown", "unknown", false,
        BILLING_TO(SUCCEEDED) | BILLING_TO(FAILED) | BILLING_TO(ACTION)
        | BILLING_TO(REFUNDING) },
    [BILLING_CHECKOUT_SUCCEEDED] = { "succeeded", "done", true, 0 },
    [BILLING_CHECKOUT_FAILED] = { "failed", "refused", true,
        BILLING_TO(NEW) | BILLING_TO(REFUNDING) },
    [BILLING_CHECKOUT_REFUNDING] = { "refunding", "unknown", false,
        BILLING_TO(REFUNDED) },
    [BILLING_CHECKOUT_REFUNDED] = { "refunded", "refused", true, 0 },
    [BILLING_CHECKOUT_EXPIRED] = { "expired", "refused", true,
        BILLING_TO(REFUNDING) }
};


const char *
billing_checkout_word(billing_checkout_state_t state)
{
    return billing_checkout_rows[state].word;
}


billing_checkout_state_t
billing_checkout_parse(const char *word)
{
    int  state;

    for (state = BILLING_CHECKOUT_NEW; state < BILLING_CHECKOUT_STATES;
         state++)
    {
        if (strcmp(billing_checkout_rows[state].word, word) == 0) {
            return (billing_checkout_state_t) state;
        }
    }

    return BILLING_CHECKOUT_NONE;
}


bool
billing_checkout_final(billing_checkout_state_t state)
{
    return billing_checkout_rows[state].final;
}


bool
billing_checkout_forward(billing_checkout_state_t from,
    billing_checkout_state_t to)
{
    return (billing_checkout_rows[from].next & (1u << to)) != 0;
}


const char *
billing_checkout_answer_word(billing_checkout_state_t state)
{
    return billing_checkout_rows[state].answer;
}


billing_db_rc_t
billing_checkout_load(billing_worker_t *w, const char *id,
    billing_checkout_t *co)
{
    static const char  sql[] =
        "SELECT id, team, actor, lang, state, step, attempt, quote,"
        " amount_minor, promo, customer, payment_method, client_secret,"
        " intent, waiter, cancelling, page_after, reason, email,"
        " card_brand, card_last4, captured_minor, next_try_at, started_at,"
        " action_at, ended_at, captured_in, look_again, purpose, due_at,"
        " asked FROM checkout WHERE id = $1";

    bool             ok;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(co, 0, sizeof(*co));
    ok = billing_checkout_read(w->db, sql, co);
    billing_db_done(w->db, sql);

    if (!ok) {
        billing_log("ALERT: checkout %s cannot be read", id);
        return BILLING_DB_CONFLICT;
    }

    return BILLING_DB_OK;
}


static bool
billing_checkout_read(billing_db_t *db, const char *sql,
    billing_checkout_t *co)
{
    const char  *code;

    billing_copy(co->id, sizeof(co->id), billing_db_text(db, sql, 0));
    billing_copy(co->team, sizeof(co->team), billing_db_text(db, sql, 1));
    billing_copy(co->actor, sizeof(co->actor), billing_db_text(db, sql, 2));
    co->lang = billing_lang_of(billing_db_text(db, sql, 3));
    co->state = billing_checkout_parse(billing_db_text(db, sql, 4));
    co->step = (billing_call_kind_t) billing_db_int(db, sql, 5);
    co->attempt = (uint32_t) billing_db_int(db, sql, 6);

    if (billing_quote_load(billing_db_text(db, sql, 7), &co->quote)
        != BILLING_OK)
    {
        return false;
    }

    co->amount.minor = billing_db_int(db, sql, 8);
    co->amount.currency = co->quote.total.currency;
    billing_copy(co->promo, sizeof(co->promo), billing_db_text(db, sql, 9));
    billing_copy(co->customer, sizeof(co->customer),
                 billing_db_text(db, sql, 10));
    billing_copy(co->payment_method, sizeof(co->payment_method),
                 billing_db_text(db, sql, 11));
    billing_copy(co->client_secret, sizeof(co->client_secret),
                 billing_db_text(db, sql, 12));
    billing_copy(co->intent, sizeof(co->intent),
                 billing_db_text(db, sql, 13));
    billing_copy(co->waiter, sizeof(co->waiter),
                 billing_db_text(db, sql, 14));
    co->cancelling = billing_db_int(db, sql, 15) != 0;
    billing_copy(co->page_after, sizeof(co->page_after),
                 billing_db_text(db, sql, 16));
    co->reason = billing_reason_of(billing_db_text(db, sql, 17));
    billing_copy(co->email, sizeof(co->email), billing_db_text(db, sql, 18));
    billing_copy(co->card_brand, sizeof(co->card_brand),
                 billing_db_text(db, sql, 19));
    billing_copy(co->card_last4, sizeof(co->card_last4),
                 billing_db_text(db, sql, 20));
    co->captured.minor = billing_db_int(db, sql, 21);
    co->next_try_at = billing_db_int(db, sql, 22);
    co->started_at = billing_db_int(db, sql, 23);
    co->action_at = billing_db_int(db, sql, 24);
    co->ended_at = billing_db_int(db, sql, 25);
    code = billing_db_text(db, sql, 26);
    co->captured.currency = billing_currency_parse(code, strlen(code));
    co->look_again = billing_db_int(db, sql, 27) != 0;
    co->purpose = billing_purpose_parse(billing_db_text(db, sql, 28));
    co->due_at = billing_db_int(db, sql, 29);
    billing_copy(co->asked, sizeof(co->asked), billing_db_text(db, sql, 30));

    return true;
}


/* Codes outlive the numbers of an enum, so they are what is stored. */

static billing_reason_t
billing_reason_of(const char *code)
{
    int  reason;

    for (reason = BILLING_ALLOW + 1; reason < BILLING_REASONS; reason++) {
        if (strcmp(billing_reason_code((billing_reason_t) reason), code)
            == 0)
        {
            return (billing_reason_t) reason;
        }
    }

    return BILLING_ALLOW;
}


/* A checkout that starts anew keeps its id, and its attempts as they were. */

billing_db_rc_t
billing_checkout_insert(billing_worker_t *w, const billing_checkout_t *co)
{
    static const char  sql[] =
        "INSERT INTO checkout (id, team, actor, lang, state, quote,"
        " amount_minor, currency, started_at, promo, email, purpose, due_at,"
        " asked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
        " $13, $14)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
        " actor = excluded.actor, lang = excluded.lang,"
        " quote = excluded.quote, amount_minor = excluded.amount_minor,"
        " started_at = excluded.started_at, promo = excluded.promo,"
        " email = excluded.email, purpose = excluded.purpose,"
        " due_at = excluded.due_at, asked = excluded.asked"
        " WHERE checkout.state = 'failed'";

    char             *text;
    json_t           *quote;
    billing_db_rc_t   rc;

    quote = billing_quote_dump(&co->quote);
    text = quote == NULL ? NULL : json_dumps(quote, JSON_COMPACT);
    json_decref(quote);

    if (text == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_exec(w->db, sql, "ttttttititttit", co->id, co->team,
             co->actor, billing_lang_name(co->lang),
             billing_checkout_word(co->state), text, co->amount.minor,
             billing_currency_code(co->amount.currency), co->started_at,
             co->promo, co->email, billing_purpose_of(co->purpose)->word,
             co->due_at, co->asked);
    free(text);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_db_changes(w->db) != 1) {
        return BILLING_DB_CONFLICT;
    }

    return billing_passes_reserve(w, co);
}


billing_db_rc_t
billing_checkout_move(billing_worker_t *w, billing_checkout_t *co,
    billing_checkout_state_t to)
{
    billing_db_rc_t  rc;

    rc = billing_checkout_turn(co, to);

    return rc == BILLING_DB_OK ? billing_checkout_store(w, co) : rc;
}


billing_db_rc_t
billing_checkout_turn(billing_checkout_t *co, billing_checkout_state_t to)
{
    if (to != co->state && !billing_checkout_forward(co->state, to)) {
        billing_log("ALERT: checkout %s cannot go from %s to %s",
                    co->id, billing_checkout_word(co->state),
                    billing_checkout_word(to));
        return BILLING_DB_CONFLICT;
    }

    co->state = to;

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_checkout_store(billing_worker_t *w, const billing_checkout_t *co)
{
    static const char  sql[] =
        "UPDATE checkout SET state = $1, step = $2, attempt = $3,"
        " waiter = $4, cancelling = $5, page_after = $6, next_try_at = $7,"
        " reason = $8, customer = $9, payment_method = $10,"
        " client_secret = $11, intent = $12, card_brand = $13,"
        " card_last4 = $14, captured_minor = $15, captured_in = $16,"
        " action_at = $17, ended_at = $18, look_again = $19 WHERE id = $20";

    billing_db_list_t  list;

    list.n = 0;
    billing_db_add(&list, "tiititit", billing_checkout_word(co->state),
                   (int64_t) co->step, (int64_t) co->attempt, co->waiter,
                   (int64_t) co->cancelling, co->page_after, co->next_try_at,
                   co->reason == BILLING_ALLOW
                       ? "" : billing_reason_code(co->reason));
    billing_db_add(&list, "ttttttit", co->customer, co->payment_method,
                   co->client_secret, co->intent, co->card_brand,
                   co->card_last4, co->captured.minor,
                   billing_currency_code(co->captured.currency));
    billing_db_add(&list, "iiit", co->action_at, co->ended_at,
                   (int64_t) co->look_again, co->id);

    return billing_db_put_later(w->db, sql, &list);
}


billing_db_rc_t
billing_checkout_again(billing_worker_t *w, billing_checkout_t *co)
{
    billing_db_rc_t  rc;

    co->attempt++;
    co->step = co->customer[0] == '\0' ? BILLING_CALL_CUSTOMER
                                       : BILLING_CALL_ATTACH;
    co->reason = BILLING_ALLOW;
    co->intent[0] = '\0';
    co->client_secret[0] = '\0';
    co->page_after[0] = '\0';
    co->cancelling = false;
    co->action_at = 0;
    co->ended_at = 0;

    rc = billing_checkout_turn(co, BILLING_CHECKOUT_NEW);

    return rc == BILLING_DB_OK ? billing_checkout_send(w, co) : rc;
}


billing_db_rc_t
billing_checkout_is_open(billing_worker_t *w, const char *team, bool *open)
{
    static const char  sql[] =
        "SELECT 1 FROM checkout WHERE team = $1 AND state IN"
        " ('new', 'charging', 'action', 'unknown') LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", team);
    *open = rc == BILLING_DB_ROW;

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
