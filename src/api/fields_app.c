/* What the application's requests may contain. */

#include "billing_api.h"

#include <string.h>

#define BILLING_HOOK_URL_TEXT_MAX  511


/* name, type, required, in the query, longest, reason, members */

#define BILLING_ANY(name, type)                                               \
    { name, type, false, false, 0, BILLING_ALLOW, NULL }
#define BILLING_NEEDED(name, type)                                            \
    { name, type, true, false, 0, BILLING_ALLOW, NULL }
#define BILLING_QUERY(name, max)                                              \
    { name, BILLING_FIELD_TOKEN, false, true, max, BILLING_FIELD_TYPE, NULL }
#define BILLING_CHOICE(name, max, reason)                                     \
    { name, BILLING_FIELD_WORD, false, false, max, reason, NULL }
#define BILLING_LAST                                                          \
    { NULL, BILLING_FIELD_TEXT, false, false, 0, BILLING_ALLOW, NULL }
#define BILLING_LIST(name, members)                                           \
    { name, BILLING_FIELD_LIST, true, false, 0, BILLING_ALLOW, members }

/* A plan that is not given can only be bought. */

#define BILLING_GRANT                                                         \
    BILLING_CHOICE("plan", 31, BILLING_PLAN_UNKNOWN),                         \
    BILLING_CHOICE("state", 31, BILLING_FIELD_TYPE),                          \
    BILLING_ANY("seats", BILLING_FIELD_SEATS),                                \
    BILLING_ANY("valid_until", BILLING_FIELD_INSTANT)

#define BILLING_TEAM_REST                                                     \
    BILLING_ANY("name", BILLING_FIELD_NAME), BILLING_GRANT,                   \
    BILLING_ANY("account", BILLING_FIELD_TEAM),                               \
    BILLING_ANY("created_at", BILLING_FIELD_INSTANT)

#define BILLING_ROLES                                                         \
    BILLING_CHOICE("role", 31, BILLING_ROLE_INVALID),                         \
    BILLING_ANY("roles", BILLING_FIELD_ROLES)

#define BILLING_ON_FULL                                                       \
    BILLING_CHOICE("on_full", 31, BILLING_FIELD_TYPE)

#define BILLING_BOARD_REST                                                    \
    BILLING_ANY("team", BILLING_FIELD_TEAM),                                  \
    BILLING_ANY("owner", BILLING_FIELD_EMAIL),                                \
    BILLING_ANY("title", BILLING_FIELD_NAME),                                 \
    BILLING_ANY("private", BILLING_FIELD_BOOL),                               \
    BILLING_ANY("created_at", BILLING_FIELD_INSTANT)


static const billing_field_t  billing_app_profile[] = {
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL),
    BILLING_CHOICE("lang", 8, BILLING_FIELD_TYPE),
    BILLING_LAST
};

static const billing_field_t  billing_app_team_item[] = {
    BILLING_NEEDED("id", BILLING_FIELD_ID), BILLING_TEAM_REST, BILLING_LAST
};

static const billing_field_t  billing_app_member_item[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL), BILLING_ROLES,
    BILLING_LAST
};

static const billing_field_t  billing_app_board_item[] = {
    BILLING_NEEDED("id", BILLING_FIELD_ID), BILLING_BOARD_REST, BILLING_LAST
};

static const billing_field_t  billing_app_profiles[] = {
    BILLING_LIST("profiles", billing_app_profile), BILLING_LAST
};

static const billing_field_t  billing_app_teams[] = {
    BILLING_LIST("teams", billing_app_team_item), BILLING_LAST
};

static const billing_field_t  billing_app_members[] = {
    BILLING_LIST("members", billing_app_member_item), BILLING_ON_FULL,
    BILLING_LAST
};

static const billing_field_t  billing_app_boards[] = {
    BILLING_LIST("boards", billing_app_board_item), BILLING_LAST
};

static const billing_field_t  billing_app_team[] = {
    BILLING_NEEDED("team", BILLING_FIELD_ID), BILLING_TEAM_REST, BILLING_LAST
};

static const billing_field_t  billing_app_team_only[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM), BILLING_LAST
};

static const billing_field_t  billing_app_member[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL), BILLING_ROLES,
    BILLING_ON_FULL, BILLING_LAST
};

/* What becomes of that member's boards; nothing said, the first admin's. */

