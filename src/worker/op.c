/*
 * Operations: from the kind of a command or query to the function that does
 * it, and what all of them share.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "billing_business.h"


typedef struct {
    const char     *kind;
    bool            query;
    bool            demo;               /* only with demo data */
    billing_op_pt   run;
} billing_op_entry_t;


static const billing_op_entry_t *billing_op_find(const char *kind);


static const billing_op_entry_t  billing_op_entries[] = {
    { "dashboard",        true,  false, billing_query_dashboard },
    { "upgrade.offer",    true,  false, billing_query_offer },
    { "upgrade.quote",    true,  false, billing_query_quote },
    { "operation",        true,  false, billing_query_operation },
    { "record",           true,  false, billing_query_record },
    { "billing.overview", true,  false, billing_query_overview },
    { "billing.follow",   true,  false, billing_query_follow },
    { "billing.invoices", true,  false, billing_query_invoices },
    { "billing.invoice",  true,  false, billing_query_invoice },
    { "invoice.pdf",      true,  false, billing_query_invoice_pdf },
    { "receipt.pdf",      true,  false, billing_query_receipt_pdf },
    { "credit_note.pdf",  true,  false, billing_query_credit_pdf },
    { "billing.refunds",  true,  false, billing_query_refunds },
    { "demo.data",        true,  true,  billing_query_demo_data },
    { "demo.clock",       true,  true,  billing_query_clock },
    { "demo.clock.set",   false, true,  billing_op_clock_set },
    { "team.create",      false, false, billing_op_team_create },
    { "team.delete",      false, false, billing_op_team_delete },
    { "member.add",       false, false, billing_op_member_add },
    { "member.remove",    false, false, billing_op_member_remove },
    { "member.role",      false, false, billing_op_member_role },
    { "team.change",      false, false, billing_op_team_change },
    { "team.join",        false, false, billing_op_team_join },
    { "invitation.create", false, false, billing_op_invite },
    { "invitation.list",  true,  false, billing_query_invitations },
    { "invitation.revoke", false, false, billing_op_invitation_revoke },
    { "invitation.accept", false, false, billing_op_invitation_accept },
    { "request.create",   false, false, billing_op_ask },
    { "request.list",     true,  false, billing_query_asks },
    { "request.decide",   false, false, billing_op_ask_decide },
    { "domain.list",      true,  false, billing_query_domains },
    { "domain.add",       false, false, billing_op_domain_add },
    { "domain.remove",    false, false, billing_op_domain_remove },
    { "domain.policy",    false, false, billing_op_domain_policy },
    { "app.domain.verified", false, false, billing_op_domain_verified },
    { "demo.domain.verified", false, true, billing_op_domain_verified },
    { "occasional.add",   false, false, billing_op_occasional_add },
    { "occasional.remove", false, false, billing_op_occasional_remove },
    { "day_passes.set",   false, false, billing_op_day_passes },
    { "board.create",     false, false, billing_op_board_create },
    { "board.show",       true,  false, billing_query_board },
    { "board.change",     false, false, billing_op_board_change },
    { "board.delete",     false, false, billing_op_board_delete },
    { "board.deleted",    true,  false, billing_query_deleted_boards },
    { "board.restore",    false, false, billing_op_board_restore },
    { "board.share",      false, false, billing_op_board_share },
    { "board.copy",       false, false, billing_op_board_copy },
    { "board.move",       false, false, billing_op_board_move },
    { "board.open",       false, false, billing_op_board_open },
    { "board.affected",   true,  false, billing_query_affected },
    { "board.link",       false, false, billing_op_board_link },
    { "guest.add",        false, false, billing_op_guest_add },
    { "guest.remove",     false, false, billing_op_guest_remove },
    { "licence.set",      false, false, billing_op_licence_set },
    { "licence.add",      false, false, billing_op_licence_add },
    { "card.start",       false, false, billing_op_card_start },
    { "upgrade.buy",      false, false, billing_op_buy },
    { "upgrade.resume",   false, false, billing_op_resume },
    { "billing.trial",    false, false, billing_op_trial },
    { "billing.seats",    false, false, billing_op_seats },
    { "billing.period",   false, false, billing_op_period },
    { "billing.cancel",   false, false, billing_op_cancel },
    { "billing.reactivate", false, false, billing_op_reactivate },
    { "billing.downgrade", false, false, billing_op_downgrade },
    { "billing.payment_method", false, false, billing_op_payment_method },
    { "billing.information", false, false, billing_op_information },
    { "invoice.information", false, false, billing_op_invoice_information },
    { "pay.look",         true,  false, billing_query_link },
    { "pay.card",         false, false, billing_op_link_card },
    { "pay.invoice",      false, false, billing_op_link_pay },
    { "invoice.pay",      false, false, billing_op_invoice_pay },
    { "refund.ask",       false, false, billing_op_refund },
    { "app.invoice.paid", false, false, billing_op_invoice_paid },
    { "app.refund.decide", false, false, billing_op_refund_decide },
    { "demo.invoice.paid", false, true, billing_op_invoice_paid },
    { "demo.refund.decide", false, true, billing_op_refund_decide },
    { "enterprise",       false, false, billing_op_enterprise },
    { "webhook",          false, false, billing_op_webhook },
    { "operator.rehydrate", false, false, billing_op_rehydrate },
    { "app.profiles",     false, false, billing_op_app_bulk },
    { "app.teams",        false, false, billing_op_app_bulk },
    { "app.members",      false, false, billing_op_app_bulk },
    { "app.boards",       false, false, billing_op_app_bulk },
    { "app.team",         false, false, billing_op_app_team },
    { "app.team.show",    true,  false, billing_query_app_team },
    { "app.team.delete",  false, false, billing_op_app_team_delete },
    { "app.team.enterprise", false, false, billing_op_app_grant },
    { "app.team.education", false, false, billing_op_app_grant },
    { "app.team.vat",     false, false, billing_op_app_vat },
    { "app.team.vat.show", true, false, billing_query_app_vat },
    { "app.member",       false, false, billing_op_app_member },
    { "app.member.delete", false, false, billing_op_app_member_delete },
    { "app.board",        false, false, billing_op_app_board },
    { "app.board.delete", false, false, billing_op_board_delete },
    { "app.guest",        false, false, billing_op_guest_add },
    { "app.guest.delete", false, false, billing_op_guest_remove },
    { "app.events",       true,  false, billing_query_app_events },
    { "app.event.replay", false, false, billing_op_app_replay },
    { "app.events.replay", false, false, billing_op_app_replay_all },
    { "app.operation",    true,  false, billing_query_operation },
    { "app.webhooks",     true,  false, billing_query_app_webhooks },
    { "app.webhook.enable", false, false, billing_op_app_enable },
    { NULL,               false, false, NULL }
};


