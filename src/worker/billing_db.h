/*
 * Part of billing_infra.h: the database, its engines and its schema (db.c,
 * db_sqlite.c, db_postgres*.c, migrate.c).
 */

#ifndef BILLING_DB_H
#define BILLING_DB_H

/* The places of values that are kept (db_kept.c). */
#define BILLING_DB_KEPT       8
#define BILLING_DB_KEPT_NAME  352

typedef struct {
    const char  *tables;        /* NULL: the place is free */
    uint64_t     mask;
    char         id[BILLING_DB_KEPT_NAME];
    void        *value;
    size_t       size;
    uint64_t     used;
} billing_db_kept_t;

void billing_kept_drop(billing_db_kept_t *kept, const char *sql);
bool billing_kept_get(billing_db_kept_t *kept, const char *tables,
    const char *id, void *value, size_t size);
void billing_kept_put(billing_db_kept_t *kept, const char *tables,
    const char *id, const void *value, size_t size);
void billing_kept_free(billing_db_kept_t *kept);

/* An engine; all of its functions return rc and never end the process. */
typedef struct {
    const char  *begin;         /* takes the right to write at once */
    const char  *begin_reading; /* one view of everything */
    const char  *prelude;       /* before the first migration, or NULL */
    const char  *columns;       /* see billing_db_columns() */
    void *(*open)(const char *dsn, const char *password, bool reading,
        char *error, size_t error_max);
    void (*close)(void *engine);
    billing_db_rc_t (*query)(void *engine, const char *sql,
        const billing_db_value_t *values, unsigned n);      /* no step yet */
    billing_db_rc_t (*later)(void *engine, const char *sql,
        const billing_db_value_t *values, unsigned n);  /* NULL: at once */
    billing_db_rc_t (*settle)(void *engine);
    billing_db_rc_t (*step)(void *engine, const char *sql);
    void (*reset)(void *engine, const char *sql);
    billing_db_value_t (*column)(void *engine, const char *sql, int column,
        char type);
    int64_t (*changes)(void *engine);
    billing_db_rc_t (*script)(void *engine, const char *sql);
    billing_db_rc_t (*check)(void *engine, bool deep);
    billing_db_rc_t (*patient)(void *engine, bool patient);
    billing_db_rc_t (*backup)(void *engine, int64_t version);
    int (*lock)(void *engine, bool wanted);
    billing_db_rc_t (*has)(void *engine, const char *table);
    int64_t (*ahead_ms)(void *engine);          /* of this machine's clock */
    const char *(*message)(void *engine);
} billing_db_engine_t;

extern const billing_db_engine_t  billing_db_sqlite;
extern const billing_db_engine_t  billing_db_postgres;

/*
 * As billing_db_new, but the schema stays what it is; reading: nothing can be
 * written through it, and no file is made where there is none.
 */
billing_db_t *billing_db_open(const char *dsn, bool reading, char *error,
    size_t error_max);

/* The same with a password, NULL or "" none. */
billing_db_t *billing_db_connect(const char *dsn, const char *password,
    bool reading, char *error, size_t error_max);

/* What the settings name, with the password of its file. */
billing_db_t *billing_store_open(const billing_settings_t *settings,
    bool reading, char *error, size_t error_max);

/* How many it has been given, but for those that begin and end things. */
uint64_t billing_db_statements(const billing_db_t *db);

/* Everything read until the rollback is of one instant. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_begin_reading(
    billing_db_t *db);

/* Several statements, no results. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_script(billing_db_t *db,
    const char *sql);

/* Settings the promises rest on; deep also reads every page. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_check(billing_db_t *db,
    bool deep);
BILLING_MUST_CHECK billing_db_rc_t billing_db_backup(billing_db_t *db,
    int64_t version);

/* For what an operator waits for: no statement of it takes too long. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_patient(billing_db_t *db,
    bool patient);
const char *billing_db_prelude(const billing_db_t *db);

/*
 * A statement that gives table, column and kind (i t b) of all, a table after
 * those it refers to.
 */
const char *billing_db_columns(const billing_db_t *db);
#define BILLING_DB_COLUMNS_MAX  96

/* As billing_db_exec, with the values in a list. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_put(billing_db_t *db,
    const char *sql, const billing_db_value_t *values, unsigned n);

/* A server; else a file. */
bool billing_db_is_server(const billing_db_t *db);

/* What all who use this database agree on, for leases. */
int64_t billing_db_clock_ms(billing_db_t *db);

/*
 * 1: no other worker has it, and none will (SQLite: of this machine, another
 * has no business with the file); 0: one has.  Not wanted, it is given back.
 */
int billing_db_lock(billing_db_t *db, bool wanted);
const char *billing_db_message(billing_db_t *db);

/* Small named numbers; DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_meta_get(billing_db_t *db,
    const char *name, int64_t *value);
BILLING_MUST_CHECK billing_db_rc_t billing_db_meta_set(billing_db_t *db,
    const char *name, int64_t value);

/* ROW when there is such a table, DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_has(billing_db_t *db,
    const char *table);

/* The newest schema of this program, and what a step to it is called. */
int64_t billing_schema_newest(void);
const char *billing_schema_step(int64_t version);       /* NULL none */

/* The schema of this database; 0 when it is empty. */
BILLING_MUST_CHECK billing_db_rc_t billing_schema_version(billing_db_t *db,
    int64_t *version);

/* All that is missing, in one transaction; refuses a newer schema. */
BILLING_MUST_CHECK billing_db_rc_t billing_migrate(billing_db_t *db,
    char *error, size_t error_max);

#endif /* BILLING_DB_H */
