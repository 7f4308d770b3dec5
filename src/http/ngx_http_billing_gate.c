/*
 * The gate: may this request pass?  After everything that identifies and
 * admits the client, before anything that answers it; the main request only.
 * What it knows comes from the zone; what the zone lacks is fetched once, the
 * request waiting meanwhile, and the phase then runs again.
 *
 * We refuse; we never grant.  To pass is to decline.
 */

#include "ngx_http_billing.h"

#define NGX_HTTP_BILLING_ASKED_BOARD   1
#define NGX_HTTP_BILLING_ASKED_TEAM    2
#define NGX_HTTP_BILLING_ASKED_MEMBER  4


typedef struct {
    ngx_http_billing_entry_t   board;
    ngx_http_billing_entry_t   team;
    ngx_http_billing_entry_t   member;
    ngx_str_t                  team_id;
    ngx_http_billing_want_t    wants[3];
    ngx_uint_t                 nwants;
    ngx_uint_t                 wants_asked;
    unsigned                   stale:1;
    unsigned                   unknown:1;
} ngx_http_billing_look_t;

/* Kept over the phase's second run and over internal redirects. */

typedef struct {
    ngx_http_billing_question_t  question;
    u_char                       team[BILLING_ID_MAX];  /* asked about */
    size_t                       team_len;
    ngx_msec_t                   asked_at;
    unsigned                     asked:3;
    unsigned                     waiting:1;
    unsigned                     posed:1;       /* question is filled */
} ngx_http_billing_gate_t;


static ngx_http_billing_gate_t *ngx_http_billing_gate_state(
    ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx);
static void ngx_http_billing_gate_pose(ngx_http_billing_gate_t *gate,
    ngx_http_billing_question_t *question);
