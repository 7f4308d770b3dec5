/* billingctl: the command line. */

#include "billing_ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>


static int billing_ctl_options(int argc, char **argv, billing_ctl_t *ctl,
    const billing_ctl_command_t *command);
static int billing_ctl_option(int option, const char *value,
    billing_ctl_t *ctl);
static int billing_ctl_lang(const char *value, billing_ctl_t *ctl);
static int billing_ctl_at(const char *name, const char *value, int64_t *at);
static bool billing_ctl_taken(const billing_ctl_t *ctl,
    const billing_ctl_command_t *command);
static const billing_ctl_command_t *billing_ctl_find(const char *name);
static int billing_ctl_usage(FILE *to, const billing_ctl_command_t *command);

/* What billing_ctl_options answers when the program is to go on. */
#define BILLING_CTL_GO_ON  (-1)

/* Options without a letter: this, plus the number of their bit. */
#define BILLING_CTL_LONG  256


static const billing_ctl_command_t  billing_ctl_commands[] = {
    { "status", "who commits, what waits, what is due",
      billing_ctl_status_help, billing_ctl_status, BILLING_CTL_JSON, 0 },
    { "verify", "books, invoices, teams, Redis: all that must be true",
      billing_ctl_verify_help, billing_ctl_verify,
      BILLING_CTL_JSON | BILLING_CTL_PROGRESS | BILLING_CTL_NO_REDIS
      | BILLING_CTL_GATEWAY, 0 },
    { "explain", "an invoice, line by line: by which rule, from what",
      billing_ctl_explain_help, billing_ctl_explain,
      BILLING_CTL_JSON | BILLING_CTL_LANG | BILLING_CTL_ALL
      | BILLING_CTL_PROGRESS, 1 },
    { "export", "ledger, invoices and teams for accounting",
      billing_ctl_export_help, billing_ctl_export,
      BILLING_CTL_PROGRESS | BILLING_CTL_SINCE | BILLING_CTL_UNTIL
      | BILLING_CTL_FORMAT | BILLING_CTL_TABLE, 0 },
    { "migrate", "brings the database up to this program's schema",
      billing_ctl_migrate_help, billing_ctl_migrate,
      BILLING_CTL_JSON | BILLING_CTL_DRY_RUN | BILLING_CTL_TO
      | BILLING_CTL_PROGRESS, 0 },
    { "rehydrate", "writes every record to Redis again",
      billing_ctl_rehydrate_help, billing_ctl_rehydrate,
      BILLING_CTL_JSON | BILLING_CTL_PROGRESS, 0 },
    { "dead-letters", "commands that could not be executed",
      billing_ctl_dead_letters_help, billing_ctl_dead_letters,
      BILLING_CTL_JSON, 2 },
    { "who", "how the security log names a person",
      billing_ctl_who_help, billing_ctl_who, BILLING_CTL_JSON, 1 },
    { "quote", "prices an order without any server",
      billing_ctl_quote_help, billing_ctl_quote, 0, 0 },
    { "prorate", "the part of a price that a service owes",
      billing_ctl_prorate_help, billing_ctl_prorate, 0, 0 },
    { "periods", "the boundaries of billing periods",
      billing_ctl_periods_help, billing_ctl_periods, 0, 0 }
};

#define BILLING_CTL_COMMANDS                                                  \
    (sizeof(billing_ctl_commands) / sizeof(billing_ctl_commands[0]))


static const struct option  billing_ctl_known[] = {
    { "config",   required_argument, NULL, 'c' },
    { "help",     no_argument,       NULL, 'h' },
    { "json",     no_argument,       NULL, BILLING_CTL_LONG },
    { "progress", no_argument,       NULL, BILLING_CTL_LONG + 1 },
    { "lang",     required_argument, NULL, BILLING_CTL_LONG + 2 },
    { "dry-run",  no_argument,       NULL, BILLING_CTL_LONG + 3 },
    { "no-redis", no_argument,       NULL, BILLING_CTL_LONG + 4 },
    { "gateway",  no_argument,       NULL, BILLING_CTL_LONG + 5 },
    { "since",    required_argument, NULL, BILLING_CTL_LONG + 6 },
    { "until",    required_argument, NULL, BILLING_CTL_LONG + 7 },
    { "format",   required_argument, NULL, BILLING_CTL_LONG + 8 },
    { "table",    required_argument, NULL, BILLING_CTL_LONG + 9 },
    { "all",      no_argument,       NULL, BILLING_CTL_LONG + 10 },
    { "to",       required_argument, NULL, BILLING_CTL_LONG + 11 },
    { NULL, 0, NULL, 0 }
};


