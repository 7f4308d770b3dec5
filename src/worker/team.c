/*
 * Teams: rows to values and back, and who may enter.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_team_look(billing_worker_t *w,
    const char *id, billing_team_row_t *row);
static void billing_team_read(billing_db_t *db, const char *sql,
    billing_team_row_t *row);
static void billing_team_read_bill(billing_db_t *db, const char *sql,
    billing_team_row_t *row);
static billing_db_rc_t billing_team_store_inside(billing_worker_t *w,
    billing_team_row_t *row);
static billing_db_rc_t billing_team_count(billing_worker_t *w,
    billing_team_row_t *row);
static void billing_team_read_trial(billing_db_t *db, const char *sql,
    billing_team_row_t *row);
static billing_db_rc_t billing_team_was(billing_worker_t *w,
    const char *id, billing_plan_t *plan);
static billing_db_rc_t billing_team_write(billing_worker_t *w,
    const billing_team_row_t *row);
static void billing_team_plan_values(const billing_team_row_t *row,
    billing_db_list_t *list);
static void billing_team_bill_values(const billing_team_row_t *row,
    billing_db_list_t *list);
static void billing_team_trial_values(const billing_team_row_t *row,
    billing_db_list_t *list);


/* What a row is made of: it is read anew after any of these is written to. */

static const char  billing_team_tables[] =
    "team day_pass bill payment credit_note refund";


billing_db_rc_t
billing_team_load(billing_worker_t *w, const char *id,
    billing_team_row_t *row)
{
    billing_db_rc_t  rc;

    if (billing_db_kept(w->db, billing_team_tables, id, row, sizeof(*row))) {
        return BILLING_DB_OK;
    }

    rc = billing_team_look(w, id, row);

    if (rc == BILLING_DB_OK) {
        billing_db_keep(w->db, billing_team_tables, id, row, sizeof(*row));
    }

    return rc;
}


static billing_db_rc_t
billing_team_look(billing_worker_t *w, const char *id,
    billing_team_row_t *row)
{
    static const char  sql[] =
        "SELECT id, name, plan, state, period, method, seats, members,"
        " anchor_at, period_start_at, period_end_at, paid_minor,"
        " credit_minor, pending_minor, currency, auto_renew,"
        " scheduled_plan, version, hold_seats, invoice_due_at, invite,"
        " board_moves, customer, payment_method, card_brand, card_last4,"
        " billing_email, created_at, unit_minor, discount_percent,"
        " discount_left, discount_seats_min, invoice_open, ever_paid, payer,"
        " settle_at, failed, failed_at, retry_at, retry_stop, seats_open,"
        " remind_at, late_at, invite_link, account, gone,"
        " passes_off, trial_plan, trial_ends_at, trial_seats, trial_used,"
        " review_days, review_at, editable_boards,"
        " told_plan, told_state, told_seats, told_until,"
        " CASE WHEN EXISTS (SELECT 1 FROM day_pass p WHERE"
        " p.team = team.id AND p.billed = 0) THEN 1 ELSE 0 END"
        " FROM team WHERE id = $1";

    bool             unbilled;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(row, 0, sizeof(*row));
    billing_team_read(w->db, sql, row);
    billing_team_read_bill(w->db, sql, row);
    billing_team_read_trial(w->db, sql, row);
    unbilled = billing_db_int(w->db, sql, 58) != 0;
    billing_db_done(w->db, sql);

    rc = unbilled ? billing_passes_load(w, row) : BILLING_DB_OK;

    return rc == BILLING_DB_OK
           && (row->team.invoice_open || row->team.seats_open)
           ? billing_bills_unpaid(w, row) : rc;
}


