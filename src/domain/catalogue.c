/* The catalogue: looking up what billing.json names. */

#include "billing_domain.h"

#include <string.h>


static int billing_catalogue_find(
    const char words[][BILLING_WORD_MAX + 1], uint32_t n, const char *name,
    size_t len);


int
billing_catalogue_feature(const billing_catalogue_t *catalogue,
    const char *name, size_t len)
{
    return billing_catalogue_find(catalogue->features, catalogue->nfeatures,
                                  name, len);
}


int
billing_catalogue_limit(const billing_catalogue_t *catalogue,
    const char *name, size_t len)
{
    return billing_catalogue_find(catalogue->limits, catalogue->nlimits, name,
                                  len);
}


const billing_promo_t *
billing_catalogue_promo(const billing_catalogue_t *catalogue,
    const char *code, size_t len)
{
    char  upper[BILLING_WORD_MAX + 1];

    if (len == 0 || len > BILLING_WORD_MAX) {
        return NULL;
    }

    for (size_t i = 0; i < len; i++) {
        upper[i] = code[i] >= 'a' && code[i] <= 'z'
                   ? (char) (code[i] - 'a' + 'A') : code[i];
    }

    for (uint32_t i = 0; i < catalogue->npromos; i++) {
        const billing_promo_t  *promo = &catalogue->promos[i];

        if (strlen(promo->code) == len
            && memcmp(promo->code, upper, len) == 0)
        {
            return promo;
        }
    }

    return NULL;
}


billing_plan_t
billing_catalogue_plan(const billing_catalogue_t *catalogue, const char *word,
    size_t len)
{
    for (uint32_t i = 0; i < catalogue->nretired; i++) {
        const billing_retired_t  *retired = &catalogue->retired[i];

        if (strlen(retired->name) == len
            && memcmp(retired->name, word, len) == 0)
        {
            return retired->plan;
        }
    }

    return billing_plan_parse(word, len);
}


uint32_t
billing_catalogue_boards(const billing_catalogue_t *catalogue,
    billing_plan_t plan, int64_t created_at)
{
    if (plan == BILLING_PLAN_FREE && catalogue->legacy_boards != 0
        && created_at < catalogue->legacy_before_at)
    {
        return catalogue->legacy_boards;
    }

    return plan < BILLING_PLANS ? catalogue->plans[plan].editable_boards : 0;
}


static int
billing_catalogue_find(const char words[][BILLING_WORD_MAX + 1], uint32_t n,
    const char *name, size_t len)
{
    if (len == 0) {
        return -1;
    }

    for (uint32_t i = 0; i < n; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], name, len) == 0) {
            return (int) i;
        }
    }

    return -1;
}
