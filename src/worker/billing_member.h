/* Part of billing_business.h: members of one team (member.c). */

#ifndef BILLING_MEMBER_H
#define BILLING_MEMBER_H

/* In this team alone; 0 when there is no such member. */
BILLING_MUST_CHECK billing_db_rc_t billing_member_roles(billing_worker_t *w,
    const char *team, const char *email, uint32_t *roles);

typedef struct {
    const char  *team;
    const char  *email;
    uint32_t     roles;                 /* 0 removes */
    int64_t      now;
} billing_member_change_t;

/*
 * Adds or changes a member and publishes it; its licence follows, roles of the
 * whole company stay, and the team is not touched.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_member_store(billing_worker_t *w,
    const billing_member_change_t *change);

BILLING_MUST_CHECK billing_db_rc_t billing_profile_ensure(billing_worker_t *w,
    const char *email, billing_lang_t lang, int64_t now);

/* Publishes what is written of somebody, and that the team has changed. */
BILLING_MUST_CHECK billing_db_rc_t billing_member_changed(
    billing_worker_t *w, const char *team, const char *email);

/* How many members hold one of these roles, and the first of them by name. */
BILLING_MUST_CHECK billing_db_rc_t billing_member_count(billing_worker_t *w,
    const char *team, uint32_t roles, uint32_t *n,
    char first[BILLING_EMAIL_MAX + 1]);

#endif /* BILLING_MEMBER_H */
