/*
 * What a document has to say besides its amounts: the sentences that tax and
 * commercial law ask for, decided from who sells to whom.
 */

#include "billing_domain.h"

#include <string.h>


static bool billing_mention_union(const char *country);


static const char *const  billing_mention_names[BILLING_MENTIONS] = {
    [BILLING_MENTION_SERVICES] = "services",
    [BILLING_MENTION_DEBITS]   = "debits",
    [BILLING_MENTION_EXEMPT]   = "exempt",
    [BILLING_MENTION_REVERSED] = "reversed",
    [BILLING_MENTION_OUTSIDE]  = "outside",
    [BILLING_MENTION_DISCOUNT] = "discount",
    [BILLING_MENTION_PENALTY]  = "penalty",
    [BILLING_MENTION_RECOVERY] = "recovery"
};


const char *
billing_mention_name(billing_mention_t mention)
{
    return mention < BILLING_MENTIONS ? billing_mention_names[mention] : "";
}


uint32_t
billing_mentions(const billing_sale_t *sale)
{
    bool      french = strcmp(sale->seller_country, "FR") == 0;
    uint32_t  set = 0;

    if (french) {
        set |= 1u << BILLING_MENTION_SERVICES;
    }

    if (french && !sale->seller_vat && sale->why != BILLING_TAX_RATE) {
        set |= 1u << BILLING_MENTION_EXEMPT;

    } else if (french && sale->debits) {
        set |= 1u << BILLING_MENTION_DEBITS;
    }

    if (sale->seller_vat && sale->why == BILLING_TAX_REVERSED) {
        set |= 1u << BILLING_MENTION_REVERSED;
    }

    if (sale->seller_vat && sale->why == BILLING_TAX_NO_RATE
        && sale->buyer_country[0] != '\0'
        && billing_mention_union(sale->seller_country)
        && !billing_mention_union(sale->buyer_country))
    {
        set |= 1u << BILLING_MENTION_OUTSIDE;
    }

    /* Of no meaning on what asks for no money. */

    if (french && sale->business && !sale->credit_note) {
        set |= 1u << BILLING_MENTION_DISCOUNT
               | 1u << BILLING_MENTION_PENALTY
               | 1u << BILLING_MENTION_RECOVERY;
    }

    return set;
}


/* Where the directive 2006/112 is law. */

static bool
billing_mention_union(const char *country)
{
    static const char  members[][3] = {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR",
        "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL",
        "PT", "RO", "SE", "SI", "SK"
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i], country) == 0) {
            return true;
        }
    }

    return false;
}
