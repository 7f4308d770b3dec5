/* billingctl verify: everything that must be true, one check after another. */

#include "billing_ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_FINDING_MAX  512


static int billing_verify_run(billing_verify_t *v);
static billing_db_rc_t billing_verify_list(billing_verify_t *v,
    const billing_check_t *checks);
static billing_db_rc_t billing_verify_one(billing_verify_t *v);
static billing_db_rc_t billing_verify_sql(billing_verify_t *v);
static billing_db_rc_t billing_verify_start(billing_verify_t *v,
    const char *sql, const char *params);
static void billing_verify_print(billing_verify_t *v);
static void billing_verify_keep(billing_verify_t *v);
static int billing_verify_end(billing_verify_t *v);
static void billing_verify_add(billing_verify_t *v, const char *id,
    const char *fault);


const char  billing_ctl_verify_help[] =
    "Usage: billingctl --config FILE verify [--no-redis] [--gateway]\n"
    "                  [--json] [--progress]\n"
    "\n"
    "Reads the database at one instant and tells, one line a check, whether\n"
    "it is as it must be: the books balance, every invoice is what it was\n"
    "when it was issued, numbers have no gap, what a team's row says is what\n"
    "its entries and members say, Redis holds what the database would\n"
    "publish.  A running system gives no false alarms: what differs because\n"
    "it has just changed is read again.\n"
    "\n"
    "  --no-redis   leaves Redis alone\n"
    "  --gateway    also compares with the gateway's list of payments\n"
    "  --json       one object instead of lines\n"
    "  --progress   says how far it is, also without a terminal\n"
    "\n"
    "Writes nothing.  Exit status: 0 all is well, 1 there are findings,\n"
    "2 it cannot run, or a check could not be made.\n";


