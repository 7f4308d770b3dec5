/*
 * The gate: may this request pass?  After everything that identifies and
 * admits the client, before anything that answers it; the main request only.
 * What it knows comes from the zone; what the zone lacks is fetched once, the
 * request waiting meanwhile, and the phase then runs again.
 *
 * We refuse; we never grant.  To pass is to decline.
 */

#include "ngx_http_billing_gate.h"


static ngx_uint_t ngx_http_billing_gate_posed(ngx_http_billing_gate_t *gate,
    ngx_http_billing_words_t *words);
static ngx_int_t ngx_http_billing_gate_ask(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static ngx_int_t ngx_http_billing_gate_look(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_gate_t *gate);
static ngx_int_t ngx_http_billing_gate_fetch(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);
static void ngx_http_billing_gate_decide(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_look_t *look);
static billing_reason_t ngx_http_billing_gate_reason(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_look_t *look);
static void ngx_http_billing_gate_visitor(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_ctx_t *ctx);
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
    ngx_http_billing_ctx_t       *ctx;
    ngx_http_billing_words_t      words;
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    if (r != r->main || !blcf->require) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_billing_ctx(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->gate.waiting) {
        return NGX_AGAIN;
    }

    if (ngx_http_billing_question_read(r, &words) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_http_billing_gate_posed(&ctx->gate, &words)) {

        ctx->decided = ngx_http_billing_memo_find(r, ctx) == NGX_OK;

        if (ctx->decided) {
            ngx_http_billing_gate_count(r, ctx);
            return NGX_DECLINED;
        }
    }

    if (ctx->decided) {
        /* An internal redirect: asked and counted once. */
        return ngx_http_billing_gate_act(r, ctx);
    }

    return ngx_http_billing_gate_ask(r, ctx);
}


/* Whether this is the question of before; it is the question from now on. */

static ngx_uint_t
ngx_http_billing_gate_posed(ngx_http_billing_gate_t *gate,
    ngx_http_billing_words_t *words)
{
    if (gate->posed
        && ngx_http_billing_question_same(&gate->question.words, words))
    {
        return 1;
    }

    gate->posed = 1;
    gate->asked = 0;
    gate->team_len = 0;
    gate->question.words = *words;

    return 0;
}


static ngx_int_t
ngx_http_billing_gate_ask(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    billing_reason_t          reason;
    ngx_http_billing_gate_t  *gate;
    ngx_http_billing_look_t   look;

    gate = &ctx->gate;
    reason = ngx_http_billing_question_check(r, &gate->question);

    if (reason == BILLING_ALLOW
        || (reason == BILLING_UNAUTHENTICATED && gate->question.placed
            && gate->question.words.board.len))
    {
        if (ngx_http_billing_gate_look(r, ctx, gate) == NGX_AGAIN) {
            ctx->fetched = 1;
            return NGX_AGAIN;
        }

    } else {
        ngx_http_billing_look_empty(&look);
        ngx_http_billing_gate_remember(ctx, &look);
        ctx->verdict = NGX_HTTP_BILLING_VERDICT_REFUSED;
        ctx->reason = reason;
    }

    ctx->decided = 1;
    ngx_http_billing_gate_count(r, ctx);

    return ngx_http_billing_gate_act(r, ctx);
}


/* NGX_OK: decided.  NGX_AGAIN: what is lacking is on its way. */

