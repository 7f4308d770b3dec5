/* billing-worker: options, signals, the order of start and end. */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "billing_infra.h"
#include "billing_security.h"

#define BILLING_VERSION       "0.1.0"
#define BILLING_EXIT_USAGE    2

static const struct option  billing_options[] = {
    { "config",  required_argument, NULL, 'c' },
    { "check",   no_argument,       NULL, 't' },
    { "version", no_argument,       NULL, 'v' },
    { "help",    no_argument,       NULL, 'h' },
    { NULL, 0, NULL, 0 }
};

static const char  billing_usage[] =
    "usage: billing-worker --config FILE [--check]\n"
    "       billing-worker --version\n"
    "\n"
    "  --config FILE   billing.json\n"
    "  --check         read everything that is read at the start, and end\n"
    "\n"
    "TERM or INT ends it, HUP makes it read the configuration again.\n";

static int billing_main_run(const char *config, bool check, bool *again);
static int billing_main_signals(void);
static bool billing_main_new(billing_worker_t *w);
static void billing_main_free(billing_worker_t *w);


int
main(int argc, char **argv)
{
    int          c, code;
    bool         check = false, again = false;
    const char  *config = NULL;

    while ((c = getopt_long(argc, argv, "c:", billing_options, NULL)) != -1) {
        if (c == 'v') {
            (void) printf("billing-worker " BILLING_VERSION "\n");
            return EXIT_SUCCESS;
        }

        if (c == 'h') {
            (void) fputs(billing_usage, stdout);
            return EXIT_SUCCESS;
        }

        if (c == '?') {
            return BILLING_EXIT_USAGE;
        }

        config = (c == 'c') ? optarg : config;
        check = (c == 't') ? true : check;
    }

    if (config == NULL || optind < argc) {
        (void) fputs(billing_usage, stderr);
        return BILLING_EXIT_USAGE;
    }

    code = billing_main_run(config, check, &again);

    if (again) {
        (void) execv("/proc/self/exe", argv);
        billing_log("cannot start again");
        code = EXIT_FAILURE;
    }

    return code;
}


/* The worker's own: keys and passwords stand in both. */

typedef struct {
    billing_worker_t  worker;
    billing_infra_t   infra;
} billing_main_t;


static int
billing_main_run(const char *config, bool check, bool *again)
{
    int                   code = EXIT_FAILURE;
    char                  error[BILLING_SETTINGS_ERROR_MAX];
    billing_main_t       *own;
    billing_vault_t       vault;
    billing_worker_t     *w;
    billing_settings_t   *settings = calloc(1, sizeof(billing_settings_t));

    billing_vault_process();

    if (settings == NULL
        || !billing_vault_open(&vault, sizeof(billing_main_t)))
    {
        billing_log("out of memory");
        free(settings);
        return EXIT_FAILURE;
    }

    own = billing_vault_take(&vault, sizeof(billing_main_t));
    own->infra.exit_code = -1;
    own->infra.config = config;

    w = &own->worker;
    w->infra = &own->infra;
    w->settings = settings;

    if (billing_text_init() != BILLING_OK) {
        billing_log("the texts built in cannot be read");
        goto done;
    }

    if (billing_config_load(config, settings, error) != BILLING_OK
        || billing_config_secrets(w, error) != BILLING_OK)
    {
        billing_log("%s", error);
        goto done;
    }

    if (!billing_zone_set(settings->seller_zone)) {
        billing_log("%s: /seller/time_zone: \"%s\" is not known here (is"
                    " tzdata installed?)", config, settings->seller_zone);
        goto done;
    }

    if (check) {
        (void) printf("%s: good\n", config);
        code = EXIT_SUCCESS;
        goto done;
    }

    own->infra.signal_fd = billing_main_signals();
    code = billing_main_new(w) ? billing_loop_run(w) : EXIT_FAILURE;
    billing_main_free(w);
    *again = own->infra.again && code == EXIT_SUCCESS;

done:

    billing_config_wipe(w);
    billing_vault_close(&vault);
    free(settings);

    return code;
}


/* Delivered through a descriptor: no code runs inside a signal. */

static int
billing_main_signals(void)
{
    sigset_t  set;

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGTERM);
    (void) sigaddset(&set, SIGINT);
    (void) sigaddset(&set, SIGHUP);
    (void) sigprocmask(SIG_BLOCK, &set, NULL);
    (void) signal(SIGPIPE, SIG_IGN);

    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}


static bool
billing_main_new(billing_worker_t *w)
{
    char      error[512];
    unsigned  seed = 0;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t) sizeof(seed)) {
        seed = (unsigned) getpid();     /* it only spreads retries */
    }

    srand(seed);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK
        || !billing_http_new(w) || !billing_redis_new(w)
        || !billing_stream_new(w) || !billing_answers_new(w)
        || !billing_outbox_new(w) || !billing_rehydrate_new(w)
        || !billing_mail_new(w) || !billing_hooks_new(w)
        || !billing_security_new(w) || !billing_lease_new(w))
    {
        billing_log("out of memory");
        return false;
    }

    w->db = billing_store_open(w->settings, false, error, sizeof(error));
    if (w->db == NULL
        || billing_migrate(w->db, error, sizeof(error)) != BILLING_DB_OK)
    {
        billing_log("%s", error);
        return false;
    }

    billing_log("billing-worker " BILLING_VERSION " started");

    return true;
}


/* The lease last: until then nobody else may write. */

static void
billing_main_free(billing_worker_t *w)
{
    billing_redis_free(w);
    billing_mail_free(w);
    billing_print_free(w);
    billing_hooks_free(w);
    billing_http_free(w);
    billing_lease_free(w);
    billing_db_free(w->db);
    billing_stream_free(w);
    billing_answers_free(w);
    billing_security_free(w);
    billing_outbox_free(w);
    billing_rehydrate_free(w);
    billing_app_text_free(w);
    curl_global_cleanup();
    (void) close(billing_infra(w)->signal_fd);
    billing_log("ended");
}
