/* What the gate knows of a team, a member or a board, as bytes in Redis. */

#include "billing_store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BILLING_RECORD_SCHEMA  "1"
#define BILLING_RECORD_PARTS   5        /* schema kind epoch version json */


typedef struct {
    char    *data;
    size_t   len;
    size_t   max;
    bool     full;
} billing_record_text_t;


static void billing_record_print(billing_record_text_t *text,
    const char *format, ...) __attribute__((format(printf, 2, 3)));
static billing_err_t billing_record_head(billing_record_text_t *text,
    const billing_record_t *record);
static billing_err_t billing_record_body(billing_record_text_t *text,
    const billing_record_t *record);
static billing_err_t billing_record_print_team(billing_record_text_t *text,
    const billing_team_record_t *team);
static billing_err_t billing_record_print_member(billing_record_text_t *text,
    const billing_member_record_t *member);
static billing_err_t billing_record_print_board(billing_record_text_t *text,
    const billing_board_record_t *board);
static billing_err_t billing_record_mac(const billing_secret_t *secret,
    billing_bytes_t key, billing_bytes_t text, uint8_t mac[32]);
static billing_err_t billing_record_authentic(const billing_secret_t *secret,
    billing_bytes_t key, billing_bytes_t *value);
static billing_err_t billing_record_split(billing_bytes_t value,
    billing_bytes_t parts[BILLING_RECORD_PARTS]);


static const char *const  billing_record_kinds[] = {
    [BILLING_RECORD_NONE]   = "",
    [BILLING_RECORD_TEAM]   = "team",
    [BILLING_RECORD_MEMBER] = "member",
    [BILLING_RECORD_BOARD]  = "board",
    [BILLING_RECORD_ACCESS] = "access"
};


billing_err_t
billing_record_encode(const billing_secret_t *secret, billing_bytes_t key,
    const billing_record_t *record, char *out, size_t out_max, size_t *len)
{
    uint8_t                mac[32];
    billing_err_t          rc;
    billing_record_text_t  text = { .data = out, .max = out_max };

    *len = 0;

    rc = billing_record_head(&text, record);

    if (rc == BILLING_OK) {
        rc = billing_record_body(&text, record);
    }

    if (rc != BILLING_OK) {
        return rc;
    }

    if (text.full
        || text.len + 1 + BILLING_MAC_HEX_LEN > BILLING_RECORD_MAX
        || text.len + 1 + BILLING_MAC_HEX_LEN >= out_max)
    {
        return BILLING_ERANGE;
    }

    rc = billing_record_mac(secret, key,
                            (billing_bytes_t) { text.data, text.len }, mac);
    if (rc != BILLING_OK) {
        return rc;
    }

    out[text.len++] = ' ';
    billing_hex(mac, sizeof(mac), out + text.len);
    *len = text.len + BILLING_MAC_HEX_LEN;

    return BILLING_OK;
}


billing_err_t
billing_record_decode(const billing_secret_t *secret, billing_bytes_t key,
    billing_bytes_t value, billing_record_t *record)
{
    uint64_t         epoch, version;
    billing_err_t    rc;
    billing_bytes_t  parts[BILLING_RECORD_PARTS];

    memset(record, 0, sizeof(*record));

    rc = billing_record_authentic(secret, key, &value);

    if (rc != BILLING_OK) {
        return rc;
    }

    if (billing_record_split(value, parts) != BILLING_OK
        || parts[0].len != 1
        || memcmp(parts[0].data, BILLING_RECORD_SCHEMA, 1) != 0
        || billing_digits(parts[2].data, parts[2].len, &epoch) != BILLING_OK
        || billing_digits(parts[3].data, parts[3].len, &version)
           != BILLING_OK)
    {
        return BILLING_EFORMAT;
    }

    record->kind = billing_record_kind_parse(parts[1]);
    rc = billing_record_fill(parts[4], epoch, version, record);

    if (rc != BILLING_OK) {
        memset(record, 0, sizeof(*record));
    }

    return rc;
}


