/*
 * Domain control: a company names its domains, proves them by a record in DNS,
 * and says what follows for the people on them (R22..R25, R217).
 */

#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_domain_enter(billing_op_t *op,
    billing_team_row_t *row, uint32_t *roles);
static billing_db_rc_t billing_domain_own(billing_op_t *op,
    const billing_team_row_t *row, billing_domain_row_t *domain);
static billing_db_rc_t billing_domain_claim(billing_op_t *op,
    const billing_team_row_t *row, const char *name);
static billing_db_rc_t billing_domain_take(billing_op_t *op,
    billing_domain_row_t *domain);
static billing_db_rc_t billing_domain_capture(billing_op_t *op,
    billing_domain_row_t *domain, const json_t *value);
static json_t *billing_domain_json(const billing_domain_row_t *domain);


#define BILLING_DOMAIN_RECORD  "miro-verification="


billing_db_rc_t
billing_op_domain_add(billing_op_t *op)
{
    bool                   same;
    uint32_t               roles;
    const char            *name;
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_team_row_t     row;
    billing_domain_row_t   domain;

    rc = billing_domain_enter(op, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    name = billing_op_text(op, "domain");
    rc = billing_domain_load(op->w, name, &domain);

    if (rc == BILLING_DB_DONE) {
        return billing_domain_claim(op, &row, name);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_same(op->w, domain.team, row.id, &same);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (same) {
        return billing_op_reply(op, 200, json_pack("{s:o}", "domain",
                                         billing_domain_json(&domain)));
    }

    reason = billing_domain_claim_allowed(domain.control.verified,
                                          domain.created_at, op->now);

    return reason == BILLING_ALLOW ? billing_domain_claim(op, &row, name)
                                   : billing_op_deny(op, reason, NULL);
}


static billing_db_rc_t
billing_domain_enter(billing_op_t *op, billing_team_row_t *row,
    uint32_t *roles)
{
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_op_enter(op, billing_op_text(op, "team"), row, roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_domain_add_allowed(*roles, row->team.plan);

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


/* With a new proof to give, and no policy of whoever named it before. */

static billing_db_rc_t
billing_domain_claim(billing_op_t *op, const billing_team_row_t *row,
    const char *name)
{
    billing_db_rc_t       rc;
    billing_domain_row_t  domain;

    memset(&domain, 0, sizeof(domain));
    billing_copy(domain.name, sizeof(domain.name), name);
    billing_copy(domain.team, sizeof(domain.team), row->id);
    domain.created_at = op->now;
    domain.control.domain = domain.name;

    rc = billing_id_new('d', domain.token);

    if (rc == BILLING_DB_OK) {
        rc = billing_domain_store(op->w, &domain);
    }

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 201, json_pack("{s:o}", "domain",
                                            billing_domain_json(&domain)))
           : rc;
}


billing_db_rc_t
billing_query_domains(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT name FROM email_domain WHERE team = $1 ORDER BY name";

    json_t                *list;
    uint32_t               roles;
    billing_db_rc_t        rc;
    billing_team_row_t     row;
    billing_domain_row_t   domain;

    rc = billing_domain_enter(op, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    list = json_array();
    rc = billing_db_query(op->w->db, sql, "t", row.id);

    while (rc == BILLING_DB_ROW) {
        rc = billing_domain_load(op->w, billing_db_text(op->w->db, sql, 0),
                                 &domain);

        if (rc == BILLING_DB_OK) {
            (void) json_array_append_new(list, billing_domain_json(&domain));
            rc = billing_db_next(op->w->db, sql);
        }
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "domains", list));
}


/* The domain of the request, when it is this company's. */

static billing_db_rc_t
billing_domain_own(billing_op_t *op, const billing_team_row_t *row,
    billing_domain_row_t *domain)
{
    bool             same;
    billing_db_rc_t  rc;

    same = false;
    rc = billing_domain_load(op->w, billing_op_text(op, "domain"), domain);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_same(op->w, domain->team, row->id, &same);
    }

    return rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && !same)
           ? billing_op_deny(op, BILLING_DOMAIN_NOT_FOUND, NULL) : rc;
}


billing_db_rc_t
billing_op_domain_remove(billing_op_t *op)
{
    static const char  sql[] = "DELETE FROM email_domain WHERE name = $1";

    uint32_t              roles;
    billing_db_rc_t       rc;
    billing_team_row_t    row;
    billing_domain_row_t  domain;

    rc = billing_domain_enter(op, &row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_domain_own(op, &row, &domain);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(op->w->db, sql, "t", domain.name);
    }

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 200, json_pack("{s:o}", "domain",
                                            billing_domain_json(&domain)))
           : rc;
}


