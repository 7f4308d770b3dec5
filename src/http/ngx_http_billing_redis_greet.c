/*
 * What is said first on each connection, and whether the other side is the one
 * we want.  Where guides tell the address, a server must also say itself that
 * it is a master, and one that others follow in time: cut off with some hosts,
 * a master of before goes on believing that it is one.  A node of a cluster
 * shows it by serving one of our keys.
 */

#include "ngx_http_billing_redis.h"


static ngx_int_t ngx_http_billing_redis_login(ngx_http_billing_redis_t *redis);
static void ngx_http_billing_redis_let_in(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static const char *ngx_http_billing_redis_shut(
    ngx_http_billing_redis_t *redis, redisReply *reply);
static ngx_int_t ngx_http_billing_redis_info(ngx_http_billing_redis_t *redis,
    ngx_http_billing_reply_pt handler);
static const char *ngx_http_billing_redis_unfit(
    ngx_http_billing_redis_t *redis, redisReply *info);
static void ngx_http_billing_redis_greeted(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_redis_looked(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);


/*
 * Connected is not up: a stopped Redis still accepts connections.  What counts
 * is the first answer, or where it tells more of itself the second.
 */

void
ngx_http_billing_redis_greet(ngx_http_billing_redis_t *redis)
{
    ngx_int_t  rc;

    redis->greeting = 1;

    rc = ngx_http_billing_redis_login(redis);

    if (rc == NGX_OK && redis->watched) {
        rc = ngx_http_billing_redis_info(redis,
                                         ngx_http_billing_redis_greeted);
    }

    if (rc != NGX_OK) {
        ngx_http_billing_redis_fail(redis, "out of memory");
    }

    redis->greeting = 0;
}


static ngx_int_t
ngx_http_billing_redis_login(ngx_http_billing_redis_t *redis)
{
    int                            argc;
    size_t                         argvlen[3];
    ngx_str_t                     *password;
    ngx_uint_t                     own;
    const char                    *user, *argv[3];
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = redis->bmcf;

    own = redis->guide && !bmcf->settings->redis_guides.cluster;
    password = own ? &bmcf->guide_password : &bmcf->redis_password;
    user = own ? bmcf->settings->redis_guides.user
               : bmcf->settings->redis_user;

    argc = 0;
    argv[argc++] = password->len ? "AUTH" : "PING";
    argvlen[0] = sizeof("PING") - 1;

    if (password->len) {

        if (user[0] != '\0') {
            argvlen[argc] = ngx_strlen(user);
            argv[argc++] = user;
        }

        argvlen[argc] = password->len;
        argv[argc++] = (const char *) password->data;
    }

    return ngx_http_billing_redis_command(redis, argc, argv, argvlen,
                                          ngx_http_billing_redis_let_in, NULL);
}


static void
ngx_http_billing_redis_let_in(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    (void) data;

    if (reply == NULL) {
        ngx_http_billing_redis_fail(redis, "does not answer");
        return;
    }

    if (reply->type != REDIS_REPLY_STATUS) {
        ngx_http_billing_redis_fail(redis,
                                    ngx_http_billing_redis_shut(redis, reply));
        return;
    }

    if (!redis->watched) {
        ngx_http_billing_redis_welcome(redis);
    }
}


/* What somebody must put right is said, whatever was said before. */

static const char *
ngx_http_billing_redis_shut(ngx_http_billing_redis_t *redis,
    redisReply *reply)
{
    const char  *error;

    error = reply->type == REDIS_REPLY_ERROR ? reply->str : "";

    if (ngx_strncmp(error, "LOADING", 7) == 0) {
        return "is loading its data";
    }

    if (!redis->refused) {
        redis->refused = 1;
        redis->complained = 0;
    }

    if (ngx_strncmp(error, "WRONGPASS", 9) == 0) {
        return "refuses us: the user or the password is wrong";
    }

    return ngx_strncmp(error, "NOAUTH", 6) == 0
           ? "refuses us: it wants a password" : "refuses us";
}


static ngx_int_t
ngx_http_billing_redis_info(ngx_http_billing_redis_t *redis,
    ngx_http_billing_reply_pt handler)
{
    char                 key[BILLING_KEY_MAX + 1];
    size_t               argvlen[2];
    const char          *argv[2];
    billing_settings_t  *settings;

    settings = redis->bmcf->settings;

    argv[0] = "INFO";
    argv[1] = "replication";

    if (settings->redis_guides.cluster) {

        if (billing_key_of(key, settings->redis_prefix, "epoch") == 0) {
            return NGX_ERROR;
        }

        argv[0] = "GET";
        argv[1] = key;
    }

    argvlen[0] = ngx_strlen(argv[0]);
    argvlen[1] = ngx_strlen(argv[1]);

    return ngx_http_billing_redis_command(redis, 2, argv, argvlen, handler,
                                          NULL);
}


static void
ngx_http_billing_redis_greeted(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    const char  *why;

    (void) data;

    why = reply ? ngx_http_billing_redis_unfit(redis, reply)
                : "does not answer";

    if (why) {
        ngx_http_billing_redis_fail(redis, why);
        return;
    }

    ngx_http_billing_redis_welcome(redis);
}


/*
 * The line about good replicas is there when min-replicas-to-write is: without
 * a single one such a master takes no writes, so nothing new can be in it.
 */

static const char *
ngx_http_billing_redis_unfit(ngx_http_billing_redis_t *redis,
    redisReply *info)
{
    if (redis->bmcf->settings->redis_guides.cluster) {
        return info->type == REDIS_REPLY_ERROR ? "does not serve our keys"
                                               : NULL;
    }

    if (info->type != REDIS_REPLY_STRING) {
        return "refuses to say whether it is the master";
    }

    if (ngx_strstr(info->str, "role:master") == NULL) {
        return "is not the master";
    }

    if (ngx_strstr(info->str, "min_slaves_good_slaves:0")) {
        return "is followed by no replica";
    }

    return NULL;
}


void
ngx_http_billing_redis_refused(ngx_http_billing_redis_t *redis,
    redisReply *error)
{
    ngx_uint_t  i;

    static const char *const  elsewhere[] = {
        "MOVED ", "CLUSTERDOWN ", "READONLY ", "NOREPLICAS "
    };

    for (i = 0; redis->watched && i < 4; i++) {
        if (ngx_strncmp(error->str, elsewhere[i], ngx_strlen(elsewhere[i]))
            == 0)
        {
            ngx_http_billing_redis_fail(redis, "is not the master any more");
        }
    }
}


void
ngx_http_billing_redis_look(ngx_http_billing_redis_t *redis)
{
    if (ngx_http_billing_redis_up(redis)) {
        (void) ngx_http_billing_redis_info(redis,
                                           ngx_http_billing_redis_looked);
    }
}


/* What hears of news stands and falls with what can be asked. */

static void
ngx_http_billing_redis_looked(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    const char                  *why;
    ngx_http_billing_process_t  *process;

    (void) data;

    why = reply ? ngx_http_billing_redis_unfit(redis, reply) : NULL;

    if (why == NULL) {
        return;
    }

    ngx_http_billing_redis_fail(redis, why);

    process = ngx_http_billing_process();

    if (process && process->listener && process->listener != redis) {
        ngx_http_billing_redis_leave(process->listener, why);
    }
}
