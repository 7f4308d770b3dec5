/*
 * What is known for a question: the board, its team, who asks, and, where it
 * matters, his rights on the board.  What the zone lacks becomes a want.
 */

#include "ngx_http_billing_gate.h"

#define NGX_HTTP_BILLING_LOOK_SLACK  500    /* ms between processes' clocks */


static ngx_uint_t ngx_http_billing_look_by_access(
    ngx_http_billing_look_t *look);
static void ngx_http_billing_look_one(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look,
    ngx_http_billing_want_t *want);
static ngx_uint_t ngx_http_billing_look_usable(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_entry_t *entry,
    ngx_http_billing_want_t *want);


/* Records are only read where something was found. */

void
ngx_http_billing_look_empty(ngx_http_billing_look_t *look)
{
    look->board.found = 0;
    look->board.age_sec = 0;
    look->team.found = 0;
    look->team.age_sec = 0;
    look->member.found = 0;
    look->member.age_sec = 0;
    look->access.found = 0;
    look->access.age_sec = 0;

    ngx_str_null(&look->team_id);
    look->nwants = 0;
    look->wants_asked = 0;
    look->stale = 0;
    look->unknown = 0;
    look->stranger = 0;
}


void
ngx_http_billing_look(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look)
{
    ngx_http_billing_want_t  want;

    ngx_str_null(&want.name);
    look->team_id = gate->question.words.team;

    if (gate->question.words.board.len) {
        want.kind = BILLING_RECORD_BOARD;
        want.id = gate->question.words.board;
        ngx_http_billing_look_one(r, gate, look, &want);

        if (look->board.found && !look->board.record.u.board.gone
            && look->team_id.len == 0)
        {
            look->team_id.data = (u_char *) look->board.record.u.board.team;
            look->team_id.len = ngx_strlen(look->team_id.data);
        }
    }

    if (look->team_id.len == 0
        || (look->board.found && look->board.record.u.board.gone))
    {
        return;
    }

    /* The board has moved while we asked: that team is another question. */

    if (look->team_id.len != gate->team_len
        || ngx_memcmp(look->team_id.data, gate->team, gate->team_len) != 0)
    {
        gate->asked &= NGX_HTTP_BILLING_ASKED_BOARD;
        gate->team_len = look->team_id.len;
        ngx_memcpy(gate->team, look->team_id.data, gate->team_len);
    }

    look->team_id.data = gate->team;

    want.kind = BILLING_RECORD_TEAM;
    want.id = look->team_id;
    ngx_http_billing_look_one(r, gate, look, &want);

    if (gate->question.profile.len == 0) {
        return;
    }

    want.kind = BILLING_RECORD_MEMBER;
    want.name = gate->question.profile;
    ngx_http_billing_look_one(r, gate, look, &want);

    if (ngx_http_billing_look_by_access(look)) {
        want.kind = BILLING_RECORD_ACCESS;
        want.id = gate->question.words.board;
        ngx_http_billing_look_one(r, gate, look, &want);
    }
}


/* One look more: of guests, and of everybody where the board is private. */

static ngx_uint_t
ngx_http_billing_look_by_access(ngx_http_billing_look_t *look)
{
    billing_board_record_t  *board;

    if (!look->board.found) {
        return 0;
    }

    board = &look->board.record.u.board;

    if (!look->member.found) {
        return board->is_private;
    }

    return billing_entitle_by_access(&look->member.record.u.member, board);
}


