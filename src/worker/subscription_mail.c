/* Mails about a running subscription: to its admins, or where bills go. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_mail_roles(billing_worker_t *w,
    const billing_team_row_t *row, uint32_t roles, const char *key,
    json_t *args, int64_t now);
static json_t *billing_mail_args(billing_worker_t *w,
    const billing_team_row_t *row);
static void billing_mail_day(json_t *args, const char *name, int64_t at);


billing_db_rc_t
billing_admins_mail(billing_worker_t *w, const billing_team_row_t *row,
    const char *key, int64_t now)
{
    json_t  *args;

    args = billing_mail_args(w, row);

    return args == NULL
           ? BILLING_DB_UNMADE
           : billing_mail_roles(w, row, BILLING_ROLES_ADMIN
                                | (uint32_t) BILLING_ROLE_BILLING_ADMIN,
                                key, args, now);
}


billing_db_rc_t
billing_company_mail(billing_worker_t *w, const billing_team_row_t *row,
    const char *key, json_t *more, int64_t now)
{
    json_t  *args;

    args = billing_mail_args(w, row);

    if (args == NULL || json_object_update_new(args, more) != 0) {
        json_decref(args);
        return BILLING_DB_UNMADE;
    }

    return billing_mail_roles(w, row, (uint32_t) BILLING_ROLE_COMPANY_ADMIN,
                              key, args, now);
}


/* To all of the account who have one of these; steals args. */

static billing_db_rc_t
billing_mail_roles(billing_worker_t *w, const billing_team_row_t *row,
    uint32_t roles, const char *key, json_t *args, int64_t now)
{
    static const char  sql[] =
        "SELECT p.email, p.lang FROM profile p WHERE p.email IN"
        " (SELECT m.email FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND (m.roles & $2) <> 0"
        " UNION SELECT email FROM seat WHERE account = $3"
        " AND (roles & $4) <> 0) ORDER BY p.email LIMIT 200";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "titi", row->id, (int64_t) roles,
                          row->id, (int64_t) roles);

    while (rc == BILLING_DB_ROW) {
        rc = billing_mail_queue(w, billing_db_text(w->db, sql, 0), key,
                                billing_db_text(w->db, sql, 1), args, now);

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(w->db, sql);
        }
    }

    billing_db_done(w->db, sql);
    json_decref(args);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_payer_mail(billing_worker_t *w, const billing_team_row_t *row,
    const char *key, json_t *more, int64_t now)
{
    char              lang[8];
    json_t           *args;
    billing_db_rc_t   rc;

    if (row->billing_email[0] == '\0') {
        json_decref(more);
        return BILLING_DB_OK;
    }

    args = billing_mail_args(w, row);

    if (args == NULL
        || (more != NULL && json_object_update(args, more) != 0))
    {
        json_decref(args);
        json_decref(more);
        return BILLING_DB_UNMADE;
    }

    rc = billing_profile_lang(w, row->billing_email, lang);

    if (rc == BILLING_DB_DONE) {
        rc = billing_profile_lang(w, row->payer, lang);
    }

    if (rc == BILLING_DB_OK || rc == BILLING_DB_DONE) {
        rc = billing_mail_queue(w, row->billing_email, key, lang, args, now);
    }

    json_decref(args);
    json_decref(more);

    return rc;
}


static json_t *
billing_mail_args(billing_worker_t *w, const billing_team_row_t *row)
{
    json_t  *args;

    args = json_pack("{s:s, s:s, s:s}", "team", row->id,
                     "team_name", row->name,
                     "public_url", w->settings->public_url);

    if (args != NULL) {
        billing_mail_day(args, "date", row->team.current.end_at);
        billing_mail_day(args, "retry",
                         row->retry_stop ? 0 : row->retry_at);
        billing_mail_day(args, "due", row->invoice_due_at);
        billing_mail_day(args, "trial", row->team.trial_ends_at);
    }

    return args;
}


/* No instant, no member: the text then does without it. */

static void
billing_mail_day(json_t *args, const char *name, int64_t at)
{
    if (at != 0) {
        (void) json_object_set_new(args, name,
                                   billing_day_json(billing_zone_day(at)));
    }
}


billing_db_rc_t
billing_profile_lang(billing_worker_t *w, const char *email, char lang[8])
{
    static const char  sql[] = "SELECT lang FROM profile WHERE email = $1";

    billing_db_rc_t  rc;

    (void) snprintf(lang, 8, "en");
    rc = billing_db_query(w->db, sql, "t", email);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(lang, 8, "%s", billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
