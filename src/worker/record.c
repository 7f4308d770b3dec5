/*
 * Records for the gate: a team, a member, a board as they stand.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_DAY_SEC  86400


static billing_db_rc_t billing_record_editable(billing_worker_t *w,
    const billing_team_row_t *row, billing_team_record_t *out);
static uint32_t billing_record_limit(const billing_settings_t *settings,
    const billing_team_row_t *row);


billing_db_rc_t
billing_record_team(billing_worker_t *w, const char *team,
    billing_team_record_t *out)
{
    billing_db_rc_t     rc;
    billing_team_row_t  row;

    memset(out, 0, sizeof(*out));
    out->epoch = w->record_epoch;

    rc = billing_team_load(w, team, &row);

    if (rc == BILLING_DB_DONE) {
        out->gone = 1;
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    out->version = row.team.version;
    out->gone = row.gone;
    out->plan = (uint8_t) billing_team_plan(&row.team);
    out->state = (uint8_t) row.team.state;
    out->seats = row.team.seats;
    out->members = row.team.members;
    out->period_end_at = row.team.current.end_at;
    out->valid_until_at = billing_record_valid_until(w->settings, &row);
    out->day_passes = !row.passes_off
        && billing_day_pass_offered(&w->settings->catalogue, &row.team);

    if (row.team.state == BILLING_STATE_TRIAL) {
        out->plan_after = (uint8_t) row.team.plan;
    }

    return billing_record_editable(w, &row, out);
}


/*
 * Paid features end by themselves, even with every program dead (P33): with
 * the period, later only while its renewal is being tried, earlier when an
 * invoice stays unpaid.
 */

int64_t
billing_record_valid_until(const billing_settings_t *settings,
    const billing_team_row_t *row)
{
    int64_t   end_at, due_at;
    uint32_t  days;

    days = settings->ndunning == 0
           ? 0 : settings->dunning_days[settings->ndunning - 1];

    /* Behind a trial is what was before: the gate knows its own end. */

    if (row->team.state == BILLING_STATE_TRIAL) {
        return row->team.trial_ends_at
               + (row->hold_seats == 0 ? BILLING_RENEWAL_SEC
                                       : (int64_t) days * BILLING_DAY_SEC);
    }

    if (!billing_plan_is_paid(row->team.plan)) {
        return row->team.current.end_at;
    }

    end_at = row->team.current.end_at;

    /* What renews itself stays usable while that is tried (R170). */

    if (row->team.state == BILLING_STATE_PAST_DUE || row->retry_at != 0
        || (row->team.auto_renew && row->hold_seats != 0))
    {
        end_at += (int64_t) days * BILLING_DAY_SEC;

    } else if (row->team.auto_renew) {
        end_at += BILLING_RENEWAL_SEC;
    }

    /*
     * A payment that is on its way keeps the team until it is known; days of
     * grace may go beyond the period.
     */

    if (row->invoice_due_at != 0 && row->hold_seats == 0) {
        due_at = row->invoice_due_at
                 + (int64_t) settings->invoice_grace_days * BILLING_DAY_SEC;

        return due_at < end_at || row->late_at != 0 ? due_at : end_at;
    }

    return end_at;
}


/* The rank of the third newest board on Free (R37), 0 where all may be. */

static billing_db_rc_t
billing_record_editable(billing_worker_t *w, const billing_team_row_t *row,
    billing_team_record_t *out)
{
    static const char  sql[] =
        "SELECT rank FROM board WHERE team = $1 AND gone = 0"
        " ORDER BY rank DESC LIMIT 1 OFFSET $2";

    uint32_t         limit;
    billing_db_rc_t  rc;

    out->editable_from = 0;
    limit = billing_record_limit(w->settings, row);

    if (limit == 0) {
        return BILLING_DB_OK;
    }

    /* for the gate's text, where it is not the plan's */

    if (limit
        != w->settings->catalogue.plans[row->team.plan].editable_boards)
    {
        out->editable_boards = (uint8_t) (limit < UINT8_MAX ? limit
                                                            : UINT8_MAX);
    }

    rc = billing_db_query(w->db, sql, "ti", row->id, (int64_t) limit - 1);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    out->editable_from = (uint64_t) billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/* Its own, or that of the time it comes from, or its plan's (R42). */

static uint32_t
billing_record_limit(const billing_settings_t *settings,
    const billing_team_row_t *row)
{
    uint32_t  limit;

    limit = billing_catalogue_boards(&settings->catalogue, row->team.plan,
                                     row->created_at);

    return limit != 0 && row->editable_boards != 0 ? row->editable_boards
                                                   : limit;
}


billing_db_rc_t
billing_record_member(billing_worker_t *w, const char *team,
    const char *email, billing_member_record_t *out)
{
    static const char  sql[] =
        "SELECT roles, version FROM member WHERE team = $1 AND email = $2";

    billing_db_rc_t     rc;
    billing_pass_row_t  pass;

    memset(out, 0, sizeof(*out));
    out->epoch = w->record_epoch;

    rc = billing_db_query(w->db, sql, "tt", team, email);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;           /* known not to be a member */
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    out->roles = (uint32_t) billing_db_int(w->db, sql, 0);
    out->version = (uint64_t) billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    if ((out->roles & (uint32_t) BILLING_ROLE_OCCASIONAL) == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_pass_last(w, team, email, &pass);
    out->pass_ends_at = pass.ends_at;

    return rc;
}


billing_db_rc_t
billing_record_board(billing_worker_t *w, const char *board,
    billing_board_record_t *out)
{
    static const char  sql[] =
        "SELECT team, is_private, rank, gone, version, link FROM board"
        " WHERE id = $1";

    const char       *link;
    billing_visit_t   visit;
    billing_db_rc_t   rc;

    memset(out, 0, sizeof(*out));
    out->epoch = w->record_epoch;

    rc = billing_db_query(w->db, sql, "t", board);

    if (rc == BILLING_DB_DONE) {
        out->gone = 1;
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(out->team, sizeof(out->team), "%s",
                    billing_db_text(w->db, sql, 0));
    out->is_private = billing_db_int(w->db, sql, 1) != 0;
    out->rank = (uint64_t) billing_db_int(w->db, sql, 2);
    out->gone = billing_db_int(w->db, sql, 3) != 0;
    out->version = (uint64_t) billing_db_int(w->db, sql, 4);
    link = billing_db_text(w->db, sql, 5);
    visit = billing_visit_parse(link, strlen(link));
    out->link = (uint8_t) (visit == BILLING_VISITS ? BILLING_VISIT_OFF
                                                   : visit);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_record_access(billing_worker_t *w, const char *board,
    const char *email, billing_access_record_t *out)
{
    static const char  sql[] =
        "SELECT rights, version FROM board_access WHERE board = $1"
        " AND email = $2";

    billing_db_rc_t  rc;

    memset(out, 0, sizeof(*out));
    out->epoch = w->record_epoch;

    rc = billing_db_query(w->db, sql, "tt", board, email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    out->rights = (uint32_t) billing_db_int(w->db, sql, 0);
    out->version = (uint64_t) billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
