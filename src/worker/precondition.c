/*
 * What must be true of both stores for the promises to hold; asked at the
 * start and each minute.  A Redis that evicts would drop commands without a
 * word, a database without full flushes would forget money.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_PRECONDITION_MS  60000
#define BILLING_REDIS_MAJOR_MIN  7          /* functions, XAUTOCLAIM counts */

typedef struct {
    const char  *name;
    const char  *wanted;
    bool         wait;          /* a failover ends by itself */
    const char  *message;
} billing_precondition_t;

static const billing_precondition_t  billing_preconditions[] = {
    { "loading", "0", true, "it is still loading its data" },
    { "role", "master", true, "it is a replica" },
    { "maxmemory_policy", "noeviction", false,
      "Redis must not evict: set maxmemory-policy noeviction" },
    { NULL, NULL, false, NULL }
};


size_t
billing_info_value(const char *info, const char *name, const char **value)
{
    size_t       len = strlen(name);
    const char  *line = info;

    while (line != NULL) {
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            *value = line + len + 1;
            return strcspn(*value, "\r\n");
        }

        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }

    *value = "";

    return 0;
}


/* A node answers "MOVED" for most keys; no node has none to be asked for. */

static const char *
billing_precondition_cluster(const billing_settings_t *settings,
    const char *info)
{
    bool         cluster;
    const char  *value;

    cluster = billing_info_value(info, "cluster_enabled", &value) == 1
              && value[0] == '1';

    if (cluster == settings->redis_guides.cluster) {
        return NULL;
    }

    return cluster ? "Redis is a cluster: name its nodes under redis.cluster"
                   : "Redis is no cluster: name it by redis.address, or its "
                     "sentinels";
}


const char *
billing_precondition_redis(const billing_settings_t *settings,
    const char *info, size_t len, bool *wait)
{
    size_t       n;
    const char  *value;

    /* hiredis ends its strings with a NUL, which must be the first. */
    if (strlen(info) != len) {
        *wait = true;
        return "INFO is no text";
    }

    n = billing_info_value(info, "redis_version", &value);
    if (n == 0 || atoi(value) < BILLING_REDIS_MAJOR_MIN) {
        *wait = false;
        return "Redis is older than 7.0";
    }

    value = billing_precondition_cluster(settings, info);
    if (value != NULL) {
        *wait = false;
        return value;
    }

    for (const billing_precondition_t *p = billing_preconditions; p->name; p++)
    {
        n = billing_info_value(info, p->name, &value);

        if (n != strlen(p->wanted) || strncmp(value, p->wanted, n) != 0) {
            *wait = p->wait;
            return p->message;
        }
    }

    /* Only there where min-replicas-to-write is: then it takes no writes. */
    n = billing_info_value(info, "min_slaves_good_slaves", &value);
    if (n == 1 && value[0] == '0') {
        *wait = true;
        return "no replica follows it in time";
    }

    return NULL;
}


static void
billing_precondition_reply(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    bool         wait;
    const char  *why;

    (void) data;

    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return;
    }

    why = billing_precondition_redis(w->settings, reply->str, reply->len,
                                     &wait);

    if (why != NULL && wait) {
        billing_redis_drop(w, why);
        return;
    }

    if (why != NULL) {
        billing_log("%s", why);
        billing_infra(w)->exit_code = BILLING_EXIT_PRECONDITION;
    }
}


billing_db_rc_t
billing_precondition_sweep(billing_worker_t *w, int64_t mono_ms)
{
    billing_db_rc_t           rc;
    billing_infra_t          *infra = billing_infra(w);
    billing_redis_command_t   command = {
        .handler = billing_precondition_reply
    };

    if (mono_ms < infra->precondition_ms) {
        return BILLING_DB_OK;
    }

    infra->precondition_ms = mono_ms + BILLING_PRECONDITION_MS;

    if (billing_redis_up(w)) {
        billing_redis_word(&command, "INFO");
        (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
        billing_rehydrate_watch(w);
    }

    rc = billing_db_check(w->db, false);

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}