billing_db_rc_t
billing_op_domain_policy(billing_op_t *op)
{
    uint32_t              roles;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_team_row_t    row;
    billing_domain_row_t  domain;

    rc = billing_domain_enter(op, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_domain_policy_allowed(roles, row.team.plan);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_domain_own(op, &row, &domain);

    if (rc == BILLING_DB_OK && !domain.control.verified) {
        return billing_op_deny(op, BILLING_DOMAIN_UNVERIFIED, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_domain_take(op, &domain);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_domain_store(op->w, &domain);
    }

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 200, json_pack("{s:o}", "domain",
                                            billing_domain_json(&domain)))
           : rc;
}


static billing_db_rc_t
billing_domain_take(billing_op_t *op, billing_domain_row_t *domain)
{
    const json_t  *forbids, *shows, *capture;

    forbids = json_object_get(op->command->body, "forbids");
    shows = json_object_get(op->command->body, "discoverable");
    capture = json_object_get(op->command->body, "capture_team");

    if (forbids == NULL && shows == NULL && capture == NULL) {
        return billing_op_deny(op, BILLING_FIELD_MISSING, NULL);
    }

    if (forbids != NULL) {
        domain->control.forbids = json_is_true(forbids);
    }

    if (shows != NULL) {
        domain->control.discoverable = json_is_true(shows);
    }

    return capture == NULL ? BILLING_DB_OK
                           : billing_domain_capture(op, domain, capture);
}


/* A team of the same company; profiles from now on are concerned. */

static billing_db_rc_t
billing_domain_capture(billing_op_t *op, billing_domain_row_t *domain,
    const json_t *value)
{
    bool                 same;
    const char          *team;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    if (json_is_null(value)) {
        domain->capture_team[0] = '\0';
        domain->control.capture_at = 0;
        return BILLING_DB_OK;
    }

    same = false;
    team = json_string_value(value);
    rc = billing_team_load(op->w, team, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_same(op->w, domain->team, team, &same);
    }

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && !same)) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND,
                               json_pack("{s:s}", "field", "capture_team"));
    }

    if (rc == BILLING_DB_OK && domain->control.capture_at == 0) {
        domain->control.capture_at = op->now;
    }

    billing_copy(domain->capture_team, sizeof(domain->capture_team), team);

    return rc;
}


/* Told by whoever looks into DNS: this program asks no name servers. */

billing_db_rc_t
billing_op_domain_verified(billing_op_t *op)
{
    bool                  verified;
    billing_db_rc_t       rc;
    billing_domain_row_t  domain;

    rc = billing_domain_load(op->w, billing_op_text(op, "domain"), &domain);

    if (rc == BILLING_DB_DONE) {
        return billing_op_deny(op, BILLING_DOMAIN_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    verified = billing_op_bool(op, "verified");

    if (verified && !domain.control.verified) {
        domain.verified_at = op->now;
    }

    if (!verified) {
        domain.verified_at = 0;
    }

    domain.control.verified = verified;
    rc = billing_domain_store(op->w, &domain);

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 200, json_pack("{s:o}", "domain",
                                            billing_domain_json(&domain)))
           : rc;
}


static json_t *
billing_domain_json(const billing_domain_row_t *domain)
{
    char                              value[64];
    const billing_domain_control_t   *control;

    control = &domain->control;
    billing_copy(value, sizeof(value), BILLING_DOMAIN_RECORD);
    billing_copy(value + strlen(value), sizeof(value) - strlen(value),
                 domain->token);

    return json_pack("{s:s, s:s, s:b, s:o, s:b, s:b, s:s?, s:o,"
                     " s:{s:s, s:s, s:s, s:i}}",
               "domain", domain->name, "team", domain->team,
               "verified", (int) control->verified,
               "verified_at", billing_instant_json(domain->verified_at),
               "forbids", (int) control->forbids,
               "discoverable", (int) control->discoverable,
               "capture_team", domain->capture_team[0] == '\0'
                               ? NULL : domain->capture_team,
               "created_at", billing_instant_json(domain->created_at),
               "record", "name", domain->name, "type", "TXT",
                   "value", value, "ttl", BILLING_DOMAIN_TTL_SEC);
}
