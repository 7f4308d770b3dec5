/* Who has a licence of a company: in some of its teams, or in none any more. */

#include "billing_business.h"


billing_db_rc_t
billing_account_people(billing_worker_t *w, const char *account,
    json_t **out)
{
    static const char  sql[] =
        "SELECT s.email, s.roles, (SELECT COUNT(*) FROM member m"
        " JOIN team t ON t.id = m.team WHERE t.account = s.account"
        " AND m.email = s.email AND (m.roles & $1) <> 0) FROM seat s"
        " WHERE s.account = $2 ORDER BY s.email LIMIT 200";

    uint32_t         roles;
    billing_db_rc_t  rc;

    *out = json_array();
    rc = billing_db_query(w->db, sql, "it", (int64_t) BILLING_ROLE_MEMBER,
                          account);

    while (rc == BILLING_DB_ROW) {
        roles = (uint32_t) billing_db_int(w->db, sql, 1)
                | (uint32_t) BILLING_ROLE_MEMBER;
        (void) json_array_append_new(*out,
                   json_pack("{s:s, s:s, s:o, s:I}",
                       "email", billing_db_text(w->db, sql, 0),
                       "role", billing_role_word(roles),
                       "roles", billing_roles_json(roles),
                       "teams", (json_int_t) billing_db_int(w->db, sql, 2)));
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);
    *out = NULL;

    return rc;
}
