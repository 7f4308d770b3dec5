/* Entries of the two streams, as this process writes them. */

#include "ngx_http_billing_api.h"


static ngx_http_billing_process_t  *ngx_http_billing_stream_process;
static char  ngx_http_billing_stream_names[2][BILLING_KEY_MAX + 1];
static char  ngx_http_billing_stream_channel[BILLING_KEY_MAX + 1];
static char  ngx_http_billing_stream_envelope[BILLING_ENVELOPE_MAX];


ngx_int_t
ngx_http_billing_stream_start(ngx_http_billing_process_t *process)
{
    const char  *prefix;

    prefix = process->bmcf->settings->redis_prefix;

    if (billing_key_of(ngx_http_billing_stream_names[0], prefix, "commands")
        == 0
        || billing_key_of(ngx_http_billing_stream_names[1], prefix, "queries")
           == 0
        || billing_key_reply(ngx_http_billing_stream_channel, prefix,
                             process->instance) == 0)
    {
        return NGX_ERROR;
    }

    ngx_http_billing_stream_process = process;

    return NGX_OK;
}


const char *
ngx_http_billing_stream_reply(void)
{
    return ngx_http_billing_stream_channel;
}


ngx_int_t
ngx_http_billing_stream_add(billing_command_t *command, ngx_uint_t is_query,
    ngx_http_billing_reply_pt handler, void *data)
{
    char                         mac[BILLING_MAC_HEX_LEN + 1];
    size_t                       lens[7];
    const char                  *argv[7];
    billing_err_t                err;
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_stream_process;

    argv[0] = "XADD";
    argv[1] = ngx_http_billing_stream_names[is_query != 0];
    argv[2] = "*";
    argv[3] = "c";
    argv[4] = ngx_http_billing_stream_envelope;
    argv[5] = "m";
    argv[6] = mac;

    command->reply = ngx_http_billing_stream_channel;

    err = billing_command_encode(&process->bmcf->secrets[0], command,
                                 ngx_http_billing_stream_envelope,
                                 sizeof(ngx_http_billing_stream_envelope),
                                 &lens[4], mac);

    if (err != BILLING_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "billing: command \"%s\" not encoded: %d",
                      command->kind, (int) err);
        return NGX_ERROR;
    }

    lens[0] = 4;
    lens[1] = ngx_strlen(argv[1]);
    lens[2] = 1;
    lens[3] = 1;
    lens[5] = 1;
    lens[6] = BILLING_MAC_HEX_LEN;

    ngx_http_billing_count(process->bmcf, NGX_HTTP_BILLING_COUNT_COMMAND);

    return ngx_http_billing_redis_send(process->redis, 7, argv, lens, handler,
                                       data);
}
