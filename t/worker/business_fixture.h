/*
 * The business on a database of its own, with the loop, the gateway and the
 * mail played by the test.  Included once by each test program.
 */

#ifndef BILLING_BUSINESS_FIXTURE_H
#define BILLING_BUSINESS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/worker/billing_business.h"
#include "../../src/worker/billing_infra.h"
#include "store_fixture.h"

#define CALLS_MAX    256
#define ANSWERS_MAX  256
#define T0           1767258000         /* 2026-01-01T09:00:00Z */

#define OWNER   "owner@example.test"
#define PLAIN   "plain@example.test"
#define APP     BILLING_APP_ACTOR

static struct {
    billing_worker_t    w;
    billing_settings_t  settings;
    billing_infra_t     infra;
    char                folder[64];
    char                dsn[STORE_DSN_MAX];
    int64_t             now;
    int64_t             wall;
    unsigned            ops;

    billing_call_t      queued[CALLS_MAX];      /* until the commit */
    unsigned            nqueued;
    size_t              waiting;        /* as if that many were before them */
    size_t              finished;       /* or had come back before them */
    billing_call_t      flying[CALLS_MAX];
    unsigned            nflying;
    bool                matching;       /* the gateway's list is asked for */

    char                answered[ANSWERS_MAX][BILLING_OP_ID_LEN + 1];
    unsigned            status[ANSWERS_MAX];
    json_t             *body[ANSWERS_MAX];
    unsigned            nanswers;

    unsigned            mails;
    char                mail_to[BILLING_EMAIL_MAX + 1];
    char                mail_key[64];
    char                token[64];              /* of the last that had one */
    unsigned            outbox;
} t;


/* --- what the infrastructure would be ------------------------------------- */

int64_t
billing_worker_now(const billing_worker_t *w)
{
    (void) w;
    return t.now;
}


int64_t
billing_worker_wall(const billing_worker_t *w)
{
    (void) w;
    return t.wall;
}


int64_t
billing_clock_wall_ms(void)
{
    return t.wall * 1000;
}


int64_t
billing_clock_mono_ms(void)
{
    return t.wall * 1000;
}


billing_db_rc_t
billing_clock_advance(billing_worker_t *w, int64_t seconds)
{
    w->clock_offset_sec += seconds;
    t.now += seconds;
    return BILLING_DB_OK;
}


void
billing_call_after_commit(billing_worker_t *w, const billing_call_t *call)
{
    (void) w;

    if (call->kind == BILLING_CALL_MATCH && !t.matching) {
        return;
    }

    assert_true(t.nqueued < CALLS_MAX);
    t.queued[t.nqueued++] = *call;
}


bool
billing_call_in_flight(const billing_worker_t *w, const char *subject)
{
    (void) w;

    for (unsigned i = 0; i < t.nflying; i++) {
        if (strcmp(t.flying[i].subject, subject) == 0) {
            return true;
        }
    }

    return false;
}


billing_db_rc_t
billing_op_finish(billing_worker_t *w, const char *op,
    billing_op_reply_t *reply)
{
    (void) w;
    assert_true(t.nanswers < ANSWERS_MAX);
    (void) snprintf(t.answered[t.nanswers], sizeof(t.answered[0]), "%s", op);
    t.status[t.nanswers] = reply->status;
    t.body[t.nanswers++] = reply->body;
    return BILLING_DB_OK;
}


billing_db_rc_t
billing_command_lookup(billing_worker_t *w, const char *op,
    const char *actor, billing_command_row_t *row)
{
    (void) w;
    (void) op;
    (void) actor;
    memset(row, 0, sizeof(*row));
    return BILLING_DB_DONE;
}


billing_db_rc_t
billing_mail_queue(billing_worker_t *w, const char *to,
    const char *template_key, const char *lang, const json_t *args,
    int64_t now)
{
    const char  *token = json_string_value(json_object_get(args, "token"));

    (void) w;
    (void) lang;
    (void) now;
    t.mails++;

    if (token != NULL) {
        (void) snprintf(t.token, sizeof(t.token), "%s", token);
    }

    (void) snprintf(t.mail_to, sizeof(t.mail_to), "%s", to);
    (void) snprintf(t.mail_key, sizeof(t.mail_key), "%s", template_key);
    return BILLING_DB_OK;
}


#include "business_said.h"
#include "business_marks.h"


