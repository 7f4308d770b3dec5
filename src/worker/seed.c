/*
 * The demo's data: a team in every state, with ids and names that tests may
 * rely on.  Written into an empty database only.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_SEED_DAY  86400


typedef struct {
    const char        *id;
    const char        *name;
    billing_plan_t     plan;
    billing_state_t    state;
    billing_period_t   period;
    billing_method_t   method;
    uint32_t           seats;
    int                started_days;    /* ago */
    const char        *domain;          /* Domain control, NULL none */
    const char        *account;         /* that pays, NULL itself */
} billing_seed_team_t;

typedef struct {
    const char  *team;
    const char  *email;
    uint32_t     roles;
} billing_seed_member_t;

typedef struct {
    const char  *id;
    const char  *team;
    const char  *owner;
    const char  *title;
    bool         is_private;
    const char  *guest;                 /* NULL none */
} billing_seed_board_t;


static billing_db_rc_t billing_seed_empty(billing_worker_t *w, bool *empty);
static billing_db_rc_t billing_seed_profiles(billing_worker_t *w,
    int64_t now);
static billing_db_rc_t billing_seed_teams(billing_worker_t *w, int64_t now);
static billing_db_rc_t billing_seed_team(billing_worker_t *w,
    const billing_seed_team_t *seed, int64_t now);
static billing_db_rc_t billing_seed_domain(billing_worker_t *w,
    const billing_seed_team_t *seed, int64_t now);
static void billing_seed_period(billing_worker_t *w,
    const billing_seed_team_t *seed, int64_t now, billing_team_row_t *row);
static const char *billing_seed_payer(const char *team);
static billing_db_rc_t billing_seed_boards(billing_worker_t *w, int64_t now);
static billing_db_rc_t billing_seed_access(billing_worker_t *w,
    const char *board, const char *email, uint32_t rights, int64_t now);


#define OWNER      "owner@example.test"
#define ADMIN      "admin@example.test"
#define MEMBER     "member@example.test"
#define GUEST      "guest@example.test"
#define FREELANCE  "freelance@example.test"
#define BIG        "big@example.test"
#define STAFF      "staff@corp.example.test"
#define OTHER      "other@corp.example.test"

#define R_G   ((uint32_t) BILLING_ROLE_GUEST)
#define R_M   ((uint32_t) BILLING_ROLE_MEMBER)
#define R_TA  ((uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN))
#define R_BA  ((uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_BILLING_ADMIN))
#define R_CA  ((uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN))


static const char *const  billing_seed_profile_list[] = {
    OWNER, ADMIN, MEMBER, GUEST, FREELANCE, BIG, STAFF, OTHER, NULL
};

static const billing_seed_team_t  billing_seed_team_list[] = {
    { "team-free", "Free Team", BILLING_PLAN_FREE, BILLING_STATE_FREE,
      BILLING_PERIOD_NONE, BILLING_METHOD_NONE, 0, 40, NULL, NULL },
    { "team-monthly", "Monthly Team", BILLING_PLAN_TEAM,
      BILLING_STATE_ACTIVE, BILLING_PERIOD_MONTHLY, BILLING_METHOD_CARD, 5,
      10, NULL, NULL },
    { "team-yearly", "Yearly Team by Invoice", BILLING_PLAN_TEAM,
      BILLING_STATE_ACTIVE, BILLING_PERIOD_YEARLY, BILLING_METHOD_INVOICE,
      12, 100, NULL, NULL },
    { "team-business", "Business Team", BILLING_PLAN_BUSINESS,
      BILLING_STATE_ACTIVE, BILLING_PERIOD_YEARLY, BILLING_METHOD_CARD, 6,
      60, NULL, NULL },
    { "team-business-2", "Business Design", BILLING_PLAN_FREE,
      BILLING_STATE_FREE, BILLING_PERIOD_NONE, BILLING_METHOD_NONE, 0, 20,
      NULL, "team-business" },
    { "team-consultant", "Consultant", BILLING_PLAN_CONSULTANT,
      BILLING_STATE_ACTIVE, BILLING_PERIOD_MONTHLY, BILLING_METHOD_CARD, 1,
      5, NULL, NULL },
    { "team-past-due", "Past Due Team", BILLING_PLAN_TEAM,
      BILLING_STATE_PAST_DUE, BILLING_PERIOD_MONTHLY, BILLING_METHOD_CARD, 4,
      33, NULL, NULL },
    { "team-cancelled", "Cancelled Team", BILLING_PLAN_TEAM,
      BILLING_STATE_CANCELLED, BILLING_PERIOD_MONTHLY, BILLING_METHOD_CARD,
      4, 12, NULL, NULL },
    { "team-expired", "Expired Team", BILLING_PLAN_TEAM,
      BILLING_STATE_EXPIRED, BILLING_PERIOD_MONTHLY, BILLING_METHOD_CARD, 4,
      50, NULL, NULL },
    { "team-enterprise", "Enterprise", BILLING_PLAN_ENTERPRISE,
      BILLING_STATE_ENTERPRISE, BILLING_PERIOD_YEARLY,
      BILLING_METHOD_INVOICE, 50, 30, "corp.example.test", NULL },
    { "team-education", "School", BILLING_PLAN_EDUCATION,
      BILLING_STATE_EDUCATION, BILLING_PERIOD_NONE, BILLING_METHOD_NONE, 0,
      30, NULL, NULL },
    { NULL, NULL, BILLING_PLAN_NONE, BILLING_STATE_NONE, BILLING_PERIOD_NONE,
      BILLING_METHOD_NONE, 0, 0, NULL, NULL }
};

