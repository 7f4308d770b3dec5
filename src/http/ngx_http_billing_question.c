/* Who wants what of which: read from the request as the location says. */

#include "ngx_http_billing.h"


static billing_reason_t ngx_http_billing_question_place(
    ngx_http_request_t *r, ngx_http_billing_words_t *words);
static ngx_uint_t ngx_http_billing_question_equal(ngx_str_t *a, ngx_str_t *b);


/* One variable alone is read where it stands, neither run nor copied. */

static ngx_inline ngx_int_t
ngx_http_billing_question_value(ngx_http_request_t *r,
    ngx_http_complex_value_t *value, ngx_int_t index, ngx_str_t *text)
{
    ngx_http_variable_value_t  *v;

    if (value == NULL) {
        ngx_str_null(text);
        return NGX_OK;
    }

    if (value->lengths == NULL) {
        *text = value->value;
        return NGX_OK;
    }

    if (index == NGX_ERROR) {
        return ngx_http_complex_value(r, value, text);
    }

    v = &r->variables[index];

    if (!v->valid || v->no_cacheable) {
        v = ngx_http_get_flushed_variable(r, index);
    }

    if (v == NULL || v->not_found) {
        ngx_str_null(text);
        return NGX_OK;
    }

    text->data = v->data;
    text->len = v->len;

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_question_read(ngx_http_request_t *r,
    ngx_http_billing_words_t *words)
{
    billing_session_t            *session;
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    words->wanted = blcf->wanted;
    words->limits = blcf->limits;

    if (blcf->wanted_auto) {

        if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)) {
            words->wanted.view = true;

        } else {
            words->wanted.edit = true;
        }
    }

    if (blcf->by_session) {
        session = ngx_http_billing_session(r);
        ngx_str_null(&words->who);

        if (session) {
            words->who.data = (u_char *) session->profile;
            words->who.len = ngx_strlen(session->profile);
        }

    } else if (ngx_http_billing_question_value(r, blcf->profile,
                                               blcf->profile_index,
                                               &words->who)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_billing_question_value(r, blcf->board, blcf->board_index,
                                        &words->board)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_billing_question_value(r, blcf->team, blcf->team_index,
                                           &words->team);
}


billing_reason_t
ngx_http_billing_question_check(ngx_http_request_t *r,
    ngx_http_billing_question_t *question)
{
    billing_reason_t           place;
    ngx_http_billing_words_t  *words;

    words = &question->words;
    place = ngx_http_billing_question_place(r, words);
    question->placed = place == BILLING_ALLOW;

    if (words->who.len == 0
        || billing_email_normalise((char *) words->who.data, words->who.len,
                                   (char *) question->email)
           != BILLING_OK)
    {
        ngx_str_null(&question->profile);
        return BILLING_UNAUTHENTICATED;
    }

    question->profile.data = question->email;
    question->profile.len = words->who.len;

    return place;
}


/* Where.  An id that is none names nothing, so nobody need be asked. */

static billing_reason_t
ngx_http_billing_question_place(ngx_http_request_t *r,
    ngx_http_billing_words_t *words)
{
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    if (blcf->board
        && !billing_id_valid((char *) words->board.data, words->board.len))
    {
        return BILLING_BOARD_NOT_FOUND;
    }

    /* A board tells its team: then this may be empty, not wrong. */

    if (words->team.len == 0) {
        return words->board.len ? BILLING_ALLOW : BILLING_TEAM_NOT_FOUND;
    }

    return billing_id_valid((char *) words->team.data, words->team.len)
           ? BILLING_ALLOW : BILLING_TEAM_NOT_FOUND;
}


ngx_uint_t
ngx_http_billing_question_by_session(ngx_http_complex_value_t *value)
{
    return value == NULL
           || (value->value.len == sizeof("$billing_session_profile") - 1
               && ngx_strncmp(value->value.data, "$billing_session_profile",
                              value->value.len)
                  == 0);
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
ngx_http_billing_question_same(ngx_http_billing_words_t *a,
    ngx_http_billing_words_t *b)
{
    return ngx_http_billing_question_equal(&a->who, &b->who)
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
