/*
 * billingctl: the operator's tool.
 *
 * A command reads one JSON object from standard input and writes one to
 * standard output: the answer with exit status 0, or a problem object (as the
 * server's) with BILLING_CTL_REFUSED.
 */

#ifndef BILLING_CTL_H
#define BILLING_CTL_H

#include <jansson.h>

#include "../api/billing_api.h"
#include "../domain/billing_domain.h"

#define BILLING_CTL_DONE     0
#define BILLING_CTL_REFUSED  1          /* a problem object was printed */
#define BILLING_CTL_USAGE    2          /* command line, file or output */

typedef struct {
    const char  *config;                /* --config, or NULL */
} billing_ctl_t;

typedef struct {
    const char  *name;
    const char  *summary;               /* one line of the list of commands */
    const char  *help;                  /* what --help prints */
    int        (*run)(const billing_ctl_t *ctl);
} billing_ctl_command_t;

/* Each runs one command to its end and gives the exit status. */
int billing_ctl_quote(const billing_ctl_t *ctl);
int billing_ctl_prorate(const billing_ctl_t *ctl);
int billing_ctl_periods(const billing_ctl_t *ctl);

extern const char  billing_ctl_quote_help[];
extern const char  billing_ctl_prorate_help[];
extern const char  billing_ctl_periods_help[];


/* --- input: one object, read member by member (input.c) ------------------ */

/*
 * The first fault stays and later reads change nothing, so that a command
 * reads everything and asks once.
 */

typedef struct {
    json_t            *root;
    const json_t      *at;              /* the object members are read from */
    const char        *path;            /* its name, "" for the root */
    billing_reason_t   reason;
    char               field[64];
    char               why[JSON_ERROR_TEXT_LENGTH];
} billing_ctl_input_t;

/* Reads standard input; billing_ctl_input_done releases it in any case. */
void billing_ctl_input_init(billing_ctl_input_t *in);
void billing_ctl_input_done(billing_ctl_input_t *in);

/* Reads go to the object that is this member of the root from now on. */
void billing_ctl_enter(billing_ctl_input_t *in, const char *name);

void billing_ctl_fault(billing_ctl_input_t *in, billing_reason_t reason,
    const char *name, const char *why);

/*
 * Each answers whether the member is there with the right type; null counts as
 * missing and leaves the value as it was, a wrong type is a fault.
 */
bool billing_ctl_has(const billing_ctl_input_t *in, const char *name);
bool billing_ctl_text(billing_ctl_input_t *in, const char *name,
    const char **text);
bool billing_ctl_integer(billing_ctl_input_t *in, const char *name,
    int64_t *value);
bool billing_ctl_instant(billing_ctl_input_t *in, const char *name,
    int64_t *at, bool *date_only);

/* A pair [start, end] of instants. */
bool billing_ctl_span(billing_ctl_input_t *in, const char *name,
    billing_span_t *span);

/* The fault FIELD_MISSING unless found. */
void billing_ctl_need(billing_ctl_input_t *in, bool found, const char *name);


/* --- output and files (output.c) ------------------------------------------ */

/* Prints the object and releases it; status, or USAGE if it cannot. */
int billing_ctl_print(json_t *object, int status);

/* Prints the problem of the input's fault. */
int billing_ctl_refuse(const billing_ctl_input_t *in);

/* A date alone, or the instant with its time, as a JSON string. */
json_t *billing_ctl_date(int64_t at, bool date_only);

/* billing.json, or a line on standard error and false. */
bool billing_ctl_settings(const billing_ctl_t *ctl,
    billing_settings_t *settings);

#endif /* BILLING_CTL_H */
