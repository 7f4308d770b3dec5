/*
 * The schema's history: numbered scripts built into the program, applied in
 * one transaction, never downgraded.
 */

#include <stdio.h>

#include "billing_infra.h"

extern const char  billing_sql_001_infra[];
extern const char  billing_sql_002_business[];
extern const char  billing_sql_003_subscription[];
extern const char  billing_sql_004_account[];
extern const char  billing_sql_005_people[];
extern const char  billing_sql_006_board[];
extern const char  billing_sql_007_document[];
extern const char  billing_sql_008_day_pass[];
extern const char  billing_sql_009_application[];
extern const char  billing_sql_010_vat[];
extern const char  billing_sql_014_match[];
extern const char  billing_sql_015_print[];
extern const char  billing_sql_016_flexible[];
extern const char  billing_sql_017_decline[];
extern const char  billing_sql_018_bill[];
extern const char  billing_sql_019_mail_end[];
extern const char  billing_sql_020_trace[];
extern const char  billing_sql_021_purchase[];
extern const char  billing_sql_022_offer[];
extern const char  billing_sql_023_chain[];

extern const char  billing_sql_024_approval[];
extern const char  billing_sql_023_chain_postgres[];
extern const char  billing_sql_023_chain_sqlite[];
extern const char  billing_sql_024_approval_postgres[];
extern const char  billing_sql_024_approval_sqlite[];

typedef struct {
    int64_t      version;
    const char  *name;
    const char  *script;
} billing_migration_t;

/* What follows the script of some: no script can say it, or not in one way. */
typedef struct {
    int64_t            version;
    billing_db_rc_t  (*fill)(billing_db_t *db);     /* NULL none */
    const char        *postgres;
    const char        *sqlite;
} billing_migration_more_t;

static const billing_migration_t  billing_migrations[] = {
    { 1, "infra", billing_sql_001_infra },
    { 2, "business", billing_sql_002_business },
    { 3, "subscription", billing_sql_003_subscription },
    { 4, "account", billing_sql_004_account },
    { 5, "people", billing_sql_005_people },
    { 6, "board", billing_sql_006_board },
    { 7, "document", billing_sql_007_document },
    { 8, "day_pass", billing_sql_008_day_pass },
    { 9, "application", billing_sql_009_application },
    { 10, "vat", billing_sql_010_vat },
    { 14, "match", billing_sql_014_match },
    { 15, "print", billing_sql_015_print },
    { 16, "flexible", billing_sql_016_flexible },
    { 17, "decline", billing_sql_017_decline },
    { 18, "bill", billing_sql_018_bill },
    { 19, "mail_end", billing_sql_019_mail_end },
    { 20, "trace", billing_sql_020_trace },
    { 21, "purchase", billing_sql_021_purchase },
    { 22, "offer", billing_sql_022_offer },
    { 23, "chain", billing_sql_023_chain },
    { 24, "approval", billing_sql_024_approval }
};

static const billing_migration_more_t  billing_migrations_more[] = {
    { 23, billing_chain_adopt, billing_sql_023_chain_postgres,
      billing_sql_023_chain_sqlite },
    { 24, NULL, billing_sql_024_approval_postgres,
      billing_sql_024_approval_sqlite },
    { 0, NULL, NULL, NULL }
};

#define BILLING_MIGRATIONS                                                    \
    (sizeof(billing_migrations) / sizeof(billing_migrations[0]))

static const char  billing_migrate_table[] =
    "CREATE TABLE migration (version BIGINT PRIMARY KEY,"
    " name TEXT NOT NULL, applied_at BIGINT NOT NULL)";

static billing_db_rc_t billing_migrate_version(billing_db_t *db,
    int64_t *version);
static billing_db_rc_t billing_migrate_apply(billing_db_t *db);
static billing_db_rc_t billing_migrate_more(billing_db_t *db,
    int64_t version);


