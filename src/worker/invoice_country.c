/* Where new customers cannot pay by invoice (R86). */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static bool billing_country_of(const json_t *information, char country[3]);
static bool billing_country_excluded(const billing_settings_t *settings,
    const char *country);


billing_db_rc_t
billing_invoice_country(billing_op_t *op, const char *team,
    const json_t *information, billing_reason_t *reason)
{
    static const char  sql[] =
        "SELECT method, information FROM team WHERE id = $1";

    bool              has, known;
    char              country[3];
    json_t           *stored;
    billing_db_rc_t   rc;

    *reason = BILLING_ALLOW;

    if (op->w->settings->ninvoice_excluded == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(op->w->db, sql, "t", team);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    has = strcmp(billing_db_text(op->w->db, sql, 0), "invoice") == 0;
    stored = json_loads(billing_db_text(op->w->db, sql, 1), 0, NULL);
    billing_db_done(op->w->db, sql);

    known = billing_country_of(information, country)
            || billing_country_of(stored, country);
    json_decref(stored);

    if (has) {
        return BILLING_DB_OK;
    }

    *reason = known ? BILLING_ALLOW : BILLING_BILLING_INFO_MISSING;

    if (known && billing_country_excluded(op->w->settings, country)) {
        *reason = BILLING_INVOICE_COUNTRY;
    }

    return BILLING_DB_OK;
}


static bool
billing_country_of(const json_t *information, char country[3])
{
    const char  *text;

    text = json_string_value(json_object_get(information, "country"));

    if (text == NULL || strlen(text) != 2) {
        return false;
    }

    country[0] = (char) toupper((unsigned char) text[0]);
    country[1] = (char) toupper((unsigned char) text[1]);
    country[2] = '\0';

    return true;
}


static bool
billing_country_excluded(const billing_settings_t *settings,
    const char *country)
{
    uint32_t  i;

    for (i = 0; i < settings->ninvoice_excluded; i++) {
        if (strcmp(settings->invoice_excluded[i], country) == 0) {
            return true;
        }
    }

    return false;
}
