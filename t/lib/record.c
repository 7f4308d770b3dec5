/*
 * Writes records as billing-worker does, for tests that have none:
 *
 *     record MASTER_FILE PREFIX
 *
 * reads one JSON object a line, e.g. {"kind":"team","id":"t1","epoch":1,
 * "version":3,"plan":"team","state":"active"}, and answers each with a notice:
 * the key's name, a blank, the record.
 */

#include "../../src/store/billing_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define RECORD_LINE_MAX    4096
#define RECORD_SECRET_MAX  4096


static int record_secret(const char *name, billing_secret_t *secret);
static int record_line(const billing_secret_t *secret, const char *prefix,
    const char *line);
static size_t record_fill(const json_t *json, const char *prefix, char *key,
    billing_record_t *record);
static billing_team_record_t record_team(const json_t *json);
static const char *record_text(const json_t *json, const char *name);
static uint8_t record_visit(const char *word);
static int64_t record_int(const json_t *json, const char *name);


int
main(int argc, char **argv)
{
    char              line[RECORD_LINE_MAX];
    billing_secret_t  secret;

    if (argc != 3 || record_secret(argv[1], &secret) != 0) {
        fprintf(stderr, "usage: record MASTER_FILE PREFIX\n");
        return 2;
    }

    while (fgets(line, sizeof(line), stdin) != NULL) {

        if (record_line(&secret, argv[2], line) != 0) {
            fprintf(stderr, "record: not a record: %s", line);
            return 1;
        }
    }

    return 0;
}


static int
record_secret(const char *name, billing_secret_t *secret)
{
    char    master[RECORD_SECRET_MAX];
    FILE   *in = fopen(name, "r");
    size_t  len;

    if (in == NULL) {
        return -1;
    }

    len = fread(master, 1, sizeof(master), in);
    fclose(in);

    if (len > 0 && master[len - 1] == '\n') {
        len--;
    }

    return billing_secret_derive((const uint8_t *) master, len, secret)
           == BILLING_OK ? 0 : -1;
}


static int
record_line(const billing_secret_t *secret, const char *prefix,
    const char *line)
{
    char              key[BILLING_KEY_MAX], text[BILLING_RECORD_MAX + 1];
    size_t            key_len, len = 0;
    json_t           *json;
    billing_err_t     err = BILLING_EFORMAT;
    json_error_t      error;
    billing_record_t  record;

    json = json_loads(line, 0, &error);

    if (json == NULL) {
        return -1;
    }

    memset(&record, 0, sizeof(record));
    key_len = record_fill(json, prefix, key, &record);

    if (key_len > 0) {
        err = billing_record_encode(secret,
                                    (billing_bytes_t) { key, key_len },
                                    &record, text, sizeof(text), &len);
    }

    json_decref(json);

    if (err != BILLING_OK) {
        return -1;
    }

    printf("%s %.*s\n", key, (int) len, text);
    fflush(stdout);

    return 0;
}


static size_t
record_fill(const json_t *json, const char *prefix, char *key,
    billing_record_t *record)
{
    const char       *kind = record_text(json, "kind");
    billing_bytes_t   id, email;
    const uint64_t    epoch = (uint64_t) record_int(json, "epoch");
    const uint64_t    version = (uint64_t) record_int(json, "version");

    id.data = record_text(json, "id");
    id.len = strlen(id.data);
    email.data = record_text(json, "email");
    email.len = strlen(email.data);

    if (strcmp(kind, "team") == 0) {
        record->kind = BILLING_RECORD_TEAM;
        record->u.team = record_team(json);
        record->u.team.epoch = epoch;
        record->u.team.version = version;
        return billing_key_team(key, prefix, id);
    }

    if (strcmp(kind, "member") == 0) {
        record->kind = BILLING_RECORD_MEMBER;
        record->u.member = (billing_member_record_t) {
            .epoch = epoch,
            .version = version,
            .roles = (uint32_t) record_int(json, "roles"),
            .pass_ends_at = record_int(json, "pass_ends_at")
        };
        return billing_key_member(key, prefix, id, email);
    }

    if (strcmp(kind, "board") == 0) {
        record->kind = BILLING_RECORD_BOARD;
        record->u.board = (billing_board_record_t) {
            .epoch = epoch,
            .version = version,
            .rank = (uint64_t) record_int(json, "rank"),
            .is_private = json_is_true(json_object_get(json, "private")),
            .link = record_visit(record_text(json, "link")),
            .gone = json_is_true(json_object_get(json, "gone"))
        };
        snprintf(record->u.board.team, sizeof(record->u.board.team), "%.*s",
                 BILLING_ID_MAX, record_text(json, "team"));
        return billing_key_board(key, prefix, id);
    }

    if (strcmp(kind, "access") == 0) {
        record->kind = BILLING_RECORD_ACCESS;
        record->u.access = (billing_access_record_t) {
            .epoch = epoch,
            .version = version,
            .rights = (uint32_t) record_int(json, "rights")
        };
        return billing_key_access(key, prefix, id, email);
    }

    return 0;
}


static billing_team_record_t
record_team(const json_t *json)
{
    const char  *plan = record_text(json, "plan");
    const char  *state = record_text(json, "state");
    const char  *after = record_text(json, "plan_after");

    return (billing_team_record_t) {
        .valid_until_at = record_int(json, "valid_until"),
        .period_end_at = record_int(json, "period_end"),
        .editable_from = (uint64_t) record_int(json, "editable_from"),
        .seats = (uint32_t) record_int(json, "seats"),
        .members = (uint32_t) record_int(json, "members"),
        .plan = (uint8_t) billing_plan_parse(plan, strlen(plan)),
        .state = (uint8_t) billing_state_parse(state, strlen(state)),
        .editable_boards = (uint8_t) record_int(json, "editable_boards"),
        .gone = json_is_true(json_object_get(json, "gone")),
        .day_passes = json_is_true(json_object_get(json, "day_passes")),
        .plan_after = (uint8_t) billing_plan_parse(after, strlen(after))
    };
}


static const char *
record_text(const json_t *json, const char *name)
{
    const char  *text = json_string_value(json_object_get(json, name));

    return text != NULL ? text : "";
}


static uint8_t
record_visit(const char *word)
{
    return word[0] == '\0' ? BILLING_VISIT_OFF
           : (uint8_t) billing_visit_parse(word, strlen(word));
}


static int64_t
record_int(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}
