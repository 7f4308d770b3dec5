/* The whole interface, one line for each route. */

#include "billing_api.h"

#include <string.h>

#define BILLING_Q  BILLING_ROUTE_QUERY
#define BILLING_C  BILLING_ROUTE_COMMAND
#define BILLING_L  BILLING_ROUTE_LOCAL


typedef struct {
    const char  *data;
    size_t       len;
} billing_route_text_t;


static bool billing_route_path(const char *pattern, const char *path,
    size_t len, billing_match_t *match);
static bool billing_route_param(const char *name, size_t name_len,
    billing_route_text_t value, billing_match_t *match);
static unsigned billing_route_method(const char *name, size_t len);


/* method, path, kind, class, login, money, demo, page */

static const billing_route_t  billing_route_table[] = {
    { "GET", "/dashboard", "dashboard",
      BILLING_Q, true, false, false, "dashboard.html" },
    { "POST", "/dashboard/teams", "team.create",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/teams/{team}", "team.delete",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/members", "member.add",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/teams/{team}/members/{email}", "member.remove",
      BILLING_C, true, false, false, NULL },
    { "PATCH", "/dashboard/teams/{team}/members/{email}", "member.role",
      BILLING_C, true, false, false, NULL },
    { "PATCH", "/dashboard/teams/{team}", "team.change",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/invitations", "invitation.create",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/teams/{team}/invitations", "invitation.list",
      BILLING_Q, true, false, false, NULL },
    { "DELETE", "/dashboard/teams/{team}/invitations/{invitation}",
      "invitation.revoke", BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/invitations/accept", "invitation.accept",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/join", "team.join",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/requests", "request.create",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/teams/{team}/requests", "request.list",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/dashboard/requests/{request}", "request.decide",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/teams/{team}/domains", "domain.list",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/domains", "domain.add",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/teams/{team}/domains/{domain}", "domain.remove",
      BILLING_C, true, false, false, NULL },
    { "PATCH", "/dashboard/teams/{team}/domains/{domain}", "domain.policy",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/occasional", "occasional.add",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/teams/{team}/occasional/{email}",
      "occasional.remove", BILLING_C, true, false, false, NULL },
    { "PATCH", "/dashboard/teams/{team}/day-passes", "day_passes.set",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/boards", "board.create",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/teams/{team}/deleted-boards", "board.deleted",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/licences", "licence.add",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/teams/{team}/licences/{email}", "licence.set",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/boards/{board}", "board.show",
      BILLING_Q, true, false, false, NULL },
    { "PATCH", "/dashboard/boards/{board}", "board.change",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/boards/{board}", "board.delete",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/restore", "board.restore",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/move", "board.move",
      BILLING_C, true, false, false, NULL },
    { "GET", "/dashboard/boards/{board}/affected", "board.affected",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/open", "board.open",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/share", "board.share",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/copy", "board.copy",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/link", "board.link",
      BILLING_C, true, false, false, NULL },
    { "POST", "/dashboard/boards/{board}/guests", "guest.add",
      BILLING_C, true, false, false, NULL },
    { "DELETE", "/dashboard/boards/{board}/guests/{email}", "guest.remove",
      BILLING_C, true, false, false, NULL },

    { "GET", "/pricing", "pricing",
      BILLING_L, false, false, false, "pricing.html" },
    { "GET", "/billing/gateway", "gateway",
      BILLING_L, false, false, false, NULL },
    { "GET", "/upgrade", "upgrade.offer",
      BILLING_Q, true, false, false, "upgrade.html" },
    { "POST", "/upgrade", "upgrade.buy",
      BILLING_C, true, true, false, NULL },
    { "POST", "/upgrade/quote", "upgrade.quote",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/upgrade/card", "card.start",
      BILLING_C, true, false, false, NULL },
    { "POST", "/upgrade/resume", "upgrade.resume",
      BILLING_C, true, false, false, NULL },

    { "GET", "/billing/operations/{operation}", "operation",
      BILLING_Q, true, false, false, NULL },
    { "GET", "/billing/overview", "billing.overview",
      BILLING_Q, true, false, false, "billing.html" },
    { "GET", "/billing/follow", "billing.follow",
      BILLING_Q, true, false, false, NULL },
    { "GET", "/billing/invoices", "billing.invoices",
      BILLING_Q, true, false, false, "billing.html" },
    { "GET", "/billing/invoices/{number}", "billing.invoice",
      BILLING_Q, true, false, false, NULL },
    { "GET", "/billing/invoices/{number}.pdf", "invoice.pdf",
      BILLING_Q, true, false, false, NULL },
    { "GET", "/billing/receipts/{number}.pdf", "receipt.pdf",
      BILLING_Q, true, false, false, NULL },
    { "GET", "/billing/credit-notes/{number}.pdf", "credit_note.pdf",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/billing/invoices/{number}/pay", "invoice.pay",
      BILLING_C, true, true, false, NULL },
    { "PUT", "/billing/invoices/{number}/information", "invoice.information",
      BILLING_C, true, false, false, NULL },
    { "GET", "/billing/pay", "pay.page",
      BILLING_L, false, false, false, "pay.html" },
    { "POST", "/billing/pay", "pay.invoice",
      BILLING_C, false, true, false, NULL },
    { "POST", "/billing/pay/look", "pay.look",
      BILLING_Q, false, false, false, NULL },
    { "POST", "/billing/pay/card", "pay.card",
      BILLING_C, false, false, false, NULL },
    { "GET", "/billing/refunds", "billing.refunds",
      BILLING_Q, true, false, false, NULL },
    { "POST", "/billing/refunds", "refund.ask",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/webhook", "webhook",
      BILLING_L, false, false, false, NULL },
    { "GET", "/billing/status", "status",
      BILLING_L, false, false, false, NULL },

    { "POST", "/demo/login", "demo.login",
      BILLING_L, false, false, true, NULL },
    { "GET", "/demo/data", "demo.data",
      BILLING_Q, false, false, true, NULL },
    { "GET", "/demo/clock", "demo.clock",
      BILLING_Q, false, false, true, NULL },
    { "POST", "/demo/clock", "demo.clock.set",
      BILLING_C, false, false, true, NULL },
    { "POST", "/demo/domains/verify", "demo.domain.verified",
      BILLING_C, false, false, true, NULL },

    { "POST", "/demo/invoices/{number}/paid", "demo.invoice.paid",
      BILLING_C, false, false, true, NULL },
    { "POST", "/demo/refunds/{refund}", "demo.refund.decide",
      BILLING_C, false, false, true, NULL },
    /* Only with the application's key: see billing_route_app. */
    { "POST", "/app/v1/profiles", "app.profiles",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/teams", "app.teams",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/members", "app.members",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/boards", "app.boards",
      BILLING_C, false, false, false, NULL },
    { "GET", "/app/v1/teams/{team}", "app.team.show",
      BILLING_Q, false, false, false, NULL },
    { "PUT", "/app/v1/teams/{team}", "app.team",
      BILLING_C, false, false, false, NULL },
    { "DELETE", "/app/v1/teams/{team}", "app.team.delete",
      BILLING_C, false, false, false, NULL },
    { "PUT", "/app/v1/teams/{team}/enterprise", "app.team.enterprise",
      BILLING_C, false, true, false, NULL },
    { "PUT", "/app/v1/teams/{team}/vat", "app.team.vat",
      BILLING_C, false, false, false, NULL },
    { "GET", "/app/v1/teams/{team}/vat", "app.team.vat.show",
      BILLING_Q, false, false, false, NULL },
    { "PUT", "/app/v1/teams/{team}/education", "app.team.education",
      BILLING_C, false, false, false, NULL },
    { "PUT", "/app/v1/teams/{team}/members/{email}", "app.member",
      BILLING_C, false, false, false, NULL },
    { "DELETE", "/app/v1/teams/{team}/members/{email}", "app.member.delete",
      BILLING_C, false, false, false, NULL },
    { "PUT", "/app/v1/boards/{board}", "app.board",
      BILLING_C, false, false, false, NULL },
    { "DELETE", "/app/v1/boards/{board}", "app.board.delete",
      BILLING_C, false, false, false, NULL },
    { "PUT", "/app/v1/boards/{board}/guests/{email}", "app.guest",
      BILLING_C, false, false, false, NULL },
    { "DELETE", "/app/v1/boards/{board}/guests/{email}", "app.guest.delete",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/invoices/{number}/payments", "app.invoice.paid",
      BILLING_C, false, true, false, NULL },
    { "POST", "/app/v1/refunds/{refund}", "app.refund.decide",
      BILLING_C, false, true, false, NULL },
    { "PUT", "/app/v1/domains/{domain}", "app.domain.verified",
      BILLING_C, false, false, false, NULL },
    { "GET", "/app/v1/events", "app.events",
      BILLING_Q, false, false, false, NULL },
    { "POST", "/app/v1/events/replay", "app.events.replay",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/events/{event}/replay", "app.event.replay",
      BILLING_C, false, false, false, NULL },
    { "POST", "/app/v1/sessions", "app.session",
      BILLING_L, false, false, false, NULL },
    { "GET", "/app/v1/operations/{operation}", "app.operation",
      BILLING_Q, false, false, false, NULL },
    { "GET", "/app/v1/webhooks", "app.webhooks",
      BILLING_Q, false, false, false, NULL },
    { "POST", "/app/v1/webhooks/enable", "app.webhook.enable",
      BILLING_C, false, false, false, NULL },

    { "POST", "/billing/trial", "billing.trial",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/seats", "billing.seats",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/period", "billing.period",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/cancel", "billing.cancel",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/reactivate", "billing.reactivate",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/downgrade", "billing.downgrade",
      BILLING_C, true, true, false, NULL },
    { "POST", "/billing/payment-method", "billing.payment_method",
      BILLING_C, true, true, false, NULL },
    { "PUT", "/billing/information", "billing.information",
      BILLING_C, true, false, false, NULL },
    { "POST", "/enterprise", "enterprise",
      BILLING_C, false, false, false, NULL },

    { NULL, NULL, NULL, BILLING_L, false, false, false, NULL }
};


