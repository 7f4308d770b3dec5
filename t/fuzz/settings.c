/*
 * billing_settings_parse, billing_locate, billing_settings_url.
 *
 * Laws: a refused file has a message that begins with its name and a place
 * within it; an accepted one keeps what the domain relies on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/api/billing_api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static billing_settings_t  settings;


static void
sound(const billing_settings_t *s)
{
    const billing_catalogue_t  *c = &s->catalogue;

    if (c->currency == 0 || !c->plans[BILLING_PLAN_FREE].known
        || s->seller_name[0] == '\0' || s->secret_files[0][0] == '\0'
        || s->gateway_timeout_ms < 1000
        || (!s->gateway_test && strncmp(s->gateway_url, "https://", 8) != 0))
    {
        abort();
    }

    for (unsigned i = 0; i < BILLING_PLANS; i++) {
        const billing_terms_t  *t = &c->plans[i];

        if (t->known && (t->seats_min < 1 || t->seats_min > t->window_max
                         || t->price[BILLING_PERIOD_MONTHLY].minor < 0
                         || t->price[BILLING_PERIOD_YEARLY].minor < 0
                         || (t->selling && !t->self_serve)))
        {
            abort();
        }
    }

    for (uint32_t i = 0; i < c->npromos; i++) {
        if (c->promos[i].percent < 1 || c->promos[i].percent > 100) {
            abort();
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char         error[BILLING_SETTINGS_ERROR_MAX];
    unsigned     line, column;
    const char  *text = (const char *) data;

    (void) billing_locate(text, size, "/catalogue/plans/team/features/0",
                          true);

    if (billing_settings_parse("x", text, size, &settings, error)
        == BILLING_OK)
    {
        sound(&settings);
        return 0;
    }

    if (sscanf(error, "x:%u:%u: ", &line, &column) != 2 || line == 0
        || line > size + 1)
    {
        abort();
    }

    return 0;
}
