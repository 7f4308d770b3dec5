/*
 * Events for who watches, in a log of their own.  The file, or the socket of
 * syslog, is nginx's: opened by it, and opened again by USR1.
 *
 * Whoever causes events must not fill a disk with them, nor hide one kind in
 * the noise of another: each process writes so many lines of each event in a
 * second, and then how many more there were.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_SECURITY_TELL  1000    /* ms until what was left out */
#define NGX_HTTP_BILLING_SECURITY_PAUSE 60      /* s between two complaints */
#define NGX_HTTP_BILLING_SECURITY_APP   "application"


typedef struct ngx_http_billing_security_s {
    ngx_open_file_t     *file;          /* or */
    ngx_syslog_peer_t   *syslog;
    ngx_uint_t           rate;
} ngx_http_billing_security_t;

/* A line about a request, and what it points to. */
typedef struct {
    billing_security_line_t       line;
    ngx_http_billing_security_t  *security;
    char                          trace[BILLING_TRACE_LEN + 1];
    char                          who[BILLING_WHO_LEN + 1];
    u_char                        route[256];
} ngx_http_billing_security_about_t;


static char *ngx_http_billing_security_open(ngx_conf_t *cf,
    ngx_http_billing_security_t *security, ngx_str_t *name);
static ngx_http_billing_security_t *ngx_http_billing_security_may(
    ngx_http_billing_main_conf_t *bmcf, billing_security_event_t event);
static ngx_int_t ngx_http_billing_security_about(ngx_http_request_t *r,
    ngx_http_billing_security_about_t *about, billing_security_event_t event);
static void ngx_http_billing_security_request(ngx_http_request_t *r,
    billing_security_line_t *line, char trace[BILLING_TRACE_LEN + 1]);
static void ngx_http_billing_security_route(ngx_http_request_t *r,
    billing_security_line_t *line, u_char *buf, size_t len);
static void ngx_http_billing_security_who(ngx_http_request_t *r,
    const char *email, size_t len, char who[BILLING_WHO_LEN + 1]);
static void ngx_http_billing_security_later(void);
static void ngx_http_billing_security_tell(ngx_event_t *ev);
static void ngx_http_billing_security_write(
    ngx_http_billing_security_t *security, billing_security_line_t *line);
static void ngx_http_billing_security_failed(
    ngx_http_billing_security_t *security);


/* Of this process. */

static billing_security_rate_t  ngx_http_billing_security_rate;
static ngx_event_t              ngx_http_billing_security_timer;
static ngx_connection_t         ngx_http_billing_security_dummy;    /* its fd */


char *
ngx_http_billing_security_log(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    ngx_int_t                     rate;
    ngx_str_t                    *value;
    ngx_http_billing_security_t  *security;

    (void) cmd;

    if (bmcf->security_given) {
        return "is duplicate";
    }

    bmcf->security_given = 1;

    value = cf->args->elts;
    rate = BILLING_SECURITY_RATE;

    if (cf->args->nelts == 3) {

        rate = value[2].len > 5 && ngx_strncmp(value[2].data, "rate=", 5) == 0
               ? ngx_atoi(value[2].data + 5, value[2].len - 5) : NGX_ERROR;

        if (rate < 1 || rate > 100000) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "empty file name");
        return NGX_CONF_ERROR;
    }

    security = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_security_t));
    if (security == NULL) {
        return NGX_CONF_ERROR;
    }

    security->rate = rate;
    bmcf->security = security;

    return ngx_http_billing_security_open(cf, security, &value[1]);
}