static void
billing_record_print(billing_record_text_t *text, const char *format, ...)
{
    int      n;
    va_list  args;

    if (text->full) {
        return;
    }

    va_start(args, format);
    n = vsnprintf(text->data + text->len, text->max - text->len, format, args);
    va_end(args);

    if (n < 0 || (size_t) n >= text->max - text->len) {
        text->full = true;
        return;
    }

    text->len += (size_t) n;
}


static billing_err_t
billing_record_head(billing_record_text_t *text,
    const billing_record_t *record)
{
    uint64_t  epoch = 0;
    uint64_t  version = 0;

    switch (record->kind) {

    case BILLING_RECORD_NONE:
        return BILLING_ERANGE;

    case BILLING_RECORD_TEAM:
        epoch = record->u.team.epoch;
        version = record->u.team.version;
        break;

    case BILLING_RECORD_MEMBER:
        epoch = record->u.member.epoch;
        version = record->u.member.version;
        break;

    case BILLING_RECORD_BOARD:
        epoch = record->u.board.epoch;
        version = record->u.board.version;
        break;

    case BILLING_RECORD_ACCESS:
        epoch = record->u.access.epoch;
        version = record->u.access.version;
        break;
    }

    billing_record_print(text, BILLING_RECORD_SCHEMA " %s %" PRIu64
                         " %" PRIu64 " ",
                         billing_record_kinds[record->kind], epoch, version);

    return BILLING_OK;
}


static billing_err_t
billing_record_body(billing_record_text_t *text,
    const billing_record_t *record)
{
    switch (record->kind) {

    case BILLING_RECORD_NONE:
        break;

    case BILLING_RECORD_TEAM:
        return billing_record_print_team(text, &record->u.team);

    case BILLING_RECORD_MEMBER:
        return billing_record_print_member(text, &record->u.member);

    case BILLING_RECORD_BOARD:
        return billing_record_print_board(text, &record->u.board);

    case BILLING_RECORD_ACCESS:
        billing_record_print(text, "{\"rights\":%" PRIu32 "}",
                             record->u.access.rights);
        return BILLING_OK;
    }

    return BILLING_ERANGE;
}


static billing_err_t
billing_record_print_team(billing_record_text_t *text,
    const billing_team_record_t *team)
{
    if (team->gone) {
        billing_record_print(text, "{\"gone\":true}");
        return BILLING_OK;
    }

    if (team->plan == BILLING_PLAN_NONE || team->plan >= BILLING_PLANS
        || team->state == BILLING_STATE_NONE || team->state >= BILLING_STATES
        || team->plan_after >= BILLING_PLANS
        || team->valid_until_at < 0 || team->period_end_at < 0
        || team->editable_from > INT64_MAX)
    {
        return BILLING_ERANGE;
    }

    billing_record_print(text, "{\"plan\":\"%s\",\"state\":\"%s\"",
                         billing_plan_name((billing_plan_t) team->plan),
                         billing_state_name((billing_state_t) team->state));
    billing_record_print(text, ",\"valid_until\":%" PRId64
                         ",\"period_end\":%" PRId64,
                         team->valid_until_at, team->period_end_at);
    billing_record_print(text, ",\"editable_from\":%" PRIu64
                         ",\"seats\":%" PRIu32 ",\"members\":%" PRIu32,
                         team->editable_from, team->seats, team->members);

    if (team->editable_boards != 0) {
        billing_record_print(text, ",\"editable_boards\":%u",
                             (unsigned) team->editable_boards);
    }

    billing_record_print(text, "%s", team->day_passes
                                     ? ",\"day_passes\":true" : "");

    if (team->plan_after != BILLING_PLAN_NONE) {
        billing_record_print(text, ",\"plan_after\":\"%s\"",
                         billing_plan_name((billing_plan_t) team->plan_after));
    }

    billing_record_print(text, "}");

    return BILLING_OK;
}


