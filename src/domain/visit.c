/* Visitors: anybody who has a board's public link (R197). */

#include "billing_domain.h"

#include <string.h>


static const char *const  billing_visit_names[BILLING_VISITS] = {
    [BILLING_VISIT_OFF]  = "off",
    [BILLING_VISIT_VIEW] = "view",
    [BILLING_VISIT_EDIT] = "edit"
};


const char *
billing_visit_name(billing_visit_t visit)
{
    return billing_visit_names[visit < BILLING_VISITS ? visit
                                                      : BILLING_VISIT_OFF];
}


billing_visit_t
billing_visit_parse(const char *word, size_t len)
{
    unsigned  visit;

    for (visit = BILLING_VISIT_OFF; visit < BILLING_VISITS; visit++) {
        if (strlen(billing_visit_names[visit]) == len
            && memcmp(billing_visit_names[visit], word, len) == 0)
        {
            break;
        }
    }

    return (billing_visit_t) visit;
}


billing_reason_t
billing_visit_allowed(const billing_terms_t *terms, billing_visit_t visit)
{
    return visit > terms->visitors ? BILLING_FEATURE_MISSING : BILLING_ALLOW;
}