static char *
ngx_http_billing_security_open(ngx_conf_t *cf,
    ngx_http_billing_security_t *security, ngx_str_t *name)
{
    if (ngx_strncmp(name->data, "syslog:", 7) != 0) {
        security->file = ngx_conf_open_file(cf->cycle, name);

        return security->file ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    security->syslog = ngx_pcalloc(cf->pool, sizeof(ngx_syslog_peer_t));
    if (security->syslog == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_syslog_process_conf(cf, security->syslog);
}


/* --- events --------------------------------------------------------------- */

void
ngx_http_billing_security_gate(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    ngx_str_t                          *profile;
    const char                         *code;
    billing_security_line_t            *line;
    ngx_http_billing_main_conf_t       *bmcf;
    ngx_http_billing_security_about_t   about;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (ctx->refusal_told || bmcf->security == NULL
        || ctx->verdict != NGX_HTTP_BILLING_VERDICT_REFUSED)
    {
        return;
    }

    ctx->refusal_told = 1;

    if (ngx_http_billing_security_about(r, &about,
                                        BILLING_SECURITY_GATE_REFUSED)
        != NGX_OK)
    {
        return;
    }

    code = billing_reason_code(ctx->reason);
    profile = &ctx->gate.question.profile;
    ngx_http_billing_security_who(r, (char *) profile->data, profile->len,
                                  about.who);

    line = &about.line;
    line->reason.data = code;
    line->reason.len = ngx_strlen(code);
    line->status = billing_reason_status(ctx->reason);
    line->team.data = ctx->team_id.data;
    line->team.len = ctx->team_id.len;
    line->board.data = ctx->gate.question.words.board.data;
    line->board.len = ctx->gate.question.words.board.len;
    line->who = about.who;

    ngx_http_billing_security_write(about.security, line);
}


void
ngx_http_billing_security_problem(ngx_http_request_t *r, ngx_uint_t status,
    const char *code)
{
    const char                         *team, *actor;
    billing_security_line_t            *line;
    billing_security_event_t            event;
    ngx_http_billing_ctx_t             *ctx;
    ngx_http_billing_api_ctx_t         *actx;
    ngx_http_billing_main_conf_t       *bmcf;
    ngx_http_billing_security_about_t   about;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->security == NULL) {
        return;
    }

    event = billing_security_of(status, code);
    ctx = ngx_http_billing_ctx_find(r);
    actx = ctx ? ctx->api : NULL;

    /* The gate tells of its own refusals, and nobody's address is no event. */

    if (event == BILLING_SECURITY_NONE || actx == NULL
        || actx->match.route == NULL
        || ngx_http_billing_security_about(r, &about, event) != NGX_OK)
    {
        return;
    }

    line = &about.line;
    line->reason.data = code;
    line->reason.len = ngx_strlen(code);
    line->status = status;
    line->op.data = actx->op;
    line->op.len = ngx_strlen(actx->op);

    team = json_string_value(json_object_get(actx->body, "team"));
    line->team.data = team;
    line->team.len = team ? ngx_strlen(team) : 0;

    actor = actx->actor ? actx->actor : "";
    ngx_http_billing_security_who(r, actor, ngx_strlen(actor), about.who);
    line->who = ngx_strcmp(actor, BILLING_APP_ACTOR) == 0
                ? NGX_HTTP_BILLING_SECURITY_APP : about.who;

    ngx_http_billing_security_write(about.security, line);
}


void
ngx_http_billing_security_event(ngx_http_request_t *r,
    billing_security_event_t event)
{
    ngx_http_billing_security_about_t  about;

    if (ngx_http_billing_security_about(r, &about, event) == NGX_OK) {
        ngx_http_billing_security_write(about.security, &about.line);
    }
}


void
ngx_http_billing_security_mac(const char *what, ngx_http_billing_want_t *want)
{
    billing_bytes_t               *id;
    billing_security_line_t        line;
    ngx_http_billing_process_t    *process;
    ngx_http_billing_security_t   *security;

    process = ngx_http_billing_process();
    security = process ? ngx_http_billing_security_may(process->bmcf,
                                                  BILLING_SECURITY_MAC_BAD)
                       : NULL;
    if (security == NULL) {
        return;
    }

    ngx_memzero(&line, sizeof(billing_security_line_t));
    line.event = BILLING_SECURITY_MAC_BAD;
    line.what.data = what;
    line.what.len = ngx_strlen(what);

    if (want) {
        id = want->kind == BILLING_RECORD_TEAM
             || want->kind == BILLING_RECORD_MEMBER ? &line.team : &line.board;
        id->data = want->id.data;
        id->len = want->id.len;
    }

    ngx_http_billing_security_write(security, &line);
}


/* NULL when there is no such log, or enough of that in it. */

static ngx_http_billing_security_t *
ngx_http_billing_security_may(ngx_http_billing_main_conf_t *bmcf,
    billing_security_event_t event)
{
    if (bmcf->security == NULL) {
        return NULL;
    }

    if (billing_security_may(&ngx_http_billing_security_rate, event,
                             ngx_time(), bmcf->security->rate))
    {
        return bmcf->security;
    }

    ngx_http_billing_security_later();

    return NULL;
}


/* --- what a line says of its request -------------------------------------- */

/* DECLINED when there is no such log, or enough of that in it. */

static ngx_int_t
ngx_http_billing_security_about(ngx_http_request_t *r,
    ngx_http_billing_security_about_t *about, billing_security_event_t event)
{
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    about->security = ngx_http_billing_security_may(bmcf, event);
    if (about->security == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(&about->line, sizeof(billing_security_line_t));
    about->line.event = event;
    ngx_http_billing_security_request(r, &about->line, about->trace);
    ngx_http_billing_security_route(r, &about->line, about->route,
                                    sizeof(about->route));

    return NGX_OK;
}


static void
ngx_http_billing_security_request(ngx_http_request_t *r,
    billing_security_line_t *line, char trace[BILLING_TRACE_LEN + 1])
{
    ngx_http_variable_value_t     *id;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    id = ngx_http_get_indexed_variable(r, bmcf->request_id_index);

    if (id && !id->not_found) {
        line->request.data = id->data;
        line->request.len = id->len;
    }

    /* A client's own: then it is what joins this to the worker's lines. */

    ngx_http_billing_trace(r, trace);

    if (line->request.len != BILLING_TRACE_LEN
        || ngx_strncmp(line->request.data, trace, BILLING_TRACE_LEN) != 0)
    {
        line->trace.data = trace;
        line->trace.len = ngx_strlen(trace);
    }

    line->peer.data = r->connection->addr_text.data;
    line->peer.len = r->connection->addr_text.len;
}


/* The path may hold anything; what it was matched with holds nothing secret. */

static void
ngx_http_billing_security_route(ngx_http_request_t *r,
    billing_security_line_t *line, u_char *buf, size_t len)
{
    ngx_http_billing_ctx_t      *ctx;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_billing_api_ctx_t  *actx;

    ctx = ngx_http_billing_ctx_find(r);
    actx = ctx ? ctx->api : NULL;

    if (actx && actx->match.route) {
        line->route.data = buf;
        line->route.len = ngx_snprintf(buf, len, "%s %s",
                                       actx->match.route->method,
                                       actx->match.route->path)
                          - buf;
        return;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    line->route.data = clcf->name.data;
    line->route.len = clcf->name.len;
}


static void
ngx_http_billing_security_who(ngx_http_request_t *r, const char *email,
    size_t len, char who[BILLING_WHO_LEN + 1])
{
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    who[0] = '\0';

    if (bmcf->nsecrets) {
        billing_security_who(&bmcf->secrets[0], email, len, who);
    }
}


/* --- what was left out ---------------------------------------------------- */

static void
ngx_http_billing_security_later(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_billing_security_timer;

    if (ev->timer_set || ngx_exiting || ngx_terminate) {
        return;                         /* exit tells what is open then */
    }

    ev->handler = ngx_http_billing_security_tell;
    ev->log = ngx_cycle->log;
    ev->data = &ngx_http_billing_security_dummy;
    ev->cancelable = 1;                 /* no shutdown waits for it */

    ngx_add_timer(ev, NGX_HTTP_BILLING_SECURITY_TELL);
}


static void
ngx_http_billing_security_tell(ngx_event_t *ev)
{
    billing_security_line_t      line;
    ngx_http_billing_process_t  *process;

    (void) ev;

    process = ngx_http_billing_process();

    if (process == NULL || process->bmcf->security == NULL) {
        return;
    }

    for ( ;; ) {
        ngx_memzero(&line, sizeof(billing_security_line_t));
        line.event = billing_security_left_out(&ngx_http_billing_security_rate,
                                               &line.left_out);

        if (line.event == BILLING_SECURITY_NONE) {
            return;
        }

        ngx_http_billing_security_write(process->bmcf->security, &line);
    }
}


void
ngx_http_billing_security_exit(void)
{
    if (ngx_http_billing_security_timer.timer_set) {
        ngx_del_timer(&ngx_http_billing_security_timer);
    }

    ngx_http_billing_security_tell(&ngx_http_billing_security_timer);
}


/* --- the log -------------------------------------------------------------- */

static void
ngx_http_billing_security_write(ngx_http_billing_security_t *security,
    billing_security_line_t *line)
{
    char         text[BILLING_SECURITY_LINE_MAX];
    u_char      *p, *buf;
    size_t       len;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    line->at = tp->sec;
    line->at_ms = tp->msec;
    len = billing_security_write(line, text);

    if (security->file) {
        if (ngx_write_fd(security->file->fd, text, len) != (ssize_t) len) {
            ngx_http_billing_security_failed(security);
        }

        return;
    }

    /* as long as the header may be: "<255>Jan 01 00:00:00 HOST TAG: " */

    buf = ngx_alloc(len + 64 + ngx_cycle->hostname.len
                    + security->syslog->tag.len, ngx_cycle->log);
    if (buf == NULL) {
        return;
    }

    p = ngx_syslog_add_header(security->syslog, buf);
    p = ngx_cpymem(p, text, len - 1);

    if (ngx_syslog_send(security->syslog, buf, p - buf) < 0) {
        ngx_http_billing_security_failed(security);
    }

    ngx_free(buf);
}


static void
ngx_http_billing_security_failed(ngx_http_billing_security_t *security)
{
    static time_t  last;

    if (ngx_time() - last < NGX_HTTP_BILLING_SECURITY_PAUSE) {
        return;
    }

    last = ngx_time();

    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                  "billing: the security log \"%s\" cannot be written",
                  security->file ? security->file->name.data
                                 : (u_char *) "syslog");
}
