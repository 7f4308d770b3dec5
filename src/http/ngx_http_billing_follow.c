/*
 * Pages that follow a team: GET /billing/follow waits until the team is
 * another than the one the page shows, or for some seconds.  The worker says
 * who may ask and what is so now; then a tick compares the version with the
 * zone, which the notices keep.  Nothing is kept for who has left but a number
 * that finds nobody, and a leaving nginx worker answers all at once.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_FOLLOWERS_MAX  256     /* of an nginx worker */
#define NGX_HTTP_BILLING_FOLLOW_EACH    8       /* of a profile: its tabs */
#define NGX_HTTP_BILLING_FOLLOW_MSEC    200     /* "within a second" */

/* What a page does that found no place: it asks now and then. */
#define NGX_HTTP_BILLING_FOLLOW_LATER   "5"

typedef struct {
    ngx_http_billing_handle_t      handle;
    ngx_http_billing_main_conf_t  *bmcf;
    ngx_http_billing_loc_conf_t   *blcf;
    uint32_t                       profile;     /* its hash */
    char                           team[BILLING_ID_MAX + 1];
} ngx_http_billing_follower_t;

static ngx_uint_t ngx_http_billing_follow_known(
    ngx_http_billing_api_ctx_t *ctx, json_t *json);
static ngx_http_billing_follower_t *ngx_http_billing_follow_place(
    ngx_http_request_t *r, uint32_t profile);
static void ngx_http_billing_follow_begin(ngx_log_t *log);
static void ngx_http_billing_follow_tick(ngx_event_t *ev);
static ngx_uint_t ngx_http_billing_follow_passed(
    ngx_http_billing_follower_t *follower, ngx_http_billing_api_ctx_t *ctx);
static void ngx_http_billing_follow_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);


/* Of this nginx worker process; those that have left go with the next tick. */

static ngx_http_billing_follower_t
    ngx_http_billing_followers[NGX_HTTP_BILLING_FOLLOWERS_MAX];
static ngx_uint_t        ngx_http_billing_nfollowers;
static ngx_event_t       ngx_http_billing_follow_event;
static ngx_connection_t  ngx_http_billing_follow_dummy;


/* NGX_DONE: it waits.  NGX_DECLINED: the answer is what there is to say. */

ngx_int_t
ngx_http_billing_follow(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    json_t                       *json;
    uint32_t                      profile;
    ngx_uint_t                    known;
    const char                   *team;
    ngx_http_billing_loc_conf_t  *blcf;
    ngx_http_billing_follower_t  *follower;

    if (ctx->answer->status != NGX_HTTP_OK || ctx->answer->problem
        || ngx_exiting || ngx_terminate)
    {
        return NGX_DECLINED;
    }

    json = json_loadb(ctx->answer->body.data, ctx->answer->body.len, 0, NULL);
    known = ngx_http_billing_follow_known(ctx, json);
    ctx->version = (uint64_t) json_integer_value(json_object_get(json,
                                                                 "version"));
    json_decref(json);

    team = json_string_value(json_object_get(ctx->body, "team"));

    if (!known || team == NULL) {
        return NGX_DECLINED;
    }

    profile = ngx_crc32_short((u_char *) ctx->actor, ngx_strlen(ctx->actor));

    follower = ngx_http_billing_follow_place(r, profile);
    if (follower == NULL) {
        return NGX_DECLINED;
    }

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    follower->handle = ngx_http_billing_park(r, blcf->follow,
                                             ngx_http_billing_follow_wake,
                                             ctx);
    if (follower->handle == 0) {
        return NGX_DECLINED;
    }

    follower->profile = profile;
    follower->blcf = blcf;
    follower->bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    ngx_cpystrn((u_char *) follower->team, (u_char *) team,
                sizeof(follower->team));
    ngx_http_billing_nfollowers++;

    ngx_http_billing_follow_begin(ngx_cycle->log);

    return NGX_DONE;
}


/* Whether the page shows what is so; without a version it shows nothing. */

