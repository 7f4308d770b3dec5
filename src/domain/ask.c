/* What admins are asked for: who may ask, and who decides. */

#include "billing_domain.h"

#include <string.h>


typedef struct {
    const char     *word;
    billing_act_t   decides;
} billing_ask_row_t;


static billing_reason_t billing_ask_licence(const billing_asking_t *asking);
static billing_reason_t billing_ask_join(const billing_asking_t *asking);


#define BILLING_ASK_ADMINS                                                    \
    ((uint32_t) (BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_COMPANY_ADMIN))


static const billing_ask_row_t  billing_ask_rows[BILLING_ASKS] = {
    [BILLING_ASK_NONE]    = { "", BILLING_ACTS },
    [BILLING_ASK_ADMIN]   = { "admin", BILLING_ACT_GRANT_ADMIN },
    [BILLING_ASK_LICENCE] = { "licence", BILLING_ACT_LICENCES },
    [BILLING_ASK_JOIN]    = { "join", BILLING_ACT_SETTINGS },
    [BILLING_ASK_INVITE]  = { "invite", BILLING_ACT_SETTINGS }
};


const char *
billing_ask_name(billing_ask_t kind)
{
    return billing_ask_rows[kind < BILLING_ASKS ? kind : 0].word;
}


billing_ask_t
billing_ask_parse(const char *word, size_t len)
{
    for (unsigned i = 1; i < BILLING_ASKS; i++) {
        if (strlen(billing_ask_rows[i].word) == len
            && memcmp(billing_ask_rows[i].word, word, len) == 0)
        {
            return (billing_ask_t) i;
        }
    }

    return BILLING_ASK_NONE;
}


billing_reason_t
billing_ask_allowed(const billing_asking_t *asking)
{
    billing_reason_t  member;

    member = billing_may(BILLING_ACT_SEE_TEAM, asking->roles, asking->plan);

    switch (asking->kind) {

    case BILLING_ASK_LICENCE:
        return billing_ask_licence(asking);

    case BILLING_ASK_JOIN:
        return billing_ask_join(asking);

    case BILLING_ASK_ADMIN:
        return asking->roles & BILLING_ASK_ADMINS ? BILLING_REQUEST_NEEDLESS
                                                  : member;

    case BILLING_ASK_INVITE:
        if (member != BILLING_ALLOW) {
            return member;
        }

        return billing_invite_allowed(asking->roles, asking->plan,
                                      asking->admins_only) == BILLING_ALLOW
               ? BILLING_REQUEST_NEEDLESS : BILLING_ALLOW;

    case BILLING_ASK_NONE:
    case BILLING_ASKS:
        break;
    }

    return BILLING_FIELD_TYPE;
}


/* Who edits by a seat has one already (R202). */

static billing_reason_t
billing_ask_licence(const billing_asking_t *asking)
{
    if (asking->restricted) {
        return BILLING_ALLOW;
    }

    if (asking->roles & BILLING_ROLE_MEMBER) {
        return BILLING_REQUEST_NEEDLESS;
    }

    return asking->roles & (BILLING_ROLE_GUEST | BILLING_ROLE_OCCASIONAL)
           || asking->discoverable ? BILLING_ALLOW : BILLING_NOT_A_MEMBER;
}


static billing_reason_t
billing_ask_join(const billing_asking_t *asking)
{
    if (asking->roles & BILLING_ROLE_MEMBER || asking->restricted) {
        return BILLING_MEMBER_EXISTS;
    }

    return asking->discoverable ? BILLING_ALLOW : BILLING_NOT_A_MEMBER;
}


billing_reason_t
billing_ask_decide(billing_ask_t kind, uint32_t roles, billing_plan_t plan)
{
    return billing_may(billing_ask_rows[kind < BILLING_ASKS ? kind : 0]
                       .decides, roles, plan);
}


uint32_t
billing_ask_deciders(billing_ask_t kind, billing_plan_t plan)
{
    static const uint32_t  admins[] = {
        BILLING_ROLE_TEAM_ADMIN, BILLING_ROLE_COMPANY_ADMIN
    };

    uint32_t  roles = 0;

    for (unsigned i = 0; i < sizeof(admins) / sizeof(admins[0]); i++) {
        if (billing_ask_decide(kind, BILLING_ROLE_MEMBER | admins[i], plan)
            == BILLING_ALLOW)
        {
            roles |= admins[i];
        }
    }

    return roles;
}
