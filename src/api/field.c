/* How one value of a request is judged. */

#include "billing_api.h"

#include <string.h>

#define BILLING_SPAN_DIGITS  5          /* "99999d" is 273 years */


typedef billing_reason_t (*billing_field_check_pt)(
    const billing_field_t *field, const char *text, size_t len);


static billing_reason_t billing_field_seats(json_t *value, json_t **out);
static billing_reason_t billing_field_amount(json_t *value, json_t **out);
static billing_reason_t billing_field_bool(json_t *value, json_t **out);
static billing_reason_t billing_field_string(const billing_field_t *field,
    json_t *value, json_t **out);
static billing_reason_t billing_field_email(const char *text, size_t len,
    json_t **out);
static billing_reason_t billing_field_domain(const char *text, size_t len,
    json_t **out);
static billing_reason_t billing_field_emails(const billing_field_t *field,
    json_t *value, json_t **out);
static bool billing_field_listed(const json_t *list, const char *text);
static bool billing_field_card(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_team(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_board(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_operation(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_id(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_name(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_word(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_role(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_from(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_span(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_text(const billing_field_t *field,
    const char *text, size_t len);
static billing_reason_t billing_field_instant(const char *text, size_t len,
    json_t **out);
static billing_reason_t billing_field_list(json_t *value, json_t **out);
static billing_reason_t billing_field_wrong(const billing_field_t *field);
static bool billing_field_is(const char *text, size_t len, const char *word);


static const billing_field_check_pt  billing_field_checks[] = {
    [BILLING_FIELD_TEAM]      = billing_field_team,
    [BILLING_FIELD_BOARD]     = billing_field_board,
    [BILLING_FIELD_OPERATION] = billing_field_operation,
    [BILLING_FIELD_NAME]      = billing_field_name,
    [BILLING_FIELD_WORD]      = billing_field_word,
    [BILLING_FIELD_ROLE]      = billing_field_role,
    [BILLING_FIELD_FROM]      = billing_field_from,
    [BILLING_FIELD_TOKEN]     = billing_field_word,
    [BILLING_FIELD_SPAN]      = billing_field_span,
    [BILLING_FIELD_TEXT]      = billing_field_text,
    [BILLING_FIELD_ID]        = billing_field_id,
    [BILLING_FIELD_TEAM_OR_NULL] = billing_field_team
};


billing_reason_t
billing_field_check(const billing_field_t *field, json_t *value,
    json_t **out)
{
    *out = NULL;

    if (field->type == BILLING_FIELD_SEATS) {
        return billing_field_seats(value, out);
    }

    if (field->type == BILLING_FIELD_AMOUNT) {
        return billing_field_amount(value, out);
    }

    if (field->type == BILLING_FIELD_TEAM_OR_NULL && json_is_null(value)) {
        *out = json_incref(value);
        return BILLING_ALLOW;
    }

    /* An optional member that is null or empty is as good as absent (R91). */

    if (!field->required
        && (json_is_null(value)
            || (json_is_string(value) && json_string_length(value) == 0)))
    {
        return BILLING_ALLOW;
    }

    if (field->type == BILLING_FIELD_BOOL) {
        return billing_field_bool(value, out);
    }

    if (field->type == BILLING_FIELD_EMAILS) {
        return billing_field_emails(field, value, out);
    }

    if (field->type == BILLING_FIELD_ROLES) {
        return billing_field_roles(value, out);
    }

    if (field->type == BILLING_FIELD_LIST) {
        return billing_field_list(value, out);
    }

    return billing_field_string(field, value, out);
}


/* Above any team there can be, the answer is that of a team too large. */

static billing_reason_t
billing_field_seats(json_t *value, json_t **out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1) {
        return BILLING_SEATS_INVALID;
    }

    if (json_integer_value(value) > BILLING_SEATS_MAX) {
        return BILLING_SEATS_ABOVE_WINDOW_MAX;
    }

    *out = json_incref(value);

    return BILLING_ALLOW;
}


static billing_reason_t
billing_field_amount(json_t *value, json_t **out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1
        || json_integer_value(value) > BILLING_FIELD_AMOUNT_MAX)
    {
        return BILLING_FIELD_TYPE;
    }

    *out = json_incref(value);

    return BILLING_ALLOW;
}


static billing_reason_t
billing_field_bool(json_t *value, json_t **out)
{
    if (!json_is_boolean(value)) {
        return BILLING_FIELD_TYPE;
    }

    *out = json_incref(value);

    return BILLING_ALLOW;
}


static billing_reason_t
billing_field_string(const billing_field_t *field, json_t *value,
    json_t **out)
{
    size_t             len = json_string_length(value);
    const char        *text = json_string_value(value);
    billing_reason_t   reason;

    if (text == NULL) {
        return BILLING_FIELD_TYPE;
    }

    if (len == 0) {
        return BILLING_FIELD_MISSING;
    }

    if (billing_field_card(field, text, len)) {
        return BILLING_CARD_NUMBER_REFUSED;
    }

    if (field->type == BILLING_FIELD_EMAIL) {
        return billing_field_email(text, len, out);
    }

    if (field->type == BILLING_FIELD_DOMAIN) {
        return billing_field_domain(text, len, out);
    }

    if (field->type == BILLING_FIELD_INSTANT) {
        return billing_field_instant(text, len, out);
    }

    reason = billing_field_checks[field->type](field, text, len);

    if (reason == BILLING_ALLOW) {
        *out = json_incref(value);
    }

    return reason;
}


static billing_reason_t
billing_field_email(const char *text, size_t len, json_t **out)
{
    char  email[BILLING_EMAIL_MAX + 1];

    if (billing_email_normalise(text, len, email) != BILLING_OK) {
        return BILLING_EMAIL_INVALID;
    }

    *out = json_string(email);

    return *out != NULL ? BILLING_ALLOW : BILLING_INTERNAL;
}


static billing_reason_t
billing_field_domain(const char *text, size_t len, json_t **out)
{
    char  domain[BILLING_DOMAIN_MAX + 1];

    if (billing_domain_normalise(text, len, domain) != BILLING_OK) {
        return BILLING_DOMAIN_INVALID;
    }

    *out = json_string(domain);

    return *out != NULL ? BILLING_ALLOW : BILLING_INTERNAL;
}


/* In the order given, which decides who gets a seat first (R202). */

static billing_reason_t
billing_field_emails(const billing_field_t *field, json_t *value,
    json_t **out)
{
    json_t            *email;
    size_t             n = json_array_size(value);
    billing_field_t    one = { .name = field->name, .required = true,
                               .type = BILLING_FIELD_EMAIL };
    billing_reason_t   reason = BILLING_ALLOW;

    if (n == 0 || n > BILLING_EMAILS_MAX) {
        return BILLING_FIELD_TYPE;
    }

    *out = json_array();

    for (size_t i = 0; i < n && reason == BILLING_ALLOW; i++) {
        reason = billing_field_string(&one, json_array_get(value, i), &email);

        if (reason == BILLING_ALLOW
            && billing_field_listed(*out, json_string_value(email)))
        {
            json_decref(email);

        } else if (reason == BILLING_ALLOW
                   && json_array_append_new(*out, email) != 0)
        {
            reason = BILLING_INTERNAL;
        }
    }

    if (reason != BILLING_ALLOW) {
        json_decref(*out);
        *out = NULL;
    }

    return reason;
}


static bool
billing_field_listed(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) {
            return true;
        }
    }

    return false;
}


/*
 * P52.  Ids are the application's, and numbers of 19 digits are usual: one in
 * ten would look like a card.  They name what is there already.
 */

static bool
billing_field_card(const billing_field_t *field, const char *text, size_t len)
{
    bool  id = field->type == BILLING_FIELD_TEAM
               || field->type == BILLING_FIELD_BOARD
               || field->type == BILLING_FIELD_ID
               || field->type == BILLING_FIELD_TEAM_OR_NULL
               || field->type == BILLING_FIELD_OPERATION;

    /*
     * What a program makes has digits among its letters, and in one of some
     * hundreds of hexadecimal ids they would pass for a card's.
     */

    if (field->type == BILLING_FIELD_TOKEN
        && strspn(text, "0123456789 -") < len)
    {
        return false;
    }

    return !id && billing_looks_like_card(text, len);
}


static billing_reason_t
billing_field_team(const billing_field_t *field, const char *text, size_t len)
{
    (void) field;

    return billing_id_valid(text, len) ? BILLING_ALLOW
                                       : BILLING_TEAM_NOT_FOUND;
}


static billing_reason_t
billing_field_board(const billing_field_t *field, const char *text,
    size_t len)
{
    (void) field;

    return billing_id_valid(text, len) ? BILLING_ALLOW
                                       : BILLING_BOARD_NOT_FOUND;
}


static billing_reason_t
billing_field_operation(const billing_field_t *field, const char *text,
    size_t len)
{
    (void) field;

    return billing_id_valid(text, len) ? BILLING_ALLOW
                                       : BILLING_OPERATION_NOT_FOUND;
}


static billing_reason_t
billing_field_id(const billing_field_t *field, const char *text, size_t len)
{
    return billing_id_valid(text, len) ? BILLING_ALLOW
                                       : billing_field_wrong(field);
}


static billing_reason_t
billing_field_name(const billing_field_t *field, const char *text, size_t len)
{
    (void) field;

    return billing_name_valid(text, len) ? BILLING_ALLOW
                                         : BILLING_NAME_INVALID;
}


/* Printable ASCII without blanks; the domain says whether it is known. */

static billing_reason_t
billing_field_word(const billing_field_t *field, const char *text, size_t len)
{
    if (len > field->max) {
        return billing_field_wrong(field);
    }

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return billing_field_wrong(field);
        }
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_field_role(const billing_field_t *field, const char *text, size_t len)
{
    (void) field;

    return billing_field_is(text, len, "member")
           || billing_field_is(text, len, "team_admin")
           || billing_field_is(text, len, "company_admin")
           ? BILLING_ALLOW : BILLING_ROLE_INVALID;
}


static billing_reason_t
billing_field_from(const billing_field_t *field, const char *text, size_t len)
{
    return billing_field_is(text, len, "dashboard")
           || billing_field_is(text, len, "pricing")
           ? BILLING_ALLOW : billing_field_wrong(field);
}


static billing_reason_t
billing_field_span(const billing_field_t *field, const char *text, size_t len)
{
    size_t  n = strspn(text, "0123456789");

    if (n == 0 || n > BILLING_SPAN_DIGITS || len != n + 1
        || strchr("dhms", text[n]) == NULL)
    {
        return billing_field_wrong(field);
    }

    return BILLING_ALLOW;
}


/* jansson has checked the UTF-8; a line may end, nothing else may control. */

static billing_reason_t
billing_field_text(const billing_field_t *field, const char *text, size_t len)
{
    if (len > field->max) {
        return billing_field_wrong(field);
    }

    for (size_t i = 0; i < len; i++) {
        unsigned char  c = (unsigned char) text[i];

        if ((c < ' ' && c != '\n') || c == 0x7f) {
            return billing_field_wrong(field);
        }
    }

    return BILLING_ALLOW;
}


/* One spelling of each instant, so that a repetition is one. */

static billing_reason_t
billing_field_instant(const char *text, size_t len, json_t **out)
{
    char     normal[BILLING_INSTANT_LEN + 1];
    bool     date_only;
    int64_t  at;

    if (billing_instant_parse(text, len, &at, &date_only) != BILLING_OK) {
        return BILLING_FIELD_TYPE;
    }

    billing_instant_format(at, normal);
    *out = json_string(normal);

    return *out != NULL ? BILLING_ALLOW : BILLING_INTERNAL;
}


/* Its items have been cut out and are read one by one. */

static billing_reason_t
billing_field_list(json_t *value, json_t **out)
{
    if (!json_is_array(value) || json_array_size(value) > 0) {
        return BILLING_FIELD_TYPE;
    }

    *out = json_incref(value);

    return BILLING_ALLOW;
}


billing_reason_t
billing_field_roles(json_t *value, json_t **out)
{
    static const char *const  words[] = {
        "member", "team_admin", "company_admin", "billing_admin"
    };
    static const size_t       n = sizeof(words) / sizeof(words[0]);

    size_t   i, at;
    json_t  *word;

    if (!json_is_array(value) || json_array_size(value) == 0
        || json_array_size(value) > n)
    {
        return BILLING_ROLE_INVALID;
    }

    json_array_foreach(value, at, word) {
        for (i = 0; i < n; i++) {
            if (json_is_string(word)
                && billing_field_is(json_string_value(word),
                                    json_string_length(word), words[i]))
            {
                break;
            }
        }

        if (i == n) {
            return BILLING_ROLE_INVALID;
        }
    }

    *out = json_incref(value);

    return BILLING_ALLOW;
}


static billing_reason_t
billing_field_wrong(const billing_field_t *field)
{
    return field->reason != BILLING_ALLOW ? field->reason
                                          : BILLING_FIELD_TYPE;
}


static bool
billing_field_is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}