static const billing_seed_member_t  billing_seed_member_list[] = {
    { "team-free",       OWNER,     R_TA },
    { "team-free",       MEMBER,    R_M },
    { "team-free",       GUEST,     R_G },
    { "team-monthly",    OWNER,     R_TA | R_BA },
    { "team-monthly",    ADMIN,     R_TA },
    { "team-monthly",    MEMBER,    R_M },
    { "team-monthly",    GUEST,     R_G },
    { "team-yearly",     OWNER,     R_TA },
    { "team-yearly",     ADMIN,     R_BA },
    { "team-yearly",     MEMBER,    R_M },
    { "team-business",   OWNER,     R_CA },
    { "team-business",   ADMIN,     R_TA },
    { "team-business",   MEMBER,    R_M },
    { "team-business",   GUEST,     R_G },
    { "team-business-2", ADMIN,     R_M },
    { "team-business-2", MEMBER,    R_TA },
    { "team-consultant", FREELANCE, R_CA | R_BA },
    { "team-past-due",   OWNER,     R_TA | R_BA },
    { "team-past-due",   MEMBER,    R_M },
    { "team-cancelled",  OWNER,     R_TA | R_BA },
    { "team-cancelled",  MEMBER,    R_M },
    { "team-expired",    OWNER,     R_TA | R_BA },
    { "team-expired",    MEMBER,    R_M },
    { "team-enterprise", BIG,       R_CA },
    { "team-enterprise", STAFF,     R_M },
    { "team-education",  ADMIN,     R_TA },
    { "team-education",  MEMBER,    R_M },
    { NULL,              NULL,      0 }
};

static const billing_seed_board_t  billing_seed_board_list[] = {
    { "board-free-1", "team-free", OWNER, "First plan", false, NULL },
    { "board-free-2", "team-free", OWNER, "Second plan", false, NULL },
    { "board-free-3", "team-free", MEMBER, "Sketches", false, NULL },
    { "board-free-4", "team-free", OWNER, "Latest plan", false, NULL },
    { "board-monthly-1", "team-monthly", OWNER, "Roadmap", false, GUEST },
    { "board-monthly-2", "team-monthly", OWNER, "Own notes", true, NULL },
    { "board-yearly-1", "team-yearly", OWNER, "Year", false, NULL },
    { "board-business-1", "team-business", OWNER, "Workshop", false, GUEST },
    { "board-consultant-1", "team-consultant", FREELANCE,
      "Client", false, NULL },
    { "board-past-due-1", "team-past-due", OWNER, "Overdue", false, NULL },
    { "board-cancelled-1", "team-cancelled", OWNER, "Farewell", false, NULL },
    { "board-expired-1", "team-expired", OWNER, "Paused", false, NULL },
    { "board-enterprise-1", "team-enterprise", BIG, "Company", false, NULL },
    { "board-education-1", "team-education", ADMIN, "Lesson", false, NULL },
    { "board-business-2-1", "team-business-2", MEMBER, "Sketches", false,
      NULL },
    { NULL, NULL, NULL, NULL, false, NULL }
};


