/* What each request may contain. */

#include "billing_api.h"

#include <string.h>

#define BILLING_WORD_TEXT_MAX  64       /* of a word that may be unknown */
#define BILLING_TOKEN_MAX      255


/* name, type, required, in the query, longest, reason, members */

#define BILLING_TEAM                                                          \
    { "team", BILLING_FIELD_TEAM, true, false, 0, BILLING_ALLOW, NULL }
#define BILLING_TEAM_QUERY                                                    \
    { "team", BILLING_FIELD_TEAM, true, true, 0, BILLING_ALLOW, NULL }
#define BILLING_BOARD                                                         \
    { "board", BILLING_FIELD_BOARD, true, false, 0, BILLING_ALLOW, NULL }
#define BILLING_EMAIL                                                         \
    { "email", BILLING_FIELD_EMAIL, true, false, 0, BILLING_ALLOW, NULL }
#define BILLING_PLAN                                                          \
    { "plan", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,         \
      BILLING_PLAN_UNKNOWN, NULL }
#define BILLING_SEATS                                                         \
    { "seats", BILLING_FIELD_SEATS, true, false, 0, BILLING_ALLOW, NULL }
#define BILLING_PERIOD                                                        \
    { "period", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,       \
      BILLING_BILLING_TYPE_INVALID, NULL }
#define BILLING_PROMO                                                         \
    { "promo", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,       \
      BILLING_PROMO_UNKNOWN, NULL }
/* ?dry_run=1: what it would do or cost, and nothing else happens. */
#define BILLING_DRY_RUN                                                       \
    { "dry_run", BILLING_FIELD_WORD, false, true, 1, BILLING_FIELD_TYPE, NULL }
#define BILLING_SHOWN                                                         \
    { "quote", BILLING_FIELD_TOKEN, false, false, BILLING_TOKEN_MAX,          \
      BILLING_QUOTE_STALE, NULL }
#define BILLING_LAST                                                          \
    { NULL, BILLING_FIELD_TEXT, false, false, 0, BILLING_ALLOW, NULL }


static const billing_field_t  billing_fields_none[] = { BILLING_LAST };

