/* The Enterprise request: what a representative needs to call back. */

#include "billing_domain.h"

#include <string.h>


static const char *billing_form_fault(
    const billing_enterprise_form_t *form);
static bool billing_form_name(const char *text);
static bool billing_form_email(const char *text);


billing_reason_t
billing_enterprise_form_allowed(const billing_enterprise_form_t *form,
    const char **field)
{
    *field = billing_form_fault(form);

    return *field == NULL ? BILLING_ALLOW
                          : BILLING_ENTERPRISE_FORM_INCOMPLETE;
}


static const char *
billing_form_fault(const billing_enterprise_form_t *form)
{
    if (!billing_form_name(form->name)) {
        return "name";
    }

    if (!billing_form_email(form->email)) {
        return "email";
    }

    if (!billing_form_name(form->company)) {
        return "company";
    }

    if (form->users < 0 || form->users > BILLING_ENTERPRISE_USERS_MAX) {
        return "users";
    }

    if (form->message != NULL
        && strlen(form->message) > BILLING_ENTERPRISE_MESSAGE_MAX)
    {
        return "message";
    }

    return NULL;
}


static bool
billing_form_name(const char *text)
{
    return text != NULL && billing_name_valid(text, strlen(text));
}


static bool
billing_form_email(const char *text)
{
    char  address[BILLING_EMAIL_MAX + 1];

    return text != NULL
           && billing_email_normalise(text, strlen(text), address)
              == BILLING_OK;
}