billing_db_rc_t
billing_seed(billing_worker_t *w, int64_t now)
{
    bool             empty;
    billing_db_rc_t  rc;

    if (!w->settings->demo) {
        return BILLING_DB_OK;
    }

    rc = billing_seed_empty(w, &empty);

    if (rc != BILLING_DB_OK || !empty) {
        return rc;
    }

    rc = billing_seed_profiles(w, now);

    if (rc == BILLING_DB_OK) {
        rc = billing_seed_teams(w, now);
    }

    return rc == BILLING_DB_OK ? billing_seed_boards(w, now) : rc;
}


static billing_db_rc_t
billing_seed_empty(billing_worker_t *w, bool *empty)
{
    static const char  sql[] = "SELECT 1 FROM profile LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "");
    *empty = rc == BILLING_DB_DONE;

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK
                                                         : rc;
}


static billing_db_rc_t
billing_seed_profiles(billing_worker_t *w, int64_t now)
{
    size_t           i;
    billing_db_rc_t  rc;

    rc = BILLING_DB_OK;

    for (i = 0; rc == BILLING_DB_OK && billing_seed_profile_list[i] != NULL;
         i++)
    {
        rc = billing_profile_ensure(w, billing_seed_profile_list[i],
                                    BILLING_LANG_EN, now);
    }

    return rc;
}


static billing_db_rc_t
billing_seed_teams(billing_worker_t *w, int64_t now)
{
    size_t                    i;
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    rc = BILLING_DB_OK;

    for (i = 0; rc == BILLING_DB_OK && billing_seed_team_list[i].id != NULL;
         i++)
    {
        rc = billing_seed_team(w, &billing_seed_team_list[i], now + (int) i);
    }

    for (i = 0;
         rc == BILLING_DB_OK && billing_seed_member_list[i].team != NULL; i++)
    {
        change = (billing_member_change_t) {
            .team = billing_seed_member_list[i].team,
            .email = billing_seed_member_list[i].email,
            .roles = billing_seed_member_list[i].roles, .now = now
        };

        rc = billing_member_store(w, &change);
    }

    for (i = 0; rc == BILLING_DB_OK && billing_seed_team_list[i].id != NULL;
         i++)
    {
        rc = billing_seat_recount(w, billing_seed_team_list[i].id);
    }

    return rc;
}


static billing_db_rc_t
billing_seed_team(billing_worker_t *w, const billing_seed_team_t *seed,
    int64_t now)
{
    const char          *payer;
    billing_db_rc_t      rc;
    billing_currency_t   currency;
    billing_team_row_t   row;

    payer = billing_seed_payer(seed->id);
    memset(&row, 0, sizeof(row));
    (void) snprintf(row.id, sizeof(row.id), "%s", seed->id);
    (void) snprintf(row.name, sizeof(row.name), "%s", seed->name);

    currency = w->settings->catalogue.currency;
    row.team.plan = seed->plan;
    row.team.state = seed->state;
    row.team.period = seed->period;
    row.team.method = seed->method;
    row.team.seats = seed->seats;
    row.team.paid.currency = currency;
    row.team.credit.currency = currency;
    row.team.pending.currency = currency;
    row.created_at = now;
    (void) snprintf(row.account, sizeof(row.account), "%s",
                    seed->account == NULL ? seed->id : seed->account);

    if (seed->period != BILLING_PERIOD_NONE) {
        billing_seed_period(w, seed, now, &row);
        (void) snprintf(row.billing_email, sizeof(row.billing_email), "%s",
                        payer);
        (void) snprintf(row.payer, sizeof(row.payer), "%s", payer);
    }

    rc = billing_team_insert(w, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(w, &row);
    }

    return rc == BILLING_DB_OK && seed->domain != NULL
           ? billing_seed_domain(w, seed, now) : rc;
}


