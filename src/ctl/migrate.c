/* billingctl migrate: the database gets this program's schema. */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>


static int billing_migrate_go(billing_ctl_session_t *s);
static int billing_migrate_end(billing_ctl_session_t *s, bool done);


const char  billing_ctl_migrate_help[] =
    "Usage: billingctl --config FILE migrate [--dry-run] [--json]\n"
    "       billingctl --config FILE migrate --to FILE [--progress]\n"
    "\n"
    "Applies the steps that the schema lacks, all in one transaction; a copy\n"
    "of the file is left beside it first (FILE.schema-N).  A worker does the\n"
    "same when it starts; this is for doing it at a chosen time.  Refuses\n"
    "while a worker commits, for that worker is of an older version.\n"
    "\n"
    "  --dry-run   only names the steps\n"
    "  --to FILE   copies everything into the empty database that this other\n"
    "              billing.json names, compares rows and sums, verifies what\n"
    "              is there, and closes the old one: all of it, or nothing\n"
    "\n"
    "Exit status: 0 the schema is up to date, 1 steps are missing (with\n"
    "--dry-run), 2 refused, or it cannot run.\n";


int
billing_ctl_migrate(const billing_ctl_t *ctl)
{
    int                     status = BILLING_CTL_USAGE;
    bool                    dry = (ctl->given & BILLING_CTL_DRY_RUN) != 0;
    billing_ctl_session_t  *s;

    if (ctl->to != NULL) {
        return billing_ctl_copy(ctl);
    }

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    if (billing_ctl_open(s, ctl, dry ? BILLING_CTL_ANY_SCHEMA
                                     : BILLING_CTL_MIGRATING))
    {
        status = dry ? billing_migrate_end(s, false) : billing_migrate_go(s);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


/*
 * A worker with the lease on an older schema is an older program: it would go
 * on with tables it does not know.
 */

static int
billing_migrate_go(billing_ctl_session_t *s)
{
    char                  error[512];
    billing_ctl_lease_t   lease;

    if (s->schema == billing_schema_newest()) {
        return billing_migrate_end(s, true);
    }

    if (billing_ctl_lease(s, &lease) != BILLING_DB_OK) {
        return billing_ctl_database(s);
    }

    if (lease.held || billing_db_lock(s->w.db, true) == 0) {
        return billing_ctl_fail("worker %s commits to schema %lld: end it,"
                                " then migrate, then start the new one",
                                lease.owner[0] == '\0' ? "of this machine"
                                                       : lease.owner,
                                (long long) s->schema);
    }

    if (billing_migrate(s->w.db, error, sizeof(error)) != BILLING_DB_OK) {
        return billing_ctl_fail("%s", error);
    }

    return billing_migrate_end(s, true);
}


static int
billing_migrate_end(billing_ctl_session_t *s, bool done)
{
    bool         json = (s->ctl->given & BILLING_CTL_JSON) != 0;
    json_t      *steps = json_array();
    int64_t      newest = billing_schema_newest();
    const char  *name;

    for (int64_t version = s->schema + 1; version <= newest; version++) {
        name = billing_schema_step(version);

        if (name == NULL) {
            continue;
        }

        (void) json_array_append_new(steps,
                   json_pack("{s:I, s:s}", "version", (json_int_t) version,
                             "name", name));

        if (!json) {
            (void) printf("%s %03lld_%s\n", done ? "applied" : "missing",
                          (long long) version, name);
        }
    }

    if (json) {
        return billing_ctl_print(json_pack("{s:I, s:I, s:b, s:o}",
                   "schema", (json_int_t) s->schema,
                   "schema_of_program", (json_int_t) newest,
                   "done", (int) done, "steps", steps),
                   done || s->schema >= newest ? BILLING_CTL_DONE
                                               : BILLING_CTL_FOUND);
    }

    json_decref(steps);

    if (done || s->schema >= newest) {
        (void) printf("schema %lld: up to date\n",
                      (long long) (s->schema > newest ? s->schema : newest));
    }

    return billing_ctl_flush(done || s->schema >= newest
                             ? BILLING_CTL_DONE : BILLING_CTL_FOUND);
}
