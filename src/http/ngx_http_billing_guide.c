/*
 * Which server is the master: each nginx worker process keeps a connection to
 * one guide, a sentinel or a node of the cluster, the next one when it falls,
 * and asks it again and again.  One question a second tells of a failover
 * though every message about it be lost.
 *
 * Failovers are numbered.  A guide that was away may still name the master of
 * before: what is older than what we have heard is not believed.
 */

#include "ngx_http_billing_redis.h"

#define NGX_HTTP_BILLING_GUIDE_CALM     1000     /* ms, both links up */
#define NGX_HTTP_BILLING_GUIDE_EAGER    200      /* ms, else */


typedef struct {
    ngx_http_billing_main_conf_t  *bmcf;
    ngx_http_billing_redis_t      *link;
    ngx_event_t                    tick;
    ngx_connection_t               dummy;   /* a timer's data has an fd */
    uint64_t                       told;    /* number, of the answer before */
    uint64_t                       number;  /* of the failover believed */
    ngx_sockaddr_t                 sockaddr;
    socklen_t                      socklen; /* 0: not known yet */
} ngx_http_billing_guide_t;


static void ngx_http_billing_guide_tick(ngx_event_t *ev);
static void ngx_http_billing_guide_link(ngx_http_billing_redis_t *redis,
    ngx_uint_t up);
static void ngx_http_billing_guide_ask(ngx_http_billing_guide_t *st);
static void ngx_http_billing_guide_number(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_guide_address(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_guide_nodes(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_guide_named(ngx_http_billing_guide_t *st,
    ngx_str_t *host, ngx_int_t port);
static socklen_t ngx_http_billing_guide_parse(ngx_str_t *host, ngx_int_t port,
    ngx_sockaddr_t *sa);
static void ngx_http_billing_guide_moved(ngx_uint_t same);


/* One per nginx worker process; NULL without guides. */

static ngx_http_billing_guide_t  *ngx_http_billing_guide;


ngx_int_t
ngx_http_billing_guide_start(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf)
{
    ngx_http_billing_guide_t  *st;

    if (bmcf->settings->redis_guides.naddresses == 0) {
        return NGX_OK;
    }

    st = ngx_calloc(sizeof(ngx_http_billing_guide_t), cycle->log);
    if (st == NULL) {
        return NGX_ERROR;
    }

    st->bmcf = bmcf;
    st->dummy.fd = (ngx_socket_t) -1;
    st->tick.data = &st->dummy;
    st->tick.handler = ngx_http_billing_guide_tick;
    st->tick.log = cycle->log;
    st->tick.cancelable = 1;

    ngx_http_billing_guide = st;

    st->link = ngx_http_billing_redis_guide(bmcf, ngx_http_billing_guide_link,
                                            cycle->log);
    if (st->link == NULL) {
        return NGX_ERROR;
    }

    ngx_add_timer(&st->tick, NGX_HTTP_BILLING_GUIDE_EAGER);

    return NGX_OK;
}


void
ngx_http_billing_guide_stop(void)
{
    ngx_http_billing_guide_t  *st;

    st = ngx_http_billing_guide;

    if (st == NULL) {
        return;
    }

    if (st->tick.timer_set) {
        ngx_del_timer(&st->tick);
    }

    ngx_http_billing_redis_close(st->link);
    ngx_http_billing_guide = NULL;
    ngx_free(st);
}


ngx_int_t
ngx_http_billing_guide_where(ngx_http_billing_redis_t *redis)
{
    socklen_t                      socklen;
    ngx_addr_t                    *addr;
    struct sockaddr               *sockaddr;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = redis->bmcf;

    if (redis->watched) {
        sockaddr = &ngx_http_billing_guide->sockaddr.sockaddr;
        socklen = ngx_http_billing_guide->socklen;

    } else {
        addr = &bmcf->redis_addrs[redis->addr++ % bmcf->redis_naddrs];
        sockaddr = addr->sockaddr;
        socklen = addr->socklen;
    }

    if (socklen == 0) {
        return NGX_AGAIN;
    }

    /* Copied: another master may be named while the connection lasts. */

    ngx_memcpy(&redis->sockaddr, sockaddr, socklen);
    redis->socklen = socklen;

    redis->name.data = redis->text;
    redis->name.len = ngx_sock_ntop(&redis->sockaddr.sockaddr, redis->socklen,
                                    redis->text, NGX_SOCKADDR_STRLEN, 1);

    return NGX_OK;
}


static void
ngx_http_billing_guide_tick(ngx_event_t *ev)
{
    ngx_uint_t                   calm;
    ngx_http_billing_guide_t    *st;
    ngx_http_billing_process_t  *process;

    st = ngx_http_billing_guide;
    process = ngx_http_billing_process();

    calm = process && process->redis && process->listener
           && ngx_http_billing_redis_up(process->redis)
           && ngx_http_billing_redis_up(process->listener);

    if (ngx_http_billing_redis_up(st->link)) {
        ngx_http_billing_guide_ask(st);
    }

    if (calm) {
        ngx_http_billing_redis_look(process->redis);
    }

    ngx_add_timer(ev, calm ? NGX_HTTP_BILLING_GUIDE_CALM
                           : NGX_HTTP_BILLING_GUIDE_EAGER);
}


static void
ngx_http_billing_guide_link(ngx_http_billing_redis_t *redis, ngx_uint_t up)
{
    (void) redis;

    if (up) {
        ngx_http_billing_guide_ask(ngx_http_billing_guide);
    }
}


/*
 * The number first: what comes between the two is an address newer than its
 * number, and not one older.  Sentinel is asked for the address by itself: it
 * tells that as soon as there is a new master, and not when all is in order.
 */

static void
ngx_http_billing_guide_ask(ngx_http_billing_guide_t *st)
{
    size_t       argvlen[3];
    const char  *argv[3];

    if (st->bmcf->settings->redis_guides.cluster) {
        argv[0] = "CLUSTER";
        argvlen[0] = sizeof("CLUSTER") - 1;
        argv[1] = "NODES";
        argvlen[1] = sizeof("NODES") - 1;

        (void) ngx_http_billing_redis_send(st->link, 2, argv, argvlen,
                                           ngx_http_billing_guide_nodes, st);
        return;
    }

    argv[0] = "SENTINEL";
    argvlen[0] = sizeof("SENTINEL") - 1;
    argv[1] = "MASTER";
    argvlen[1] = sizeof("MASTER") - 1;
    argv[2] = st->bmcf->settings->redis_guides.master;
    argvlen[2] = ngx_strlen(argv[2]);

    (void) ngx_http_billing_redis_send(st->link, 3, argv, argvlen,
                                       ngx_http_billing_guide_number, st);

    argv[1] = "GET-MASTER-ADDR-BY-NAME";
    argvlen[1] = sizeof("GET-MASTER-ADDR-BY-NAME") - 1;

    (void) ngx_http_billing_redis_send(st->link, 3, argv, argvlen,
                                       ngx_http_billing_guide_address, st);
}


static void
ngx_http_billing_guide_number(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_guide_t *st = data;

    size_t        i;
    redisReply  **element;

    st->told = 0;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_billing_redis_fail(redis, "does not know the master's name");
        return;
    }

    element = reply->element;

    for (i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements;
         i += 2)
    {
        if (element[i]->type == REDIS_REPLY_STRING
            && element[i + 1]->type == REDIS_REPLY_STRING
            && ngx_strcmp(element[i]->str, "config-epoch") == 0)
        {
            st->told = strtoull(element[i + 1]->str, NULL, 10);
        }
    }
}


static void
ngx_http_billing_guide_address(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_guide_t *st = data;

    ngx_int_t  port;
    ngx_str_t  host;

    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING)
    {
        ngx_http_billing_redis_fail(redis, "names no master");
        return;
    }

    host.data = (u_char *) reply->element[0]->str;
    host.len = reply->element[0]->len;
    port = ngx_atoi((u_char *) reply->element[1]->str, reply->element[1]->len);

    ngx_http_billing_guide_named(st, &host, port);
}


static void
ngx_http_billing_guide_nodes(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_guide_t *st = data;

    unsigned                  slot;
    ngx_str_t                 host;
    billing_cluster_master_t  master;

    if (reply == NULL) {
        return;
    }

    slot = billing_key_slot(st->bmcf->settings->redis_prefix);

    if (reply->type != REDIS_REPLY_STRING
        || !billing_cluster_master(reply->str, slot, &master))
    {
        ngx_http_billing_redis_fail(redis, "names no master of our slot");
        return;
    }

    st->told = master.epoch;
    host.data = (u_char *) master.host;
    host.len = ngx_strlen(master.host);

    ngx_http_billing_guide_named(st, &host, (ngx_int_t) master.port);
}


static void
ngx_http_billing_guide_named(ngx_http_billing_guide_t *st, ngx_str_t *host,
    ngx_int_t port)
{
    socklen_t       socklen;
    ngx_uint_t      same;
    ngx_sockaddr_t  sa;

    if (st->told < st->number) {
        ngx_http_billing_redis_fail(st->link, "knows less than others knew");
        return;
    }

    socklen = ngx_http_billing_guide_parse(host, port, &sa);

    if (socklen == 0) {
        ngx_http_billing_redis_fail(st->link, "names no address of numbers");
        return;
    }

    same = st->socklen
           && ngx_cmp_sockaddr(&sa.sockaddr, socklen, &st->sockaddr.sockaddr,
                               st->socklen, 1)
              == NGX_OK;

    if (st->socklen && !same) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "billing: another master is named: %V, port %i",
                      host, port);
    }

    ngx_http_billing_redis_content(st->link);

    st->number = st->told;
    st->sockaddr = sa;
    st->socklen = socklen;

    ngx_http_billing_guide_moved(same);
}