const billing_route_t *
billing_routes(void)
{
    return billing_route_table;
}


bool
billing_route_app(const billing_route_t *route)
{
    return strncmp(route->path, "/app/", 5) == 0;
}


billing_reason_t
billing_route_match(const char *method, size_t method_len, const char *path,
    size_t path_len, billing_match_t *match)
{
    unsigned         wanted = billing_route_method(method, method_len);
    billing_match_t  found;

    memset(match, 0, sizeof(*match));

    if (path_len > BILLING_PATH_MAX) {
        return BILLING_NOT_FOUND;
    }

    for (const billing_route_t *route = billing_route_table;
         route->method != NULL; route++)
    {
        unsigned  bit;

        if (!billing_route_path(route->path, path, path_len, &found)) {
            continue;
        }

        bit = billing_route_method(route->method, strlen(route->method));
        match->allow |= bit;

        if (bit == wanted) {
            found.route = route;
            found.allow = match->allow;
            *match = found;
        }
    }

    if (match->route != NULL) {
        return BILLING_ALLOW;
    }

    return match->allow != 0 ? BILLING_METHOD_NOT_ALLOWED : BILLING_NOT_FOUND;
}


/*
 * Letter by letter; "{name}" takes all up to the next slash, or up to the
 * suffix that the pattern ends with.
 */

