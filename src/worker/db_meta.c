/* Small named numbers of the database (table meta). */

#include "billing_infra.h"


billing_db_rc_t
billing_db_meta_get(billing_db_t *db, const char *name, int64_t *value)
{
    billing_db_rc_t    rc;
    static const char  sql[] = "SELECT value FROM meta WHERE name = $1";

    rc = billing_db_query(db, sql, "t", name);
    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    *value = billing_db_int(db, sql, 0);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_db_meta_set(billing_db_t *db, const char *name, int64_t value)
{
    static const char  sql[] =
        "INSERT INTO meta (name, value) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    return billing_db_exec(db, sql, "ti", name, value);
}
