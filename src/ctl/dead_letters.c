/* billingctl dead-letters: entries that the worker set aside. */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>

#define BILLING_LETTERS_SHOWN  1000


/* One row; texts and bytes live until the statement is stepped. */
typedef struct {
    const char       *stream;
    const char       *entry;
    const char       *reason;
    int64_t           deliveries;
    int64_t           created_at;
    billing_bytes_t   bytes;
    billing_bytes_t   mac;
} billing_dead_t;

typedef struct {
    const char  *name;
    int        (*run)(billing_ctl_session_t *s, const char *id);
    bool         writes;
    bool         id;
} billing_dead_verb_t;


static int billing_dead_list(billing_ctl_session_t *s, const char *id);
static int billing_dead_show(billing_ctl_session_t *s, const char *id);
static int billing_dead_retry(billing_ctl_session_t *s, const char *id);
static int billing_dead_drop(billing_ctl_session_t *s, const char *id);
static void billing_dead_read(billing_db_t *db, const char *sql,
    billing_dead_t *dead);
static bool billing_dead_decode(billing_ctl_session_t *s,
    const billing_dead_t *dead, billing_command_t *command);
static json_t *billing_dead_json(billing_ctl_session_t *s,
    const billing_dead_t *dead, bool body);
static void billing_dead_print(const json_t *letter);
static billing_db_rc_t billing_dead_find(billing_ctl_session_t *s,
    const char *id, billing_dead_t *dead);
static billing_db_rc_t billing_dead_delete(billing_ctl_session_t *s,
    const char *id, int64_t *n);
static int billing_dead_end(billing_ctl_session_t *s, const char *id,
    const char *what);


const char  billing_ctl_dead_letters_help[] =
    "Usage: billingctl --config FILE dead-letters [list] [--json]\n"
    "       billingctl --config FILE dead-letters show|retry|drop ID\n"
    "\n"
    "Entries of the streams that the worker could not execute: not signed by\n"
    "us, not understood, or delivered too often without an end.\n"
    "\n"
    "  list    one line each, ID first (the default); exit status 1 when\n"
    "          there are any\n"
    "  show    everything about one\n"
    "  retry   gives a command to the worker again, signed anew and without a\n"
    "          deadline; what it did before is not done twice (its key)\n"
    "  drop    forgets it\n"
    "\n"
    "Exit status: 0 fine, 1 there are some, 2 it cannot run.\n";


static const char  billing_dead_sql[] =
    "SELECT stream, entry, reason, deliveries, created_at, command, mac"
    " FROM dead_letter WHERE stream || '/' || entry = $1"
    " ORDER BY created_at DESC LIMIT 1";

static const billing_dead_verb_t  billing_dead_verbs[] = {
    { "list",  billing_dead_list,  false, false },
    { "show",  billing_dead_show,  false, true },
    { "retry", billing_dead_retry, true,  true },
    { "drop",  billing_dead_drop,  true,  true }
};

#define BILLING_DEAD_VERBS                                                    \
    (sizeof(billing_dead_verbs) / sizeof(billing_dead_verbs[0]))


