/*
 * Occasional users: a licence without a seat, and the Day Passes with which
 * they edit (R198..R201).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_team_row_t       row;           /* of the account, which pays */
    billing_team_record_t    team;
    billing_member_record_t  member;
    billing_board_record_t   board;
    billing_pass_row_t       last;
} billing_opening_t;


static billing_db_rc_t billing_occasional_enter(billing_op_t *op,
    billing_team_row_t *row, char email[BILLING_EMAIL_MAX + 1],
    uint32_t *roles);
static billing_db_rc_t billing_occasional_done(billing_op_t *op,
    billing_team_row_t *row, const billing_member_change_t *change,
    unsigned status);
static billing_db_rc_t billing_open_enter(billing_op_t *op,
    billing_opening_t *o);
static billing_reason_t billing_open_may(const billing_op_t *op,
    const billing_opening_t *o, bool edit);
static billing_db_rc_t billing_open_pass(billing_op_t *op,
    billing_opening_t *o);
static billing_db_rc_t billing_open_bought(billing_op_t *op,
    billing_opening_t *o, const billing_day_pass_t *pass);
static billing_db_rc_t billing_pass_books(const billing_op_t *op,
    const char *team, billing_money_t price);
static billing_db_rc_t billing_open_mail(billing_op_t *op,
    const billing_opening_t *o, const billing_day_pass_t *pass);
static billing_db_rc_t billing_open_reply(billing_op_t *op, int64_t ends_at,
    bool bought);