static const billing_field_t  billing_fields_dashboard[] = {
    { "team", BILLING_FIELD_TEAM, false, true, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_team_query[] = {
    BILLING_TEAM_QUERY, BILLING_LAST
};

/* The version that a page shows; without one the answer comes at once. */

static const billing_field_t  billing_fields_follow[] = {
    BILLING_TEAM_QUERY,
    { "version", BILLING_FIELD_WORD, false, true, 20, BILLING_FIELD_TYPE,
      NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_team_create[] = {
    { "name", BILLING_FIELD_NAME, true, false, 0, BILLING_ALLOW, NULL },
    { "from", BILLING_FIELD_FROM, false, false, 0, BILLING_ALLOW, NULL },
    { "account", BILLING_FIELD_TEAM, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

/* The token of the mail that asks for it. */

static const billing_field_t  billing_fields_team_delete[] = {
    BILLING_TEAM,
    { "confirm", BILLING_FIELD_TOKEN, false, true, BILLING_ID_MAX,
      BILLING_CONFIRMATION_INVALID, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_member[] = {
    BILLING_TEAM, BILLING_EMAIL, BILLING_LAST
};

/* What becomes of the boards: delete, or transfer:EMAIL (R229). */

static const billing_field_t  billing_fields_member_remove[] = {
    BILLING_TEAM, BILLING_EMAIL,
    { "boards", BILLING_FIELD_WORD, false, true, BILLING_EMAIL_MAX + 9,
      BILLING_FIELD_TYPE, NULL },
    { "scope", BILLING_FIELD_WORD, false, true, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    { "successor", BILLING_FIELD_EMAIL, false, true, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_licence[] = {
    BILLING_TEAM, BILLING_EMAIL,
    { "licence", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_licences[] = {
    BILLING_TEAM,
    { "emails", BILLING_FIELD_EMAILS, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_member_role[] = {
    BILLING_TEAM, BILLING_EMAIL,
    { "role", BILLING_FIELD_ROLE, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

/* How people come to a team. */

#define BILLING_DOMAIN                                                        \
    { "domain", BILLING_FIELD_DOMAIN, true, false, 0, BILLING_ALLOW, NULL }

static const billing_field_t  billing_fields_team_change[] = {
    BILLING_TEAM,
    { "name", BILLING_FIELD_NAME, false, false, 0, BILLING_ALLOW, NULL },
    { "invite", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    { "invite_link", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW,
      NULL },
    { "board_moves", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_invite[] = {
    BILLING_TEAM,
    { "emails", BILLING_FIELD_EMAILS, true, false, 0, BILLING_ALLOW, NULL },
    { "request", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_invitation[] = {
    BILLING_TEAM,
    { "invitation", BILLING_FIELD_ID, true, false, 0,
      BILLING_INVITATION_NOT_FOUND, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_accept[] = {
    { "token", BILLING_FIELD_TOKEN, true, false, BILLING_TOKEN_MAX,
      BILLING_INVITATION_NOT_FOUND, NULL },
    BILLING_LAST
};

/* The link may come as it is shown, with the address in front. */

static const billing_field_t  billing_fields_join[] = {
    { "link", BILLING_FIELD_TOKEN, true, false, 2 * BILLING_TOKEN_MAX,
      BILLING_INVITATION_NOT_FOUND, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_ask[] = {
    BILLING_TEAM,
    { "kind", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    { "email", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_decide[] = {
    { "request", BILLING_FIELD_ID, true, false, 0,
      BILLING_REQUEST_NOT_FOUND, NULL },
    { "decision", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_domain[] = {
    BILLING_TEAM, BILLING_DOMAIN, BILLING_LAST
};

static const billing_field_t  billing_fields_domain_policy[] = {
    BILLING_TEAM, BILLING_DOMAIN,
    { "forbids", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW, NULL },
    { "discoverable", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW,
      NULL },
    { "capture_team", BILLING_FIELD_TEAM_OR_NULL, false, false, 0,
      BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_domain_verified[] = {
    BILLING_DOMAIN,
    { "verified", BILLING_FIELD_BOOL, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_day_passes[] = {
    BILLING_TEAM,
    { "enabled", BILLING_FIELD_BOOL, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board_create[] = {
    BILLING_TEAM,
    { "title", BILLING_FIELD_NAME, true, false, 0, BILLING_ALLOW, NULL },
    { "private", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board[] = {
    BILLING_BOARD, BILLING_LAST
};

static const billing_field_t  billing_fields_board_open[] = {
    BILLING_BOARD,
    { "mode", BILLING_FIELD_WORD, true, false, 8, BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board_change[] = {
    BILLING_BOARD,
    { "title", BILLING_FIELD_NAME, false, false, 0, BILLING_ALLOW, NULL },
    { "private", BILLING_FIELD_BOOL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board_copy[] = {
    BILLING_BOARD,
    { "title", BILLING_FIELD_NAME, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board_move[] = {
    BILLING_BOARD, BILLING_TEAM, BILLING_DRY_RUN, BILLING_LAST
};

static const billing_field_t  billing_fields_board_affected[] = {
    BILLING_BOARD, BILLING_TEAM_QUERY,
    { "after", BILLING_FIELD_EMAIL, false, true, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_board_link[] = {
    BILLING_BOARD,
    { "access", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,
      BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_guest[] = {
    BILLING_BOARD, BILLING_EMAIL, BILLING_LAST
};

static const billing_field_t  billing_fields_team[] = {
    BILLING_TEAM, BILLING_LAST
};

static const billing_field_t  billing_fields_operation[] = {
    { "operation", BILLING_FIELD_OPERATION, true, false, 0, BILLING_ALLOW,
      NULL },
    BILLING_LAST
};

/* What the tax depends on. */

static const billing_field_t  billing_fields_taxed[] = {
    { "country", BILLING_FIELD_WORD, false, false, 2,
      BILLING_BILLING_INFO_MISSING, NULL },
    { "vat_id", BILLING_FIELD_TEXT, false, false, 31,
      BILLING_VAT_ID_INVALID, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_quote[] = {
    BILLING_TEAM, BILLING_PLAN, BILLING_SEATS, BILLING_PERIOD,
    { "payment_method", BILLING_FIELD_WORD, true, false,
      BILLING_WORD_TEXT_MAX, BILLING_PAYMENT_METHOD_UNSUPPORTED, NULL },
    BILLING_PROMO,
    { "billing_information", BILLING_FIELD_OBJECT, false, false, 0,
      BILLING_ALLOW, billing_fields_taxed },
    BILLING_LAST
};

static const billing_field_t  billing_fields_payment[] = {
    { "method", BILLING_FIELD_WORD, true, false, BILLING_WORD_TEXT_MAX,
      BILLING_PAYMENT_METHOD_UNSUPPORTED, NULL },
    { "payment_method", BILLING_FIELD_TOKEN, false, false, 96,
      BILLING_ALLOW, NULL },
    { "email", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

/* R112; which of them must be there depends on the purchase. */

#define BILLING_INFORMATION                                                   \
    { "name", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW, NULL },   \
    { "company", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW,        \
      NULL },                                                                 \
    { "email", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },   \
    { "address", BILLING_FIELD_TEXT, false, false, 255, BILLING_ALLOW,        \
      NULL },                                                                 \
    { "city", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW, NULL },   \
    { "postal_code", BILLING_FIELD_TEXT, false, false, 16, BILLING_ALLOW,     \
      NULL },                                                                 \
    { "region", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW, NULL }, \
    { "country", BILLING_FIELD_WORD, false, false, 2,                         \
      BILLING_BILLING_INFO_MISSING, NULL },                                   \
    { "vat_id", BILLING_FIELD_TEXT, false, false, 31,                         \
      BILLING_VAT_ID_INVALID, NULL },                                         \
    { "siren", BILLING_FIELD_TEXT, false, false, 31,                          \
      BILLING_SIREN_INVALID, NULL },                                          \
    { "details", BILLING_FIELD_TEXT, false, false, 500, BILLING_ALLOW, NULL }

static const billing_field_t  billing_fields_information[] = {
    BILLING_INFORMATION, BILLING_LAST
};

static const billing_field_t  billing_fields_team_information[] = {
    BILLING_TEAM, BILLING_INFORMATION,
    { "billing_information", BILLING_FIELD_OBJECT, false, false, 0,
      BILLING_ALLOW, billing_fields_information },
    BILLING_LAST
};

static const billing_field_t  billing_fields_buy[] = {
    BILLING_TEAM, BILLING_PLAN, BILLING_SEATS, BILLING_PERIOD,
    { "payment", BILLING_FIELD_OBJECT, true, false, 0, BILLING_ALLOW,
      billing_fields_payment },
    BILLING_PROMO,
    { "billing_information", BILLING_FIELD_OBJECT, false, false, 0,
      BILLING_ALLOW, billing_fields_information },
    BILLING_SHOWN, BILLING_LAST
};

#define BILLING_NEW_CARD                                                      \
    { "payment_method", BILLING_FIELD_TOKEN, false, false, 96,                \
      BILLING_ALLOW, NULL },                                                  \
    { "payment", BILLING_FIELD_OBJECT, false, false, 0, BILLING_ALLOW,        \
      billing_fields_payment }

static const billing_field_t  billing_fields_seats[] = {
    BILLING_TEAM, BILLING_SEATS, BILLING_DRY_RUN, BILLING_SHOWN, BILLING_LAST
};

static const billing_field_t  billing_fields_period[] = {
    BILLING_TEAM, BILLING_PERIOD, BILLING_NEW_CARD, BILLING_DRY_RUN,
    BILLING_SHOWN, BILLING_LAST
};

static const billing_field_t  billing_fields_trial[] = {
    BILLING_TEAM,
    { "period", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,
      BILLING_BILLING_TYPE_INVALID, NULL },
    BILLING_NEW_CARD, BILLING_DRY_RUN, BILLING_LAST
};

static const billing_field_t  billing_fields_cancel[] = {
    BILLING_TEAM,
    { "reason", BILLING_FIELD_TEXT, false, false, 500, BILLING_ALLOW, NULL },
    BILLING_DRY_RUN, BILLING_LAST
};

static const billing_field_t  billing_fields_reactivate[] = {
    BILLING_TEAM, BILLING_NEW_CARD, BILLING_DRY_RUN, BILLING_SHOWN,
    BILLING_LAST
};

/* The number of an invoice, or the id of a draft. */

#define BILLING_NUMBER                                                        \
    { "number", BILLING_FIELD_TOKEN, true, false, 63,                         \
      BILLING_INVOICE_NOT_FOUND, NULL }
#define BILLING_AMOUNT(required)                                              \
    { "amount", BILLING_FIELD_AMOUNT, required, false, 0,                     \
      BILLING_ALLOW, NULL }

static const billing_field_t  billing_fields_invoice[] = {
    BILLING_TEAM_QUERY, BILLING_NUMBER,
    { "copy", BILLING_FIELD_WORD, false, true, 1, BILLING_FIELD_TYPE, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_link[] = {
    { "token", BILLING_FIELD_TOKEN, true, false, BILLING_TOKEN_MAX,
      BILLING_INVOICE_NOT_FOUND, NULL },
    BILLING_LAST
};
static const billing_field_t  billing_fields_link_pay[] = {
    { "token", BILLING_FIELD_TOKEN, true, false, BILLING_TOKEN_MAX,
      BILLING_INVOICE_NOT_FOUND, NULL },
    { "payment_method", BILLING_FIELD_TOKEN, true, false, 64,
      BILLING_CARD_MISSING, NULL },
    BILLING_LAST
};
static const billing_field_t  billing_fields_file[] = {
    { "team", BILLING_FIELD_TEAM, false, true, 0, BILLING_ALLOW, NULL },
    BILLING_NUMBER,
    { "copy", BILLING_FIELD_WORD, false, true, 1, BILLING_FIELD_TYPE, NULL },
    { "translation", BILLING_FIELD_WORD, false, true, 1, BILLING_FIELD_TYPE,
      NULL },
    BILLING_LAST
};
static const billing_field_t  billing_fields_invoice_pay[] = {
    BILLING_TEAM, BILLING_NUMBER, BILLING_NEW_CARD, BILLING_DRY_RUN,
    BILLING_LAST
};

static const billing_field_t  billing_fields_invoice_information[] = {
    BILLING_TEAM, BILLING_NUMBER, BILLING_INFORMATION,
    { "billing_information", BILLING_FIELD_OBJECT, false, false, 0,
      BILLING_ALLOW, billing_fields_information },
    BILLING_LAST
};

/* What the bank has told, not a person of the team. */

static const billing_field_t  billing_fields_invoice_paid[] = {
    BILLING_NUMBER, BILLING_AMOUNT(true),
    { "currency", BILLING_FIELD_WORD, true, false, 3,
      BILLING_PAYMENT_CURRENCY, NULL },
    { "reference", BILLING_FIELD_TOKEN, true, false, 64, BILLING_ALLOW,
      NULL },
    { "at", BILLING_FIELD_TOKEN, false, false, 40, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_refund[] = {
    BILLING_TEAM,
    { "invoice", BILLING_FIELD_TOKEN, true, false, 63,
      BILLING_INVOICE_NOT_FOUND, NULL },
    BILLING_AMOUNT(false),
    { "reason", BILLING_FIELD_TEXT, true, false, 500, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_refund_decide[] = {
    { "refund", BILLING_FIELD_TOKEN, true, false, BILLING_ID_MAX,
      BILLING_REFUND_NOT_FOUND, NULL },
    { "decision", BILLING_FIELD_WORD, true, false, 16, BILLING_ALLOW, NULL },
    { "by", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },
    { "note", BILLING_FIELD_TEXT, false, false, 500, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_downgrade[] = {
    BILLING_TEAM,
    { "plan", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,
      BILLING_PLAN_UNKNOWN, NULL },
    BILLING_DRY_RUN, BILLING_LAST
};

static const billing_field_t  billing_fields_method[] = {
    BILLING_TEAM,
    { "method", BILLING_FIELD_WORD, false, false, BILLING_WORD_TEXT_MAX,
      BILLING_PAYMENT_METHOD_UNSUPPORTED, NULL },
    { "email", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_NEW_CARD, BILLING_DRY_RUN, BILLING_LAST
};

/* Which of them is missing is said by the form's own rule (R213). */

static const billing_field_t  billing_fields_enterprise[] = {
    { "name", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW, NULL },
    { "email", BILLING_FIELD_EMAIL, false, false, 0, BILLING_ALLOW, NULL },
    { "company", BILLING_FIELD_TEXT, false, false, 120, BILLING_ALLOW, NULL },
    { "users", BILLING_FIELD_SEATS, false, false, 0, BILLING_ALLOW, NULL },
    { "message", BILLING_FIELD_TEXT, false, false, 2000, BILLING_ALLOW,
      NULL },
    { "from", BILLING_FIELD_FROM, false, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_login[] = {
    { "profile", BILLING_FIELD_EMAIL, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};

static const billing_field_t  billing_fields_clock[] = {
    { "advance", BILLING_FIELD_SPAN, true, false, 0, BILLING_ALLOW, NULL },
    BILLING_LAST
};


static const struct {
    const char             *kind;
    const billing_field_t  *fields;
} billing_field_tables[] = {
    { "dashboard",        billing_fields_dashboard },
    { "team.create",      billing_fields_team_create },
    { "team.delete",      billing_fields_team_delete },
    { "member.add",       billing_fields_member },
    { "member.remove",    billing_fields_member_remove },
    { "member.role",      billing_fields_member_role },
    { "team.change",      billing_fields_team_change },
    { "invitation.create", billing_fields_invite },
    { "invitation.list",  billing_fields_team },
    { "invitation.revoke", billing_fields_invitation },
    { "invitation.accept", billing_fields_accept },
    { "team.join",        billing_fields_join },
    { "request.create",   billing_fields_ask },
    { "request.list",     billing_fields_team },
    { "request.decide",   billing_fields_decide },
    { "domain.list",      billing_fields_team },
    { "domain.add",       billing_fields_domain },
    { "domain.remove",    billing_fields_domain },
    { "domain.policy",    billing_fields_domain_policy },
    { "app.domain.verified", billing_fields_domain_verified },
    { "demo.domain.verified", billing_fields_domain_verified },
    { "occasional.add",   billing_fields_member },
    { "occasional.remove", billing_fields_member_remove },
    { "day_passes.set",   billing_fields_day_passes },
    { "board.create",     billing_fields_board_create },
    { "board.show",       billing_fields_board },
    { "board.change",     billing_fields_board_change },
    { "board.delete",     billing_fields_board },
    { "board.deleted",    billing_fields_team },
    { "board.restore",    billing_fields_board },
    { "board.share",      billing_fields_board },
    { "board.copy",       billing_fields_board_copy },
    { "board.move",       billing_fields_board_move },
    { "board.open",       billing_fields_board_open },
    { "board.affected",   billing_fields_board_affected },
    { "board.link",       billing_fields_board_link },
    { "guest.add",        billing_fields_guest },
    { "guest.remove",     billing_fields_guest },
    { "licence.set",      billing_fields_licence },
    { "licence.add",      billing_fields_licences },
    { "pricing",          billing_fields_none },
    { "gateway",          billing_fields_none },
    { "upgrade.offer",    billing_fields_team_query },
    { "upgrade.quote",    billing_fields_quote },
    { "upgrade.buy",      billing_fields_buy },
    { "upgrade.resume",   billing_fields_operation },
    { "card.start",       billing_fields_team },
    { "operation",        billing_fields_operation },
    { "billing.overview", billing_fields_team_query },
    { "billing.follow",   billing_fields_follow },
    { "billing.invoices", billing_fields_team_query },
    { "billing.trial",    billing_fields_trial },
    { "billing.invoice",  billing_fields_invoice },
    { "billing.refunds",  billing_fields_team_query },
    { "pay.page",         billing_fields_none },
    { "pay.look",         billing_fields_link },
    { "pay.card",         billing_fields_link },
    { "pay.invoice",      billing_fields_link_pay },
    { "invoice.pdf",      billing_fields_file },
    { "receipt.pdf",      billing_fields_file },
    { "credit_note.pdf",  billing_fields_file },
    { "invoice.pay",      billing_fields_invoice_pay },
    { "invoice.information", billing_fields_invoice_information },
    { "app.invoice.paid", billing_fields_invoice_paid },
    { "refund.ask",       billing_fields_refund },
    { "app.refund.decide", billing_fields_refund_decide },
    { "billing.seats",    billing_fields_seats },
    { "billing.period",   billing_fields_period },
    { "billing.cancel",   billing_fields_cancel },
    { "billing.reactivate", billing_fields_reactivate },
    { "billing.downgrade", billing_fields_downgrade },
    { "billing.payment_method", billing_fields_method },
    { "billing.information", billing_fields_team_information },
    { "enterprise",       billing_fields_enterprise },
    { "demo.login",       billing_fields_login },
    { "demo.data",        billing_fields_none },
    { "demo.clock",       billing_fields_none },
    { "demo.clock.set",   billing_fields_clock },
    { "demo.invoice.paid", billing_fields_invoice_paid },
    { "demo.refund.decide", billing_fields_refund_decide }
};


const billing_field_t *
billing_fields(const char *kind)
{
    size_t  n = sizeof(billing_field_tables)
                / sizeof(billing_field_tables[0]);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(billing_field_tables[i].kind, kind) == 0) {
            return billing_field_tables[i].fields;
        }
    }

    return billing_fields_app(kind);
}