static ngx_uint_t
ngx_http_billing_follow_known(ngx_http_billing_api_ctx_t *ctx, json_t *json)
{
    u_char       now[NGX_INT64_LEN + 1];
    json_t      *version;
    const char  *shown;

    version = json_object_get(json, "version");
    shown = json_string_value(json_object_get(ctx->body, "version"));

    if (shown == NULL || !json_is_integer(version)) {
        return 0;
    }

    *ngx_sprintf(now, "%L", (int64_t) json_integer_value(version)) = '\0';

    return ngx_strcmp(now, shown) == 0;
}


/* The next free place, or NULL with the advice to come again. */

static ngx_http_billing_follower_t *
ngx_http_billing_follow_place(ngx_http_request_t *r, uint32_t profile)
{
    ngx_str_t   later;
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < ngx_http_billing_nfollowers; i++) {
        n += ngx_http_billing_followers[i].profile == profile;
    }

    if (n < NGX_HTTP_BILLING_FOLLOW_EACH
        && ngx_http_billing_nfollowers < NGX_HTTP_BILLING_FOLLOWERS_MAX)
    {
        return &ngx_http_billing_followers[ngx_http_billing_nfollowers];
    }

    ngx_str_set(&later, NGX_HTTP_BILLING_FOLLOW_LATER);
    (void) ngx_http_billing_add_header(r, "Retry-After", &later);

    return NULL;
}


/* Cancelable: the tick itself holds no leaving worker. */

static void
ngx_http_billing_follow_begin(ngx_log_t *log)
{
    ngx_event_t  *ev;

    ev = &ngx_http_billing_follow_event;

    if (ev->timer_set) {
        return;
    }

    ngx_http_billing_follow_dummy.fd = (ngx_socket_t) -1;
    ev->data = &ngx_http_billing_follow_dummy;
    ev->handler = ngx_http_billing_follow_tick;
    ev->log = log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_BILLING_FOLLOW_MSEC);
}


static void
ngx_http_billing_follow_tick(ngx_event_t *ev)
{
    ngx_uint_t                    i, n;
    ngx_http_billing_follower_t  *follower;
    ngx_http_billing_api_ctx_t   *ctx;

    n = 0;

    for (i = 0; i < ngx_http_billing_nfollowers; i++) {
        follower = &ngx_http_billing_followers[i];

        ctx = ngx_http_billing_parked(follower->handle);
        if (ctx == NULL) {
            continue;
        }

        if (ngx_exiting || ngx_terminate
            || ngx_http_billing_follow_passed(follower, ctx))
        {
            ngx_http_billing_unpark(follower->handle);
            continue;
        }

        ngx_http_billing_followers[n++] = *follower;
    }

    ngx_http_billing_nfollowers = n;

    if (n) {
        ngx_add_timer(ev, NGX_HTTP_BILLING_FOLLOW_MSEC);
    }
}


/* Older than what the page shows is a notice that has not come yet. */

static ngx_uint_t
ngx_http_billing_follow_passed(ngx_http_billing_follower_t *follower,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_http_billing_want_t   want;
    ngx_http_billing_entry_t  entry;

    if (follower->bmcf->zone == NULL) {
        return 0;
    }

    want.kind = BILLING_RECORD_TEAM;
    want.id.data = (u_char *) follower->team;
    want.id.len = ngx_strlen(follower->team);
    ngx_str_null(&want.name);

    ngx_http_billing_zone_get(follower->bmcf->zone, &want, follower->blcf,
                              &entry);

    if (!entry.found || entry.record.u.team.version <= ctx->version) {
        return 0;
    }

    ctx->version = entry.record.u.team.version;

    return 1;
}


static void
ngx_http_billing_follow_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_api_ctx_t  *ctx = data;

    ngx_int_t  rc;

    (void) timed_out;

    rc = ngx_http_billing_send_json(r, NGX_HTTP_OK,
             json_pack("{sO sI}", "team", json_object_get(ctx->body, "team"),
                       "version", (json_int_t) ctx->version));

    ngx_http_finalize_request(r, rc);
}
