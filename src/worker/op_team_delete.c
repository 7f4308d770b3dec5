/*
 * The end of a team.  Its boards and members go with it; documents and books
 * stay, and in a company its licences too (R212, R231).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_team_row_t     row;
    billing_team_row_t     account;
    billing_account_ask_t  ask;
} billing_ending_team_t;


static billing_db_rc_t billing_delete_enter(billing_op_t *op,
    billing_ending_team_t *end);
static billing_db_rc_t billing_delete_ask(billing_op_t *op,
    const billing_ending_team_t *end);
static billing_db_rc_t billing_delete_mail(billing_op_t *op,
    const billing_team_row_t *row, const char *token);
static billing_db_rc_t billing_delete_asked_at(billing_op_t *op,
    const char *team, int64_t *at);
static billing_db_rc_t billing_delete_confirm(billing_op_t *op,
    const billing_team_row_t *row);
static billing_db_rc_t billing_delete_now(billing_op_t *op,
    billing_ending_team_t *end);
static billing_db_rc_t billing_delete_people(billing_op_t *op,
    const char *team);
static billing_db_rc_t billing_delete_boards(billing_op_t *op,
    const char *team);
static billing_db_rc_t billing_delete_row(billing_op_t *op,
    billing_ending_team_t *end);
static bool billing_delete_digest(const char *team, const char *token,
    char out[65]);


billing_db_rc_t
billing_op_team_delete(billing_op_t *op)
{
    billing_db_rc_t        rc;
    billing_ending_team_t  end;

    rc = billing_delete_enter(op, &end);

    if (rc == BILLING_DB_OK && billing_team_delete_confirmed(end.ask.teams)) {
        rc = billing_op_text(op, "confirm")[0] == '\0'
             ? billing_delete_ask(op, &end)
             : billing_delete_confirm(op, &end.row);
    }

    return rc == BILLING_DB_OK ? billing_delete_now(op, &end) : rc;
}


/* The application has asked its own people; no mail asks them again. */

billing_db_rc_t
billing_op_app_team_delete(billing_op_t *op)
{
    billing_db_rc_t        rc;
    billing_ending_team_t  end;

    rc = billing_delete_enter(op, &end);

    return rc == BILLING_DB_OK ? billing_delete_now(op, &end) : rc;
}