/* --- the turn ------------------------------------------------------------- */

static inline void
turn_begin(void)
{
    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_savepoint(t.w.db), BILLING_DB_OK);
}


static inline void
turn_end(bool undo)
{
    if (undo) {
        t.nqueued = 0;
        t.w.chain = (billing_chain_t) { .no = -1 };
        billing_db_undo(t.w.db);

    } else {
        assert_int_equal(billing_db_release(t.w.db), BILLING_DB_OK);
    }

    assert_int_equal(billing_db_commit(t.w.db), BILLING_DB_OK);

    for (unsigned i = 0; i < t.nqueued; i++) {
        assert_true(t.nflying < CALLS_MAX);
        t.flying[t.nflying++] = t.queued[i];
    }

    t.nqueued = 0;
    said_look(true);
}


/* One operation; the reply's body is the caller's. */

static inline billing_op_reply_t
run_op(const char *op, const char *actor, const char *kind, json_t *body)
{
    billing_op_reply_t  reply;
    billing_command_t   command = {
        .op = op, .kind = kind, .actor = actor, .team = "", .key = op,
        .fingerprint = "", .reply = "", .lang = "en", .body = body
    };

    turn_begin();
    assert_int_equal(billing_op_run(&t.w, &command, t.now, &reply),
                     BILLING_DB_OK);
    turn_end(reply.undo);
    json_decref(body);

    return reply;
}


static inline const char *
next_op(void)
{
    static char  op[BILLING_OP_ID_LEN + 1];

    (void) snprintf(op, sizeof(op), "op_%032x", ++t.ops);
    return op;
}


/* Runs and wants that status; for a refusal also that code. */

static inline json_t *
expect(const char *actor, const char *kind, json_t *body, unsigned status,
    const char *code)
{
    billing_op_reply_t  reply = run_op(next_op(), actor, kind, body);

    if (reply.status != status) {
        char  *text = json_dumps(reply.body, 0);
        print_message("%s: %u %s\n", kind, reply.status, text);
        free(text);
    }

    assert_false(reply.later);
    assert_int_equal(reply.status, status);

    if (code != NULL) {
        assert_string_equal(json_string_value(json_object_get(reply.body,
                                                              "code")), code);
    }

    return reply.body;
}


#define drop  json_decref


static inline void
sweep(void)
{
    int64_t  next;

    turn_begin();
    assert_int_equal(billing_checkout_sweep(&t.w, t.now, &next),
                     BILLING_DB_OK);
    turn_end(false);
}


static inline billing_call_t
take_call(billing_call_kind_t kind)
{
    billing_call_t  call;

    assert_true(t.nflying > 0);
    call = t.flying[0];
    memmove(t.flying, t.flying + 1, --t.nflying * sizeof(call));
    assert_int_equal(call.kind, kind);

    return call;
}


static inline void
answer_call(const billing_call_t *call, unsigned status, const char *body,
    bool sent)
{
    billing_reply_t  reply = {
        .status = status, .body = body, .body_len = strlen(body)
    };

    turn_begin();
    assert_int_equal(billing_checkout_reply(&t.w, call, &reply, sent, t.now),
                     BILLING_DB_OK);
    turn_end(false);
}


static inline const char *
intent(const billing_call_t *call, const char *id, const char *status,
    int64_t amount)
{
    static char  text[1024];

    (void) snprintf(text, sizeof(text),
        "{\"id\":\"%s\",\"object\":\"payment_intent\",\"status\":\"%s\","
        "\"amount\":%lld,\"amount_received\":%lld,\"currency\":\"usd\","
        "\"client_secret\":\"%s_secret_x\","
        "\"metadata\":{\"checkout\":\"%s\",\"attempt\":\"%u\"}}",
        id, status, (long long) amount, (long long) amount, id,
        call->subject, call->attempt);

    return text;
}


/* Customer and payment method, if they are not there: up to the charge. */

static inline billing_call_t
to_the_charge(void)
{
    billing_call_t  call;

    if (t.flying[0].kind == BILLING_CALL_CUSTOMER) {
        call = take_call(BILLING_CALL_CUSTOMER);
        answer_call(&call, 200, "{\"id\":\"cus_1\",\"object\":\"customer\"}",
                    true);
    }

    if (t.flying[0].kind != BILLING_CALL_CHARGE) {
        call = take_call(BILLING_CALL_ATTACH);
        answer_call(&call, 200, "{\"id\":\"pm_card\",\"object\":"
                    "\"payment_method\",\"card\":{\"brand\":\"visa\","
                    "\"last4\":\"4242\"}}", true);
    }

    return take_call(BILLING_CALL_CHARGE);
}