static void
ngx_http_billing_look_one(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look,
    ngx_http_billing_want_t *want)
{
    ngx_uint_t                     bit;
    ngx_http_billing_entry_t      *entry;
    ngx_http_billing_loc_conf_t   *blcf;
    ngx_http_billing_main_conf_t  *bmcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    entry = &look->board;
    bit = NGX_HTTP_BILLING_ASKED_BOARD;

    if (want->kind == BILLING_RECORD_TEAM) {
        entry = &look->team;
        bit = NGX_HTTP_BILLING_ASKED_TEAM;

    } else if (want->kind == BILLING_RECORD_MEMBER) {
        entry = &look->member;
        bit = NGX_HTTP_BILLING_ASKED_MEMBER;

    } else if (want->kind == BILLING_RECORD_ACCESS) {
        entry = &look->access;
        bit = NGX_HTTP_BILLING_ASKED_ACCESS;
    }

    ngx_http_billing_zone_get(bmcf->zone, want, blcf, entry);

    if (ngx_http_billing_look_usable(r, gate, entry, want)) {
        return;
    }

    if (!(gate->asked & bit)) {
        look->wants[look->nwants++] = *want;
        look->wants_asked |= bit;
    }

    /* The bound holds for what was fetched, not for when we last looked. */

    if (entry->found
        && ngx_current_msec - entry->fetched_msec
           < (ngx_msec_t) blcf->stale * 1000)
    {
        look->stale = 1;

    } else if (bit & (NGX_HTTP_BILLING_ASKED_MEMBER
                      | NGX_HTTP_BILLING_ASKED_ACCESS))
    {
        entry->found = 0;
        look->stranger = 1;

    } else {
        look->unknown = 1;
    }
}


/* Fresh, or as fresh as Redis has it; not older than the client has seen. */

static ngx_uint_t
ngx_http_billing_look_usable(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_entry_t *entry,
    ngx_http_billing_want_t *want)
{
    if (!entry->found || entry->old_epoch) {
        return 0;
    }

    if (!entry->fresh
        && (gate->asked == 0 || entry->fetched_msec < gate->asked_at))
    {
        return 0;
    }

    return want->kind != BILLING_RECORD_TEAM
           || ngx_http_billing_look_seen(r, &want->id, &entry->record.u.team);
}


ngx_uint_t
ngx_http_billing_look_seen(ngx_http_request_t *r, ngx_str_t *id,
    billing_team_record_t *team)
{
    uint64_t                 epoch, version;
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_cookies(r);

    if (ctx == NULL || ctx->seen_cookie.len == 0) {
        return 1;
    }

    return !ngx_http_billing_seen_version(r, id, &epoch, &version)
           || team->epoch > epoch
           || (team->epoch == epoch && team->version >= version);
}


/*
 * A change of a person raises the team's version, and is written before it: a
 * team that came later than the person may have brought another one.  So is
 * somebody seen who was a stranger until now, by whoever knows of the change.
 * Only a refusal pays for it, and only until the person is the younger one.
 */

ngx_uint_t
ngx_http_billing_look_doubt(ngx_http_billing_gate_t *gate,
    ngx_http_billing_look_t *look)
{
    ngx_uint_t  until;

    if (look->nwants || !look->team.found || gate->question.profile.len == 0) {
        return 0;
    }

    until = look->team.fetched_msec + NGX_HTTP_BILLING_LOOK_SLACK;

    if (look->member.found && look->member.fetched_msec < until
        && !(gate->asked & NGX_HTTP_BILLING_ASKED_MEMBER))
    {
        look->wants[look->nwants].kind = BILLING_RECORD_MEMBER;
        look->wants[look->nwants].id = look->team_id;
        look->wants[look->nwants++].name = gate->question.profile;
        look->wants_asked |= NGX_HTTP_BILLING_ASKED_MEMBER;
    }

    if (look->access.found && look->access.fetched_msec < until
        && !(gate->asked & NGX_HTTP_BILLING_ASKED_ACCESS))
    {
        look->wants[look->nwants].kind = BILLING_RECORD_ACCESS;
        look->wants[look->nwants].id = gate->question.words.board;
        look->wants[look->nwants++].name = gate->question.profile;
        look->wants_asked |= NGX_HTTP_BILLING_ASKED_ACCESS;
    }

    return look->nwants;
}