static billing_db_rc_t
billing_delete_enter(billing_op_t *op, billing_ending_team_t *end)
{
    bool              open;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    end->ask.now = op->now;
    rc = billing_op_enter(op, billing_op_text(op, "team"), &end->row,
                          &end->ask.roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_load(op->w, &end->row, &end->account);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_teams(op->w, end->account.id, &end->ask.teams);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_is_open(op->w, end->account.id, &open);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_team_delete_allowed(&end->account.team, &end->ask);

    /* What is being paid for is waited for, where it pays for this team. */

    if (reason == BILLING_ALLOW && open && end->ask.teams <= 1) {
        reason = BILLING_CHECKOUT_OPEN;
    }

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


/* Only the newest link works, and only for who asked for it. */

static billing_db_rc_t
billing_delete_ask(billing_op_t *op, const billing_ending_team_t *end)
{
    static const char  sql[] =
        "INSERT INTO team_removal (team, actor, digest, asked_at, ends_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (team) DO UPDATE"
        " SET actor = excluded.actor, digest = excluded.digest,"
        " asked_at = excluded.asked_at, ends_at = excluded.ends_at";

    char             token[BILLING_ID_MAX + 1], digest[65];
    json_t          *team;
    int64_t          at;
    billing_db_rc_t  rc;

    rc = billing_delete_asked_at(op, end->row.id, &at);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (op->now < at + BILLING_REMOVAL_AGAIN_SEC) {
        rc = billing_op_deny(op, BILLING_TOO_MANY, NULL);
        op->reply->retry_after_sec = BILLING_REMOVAL_AGAIN_SEC;
        return rc;
    }

    rc = billing_id_new('d', token);

    if (rc != BILLING_DB_OK
        || !billing_delete_digest(end->row.id, token, digest))
    {
        return rc == BILLING_DB_OK ? BILLING_DB_UNMADE : rc;
    }

    rc = billing_db_exec(op->w->db, sql, "tttii", end->row.id,
             op->command->actor, digest, op->now,
             op->now + BILLING_REMOVAL_SEC);

    if (rc == BILLING_DB_OK) {
        rc = billing_delete_mail(op, &end->row, token);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_asked_json(op->w, &end->row, "", op->command->actor,
                                &team);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 202,
               json_pack("{s:o, s:s, s:s, s:o}", "team", team,
                   "state", "confirmation_sent",
                   "sent_to", op->command->actor, "ends_at",
                   billing_instant_json(op->now + BILLING_REMOVAL_SEC)));
}


static billing_db_rc_t
billing_delete_asked_at(billing_op_t *op, const char *team, int64_t *at)
{
    static const char  sql[] =
        "SELECT asked_at FROM team_removal WHERE team = $1";

    billing_db_rc_t  rc;

    *at = 0;
    rc = billing_db_query(op->w->db, sql, "t", team);

    if (rc == BILLING_DB_ROW) {
        *at = billing_db_int(op->w->db, sql, 0);
        billing_db_done(op->w->db, sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_delete_mail(billing_op_t *op, const billing_team_row_t *row,
    const char *token)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM board WHERE team = $1 AND gone = 0";

    json_t           *args;
    int64_t           boards;
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    boards = billing_db_int(op->w->db, sql, 0);
    billing_db_done(op->w->db, sql);

    args = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:I}",
               "team", row->id, "team_name", row->name, "token", token,
               "by", op->command->actor, "until",
               billing_moment_json(op->now + BILLING_REMOVAL_SEC),
               "public_url", op->w->settings->public_url,
               "boards", (json_int_t) boards,
               "members", (json_int_t) row->team.members);

    if (args == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_mail_queue(op->w, op->command->actor, "mail.delete_team",
                            billing_lang_name(op->lang), args, op->now);
    json_decref(args);

    return rc;
}


static billing_db_rc_t
billing_delete_confirm(billing_op_t *op, const billing_team_row_t *row)
{
    static const char  sql[] =
        "DELETE FROM team_removal WHERE team = $1 AND actor = $2"
        " AND digest = $3 AND ends_at > $4";

    char             digest[65];
    billing_db_rc_t  rc;

    if (!billing_delete_digest(row->id, billing_op_text(op, "confirm"),
                               digest))
    {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_exec(op->w->db, sql, "ttti", row->id, op->command->actor,
                         digest, op->now);

    if (rc == BILLING_DB_OK && billing_db_changes(op->w->db) != 1) {
        return billing_op_deny(op, BILLING_CONFIRMATION_INVALID, NULL);
    }

    return rc;
}


/* The database cannot be read for a link that works. */

static bool
billing_delete_digest(const char *team, const char *token, char out[65])
{
    bool      ok;
    json_t   *pair;
    uint8_t   hash[32];

    pair = json_pack("[s, s]", team, token);
    ok = pair != NULL && billing_json_hash(pair, hash) == BILLING_OK;
    json_decref(pair);

    if (ok) {
        billing_hex(hash, sizeof(hash), out);
    }

    return ok;
}


/* Nobody's any more: boards and people go, invoices stay. */

static billing_db_rc_t
billing_delete_now(billing_op_t *op, billing_ending_team_t *end)
{
    billing_db_rc_t  rc;

    rc = billing_delete_boards(op, end->row.id);

    if (rc == BILLING_DB_OK) {
        rc = billing_delete_people(op, end->row.id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_people_end(op->w, end->row.id);
    }

    if (rc == BILLING_DB_OK && end->ask.teams <= 1) {
        rc = billing_passes_waive(op->w, billing_account_own(&end->row)
                                         ? &end->row : &end->account,
                                  op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_delete_row(op, end);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_event_emit(op->w, BILLING_EVENT_TEAM_DELETED,
                                end->row.id, json_object());
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:{s:s, s:s, s:b}}", "team", "id", end->row.id,
                         "name", end->row.name, "gone", 1));
}


static billing_db_rc_t
billing_delete_boards(billing_op_t *op, const char *team)
{
    static const char  sql[] =
        "UPDATE board SET gone = 1, version = version + 1, deleted_at = $1,"
        " deleted_by = $2 WHERE team = $3 AND gone = 0 RETURNING id";

    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    rc = billing_db_query(db, sql, "itt", op->now, op->command->actor, team);

    while (rc == BILLING_DB_ROW) {
        rc = billing_outbox_board(op->w, billing_db_text(db, sql, 0));

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(db, sql);
        }
    }

    billing_db_done(db, sql);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* A company's licences and its own roles stay with it (R210). */

static billing_db_rc_t
billing_delete_people(billing_op_t *op, const char *team)
{
    static const char  sql[] =
        "SELECT team, email, roles, joined_at FROM member WHERE team = $1"
        " AND roles <> 0 LIMIT 1";

    billing_db_rc_t   rc;
    billing_person_t  person;

    for ( ;; ) {
        rc = billing_db_query(op->w->db, sql, "t", team);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        billing_person_read(op->w->db, sql, &person);
        person.change.roles = 0;
        rc = billing_member_store(op->w, &person.change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


/*
 * With the last team its subscription ends too, as on the way down to Free: it
 * renews no more, what is unpaid is given up, the balance stays in the books.
 */

static billing_db_rc_t
billing_delete_row(billing_op_t *op, billing_ending_team_t *end)
{
    static const char  sql[] = "UPDATE team SET gone = 1 WHERE id = $1";
    static const char  inside_sql[] = BILLING_INSIDE_GONE " WHERE id = $1";
    static const billing_sub_step_t  step = {
        .next = BILLING_STATE_FREE,
        .effects = BILLING_EFFECT_RENEW_OFF | BILLING_EFFECT_FREE
    };

    billing_db_rc_t  rc;

    if (!billing_account_own(&end->row)) {
        rc = billing_db_exec(op->w->db, inside_sql, "t", end->row.id);

        return rc == BILLING_DB_OK
               ? billing_outbox_team(op->w, end->row.id) : rc;
    }

    rc = billing_db_exec(op->w->db, sql, "t", end->row.id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (end->ask.teams <= 1) {
        rc = billing_team_took(op->w, &end->row, &step, op->now);
    }

    return rc == BILLING_DB_OK ? billing_team_store(op->w, &end->row) : rc;
}