static const billing_field_t  billing_app_member_gone[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL),
    { "boards", BILLING_FIELD_WORD, false, true, BILLING_EMAIL_MAX + 9,
      BILLING_FIELD_TYPE, NULL },
    { "scope", BILLING_FIELD_WORD, false, true, 31, BILLING_FIELD_TYPE,
      NULL },
    BILLING_LAST
};

static const billing_field_t  billing_app_guest[] = {
    BILLING_NEEDED("board", BILLING_FIELD_BOARD),
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL), BILLING_LAST
};

static const billing_field_t  billing_app_board[] = {
    BILLING_NEEDED("board", BILLING_FIELD_ID), BILLING_BOARD_REST,
    BILLING_LAST
};

static const billing_field_t  billing_app_board_only[] = {
    BILLING_NEEDED("board", BILLING_FIELD_BOARD), BILLING_LAST
};

static const billing_field_t  billing_app_enterprise[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    BILLING_NEEDED("seats", BILLING_FIELD_SEATS),
    BILLING_ANY("valid_until", BILLING_FIELD_INSTANT),
    BILLING_ANY("flexible", BILLING_FIELD_BOOL),
    BILLING_ANY("review_days", BILLING_FIELD_AMOUNT), BILLING_LAST
};

static const billing_field_t  billing_app_education[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    BILLING_ANY("seats", BILLING_FIELD_SEATS),
    BILLING_ANY("valid_until", BILLING_FIELD_INSTANT), BILLING_LAST
};

static const billing_field_t  billing_app_vat[] = {
    BILLING_NEEDED("team", BILLING_FIELD_TEAM),
    { "country", BILLING_FIELD_WORD, true, false, 2,
      BILLING_VAT_ID_INVALID, NULL },
    { "vat_id", BILLING_FIELD_TEXT, true, false, 31,
      BILLING_VAT_ID_INVALID, NULL },
    BILLING_NEEDED("valid", BILLING_FIELD_BOOL), BILLING_LAST
};

static const billing_field_t  billing_app_events[] = {
    BILLING_QUERY("after", BILLING_ID_MAX), BILLING_QUERY("limit", 3),
    BILLING_LAST
};

static const billing_field_t  billing_app_event[] = {
    { "event", BILLING_FIELD_TOKEN, true, false, BILLING_ID_MAX,
      BILLING_EVENT_NOT_FOUND, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_app_replay[] = {
    BILLING_NEEDED("after", BILLING_FIELD_INSTANT),
    BILLING_ANY("before", BILLING_FIELD_INSTANT), BILLING_LAST
};

static const billing_field_t  billing_app_session[] = {
    BILLING_NEEDED("email", BILLING_FIELD_EMAIL), BILLING_LAST
};

static const billing_field_t  billing_app_operation[] = {
    BILLING_NEEDED("operation", BILLING_FIELD_OPERATION), BILLING_LAST
};

static const billing_field_t  billing_app_none[] = { BILLING_LAST };

static const billing_field_t  billing_app_enable[] = {
    { "url", BILLING_FIELD_TOKEN, true, false, BILLING_HOOK_URL_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};


static const struct {
    const char             *kind;
    const billing_field_t  *fields;
} billing_app_tables[] = {
    { "app.profiles",        billing_app_profiles },
    { "app.teams",           billing_app_teams },
    { "app.members",         billing_app_members },
    { "app.boards",          billing_app_boards },
    { "app.team",            billing_app_team },
    { "app.team.show",       billing_app_team_only },
    { "app.team.delete",     billing_app_team_only },
    { "app.team.enterprise", billing_app_enterprise },
    { "app.team.education",  billing_app_education },
    { "app.team.vat",        billing_app_vat },
    { "app.team.vat.show",   billing_app_team_only },
    { "app.member",          billing_app_member },
    { "app.member.delete",   billing_app_member_gone },
    { "app.board",           billing_app_board },
    { "app.board.delete",    billing_app_board_only },
    { "app.guest",           billing_app_guest },
    { "app.guest.delete",    billing_app_guest },
    { "app.events",          billing_app_events },
    { "app.event.replay",    billing_app_event },
    { "app.events.replay",   billing_app_replay },
    { "app.session",         billing_app_session },
    { "app.operation",       billing_app_operation },
    { "app.webhooks",        billing_app_none },
    { "app.webhook.enable",  billing_app_enable }
};


const billing_field_t *
billing_fields_app(const char *kind)
{
    size_t  n = sizeof(billing_app_tables) / sizeof(billing_app_tables[0]);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(billing_app_tables[i].kind, kind) == 0) {
            return billing_app_tables[i].fields;
        }
    }

    return NULL;
}
