/*
 * SQLite: one file, write-ahead log, every commit flushed to the disk.
 *
 * The file is opened in the process that uses it, never across a fork.  An
 * input or output error ends the process: after one, SQLite may say that a
 * later commit succeeded although an earlier one was lost.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sqlite3.h>

#include "billing_infra.h"

#define BILLING_SQLITE_STATEMENTS  1024     /* a power of two */
#define BILLING_SQLITE_BUSY_MS     2000
#define BILLING_SQLITE_ASIDE       512      /* small blocks of a connection, */
#define BILLING_SQLITE_ASIDE_LEN   1200     /* each so long */
#define BILLING_SQLITE_PATH_MAX    (BILLING_FILE_NAME_MAX + 32)

/* File systems whose locks or flushes cannot be trusted (statfs(2)). */
#define BILLING_SQLITE_NFS         0x6969
#define BILLING_SQLITE_SMB         0x517b
#define BILLING_SQLITE_SMB2        0xfe534d42
#define BILLING_SQLITE_CIFS        0xff534d42

/* A parameter's place, for SQLite numbers them as they come in the text. */
typedef struct {
    const char    *sql;
    sqlite3_stmt  *stmt;
    int            params;
    uint8_t        at[BILLING_DB_COLUMNS_MAX];
} billing_sqlite_slot_t;

typedef struct {
    sqlite3                *db;
    int                     lock_fd;
    unsigned                used;
    char                    path[BILLING_SQLITE_PATH_MAX];
    char                    error[256];
    billing_sqlite_slot_t   slots[BILLING_SQLITE_STATEMENTS];
} billing_sqlite_t;

/* What a savepoint may have to put back stays in memory: no file for it. */

static const char  billing_sqlite_settings[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -16384;"
    "PRAGMA wal_autocheckpoint = 1000;";

typedef struct {
    const char  *pragma;
    const char  *wanted;
} billing_sqlite_demand_t;

static const billing_sqlite_demand_t  billing_sqlite_demands[] = {
    { "PRAGMA journal_mode", "wal" },
    { "PRAGMA synchronous", "2" },
    { "PRAGMA foreign_keys", "1" },
    { NULL, NULL }
};

static void billing_sqlite_close(void *engine);
static billing_db_rc_t billing_sqlite_check(void *engine, bool deep);
static billing_db_rc_t billing_sqlite_script(void *engine, const char *sql);


/* What a result of SQLite means for the worker. */

static billing_db_rc_t
billing_sqlite_rc(billing_sqlite_t *s, int code)
{
    switch (code & 0xff) {

    case SQLITE_OK:
        return BILLING_DB_OK;

    case SQLITE_ROW:
        return BILLING_DB_ROW;

    case SQLITE_DONE:
        return BILLING_DB_DONE;

    case SQLITE_CONSTRAINT:
        return BILLING_DB_CONFLICT;

    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
        (void) snprintf(s->error, sizeof(s->error), "%s",
                        sqlite3_errstr(code));
        return BILLING_DB_FULL;

    default:
        (void) snprintf(s->error, sizeof(s->error), "%s (%d)",
                        s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code),
                        code);
        return BILLING_DB_FATAL;
    }
}


static bool
billing_sqlite_local(const char *path)
{
    uint32_t       type;
    struct statfs  fs;

    if (statfs(path, &fs) != 0) {
        return true;            /* a missing file system says so at opening */
    }

    type = (uint32_t) fs.f_type;

    return type != BILLING_SQLITE_NFS && type != BILLING_SQLITE_SMB
           && type != BILLING_SQLITE_SMB2 && type != BILLING_SQLITE_CIFS;
}


/* The worker that ran before did not end in order. */

static bool
billing_sqlite_unclean(billing_sqlite_t *s)
{
    bool           unclean = false;
    sqlite3_stmt  *stmt = NULL;

    /* Before the first migration there is no such table, and nothing torn. */
    if (sqlite3_prepare_v2(s->db, "SELECT value FROM meta"
                           " WHERE name = 'running'", -1, &stmt, NULL)
        == SQLITE_OK)
    {
        unclean = sqlite3_step(stmt) == SQLITE_ROW
                  && sqlite3_column_int64(stmt, 0) != 0;
    }

    (void) sqlite3_finalize(stmt);

    return unclean;
}