/* What the database has to say against it is known before it is answered. */

static billing_db_rc_t
billing_op_settled(billing_worker_t *w, billing_db_rc_t rc)
{
    billing_db_rc_t  settled;

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    settled = billing_db_settle(w->db);

    return (settled == BILLING_DB_OK) ? rc : settled;
}


billing_db_rc_t
billing_op_run(billing_worker_t *w, const billing_command_t *command,
    int64_t now, billing_op_reply_t *reply)
{
    billing_op_t               op;
    billing_db_rc_t            rc;
    const billing_op_entry_t  *entry;

    memset(reply, 0, sizeof(*reply));

    op = (billing_op_t) {
        .w = w, .command = command, .reply = reply, .now = now,
        .lang = billing_lang_of(command->lang)
    };

    entry = billing_op_find(command->kind);

    if (entry == NULL || (entry->demo && !w->settings->demo)) {
        (void) billing_op_deny(&op, BILLING_NOT_FOUND, NULL);
        return BILLING_DB_OK;
    }

    /* Only the key speaks as the application, and only there. */

    if ((strncmp(command->kind, "app.", 4) == 0)
        != (strcmp(command->actor, BILLING_APP_ACTOR) == 0))
    {
        (void) billing_op_deny(&op, BILLING_NOT_FOUND, NULL);
        return BILLING_DB_OK;
    }

    w->actor = command->actor;
    rc = billing_op_settled(w, entry->run(&op));
    w->actor = NULL;

    if (rc == BILLING_DB_FATAL || rc == BILLING_DB_FULL) {
        return rc;
    }

    if (rc == BILLING_DB_UNMADE) {
        billing_log("ALERT: no answer to %s could be built", command->kind);
        w->unmade++;
    }

    if (rc == BILLING_DB_CONFLICT || rc == BILLING_DB_UNMADE
        || (reply->status == 0 && !reply->later))
    {
        (void) billing_op_deny(&op, BILLING_INTERNAL, NULL);
    }

    return BILLING_DB_OK;
}