billing_db_rc_t
billing_op_occasional_add(billing_op_t *op)
{
    bool                      held;
    char                      email[BILLING_EMAIL_MAX + 1];
    uint32_t                  roles, company;
    billing_db_rc_t           rc;
    billing_team_row_t        row;
    billing_member_change_t   change;

    rc = billing_occasional_enter(op, &row, email, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_seat_held(op->w, row.account, email, &held, &company);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* With a licence of the company one edits in any team without passes. */

    if (held || roles & ((uint32_t) BILLING_ROLE_MEMBER | BILLING_ROLES_ADMIN
                         | (uint32_t) BILLING_ROLE_OCCASIONAL))
    {
        return billing_op_deny(op, BILLING_MEMBER_EXISTS, NULL);
    }

    if (op->w->settings->catalogue.plans[row.team.plan].day_pass.minor <= 0) {
        return billing_op_deny(op, BILLING_DAYPASS_OFF, NULL);
    }

    rc = billing_profile_ensure(op->w, email, op->lang, op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* It takes the place of what is free: a guest's access, R202's licence. */

    roles &= ~(uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_VISITOR
                          | BILLING_ROLE_RESTRICTED);

    change = (billing_member_change_t) {
        .team = row.id, .email = email, .now = op->now,
        .roles = roles | (uint32_t) BILLING_ROLE_OCCASIONAL
    };

    return billing_occasional_done(op, &row, &change, 201);
}


billing_db_rc_t
billing_op_occasional_remove(billing_op_t *op)
{
    char                      email[BILLING_EMAIL_MAX + 1];
    uint32_t                  roles;
    billing_db_rc_t           rc;
    billing_team_row_t        row;
    billing_member_change_t   change;

    rc = billing_occasional_enter(op, &row, email, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((roles & (uint32_t) BILLING_ROLE_OCCASIONAL) == 0) {
        return billing_op_deny(op, BILLING_MEMBER_NOT_FOUND, NULL);
    }

    change = (billing_member_change_t) {
        .team = row.id, .email = email, .now = op->now,
        .roles = roles & ~(uint32_t) BILLING_ROLE_OCCASIONAL
    };

    /* Who leaves with it hands over the boards (R229). */

    if ((change.roles & BILLING_ROLES_INSIDE) == 0) {
        rc = billing_boards_left(op, &row, email);

        if (rc == BILLING_DB_OK) {
            rc = billing_access_end(op->w, row.id, email, op->now);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    return billing_occasional_done(op, &row, &change, 200);
}


/* The team for its Company Admin, and the person it is about. */

static billing_db_rc_t
billing_occasional_enter(billing_op_t *op, billing_team_row_t *row,
    char email[BILLING_EMAIL_MAX + 1], uint32_t *roles)
{
    const char       *text;
    billing_db_rc_t   rc;

    rc = billing_op_may(op, BILLING_ACT_DAY_PASSES, row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    text = billing_op_text(op, "email");

    if (billing_email_normalise(text, strlen(text), email) != BILLING_OK) {
        return billing_op_deny(op, BILLING_EMAIL_INVALID, NULL);
    }

    return billing_member_roles(op->w, row->id, email, roles);
}


static billing_db_rc_t
billing_occasional_done(billing_op_t *op, billing_team_row_t *row,
    const billing_member_change_t *change, unsigned status)
{
    billing_db_rc_t  rc;

    rc = billing_member_store(op->w, change);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, row);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_op_team(op, row,
             json_pack("{s:{s:s, s:s, s:o}}", "member",
                 "email", change->email,
                 "role", billing_role_word(change->roles),
                 "roles", billing_roles_json(change->roles)));
    op->reply->status = op->reply->problem ? op->reply->status : status;

    return rc;
}


/* On or off for all of the team (R200). */

billing_db_rc_t
billing_op_day_passes(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_account(op, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_DAY_PASSES, roles, row.team.plan);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (op->w->settings->catalogue.plans[row.team.plan].day_pass.minor <= 0) {
        return billing_op_deny(op, BILLING_DAYPASS_OFF, NULL);
    }

    row.passes_off = !billing_op_bool(op, "enabled");
    rc = billing_team_store(op->w, &row);

    return rc == BILLING_DB_OK
           ? billing_op_team(op, &row,
                 json_pack("{s:{s:b}}", "day_passes", "enabled",
                           (int) !row.passes_off))
           : rc;
}


/*
 * Somebody opens a board.  Of those with a seat, and of guests, nothing comes
 * but the gate's answer; an Occasional user who edits begins a pass, should
 * none run.
 */

billing_db_rc_t
billing_op_board_open(billing_op_t *op)
{
    bool                edit;
    const char         *mode;
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_opening_t   o;

    mode = billing_op_text(op, "mode");
    edit = strcmp(mode, "edit") == 0;

    if (!edit && strcmp(mode, "view") != 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "mode"));
    }

    rc = billing_open_enter(op, &o);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_open_may(op, &o, edit);

    /* A flexible contract gives who edits a licence (R203). */

    if (reason == BILLING_LICENCE_REQUEST) {
        rc = billing_licence_edit(op, o.board.team, &o.member.roles);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        reason = billing_open_may(op, &o, edit);
    }

    if (reason == BILLING_DAYPASS_NEEDED) {
        return billing_open_pass(op, &o);
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    /* One that runs is told to who needs it. */

    return billing_open_reply(op,
               edit && (o.member.roles & (uint32_t) BILLING_ROLE_OCCASIONAL)
               && o.last.ends_at > op->now ? o.last.ends_at : 0, false);
}


static billing_db_rc_t
billing_open_enter(billing_op_t *op, billing_opening_t *o)
{
    char              account[BILLING_ID_MAX + 1];
    uint32_t          roles;
    const char       *board;
    billing_db_rc_t   rc;

    board = billing_op_text(op, "board");
    rc = billing_record_board(op->w, board, &o->board);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (o->board.gone) {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    rc = billing_team_load(op->w, o->board.team, &o->row);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, o->row.id, op->command->actor,
                                  &roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    /* Of a board that has no link strangers learn nothing. */

    if (roles == 0 && o->board.link == BILLING_VISIT_OFF) {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    rc = billing_record_team(op->w, o->row.id, &o->team);

    if (rc == BILLING_DB_OK) {
        rc = billing_record_member(op->w, o->row.id, op->command->actor,
                                   &o->member);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_access_rights(op->w, board, op->command->actor,
                                   &o->member.access);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_pass_last(op->w, o->row.id, op->command->actor,
                               &o->last);
    }

    if (rc == BILLING_DB_OK && !billing_account_own(&o->row)) {
        billing_copy(account, sizeof(account), o->row.account);
        rc = billing_team_load(op->w, account, &o->row);
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), o->board.team);

    return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
}


/* The gate's own function, so that both always say the same. */

static billing_reason_t
billing_open_may(const billing_op_t *op, const billing_opening_t *o,
    bool edit)
{
    billing_wanted_t  wanted = { .view = true, .edit = edit };

    return billing_entitle(&op->w->settings->catalogue, &o->team, &o->member,
                           &o->board, &wanted, op->now);
}


static billing_db_rc_t
billing_open_pass(billing_op_t *op, billing_opening_t *o)
{
    billing_db_rc_t           rc;
    billing_reason_t          reason;
    billing_day_pass_t        pass;
    billing_pass_new_t        new;
    billing_day_pass_ask_t    ask;

    ask = (billing_day_pass_ask_t) {
        .on = !o->row.passes_off, .edit = true,
        .opened_at = o->last.started_at, .now = op->now
    };

    reason = billing_day_pass(&op->w->settings->catalogue, &o->row.team, &ask,
                              &pass);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (!pass.bought) {
        return billing_open_reply(op, pass.ends_at, false);
    }

    new = (billing_pass_new_t) {
        .team = o->row.id, .email = op->command->actor, .n = o->last.n + 1,
        .now = op->now, .ends_at = pass.ends_at, .price = pass.price
    };

    rc = billing_pass_begin(op->w, &new);

    if (rc == BILLING_DB_DONE) {
        return billing_open_reply(op, pass.ends_at, false);
    }

    return rc == BILLING_DB_OK ? billing_open_bought(op, o, &pass) : rc;
}


/* The gate is told, the day of its bill kept, who pays gets a mail (R201). */

static billing_db_rc_t
billing_open_bought(billing_op_t *op, billing_opening_t *o,
    const billing_day_pass_t *pass)
{
    billing_db_rc_t  rc;

    rc = billing_pass_publish(op->w, o->row.id, op->command->actor, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_pass_books(op, o->row.id, pass->price);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_load(op->w, &o->row);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (o->row.settle_at == 0) {
        o->row.settle_at = billing_settle_at(&o->row.team, op->now);
    }

    rc = billing_team_store(op->w, &o->row);

    if (rc == BILLING_DB_OK) {
        rc = billing_open_mail(op, o, pass);
    }

    return rc == BILLING_DB_OK
           ? billing_open_reply(op, pass->ends_at, true) : rc;
}


/* Used, and no bill has named it yet. */

static billing_db_rc_t
billing_pass_books(const billing_op_t *op, const char *team,
    billing_money_t price)
{
    char               txn[BILLING_OP_ID_LEN + 8];
    billing_posting_t  posting;

    (void) snprintf(txn, sizeof(txn), "%s-pass", op->command->op);
    posting = (billing_posting_t) {
        .txn = txn, .ref = op->command->op, .at = op->now
    };
    billing_posting_passes(&posting, team, price);

    return billing_ledger_post(op->w, &posting);
}


static billing_db_rc_t
billing_open_mail(billing_op_t *op, const billing_opening_t *o,
    const billing_day_pass_t *pass)
{
    billing_db_rc_t        rc;
    billing_passes_sum_t   sum;

    rc = billing_passes_sum(op->w, o->row.id, &sum);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_payer_mail(op->w, &o->row, "mail.day_pass",
               json_pack("{s:s, s:o, s:o, s:I}",
                   "email", op->command->actor,
                   "until", billing_moment_json(pass->ends_at),
                   "amount", billing_amount_json(pass->price),
                   "number", (json_int_t) sum.n), op->now);
}


static billing_db_rc_t
billing_open_reply(billing_op_t *op, int64_t ends_at, bool bought)
{
    if (ends_at == 0) {
        return billing_op_reply(op, 200, json_pack("{s:s, s:n}", "mode",
                                    billing_op_text(op, "mode"), "pass"));
    }

    return billing_op_reply(op, 200,
               json_pack("{s:s, s:{s:o, s:b}}", "mode",
                   billing_op_text(op, "mode"), "pass",
                   "ends_at", billing_instant_json(ends_at),
                   "bought", (int) bought));
}
