/*
 * Part of billing_business.h: what the application says about its people and
 * boards, and what it is told about their teams.
 */

#ifndef BILLING_APPLICATION_H
#define BILLING_APPLICATION_H

/* What the application may, as roles: everything but being a member. */
#define BILLING_ROLES_APP                                                     \
    (uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN                 \
                | BILLING_ROLE_COMPANY_ADMIN | BILLING_ROLE_BILLING_ADMIN)

#define BILLING_EVENT_RETENTION_SEC  (30 * 86400)
#define BILLING_EVENTS_PAGE_MAX      200
#define BILLING_REPLAY_MAX           10000
#define BILLING_VAT_ID_TEXT_MAX      31
#define BILLING_VAT_CHECKED_MAX      (BILLING_VAT_ID_TEXT_MAX + 3)

/* As team.vat_checked keeps it: "FR FR12345678901" (op_vat.c). */
void billing_vat_checked_text(const char *country, const char *id,
    char out[BILLING_VAT_CHECKED_MAX + 1]);


/* --- operations ----------------------------------------------------------- */

billing_db_rc_t billing_op_app_bulk(billing_op_t *op);
billing_db_rc_t billing_op_app_team(billing_op_t *op);
billing_db_rc_t billing_op_app_grant(billing_op_t *op);
billing_db_rc_t billing_op_app_member(billing_op_t *op);
billing_db_rc_t billing_op_app_member_delete(billing_op_t *op);
billing_db_rc_t billing_op_app_board(billing_op_t *op);
billing_db_rc_t billing_op_app_replay(billing_op_t *op);
billing_db_rc_t billing_op_app_replay_all(billing_op_t *op);
billing_db_rc_t billing_op_app_enable(billing_op_t *op);
billing_db_rc_t billing_op_app_vat(billing_op_t *op);
billing_db_rc_t billing_query_app_vat(billing_op_t *op);
billing_db_rc_t billing_query_app_team(billing_op_t *op);
billing_db_rc_t billing_query_app_events(billing_op_t *op);
billing_db_rc_t billing_query_app_webhooks(billing_op_t *op);


/* --- upserts (app.c, app_team.c, app_member.c, app_board.c) --------------- */

/*
 * A team that items of this command are about, or the account around it;
 * written once, at its end.  Licences are counted in the account's.
 */
typedef struct billing_app_team_s  billing_app_team_t;

struct billing_app_team_s {
    billing_team_row_t     row;
    billing_app_team_t    *account;     /* itself when it is its own */
    bool                   touched;
    bool                   grows;       /* licences are added */
    uint32_t               members;     /* with those of this command */
    uint32_t               held;        /* seats that invitations hold */
    billing_seat_change_t  change;
};

typedef struct {
    billing_op_t          *op;
    bool                   add_seats;   /* "on_full": "add_seat" */
    billing_app_team_t   **teams;
    size_t                 nteams;
    size_t                 max;
} billing_app_t;

/* What became of one item; nothing was written unless reason is ALLOW. */
typedef struct {
    billing_reason_t  reason;
    const char       *field;            /* NULL: the reason's own */
    bool              changed;
    bool              created;
} billing_app_result_t;

/*
 * One item as it should be: the same whether it came alone or in a list.  An
 * item that is so already changes nothing.
 */
typedef billing_db_rc_t (*billing_app_item_pt)(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);

BILLING_MUST_CHECK billing_db_rc_t billing_app_profile(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);
BILLING_MUST_CHECK billing_db_rc_t billing_app_team(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);
BILLING_MUST_CHECK billing_db_rc_t billing_app_member(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);
BILLING_MUST_CHECK billing_db_rc_t billing_app_board(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);

/* The request's body as the only item; DONE with a refusal. */
BILLING_MUST_CHECK billing_db_rc_t billing_app_one(billing_op_t *op,
    billing_app_item_pt run, billing_app_result_t *result);

/*
 * DONE when there has never been such a team; *team lives as long as app, and
 * may be gone.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_app_enter(billing_app_t *app,
    const char *id, billing_app_team_t **team);

/* The same for who needs one that is there: else TEAM_NOT_FOUND. */
BILLING_MUST_CHECK billing_db_rc_t billing_app_there(billing_app_t *app,
    const char *id, billing_app_team_t **team, billing_app_result_t *result);

/* "" and 0 when it is not there. */
const char *billing_app_text(const json_t *item, const char *name);
int64_t billing_app_instant(const json_t *item, const char *name);

/*
 * Gives a plan that is not sold, with its books and what follows from it; the
 * row is not written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_app_grant(billing_op_t *op,
    billing_team_row_t *row, const billing_grant_t *grant,
    billing_app_result_t *result);

/* Where a board made at that instant stands among all (R37). */
BILLING_MUST_CHECK billing_db_rc_t billing_board_rank(billing_worker_t *w,
    int64_t created_at, bool newest, uint64_t *rank);


/* --- events (event.c) ----------------------------------------------------- */

/*
 * The team as the application sees it, entitlements included (event_team.c).
 * NULL out of memory.  The text is w's, until the next is asked for.
 */
json_t *billing_app_team_json(const billing_worker_t *w,
    const billing_team_row_t *row);
const char *billing_app_team_text(billing_worker_t *w,
    const billing_team_row_t *row);

/* One event about a team (NULL: none), in the transaction; steals data. */
BILLING_MUST_CHECK billing_db_rc_t billing_event_emit(billing_worker_t *w,
    billing_event_kind_t kind, const char *team, json_t *data);

#endif /* BILLING_APPLICATION_H */
