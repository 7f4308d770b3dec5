/* Who is billed: company, address, tax id, and where bills go (R112). */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "billing_business.h"


static json_t *billing_information_read(const billing_op_t *op);
static billing_reason_t billing_information_allowed(json_t *information);
static billing_db_rc_t billing_information_store(billing_op_t *op,
    const char *team, const json_t *information);


/* For later documents; those that are final stay as they are (R119). */

billing_db_rc_t
billing_op_information(billing_op_t *op)
{
    json_t              *information;
    const char          *email;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_payer(op, BILLING_ACT_INFORMATION, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_information_take(op, &information, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    email = json_string_value(json_object_get(information, "email"));

    if (email != NULL) {
        (void) snprintf(row.billing_email, sizeof(row.billing_email), "%s",
                        email);
    }

    rc = billing_information_store(op, row.id, information);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(information);
        return rc;
    }

    return billing_op_team(op, &row, json_pack("{s:o, s:s}",
               "billing_information", information, "billing_email",
               row.billing_email));
}


billing_db_rc_t
billing_information_take(const billing_op_t *op, json_t **out,
    billing_reason_t *reason)
{
    *out = billing_information_read(op);

    if (*out == NULL) {
        return BILLING_DB_UNMADE;
    }

    *reason = billing_information_allowed(*out);

    if (*reason != BILLING_ALLOW) {
        json_decref(*out);
        *out = NULL;
    }

    return BILLING_DB_OK;
}


/* As in a purchase, or right in the request. */

static json_t *
billing_information_read(const billing_op_t *op)
{
    json_t        *own;
    const json_t  *nested;

    nested = json_object_get(op->command->body, "billing_information");

    if (nested != NULL) {
        return json_deep_copy(nested);
    }

    own = json_deep_copy(op->command->body);

    if (own != NULL) {
        (void) json_object_del(own, "team");
        (void) json_object_del(own, "number");
    }

    return own;
}


static billing_reason_t
billing_information_allowed(json_t *information)
{
    char         country[3] = "";
    const char  *text, *vat;

    text = json_string_value(json_object_get(information, "country"));
    vat = json_string_value(json_object_get(information, "vat_id"));

    if (text != NULL) {
        if (strlen(text) != 2 || !isalpha((unsigned char) text[0])
            || !isalpha((unsigned char) text[1]))
        {
            return BILLING_BILLING_INFO_MISSING;
        }

        country[0] = (char) toupper((unsigned char) text[0]);
        country[1] = (char) toupper((unsigned char) text[1]);
        (void) json_object_set_new(information, "country",
                                   json_string(country));
    }

    if (!billing_information_siren(information)) {
        return BILLING_SIREN_INVALID;
    }

    if (vat == NULL || vat[0] == '\0') {
        return BILLING_ALLOW;
    }

    /* A tax id is one of a country (R113). */

    if (country[0] == '\0') {
        return BILLING_BILLING_INFO_MISSING;
    }

    return billing_vat_id_valid(country, vat, strlen(vat))
           ? BILLING_ALLOW : BILLING_VAT_ID_INVALID;
}


/* Kept without blanks; "" is none. */

bool
billing_information_siren(json_t *information)
{
    char         bare[32];
    size_t       n = 0;
    const char  *text;

    text = json_string_value(json_object_get(information, "siren"));

    if (text == NULL) {
        return true;
    }

    for ( /* void */ ; *text != '\0' && n + 1 < sizeof(bare); text++) {
        if (*text != ' ') {
            bare[n++] = *text;
        }
    }

    bare[n] = '\0';

    return (n == 0 || billing_siren_valid(bare))
           && json_object_set_new(information, "siren",
                                  json_string(bare)) == 0;
}


static billing_db_rc_t
billing_information_store(billing_op_t *op, const char *team,
    const json_t *information)
{
    static const char  sql[] =
        "UPDATE team SET information = $1 WHERE id = $2";

    char             *text;
    billing_db_rc_t   rc;

    text = json_dumps(information, JSON_COMPACT);

    if (text == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_exec(op->w->db, sql, "tt", text, team);
    free(text);

    return rc;
}
