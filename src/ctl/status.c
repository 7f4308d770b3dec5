/* billingctl status: who commits, what waits, what is due. */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    const char  *name;                  /* in the object */
    const char  *text;                  /* for people */
    const char  *sql;
    bool         instant;
    bool         attention;             /* anything but 0 wants a look */
} billing_status_row_t;


static int billing_status_show(billing_ctl_session_t *s);
static billing_db_rc_t billing_status_rows(billing_ctl_session_t *s,
    json_t *out, json_t *attention);
static json_t *billing_status_lease(const billing_ctl_lease_t *lease);
static int billing_status_end(const billing_ctl_t *ctl, json_t *out);
static void billing_status_print(const json_t *out);


const char  billing_ctl_status_help[] =
    "Usage: billingctl --config FILE status [--json]\n"
    "\n"
    "Which worker commits (the lease), the schema of the database, how much\n"
    "waits in each queue, and when the next thing is due.  Reads only.\n"
    "\n"
    "Exit status: 0 nothing wants a look, 1 something does (it is named at\n"
    "the end), 2 it cannot run.\n";


static const billing_status_row_t  billing_status_list[] = {
    { "commands_open", "commands that wait for the gateway",
      "SELECT COUNT(*) FROM command WHERE state = 'open'", false, false },
    { "checkouts_open", "payments under way",
      "SELECT COUNT(*) FROM checkout WHERE state IN ('new', 'charging',"
      " 'action', 'unknown')", false, false },
    { "checkouts_unknown", "payments whose outcome is not known",
      "SELECT COUNT(*) FROM checkout WHERE state = 'unknown'", false, true },
    { "refunds_open", "refunds under way",
      "SELECT (SELECT COUNT(*) FROM checkout WHERE state = 'refunding')"
      " + (SELECT COUNT(*) FROM refund WHERE money = 'sending')", false,
      false },
    { "refunds_waiting", "refunds with the word of one person (billingctl"
      " export --table approvals)",
      "SELECT COUNT(*) FROM refund r WHERE r.state = 'open' AND EXISTS"
      " (SELECT 1 FROM approval a WHERE a.refund = r.id)", false, false },
    { "refunds_stuck", "refunds that the gateway refuses for good"
      " (POST /app/v1/refunds/ID)",
      "SELECT COUNT(*) FROM refund WHERE money = 'stuck'", false, true },
    { "drafts", "invoices that are still drafts",
      "SELECT COUNT(*) FROM invoice_draft WHERE finalised = 0", false,
      false },
    { "mails_queued", "mails to send",
      "SELECT COUNT(*) FROM mail_outbox WHERE state = 'queued'", false,
      false },
    { "mails_refused", "mails that were refused for good",
      "SELECT COUNT(*) FROM mail_outbox WHERE state = 'refused'", false,
      true },
    { "events_queued", "events to tell the application",
      "SELECT COUNT(*) FROM app_delivery WHERE state = 'queued'", false,
      false },
    { "events_given_up", "events that an address never took"
      " (POST /app/v1/events/replay)",
      "SELECT COUNT(*) FROM app_delivery WHERE state = 'failed'", false,
      true },
    { "webhooks_failing", "addresses that take no events, or are gone",
      "SELECT COUNT(*) FROM app_endpoint WHERE (disabled <> 0 OR failed_at"
      " <> 0) AND EXISTS (SELECT 1 FROM app_delivery d WHERE d.endpoint ="
      " app_endpoint.url AND d.state = 'queued')", false, true },
    { "records_queued", "records to write to Redis",
      "SELECT COUNT(*) FROM record_outbox", false, false },
    { "dead_letters", "commands set aside (billingctl dead-letters)",
      "SELECT COUNT(*) FROM dead_letter", false, true },
    { "unmade", "answers and mails that could not be built (see the log)",
      "SELECT COALESCE(MAX(value), 0) FROM meta WHERE name = 'unmade'",
      false, false },
    { "teams_due_at", "next of a team",
      "SELECT MIN(due_at) FROM team WHERE hold_seats = 0", true, false },
    { "checkouts_due_at", "next of a payment",
      "SELECT MIN(next_try_at) FROM checkout WHERE state IN ('new',"
      " 'charging', 'action', 'unknown', 'refunding')", true, false },
    { "drafts_due_at", "next of a draft",
      "SELECT MIN(finalise_at) FROM invoice_draft WHERE finalised = 0", true,
      false },
    { "mails_due_at", "next of a mail",
      "SELECT MIN(next_at) FROM mail_outbox WHERE state = 'queued'", true,
      false },
    { .name = NULL }
};


