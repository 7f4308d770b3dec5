/* What billing.json names: the database, the secrets, the lease. */

#include "billing_ctl.h"

#include <string.h>


extern const char    billing_messages_ctl[];
extern const size_t  billing_messages_ctl_len;


static bool billing_ctl_schema(billing_ctl_session_t *s,
    billing_ctl_mode_t mode);


bool
billing_ctl_open(billing_ctl_session_t *s, const billing_ctl_t *ctl,
    billing_ctl_mode_t mode)
{
    bool  reading;
    char  error[512];

    memset(s, 0, sizeof(*s));
    s->ctl = ctl;
    s->infra.exit_code = -1;
    s->infra.config = ctl->config;
    s->w.infra = &s->infra;
    s->w.settings = &s->settings;

    if (billing_text_more(billing_messages_ctl, billing_messages_ctl_len)
        != BILLING_OK)
    {
        (void) billing_ctl_fail("the texts built in cannot be read");
        return false;
    }

    if (!billing_ctl_settings(ctl, &s->settings)) {
        return false;
    }

    reading = mode == BILLING_CTL_READING || mode == BILLING_CTL_ANY_SCHEMA;

    s->w.db = billing_store_open(&s->settings, reading, error, sizeof(error));

    if (s->w.db == NULL) {
        (void) billing_ctl_fail("%s", error);
        return false;
    }

    return billing_ctl_schema(s, mode);
}


/* What another schema means is not for this program to guess. */

static bool
billing_ctl_schema(billing_ctl_session_t *s, billing_ctl_mode_t mode)
{
    int64_t  newest = billing_schema_newest();

    if (billing_schema_version(s->w.db, &s->schema) != BILLING_DB_OK) {
        (void) billing_ctl_database(s);
        return false;
    }

    if (mode == BILLING_CTL_MIGRATING || mode == BILLING_CTL_ANY_SCHEMA) {
        return true;
    }

    if (s->schema != newest) {
        (void) billing_ctl_fail("the database has schema %lld, this program"
                                " knows %lld: %s", (long long) s->schema,
                                (long long) newest, s->schema < newest
                                ? "run billingctl migrate"
                                : "use the newer program");
        return false;
    }

    if (billing_clock_load(&s->w) != BILLING_DB_OK
        || billing_redis_mark_load(&s->w) != BILLING_DB_OK)
    {
        (void) billing_ctl_database(s);
        return false;
    }

    return true;
}


void
billing_ctl_close(billing_ctl_session_t *s)
{
    billing_db_free(s->w.db);
    s->w.db = NULL;
    billing_config_wipe(&s->w);
}


bool
billing_ctl_secrets(billing_ctl_session_t *s)
{
    char  error[BILLING_SETTINGS_ERROR_MAX];

    if (s->w.nsecrets > 0) {
        return true;
    }

    if (billing_config_secrets(&s->w, error) != BILLING_OK) {
        (void) billing_ctl_fail("%s", error);
        return false;
    }

    return true;
}


int
billing_ctl_database(const billing_ctl_session_t *s)
{
    return billing_ctl_fail("database: %s", billing_db_message(s->w.db));
}


/* A worker that stopped without a word has a second term (lease.c). */

billing_db_rc_t
billing_ctl_lease(billing_ctl_session_t *s, billing_ctl_lease_t *lease)
{
    static const char  sql[] =
        "SELECT owner, epoch, until_ms FROM lease WHERE id = 1";

    billing_db_rc_t  rc;

    memset(lease, 0, sizeof(*lease));

    if (s->schema == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(s->w.db, sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    (void) snprintf(lease->owner, sizeof(lease->owner), "%s",
                    billing_db_text(s->w.db, sql, 0));
    lease->epoch = (uint64_t) billing_db_int(s->w.db, sql, 1);
    lease->until_ms = billing_db_int(s->w.db, sql, 2);
    billing_db_done(s->w.db, sql);

    lease->held = lease->owner[0] != '\0'
                  && lease->until_ms + BILLING_LEASE_MS
                     > billing_db_clock_ms(s->w.db);

    return BILLING_DB_OK;
}


/* As any worker does that has nothing else to do. */

billing_db_rc_t
billing_ctl_lease_renew(billing_ctl_session_t *s)
{
    billing_db_rc_t    rc;
    billing_worker_t  *w = &s->w;

    rc = billing_db_begin(w->db);
    rc = rc == BILLING_DB_OK ? billing_lease_fence(w) : rc;
    rc = rc == BILLING_DB_OK ? billing_db_commit(w->db) : rc;

    billing_db_rollback(w->db);

    if (rc == BILLING_DB_OK) {
        billing_lease_committed(w);
    }

    return rc;
}


billing_db_rc_t
billing_ctl_number(billing_ctl_session_t *s, const char *sql, int64_t *value)
{
    billing_db_rc_t  rc;

    *value = 0;
    rc = billing_db_query(s->w.db, sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    *value = billing_db_int(s->w.db, sql, 0);
    billing_db_done(s->w.db, sql);

    return BILLING_DB_OK;
}
