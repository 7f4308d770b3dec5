/*
 * One connection to Redis, or to a guide, for its parts: redis.c (its life:
 * connecting, bytes, falling, coming back), redis_tls.c (whose certificate),
 * redis_greet.c (is it the one we want), redis_command.c (what travels over
 * it: commands, replies, messages, deadlines); and for guide.c, which finds
 * the master.
 */

#ifndef NGX_HTTP_BILLING_REDIS_H
#define NGX_HTTP_BILLING_REDIS_H

#include "ngx_http_billing.h"

#include <hiredis/hiredis.h>

#define NGX_HTTP_BILLING_REDIS_PING     1000    /* ms, while subscribed */
#define NGX_HTTP_BILLING_REDIS_BACKOFF  50      /* ms, doubled */


struct ngx_http_billing_redis_s {
    ngx_connection_t               dummy;   /* for the timers' debug log */

    ngx_http_billing_main_conf_t  *bmcf;
    ngx_http_billing_link_pt       link;
    void                          *data;
    ngx_log_t                     *log;

    ngx_sockaddr_t                 sockaddr;    /* where it is, or was */
    socklen_t                      socklen;
    ngx_str_t                      name;
    u_char                         text[NGX_SOCKADDR_STRLEN];

    ngx_peer_connection_t          peer;
    ngx_log_t                      peer_log;    /* silent once complained */
    ngx_connection_t              *connection;
    ngx_event_handler_pt           tls_read;    /* after the handshake */
    ngx_event_handler_pt           tls_write;
    redisReader                   *reader;
    size_t                         unread;  /* bytes of an unfinished reply */

    ngx_queue_t                    order;   /* operations, as replies come */
    ngx_queue_t                    due;     /* those whose caller still waits */
    ngx_queue_t                    subs;
    ngx_uint_t                     outstanding;

    u_char                        *out;     /* bytes to send: sent..last */
    size_t                         out_sent;
    size_t                         out_last;
    size_t                         out_size;

    ngx_event_t                    flush;   /* posted: one write for many */
    ngx_event_t                    deadline;
    ngx_event_t                    retry;   /* also the limit on connecting */
    ngx_event_t                    ping;

    uint64_t                       pinged_usec;
    ngx_msec_t                     backoff;
    ngx_uint_t                     timeouts;
    ngx_uint_t                     addr;
    ngx_uint_t                     depth;   /* callbacks on the stack */

    unsigned                       guide:1;     /* who knows the server */
    unsigned                       watched:1;   /* guides know where it is */
    unsigned                       waiting:1;   /* for them to say so */
    unsigned                       greeting:1;  /* its limit is retry's */
    unsigned                       shaking:1;   /* hands, over TLS */
    unsigned                       connected:1; /* and hands shaken */
    unsigned                       up:1;
    unsigned                       failed:1;    /* torn down at depth 0 */
    unsigned                       closing:1;
    unsigned                       complained:1;
    unsigned                       refused:1;   /* and told so */
};


/* --- redis.c -------------------------------------------------------------- */

/* Decides only; the tearing down waits for _settle at depth 0. */
void ngx_http_billing_redis_fail(ngx_http_billing_redis_t *redis,
    const char *why);
/* Every event handler ends with it: afterwards redis may be gone. */
void ngx_http_billing_redis_settle(ngx_http_billing_redis_t *redis);
/* Both, for those who are none of its callbacks. */
void ngx_http_billing_redis_leave(ngx_http_billing_redis_t *redis,
    const char *why);

/* The server greeted as it should: commands may come. */
void ngx_http_billing_redis_welcome(ngx_http_billing_redis_t *redis);
/* It does what it is for: the next complaint is a new one. */
void ngx_http_billing_redis_content(ngx_http_billing_redis_t *redis);
/* The guides name a master: the same as before, or another. */
void ngx_http_billing_redis_moved(ngx_http_billing_redis_t *redis,
    ngx_uint_t same);

/* Such a link: to one guide after the other. */
ngx_http_billing_redis_t *ngx_http_billing_redis_guide(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_link_pt link,
    ngx_log_t *log);


/* --- redis_tls.c ---------------------------------------------------------- */

/* Reads what it needs, where the settings want it. */
ngx_int_t ngx_http_billing_redis_tls_config(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
/*
 * Connected: OK where bytes may flow at once.  Else AGAIN, or ERROR after
 * _fail; redis->connected is set when hands are shaken.
 */
ngx_int_t ngx_http_billing_redis_tls(ngx_http_billing_redis_t *redis);
void ngx_http_billing_redis_tls_end(ngx_http_billing_redis_t *redis);


/* --- redis_greet.c -------------------------------------------------------- */

/* The first commands of each connection; they end in _welcome or _fail. */
void ngx_http_billing_redis_greet(ngx_http_billing_redis_t *redis);
/* An error to a command: left if it means that another server is right. */
void ngx_http_billing_redis_refused(ngx_http_billing_redis_t *redis,
    redisReply *error);
/* Asks it again, and leaves it when it is not to be used any more. */
void ngx_http_billing_redis_look(ngx_http_billing_redis_t *redis);


/* --- guide.c -------------------------------------------------------------- */

/*
 * Keeps asking the guides of the settings, if there are any, and moves the
 * process's links to the master they name.  Before those links are made.
 */
ngx_int_t ngx_http_billing_guide_start(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf);
void ngx_http_billing_guide_stop(void);

/* Copies the address to connect to; NGX_AGAIN as long as nobody knows it. */
ngx_int_t ngx_http_billing_guide_where(ngx_http_billing_redis_t *redis);


/* --- redis_command.c ------------------------------------------------------ */

/* Sends whether the link is up or still being made. */
ngx_int_t ngx_http_billing_redis_command(ngx_http_billing_redis_t *redis,
    int argc, const char **argv, const size_t *argvlen,
    ngx_http_billing_reply_pt handler, void *data);

/* Bytes that have come; NGX_ERROR when they are not the protocol. */
ngx_int_t ngx_http_billing_redis_feed(ngx_http_billing_redis_t *redis,
    u_char *data, size_t len);

/* Tells every caller and subscriber that the link has fallen. */
void ngx_http_billing_redis_drop(ngx_http_billing_redis_t *redis);

redisReader *ngx_http_billing_redis_reader(void);
void ngx_http_billing_redis_deadline_handler(ngx_event_t *ev);
void ngx_http_billing_redis_ping_handler(ngx_event_t *ev);

#endif /* NGX_HTTP_BILLING_REDIS_H */
