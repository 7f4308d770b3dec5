/* billing.json: who sells, as the law wants it named on every document. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>



static void billing_settings_legal(billing_reader_t *reader,
    const json_t *seller, billing_settings_t *out);
static bool billing_settings_zone(const char *zone);
static void billing_settings_series(billing_reader_t *reader,
    billing_settings_t *out);


void
billing_settings_seller(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const char    *country = out->seller_country;
    const json_t  *seller;

    static const char *const  keys[] = {
        "name", "address", "country", "vat_id", "legal_form", "capital",
        "siren", "rcs", "time_zone", "vat_on_debits",
        "late_penalty_permyriad", "invoice_series", "credit_note_series",
        NULL
    };

    seller = billing_reader_object(reader, root, "seller", true);

    if (seller == NULL) {
        return;
    }

    billing_reader_known(reader, seller, keys);
    billing_reader_copy_required(reader, seller, "name", out->seller_name,
                                 sizeof(out->seller_name));
    billing_reader_copy_required(reader, seller, "address",
                                 out->seller_address,
                                 sizeof(out->seller_address));
    billing_reader_copy_required(reader, seller, "country",
                                 out->seller_country,
                                 sizeof(out->seller_country));

    if (strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2) {
        billing_reader_fail(reader, "country",
                            "must be two capital letters");
    }

    billing_reader_copy(reader, seller, "vat_id", out->seller_vat_id,
                        sizeof(out->seller_vat_id));
    billing_settings_legal(reader, seller, out);
    billing_reader_copy_required(reader, seller, "invoice_series",
                                 out->invoice_series,
                                 sizeof(out->invoice_series));
    billing_reader_copy(reader, seller, "credit_note_series",
                        out->credit_series, sizeof(out->credit_series));
    billing_settings_series(reader, out);
    billing_reader_leave(reader);
}


/*
 * A French seller that bills real customers names its form and its number:
 * without them each invoice would be a fine (CGI ann. II art. 242 nonies A).
 */

static void
billing_settings_legal(billing_reader_t *reader, const json_t *seller,
    billing_settings_t *out)
{
    bool  needed;

    billing_reader_copy(reader, seller, "legal_form", out->seller_form,
                        sizeof(out->seller_form));
    billing_reader_copy(reader, seller, "capital", out->seller_capital,
                        sizeof(out->seller_capital));
    billing_reader_copy(reader, seller, "siren", out->seller_siren,
                        sizeof(out->seller_siren));
    billing_reader_copy(reader, seller, "rcs", out->seller_rcs,
                        sizeof(out->seller_rcs));
    billing_reader_copy(reader, seller, "time_zone", out->seller_zone,
                        sizeof(out->seller_zone));
    out->seller_vat_on_debits = billing_reader_bool(reader, seller,
                                                    "vat_on_debits");
    out->late_penalty_permyriad = (uint32_t)
        billing_reader_integer(reader, seller, "late_penalty_permyriad",
                               (billing_range_t) { 0, 10000, 0 });

    needed = strcmp(out->seller_country, "FR") == 0 && !out->demo;

    if (out->seller_siren[0] != '\0'
        && !billing_siren_valid(out->seller_siren))
    {
        billing_reader_fail(reader, "siren", "is not a SIREN of 9 digits");

    } else if (needed && out->seller_siren[0] == '\0') {
        billing_reader_fail(reader, NULL, "a seller in France needs a "
                            "\"siren\" on its invoices");

    } else if (needed && out->seller_form[0] == '\0') {
        billing_reader_fail(reader, NULL, "a seller in France needs a "
                            "\"legal_form\" on its invoices");
    }

    if (!billing_settings_zone(out->seller_zone)) {
        billing_reader_fail(reader, "time_zone", "must be a name like "
                            "Europe/Paris");
    }
}


/* It becomes the name of a file: letters and single slashes. */

static bool
billing_settings_zone(const char *zone)
{
    static const char  plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    size_t  len = strlen(zone);

    return strspn(zone, plain) == len && zone[0] != '/' && zone[0] != '-'
           && strstr(zone, "//") == NULL
           && (len == 0 || zone[len - 1] != '/');
}


/*
 * The series becomes part of numbers, addresses and file names; those of
 * credit notes are counted by themselves.
 */

static void
billing_settings_series(billing_reader_t *reader, billing_settings_t *out)
{
    static const char  plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    if (strspn(out->invoice_series, plain) != strlen(out->invoice_series)) {
        billing_reader_fail(reader, "invoice_series",
                            "must be capital letters and digits");
        return;
    }

    if (out->credit_series[0] == '\0') {
        (void) snprintf(out->credit_series, sizeof(out->credit_series),
                        "CN");
    }

    if (strspn(out->credit_series, plain) != strlen(out->credit_series)
        || strcmp(out->credit_series, out->invoice_series) == 0)
    {
        billing_reader_fail(reader, "credit_note_series", "must be capital "
                            "letters and digits, not those of invoices");
    }
}