int
billing_ctl_status(const billing_ctl_t *ctl)
{
    int                     status = BILLING_CTL_USAGE;
    billing_ctl_session_t  *s;

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    if (billing_ctl_open(s, ctl, BILLING_CTL_ANY_SCHEMA)) {
        status = billing_status_show(s);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


static int
billing_status_show(billing_ctl_session_t *s)
{
    json_t               *out, *attention;
    int64_t               newest = billing_schema_newest();
    billing_db_rc_t       rc;
    billing_ctl_lease_t   lease;

    rc = billing_db_begin_reading(s->w.db);
    rc = rc == BILLING_DB_OK ? billing_ctl_lease(s, &lease) : rc;

    if (rc != BILLING_DB_OK) {
        return billing_ctl_database(s);
    }

    attention = json_array();
    out = json_pack("{s:o, s:I, s:I, s:o, s:O}",
              "lease", billing_status_lease(&lease),
              "schema", (json_int_t) s->schema,
              "schema_of_program", (json_int_t) newest,
              "at", json_null(), "attention", attention);

    if (!lease.held) {
        (void) json_array_append_new(attention,
                   json_string("no worker commits: is one running?"));
    }

    if (s->schema != newest) {
        (void) json_array_append_new(attention,
                   json_string(s->schema < newest
                               ? "the schema is older: billingctl migrate"
                               : "the schema is newer than this program"));

    } else if (billing_clock_load(&s->w) == BILLING_DB_OK) {
        (void) json_object_set_new(out, "at",
                   billing_instant_json(billing_worker_now(&s->w)));
        rc = billing_status_rows(s, out, attention);
    }

    json_decref(attention);
    billing_db_rollback(s->w.db);

    if (rc != BILLING_DB_OK) {
        json_decref(out);
        return billing_ctl_database(s);
    }

    return billing_status_end(s->ctl, out);
}


static json_t *
billing_status_lease(const billing_ctl_lease_t *lease)
{
    return json_pack("{s:s?, s:I, s:o, s:b}",
               "owner", lease->owner[0] == '\0' ? NULL : lease->owner,
               "epoch", (json_int_t) lease->epoch,
               "until", billing_instant_json(lease->until_ms / 1000),
               "held", (int) lease->held);
}


static billing_db_rc_t
billing_status_rows(billing_ctl_session_t *s, json_t *out,
    json_t *attention)
{
    char             text[128];
    int64_t          value;
    billing_db_rc_t  rc;

    for (const billing_status_row_t *row = billing_status_list;
         row->name != NULL; row++)
    {
        rc = billing_ctl_number(s, row->sql, &value);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (row->instant) {
            (void) json_object_set_new(out, row->name,
                       value >= BILLING_INSTANT_MAX
                       ? json_null() : billing_instant_json(value));
            continue;
        }

        (void) json_object_set_new(out, row->name,
                                   json_integer((json_int_t) value));

        if (row->attention && value != 0) {
            (void) snprintf(text, sizeof(text), "%lld %s",
                            (long long) value, row->text);
            (void) json_array_append_new(attention, json_string(text));
        }
    }

    return BILLING_DB_OK;
}


static int
billing_status_end(const billing_ctl_t *ctl, json_t *out)
{
    int  status;

    status = json_array_size(json_object_get(out, "attention")) > 0
             ? BILLING_CTL_FOUND : BILLING_CTL_DONE;

    if ((ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(out, status);
    }

    billing_status_print(out);
    json_decref(out);

    return billing_ctl_flush(status);
}


static void
billing_status_print(const json_t *out)
{
    size_t         i;
    const char    *owner;
    const json_t  *value, *lease = json_object_get(out, "lease");

    owner = json_string_value(json_object_get(lease, "owner"));

    (void) printf("lease        %s, epoch %lld%s\n",
                  owner == NULL ? "nobody" : owner, (long long)
                  json_integer_value(json_object_get(lease, "epoch")),
                  json_is_true(json_object_get(lease, "held"))
                  ? "" : ", not held now");
    (void) printf("schema       %lld of %lld\n", (long long)
                  json_integer_value(json_object_get(out, "schema")),
                  (long long) json_integer_value(
                      json_object_get(out, "schema_of_program")));

    for (const billing_status_row_t *row = billing_status_list;
         row->name != NULL; row++)
    {
        value = json_object_get(out, row->name);

        if (json_is_integer(value)) {
            (void) printf("%-12lld %s\n", (long long)
                          json_integer_value(value), row->text);
        }

        if (json_is_string(value)) {
            (void) printf("%s %s\n", json_string_value(value), row->text);
        }
    }

    json_array_foreach(json_object_get(out, "attention"), i, value) {
        (void) printf("look at: %s\n", json_string_value(value));
    }
}