static bool
billing_route_path(const char *pattern, const char *path, size_t len,
    billing_match_t *match)
{
    const char  *end = path + len;

    memset(match, 0, sizeof(*match));

    while (*pattern != '\0') {
        size_t                n, name;
        const char           *slash;
        billing_route_text_t  value;

        if (*pattern != '{') {
            if (path == end || *path++ != *pattern++) {
                return false;
            }

            continue;
        }

        name = strcspn(pattern + 1, "}");
        n = strcspn(pattern + name + 2, "/");       /* of the suffix */

        slash = memchr(path, '/', (size_t) (end - path));
        value.data = path;
        value.len = (size_t) ((slash != NULL ? slash : end) - path);

        if (value.len <= n) {
            return false;
        }

        value.len -= n;

        if (!billing_route_param(pattern + 1, name, value, match)) {
            return false;
        }

        path += value.len;
        pattern += name + 2;
    }

    return path == end;
}


static bool
billing_route_param(const char *name, size_t name_len,
    billing_route_text_t value, billing_match_t *match)
{
    unsigned  i = match->nparams;

    if (i == sizeof(match->params) / sizeof(match->params[0])
        || name_len >= sizeof(match->params[i].name)
        || value.len >= sizeof(match->params[i].value)
        || memchr(value.data, '\0', value.len) != NULL)
    {
        return false;
    }

    memcpy(match->params[i].name, name, name_len);
    memcpy(match->params[i].value, value.data, value.len);
    match->nparams++;

    return true;
}


static unsigned
billing_route_method(const char *name, size_t len)
{
    static const struct {
        const char  *name;
        unsigned     bit;
    } methods[] = {
        { "GET",    BILLING_METHOD_GET },
        { "HEAD",   BILLING_METHOD_GET },
        { "POST",   BILLING_METHOD_POST },
        { "PUT",    BILLING_METHOD_PUT },
        { "PATCH",  BILLING_METHOD_PATCH },
        { "DELETE", BILLING_METHOD_DELETE }
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i].name) == len
            && memcmp(methods[i].name, name, len) == 0)
        {
            return methods[i].bit;
        }
    }

    return 0;
}
