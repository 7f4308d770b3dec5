/*
 * A team that has bought, and the gateway's answers to what it pays later.
 */

#ifndef BILLING_SUBSCRIPTION_FIXTURE_H
#define BILLING_SUBSCRIPTION_FIXTURE_H

#include "business_fixture.h"

#define DAY  86400


static inline const char *
word(const char *column)
{
    static const char  sql[] =
        "SELECT state, plan, billing_email, method, period FROM team LIMIT 1";
    static const char *const  names[] = {
        "state", "plan", "billing_email", "method", "period"
    };

    static char  text[BILLING_EMAIL_MAX + 1];

    text[0] = '\0';
    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);

    for (int i = 0; i < 5; i++) {
        if (strcmp(names[i], column) == 0) {
            (void) snprintf(text, sizeof(text), "%s",
                            billing_db_text(t.w.db, sql, i));
        }
    }

    billing_db_done(t.w.db, sql);

    return text;
}


static inline json_t *
of_team(const char *team)
{
    return json_pack("{s:s}", "team", team);
}


static inline json_t *
of_seats(const char *team, int seats, const char *dry)
{
    return json_pack("{s:s, s:i, s:s*}", "team", team, "seats", seats,
                     "dry_run", dry);
}


/* A team that has bought; the clock then stands on its first day. */

static inline const char *
paid_team(const char *plan, int seats, const char *period)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body;
    const char      *id = make_team(1);
    billing_call_t   call;

    body = order(id, plan, seats, "");
    (void) json_object_set_new(body, "period", json_string(period));
    call = buy(OWNER, body, op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded",
                count("SELECT amount_minor FROM checkout"
                      " WHERE state = 'charging'")), true);
    forget_answers();
    t.mails = 0;

    return id;
}


static inline void
declined(const billing_call_t *call, const char *code)
{
    char  text[256];

    (void) snprintf(text, sizeof(text), "{\"error\":{\"type\":\"card_error\","
                    "\"code\":\"card_declined\",\"decline_code\":\"%s\"}}",
                    code);
    answer_call(call, 402, text, true);
}


static inline void
paid(const billing_call_t *call, int64_t amount)
{
    char  text[32];

    (void) snprintf(text, sizeof(text), "amount=%lld&", (long long) amount);

    if (strstr(call->request.body, text) == NULL) {
        fail_msg("%s: %s", text, call->request.body);
    }

    answer_call(call, 200, intent(call, "pi_2", "succeeded", amount), true);
}

#endif /* BILLING_SUBSCRIPTION_FIXTURE_H */
