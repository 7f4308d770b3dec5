/* Who wants what of which: read from the request as the location says. */

#include "ngx_http_billing.h"


static billing_reason_t ngx_http_billing_question_profile(
    ngx_http_request_t *r, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_question_t *question);
static billing_reason_t ngx_http_billing_question_place(
    ngx_http_request_t *r, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_question_t *question);
static ngx_int_t ngx_http_billing_question_value(ngx_http_request_t *r,
    ngx_http_complex_value_t *value, ngx_int_t index, ngx_str_t *text);
static ngx_uint_t ngx_http_billing_question_equal(ngx_str_t *a, ngx_str_t *b);


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

    place = ngx_http_billing_question_place(r, blcf, question);

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

        if (ngx_http_billing_question_value(r, blcf->profile,
                                            blcf->profile_index, &value)
            != NGX_OK)
        {
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
    question->profile.len = value.len;

    return BILLING_ALLOW;
}


/* Where.  An id that is none names nothing, so nobody need be asked. */

static billing_reason_t
ngx_http_billing_question_place(ngx_http_request_t *r,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_question_t *question)
{
    if (blcf->board == NULL && blcf->team == NULL) {
        return BILLING_TEAM_NOT_FOUND;
    }

    if (blcf->board) {

        if (ngx_http_billing_question_value(r, blcf->board,
                                            blcf->board_index,
                                            &question->board)
            != NGX_OK)
        {
            return BILLING_INTERNAL;
        }

        if (!billing_id_valid((char *) question->board.data,
                              question->board.len))
        {
            return BILLING_BOARD_NOT_FOUND;
        }
    }

    if (blcf->team) {

        if (ngx_http_billing_question_value(r, blcf->team, blcf->team_index,
                                            &question->team)
            != NGX_OK)
        {
            return BILLING_INTERNAL;
        }

        /* A board tells its team: then this may be empty, not wrong. */

        if ((question->team.len == 0 && question->board.len == 0)
            || (question->team.len
                && !billing_id_valid((char *) question->team.data,
                                     question->team.len)))
        {
            return BILLING_TEAM_NOT_FOUND;
        }
    }

    return BILLING_ALLOW;
}


/* One variable alone is read where it stands, neither run nor copied. */

static ngx_int_t
ngx_http_billing_question_value(ngx_http_request_t *r,
    ngx_http_complex_value_t *value, ngx_int_t index, ngx_str_t *text)
{
    ngx_http_variable_value_t  *v;

    if (value->lengths == NULL) {
        *text = value->value;
        return NGX_OK;
    }

    if (index == NGX_ERROR) {
        return ngx_http_complex_value(r, value, text);
    }

    v = ngx_http_get_flushed_variable(r, index);

    if (v == NULL || v->not_found) {
        ngx_str_null(text);
        return NGX_OK;
    }

    text->data = v->data;
    text->len = v->len;

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_question_index(ngx_http_complex_value_t *value)
{
    size_t   i;
    u_char   c;

    if (value == NULL || value->lengths == NULL || value->flushes == NULL
        || value->value.len < 2 || value->value.data[0] != '$')
    {
        return NGX_ERROR;
    }

    for (i = 1; i < value->value.len; i++) {
        c = value->value.data[i];

        if (c != '_' && (c < '0' || c > '9')
            && ((c | 0x20) < 'a' || (c | 0x20) > 'z'))
        {
            return NGX_ERROR;
        }
    }

    return (ngx_int_t) value->flushes[0];
}


static ngx_uint_t
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