int
billing_ctl_dead_letters(const billing_ctl_t *ctl)
{
    int                         status = BILLING_CTL_USAGE;
    char                        error[BILLING_SETTINGS_ERROR_MAX];
    const char                 *id = ctl->argc > 1 ? ctl->argv[1] : NULL;
    billing_ctl_session_t      *s;
    const billing_dead_verb_t  *verb = &billing_dead_verbs[0];

    for (size_t i = 0; ctl->argc > 0; i++) {
        if (i == BILLING_DEAD_VERBS) {
            return billing_ctl_fail("dead-letters: list, show, retry or drop,"
                                    " not \"%s\"", ctl->argv[0]);
        }

        if (strcmp(billing_dead_verbs[i].name, ctl->argv[0]) == 0) {
            verb = &billing_dead_verbs[i];
            break;
        }
    }

    if (verb->id != (id != NULL)) {
        return billing_ctl_fail("dead-letters %s: %s", verb->name,
                                verb->id ? "of which ID?"
                                         : "takes no more words");
    }

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    if (billing_ctl_open(s, ctl, verb->writes ? BILLING_CTL_WRITING
                                              : BILLING_CTL_READING))
    {
        /* Without the secrets what is inside is not told. */

        (void) (billing_config_secrets(&s->w, error) == BILLING_OK);
        status = verb->run(s, id);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


/* --- reading -------------------------------------------------------------- */


static int
billing_dead_list(billing_ctl_session_t *s, const char *id)
{
    static const char  sql[] =
        "SELECT stream, entry, reason, deliveries, created_at, command, mac"
        " FROM dead_letter ORDER BY created_at, stream, entry LIMIT $1";

    int              status;
    size_t           i;
    json_t          *list = json_array(), *letter;
    billing_dead_t   dead;
    billing_db_rc_t  rc;

    (void) id;

    rc = billing_db_query(s->w.db, sql, "i", (int64_t) BILLING_LETTERS_SHOWN);

    while (rc == BILLING_DB_ROW) {
        billing_dead_read(s->w.db, sql, &dead);
        (void) json_array_append_new(list,
                                     billing_dead_json(s, &dead, false));
        rc = billing_db_next(s->w.db, sql);
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return billing_ctl_database(s);
    }

    status = json_array_size(list) > 0 ? BILLING_CTL_FOUND
                                       : BILLING_CTL_DONE;

    if ((s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(json_pack("{s:o}", "dead_letters", list),
                                 status);
    }

    json_array_foreach(list, i, letter) {
        billing_dead_print(letter);
    }

    (void) printf("%zu set aside\n", json_array_size(list));
    json_decref(list);

    return billing_ctl_flush(status);
}


static int
billing_dead_show(billing_ctl_session_t *s, const char *id)
{
    json_t          *json;
    billing_dead_t   dead;
    billing_db_rc_t  rc;

    rc = billing_dead_find(s, id, &dead);

    if (rc == BILLING_DB_DONE) {
        return billing_ctl_fail("dead-letters: there is no %s", id);
    }

    if (rc != BILLING_DB_ROW) {
        return billing_ctl_database(s);
    }

    json = billing_dead_json(s, &dead, true);
    billing_db_done(s->w.db, billing_dead_sql);

    return billing_ctl_print(json, BILLING_CTL_DONE);
}


static void
billing_dead_read(billing_db_t *db, const char *sql, billing_dead_t *dead)
{
    *dead = (billing_dead_t) {
        .stream = billing_db_text(db, sql, 0),
        .entry = billing_db_text(db, sql, 1),
        .reason = billing_db_text(db, sql, 2),
        .deliveries = billing_db_int(db, sql, 3),
        .created_at = billing_db_int(db, sql, 4),
        .bytes = billing_db_blob(db, sql, 5),
        .mac = billing_db_blob(db, sql, 6)
    };
}


/* "STREAM/ENTRY"; ROW, and the statement is at it until it is done. */

static billing_db_rc_t
billing_dead_find(billing_ctl_session_t *s, const char *id,
    billing_dead_t *dead)
{
    billing_db_rc_t  rc;

    rc = billing_db_query(s->w.db, billing_dead_sql, "t", id);

    if (rc == BILLING_DB_ROW) {
        billing_dead_read(s->w.db, billing_dead_sql, dead);
    }

    return rc;
}


static bool
billing_dead_decode(billing_ctl_session_t *s, const billing_dead_t *dead,
    billing_command_t *command)
{
    billing_err_t  err = BILLING_EMAC;

    if (dead->bytes.data == NULL || dead->mac.data == NULL) {
        return false;
    }

    for (unsigned i = 0; i < s->w.nsecrets && err == BILLING_EMAC; i++) {
        err = billing_command_decode(&s->w.secrets[i], dead->bytes,
                                     dead->mac, command);
    }

    return err == BILLING_OK;
}


/* What is not signed by us is told by its length alone. */

static json_t *
billing_dead_json(billing_ctl_session_t *s, const billing_dead_t *dead,
    bool body)
{
    char                id[64 + BILLING_ENTRY_ID_MAX];
    json_t             *json;
    billing_command_t   command;

    (void) snprintf(id, sizeof(id), "%.63s/%.*s", dead->stream,
                    BILLING_ENTRY_ID_MAX - 1, dead->entry);

    json = json_pack("{s:s, s:s, s:I, s:o, s:I}",
               "id", id, "reason", dead->reason,
               "deliveries", (json_int_t) dead->deliveries,
               "set_aside_at", billing_instant_json(dead->created_at),
               "bytes", (json_int_t) dead->bytes.len);

    if (!billing_dead_decode(s, dead, &command)) {
        (void) json_object_set_new(json, "signed", json_false());
        return json;
    }

    (void) json_object_update_new(json,
               json_pack("{s:b, s:s, s:s, s:s, s:s}", "signed", 1,
                   "kind", command.kind, "actor", command.actor,
                   "team", command.team, "operation", command.op));

    if (body) {
        (void) json_object_set(json, "body", command.body);
    }

    billing_command_release(&command);

    return json;
}


static const char *
billing_dead_word(const json_t *letter, const char *name)
{
    const char  *word = json_string_value(json_object_get(letter, name));

    return word == NULL ? "" : word;
}


static void
billing_dead_print(const json_t *letter)
{
    (void) printf("%s  %s  %s", billing_dead_word(letter, "id"),
                  billing_dead_word(letter, "set_aside_at"),
                  billing_dead_word(letter, "reason"));

    if (json_is_true(json_object_get(letter, "signed"))) {
        (void) printf("  %s  %s  %s", billing_dead_word(letter, "kind"),
                      billing_dead_word(letter, "actor"),
                      billing_dead_word(letter, "team"));
    }

    (void) putchar('\n');
}


/* --- acting --------------------------------------------------------------- */


/*
 * First into the stream, then out of the table: twice there is harmless, for
 * the operation's id is the same.
 */

static int
billing_dead_retry(billing_ctl_session_t *s, const char *id)
{
    bool                  sent, decoded;
    billing_dead_t        dead;
    billing_db_rc_t       rc;
    billing_command_t     command;
    billing_ctl_redis_t   redis;

    if (!billing_ctl_secrets(s)) {
        return BILLING_CTL_USAGE;
    }

    rc = billing_dead_find(s, id, &dead);

    if (rc == BILLING_DB_DONE) {
        return billing_ctl_fail("dead-letters: there is no %s", id);
    }

    if (rc != BILLING_DB_ROW) {
        return billing_ctl_database(s);
    }

    decoded = billing_dead_decode(s, &dead, &command);
    billing_db_done(s->w.db, billing_dead_sql);

    if (!decoded) {
        return billing_ctl_fail("%s is not signed by us: it can only be"
                                " dropped", id);
    }

    if (billing_op_is_query(command.kind)) {
        billing_command_release(&command);
        return billing_ctl_fail("%s is a question that nobody waits for: it"
                                " can only be dropped", id);
    }

    command.reply = "";
    command.deadline_ms = 0;

    sent = billing_ctl_redis_open(s, &redis)
           && billing_ctl_redis_command(s, &redis, &command);

    billing_ctl_redis_close(&redis);
    billing_command_release(&command);

    return sent ? billing_dead_end(s, id, "given to the worker again")
                : billing_ctl_fail("%s", redis.why);
}


static int
billing_dead_drop(billing_ctl_session_t *s, const char *id)
{
    return billing_dead_end(s, id, "dropped");
}


static int
billing_dead_end(billing_ctl_session_t *s, const char *id, const char *what)
{
    int64_t          n;
    billing_db_rc_t  rc;

    rc = billing_dead_delete(s, id, &n);

    if (rc != BILLING_DB_OK) {
        return billing_ctl_database(s);
    }

    if (n == 0) {
        return billing_ctl_fail("dead-letters: there is no %s", id);
    }

    if ((s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(json_pack("{s:s, s:s}", "id", id, "done",
                                           what), BILLING_CTL_DONE);
    }

    (void) printf("%s: %s\n", id, what);

    return billing_ctl_flush(BILLING_CTL_DONE);
}


/* A running worker only adds such rows: its lease is not touched. */

static billing_db_rc_t
billing_dead_delete(billing_ctl_session_t *s, const char *id, int64_t *n)
{
    static const char  sql[] =
        "DELETE FROM dead_letter WHERE stream || '/' || entry = $1";

    billing_db_rc_t  rc;

    *n = 0;

    rc = billing_db_begin(s->w.db);
    rc = rc == BILLING_DB_OK ? billing_db_exec(s->w.db, sql, "t", id) : rc;

    if (rc == BILLING_DB_OK) {
        *n = billing_db_changes(s->w.db);
        rc = billing_db_commit(s->w.db);
    }

    billing_db_rollback(s->w.db);

    return rc;
}