static void
billing_team_read(billing_db_t *db, const char *sql, billing_team_row_t *row)
{
    const char          *text;
    billing_team_t      *team;
    billing_currency_t   currency;

    team = &row->team;

    billing_copy(row->id, sizeof(row->id), billing_db_text(db, sql, 0));
    billing_copy(row->name, sizeof(row->name), billing_db_text(db, sql, 1));

    text = billing_db_text(db, sql, 2);
    team->plan = billing_plan_parse(text, strlen(text));
    text = billing_db_text(db, sql, 3);
    team->state = billing_state_parse(text, strlen(text));
    text = billing_db_text(db, sql, 4);
    team->period = billing_period_parse(text, strlen(text));
    text = billing_db_text(db, sql, 5);
    team->method = billing_method_parse(text, strlen(text));

    team->seats = (uint32_t) billing_db_int(db, sql, 6);
    team->members = (uint32_t) billing_db_int(db, sql, 7);
    team->anchor_at = billing_db_int(db, sql, 8);
    team->current.start_at = billing_db_int(db, sql, 9);
    team->current.end_at = billing_db_int(db, sql, 10);

    text = billing_db_text(db, sql, 14);
    currency = billing_currency_parse(text, strlen(text));

    team->paid = (billing_money_t) { billing_db_int(db, sql, 11), currency };
    team->credit = (billing_money_t) {
        billing_db_int(db, sql, 12), currency
    };
    team->pending = (billing_money_t) {
        billing_db_int(db, sql, 13), currency
    };

    team->auto_renew = billing_db_int(db, sql, 15) != 0;
    text = billing_db_text(db, sql, 16);
    team->scheduled_plan = billing_plan_parse(text, strlen(text));
    team->version = (uint64_t) billing_db_int(db, sql, 17);

    row->hold_seats = (uint32_t) billing_db_int(db, sql, 18);
    row->invoice_due_at = billing_db_int(db, sql, 19);
    row->invite_admins = strcmp(billing_db_text(db, sql, 20), "admins") == 0;
    row->moves_forbidden = strcmp(billing_db_text(db, sql, 21), "forbidden")
                           == 0;
    billing_copy(row->customer, sizeof(row->customer),
                 billing_db_text(db, sql, 22));
    billing_copy(row->payment_method, sizeof(row->payment_method),
                 billing_db_text(db, sql, 23));
    billing_copy(row->card_brand, sizeof(row->card_brand),
                 billing_db_text(db, sql, 24));
    billing_copy(row->card_last4, sizeof(row->card_last4),
                 billing_db_text(db, sql, 25));
    billing_copy(row->billing_email, sizeof(row->billing_email),
                 billing_db_text(db, sql, 26));
    row->created_at = billing_db_int(db, sql, 27);
}


static void
billing_team_read_bill(billing_db_t *db, const char *sql,
    billing_team_row_t *row)
{
    billing_team_t  *team;

    team = &row->team;

    team->unit = (billing_money_t) {
        billing_db_int(db, sql, 28), team->paid.currency
    };
    team->discount_percent = (uint32_t) billing_db_int(db, sql, 29);
    team->discount_left = (uint32_t) billing_db_int(db, sql, 30);
    team->discount_seats_min = (uint32_t) billing_db_int(db, sql, 31);
    team->invoice_open = billing_db_int(db, sql, 32) != 0;
    team->ever_paid = billing_db_int(db, sql, 33) != 0;

    billing_copy(row->payer, sizeof(row->payer), billing_db_text(db, sql, 34));
    row->settle_at = billing_db_int(db, sql, 35);
    row->failed = (uint32_t) billing_db_int(db, sql, 36);
    row->failed_at = billing_db_int(db, sql, 37);
    row->retry_at = billing_db_int(db, sql, 38);
    row->retry_stop = billing_db_int(db, sql, 39) != 0;
    team->seats_open = billing_db_int(db, sql, 40) != 0;
    row->remind_at = billing_db_int(db, sql, 41);
    row->late_at = billing_db_int(db, sql, 42);
    billing_copy(row->invite_link, sizeof(row->invite_link),
                 billing_db_text(db, sql, 43));
    billing_copy(row->account, sizeof(row->account),
                 billing_db_text(db, sql, 44));
    row->gone = billing_db_int(db, sql, 45) != 0;
    row->passes_off = billing_db_int(db, sql, 46) != 0;
}


static void
billing_team_read_trial(billing_db_t *db, const char *sql,
    billing_team_row_t *row)
{
    const char      *text;
    billing_team_t  *team;

    team = &row->team;
    text = billing_db_text(db, sql, 47);
    team->trial_plan = billing_plan_parse(text, strlen(text));
    team->trial_ends_at = billing_db_int(db, sql, 48);
    team->trial_seats = (uint32_t) billing_db_int(db, sql, 49);
    team->trial_used = billing_db_int(db, sql, 50) != 0;
    team->review_days = (uint32_t) billing_db_int(db, sql, 51);
    team->review_at = billing_db_int(db, sql, 52);
    row->editable_boards = billing_db_int(db, sql, 53) > 0
                           ? (uint32_t) billing_db_int(db, sql, 53) : 0;

    text = billing_db_text(db, sql, 54);
    row->told.plan = billing_plan_parse(text, strlen(text));
    text = billing_db_text(db, sql, 55);
    row->told.state = billing_state_parse(text, strlen(text));
    row->told.seats = (uint32_t) billing_db_int(db, sql, 56);
    row->told.until_at = billing_db_int(db, sql, 57);
}


void
billing_copy(char *out, size_t max, const char *text)
{
    (void) snprintf(out, max, "%s", text == NULL ? "" : text);
}


billing_db_rc_t
billing_team_insert(billing_worker_t *w, const billing_team_row_t *row)
{
    static const char  sql[] =
        "INSERT INTO team (id, name, currency, created_at, invite, seats,"
        " version, account) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "tttitit", row->id, row->name,
             billing_currency_code(row->team.paid.currency),
             row->created_at, row->invite_admins ? "admins" : "members",
             (int64_t) row->team.seats,
             billing_account_own(row) ? row->id : row->account);

    return rc == BILLING_DB_OK && !billing_account_own(row)
           ? billing_account_mirror(w, row->account) : rc;
}


