/* Who wants what of which: read from the request as the location says. */

#include "ngx_http_billing.h"


static billing_reason_t ngx_http_billing_question_profile(
    ngx_http_request_t *r, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_question_t *question);
static billing_reason_t ngx_http_billing_question_id(ngx_http_request_t *r,
    ngx_http_complex_value_t *value, billing_reason_t missing, ngx_str_t *id);


billing_reason_t
ngx_http_billing_question(ngx_http_request_t *r,
    ngx_http_billing_question_t *question)
{
    billing_reason_t              reason, place;
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    ngx_str_null(&question->profile);
    ngx_str_null(&question->team);
    ngx_str_null(&question->board);

    question->wanted = blcf->wanted;
    question->limits = blcf->limits;

    if (blcf->wanted_auto) {

        if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)) {
            question->wanted.view = true;

        } else {
            question->wanted.edit = true;
        }
    }

    reason = ngx_http_billing_question_profile(r, blcf, question);

    if (reason != BILLING_ALLOW && reason != BILLING_UNAUTHENTICATED) {
        return reason;
    }

    place = blcf->board || blcf->team ? BILLING_ALLOW : BILLING_TEAM_NOT_FOUND;

    if (blcf->board) {
        place = ngx_http_billing_question_id(r, blcf->board,
                                             BILLING_BOARD_NOT_FOUND,
                                             &question->board);
    }

    if (place == BILLING_ALLOW && blcf->team) {
        place = ngx_http_billing_question_id(r, blcf->team,
                                             question->board.len
                                                 ? BILLING_ALLOW
                                                 : BILLING_TEAM_NOT_FOUND,
                                             &question->team);
    }

    if (place != BILLING_ALLOW) {
        ngx_str_null(&question->board);
    }

    return reason == BILLING_ALLOW ? place : reason;
}


/* Who asks: what the directive says, or whose session it is. */

static billing_reason_t
ngx_http_billing_question_profile(ngx_http_request_t *r,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_question_t *question)
{
    ngx_str_t           value;
    billing_session_t  *session;

    ngx_str_null(&value);

    if (blcf->profile) {

        if (ngx_http_complex_value(r, blcf->profile, &value) != NGX_OK) {
            return BILLING_INTERNAL;
        }

    } else {
        session = ngx_http_billing_session(r);

        if (session) {
            value.data = (u_char *) session->profile;
            value.len = ngx_strlen(session->profile);
        }
    }

    if (value.len == 0
        || billing_email_normalise((char *) value.data, value.len,
                                   (char *) question->email)
           != BILLING_OK)
    {
        return BILLING_UNAUTHENTICATED;
    }

    question->profile.data = question->email;
    question->profile.len = ngx_strlen(question->email);

    return BILLING_ALLOW;
}


/* missing: the reason when the value is empty, ALLOW when it may be. */

static billing_reason_t
ngx_http_billing_question_id(ngx_http_request_t *r,
    ngx_http_complex_value_t *value, billing_reason_t missing, ngx_str_t *id)
{
    if (ngx_http_complex_value(r, value, id) != NGX_OK) {
        return BILLING_INTERNAL;
    }

    if (id->len == 0) {
        return missing;
    }

    if (billing_id_valid((char *) id->data, id->len)) {
        return BILLING_ALLOW;
    }

    ngx_str_null(id);

    return missing == BILLING_ALLOW ? BILLING_TEAM_NOT_FOUND : missing;
}


static ngx_inline ngx_uint_t
ngx_http_billing_question_equal(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


ngx_uint_t
ngx_http_billing_question_same(ngx_http_billing_question_t *a,
    ngx_http_billing_question_t *b)
{
    return ngx_http_billing_question_equal(&a->profile, &b->profile)
           && ngx_http_billing_question_equal(&a->team, &b->team)
           && ngx_http_billing_question_equal(&a->board, &b->board)
           && a->wanted.view == b->wanted.view
           && a->wanted.edit == b->wanted.edit
           && a->wanted.seat == b->wanted.seat
           && a->wanted.admin == b->wanted.admin
           && a->wanted.billing == b->wanted.billing
           && a->wanted.features == b->wanted.features
           && a->limits == b->limits;
}
