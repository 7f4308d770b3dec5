/* billingctl quote: prices an order without any server. */

#include "billing_ctl.h"

#include <stdio.h>
#include <string.h>


typedef struct {
    const char       *id;
    int64_t           now;
    billing_team_t    team;
    billing_order_t   order;
    billing_promo_t   unknown;          /* stands for a code nobody knows */
} billing_ctl_quote_t;


static void billing_ctl_quote_read(billing_ctl_input_t *in,
    const billing_settings_t *settings, billing_ctl_quote_t *ask);
static void billing_ctl_quote_team(billing_ctl_input_t *in,
    billing_currency_t currency, billing_ctl_quote_t *ask);
static void billing_ctl_quote_state(billing_ctl_input_t *in,
    billing_team_t *team);
static void billing_ctl_quote_money(billing_ctl_input_t *in,
    billing_currency_t currency, billing_team_t *team);
static void billing_ctl_quote_order(billing_ctl_input_t *in,
    const billing_settings_t *settings, billing_ctl_quote_t *ask);
static void billing_ctl_quote_promo(billing_ctl_input_t *in,
    const billing_catalogue_t *catalogue, billing_ctl_quote_t *ask);
static uint32_t billing_ctl_quote_tax(billing_ctl_input_t *in,
    const billing_settings_t *settings);
static uint32_t billing_ctl_quote_seats(billing_ctl_input_t *in,
    const char *name, uint32_t otherwise);
static int billing_ctl_quote_refuse(const billing_settings_t *settings,
    const billing_ctl_quote_t *ask, billing_reason_t reason);


const char  billing_ctl_quote_help[] =
    "Usage: billingctl --config billing.json quote < in.json\n"
    "\n"
    "in   {\"now\": \"2026-07-01\",\n"
    "      \"team\": {\"plan\": \"team\", \"seats\": 12, \"members\": 10,\n"
    "               \"period\": \"yearly\", \"period_start\": "
    "\"2026-01-01\",\n"
    "               \"period_end\": \"2027-01-01\", \"paid\": 115200, "
    "\"credit\": 0},\n"
    "      \"request\": {\"plan\": \"business\", \"seats\": 12, "
    "\"period\": \"yearly\",\n"
    "                  \"payment_method\": \"card\", \"promo\": null}}\n"
    "out  the quote, or the problem why there is none\n"
    "\n"
    "now      a date or an RFC 3339 instant\n"
    "team     also id, state (free, active, active_unpaid, past_due, trial,\n"
    "         cancelled, expired, enterprise, education; goes by the plan if\n"
    "         left out), payment_method, pending (seat charges not yet "
    "billed)\n"
    "request  also country and vat_id, which decide the tax\n"
    "\n"
    "Amounts are minor units of the catalogue's currency, net of tax.\n";


int
billing_ctl_quote(const billing_ctl_t *ctl)
{
    static billing_settings_t  settings;

    int                  rc;
    billing_quote_t      quote;
    billing_reason_t     reason;
    billing_ctl_quote_t  ask;
    billing_ctl_input_t  in;

    if (!billing_ctl_settings(ctl, &settings)) {
        return BILLING_CTL_USAGE;
    }

    billing_ctl_input_init(&in);
    billing_ctl_quote_read(&in, &settings, &ask);

    if (in.reason != BILLING_ALLOW) {
        rc = billing_ctl_refuse(&in);
        billing_ctl_input_done(&in);
        return rc;
    }

    reason = billing_quote(&settings.catalogue, &ask.team, &ask.order,
                           ask.now, &quote);

    rc = reason != BILLING_ALLOW
         ? billing_ctl_quote_refuse(&settings, &ask, reason)
         : billing_ctl_print(billing_quote_json(&quote, ask.id,
                                                BILLING_LANG_EN),
                             BILLING_CTL_DONE);

    billing_ctl_input_done(&in);

    return rc;
}


