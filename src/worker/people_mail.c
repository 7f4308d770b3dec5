/* Mails about how people come to teams. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

/* The address, what leads there, and the id between its marks. */
#define BILLING_LINK_MAX  384


billing_db_rc_t
billing_invitation_mail(billing_op_t *op, const billing_team_row_t *row,
    const billing_invitation_t *invitation)
{
    char              link[BILLING_LINK_MAX];
    json_t           *args;
    billing_db_rc_t   rc;

    /* Behind the '#', where no log of any server sees it. */

    (void) snprintf(link, sizeof(link), "%s/dashboard#invitation=\x01%s\x01",
                    op->w->settings->public_url, invitation->id);

    args = json_pack("{s:s, s:s, s:s, s:o}", "inviter", invitation->inviter,
                     "team_name", row->name, "link", link, "date",
                     billing_day_json(billing_zone_day(
                                          invitation->expires_at)));

    if (args == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_mail_queue(op->w, invitation->email, "mail.invitation",
                            billing_lang_name(op->lang), args, op->now);
    json_decref(args);

    return rc;
}


/* To those who decide it, each in its language. */

billing_db_rc_t
billing_ask_mail(billing_op_t *op, const billing_team_row_t *row,
    const billing_ask_row_t *ask)
{
    static const char  sql[] =
        "SELECT p.email, p.lang FROM profile p WHERE p.email IN"
        " (SELECT email FROM member WHERE team = $1 AND (roles & $2) <> 0"
        " UNION SELECT email FROM seat WHERE account = $3"
        " AND (roles & $4) <> 0) ORDER BY p.email LIMIT 200";

    char              key[48], link[BILLING_LINK_MAX];
    json_t           *args;
    uint32_t          deciders;
    billing_db_rc_t   rc;

    (void) snprintf(key, sizeof(key), "mail.request_%s",
                    billing_ask_name(ask->kind));
    (void) snprintf(link, sizeof(link), "%s/dashboard?team=%s",
                    op->w->settings->public_url, row->id);

    args = json_pack("{s:s, s:s, s:s, s:s}", "actor", ask->actor,
                     "email", ask->email, "team_name", row->name,
                     "link", link);

    if (args == NULL) {
        return BILLING_DB_UNMADE;
    }

    deciders = billing_ask_deciders(ask->kind, row->team.plan);
    rc = billing_db_query(op->w->db, sql, "titi", row->id,
                          (int64_t) deciders, row->account,
                          (int64_t) deciders);

    while (rc == BILLING_DB_ROW) {
        rc = billing_mail_queue(op->w, billing_db_text(op->w->db, sql, 0),
                                key, billing_db_text(op->w->db, sql, 1),
                                args, op->now);

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(op->w->db, sql);
        }
    }

    billing_db_done(op->w->db, sql);
    json_decref(args);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_ask_answer_mail(billing_op_t *op, const billing_team_row_t *row,
    const billing_ask_row_t *ask)
{
    char              lang[8], key[48];
    json_t           *args;
    billing_db_rc_t   rc;

    rc = billing_profile_lang(op->w, ask->actor, lang);

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    (void) snprintf(key, sizeof(key), "mail.request_%s", ask->state);
    args = json_pack("{s:s, s:s, s:s, s:s}", "email", ask->email,
                     "team_name", row->name, "by", op->command->actor,
                     "public_url", op->w->settings->public_url);

    if (args == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_mail_queue(op->w, ask->actor, key, lang, args, op->now);
    json_decref(args);

    return rc;
}