static billing_err_t
billing_record_print_member(billing_record_text_t *text,
    const billing_member_record_t *member)
{
    if (member->pass_ends_at < 0) {
        return BILLING_ERANGE;
    }

    billing_record_print(text, "{\"roles\":%" PRIu32, member->roles);

    if (member->pass_ends_at != 0) {
        billing_record_print(text, ",\"pass_ends_at\":%" PRId64,
                             member->pass_ends_at);
    }

    billing_record_print(text, "}");

    return BILLING_OK;
}


static billing_err_t
billing_record_print_board(billing_record_text_t *text,
    const billing_board_record_t *board)
{
    if (board->gone) {
        billing_record_print(text, "{\"gone\":true}");
        return BILLING_OK;
    }

    if (!billing_id_valid(board->team,
                          strnlen(board->team, sizeof(board->team)))
        || board->rank > INT64_MAX || board->link >= BILLING_VISITS)
    {
        return BILLING_ERANGE;
    }

    billing_record_print(text, "{\"team\":\"%.*s\",\"rank\":%" PRIu64
                         ",\"private\":%s",
                         BILLING_ID_MAX, board->team, board->rank,
                         board->is_private ? "true" : "false");

    if (board->link != BILLING_VISIT_OFF) {
        billing_record_print(text, ",\"link\":\"%s\"",
                             billing_visit_name((billing_visit_t)
                                                board->link));
    }

    billing_record_print(text, "}");

    return BILLING_OK;
}


/* The word in front keeps a record's MAC from passing for anything else's. */

static billing_err_t
billing_record_mac(const billing_secret_t *secret, billing_bytes_t key,
    billing_bytes_t text, uint8_t mac[32])
{
    billing_bytes_t  parts[] = { { "record", 6 }, key, text };

    return billing_mac(secret, BILLING_KEY_RECORD, parts, 3, mac);
}


/* Cuts the MAC off the value's end once it has proven to be right. */

static billing_err_t
billing_record_authentic(const billing_secret_t *secret, billing_bytes_t key,
    billing_bytes_t *value)
{
    size_t         len;
    uint8_t        mac[32], given[32];
    const char    *text = value->data;
    billing_err_t  rc;

    if (value->len > BILLING_RECORD_MAX
        || value->len < BILLING_MAC_HEX_LEN + 1)
    {
        return BILLING_EMAC;
    }

    len = value->len - BILLING_MAC_HEX_LEN - 1;

    if (text[len] != ' '
        || billing_unhex(text + len + 1, BILLING_MAC_HEX_LEN, given)
           != BILLING_OK)
    {
        return BILLING_EMAC;
    }

    value->len = len;

    rc = billing_record_mac(secret, key, *value, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    return billing_mac_equal(mac, given, sizeof(mac)) ? BILLING_OK
                                                      : BILLING_EMAC;
}


/* Exactly five parts between single blanks. */

static billing_err_t
billing_record_split(billing_bytes_t value,
    billing_bytes_t parts[BILLING_RECORD_PARTS])
{
    const char  *text = value.data;
    const char  *end = text + value.len;

    for (unsigned i = 0; i < BILLING_RECORD_PARTS; i++) {
        const char  *blank = memchr(text, ' ', (size_t) (end - text));

        if ((blank == NULL) != (i == BILLING_RECORD_PARTS - 1)) {
            return BILLING_EFORMAT;
        }

        if (blank == NULL) {
            blank = end;
        }

        parts[i] = (billing_bytes_t) { text, (size_t) (blank - text) };

        if (parts[i].len == 0) {
            return BILLING_EFORMAT;
        }

        text = blank < end ? blank + 1 : end;
    }

    return BILLING_OK;
}


const char *
billing_record_kind_name(billing_record_kind_t kind)
{
    return billing_record_kinds[kind];
}


billing_record_kind_t
billing_record_kind_parse(billing_bytes_t word)
{
    for (unsigned i = BILLING_RECORD_TEAM; i <= BILLING_RECORD_ACCESS; i++) {
        if (strlen(billing_record_kinds[i]) == word.len
            && memcmp(billing_record_kinds[i], word.data, word.len) == 0)
        {
            return (billing_record_kind_t) i;
        }
    }

    return BILLING_RECORD_NONE;
}