static void
billing_ctl_quote_read(billing_ctl_input_t *in,
    const billing_settings_t *settings, billing_ctl_quote_t *ask)
{
    bool  date_only;

    memset(ask, 0, sizeof(*ask));

    billing_ctl_need(in, billing_ctl_instant(in, "now", &ask->now,
                                             &date_only),
                     "now");

    billing_ctl_enter(in, "team");
    billing_ctl_quote_team(in, settings->catalogue.currency, ask);

    billing_ctl_enter(in, "request");
    billing_ctl_quote_order(in, settings, ask);
}


static void
billing_ctl_quote_team(billing_ctl_input_t *in, billing_currency_t currency,
    billing_ctl_quote_t *ask)
{
    bool             date_only;
    const char      *word = "";
    billing_team_t  *team = &ask->team;

    (void) billing_ctl_text(in, "id", &ask->id);

    billing_ctl_need(in, billing_ctl_text(in, "plan", &word), "plan");
    team->plan = billing_plan_parse(word, strlen(word));

    if (team->plan == BILLING_PLAN_NONE) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "plan", "no such plan");
    }

    billing_ctl_quote_state(in, team);

    team->members = billing_ctl_quote_seats(in, "members", 1);
    team->seats = billing_ctl_quote_seats(in, "seats", team->members);

    if (team->members == 0) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "members", "below one");
    }

    if (billing_ctl_text(in, "period", &word)) {
        team->period = billing_period_parse(word, strlen(word));
    }

    if (billing_ctl_text(in, "payment_method", &word)) {
        team->method = billing_method_parse(word, strlen(word));
    }

    (void) billing_ctl_instant(in, "period_start", &team->current.start_at,
                               &date_only);
    (void) billing_ctl_instant(in, "period_end", &team->current.end_at,
                               &date_only);
    team->anchor_at = team->current.start_at;

    billing_ctl_quote_money(in, currency, team);
}


static void
billing_ctl_quote_state(billing_ctl_input_t *in, billing_team_t *team)
{
    static const billing_state_t  states[BILLING_PLANS] = {
        [BILLING_PLAN_FREE]       = BILLING_STATE_FREE,
        [BILLING_PLAN_TEAM]       = BILLING_STATE_ACTIVE,
        [BILLING_PLAN_BUSINESS]   = BILLING_STATE_ACTIVE,
        [BILLING_PLAN_CONSULTANT] = BILLING_STATE_ACTIVE,
        [BILLING_PLAN_ENTERPRISE] = BILLING_STATE_ENTERPRISE,
        [BILLING_PLAN_EDUCATION]  = BILLING_STATE_EDUCATION
    };

    const char  *word;

    team->state = states[team->plan];

    if (!billing_ctl_text(in, "state", &word)) {
        return;
    }

    team->state = billing_state_parse(word, strlen(word));

    if (team->state == BILLING_STATE_NONE) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "state", "no such state");
    }
}


static void
billing_ctl_quote_money(billing_ctl_input_t *in, billing_currency_t currency,
    billing_team_t *team)
{
    team->paid.currency = currency;
    team->credit.currency = currency;
    team->pending.currency = currency;

    (void) billing_ctl_integer(in, "paid", &team->paid.minor);
    (void) billing_ctl_integer(in, "credit", &team->credit.minor);
    (void) billing_ctl_integer(in, "pending", &team->pending.minor);
    (void) billing_ctl_integer(in, "unpaid", &team->unpaid.minor);

    if (team->paid.minor < 0) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "paid", "below zero");
    }

    if (team->credit.minor < 0) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "credit", "below zero");
    }

    /* Unused time is asked for only where something was paid. */

    if (team->paid.minor != 0) {
        billing_ctl_need(in, billing_ctl_has(in, "period_start"),
                         "period_start");
        billing_ctl_need(in, billing_ctl_has(in, "period_end"),
                         "period_end");

        if (team->current.start_at / 86400 >= team->current.end_at / 86400) {
            billing_ctl_fault(in, BILLING_FIELD_TYPE, "period_end",
                              "not a day after period_start");
        }
    }
}


