/*
 * billing_config: billing.json read, checked and made ready before the first
 * worker starts, so that a wrong file never replaces a right one.  Secrets are
 * read here too, while nginx still has the rights to.
 */

#include "ngx_http_billing_conf.h"
#include "ngx_http_billing_redis.h"

#define NGX_HTTP_BILLING_SECRET_FILE_MAX  4096
#define NGX_HTTP_BILLING_REDIS_PORT       6379

/* Keys, webhook secrets, two passwords; each ends on a boundary. */
#define NGX_HTTP_BILLING_VAULT                                                \
    (BILLING_SECRETS_MAX * sizeof(billing_secret_t)                           \
     + (BILLING_SECRETS_MAX + 2) * (NGX_HTTP_BILLING_SECRET_FILE_MAX + 32))


static ngx_int_t ngx_http_billing_config_parse(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static ngx_int_t ngx_http_billing_config_secrets(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static ngx_int_t ngx_http_billing_config_webhooks(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static ngx_int_t ngx_http_billing_config_passwords(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static ngx_int_t ngx_http_billing_config_password(ngx_conf_t *cf, char *name,
    ngx_str_t *password);
static ngx_int_t ngx_http_billing_config_redis(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static ngx_int_t ngx_http_billing_config_host(ngx_conf_t *cf, char *address,
    ngx_addr_t *addr, ngx_uint_t n);
static ngx_int_t ngx_http_billing_config_address(ngx_conf_t *cf,
    const char *where, char *address, ngx_array_t *addrs);
static ngx_int_t ngx_http_billing_config_hooks(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);
static void ngx_http_billing_config_wipe(void *data);


/* billing_config FILE */

char *
ngx_http_billing_config(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    ngx_str_t  *value;

    (void) cmd;

    if (bmcf->settings) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "empty file name");
        return NGX_CONF_ERROR;
    }

    bmcf->config_file = value[1];

    if (ngx_conf_full_name(cf->cycle, &bmcf->config_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (billing_text_init() != BILLING_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "billing: the embedded texts are not usable");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_billing_config_parse(cf, bmcf) != NGX_OK
        || ngx_http_billing_config_secrets(cf, bmcf) != NGX_OK
        || ngx_http_billing_config_webhooks(cf, bmcf) != NGX_OK
        || ngx_http_billing_app_keys(cf, bmcf) != NGX_OK
        || ngx_http_billing_config_hooks(cf, bmcf) != NGX_OK
        || ngx_http_billing_config_passwords(cf, bmcf) != NGX_OK
        || ngx_http_billing_config_redis(cf, bmcf) != NGX_OK
        || ngx_http_billing_redis_tls_config(cf, bmcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_billing_config_parse(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    char           error[BILLING_SETTINGS_ERROR_MAX];
    ngx_int_t      rc;
    ngx_str_t      bytes;
    ngx_uint_t     mode;
    billing_err_t  err;

    rc = ngx_http_billing_config_read(cf, (char *) bmcf->config_file.data,
                                      BILLING_SETTINGS_MAX, &bytes, &mode);
    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    bmcf->settings = ngx_pcalloc(cf->pool, sizeof(billing_settings_t));
    if (bmcf->settings == NULL) {
        ngx_free(bytes.data);
        return NGX_ERROR;
    }

    error[0] = '\0';
    err = billing_settings_parse((char *) bmcf->config_file.data,
                                 (char *) bytes.data, bytes.len,
                                 bmcf->settings, error);
    ngx_free(bytes.data);

    if (err != BILLING_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "billing: %s", error);
        return NGX_ERROR;
    }

    bmcf->demo = bmcf->settings->demo;

    return NGX_OK;
}


/* The first secret signs; the others still verify, while one is replaced. */

static ngx_int_t
ngx_http_billing_config_secrets(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    char                *name;
    ngx_str_t            master;
    ngx_uint_t           i;
    billing_err_t        err;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cln == NULL
        || !billing_vault_open(&bmcf->vault, NGX_HTTP_BILLING_VAULT))
    {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_billing_config_wipe;
    cln->data = bmcf;

    bmcf->secrets = billing_vault_take(&bmcf->vault,
                                BILLING_SECRETS_MAX * sizeof(billing_secret_t));
    if (bmcf->secrets == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < BILLING_SECRETS_MAX; i++) {
        name = bmcf->settings->secret_files[i];

        if (name[0] == '\0') {
            break;
        }

        if (ngx_http_billing_config_secret(cf, name, &master) != NGX_OK) {
            return NGX_ERROR;
        }

        err = billing_secret_derive(master.data, master.len,
                                    &bmcf->secrets[i]);

        ngx_explicit_memzero(master.data, master.len);
        ngx_free(master.data);

        if (err != BILLING_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "billing: no keys can be derived from \"%s\"",
                               name);
            return NGX_ERROR;
        }

        bmcf->nsecrets++;
    }

    if (bmcf->nsecrets == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "billing: \"%V\" names no \"secret_files\"",
                           &bmcf->config_file);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_config_webhooks(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    char        *name, *copy, **slot;
    ngx_str_t    secret;
    ngx_uint_t   i;

    if (ngx_array_init(&bmcf->webhook_secrets, cf->pool, BILLING_SECRETS_MAX,
                       sizeof(char *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < BILLING_SECRETS_MAX; i++) {
        name = bmcf->settings->gateway_webhook_files[i];

        if (name[0] == '\0') {
            continue;
        }

        if (ngx_http_billing_config_secret(cf, name, &secret) != NGX_OK) {
            return NGX_ERROR;
        }

        slot = ngx_array_push(&bmcf->webhook_secrets);
        copy = billing_vault_take(&bmcf->vault, secret.len + 1);

        if (slot && copy) {
            ngx_memcpy(copy, secret.data, secret.len + 1);
            *slot = copy;
        }

        ngx_explicit_memzero(secret.data, secret.len);
        ngx_free(secret.data);

        if (slot == NULL || copy == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* They are the worker's; a wrong one must not end it when nginx reloads. */

static ngx_int_t
ngx_http_billing_config_hooks(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    char                   *name;
    ngx_str_t               text;
    ngx_uint_t              i, n;
    billing_err_t           err;
    billing_hook_secret_t   secret;

    for (i = 0; i < bmcf->settings->application.nwebhooks; i++) {
        for (n = 0; n < BILLING_SECRETS_MAX; n++) {
            name = bmcf->settings->application.webhooks[i].secret_files[n];

            if (name[0] == '\0') {
                continue;
            }

            if (ngx_http_billing_config_secret(cf, name, &text) != NGX_OK) {
                return NGX_ERROR;
            }

            err = billing_hook_secret((char *) text.data, text.len, &secret);

            ngx_explicit_memzero(&secret, sizeof(billing_hook_secret_t));
            ngx_explicit_memzero(text.data, text.len);
            ngx_free(text.data);

            if (err != BILLING_OK) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                    "billing: %V: /application/webhooks/%ui/secret_files/%ui: "
                    "\"%s\" does not hold \"whsec_\" and base64",
                    &bmcf->config_file, i, n, name);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_config_passwords(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    if (ngx_http_billing_config_password(cf,
                                         bmcf->settings->redis_password_file,
                                         &bmcf->redis_password)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_billing_config_password(cf,
                                     bmcf->settings->redis_guides.password_file,
                                     &bmcf->guide_password);
}


static ngx_int_t
ngx_http_billing_config_password(ngx_conf_t *cf, char *name,
    ngx_str_t *password)
{
    ngx_str_t                      secret;
    ngx_http_billing_main_conf_t  *bmcf;

    if (name[0] == '\0') {
        return NGX_OK;
    }

    if (ngx_http_billing_config_secret(cf, name, &secret) != NGX_OK) {
        return NGX_ERROR;
    }

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    password->data = billing_vault_take(&bmcf->vault, secret.len);
    password->len = secret.len;

    if (password->data) {
        ngx_memcpy(password->data, secret.data, secret.len);
    }

    ngx_explicit_memzero(secret.data, secret.len);
    ngx_free(secret.data);

    return password->data ? NGX_OK : NGX_ERROR;
}


/* Names are resolved here: later a look-up would stop a worker. */

static ngx_int_t
ngx_http_billing_config_redis(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    ngx_uint_t           i;
    ngx_array_t          addrs;
    billing_guides_t  *guides;

    guides = &bmcf->settings->redis_guides;

    if (ngx_array_init(&addrs, cf->pool, 2, sizeof(ngx_addr_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    if (guides->naddresses == 0
        && ngx_http_billing_config_address(cf, "address",
                                           bmcf->settings->redis_address,
                                           &addrs)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < guides->naddresses; i++) {
        if (ngx_http_billing_config_address(cf, guides->cluster
                                                ? "cluster/addresses"
                                                : "sentinel/addresses",
                                            guides->addresses[i], &addrs)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    bmcf->redis_addrs = addrs.elts;
    bmcf->redis_naddrs = addrs.nelts;

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_config_address(ngx_conf_t *cf, const char *where,
    char *address, ngx_array_t *addrs)
{
    ngx_url_t                      url;
    ngx_addr_t                    *addr;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url.data = (u_char *) address;
    url.url.len = ngx_strlen(address);
    url.default_port = NGX_HTTP_BILLING_REDIS_PORT;

    if (ngx_parse_url(cf->pool, &url) != NGX_OK || url.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "billing: %V: /redis/%s: \"%s\": %s",
                           &bmcf->config_file, where, address,
                           url.err ? url.err : "no address");
        return NGX_ERROR;
    }

    addr = ngx_array_push_n(addrs, url.naddrs);
    if (addr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(addr, url.addrs, url.naddrs * sizeof(ngx_addr_t));

    return ngx_http_billing_config_host(cf, address, addr, url.naddrs);
}


/* The host as it was written: by that its certificate is judged. */

static ngx_int_t
ngx_http_billing_config_host(ngx_conf_t *cf, char *address, ngx_addr_t *addr,
    ngx_uint_t n)
{
    size_t   len;
    u_char  *host;

    len = ngx_strlen(address);

    while (len && address[len - 1] != ':') {
        len--;
    }

    len -= len ? 1 : 0;

    if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }

    host = ngx_pnalloc(cf->pool, len + 1);
    if (host == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(host, (u_char *) address, len + 1);

    while (n--) {
        addr[n].name.data = host;
        addr[n].name.len = len;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_config_secret(ngx_conf_t *cf, char *name, ngx_str_t *secret)
{
    ngx_uint_t  mode;

    if (ngx_http_billing_config_read(cf, name,
                                     NGX_HTTP_BILLING_SECRET_FILE_MAX,
                                     secret, &mode)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mode & 077) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "billing: secret file \"%s\" can be read by others "
                           "than its owner", name);
    }

    if (secret->len && secret->data[secret->len - 1] == LF) {
        secret->len--;
    }

    if (secret->len && secret->data[secret->len - 1] == CR) {
        secret->len--;
    }

    secret->data[secret->len] = '\0';

    if (secret->len == 0 || ngx_strlen(secret->data) != secret->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "billing: secret file \"%s\" is empty or holds a "
                           "zero byte", name);
        ngx_explicit_memzero(secret->data, secret->len);
        ngx_free(secret->data);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_config_read(ngx_conf_t *cf, char *name, size_t max,
    ngx_str_t *bytes, ngx_uint_t *mode)
{
    off_t            size;
    ssize_t          n;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.name.data = (u_char *) name;
    file.name.len = ngx_strlen(name);
    file.log = cf->log;
    bytes->data = NULL;

    file.fd = ngx_open_file(name, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%s\" failed", name);
        return NGX_ERROR;
    }

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" is not a regular file", name);
        goto failed;
    }

    size = ngx_file_size(&fi);
    *mode = fi.st_mode;

    if (size > (off_t) max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" is larger than %uz bytes", name, max);
        goto failed;
    }

    bytes->data = ngx_alloc(size + 1, cf->log);
    if (bytes->data == NULL) {
        goto failed;
    }

    n = ngx_read_file(&file, bytes->data, size, 0);

    if (n != size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" could not be read whole", name);
        goto failed;
    }

    bytes->data[n] = '\0';
    bytes->len = n;

    (void) ngx_close_file(file.fd);

    return NGX_OK;

failed:

    (void) ngx_close_file(file.fd);
    ngx_free(bytes->data);

    return NGX_ERROR;
}


static void
ngx_http_billing_config_wipe(void *data)
{
    ngx_http_billing_main_conf_t  *bmcf = data;

    billing_vault_close(&bmcf->vault);
}
