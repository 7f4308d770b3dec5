/* A company of two teams, and what is true of each account at any time. */

#ifndef BILLING_ACCOUNT_FIXTURE_H
#define BILLING_ACCOUNT_FIXTURE_H

#include "subscription_fixture.h"

static struct {
    char  a[BILLING_ID_MAX + 1];        /* holds the subscription */
    char  b[BILLING_ID_MAX + 1];        /* inside */
} teams;


static inline json_t *
of_member(const char *team, const char *email)
{
    return json_pack("{s:s, s:s}", "team", team, "email", email);
}


static inline void
member(const char *actor, const char *kind, const char *team,
    const char *email, unsigned status, const char *code)
{
    drop(expect(actor, kind, of_member(team, email), status, code));
}


static inline void
role(const char *actor, const char *email, const char *word_,
    unsigned status, const char *code)
{
    json_t  *body = of_member(teams.a, email);

    (void) json_object_set_new(body, "role", json_string(word_));
    drop(expect(actor, "member.role", body, status, code));
}


static inline void
leave_company(const char *actor, const char *team, const char *email,
    unsigned status, const char *code)
{
    json_t  *body = of_member(team, email);

    (void) json_object_set_new(body, "scope", json_string("company"));
    drop(expect(actor, "member.remove", body, status, code));
}


static inline json_t *
further(const char *actor, const char *account, unsigned status,
    const char *code)
{
    return expect(actor, "team.create",
                  json_pack("{s:s, s:s, s:s}", "name", "Design", "from",
                            "dashboard", "account", account), status, code);
}


/* OWNER, Company Admin, and PLAIN in A; OWNER alone in B. */

static inline void
company(const char *plan, int seats)
{
    json_t  *body;

    (void) snprintf(teams.a, sizeof(teams.a), "%s",
                    paid_team(plan, seats, "monthly"));
    body = further(OWNER, teams.a, 201, NULL);
    (void) snprintf(teams.b, sizeof(teams.b), "%s",
                    text_of(json_object_get(body, "team"), "id"));
    drop(body);
}


static inline int64_t
number(const char *team, const char *column)
{
    char  sql[160];

    (void) snprintf(sql, sizeof(sql), "SELECT %s FROM team WHERE id = '%s'",
                    column, team);

    /* Known by its address there, so only where it is thrown away. */
    return store_number(t.dsn, sql);
}


static inline uint32_t
roles_of(const char *team, const char *email)
{
    billing_member_record_t  record;

    assert_int_equal(billing_record_member(&t.w, team, email, &record),
                     BILLING_DB_OK);

    return record.roles;
}


static inline billing_team_record_t
record_of(const char *team)
{
    billing_team_record_t  record;

    assert_int_equal(billing_record_team(&t.w, team, &record),
                     BILLING_DB_OK);

    return record;
}


/* Whatever was done: licences, copies and money are where they belong. */

static inline void
accounts_agree(void)
{
    assert_int_equal(count("SELECT COUNT(*) FROM team h WHERE h.id ="
        " h.account AND h.members <> (SELECT COUNT(*) FROM seat s"
        " WHERE s.account = h.id)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE plan IN"
        " ('team', 'business', 'consultant') AND members > seats"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team i WHERE i.id <>"
        " i.account AND i.gone = 0 AND i.members <> (SELECT COUNT(*) FROM"
        " member m WHERE m.team = i.id AND (m.roles & 2) <> 0)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM member m JOIN team t"
        " ON t.id = m.team WHERE (m.roles & 2) <> 0 AND NOT EXISTS"
        " (SELECT 1 FROM seat s WHERE s.account = t.account"
        " AND s.email = m.email)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team i JOIN team h"
        " ON h.id = i.account WHERE i.id <> h.id AND i.gone = 0"
        " AND (i.plan <> h.plan OR i.state <> h.state OR i.seats <> h.seats"
        " OR i.period_end_at <> h.period_end_at)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE id <> account"
        " AND (due_at <> 253402300799 OR pending_minor <> 0"
        " OR credit_minor <> 0 OR paid_minor <> 0)"), 0);
    books_balance();
}

#endif /* BILLING_ACCOUNT_FIXTURE_H */
