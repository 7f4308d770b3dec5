/* A team's settings, and its own invite link (R204, R206, R31). */

#include <string.h>

#include "billing_business.h"


typedef struct {
    const char         *name;
    billing_setting_t   setting;
    const char         *words[2];       /* of those that are words */
} billing_setting_row_t;


static billing_reason_t billing_setting_may(billing_op_t *op,
    const billing_team_row_t *row, uint32_t roles, const char **field);
static bool billing_setting_word(const billing_setting_row_t *setting,
    const json_t *value);
static billing_db_rc_t billing_setting_take(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_setting_link(billing_op_t *op,
    billing_team_row_t *row);


static const billing_setting_row_t  billing_setting_rows[] = {
    { "name",        BILLING_SETTING_NAME,        { NULL, NULL } },
    { "invite",      BILLING_SETTING_INVITE,      { "members", "admins" } },
    { "invite_link", BILLING_SETTING_LINK,        { NULL, NULL } },
    { "board_moves", BILLING_SETTING_BOARD_MOVES, { "allowed", "forbidden" } }
};

#define BILLING_SETTING_ROWS                                                  \
    (sizeof(billing_setting_rows) / sizeof(billing_setting_rows[0]))


billing_db_rc_t
billing_op_team_change(billing_op_t *op)
{
    uint32_t             roles;
    const char          *field;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_setting_may(op, &row, roles, &field);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                               json_pack("{s:s*}", "field", field));
    }

    rc = billing_setting_take(op, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK ? billing_op_team(op, &row, NULL) : rc;
}


/* All that is asked for, or none of it. */

static billing_reason_t
billing_setting_may(billing_op_t *op, const billing_team_row_t *row,
    uint32_t roles, const char **field)
{
    size_t            i, n;
    const json_t     *value;
    billing_reason_t  reason;

    n = 0;
    *field = NULL;

    for (i = 0; i < BILLING_SETTING_ROWS; i++) {
        value = json_object_get(op->command->body,
                                billing_setting_rows[i].name);
        if (value == NULL) {
            continue;
        }

        n++;
        reason = billing_setting_allowed(billing_setting_rows[i].setting,
                                         roles, row->team.plan);

        if (reason == BILLING_ALLOW
            && !billing_setting_word(&billing_setting_rows[i], value))
        {
            *field = billing_setting_rows[i].name;
            reason = BILLING_FIELD_TYPE;
        }

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    return n > 0 ? BILLING_ALLOW : BILLING_FIELD_MISSING;
}


static bool
billing_setting_word(const billing_setting_row_t *setting,
    const json_t *value)
{
    const char  *word;

    if (setting->words[0] == NULL) {
        return true;
    }

    word = json_string_value(value);

    return word != NULL && (strcmp(word, setting->words[0]) == 0
                            || strcmp(word, setting->words[1]) == 0);
}


static billing_db_rc_t
billing_setting_take(billing_op_t *op, billing_team_row_t *row)
{
    static const char  sql[] =
        "UPDATE team SET name = $1, invite = $2, board_moves = $3,"
        " invite_link = $4 WHERE id = $5";

    const char       *text;
    billing_db_rc_t   rc;

    text = billing_op_text(op, "name");

    if (text[0] != '\0') {
        if (!billing_name_valid(text, strlen(text))) {
            return billing_op_deny(op, BILLING_NAME_INVALID, NULL);
        }

        billing_copy(row->name, sizeof(row->name), text);
    }

    text = billing_op_text(op, "invite");

    if (text[0] != '\0') {
        row->invite_admins = strcmp(text, "admins") == 0;
    }

    text = billing_op_text(op, "board_moves");

    if (text[0] != '\0') {
        row->moves_forbidden = strcmp(text, "forbidden") == 0;
    }

    rc = billing_setting_link(op, row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_db_exec(op->w->db, sql, "ttttt", row->name,
                           row->invite_admins ? "admins" : "members",
                           row->moves_forbidden ? "forbidden" : "allowed",
                           row->invite_link, row->id);
}


/* Switched off and on, it is another: who has the old one stays outside. */

static billing_db_rc_t
billing_setting_link(billing_op_t *op, billing_team_row_t *row)
{
    const json_t  *value;

    value = json_object_get(op->command->body, "invite_link");

    if (json_is_false(value)) {
        row->invite_link[0] = '\0';
    }

    return json_is_true(value) && row->invite_link[0] == '\0'
           ? billing_id_new('l', row->invite_link) : BILLING_DB_OK;
}


/* The link alone, or as it is shown, with the address in front of it. */

billing_db_rc_t
billing_op_team_join(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT id FROM team WHERE invite_link = $1 AND invite_link <> ''";

    char                 id[BILLING_ID_MAX + 1];
    const char          *link, *mark;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    link = billing_op_text(op, "link");
    mark = strrchr(link, '=');

    rc = billing_db_query(op->w->db, sql, "t", mark == NULL ? link : mark + 1);

    if (rc == BILLING_DB_ROW) {
        billing_copy(id, sizeof(id), billing_db_text(op->w->db, sql, 0));
        billing_db_done(op->w->db, sql);
        rc = billing_team_load(op->w, id, &row);
    }

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && !billing_invite_link(row.team.plan)))
    {
        return billing_op_deny(op, BILLING_INVITATION_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_join(op, &row, op->command->actor,
                                 (uint32_t) BILLING_ROLE_MEMBER);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), row.id);

    return billing_op_team(op, &row, NULL);
}