/*
 * How many there are and which version this is only the database knows: what
 * a row in memory says of them may be of before a company became one team.
 */

billing_db_rc_t
billing_team_store(billing_worker_t *w, billing_team_row_t *row)
{
    billing_db_rc_t  rc;
    billing_plan_t   was;

    if (!billing_account_own(row)) {
        return billing_team_store_inside(w, row);
    }

    rc = billing_team_was(w, row->id, &was);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_write(w, row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_stored(w, row, was);
    }

    return rc == BILLING_DB_OK ? billing_team_count(w, row) : rc;
}


static billing_db_rc_t
billing_team_was(billing_worker_t *w, const char *id, billing_plan_t *plan)
{
    static const char  sql[] = "SELECT plan FROM team WHERE id = $1";

    const char          *text;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    if (billing_db_kept(w->db, billing_team_tables, id, &row, sizeof(row))) {
        *plan = row.team.plan;
        return BILLING_DB_OK;
    }

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    text = billing_db_text(w->db, sql, 0);
    *plan = billing_plan_parse(text, strlen(text));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/*
 * Its plan is the account's, which may have changed meanwhile.  Money here
 * would never be asked for.
 */

static billing_db_rc_t
billing_team_store_inside(billing_worker_t *w, billing_team_row_t *row)
{
    billing_db_rc_t        rc;
    const billing_team_t  *team;

    team = &row->team;

    if (team->paid.minor != 0 || team->credit.minor != 0
        || team->pending.minor != 0)
    {
        billing_log("ALERT: team %s inside %s was given money of its own",
                    row->id, row->account);
        return BILLING_DB_CONFLICT;
    }

    rc = billing_team_count(w, row);

    return rc == BILLING_DB_OK ? billing_seat_recount(w, row->account) : rc;
}


/* Of who holds a subscription it is the licences in use. */

static billing_db_rc_t
billing_team_count(billing_worker_t *w, billing_team_row_t *row)
{
    static const char  sql[] =
        "UPDATE team SET version = version + 1, members = " BILLING_MEMBERS
        " WHERE id = $2 RETURNING members, version";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "it", (int64_t) BILLING_ROLE_MEMBER,
                          row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    row->team.members = (uint32_t) billing_db_int(w->db, sql, 0);
    row->team.version = (uint64_t) billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    return billing_outbox_team(w, row->id);
}


/* When the clock concerns this team next is always written with it. */

static billing_db_rc_t
billing_team_write(billing_worker_t *w, const billing_team_row_t *row)
{
    static const char  sql[] =
        "UPDATE team SET plan = $1, state = $2, period = $3, method = $4,"
        " seats = $5, hold_seats = $6, members = (SELECT COUNT(*)"
        " FROM seat s WHERE s.account = team.id), anchor_at = $7,"
        " period_start_at = $8, period_end_at = $9, paid_minor = $10,"
        " credit_minor = $11, pending_minor = $12, auto_renew = $13,"
        " scheduled_plan = $14, customer = $15, payment_method = $16,"
        " card_brand = $17, card_last4 = $18, billing_email = $19,"
        " invoice_due_at = $20, unit_minor = $21, discount_percent = $22,"
        " discount_left = $23, discount_seats_min = $24, invoice_open = $25,"
        " ever_paid = $26, payer = $27, seats_open = $28, remind_at = $29,"
        " late_at = $30, overdue = $31, settle_at = $32, failed = $33,"
        " failed_at = $34, retry_at = $35, retry_stop = $36, due_at = $37,"
        " passes_off = $38, trial_plan = $39, trial_ends_at = $40,"
        " trial_seats = $41, trial_used = $42, review_days = $43,"
        " review_at = $44 WHERE id = $45";

    billing_due_t      due;
    billing_db_list_t  list;

    list.n = 0;
    billing_team_plan_values(row, &list);
    billing_db_add(&list, "ttttti", row->customer, row->payment_method,
                   row->card_brand, row->card_last4, row->billing_email,
                   row->invoice_due_at);
    billing_team_bill_values(row, &list);

    due = billing_due_of(w->settings, row);
    billing_db_add(&list, "iiiiiii", row->settle_at, (int64_t) row->failed,
                   row->failed_at, row->retry_at, (int64_t) row->retry_stop,
                   due.at, (int64_t) row->passes_off);
    billing_team_trial_values(row, &list);
    billing_db_add(&list, "t", row->id);

    return billing_db_put_later(w->db, sql, &list);
}


static void
billing_team_plan_values(const billing_team_row_t *row,
    billing_db_list_t *list)
{
    const billing_team_t  *team = &row->team;

    billing_db_add(list, "ttttii", billing_plan_name(team->plan),
                   billing_state_name(team->state),
                   team->period == BILLING_PERIOD_NONE
                       ? "" : billing_period_name(team->period),
                   team->method == BILLING_METHOD_NONE
                       ? "" : billing_method_name(team->method),
                   (int64_t) team->seats, (int64_t) row->hold_seats);
    billing_db_add(list, "iiiiiiit", team->anchor_at, team->current.start_at,
                   team->current.end_at, team->paid.minor,
                   team->credit.minor, team->pending.minor,
                   (int64_t) team->auto_renew,
                   team->scheduled_plan == BILLING_PLAN_NONE
                       ? "" : billing_plan_name(team->scheduled_plan));
}


static void
billing_team_bill_values(const billing_team_row_t *row,
    billing_db_list_t *list)
{
    const billing_team_t  *team = &row->team;

    billing_db_add(list, "iiiiiit", team->unit.minor,
                   (int64_t) team->discount_percent,
                   (int64_t) team->discount_left,
                   (int64_t) team->discount_seats_min,
                   (int64_t) team->invoice_open, (int64_t) team->ever_paid,
                   row->payer);
    billing_db_add(list, "iiii", (int64_t) team->seats_open, row->remind_at,
                   row->late_at, (int64_t) (row->late_at != 0));
}


static void
billing_team_trial_values(const billing_team_row_t *row,
    billing_db_list_t *list)
{
    const billing_team_t  *team = &row->team;

    billing_db_add(list, "tiiiii",
                   team->trial_plan == BILLING_PLAN_NONE
                       ? "" : billing_plan_name(team->trial_plan),
                   team->trial_ends_at, (int64_t) team->trial_seats,
                   (int64_t) team->trial_used, (int64_t) team->review_days,
                   team->review_at);
}


billing_db_rc_t
billing_team_raise(billing_worker_t *w, const char *team)
{
    static const char  sql[] =
        "UPDATE team SET version = version + 1 WHERE id = $1";

    billing_db_rc_t  rc;

    rc = billing_db_later(w->db, sql, "t", team);

    return rc == BILLING_DB_OK ? billing_outbox_team(w, team) : rc;
}


/* A price rests on the hold, and so does the day the gate's record ends. */

billing_db_rc_t
billing_team_hold(billing_worker_t *w, const char *account, uint32_t seats)
{
    static const char  sql[] =
        "UPDATE team SET hold_seats = $1, version = version + 1"
        " WHERE id = $2";

    billing_db_rc_t  rc;

    rc = billing_db_later(w->db, sql, "it", (int64_t) seats, account);

    if (rc == BILLING_DB_OK) {
        rc = billing_outbox_team(w, account);
    }

    return rc == BILLING_DB_OK ? billing_account_mirror(w, account) : rc;
}


billing_db_rc_t
billing_op_enter(billing_op_t *op, const char *team,
    billing_team_row_t *row, uint32_t *roles)
{
    billing_db_rc_t  rc;

    rc = billing_team_load(op->w, team, row);

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && row->gone)) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_actor_roles(op->w, row, op->command->actor, roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* The application stands above every team; the rules still hold. */

    if (strcmp(op->command->actor, BILLING_APP_ACTOR) == 0) {
        *roles = BILLING_ROLES_APP;
    }

    if (*roles == 0) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s", row->id);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_purchase_may(billing_worker_t *w, const billing_team_row_t *row,
    uint32_t roles, billing_reason_t *reason)
{
    uint32_t         n = 0;
    billing_db_rc_t  rc;

    if (row->team.plan == BILLING_PLAN_FREE) {
        *reason = billing_may(BILLING_ACT_BUY_FREE, roles, row->team.plan);
        return BILLING_DB_OK;
    }

    *reason = billing_may(BILLING_ACT_CHANGE_PLAN, roles, row->team.plan);

    if (*reason == BILLING_ALLOW || row->team.state != BILLING_STATE_EXPIRED)
    {
        return BILLING_DB_OK;
    }

    /* Nobody with billing rights is left: as on Free (section 8 point 6). */

    rc = billing_account_count(w, row->account,
             (uint32_t) (BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_COMPANY_ADMIN
                         | BILLING_ROLE_BILLING_ADMIN), &n, NULL);

    if (rc == BILLING_DB_OK && n == 0) {
        *reason = billing_may(BILLING_ACT_BUY_FREE, roles,
                              BILLING_PLAN_FREE);
    }

    return rc;
}


bool
billing_plan_is_paid(billing_plan_t plan)
{
    return plan == BILLING_PLAN_TEAM || plan == BILLING_PLAN_BUSINESS
           || plan == BILLING_PLAN_CONSULTANT;
}
