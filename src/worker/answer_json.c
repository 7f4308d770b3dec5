/*
 * What a reader is told about a team: whitelists, not rows.
 */

#include "billing_business.h"


typedef struct {
    uint32_t     role;
    const char  *word;
} billing_role_name_t;

typedef struct {
    const char     *name;
    billing_act_t   act;
    uint32_t        states;             /* in which it makes sense */
} billing_can_t;


typedef struct {
    uint32_t  roles;
    uint32_t  teams;                    /* of the account */
    bool      upgrade;
} billing_can_ask_t;


static json_t *billing_can_json(const billing_worker_t *w,
    const billing_team_row_t *row, const billing_can_ask_t *ask);
static void billing_team_veil(json_t *team);
static billing_db_rc_t billing_admins_json(billing_worker_t *w,
    const char *account, json_t **out);


/* From the highest; the first one held is the "role". */

static const billing_role_name_t  billing_role_names[] = {
    { BILLING_ROLE_COMPANY_ADMIN, "company_admin" },
    { BILLING_ROLE_TEAM_ADMIN,    "team_admin" },
    { BILLING_ROLE_MEMBER,        "member" },
    { BILLING_ROLE_RESTRICTED,    "restricted" },
    { BILLING_ROLE_BILLING_ADMIN, "billing_admin" },
    { BILLING_ROLE_OCCASIONAL,    "occasional" },
    { BILLING_ROLE_GUEST,         "guest" },
    { BILLING_ROLE_VISITOR,       "visitor" },
    { 0,                          NULL }
};

#define BILLING_IN(state)  (1u << (BILLING_STATE_##state))
#define BILLING_RUNNING                                                       \
    (BILLING_IN(ACTIVE) | BILLING_IN(ACTIVE_UNPAID) | BILLING_IN(PAST_DUE))

static const billing_can_t  billing_cans[] = {
    { "change_seats",   BILLING_ACT_ADD_SEATS,
                        BILLING_RUNNING | BILLING_IN(TRIAL) },
    { "cancel",         BILLING_ACT_CANCEL,
                        BILLING_RUNNING | BILLING_IN(TRIAL) },
    { "reactivate",     BILLING_ACT_REACTIVATE,
                        BILLING_IN(CANCELLED) | BILLING_IN(EXPIRED)
                        | BILLING_IN(TRIAL) },
    { "remove_members", BILLING_ACT_REMOVE_MEMBER, UINT32_MAX },
    { "settings",       BILLING_ACT_SETTINGS,      UINT32_MAX },
    { "domains",        BILLING_ACT_DOMAIN_CONTROL, UINT32_MAX },
    { "open_billing",   BILLING_ACT_OPEN_BILLING,
                        BILLING_RUNNING | BILLING_IN(CANCELLED)
                        | BILLING_IN(EXPIRED) | BILLING_IN(TRIAL) },
    { "day_passes",     BILLING_ACT_DAY_PASSES,    UINT32_MAX },
    { NULL,             BILLING_ACT_SEE_TEAM,      0 }
};


billing_db_rc_t
billing_team_json(billing_worker_t *w, const billing_team_row_t *row,
    uint32_t roles, json_t **out)
{
    json_t                *admins, *account;
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_can_ask_t      ask;
    const billing_team_t  *team;

    *out = NULL;
    team = &row->team;
    ask.roles = roles;

    rc = billing_purchase_may(w, row, roles, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    ask.upgrade = reason == BILLING_ALLOW;
    rc = billing_account_json(w, row, &account, &ask.teams);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_admins_json(w, row->account, &admins);

    if (rc != BILLING_DB_OK) {
        json_decref(account);
        return rc;
    }

    *out = json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:s?, s:o, s:o,"
                     " s:b, s:s, s:o, s:I, s:s, s:o, s:o, s:o, s:s?}",
               "id", row->id, "name", row->name, "account", account,
               "plan", billing_plan_name(team->plan),
               "state", billing_state_name(team->state),
               "seats", (json_int_t) team->seats,
               "members", (json_int_t) team->members,
               "period", team->period == BILLING_PERIOD_NONE
                         ? NULL : billing_period_name(team->period),
               "period_start", billing_instant_json(team->current.start_at),
               "period_end", billing_instant_json(team->current.end_at),
               "auto_renew", (int) team->auto_renew,
               "currency", billing_currency_code(team->paid.currency),
               "billing_admins", admins,
               "version", (json_int_t) team->version,
               "role", billing_role_word(roles),
               "roles", billing_roles_json(roles),
               "can", billing_can_json(w, row, &ask),
               "trial_ends_at", billing_instant_json(team->trial_ends_at),
               "trial_plan", team->trial_plan == BILLING_PLAN_NONE
                             ? NULL : billing_plan_name(team->trial_plan));

    if (*out == NULL) {
        return BILLING_DB_UNMADE;
    }

    if (billing_may(BILLING_ACT_SEE_TEAM, roles, team->plan)
        == BILLING_ALLOW)
    {
        billing_settings_json(w, row, roles, *out);

    } else {
        billing_team_veil(*out);
    }

    return BILLING_DB_OK;
}