static const char *
billing_sqlite_prepare(billing_sqlite_t *s)
{
    if (!billing_sqlite_local(s->path)) {
        return "the file is on a network file system";
    }

    (void) sqlite3_extended_result_codes(s->db, 1);
    (void) sqlite3_busy_timeout(s->db, BILLING_SQLITE_BUSY_MS);
    (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL,
                             BILLING_SQLITE_ASIDE_LEN, BILLING_SQLITE_ASIDE);

    if (billing_sqlite_script(s, billing_sqlite_settings) != BILLING_DB_OK) {
        return s->error;
    }

    if (billing_sqlite_check(s, billing_sqlite_unclean(s)) != BILLING_DB_OK) {
        return s->error;
    }

    return NULL;
}


/* The settings belong to who writes; a reader takes the file as it is. */

static const char *
billing_sqlite_reader(billing_sqlite_t *s)
{
    (void) sqlite3_extended_result_codes(s->db, 1);
    (void) sqlite3_busy_timeout(s->db, BILLING_SQLITE_BUSY_MS);

    return billing_sqlite_script(s, "SELECT COUNT(*) FROM sqlite_master")
           == BILLING_DB_OK ? NULL : s->error;
}


static void *
billing_sqlite_open(const char *dsn, const char *password, bool reading,
    char *error, size_t error_max)
{
    int                code;
    const char        *why;
    billing_sqlite_t  *s;

    (void) password;                /* the file's owner and mode say who may */

    s = calloc(1, sizeof(billing_sqlite_t));
    if (s == NULL) {
        (void) snprintf(error, error_max, "out of memory");
        return NULL;
    }

    s->lock_fd = -1;
    (void) snprintf(s->path, sizeof(s->path), "%s", dsn + strlen("sqlite:"));
    (void) umask(077);

    /* Nobody asks what it uses; only possible before the first is opened. */
    (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

    code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_NOMUTEX
                           | (reading ? SQLITE_OPEN_READONLY
                              : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE),
                           NULL);

    why = (code != SQLITE_OK) ? sqlite3_errstr(code)
          : reading ? billing_sqlite_reader(s) : billing_sqlite_prepare(s);
    if (why != NULL) {
        (void) snprintf(error, error_max, "%s: %s", s->path, why);
        billing_sqlite_close(s);
        return NULL;
    }

    return s;
}


static void
billing_sqlite_close(void *engine)
{
    billing_sqlite_t  *s = engine;

    for (size_t i = 0; i < BILLING_SQLITE_STATEMENTS; i++) {
        (void) sqlite3_finalize(s->slots[i].stmt);
    }

    (void) sqlite3_close(s->db);

    if (s->lock_fd >= 0) {
        (void) close(s->lock_fd);
    }

    free(s);
}


/* The place of a statement: its own, or the free one it would take. */

static billing_sqlite_slot_t *
billing_sqlite_slot(billing_sqlite_t *s, const char *sql)
{
    size_t  i = (((uintptr_t) sql >> 3) * 0x9e3779b1u)
                & (BILLING_SQLITE_STATEMENTS - 1);

    while (s->slots[i].sql != NULL && s->slots[i].sql != sql) {
        i = (i + 1) & (BILLING_SQLITE_STATEMENTS - 1);
    }

    return &s->slots[i];
}


static billing_db_rc_t
billing_sqlite_bind(billing_sqlite_t *s, sqlite3_stmt *stmt,
    const billing_db_value_t *value, int at)
{
    int  code;

    if (value->type == 'i') {
        code = sqlite3_bind_int64(stmt, at, value->number);
        return billing_sqlite_rc(s, code);
    }

    if (value->bytes == NULL) {
        return billing_sqlite_rc(s, sqlite3_bind_null(stmt, at));
    }

    /* A copy: the caller's bytes may be those of a row being stepped over. */
    code = (value->type == 't')
           ? sqlite3_bind_text64(stmt, at, value->bytes, value->len,
                                 SQLITE_TRANSIENT, SQLITE_UTF8)
           : sqlite3_bind_blob64(stmt, at, value->bytes, value->len,
                                 SQLITE_TRANSIENT);

    return billing_sqlite_rc(s, code);
}


