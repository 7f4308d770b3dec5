/* billingctl: the command line. */

#include "billing_ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>


static int billing_ctl_options(int argc, char **argv, billing_ctl_t *ctl,
    const billing_ctl_command_t *command);
static const billing_ctl_command_t *billing_ctl_find(const char *name);
static int billing_ctl_usage(FILE *to, const billing_ctl_command_t *command);

/* What billing_ctl_options answers when the program is to go on. */
#define BILLING_CTL_GO_ON  (-1)


static const billing_ctl_command_t  billing_ctl_commands[] = {
    { "quote", "prices an order without any server",
      billing_ctl_quote_help, billing_ctl_quote },
    { "prorate", "the part of a price that a service owes",
      billing_ctl_prorate_help, billing_ctl_prorate },
    { "periods", "the boundaries of billing periods",
      billing_ctl_periods_help, billing_ctl_periods }
};

#define BILLING_CTL_COMMANDS                                                  \
    (sizeof(billing_ctl_commands) / sizeof(billing_ctl_commands[0]))


int
main(int argc, char **argv)
{
    int                           rc;
    billing_ctl_t                 ctl = { NULL };
    const billing_ctl_command_t  *command;

    rc = billing_ctl_options(argc, argv, &ctl, NULL);

    if (rc != BILLING_CTL_GO_ON) {
        return rc;
    }

    if (optind == argc) {
        return billing_ctl_usage(stderr, NULL);
    }

    command = billing_ctl_find(argv[optind]);

    if (command == NULL) {
        (void) fprintf(stderr, "billingctl: no command \"%s\"; "
                       "see billingctl --help\n", argv[optind]);
        return BILLING_CTL_USAGE;
    }

    /* The command's name is the argv[0] of its own options. */

    argc -= optind;
    argv += optind;
    optind = 1;

    rc = billing_ctl_options(argc, argv, &ctl, command);

    if (rc != BILLING_CTL_GO_ON) {
        return rc;
    }

    if (optind != argc) {
        (void) fprintf(stderr, "billingctl %s: unexpected \"%s\"\n",
                       command->name, argv[optind]);
        return BILLING_CTL_USAGE;
    }

    return command->run(&ctl);
}


/* The same options stand before and after the command's name. */

static int
billing_ctl_options(int argc, char **argv, billing_ctl_t *ctl,
    const billing_ctl_command_t *command)
{
    static const struct option  options[] = {
        { "config", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    int  option;

    for ( ;; ) {
        option = getopt_long(argc, argv, "+c:h", options, NULL);

        switch (option) {

        case -1:
            return BILLING_CTL_GO_ON;

        case 'c':
            ctl->config = optarg;
            break;

        case 'h':
            (void) billing_ctl_usage(stdout, command);
            return BILLING_CTL_DONE;

        default:
            return BILLING_CTL_USAGE;
        }
    }
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

    (void) fputs("Usage: billingctl [--config FILE] COMMAND < in.json\n\n",
                 to);

    for (size_t i = 0; i < BILLING_CTL_COMMANDS; i++) {
        (void) fprintf(to, "  %-10s %s\n", billing_ctl_commands[i].name,
                       billing_ctl_commands[i].summary);
    }

    (void) fputs("\n  -c, --config FILE   billing.json\n"
                 "  -h, --help          this text; after COMMAND, its own\n\n"
                 "Exit status: 0 done, 1 refused (a problem object is "
                 "printed), 2 usage or file.\n", to);

    return BILLING_CTL_USAGE;
}