static inline json_t *
order(const char *team, const char *plan, int seats, const char *promo)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s}}",
               "team", team, "plan", plan, "seats", seats,
               "period", "monthly", "promo", promo,
               "payment", "method", "card", "payment_method", "pm_card");
}


/* A purchase up to its charge; *op is its id. */

static inline billing_call_t
buy(const char *actor, json_t *body, char op[BILLING_OP_ID_LEN + 1])
{
    billing_op_reply_t  reply;

    (void) snprintf(op, BILLING_OP_ID_LEN + 1, "%s", next_op());
    reply = run_op(op, actor, "upgrade.buy", body);

    if (!reply.later) {
        char  *text = json_dumps(reply.body, 0);
        print_message("buy: %u %s\n", reply.status, text);
        free(text);
    }

    assert_true(reply.later);

    return to_the_charge();
}


#include "business_look.h"


/* --- set up --------------------------------------------------------------- */

static inline void
open_database(void)
{
    char  error[512] = "";

    t.w.chain = (billing_chain_t) { .no = -1 };
    t.w.db = billing_db_new(t.dsn, error, sizeof(error));

    if (t.w.db == NULL) {
        print_message("%s\n", error);
    }

    assert_non_null(t.w.db);
}


/* Instead of the one at hand: an older one, which is brought up. */

static inline void
open_older(const char *rows)
{
    billing_db_free(t.w.db);
    store_new(t.folder, "older", t.dsn);
    store_older(t.dsn, rows);
    open_database();
}


/* The process dies: what was not committed and what flies is gone. */

static inline void
crash(void)
{
    billing_db_free(t.w.db);
    t.nflying = 0;
    t.nqueued = 0;
    open_database();
}


static inline int
set_up(void **state)
{
    char     error[BILLING_SETTINGS_ERROR_MAX], *bytes;
    FILE    *file;
    size_t   n;
    uint8_t  master[32] = { 7 };

    (void) state;
    memset(&t, 0, sizeof(t));
    t.now = T0;
    t.wall = T0;

    bytes = malloc(BILLING_SETTINGS_MAX);
    file = fopen("conf/billing.json", "rb");
    assert_non_null(bytes);
    assert_non_null(file);
    n = fread(bytes, 1, BILLING_SETTINGS_MAX, file);
    (void) fclose(file);
    assert_int_equal(billing_settings_parse("conf/billing.json", bytes, n,
                                            &t.settings, error), BILLING_OK);
    free(bytes);

    t.w.settings = &t.settings;
    t.w.infra = &t.infra;
    t.w.nsecrets = 1;
    t.w.record_epoch = 1;
    assert_int_equal(billing_secret_derive(master, sizeof(master),
                                           &t.w.secrets[0]), BILLING_OK);

    (void) snprintf(t.folder, sizeof(t.folder), "/tmp/billing-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    store_new(t.folder, "billing", t.dsn);
    open_database();

    return 0;
}


static inline int
tear_down(void **state)
{
    char  command[128];

    (void) state;
    forget_answers();
    said_forget();
    billing_print_free(&t.w);
    billing_app_text_free(&t.w);
    billing_db_free(t.w.db);
    (void) snprintf(command, sizeof(command), "rm -rf %s", t.folder);

    return system(command);
}


/* A Free team of OWNER with as many plain members more; its id. */

static inline const char *
make_team(unsigned more)
{
    static char  id[BILLING_ID_MAX + 1];
    char         email[64];
    json_t      *body;

    body = expect(OWNER, "team.create", json_pack("{s:s}", "name", "Team"),
                  201, NULL);
    (void) snprintf(id, sizeof(id), "%s",
                    text_of(json_object_get(body, "team"), "id"));
    drop(body);

    for (unsigned i = 0; i < more; i++) {
        (void) snprintf(email, sizeof(email), i == 0 ? PLAIN
                        : "member%u@example.test", i);
        drop(expect(OWNER, "member.add",
                    json_pack("{s:s, s:s}", "team", id, "email", email), 201,
                    NULL));
    }

    return id;
}

#endif /* BILLING_BUSINESS_FIXTURE_H */