bool
billing_op_is_query(const char *kind)
{
    const billing_op_entry_t  *entry;

    entry = billing_op_find(kind);

    return entry != NULL && entry->query;
}


static const billing_op_entry_t *
billing_op_find(const char *kind)
{
    const billing_op_entry_t  *entry;

    for (entry = billing_op_entries; entry->kind != NULL; entry++) {
        if (strcmp(entry->kind, kind) == 0) {
            return entry;
        }
    }

    return NULL;
}


void
billing_op_refuse(billing_op_reply_t *reply, billing_reason_t reason,
    const char *lang, json_t *args)
{
    json_decref(reply->body);

    reply->status = billing_reason_status(reason);
    reply->body = billing_problem(reason, billing_lang_of(lang),
                                  billing_reason_field(reason), args);
    reply->problem = true;
    reply->undo = true;
    reply->later = false;

    json_decref(args);
}


void
billing_op_answer(billing_op_reply_t *reply, unsigned status, json_t *body)
{
    json_decref(reply->body);

    reply->status = status;
    reply->body = body;
    reply->problem = false;
    reply->undo = false;
    reply->later = false;
}


billing_db_rc_t
billing_op_deny(billing_op_t *op, billing_reason_t reason, json_t *args)
{
    billing_op_refuse(op->reply, reason, billing_lang_name(op->lang), args);

    return BILLING_DB_DONE;
}


billing_db_rc_t
billing_op_reply(billing_op_t *op, unsigned status, json_t *body)
{
    if (body == NULL) {
        return billing_op_deny(op, BILLING_INTERNAL, NULL);
    }

    billing_op_answer(op->reply, status, body);

    return BILLING_DB_DONE;
}


const char *
billing_op_text(const billing_op_t *op, const char *name)
{
    const char  *text;

    text = json_string_value(json_object_get(op->command->body, name));

    return text == NULL ? "" : text;
}


int64_t
billing_op_int(const billing_op_t *op, const char *name, int64_t fallback)
{
    const json_t  *value;

    value = json_object_get(op->command->body, name);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}


bool
billing_op_bool(const billing_op_t *op, const char *name)
{
    return json_is_true(json_object_get(op->command->body, name));
}


bool
billing_op_dry(const billing_op_t *op)
{
    return strcmp(billing_op_text(op, "dry_run"), "1") == 0;
}


billing_lang_t
billing_lang_of(const char *name)
{
    return strcmp(name, "fr") == 0 ? BILLING_LANG_FR : BILLING_LANG_EN;
}


billing_db_rc_t
billing_id_new(char prefix, char out[BILLING_ID_MAX + 1])
{
    static const char  letters[] = "abcdefghijklmnopqrstuvwxyz234567";

    size_t   i;
    uint8_t  bytes[26];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes)) {
        return BILLING_DB_FATAL;
    }

    out[0] = prefix;
    out[1] = '_';

    for (i = 0; i < sizeof(bytes); i++) {
        out[i + 2] = letters[bytes[i] & 31];
    }

    out[i + 2] = '\0';

    return BILLING_DB_OK;
}
