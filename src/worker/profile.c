/* New profiles: those of a managed domain belong to a team (R217). */

#include <string.h>

#include "billing_business.h"


typedef struct {
    bool                   known;
    bool                   settled;
    bool                   captured;
    billing_domain_row_t   domain;
} billing_newcomer_t;


static billing_db_rc_t billing_newcomer(billing_worker_t *w,
    const char *email, int64_t now, billing_newcomer_t *out);
static billing_db_rc_t billing_newcomer_join(billing_worker_t *w,
    const char *email, int64_t now);


billing_db_rc_t
billing_profile_awaited(billing_worker_t *w, const char *email, int64_t now,
    bool *awaited)
{
    billing_db_rc_t     rc;
    billing_newcomer_t  who;

    rc = billing_newcomer(w, email, now, &who);
    *awaited = rc == BILLING_DB_OK && who.captured;

    return rc;
}


billing_db_rc_t
billing_profile_enter(billing_worker_t *w, const char *email,
    const char *lang, int64_t now)
{
    billing_db_rc_t  rc;

    rc = billing_profile_ensure(w, email, billing_lang_of(lang), now);

    return rc == BILLING_DB_OK ? billing_profile_capture(w, email, now) : rc;
}


/* Once: who is removed from the team later stays away. */

billing_db_rc_t
billing_profile_capture(billing_worker_t *w, const char *email, int64_t now)
{
    static const char  sql[] =
        "UPDATE profile SET settled = 1 WHERE email = $1";

    billing_db_rc_t     rc;
    billing_newcomer_t  who;

    rc = billing_newcomer(w, email, now, &who);

    if (rc != BILLING_DB_OK || !who.known || !who.captured) {
        return rc;
    }

    rc = billing_db_exec(w->db, sql, "t", email);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* Whatever is in the way there stops nobody here. */

    rc = billing_savepoint_row(w, billing_newcomer_join, email, now);

    return rc == BILLING_DB_CONFLICT ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_newcomer(billing_worker_t *w, const char *email, int64_t now,
    billing_newcomer_t *out)
{
    static const char  sql[] =
        "SELECT settled, created_at FROM profile WHERE email = $1";

    int64_t          created_at;
    billing_db_rc_t  rc;

    memset(out, 0, sizeof(*out));
    created_at = now;

    rc = billing_db_query(w->db, sql, "t", email);

    if (rc == BILLING_DB_ROW) {
        out->known = true;
        out->settled = billing_db_int(w->db, sql, 0) != 0;
        created_at = billing_db_int(w->db, sql, 1);
        billing_db_done(w->db, sql);

    } else if (rc != BILLING_DB_DONE) {
        return rc;
    }

    rc = billing_domain_of(w, email, &out->domain);

    if (rc == BILLING_DB_OK) {
        out->captured = !out->settled
                        && billing_domain_captures(&out->domain.control,
                                                   email, created_at);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_newcomer_join(billing_worker_t *w, const char *email, int64_t now)
{
    char                  lang[8];
    billing_op_t          op;
    billing_db_rc_t       rc;
    billing_team_row_t    row;
    billing_op_reply_t    reply;
    billing_command_t     command;
    billing_domain_row_t  domain;

    rc = billing_domain_of(w, email, &domain);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(w, domain.capture_team, &row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_profile_lang(w, email, lang);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    memset(&reply, 0, sizeof(reply));
    memset(&command, 0, sizeof(command));
    command.op = "";
    command.kind = "profile.enter";
    command.actor = email;
    command.lang = lang;
    op = (billing_op_t) {
        .w = w, .command = &command, .reply = &reply, .now = now,
        .lang = billing_lang_of(lang)
    };

    rc = billing_member_join(&op, &row, email,
                             (uint32_t) BILLING_ROLE_MEMBER);
    json_decref(reply.body);

    /* Refused before anything was written: a member already, or no seat. */

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
