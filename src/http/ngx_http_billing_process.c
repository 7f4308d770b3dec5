/*
 * billing-worker, started and watched by nginx.  A path with a manager makes
 * the master run its helper process ("cache manager"), as the worker user and
 * without listening sockets; there the manager below starts the program, looks
 * after it and takes it along when the helper ends.
 */

#include "ngx_http_billing_conf.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NGX_HTTP_BILLING_WORKER_PATH     "/usr/lib/ngx-billing/billing-worker"
#define NGX_HTTP_BILLING_WORKER_SPOOL    "billing-worker"
#define NGX_HTTP_BILLING_WORKER_LOOK     250    /* ms between two looks */
#define NGX_HTTP_BILLING_WORKER_BACKOFF  100    /* ms, doubled */
#define NGX_HTTP_BILLING_WORKER_MAX      5000
#define NGX_HTTP_BILLING_WORKER_STEADY   10000  /* ms alive: no more backoff */


typedef struct {
    ngx_pid_t    helper;        /* the process that all this belongs to */
    ngx_pid_t    pid;           /* 0 = not running */
    ngx_msec_t   started_msec;
    ngx_msec_t   start_msec;    /* when to start it again */
    ngx_msec_t   backoff;
    unsigned     begun:1;
} ngx_http_billing_child_t;


static ngx_str_t *ngx_http_billing_worker_spool(ngx_conf_t *cf);
static ngx_msec_t ngx_http_billing_worker_manage(void *data);
static ngx_int_t ngx_http_billing_worker_begin(void);
static void ngx_http_billing_worker_end(void);
static ngx_uint_t ngx_http_billing_worker_alive(void);
static void ngx_http_billing_worker_start(ngx_http_billing_main_conf_t *bmcf);
static void ngx_http_billing_worker_exec(ngx_http_billing_main_conf_t *bmcf,
    ngx_pid_t helper, int log);
static void ngx_http_billing_worker_handles(void);


/* Only in the helper process. */

static ngx_http_billing_child_t  ngx_http_billing_child;


char *
ngx_http_billing_worker(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    ngx_str_t        *value;
    ngx_file_info_t   info;

    (void) cmd;

    if (bmcf->worker_path.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&bmcf->worker_path, "");
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "on") == 0) {
        ngx_str_set(&bmcf->worker_path, NGX_HTTP_BILLING_WORKER_PATH);

    } else if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "empty path of a program");
        return NGX_CONF_ERROR;

    } else {
        bmcf->worker_path = value[1];

        if (ngx_conf_full_name(cf->cycle, &bmcf->worker_path, 0) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_file_info(bmcf->worker_path.data, &info) == 0
        && !ngx_is_file(&info))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is not a program",
                           &bmcf->worker_path);
        return NGX_CONF_ERROR;
    }

    if (access((char *) bmcf->worker_path.data, X_OK) == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "program \"%V\" cannot be started",
                           &bmcf->worker_path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_billing_worker_path(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    ngx_str_t   *spool;
    ngx_path_t  *path;

    if (bmcf->worker_path.len == 0) {
        return NGX_OK;
    }

    spool = ngx_http_billing_worker_spool(cf);
    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));

    if (spool == NULL || path == NULL) {
        return NGX_ERROR;
    }

    path->name = *spool;
    path->manager = ngx_http_billing_worker_manage;
    path->data = bmcf;
    path->conf_file = cf->conf_file->file.name.data;
    path->line = cf->conf_file->line;

    return ngx_add_path(cf, &path);
}


/*
 * nginx makes a folder of every path.  Ours stands beside those of a packaged
 * nginx, or in the prefix where nginx runs in one of its own (-p).
 */

static ngx_str_t *
ngx_http_billing_worker_spool(ngx_conf_t *cf)
{
    u_char     *p;
    ngx_str_t  *spool, temp, prefix;

    spool = ngx_palloc(cf->pool, sizeof(ngx_str_t));
    if (spool == NULL) {
        return NULL;
    }

    ngx_str_set(&temp, NGX_HTTP_CLIENT_TEMP_PATH);
    ngx_str_set(&prefix, NGX_PREFIX);
    ngx_str_set(spool, NGX_HTTP_BILLING_WORKER_SPOOL);

    if (temp.data[0] == '/' && cf->cycle->prefix.len == prefix.len
        && ngx_strncmp(cf->cycle->prefix.data, prefix.data, prefix.len) == 0)
    {
        while (temp.data[temp.len - 1] != '/') {
            temp.len--;
        }

        p = ngx_pnalloc(cf->pool, temp.len + spool->len + 1);
        if (p == NULL) {
            return NULL;
        }

        spool->len = ngx_sprintf(p, "%V%V%Z", &temp, spool) - p - 1;
        spool->data = p;
    }

    if (ngx_conf_full_name(cf->cycle, spool, 0) != NGX_OK) {
        return NULL;
    }

    return spool;
}


/* Called by the helper at once, then again after what it returns, in ms. */