/* A name cannot be looked up here without stopping everything else. */

static socklen_t
ngx_http_billing_guide_parse(ngx_str_t *host, ngx_int_t port,
    ngx_sockaddr_t *sa)
{
    if (port < 1 || port > 65535) {
        return 0;
    }

    ngx_memzero(sa, sizeof(ngx_sockaddr_t));

    sa->sockaddr_in.sin_addr.s_addr = ngx_inet_addr(host->data, host->len);

    if (sa->sockaddr_in.sin_addr.s_addr != INADDR_NONE) {
        sa->sockaddr_in.sin_family = AF_INET;
        sa->sockaddr_in.sin_port = htons((in_port_t) port);
        return sizeof(struct sockaddr_in);
    }

#if (NGX_HAVE_INET6)

    ngx_memzero(sa, sizeof(ngx_sockaddr_t));

    if (ngx_inet6_addr(host->data, host->len,
                       sa->sockaddr_in6.sin6_addr.s6_addr)
        == NGX_OK)
    {
        sa->sockaddr_in6.sin6_family = AF_INET6;
        sa->sockaddr_in6.sin6_port = htons((in_port_t) port);
        return sizeof(struct sockaddr_in6);
    }

#endif

    return 0;
}


static void
ngx_http_billing_guide_moved(ngx_uint_t same)
{
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    if (process == NULL) {
        return;
    }

    if (process->redis) {
        ngx_http_billing_redis_moved(process->redis, same);
    }

    if (process->listener) {
        ngx_http_billing_redis_moved(process->listener, same);
    }
}