static ngx_int_t
ngx_http_billing_gate_look(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_gate_t *gate)
{
    ngx_http_billing_look_t  look;

    ngx_http_billing_look_empty(&look);
    ngx_http_billing_look(r, gate, &look);

    if (look.nwants
        && ngx_http_billing_gate_fetch(r, gate, &look) == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    ngx_http_billing_gate_decide(r, ctx, &look);

    return ctx->verdict == NGX_HTTP_BILLING_VERDICT_REFUSED
           && ngx_http_billing_look_doubt(gate, &look)
           && ngx_http_billing_gate_fetch(r, gate, &look) == NGX_AGAIN
           ? NGX_AGAIN : NGX_OK;
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
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_look_t *look)
{
    ngx_http_billing_loc_conf_t   *blcf;
    ngx_http_billing_main_conf_t  *bmcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    ngx_http_billing_gate_remember(ctx, look);

    ctx->reason = ngx_http_billing_gate_reason(bmcf, ctx, look);

    if (ctx->reason == BILLING_ALLOW && blcf->limits) {
        ctx->reason = ngx_http_billing_allowed(r, blcf->limits, &ctx->team);
    }

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

    ngx_http_billing_gate_visitor(bmcf, ctx);

    if (look->stale) {
        ctx->verdict = NGX_HTTP_BILLING_VERDICT_STALE;
        return;
    }

    ctx->verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
    ngx_http_billing_memo_keep(r, ctx, look);
}


static billing_reason_t
ngx_http_billing_gate_reason(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_look_t *look)
{
    billing_reason_t              reason;
    billing_board_record_t       *board;
    ngx_http_billing_question_t  *question;

    board = NULL;
    question = &ctx->gate.question;

    if (look->unknown) {
        /* Nobody's way in is a link, and of that nothing is known. */
        return question->profile.len ? BILLING_ENTITLEMENT_UNKNOWN
                                     : BILLING_UNAUTHENTICATED;
    }

    if (question->words.board.len) {
        board = &ctx->board;

        if (board->gone
            || ngx_strlen(board->team) != look->team_id.len
            || ngx_memcmp(board->team, look->team_id.data, look->team_id.len)
               != 0)
        {
            return question->profile.len ? BILLING_BOARD_NOT_FOUND
                                         : BILLING_UNAUTHENTICATED;
        }
    }

    reason = billing_entitle(&bmcf->settings->catalogue, &ctx->team,
                             &ctx->member, board, &question->words.wanted,
                             ngx_http_billing_now(bmcf));

    if (look->stranger && reason != BILLING_ALLOW) {
        return BILLING_ENTITLEMENT_UNKNOWN;
    }

    if (question->profile.len == 0
        && (reason == BILLING_NOT_A_MEMBER || reason == BILLING_TEAM_NOT_FOUND
            || reason == BILLING_ENTITLEMENT_UNKNOWN))
    {
        return BILLING_UNAUTHENTICATED;
    }

    return reason;
}


/* For $billing_role: whom only the link lets in is a visitor. */

static void
ngx_http_billing_gate_visitor(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_ctx_t *ctx)
{
    uint32_t        roles;
    billing_plan_t  plan;

    if (ctx->board.link == BILLING_VISIT_OFF) {
        return;
    }

    plan = billing_entitle_plan(&ctx->team, ngx_http_billing_now(bmcf));
    roles = billing_entitle_roles(&bmcf->settings->catalogue.plans[plan],
                                  &ctx->member, &ctx->board);

    if (roles == BILLING_ROLE_VISITOR) {
        ctx->member.roles = roles;
    }
}


/*
 * For the decision, the variables, the log and the answer.  Of whom nothing is
 * known may what everybody may.
 */

static void
ngx_http_billing_gate_remember(ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_look_t *look)
{
    ctx->team_id = look->team_id;
    ctx->age_sec = ngx_max(ngx_max(look->board.age_sec, look->team.age_sec),
                           ngx_max(look->member.age_sec,
                                   look->access.age_sec));

    if (look->board.found) {
        ctx->board = look->board.record.u.board;

    } else {
        ngx_memzero(&ctx->board, sizeof(billing_board_record_t));
    }

    if (look->team.found) {
        ctx->team = look->team.record.u.team;

    } else {
        ngx_memzero(&ctx->team, sizeof(billing_team_record_t));
    }

    if (look->member.found && !look->stranger) {
        ctx->member = look->member.record.u.member;
        ctx->member.access = 0;

    } else {
        ngx_memzero(&ctx->member, sizeof(billing_member_record_t));
    }

    if (look->access.found) {
        ctx->member.access = look->access.record.u.access.rights;
    }
}


static void
ngx_http_billing_gate_count(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    ngx_uint_t                     plan;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    plan = ctx->team.plan < BILLING_PLANS ? ctx->team.plan : BILLING_PLAN_NONE;

    ngx_http_billing_zone_count(bmcf->zone,
                                NGX_HTTP_BILLING_COUNT_DECIDED
                                + (ctx->verdict * BILLING_PLANS + plan) * 2
                                + ctx->fetched);
}


static ngx_int_t
ngx_http_billing_gate_act(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    if (ctx->reason == BILLING_ALLOW) {
        return NGX_DECLINED;
    }

    return ngx_http_billing_refuse(r, ctx);
}