static ngx_msec_t
ngx_http_billing_worker_manage(void *data)
{
    ngx_http_billing_main_conf_t *bmcf = data;

    ngx_msec_int_t             left;
    ngx_http_billing_child_t  *child;

    child = &ngx_http_billing_child;

    if (ngx_quit || ngx_terminate) {
        return NGX_HTTP_BILLING_WORKER_LOOK;
    }

    if (!child->begun && ngx_http_billing_worker_begin() != NGX_OK) {
        return NGX_HTTP_BILLING_WORKER_MAX;
    }

    if (child->pid && ngx_http_billing_worker_alive()) {
        return NGX_HTTP_BILLING_WORKER_LOOK;
    }

    left = (ngx_msec_int_t) (child->start_msec - ngx_current_msec);

    if (left > 0) {
        return (ngx_msec_t) left;
    }

    ngx_http_billing_worker_start(bmcf);

    return ngx_min(child->backoff, NGX_HTTP_BILLING_WORKER_LOOK);
}


/* The helper goes with its master, and the program with the helper. */

static ngx_int_t
ngx_http_billing_worker_begin(void)
{
    ngx_http_billing_child_t  *child;

    child = &ngx_http_billing_child;

    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == -1
        || atexit(ngx_http_billing_worker_end) != 0)
    {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "billing: the helper cannot watch billing-worker");
        return NGX_ERROR;
    }

    if (getppid() != ngx_parent) {
        ngx_terminate = 1;      /* the master died before we asked to know */
        return NGX_ERROR;
    }

    child->helper = ngx_pid;
    child->backoff = NGX_HTTP_BILLING_WORKER_BACKOFF;
    child->start_msec = ngx_current_msec;
    child->begun = 1;

    return NGX_OK;
}


static void
ngx_http_billing_worker_end(void)
{
    ngx_http_billing_child_t  *child;

    child = &ngx_http_billing_child;

    if (child->pid && child->helper == getpid()) {
        (void) kill(child->pid, SIGTERM);
    }
}


/* nginx's own signal handler may have reaped it first: then there is none. */

static ngx_uint_t
ngx_http_billing_worker_alive(void)
{
    int                        status;
    ngx_pid_t                  pid;
    ngx_http_billing_child_t  *child;

    child = &ngx_http_billing_child;

    pid = waitpid(child->pid, &status, WNOHANG);

    if (pid == 0 || (pid == -1 && ngx_errno == NGX_EINTR)) {
        return 1;
    }

    child->pid = 0;

    if (ngx_current_msec - child->started_msec
        >= NGX_HTTP_BILLING_WORKER_STEADY)
    {
        child->backoff = NGX_HTTP_BILLING_WORKER_BACKOFF;
    }

    child->start_msec = ngx_current_msec + child->backoff;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "billing: billing-worker has ended, again in %M ms",
                  child->backoff);

    child->backoff = ngx_min(child->backoff * 2, NGX_HTTP_BILLING_WORKER_MAX);

    return 0;
}


static void
ngx_http_billing_worker_start(ngx_http_billing_main_conf_t *bmcf)
{
    int                        log;
    ngx_log_t                 *file_log;
    ngx_pid_t                  pid, helper;
    ngx_http_billing_child_t  *child;

    child = &ngx_http_billing_child;
    helper = ngx_pid;

    file_log = ngx_log_get_file_log(ngx_cycle->log);
    log = (file_log && file_log->file) ? file_log->file->fd : STDERR_FILENO;

    pid = fork();

    if (pid == 0) {
        ngx_http_billing_worker_exec(bmcf, helper, log);
    }

    if (pid == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "billing: fork() failed");
        child->start_msec = ngx_current_msec + child->backoff;
        return;
    }

    child->pid = pid;
    child->started_msec = ngx_current_msec;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "billing: billing-worker %P started", pid);
}


/* In the child: nothing of nginx goes along but the log. */

static void
ngx_http_billing_worker_exec(ngx_http_billing_main_conf_t *bmcf,
    ngx_pid_t helper, int log)
{
    int       null;
    char     *argv[4];
    sigset_t  set;

    argv[0] = (char *) bmcf->worker_path.data;
    argv[1] = (char *) "--config";
    argv[2] = (char *) bmcf->config_file.data;
    argv[3] = NULL;

    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == -1
        || getppid() != helper)
    {
        _exit(1);
    }

    sigemptyset(&set);
    (void) sigprocmask(SIG_SETMASK, &set, NULL);
    (void) signal(SIGPIPE, SIG_DFL);
    (void) signal(SIGSYS, SIG_DFL);

    null = open("/dev/null", O_RDONLY);

    if (null == -1 || dup2(null, STDIN_FILENO) == -1
        || dup2(log, STDOUT_FILENO) == -1 || dup2(log, STDERR_FILENO) == -1)
    {
        _exit(1);
    }

    ngx_http_billing_worker_handles();

    (void) execve(argv[0], argv, environ);

    _exit(127);
}


static void
ngx_http_billing_worker_handles(void)
{
    int  fd, last;

#if defined(SYS_close_range)
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0) {
        return;
    }
#endif

    last = (int) ngx_min(sysconf(_SC_OPEN_MAX), 65536);

    for (fd = STDERR_FILENO + 1; fd < last; fd++) {
        (void) close(fd);
    }
}