/* Who is only let in knows the team by its name (section 3, row 1). */

static void
billing_team_veil(json_t *team)
{
    static const char *const  names[] = {
        "account", "plan", "state", "seats", "members", "period",
        "period_start", "period_end", "auto_renew", "billing_admins",
        "trial_ends_at", "trial_plan"
    };

    size_t  i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) json_object_del(team, names[i]);
    }
}


billing_db_rc_t
billing_asked_json(billing_worker_t *w, const billing_team_row_t *row,
    const char *asked, const char *actor, json_t **out)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   team;

    rc = billing_team_load(w, asked[0] == '\0' ? row->id : asked, &team);

    /* It has become one with the account's own. */

    if (rc == BILLING_DB_OK && team.gone) {
        rc = billing_team_load(w, row->id, &team);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_roles(w, &team, actor, &roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return billing_team_json(w, &team, roles, out);
}


static json_t *
billing_can_json(const billing_worker_t *w, const billing_team_row_t *row,
    const billing_can_ask_t *ask)
{
    bool                    may, trial, upgrade;
    json_t                 *can;
    uint32_t                roles;
    billing_act_t           invite;
    billing_plan_t          plan;
    const billing_can_t    *entry;
    billing_account_ask_t   account;

    roles = ask->roles;
    plan = row->team.plan;
    account = (billing_account_ask_t) { .roles = roles, .teams = ask->teams };
    invite = row->invite_admins ? BILLING_ACT_INVITE_ADMINS
                                : BILLING_ACT_INVITE_OPEN;

    upgrade = ask->upgrade && row->hold_seats == 0
              && row->team.state != BILLING_STATE_CANCELLED
              && (plan == BILLING_PLAN_FREE || billing_plan_is_paid(plan));

    trial = upgrade
            && billing_trial_allowed(&w->settings->catalogue, &row->team,
                                     billing_worker_now(w)) == BILLING_ALLOW;

    can = json_pack("{s:b, s:b, s:b, s:b, s:b}",
              "upgrade", (int) upgrade, "trial", (int) trial,
              "invite", billing_may(invite, roles, plan) == BILLING_ALLOW,
              "create_team",
              billing_further_team_allowed(&w->settings->catalogue,
                  &row->team, &account) == BILLING_ALLOW,
              "delete_team",
              billing_team_delete_allowed(&row->team, &account)
                  == BILLING_ALLOW);

    for (entry = billing_cans; can != NULL && entry->name != NULL; entry++) {
        may = billing_may(entry->act, roles, plan) == BILLING_ALLOW
              && (entry->states & (1u << row->team.state)) != 0;

        if (json_object_set_new(can, entry->name, json_boolean(may)) != 0) {
            json_decref(can);
            return NULL;
        }
    }

    return can;
}


static billing_db_rc_t
billing_admins_json(billing_worker_t *w, const char *account, json_t **out)
{
    static const char  sql[] =
        "SELECT DISTINCT m.email FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND (m.roles & $2) <> 0"
        " ORDER BY m.email LIMIT 200";

    billing_db_rc_t  rc;

    *out = json_array();

    rc = billing_db_query(w->db, sql, "ti", account,
                          (int64_t) BILLING_ROLE_BILLING_ADMIN);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(*out,
                   json_string(billing_db_text(w->db, sql, 0)));
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);
    *out = NULL;

    return rc;
}


json_t *
billing_roles_json(uint32_t roles)
{
    json_t                     *list;
    const billing_role_name_t  *entry;

    list = json_array();

    for (entry = billing_role_names; entry->word != NULL; entry++) {
        if (roles & entry->role) {
            (void) json_array_append_new(list, json_string(entry->word));
        }
    }

    return list;
}


const char *
billing_role_word(uint32_t roles)
{
    const billing_role_name_t  *entry;

    for (entry = billing_role_names; entry->word != NULL; entry++) {
        if (roles & entry->role) {
            return entry->word;
        }
    }

    return "none";
}
