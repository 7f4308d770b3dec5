/* billing.json: where nobody may pay by invoice (R86). */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>


void
billing_settings_invoices(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    size_t         n;
    const char    *country;
    const json_t  *countries;

    countries = billing_reader_array(reader, root,
                                     "invoice_countries_excluded",
                                     BILLING_COUNTRIES_MAX);
    n = json_array_size(countries);

    for (size_t i = 0; i < n; i++) {
        country = json_string_value(json_array_get(countries, i));

        billing_reader_enter_index(reader, i);

        if (country == NULL || strlen(country) != 2
            || strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
        {
            billing_reader_fail(reader, NULL, "must be two capital letters");
            return;
        }

        (void) snprintf(out->invoice_excluded[i],
                        sizeof(out->invoice_excluded[i]), "%s", country);
        billing_reader_leave(reader);
    }

    out->ninvoice_excluded = (uint32_t) n;

    if (countries != NULL) {
        billing_reader_leave(reader);
    }
}