/* Words that name nothing stay NONE: the quote knows which refusal is first. */

static void
billing_ctl_quote_order(billing_ctl_input_t *in,
    const billing_settings_t *settings, billing_ctl_quote_t *ask)
{
    const char       *word = "";
    billing_order_t  *order = &ask->order;

    billing_ctl_need(in, billing_ctl_text(in, "plan", &word), "plan");
    order->plan = billing_catalogue_plan(&settings->catalogue, word,
                                         strlen(word));

    word = "";
    billing_ctl_need(in, billing_ctl_text(in, "period", &word), "period");
    order->period = billing_period_parse(word, strlen(word));

    word = billing_method_name(BILLING_METHOD_CARD);
    (void) billing_ctl_text(in, "payment_method", &word);
    order->method = billing_method_parse(word, strlen(word));

    billing_ctl_need(in, billing_ctl_has(in, "seats"), "seats");
    order->seats = 0;

    if (json_is_integer(json_object_get(in->at, "seats"))) {
        order->seats = billing_ctl_quote_seats(in, "seats", 0);
    }

    billing_ctl_quote_promo(in, &settings->catalogue, ask);
    order->tax_permyriad = billing_ctl_quote_tax(in, settings);
}


static void
billing_ctl_quote_promo(billing_ctl_input_t *in,
    const billing_catalogue_t *catalogue, billing_ctl_quote_t *ask)
{
    const char  *code = "";

    ask->order.promo_left = UINT32_MAX;

    (void) billing_ctl_text(in, "promo", &code);

    if (code[0] == '\0') {
        return;
    }

    ask->order.promo = billing_catalogue_promo(catalogue, code,
                                               strlen(code));

    if (ask->order.promo == NULL) {
        ask->order.promo = &ask->unknown;
    }
}


/* The buyer's country decides (R115); a valid VAT id may reverse it. */

static uint32_t
billing_ctl_quote_tax(billing_ctl_input_t *in,
    const billing_settings_t *settings)
{
    billing_taxpayer_t  buyer = {
        .seller_country = settings->seller_country, .vat_valid = true
    };

    (void) billing_ctl_text(in, "country", &buyer.country);
    (void) billing_ctl_text(in, "vat_id", &buyer.vat_id);

    return billing_tax_permyriad(settings->taxes, settings->ntaxes, &buyer);
}


/* A count as far as the domain can count; below zero is none at all. */

static uint32_t
billing_ctl_quote_seats(billing_ctl_input_t *in, const char *name,
    uint32_t otherwise)
{
    int64_t  value = otherwise;

    (void) billing_ctl_integer(in, name, &value);

    if (value < 0) {
        return 0;
    }

    return value > UINT32_MAX ? UINT32_MAX : (uint32_t) value;
}


static int
billing_ctl_quote_refuse(const billing_settings_t *settings,
    const billing_ctl_quote_t *ask, billing_reason_t reason)
{
    json_t                 *args, *problem;
    json_int_t              n;
    const billing_terms_t  *terms;

    terms = &settings->catalogue.plans[ask->order.plan];

    switch ((int) reason) {

    case BILLING_SEATS_BELOW_MEMBERS:
        n = ask->team.members;
        break;

    case BILLING_SEATS_ABOVE_WINDOW_MAX:
        n = billing_seats_ceiling(terms, &ask->team);
        break;

    case BILLING_INVOICE_TEAM_SEATS:
        n = terms->invoice_seats_min;
        break;

    default:
        n = billing_seats_floor(terms, &ask->team);
    }

    args = json_pack("{sI}", "n", n);
    problem = billing_problem(reason, BILLING_LANG_EN, NULL, args);
    json_decref(args);

    return billing_ctl_print(problem, BILLING_CTL_REFUSED);
}