int
billing_ctl_verify(const billing_ctl_t *ctl)
{
    int                     status;
    billing_verify_t        v = { .now = 0 };
    billing_ctl_session_t  *s;

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    status = BILLING_CTL_USAGE;

    if (billing_ctl_open(s, ctl, BILLING_CTL_READING)
        && ((ctl->given & BILLING_CTL_NO_REDIS) != 0
            || billing_ctl_secrets(s)))
    {
        v.s = s;
        v.w = &s->w;
        v.now = billing_worker_now(&s->w);
        v.wall = billing_clock_wall_ms() / 1000;
        v.report = json_array();

        status = billing_verify_run(&v);
        json_decref(v.report);
        billing_verify_redis_done(&v);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


/* One view of the database from the first check to the last. */

static int
billing_verify_run(billing_verify_t *v)
{
    uint32_t         given = v->s->ctl->given;
    billing_db_rc_t  rc;

    rc = billing_db_begin_reading(v->w->db);

    if (rc == BILLING_DB_OK) {
        rc = billing_verify_list(v, billing_checks_ledger);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_verify_list(v, billing_checks_invoice);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_verify_list(v, billing_checks_file);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_verify_list(v, billing_checks_team);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_verify_list(v, billing_checks_pass);
    }

    if (rc == BILLING_DB_OK && (given & BILLING_CTL_GATEWAY) != 0) {
        rc = billing_verify_list(v, billing_checks_gateway);
    }

    /* The last: it takes newer views where it must look again. */

    if (rc == BILLING_DB_OK && (given & BILLING_CTL_NO_REDIS) == 0) {
        rc = billing_verify_list(v, billing_checks_redis);
    }

    billing_db_rollback(v->w->db);

    return rc == BILLING_DB_OK ? billing_verify_end(v)
                               : billing_ctl_database(v->s);
}


static billing_db_rc_t
billing_verify_list(billing_verify_t *v, const billing_check_t *checks)
{
    billing_db_rc_t  rc = BILLING_DB_OK;

    for (v->check = checks; v->check->name != NULL && rc == BILLING_DB_OK;
         v->check++)
    {
        v->findings = json_array();
        v->looked = 0;
        v->found = 0;
        v->unknown[0] = '\0';

        rc = billing_verify_one(v);

        if (rc == BILLING_DB_OK) {
            v->total += v->found;
            v->unknowns += v->unknown[0] != '\0';
            billing_verify_print(v);
            billing_verify_keep(v);
        }

        json_decref(v->findings);
    }

    return rc;
}


static billing_db_rc_t
billing_verify_one(billing_verify_t *v)
{
    int64_t          n;
    billing_db_rc_t  rc;

    if (v->check->count != NULL) {
        rc = billing_ctl_number(v->s, v->check->count, &n);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        v->looked = (uint64_t) n;
    }

    return v->check->run != NULL ? v->check->run(v) : billing_verify_sql(v);
}


static billing_db_rc_t
billing_verify_sql(billing_verify_t *v)
{
    const char       *sql = v->check->sql, *id, *fault;
    billing_db_rc_t   rc;

    rc = billing_verify_start(v, sql, v->check->params);

    while (rc == BILLING_DB_ROW) {
        id = billing_db_text(v->w->db, sql, 0);
        fault = billing_db_text(v->w->db, sql, 1);
        billing_verify_add(v, id == NULL ? "" : id,
                           fault == NULL ? "a value is missing" : fault);
        rc = billing_db_next(v->w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* At most two parameters; "" and NULL are none. */

static billing_db_rc_t
billing_verify_start(billing_verify_t *v, const char *sql,
    const char *params)
{
    size_t   n = params == NULL ? 0 : strlen(params);
    int64_t  values[2] = { 0, 0 };

    for (size_t i = 0; i < n && i < 2; i++) {
        values[i] = params[i] == 'n' ? v->now
                    : params[i] == 'w' ? v->wall
                    : (int64_t) BILLING_ROLE_MEMBER;
    }

    if (n == 0) {
        return billing_db_query(v->w->db, sql, "");
    }

    return n == 1 ? billing_db_query(v->w->db, sql, "i", values[0])
                  : billing_db_query(v->w->db, sql, "ii", values[0],
                                     values[1]);
}


void
billing_verify_found(billing_verify_t *v, const char *id,
    const char *format, ...)
{
    char     fault[BILLING_FINDING_MAX];
    va_list  args;

    va_start(args, format);
    (void) vsnprintf(fault, sizeof(fault), format, args);
    va_end(args);

    billing_verify_add(v, id, fault);
}


static void
billing_verify_add(billing_verify_t *v, const char *id, const char *fault)
{
    v->found++;

    if (v->found <= BILLING_FINDINGS_MAX) {
        (void) json_array_append_new(v->findings,
                   json_pack("{s:s, s:s}", "id", id, "fault", fault));
    }
}


void
billing_verify_unknown(billing_verify_t *v, const char *format, ...)
{
    va_list  args;

    if (v->unknown[0] != '\0') {
        return;
    }

    va_start(args, format);
    (void) vsnprintf(v->unknown, sizeof(v->unknown), format, args);
    va_end(args);
}


static void
billing_verify_print(billing_verify_t *v)
{
    size_t   i;
    json_t  *finding;

    billing_ctl_progress_end();

    if ((v->s->ctl->given & BILLING_CTL_JSON) != 0) {
        return;
    }

    (void) printf("%-8s %-20s %llu %s", v->found != 0 ? "FOUND"
                  : v->unknown[0] != '\0' ? "UNKNOWN" : "good",
                  v->check->name, (unsigned long long) v->looked,
                  v->check->what);

    if (v->found != 0) {
        (void) printf(", %llu wrong", (unsigned long long) v->found);
    }

    if (v->unknown[0] != '\0') {
        (void) printf("; %s", v->unknown);
    }

    (void) putchar('\n');

    json_array_foreach(v->findings, i, finding) {
        (void) printf("         %s: %s\n",
                      json_string_value(json_object_get(finding, "id")),
                      json_string_value(json_object_get(finding, "fault")));
    }

    if (v->found > BILLING_FINDINGS_MAX) {
        (void) printf("         and %llu more\n", (unsigned long long)
                      (v->found - BILLING_FINDINGS_MAX));
    }

    if (v->found != 0) {
        (void) printf("         next: %s\n", v->check->next);
    }
}


static void
billing_verify_keep(billing_verify_t *v)
{
    (void) json_array_append_new(v->report,
               json_pack("{s:s, s:I, s:s, s:I, s:O, s:s?, s:s?}",
                   "check", v->check->name,
                   "looked_at", (json_int_t) v->looked,
                   "what", v->check->what,
                   "found", (json_int_t) v->found,
                   "findings", v->findings,
                   "next", v->found != 0 ? v->check->next : NULL,
                   "unknown", v->unknown[0] != '\0' ? v->unknown : NULL));
}


static int
billing_verify_end(billing_verify_t *v)
{
    int  status;

    status = v->total != 0 ? BILLING_CTL_FOUND
             : v->unknowns != 0 ? BILLING_CTL_USAGE : BILLING_CTL_DONE;

    if ((v->s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(json_pack("{s:o, s:I, s:I, s:O}",
                   "at", billing_instant_json(v->now),
                   "found", (json_int_t) v->total,
                   "unknown", (json_int_t) v->unknowns,
                   "checks", v->report), status);
    }

    (void) printf("%llu findings, %llu checks could not be made\n",
                  (unsigned long long) v->total,
                  (unsigned long long) v->unknowns);

    return billing_ctl_flush(status);
}
