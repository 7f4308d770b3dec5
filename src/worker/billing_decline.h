/* Part of billing_business.h: too many cards or purchases (decline.c). */

#ifndef BILLING_DECLINE_H
#define BILLING_DECLINE_H

/* Whether somebody is there who wants it, and the card is of their choice. */
bool billing_checkout_asked(const billing_checkout_t *co);

typedef struct {
    const char      *team;              /* that pays */
    const char      *profile;
    billing_lang_t   lang;
} billing_payer_t;

/* OK, or DONE with the refusal while no card of theirs is tried (P54). */
BILLING_MUST_CHECK billing_db_rc_t billing_decline_may(billing_worker_t *w,
    const billing_payer_t *payer, int64_t now, billing_op_reply_t *reply);

/* The same of a team that has bought too often lately. */
BILLING_MUST_CHECK billing_db_rc_t billing_purchases_may(billing_op_t *op,
    const char *team);

/* Remembers a checkout that ended because its card was declined. */
BILLING_MUST_CHECK billing_db_rc_t billing_decline_note(billing_worker_t *w,
    const billing_checkout_t *co, const billing_ending_t *ending);

#endif /* BILLING_DECLINE_H */
