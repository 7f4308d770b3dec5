/*
 * The Enterprise request: kept for the sales team, confirmed by mail, nothing
 * charged and no plan changed (R213).
 */

#include <string.h>

#include "billing_business.h"

#define BILLING_REQUEST_SPAN_SEC  3600
#define BILLING_REQUESTS_MAX      200   /* an hour: anybody may send one */
#define BILLING_CONFIRM_SEC       86400 /* one mail a day to an address */


static billing_db_rc_t billing_enterprise_count(billing_op_t *op,
    const char *email, int64_t since, int64_t *n);
static billing_db_rc_t billing_enterprise_write(billing_op_t *op,
    const billing_enterprise_form_t *form, const char *id);
static billing_db_rc_t billing_enterprise_mail(billing_op_t *op,
    const billing_enterprise_form_t *form, const char *id);


billing_db_rc_t
billing_op_enterprise(billing_op_t *op)
{
    char                        id[BILLING_ID_MAX + 1];
    int64_t                     n;
    const char                 *field;
    billing_db_rc_t             rc;
    billing_reason_t            reason;
    billing_enterprise_form_t   form;

    form = (billing_enterprise_form_t) {
        .name = billing_op_text(op, "name"),
        .email = billing_op_text(op, "email"),
        .company = billing_op_text(op, "company"),
        .message = billing_op_text(op, "message"),
        .users = billing_op_int(op, "users", 0)
    };

    reason = billing_enterprise_form_allowed(&form, &field);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                               json_pack("{s:s}", "field", field));
    }

    rc = billing_enterprise_count(op, "", op->now - BILLING_REQUEST_SPAN_SEC,
                                  &n);

    if (rc == BILLING_DB_OK && n >= BILLING_REQUESTS_MAX) {
        return billing_op_deny(op, BILLING_TOO_MANY, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_id_new('e', id);
    }

    /* Counted before this one is there. */

    if (rc == BILLING_DB_OK) {
        rc = billing_enterprise_mail(op, &form, id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_enterprise_write(op, &form, id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_event_emit(op->w, BILLING_EVENT_ENTERPRISE_REQUESTED,
                 NULL, json_pack("{s:{s:s, s:s, s:s, s:s, s:I, s:s}}",
                           "request", "id", id, "name", form.name,
                           "email", form.email, "company", form.company,
                           "users", (json_int_t) form.users,
                           "message", form.message));
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 201,
               json_pack("{s:{s:s, s:s}}", "request", "id", id, "state",
                         "received"));
}


static billing_db_rc_t
billing_enterprise_count(billing_op_t *op, const char *email, int64_t since,
    int64_t *n)
{
    static const char  all_sql[] =
        "SELECT COUNT(*) FROM enterprise_request WHERE created_at > $1";
    static const char  own_sql[] =
        "SELECT COUNT(*) FROM enterprise_request WHERE created_at > $1"
        " AND email = $2";

    const char       *sql;
    billing_db_rc_t   rc;

    sql = email[0] == '\0' ? all_sql : own_sql;

    rc = email[0] == '\0' ? billing_db_query(op->w->db, sql, "i", since)
                          : billing_db_query(op->w->db, sql, "it", since,
                                             email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = billing_db_int(op->w->db, sql, 0);
    billing_db_done(op->w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_enterprise_write(billing_op_t *op,
    const billing_enterprise_form_t *form, const char *id)
{
    static const char  sql[] =
        "INSERT INTO enterprise_request (id, name, email, company, users,"
        " message, origin, actor, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    return billing_db_exec(op->w->db, sql, "ttttittti", id, form->name,
                           form->email, form->company, form->users,
                           form->message, billing_op_text(op, "from"),
                           op->command->actor, op->now);
}


/* To the seller each time; to the sender rarely: the address is unproven. */

static billing_db_rc_t
billing_enterprise_mail(billing_op_t *op,
    const billing_enterprise_form_t *form, const char *id)
{
    json_t           *args;
    int64_t           n;
    billing_db_rc_t   rc;

    rc = billing_enterprise_count(op, form->email,
                                  op->now - BILLING_CONFIRM_SEC, &n);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    args = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "id", id,
                     "name", form->name, "email", form->email,
                     "company", form->company,
                     "users", (json_int_t) form->users,
                     "message", form->message);

    if (args == NULL) {
        return BILLING_DB_UNMADE;
    }

    if (op->w->settings->mail_from[0] != '\0') {
        rc = billing_mail_queue(op->w, op->w->settings->mail_from,
                                "mail.sales", "en", args, op->now);
    }

    if (rc == BILLING_DB_OK && n == 0) {
        rc = billing_mail_queue(op->w, form->email, "mail.enterprise",
                                billing_lang_name(op->lang), args, op->now);
    }

    json_decref(args);

    return rc;
}
