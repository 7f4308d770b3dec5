/* billingctl who: the pseudonym of an address, to search security logs. */

#include "billing_ctl.h"

#include <string.h>


static int billing_ctl_who_print(const billing_ctl_session_t *s,
    const char *email);


const char  billing_ctl_who_help[] =
    "Usage: billingctl who [--json] EMAIL\n"
    "\n"
    "How the security logs of nginx and billing-worker name that person:\n"
    "\"who\" of what they did, \"whom\" of what was done to them.  One line\n"
    "for each of secret_files, the first being the one in use: who searches\n"
    "lines of before a change of the secret searches for the others too.\n";


int
billing_ctl_who(const billing_ctl_t *ctl)
{
    int                    rc;
    char                   email[BILLING_EMAIL_MAX + 1];
    billing_ctl_session_t  s;

    if (ctl->argc != 1
        || billing_email_normalise(ctl->argv[0], strlen(ctl->argv[0]), email)
           != BILLING_OK)
    {
        return billing_ctl_fail("who needs an e-mail address");
    }

    memset(&s, 0, sizeof(s));
    s.ctl = ctl;
    s.w.infra = &s.infra;
    s.w.settings = &s.settings;

    if (!billing_ctl_settings(ctl, &s.settings) || !billing_ctl_secrets(&s)) {
        return BILLING_CTL_USAGE;
    }

    rc = billing_ctl_who_print(&s, email);
    billing_config_wipe(&s.w);

    return rc;
}


static int
billing_ctl_who_print(const billing_ctl_session_t *s, const char *email)
{
    char     who[BILLING_WHO_LEN + 1];
    json_t  *list = json_array();

    for (unsigned i = 0; i < s->w.nsecrets; i++) {
        billing_security_who(&s->w.secrets[i], email, strlen(email), who);
        (void) json_array_append_new(list, json_string(who));

        if ((s->ctl->given & BILLING_CTL_JSON) == 0) {
            (void) printf("%s\n", who);
        }
    }

    if ((s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(json_pack("{s:o}", "who", list),
                                 BILLING_CTL_DONE);
    }

    json_decref(list);

    return billing_ctl_flush(BILLING_CTL_DONE);
}