billing_db_rc_t
billing_migrate(billing_db_t *db, char *error, size_t error_max)
{
    int64_t          version = 0;
    int64_t          newest;
    billing_db_rc_t  rc;

    newest = billing_schema_newest();

    rc = billing_schema_version(db, &version);

    if (rc == BILLING_DB_OK && version > newest) {
        (void) snprintf(error, error_max, "the database has schema %lld, this"
                        " program knows %lld: run the newer program",
                        (long long) version, (long long) newest);
        return BILLING_DB_CONFLICT;
    }

    if (rc == BILLING_DB_OK && version < newest) {
        rc = (version > 0) ? billing_db_backup(db, version) : BILLING_DB_OK;
        rc = (rc == BILLING_DB_OK) ? billing_db_patient(db, true) : rc;
        rc = (rc == BILLING_DB_OK) ? billing_db_begin(db) : rc;
        rc = (rc == BILLING_DB_OK) ? billing_migrate_apply(db) : rc;
        rc = (rc == BILLING_DB_OK) ? billing_db_commit(db) : rc;
        rc = (rc == BILLING_DB_OK) ? billing_db_patient(db, false) : rc;
    }

    if (rc != BILLING_DB_OK) {
        (void) snprintf(error, error_max, "the schema cannot be brought up to"
                        " %lld: %s", (long long) newest,
                        billing_db_message(db));
        billing_db_rollback(db);
    }

    return rc;
}


int64_t
billing_schema_newest(void)
{
    return billing_migrations[BILLING_MIGRATIONS - 1].version;
}


const char *
billing_schema_step(int64_t version)
{
    for (size_t i = 0; i < BILLING_MIGRATIONS; i++) {
        if (billing_migrations[i].version == version) {
            return billing_migrations[i].name;
        }
    }

    return NULL;
}


billing_db_rc_t
billing_schema_version(billing_db_t *db, int64_t *version)
{
    billing_db_rc_t  rc;

    *version = 0;
    rc = billing_db_has(db, "migration");

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    return (rc == BILLING_DB_ROW) ? billing_migrate_version(db, version) : rc;
}


static billing_db_rc_t
billing_migrate_version(billing_db_t *db, int64_t *version)
{
    billing_db_rc_t    rc;
    static const char  sql[] =
        "SELECT COALESCE(MAX(version), 0) FROM migration";

    rc = billing_db_query(db, sql, "");
    if (rc != BILLING_DB_ROW) {
        return BILLING_DB_FATAL;
    }

    *version = billing_db_int(db, sql, 0);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


/* Another worker may have been faster: the version is read again inside. */

static billing_db_rc_t
billing_migrate_apply(billing_db_t *db)
{
    int64_t            version = 0;
    billing_db_rc_t    rc;
    static const char  sql[] =
        "INSERT INTO migration (version, name, applied_at)"
        " VALUES ($1, $2, $3)";

    rc = billing_db_has(db, "migration");

    if (rc == BILLING_DB_DONE) {
        rc = (billing_db_prelude(db) == NULL)
             ? BILLING_DB_OK : billing_db_script(db, billing_db_prelude(db));
        rc = (rc == BILLING_DB_OK)
             ? billing_db_script(db, billing_migrate_table) : rc;

    } else if (rc == BILLING_DB_ROW) {
        rc = billing_migrate_version(db, &version);
    }

    for (size_t i = 0; i < BILLING_MIGRATIONS && rc == BILLING_DB_OK; i++) {
        const billing_migration_t  *m = &billing_migrations[i];

        if (m->version <= version) {
            continue;
        }

        rc = billing_db_script(db, m->script);
        rc = (rc == BILLING_DB_OK) ? billing_migrate_more(db, m->version) : rc;

        if (rc == BILLING_DB_OK) {
            rc = billing_db_exec(db, sql, "iti", m->version, m->name,
                                 billing_clock_wall_ms() / 1000);
        }
    }

    return rc;
}


static billing_db_rc_t
billing_migrate_more(billing_db_t *db, int64_t version)
{
    billing_db_rc_t                  rc = BILLING_DB_OK;
    const billing_migration_more_t  *more = billing_migrations_more;

    while (more->version != 0 && more->version != version) {
        more++;
    }

    if (more->version == 0) {
        return BILLING_DB_OK;
    }

    rc = (more->fill != NULL) ? more->fill(db) : rc;

    return (rc == BILLING_DB_OK)
           ? billing_db_script(db, billing_db_is_server(db) ? more->postgres
                                                            : more->sqlite)
           : rc;
}