static void ngx_http_billing_gate_look(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_look_one(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look,
    ngx_http_billing_want_t *want);
static ngx_uint_t ngx_http_billing_gate_usable(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_entry_t *entry,
    ngx_http_billing_want_t *want);
static ngx_int_t ngx_http_billing_gate_fetch(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);
static void ngx_http_billing_gate_decide(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_gate_t *gate,
    ngx_http_billing_look_t *look);
static billing_reason_t ngx_http_billing_gate_reason(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_gate_t *gate,
    ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_remember(ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_count(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static ngx_int_t ngx_http_billing_gate_act(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);


/*
 * NGX_DECLINED: may pass.  NGX_AGAIN: waits for the store, which re-enters us.
 * NGX_DONE: answered.  Anything else is the refusal's status.
 */

ngx_int_t
ngx_http_billing_gate(ngx_http_request_t *r)
{
    billing_reason_t              reason;
    ngx_http_billing_ctx_t       *ctx;
    ngx_http_billing_gate_t      *gate;
    ngx_http_billing_look_t       look;
    ngx_http_billing_loc_conf_t  *blcf;
    ngx_http_billing_question_t   question;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    if (r != r->main || !blcf->require) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_billing_ctx(r);
    gate = ctx ? ngx_http_billing_gate_state(r, ctx) : NULL;

    if (gate == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (gate->waiting) {
        return NGX_AGAIN;
    }

    reason = ngx_http_billing_question(r, &question);

    if (gate->posed
        && ngx_http_billing_question_same(&gate->question, &question))
    {
        if (ctx->decided) {
            /* An internal redirect: asked and counted once. */
            return ngx_http_billing_gate_act(r, ctx);
        }

    } else {
        ngx_http_billing_gate_pose(gate, &question);
        ctx->decided = 0;
    }

    ngx_memzero(&look, sizeof(ngx_http_billing_look_t));

    if (reason == BILLING_ALLOW) {
        ngx_http_billing_gate_look(r, gate, &look);

        if (look.nwants
            && ngx_http_billing_gate_fetch(r, gate, &look) == NGX_AGAIN)
        {
            ctx->fetched = 1;
            return NGX_AGAIN;
        }

        ngx_http_billing_gate_decide(r, ctx, gate, &look);

    } else {
        ctx->verdict = NGX_HTTP_BILLING_VERDICT_REFUSED;
        ctx->reason = reason;
    }

    ctx->decided = 1;
    ngx_http_billing_gate_count(r, ctx);

    return ngx_http_billing_gate_act(r, ctx);
}


static ngx_http_billing_gate_t *
ngx_http_billing_gate_state(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    if (ctx->gate == NULL) {
        ctx->gate = ngx_palloc(r->pool, sizeof(ngx_http_billing_gate_t));

        if (ctx->gate) {
            ngx_memzero((u_char *) ctx->gate
                        + offsetof(ngx_http_billing_gate_t, team_len),
                        sizeof(ngx_http_billing_gate_t)
                        - offsetof(ngx_http_billing_gate_t, team_len));
        }
    }

    return ctx->gate;
}


static void
ngx_http_billing_gate_pose(ngx_http_billing_gate_t *gate,
    ngx_http_billing_question_t *question)
{
    gate->question = *question;

    if (question->profile.len) {
        gate->question.profile.data = gate->question.email;
    }

    gate->posed = 1;
    gate->asked = 0;
    gate->team_len = 0;
}


/* --- what is known -------------------------------------------------------- */

static void
ngx_http_billing_gate_look(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look)
{
    ngx_http_billing_want_t  want;

    ngx_str_null(&want.name);
    look->team_id = gate->question.team;

    if (gate->question.board.len) {
        want.kind = BILLING_RECORD_BOARD;
        want.id = gate->question.board;
        ngx_http_billing_gate_look_one(r, gate, look, &want);

        if (look->board.found && !look->board.record.u.board.gone
            && look->team_id.len == 0)
        {
            look->team_id.data = (u_char *) look->board.record.u.board.team;
            look->team_id.len = ngx_strlen(look->team_id.data);
        }
    }

    if (look->team_id.len == 0 || look->board.record.u.board.gone) {
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
    ngx_http_billing_gate_look_one(r, gate, look, &want);

    want.kind = BILLING_RECORD_MEMBER;
    want.name = gate->question.profile;
    ngx_http_billing_gate_look_one(r, gate, look, &want);
}


static void
ngx_http_billing_gate_look_one(ngx_http_request_t *r,
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
    }

    ngx_http_billing_zone_get(bmcf->zone, want->kind, &want->id, &want->name,
                              blcf, entry);

    if (ngx_http_billing_gate_usable(r, gate, entry, want)) {
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

    } else {
        look->unknown = 1;
    }
}


/* Fresh, or as fresh as Redis has it; not older than the client has seen. */

static ngx_uint_t
ngx_http_billing_gate_usable(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_entry_t *entry,
    ngx_http_billing_want_t *want)
{
    uint64_t                epoch, version;
    billing_team_record_t  *team;

    if (!entry->found || entry->old_epoch) {
        return 0;
    }

    if (!entry->fresh
        && (gate->asked == 0 || entry->fetched_msec < gate->asked_at))
    {
        return 0;
    }

    if (want->kind != BILLING_RECORD_TEAM
        || !ngx_http_billing_seen_version(r, &want->id, &epoch, &version))
    {
        return 1;
    }

    team = &entry->record.u.team;

    return team->epoch > epoch
           || (team->epoch == epoch && team->version >= version);
}


static ngx_int_t
ngx_http_billing_gate_fetch(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look)
{
    if (gate->asked == 0) {
        gate->asked_at = ngx_current_msec;
    }

    gate->asked |= look->wants_asked;

    if (ngx_http_billing_fetch(r, look->wants, look->nwants,
                               ngx_http_billing_gate_wake, gate)
        != NGX_AGAIN)
    {
        return NGX_ERROR;
    }

    gate->waiting = 1;

    return NGX_AGAIN;
}


static void
ngx_http_billing_gate_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_gate_t *gate = data;

    (void) timed_out;       /* then the zone still lacks it */

    gate->waiting = 0;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


/* --- the answer ----------------------------------------------------------- */

static void
ngx_http_billing_gate_decide(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_gate_t *gate,
    ngx_http_billing_look_t *look)
{
    ngx_http_billing_loc_conf_t   *blcf;
    ngx_http_billing_main_conf_t  *bmcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    ngx_http_billing_gate_remember(ctx, look);

    ctx->reason = ngx_http_billing_gate_reason(bmcf, gate, look);

    if (ctx->reason == BILLING_ENTITLEMENT_UNKNOWN) {
        ctx->verdict = NGX_HTTP_BILLING_VERDICT_UNKNOWN;

        if (blcf->on_error == NGX_HTTP_BILLING_PASS) {
            ctx->reason = BILLING_ALLOW;
        }

        return;
    }

    if (ctx->reason != BILLING_ALLOW) {
        ctx->verdict = NGX_HTTP_BILLING_VERDICT_REFUSED;
        return;
    }

    ctx->verdict = look->stale ? NGX_HTTP_BILLING_VERDICT_STALE
                               : NGX_HTTP_BILLING_VERDICT_PASSED;
}


static billing_reason_t
ngx_http_billing_gate_reason(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look)
{
    billing_board_record_t  *board;

    board = NULL;

    if (look->unknown) {
        return BILLING_ENTITLEMENT_UNKNOWN;
    }

    if (gate->question.board.len) {
        board = &look->board.record.u.board;

        if (board->gone
            || ngx_strlen(board->team) != look->team_id.len
            || ngx_memcmp(board->team, look->team_id.data, look->team_id.len)
               != 0)
        {
            return BILLING_BOARD_NOT_FOUND;
        }
    }

    return billing_entitle(&bmcf->settings->catalogue,
                           &look->team.record.u.team,
                           &look->member.record.u.member, board,
                           &gate->question.wanted,
                           ngx_http_billing_now(bmcf));
}


/* For the variables, the log and the answer. */

static void
ngx_http_billing_gate_remember(ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_look_t *look)
{
    ctx->team_id = look->team_id;
    ctx->age_sec = ngx_max(look->board.age_sec,
                           ngx_max(look->team.age_sec, look->member.age_sec));

    if (look->board.found) {
        ctx->board = look->board.record.u.board;
    }

    if (look->team.found) {
        ctx->team = look->team.record.u.team;
    }

    if (look->member.found) {
        ctx->member = look->member.record.u.member;
    }
}


static void
ngx_http_billing_gate_count(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    ngx_http_billing_counter_t     counter;
    ngx_http_billing_main_conf_t  *bmcf;

    static const ngx_http_billing_counter_t  counters[] = {
        [NGX_HTTP_BILLING_VERDICT_NONE]    = NGX_HTTP_BILLING_COUNT_UNKNOWN,
        [NGX_HTTP_BILLING_VERDICT_PASSED]  = NGX_HTTP_BILLING_COUNT_PASSED,
        [NGX_HTTP_BILLING_VERDICT_REFUSED] = NGX_HTTP_BILLING_COUNT_REFUSED,
        [NGX_HTTP_BILLING_VERDICT_STALE]   = NGX_HTTP_BILLING_COUNT_STALE,
        [NGX_HTTP_BILLING_VERDICT_UNKNOWN] = NGX_HTTP_BILLING_COUNT_UNKNOWN
    };

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    ngx_http_billing_zone_count(bmcf->zone, counters[ctx->verdict]);

    counter = ctx->fetched ? NGX_HTTP_BILLING_COUNT_MISS
                           : NGX_HTTP_BILLING_COUNT_HIT;

    ngx_http_billing_zone_count(bmcf->zone, counter);
}


static ngx_int_t
ngx_http_billing_gate_act(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    if (ctx->reason == BILLING_ALLOW) {
        return NGX_DECLINED;
    }

    return ngx_http_billing_refuse(r, ctx);
}