static billing_db_rc_t
billing_sqlite_new(billing_sqlite_t *s, billing_sqlite_slot_t *slot,
    const char *sql)
{
    int   at, code, n;
    char  name[16];

    if (s->used >= BILLING_SQLITE_STATEMENTS - 1) {
        (void) snprintf(s->error, sizeof(s->error),
                        "more statements than have a place");
        return BILLING_DB_FATAL;
    }

    code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &slot->stmt, NULL);
    if (code != SQLITE_OK) {
        return billing_sqlite_rc(s, code);
    }

    slot->sql = sql;
    s->used++;

    n = sqlite3_bind_parameter_count(slot->stmt);

    for (slot->params = 0; slot->params < n; slot->params++) {
        (void) snprintf(name, sizeof(name), "$%d", slot->params + 1);
        at = sqlite3_bind_parameter_index(slot->stmt, name);

        if (at == 0 || slot->params == BILLING_DB_COLUMNS_MAX) {
            (void) snprintf(s->error, sizeof(s->error),
                            "no parameter %s in: %s", name, sql);
            return BILLING_DB_FATAL;
        }

        slot->at[slot->params] = (uint8_t) at;
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_sqlite_query(void *engine, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    billing_db_rc_t         rc = BILLING_DB_OK;
    billing_sqlite_t       *s = engine;
    billing_sqlite_slot_t  *slot = billing_sqlite_slot(s, sql);

    if (slot->sql == NULL) {
        rc = billing_sqlite_new(s, slot, sql);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) sqlite3_reset(slot->stmt);
    (void) sqlite3_clear_bindings(slot->stmt);

    if (slot->params != (int) n) {
        (void) snprintf(s->error, sizeof(s->error),
                        "%u parameters given to: %s", n, sql);
        return BILLING_DB_FATAL;
    }

    for (unsigned i = 0; i < n && rc == BILLING_DB_OK; i++) {
        rc = billing_sqlite_bind(s, slot->stmt, &values[i], slot->at[i]);
    }

    return rc;
}


static billing_db_rc_t
billing_sqlite_step(void *engine, const char *sql)
{
    billing_sqlite_t  *s = engine;

    return billing_sqlite_rc(s, sqlite3_step(billing_sqlite_slot(s, sql)
                                             ->stmt));
}


static void
billing_sqlite_reset(void *engine, const char *sql)
{
    (void) sqlite3_reset(billing_sqlite_slot(engine, sql)->stmt);
}


static billing_db_value_t
billing_sqlite_column(void *engine, const char *sql, int column, char type)
{
    sqlite3_stmt        *stmt = billing_sqlite_slot(engine, sql)->stmt;
    billing_db_value_t   value = { .type = type };

    if (type == 'i') {
        value.number = sqlite3_column_int64(stmt, column);
        return value;
    }

    if (type == 'n') {
        value.number = sqlite3_column_type(stmt, column) == SQLITE_NULL;
        return value;
    }

    value.bytes = (type == 't') ? (const void *) sqlite3_column_text(stmt,
                                                                     column)
                                : sqlite3_column_blob(stmt, column);
    value.len = (size_t) sqlite3_column_bytes(stmt, column);

    return value;
}


static int64_t
billing_sqlite_changes(void *engine)
{
    return sqlite3_changes64(((billing_sqlite_t *) engine)->db);
}


static billing_db_rc_t
billing_sqlite_script(void *engine, const char *sql)
{
    billing_sqlite_t  *s = engine;

    /* Undone already; the message that says why must stay. */
    if (strcmp(sql, "ROLLBACK") == 0 && sqlite3_get_autocommit(s->db)) {
        return BILLING_DB_OK;
    }

    return billing_sqlite_rc(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}


static billing_db_rc_t
billing_sqlite_demand(billing_sqlite_t *s, const char *pragma,
    const char *wanted)
{
    int              code;
    const char      *found;
    sqlite3_stmt    *stmt = NULL;
    billing_db_rc_t  rc = BILLING_DB_OK;

    code = sqlite3_prepare_v2(s->db, pragma, -1, &stmt, NULL);
    code = (code == SQLITE_OK) ? sqlite3_step(stmt) : code;

    if (code != SQLITE_ROW) {
        rc = billing_sqlite_rc(s, code);
        (void) sqlite3_finalize(stmt);
        return (rc == BILLING_DB_FULL) ? rc : BILLING_DB_FATAL;
    }

    found = (const char *) sqlite3_column_text(stmt, 0);
    if (found == NULL || strcmp(found, wanted) != 0) {
        (void) snprintf(s->error, sizeof(s->error), "%s is %.100s, not %s",
                        pragma, found ? found : "nothing", wanted);
        rc = BILLING_DB_FATAL;
    }

    (void) sqlite3_finalize(stmt);

    return rc;
}


static billing_db_rc_t
billing_sqlite_check(void *engine, bool deep)
{
    billing_db_rc_t    rc = BILLING_DB_OK;
    billing_sqlite_t  *s = engine;

    for (const billing_sqlite_demand_t *d = billing_sqlite_demands;
         d->pragma && rc == BILLING_DB_OK; d++)
    {
        rc = billing_sqlite_demand(s, d->pragma, d->wanted);
    }

    if (deep && rc == BILLING_DB_OK) {
        rc = billing_sqlite_demand(s, "PRAGMA quick_check(1)", "ok");
    }

    return rc;
}


/* A copy beside the file before its schema changes; kept for the operator. */

static billing_db_rc_t
billing_sqlite_backup(void *engine, int64_t version)
{
    char                name[BILLING_SQLITE_PATH_MAX + 32];
    billing_db_rc_t     rc = BILLING_DB_OK;
    billing_sqlite_t   *s = engine;
    billing_db_value_t  value = { .type = 't', .bytes = name };
    static const char   sql[] = "VACUUM INTO $1";

    (void) snprintf(name, sizeof(name), "%s.schema-%lld", s->path,
                    (long long) version);
    value.len = strlen(name);

    if (access(name, F_OK) == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_sqlite_query(s, sql, &value, 1);
    if (rc == BILLING_DB_OK) {
        rc = billing_sqlite_step(s, sql);
        billing_sqlite_reset(s, sql);
    }

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


/* Nobody waits for others here longer than the busy timeout. */

static billing_db_rc_t
billing_sqlite_patient(void *engine, bool patient)
{
    (void) engine;
    (void) patient;

    return BILLING_DB_OK;
}


/* The clock of the machine both are on. */

static int64_t
billing_sqlite_ahead_ms(void *engine)
{
    (void) engine;

    return 0;
}


static int
billing_sqlite_lock(void *engine, bool wanted)
{
    char               name[BILLING_SQLITE_PATH_MAX + 8];
    billing_sqlite_t  *s = engine;

    if (s->lock_fd < 0) {
        (void) snprintf(name, sizeof(name), "%s.lock", s->path);
        s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }

    return flock(s->lock_fd, wanted ? LOCK_EX | LOCK_NB : LOCK_UN) == 0;
}


static billing_db_rc_t
billing_sqlite_has(void *engine, const char *table)
{
    billing_db_rc_t     rc;
    billing_sqlite_t   *s = engine;
    billing_db_value_t  value = { .type = 't', .bytes = table,
                                  .len = strlen(table) };
    static const char   sql[] =
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1";

    rc = billing_sqlite_query(s, sql, &value, 1);
    rc = (rc == BILLING_DB_OK) ? billing_sqlite_step(s, sql) : rc;
    billing_sqlite_reset(s, sql);

    return rc;
}


static const char *
billing_sqlite_message(void *engine)
{
    return ((billing_sqlite_t *) engine)->error;
}


const billing_db_engine_t  billing_db_sqlite = {
    /* Takes the write lock at once: a transaction never fails half-way. */
    .begin = "BEGIN IMMEDIATE",
    /* The view is that of the first read. */
    .begin_reading = "BEGIN; SELECT COUNT(*) FROM sqlite_master",
    .columns = "SELECT t.name, c.name,"
               " CASE c.type WHEN 'TEXT' THEN 't' WHEN 'BLOB' THEN 'b'"
               " ELSE 'i' END"
               " FROM sqlite_master t, pragma_table_info(t.name) c"
               " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
               " ORDER BY t.rowid, c.cid",
    .open = billing_sqlite_open,
    .close = billing_sqlite_close,
    .query = billing_sqlite_query,
    .step = billing_sqlite_step,
    .reset = billing_sqlite_reset,
    .column = billing_sqlite_column,
    .changes = billing_sqlite_changes,
    .script = billing_sqlite_script,
    .check = billing_sqlite_check,
    .patient = billing_sqlite_patient,
    .backup = billing_sqlite_backup,
    .lock = billing_sqlite_lock,
    .has = billing_sqlite_has,
    .ahead_ms = billing_sqlite_ahead_ms,
    .message = billing_sqlite_message
};