int
main(int argc, char **argv)
{
    int                           rc;
    billing_ctl_t                 ctl = { .until_at = BILLING_INSTANT_MAX };
    const billing_ctl_command_t  *command;

    billing_vault_process();

    rc = billing_ctl_options(argc, argv, &ctl, NULL);

    if (rc != BILLING_CTL_GO_ON) {
        return rc;
    }

    if (optind == argc) {
        return billing_ctl_usage(stderr, NULL);
    }

    command = billing_ctl_find(argv[optind]);

    if (command == NULL) {
        return billing_ctl_fail("no command \"%s\"; see billingctl --help",
                                argv[optind]);
    }

    /* The command's name is the argv[0] of its own options. */

    argc -= optind;
    argv += optind;
    optind = 0;

    rc = billing_ctl_options(argc, argv, &ctl, command);

    if (rc != BILLING_CTL_GO_ON) {
        return rc;
    }

    if (!billing_ctl_taken(&ctl, command)) {
        return BILLING_CTL_USAGE;
    }

    if (argc - optind > command->operands_max) {
        (void) fprintf(stderr, "billingctl %s: unexpected \"%s\"\n",
                       command->name, argv[optind + command->operands_max]);
        return BILLING_CTL_USAGE;
    }

    ctl.argc = argc - optind;
    ctl.argv = argv + optind;

    return command->run(&ctl);
}


/*
 * The same options stand before and after the command's name; behind it also
 * among the operands.
 */

static int
billing_ctl_options(int argc, char **argv, billing_ctl_t *ctl,
    const billing_ctl_command_t *command)
{
    int          rc, option;
    const char  *letters = command == NULL ? "+c:h" : "c:h";

    for ( ;; ) {
        option = getopt_long(argc, argv, letters, billing_ctl_known, NULL);

        if (option == -1) {
            return BILLING_CTL_GO_ON;
        }

        if (option == 'h') {
            (void) billing_ctl_usage(stdout, command);
            return billing_ctl_flush(BILLING_CTL_DONE);
        }

        rc = billing_ctl_option(option, optarg, ctl);

        if (rc != BILLING_CTL_GO_ON) {
            return rc;
        }
    }
}


static int
billing_ctl_option(int option, const char *value, billing_ctl_t *ctl)
{
    if (option == 'c') {
        ctl->config = value;
        return BILLING_CTL_GO_ON;
    }

    if (option < BILLING_CTL_LONG) {
        return BILLING_CTL_USAGE;       /* getopt has said why */
    }

    ctl->given |= 1u << (option - BILLING_CTL_LONG);

    switch (1u << (option - BILLING_CTL_LONG)) {

    case BILLING_CTL_LANG:
        return billing_ctl_lang(value, ctl);

    case BILLING_CTL_SINCE:
        return billing_ctl_at("since", value, &ctl->since_at);

    case BILLING_CTL_UNTIL:
        return billing_ctl_at("until", value, &ctl->until_at);

    case BILLING_CTL_FORMAT:
        ctl->format = value;
        return BILLING_CTL_GO_ON;

    case BILLING_CTL_TABLE:
        ctl->table = value;
        return BILLING_CTL_GO_ON;

    case BILLING_CTL_TO:
        ctl->to = value;
        return BILLING_CTL_GO_ON;
    }

    return BILLING_CTL_GO_ON;
}


static int
billing_ctl_lang(const char *value, billing_ctl_t *ctl)
{
    for (unsigned lang = 0; lang < BILLING_LANGS; lang++) {
        if (strcmp(billing_lang_name((billing_lang_t) lang), value) == 0) {
            ctl->lang = (billing_lang_t) lang;
            return BILLING_CTL_GO_ON;
        }
    }

    return billing_ctl_fail("--lang is en or fr, not \"%s\"", value);
}


static int
billing_ctl_at(const char *name, const char *value, int64_t *at)
{
    bool  date_only;

    if (billing_instant_parse(value, strlen(value), at, &date_only)
        != BILLING_OK)
    {
        return billing_ctl_fail("--%s is a date or an RFC 3339 instant, not"
                                " \"%s\"", name, value);
    }

    return BILLING_CTL_GO_ON;
}


/* An option that means nothing to the command is a mistake, not a wish. */

static bool
billing_ctl_taken(const billing_ctl_t *ctl,
    const billing_ctl_command_t *command)
{
    uint32_t  bit;

    for (const struct option *o = billing_ctl_known; o->name != NULL; o++) {
        if (o->val < BILLING_CTL_LONG) {
            continue;
        }

        bit = 1u << (o->val - BILLING_CTL_LONG);

        if ((ctl->given & bit) != 0 && (command->options & bit) == 0) {
            (void) fprintf(stderr, "billingctl %s: takes no --%s\n",
                           command->name, o->name);
            return false;
        }
    }

    return true;
}


static const billing_ctl_command_t *
billing_ctl_find(const char *name)
{
    for (size_t i = 0; i < BILLING_CTL_COMMANDS; i++) {
        if (strcmp(billing_ctl_commands[i].name, name) == 0) {
            return &billing_ctl_commands[i];
        }
    }

    return NULL;
}


static int
billing_ctl_usage(FILE *to, const billing_ctl_command_t *command)
{
    if (command != NULL) {
        (void) fputs(command->help, to);
        return BILLING_CTL_USAGE;
    }

    (void) fputs("Usage: billingctl [--config FILE] COMMAND\n\n", to);

    for (size_t i = 0; i < BILLING_CTL_COMMANDS; i++) {
        (void) fprintf(to, "  %-13s %s\n", billing_ctl_commands[i].name,
                       billing_ctl_commands[i].summary);
    }

    (void) fputs("\n  -c, --config FILE   billing.json\n"
                 "  -h, --help          this text; after COMMAND, its own\n\n"
                 "Exit status: 0 fine, 1 something was found or refused,\n"
                 "2 usage, or it cannot run.\n", to);

    return BILLING_CTL_USAGE;
}