/* Verified, and its people have no teams of their own (R22). */

static billing_db_rc_t
billing_seed_domain(billing_worker_t *w, const billing_seed_team_t *seed,
    int64_t now)
{
    billing_domain_row_t  row;

    memset(&row, 0, sizeof(row));
    billing_copy(row.name, sizeof(row.name), seed->domain);
    billing_copy(row.team, sizeof(row.team), seed->id);
    billing_copy(row.token, sizeof(row.token), seed->id);
    row.created_at = now;
    row.verified_at = now;
    row.control.verified = true;
    row.control.forbids = true;

    return billing_domain_store(w, &row);
}


static void
billing_seed_period(billing_worker_t *w, const billing_seed_team_t *seed,
    int64_t now, billing_team_row_t *row)
{
    billing_money_t   price;
    billing_team_t   *team;

    team = &row->team;
    team->anchor_at = now - (int64_t) seed->started_days * BILLING_SEED_DAY;
    team->current.start_at = team->anchor_at;
    team->current.end_at = billing_boundary(team->anchor_at, seed->period,
                                            1);
    team->auto_renew = seed->state != BILLING_STATE_CANCELLED
                       && seed->state != BILLING_STATE_EXPIRED;

    price = w->settings->catalogue.plans[seed->plan].price[seed->period];

    team->ever_paid = true;
    team->unit = price;

    if (!billing_plan_is_paid(seed->plan)
        || billing_money_times(price, seed->seats, &team->paid) != BILLING_OK)
    {
        team->paid.minor = 0;
        team->paid.currency = w->settings->catalogue.currency;
    }

    if (seed->method == BILLING_METHOD_CARD) {
        (void) snprintf(row->card_brand, sizeof(row->card_brand), "visa");
        (void) snprintf(row->card_last4, sizeof(row->card_last4), "4242");
        (void) snprintf(row->payment_method, sizeof(row->payment_method),
                        "pm_card_visa");
    }

    if (seed->state == BILLING_STATE_PAST_DUE) {
        row->failed = 1;
        row->failed_at = team->current.end_at;
        row->retry_at = now + 4 * BILLING_SEED_DAY;
    }
}


static const char *
billing_seed_payer(const char *team)
{
    for (size_t i = 0; billing_seed_member_list[i].team != NULL; i++) {
        if (strcmp(billing_seed_member_list[i].team, team) == 0
            && billing_seed_member_list[i].roles
               & (uint32_t) BILLING_ROLE_BILLING_ADMIN)
        {
            return billing_seed_member_list[i].email;
        }
    }

    return OWNER;
}


static billing_db_rc_t
billing_seed_boards(billing_worker_t *w, int64_t now)
{
    static const char  sql[] =
        "INSERT INTO board (id, team, owner, title, is_private, rank,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    size_t                       i;
    billing_db_rc_t              rc;
    const billing_seed_board_t  *board;

    rc = BILLING_DB_OK;

    for (i = 0; rc == BILLING_DB_OK && billing_seed_board_list[i].id != NULL;
         i++)
    {
        board = &billing_seed_board_list[i];

        rc = billing_db_exec(w->db, sql, "ttttiii", board->id, board->team,
                             board->owner, board->title,
                             (int64_t) board->is_private,
                             now * 1048576 + (int64_t) i, now);

        if (rc == BILLING_DB_OK) {
            rc = billing_outbox_board(w, board->id);
        }

        if (rc == BILLING_DB_OK && board->is_private) {
            rc = billing_seed_access(w, board->id, board->owner,
                                     BILLING_ACCESS_OWNER, now);
        }

        if (rc == BILLING_DB_OK && board->guest != NULL) {
            rc = billing_seed_access(w, board->id, board->guest,
                                     BILLING_ACCESS_INVITED, now);
        }
    }

    return rc;
}


static billing_db_rc_t
billing_seed_access(billing_worker_t *w, const char *board,
    const char *email, uint32_t rights, int64_t now)
{
    billing_access_change_t  change;

    change = (billing_access_change_t) {
        .board = board, .email = email, .rights = rights, .now = now
    };

    return billing_access_store(w, &change);
}
