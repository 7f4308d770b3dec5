/*
 * What records rest on besides the database: settings.  Other settings make
 * other records under the same versions, so all of them are written again.
 */

#include "billing_infra.h"


static void billing_ground_add(uint64_t *hash, int64_t number);


int64_t
billing_record_ground(const billing_settings_t *settings)
{
    uint32_t                    i;
    uint64_t                    hash;
    const billing_catalogue_t  *catalogue;

    catalogue = &settings->catalogue;
    hash = BILLING_DIGEST;

    for (i = 0; i < BILLING_PLANS; i++) {
        billing_ground_add(&hash, catalogue->plans[i].editable_boards);
        billing_ground_add(&hash, catalogue->plans[i].day_pass.minor > 0);
    }

    billing_ground_add(&hash, catalogue->legacy_boards);
    billing_ground_add(&hash, catalogue->legacy_before_at);

    for (i = 0; i < settings->ndunning; i++) {
        billing_ground_add(&hash, settings->dunning_days[i]);
    }

    billing_ground_add(&hash, settings->invoice_grace_days);

    return (int64_t) (hash >> 1);       /* 0 is what no one has noted */
}


static void
billing_ground_add(uint64_t *hash, int64_t number)
{
    unsigned  i;
    uint8_t   bytes[8];

    for (i = 0; i < 8; i++) {           /* the same on every machine */
        bytes[i] = (uint8_t) ((uint64_t) number >> (8 * i));
    }

    *hash = billing_digest_add(*hash, bytes, sizeof(bytes));
}
