/* What a record's JSON says, once its MAC has proven to be right. */

#include "billing_store.h"

#include <string.h>

#include <jansson.h>


static billing_err_t billing_record_read_team(const json_t *json,
    billing_team_record_t *team);
static billing_err_t billing_record_read_more(const json_t *json,
    billing_team_record_t *team);
static billing_err_t billing_record_read_member(const json_t *json,
    billing_member_record_t *member);
static billing_err_t billing_record_read_board(const json_t *json,
    billing_board_record_t *board);
static billing_err_t billing_record_read_access(const json_t *json,
    billing_access_record_t *access);
static billing_err_t billing_record_link(const json_t *json, uint8_t *link);
static billing_err_t billing_record_int(const json_t *json, const char *name,
    int64_t max, int64_t *out);
static billing_err_t billing_record_bool(const json_t *json, const char *name,
    uint8_t *out);


billing_err_t
billing_record_fill(billing_bytes_t bytes, uint64_t epoch, uint64_t version,
    billing_record_t *record)
{
    json_t         *json;
    json_error_t    error;
    billing_err_t   rc = BILLING_EFORMAT;

    json = json_loadb(bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(json)) {
        json_decref(json);
        return BILLING_EFORMAT;
    }

    switch (record->kind) {

    case BILLING_RECORD_NONE:
        break;

    case BILLING_RECORD_TEAM:
        rc = billing_record_read_team(json, &record->u.team);
        record->u.team.epoch = epoch;
        record->u.team.version = version;
        break;

    case BILLING_RECORD_MEMBER:
        rc = billing_record_read_member(json, &record->u.member);
        record->u.member.epoch = epoch;
        record->u.member.version = version;
        break;

    case BILLING_RECORD_BOARD:
        rc = billing_record_read_board(json, &record->u.board);
        record->u.board.epoch = epoch;
        record->u.board.version = version;
        break;

    case BILLING_RECORD_ACCESS:
        rc = billing_record_read_access(json, &record->u.access);
        record->u.access.epoch = epoch;
        record->u.access.version = version;
        break;
    }

    json_decref(json);

    return rc;
}


/* Members that a newer worker may add are passed over. */

static billing_err_t
billing_record_read_team(const json_t *json, billing_team_record_t *team)
{
    int64_t        from, seats, members;
    const json_t  *plan, *state;

    if (json_is_true(json_object_get(json, "gone"))) {
        team->gone = 1;
        return BILLING_OK;
    }

    plan = json_object_get(json, "plan");
    state = json_object_get(json, "state");

    if (!json_is_string(plan) || !json_is_string(state)
        || billing_record_int(json, "valid_until", INT64_MAX,
                              &team->valid_until_at) != BILLING_OK
        || billing_record_int(json, "period_end", INT64_MAX,
                              &team->period_end_at) != BILLING_OK
        || billing_record_int(json, "editable_from", INT64_MAX, &from)
           != BILLING_OK
        || billing_record_int(json, "seats", UINT32_MAX, &seats) != BILLING_OK
        || billing_record_int(json, "members", UINT32_MAX, &members)
           != BILLING_OK)
    {
        return BILLING_EFORMAT;
    }

    team->plan = (uint8_t) billing_plan_parse(json_string_value(plan),
                                              json_string_length(plan));
    team->state = (uint8_t) billing_state_parse(json_string_value(state),
                                                json_string_length(state));
    team->editable_from = (uint64_t) from;
    team->seats = (uint32_t) seats;
    team->members = (uint32_t) members;

    if (team->plan == BILLING_PLAN_NONE || team->state == BILLING_STATE_NONE) {
        return BILLING_EFORMAT;
    }

    return billing_record_read_more(json, team);
}


/* Not there in most records. */

static billing_err_t
billing_record_read_more(const json_t *json, billing_team_record_t *team)
{
    int64_t        boards = 0;
    const char    *word;
    const json_t  *after = json_object_get(json, "plan_after");

    if ((json_object_get(json, "editable_boards") != NULL
         && billing_record_int(json, "editable_boards", UINT8_MAX, &boards)
            != BILLING_OK)
        || (json_object_get(json, "day_passes") != NULL
            && billing_record_bool(json, "day_passes", &team->day_passes)
               != BILLING_OK))
    {
        return BILLING_EFORMAT;
    }

    team->editable_boards = (uint8_t) boards;

    if (after == NULL) {
        return BILLING_OK;
    }

    word = json_is_string(after) ? json_string_value(after) : "";
    team->plan_after = (uint8_t) billing_plan_parse(word, strlen(word));

    return team->plan_after != BILLING_PLAN_NONE ? BILLING_OK
                                                 : BILLING_EFORMAT;
}


static billing_err_t
billing_record_read_member(const json_t *json,
    billing_member_record_t *member)
{
    int64_t  roles;

    if (billing_record_int(json, "roles", UINT32_MAX, &roles) != BILLING_OK
        || (json_object_get(json, "pass_ends_at") != NULL
            && billing_record_int(json, "pass_ends_at", INT64_MAX,
                                  &member->pass_ends_at) != BILLING_OK))
    {
        return BILLING_EFORMAT;
    }

    member->roles = (uint32_t) roles;

    return BILLING_OK;
}


static billing_err_t
billing_record_read_board(const json_t *json, billing_board_record_t *board)
{
    int64_t        rank;
    const json_t  *team;

    if (json_is_true(json_object_get(json, "gone"))) {
        board->gone = 1;
        return BILLING_OK;
    }

    team = json_object_get(json, "team");

    if (!json_is_string(team)
        || !billing_id_valid(json_string_value(team),
                             json_string_length(team))
        || billing_record_int(json, "rank", INT64_MAX, &rank) != BILLING_OK
        || billing_record_bool(json, "private", &board->is_private)
           != BILLING_OK
        || billing_record_link(json, &board->link) != BILLING_OK)
    {
        return BILLING_EFORMAT;
    }

    memcpy(board->team, json_string_value(team), json_string_length(team));
    board->rank = (uint64_t) rank;

    return BILLING_OK;
}


static billing_err_t
billing_record_read_access(const json_t *json,
    billing_access_record_t *access)
{
    int64_t        rights;
    billing_err_t  rc;

    rc = billing_record_int(json, "rights", UINT32_MAX, &rights);

    if (rc == BILLING_OK) {
        access->rights = (uint32_t) rights;
    }

    return rc;
}


/* Not there when there is no public link. */

static billing_err_t
billing_record_link(const json_t *json, uint8_t *link)
{
    billing_visit_t  visit;
    const json_t    *value = json_object_get(json, "link");

    if (value == NULL) {
        return BILLING_OK;
    }

    if (!json_is_string(value)) {
        return BILLING_EFORMAT;
    }

    visit = billing_visit_parse(json_string_value(value),
                                json_string_length(value));
    *link = (uint8_t) visit;

    return visit == BILLING_VISITS ? BILLING_EFORMAT : BILLING_OK;
}


static billing_err_t
billing_record_int(const json_t *json, const char *name, int64_t max,
    int64_t *out)
{
    const json_t  *value = json_object_get(json, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0
        || json_integer_value(value) > max)
    {
        return BILLING_EFORMAT;
    }

    *out = json_integer_value(value);

    return BILLING_OK;
}


static billing_err_t
billing_record_bool(const json_t *json, const char *name, uint8_t *out)
{
    const json_t  *value = json_object_get(json, name);

    if (!json_is_boolean(value)) {
        return BILLING_EFORMAT;
    }

    *out = json_is_true(value);

    return BILLING_OK;
}
