/* Part of billing_business.h: how people come to teams. */

#ifndef BILLING_PEOPLE_H
#define BILLING_PEOPLE_H

#define BILLING_INVITES_DAY_MAX   500   /* mails of one team in a day */
#define BILLING_INVITE_AGAIN_SEC  3600  /* the same mail, no sooner */
#define BILLING_REQUESTS_OPEN_MAX 200   /* undecided ones of one team */


/* --- operations ----------------------------------------------------------- */

billing_db_rc_t billing_op_team_change(billing_op_t *op);
billing_db_rc_t billing_op_team_join(billing_op_t *op);
billing_db_rc_t billing_op_invite(billing_op_t *op);
billing_db_rc_t billing_op_invitation_revoke(billing_op_t *op);
billing_db_rc_t billing_op_invitation_accept(billing_op_t *op);
billing_db_rc_t billing_query_invitations(billing_op_t *op);
billing_db_rc_t billing_op_ask(billing_op_t *op);
billing_db_rc_t billing_op_ask_decide(billing_op_t *op);
billing_db_rc_t billing_query_asks(billing_op_t *op);
billing_db_rc_t billing_op_domain_add(billing_op_t *op);
billing_db_rc_t billing_op_domain_remove(billing_op_t *op);
billing_db_rc_t billing_op_domain_policy(billing_op_t *op);
billing_db_rc_t billing_op_domain_verified(billing_op_t *op);
billing_db_rc_t billing_query_domains(billing_op_t *op);


/* --- joining (op_member.c) ------------------------------------------------ */

/*
 * This person joins this team with these roles, on a seat where one is needed;
 * *row is as it stands then.  DONE with the refusal, nothing written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_member_join(billing_op_t *op,
    billing_team_row_t *row, const char *email, uint32_t roles);

/* A seat for somebody who is to come; DONE with the refusal. */
BILLING_MUST_CHECK billing_db_rc_t billing_member_hold(billing_op_t *op,
    billing_team_row_t *row);

/* The member becomes Team Admin by the actor's right; DONE: refused. */
BILLING_MUST_CHECK billing_db_rc_t billing_member_grant(billing_op_t *op,
    billing_team_row_t *row, const char *email);

/* INVITE_FORBIDDEN with whom to ask (R205); always DONE or an error. */
billing_db_rc_t billing_invite_deny(billing_op_t *op,
    const billing_team_row_t *row);


/* --- profiles (profile.c) ------------------------------------------------- */

/* A managed profile that is new belongs to a team: it joins it (R217). */
BILLING_MUST_CHECK billing_db_rc_t billing_profile_capture(
    billing_worker_t *w, const char *email, int64_t now);

/* Whether billing_profile_enter would make a difference. */
BILLING_MUST_CHECK billing_db_rc_t billing_profile_awaited(
    billing_worker_t *w, const char *email, int64_t now, bool *awaited);

/* OK, or DONE with "en" for somebody not known (subscription_mail.c). */
BILLING_MUST_CHECK billing_db_rc_t billing_profile_lang(billing_worker_t *w,
    const char *email, char lang[8]);


/* --- invitations (invitation.c) ------------------------------------------- */

typedef struct {
    char     id[BILLING_ID_MAX + 1];
    char     team[BILLING_ID_MAX + 1];
    char     email[BILLING_EMAIL_MAX + 1];
    char     inviter[BILLING_EMAIL_MAX + 1];
    char     state[12];
    bool     pending;                   /* though it may be too old */
    bool     seat;                      /* holds one */
    int64_t  created_at;
    int64_t  sent_at;
    int64_t  expires_at;
} billing_invitation_t;

/* OK, or DONE when there is none; the last one looks for a pending one. */
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_load(
    billing_worker_t *w, const char *id, billing_invitation_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_by_token(
    billing_worker_t *w, const char *token, billing_invitation_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_of(
    billing_worker_t *w, const char *team, const char *email,
    billing_invitation_t *out);

/* A new one, its token and mail; one that is pending is sent again at most. */
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_make(billing_op_t *op,
    billing_team_row_t *row, const char *email, billing_invitation_t *out);

BILLING_MUST_CHECK billing_db_rc_t billing_invitation_end(
    billing_worker_t *w, const char *id, const char *state, int64_t now);

/* Who has joined needs no invitation and no request any more. */
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_met(
    billing_worker_t *w, const char *team, const char *email, int64_t now);

/* Seats that invitations hold in the teams of an account. */
BILLING_MUST_CHECK billing_db_rc_t billing_invitation_seats(
    billing_worker_t *w, const char *account, int64_t now, uint32_t *n);

json_t *billing_invitation_json(const billing_invitation_t *invitation,
    int64_t now);


/* --- the end of a team (people_end.c) ------------------------------------- */

/* Invitations, requests and domains of an account that is one team now. */
BILLING_MUST_CHECK billing_db_rc_t billing_people_merge(billing_worker_t *w,
    const char *account);

/* The same of a team that is deleted; others of its account may go on. */
BILLING_MUST_CHECK billing_db_rc_t billing_people_end(billing_worker_t *w,
    const char *team);


/* --- requests (ask.c) ----------------------------------------------------- */

typedef struct {
    char            id[BILLING_ID_MAX + 1];
    char            team[BILLING_ID_MAX + 1];
    char            actor[BILLING_EMAIL_MAX + 1];
    char            email[BILLING_EMAIL_MAX + 1];   /* whom it is about */
    char            state[12];
    billing_ask_t   kind;
    int64_t         created_at;
} billing_ask_row_t;

/* Written, and its admins are told; DONE with REQUEST_OPEN and the like. */
BILLING_MUST_CHECK billing_db_rc_t billing_ask_make(billing_op_t *op,
    const billing_team_row_t *row, billing_ask_t kind, const char *email,
    json_t **out);

BILLING_MUST_CHECK billing_db_rc_t billing_ask_load(billing_worker_t *w,
    const char *id, billing_ask_row_t *out);
json_t *billing_ask_json(const billing_ask_row_t *ask);


/* --- domains (email_domain.c) --------------------------------------------- */

typedef struct {
    char     name[BILLING_DOMAIN_MAX + 1];
    char     team[BILLING_ID_MAX + 1];  /* of who holds it */
    char     token[BILLING_ID_MAX + 1];
    char     capture_team[BILLING_ID_MAX + 1];      /* "" none */
    int64_t  created_at;
    int64_t  verified_at;
    billing_domain_control_t  control;  /* its domain is the name above */
} billing_domain_row_t;

/* OK, or DONE when nobody holds it. */
BILLING_MUST_CHECK billing_db_rc_t billing_domain_load(billing_worker_t *w,
    const char *name, billing_domain_row_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_domain_of(billing_worker_t *w,
    const char *email, billing_domain_row_t *out);

/* Writes it, new or not. */
BILLING_MUST_CHECK billing_db_rc_t billing_domain_store(billing_worker_t *w,
    const billing_domain_row_t *row);

/* Whether this address may pay for that team, "" for one of its own (R22). */
BILLING_MUST_CHECK billing_db_rc_t billing_domain_lets(billing_worker_t *w,
    const char *email, const char *team, bool *lets);

/* The same as OK, or DONE with TEAM_CREATE_DOMAIN. */
BILLING_MUST_CHECK billing_db_rc_t billing_domain_may(billing_op_t *op,
    const char *team);

/* Whether both teams are of one subscription. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_same(billing_worker_t *w,
    const char *a, const char *b, bool *same);

/* Whether the team shows itself to the domain of the address (R25). */
BILLING_MUST_CHECK billing_db_rc_t billing_domain_shows(billing_worker_t *w,
    const char *email, const char *team, bool *shows);


/* --- mails (people_mail.c), answers (people_json.c) ----------------------- */

BILLING_MUST_CHECK billing_db_rc_t billing_invitation_mail(billing_op_t *op,
    const billing_team_row_t *row, const billing_invitation_t *invitation);
BILLING_MUST_CHECK billing_db_rc_t billing_ask_mail(billing_op_t *op,
    const billing_team_row_t *row, const billing_ask_row_t *ask);
BILLING_MUST_CHECK billing_db_rc_t billing_ask_answer_mail(billing_op_t *op,
    const billing_team_row_t *row, const billing_ask_row_t *ask);

/* Into the team's answer: its settings for admins, its link for members. */
void billing_settings_json(const billing_worker_t *w,
    const billing_team_row_t *row, uint32_t roles, json_t *team);

/* Into the dashboard: what waits for this profile, whatever its team. */
BILLING_MUST_CHECK billing_db_rc_t billing_dashboard_people(billing_op_t *op,
    json_t *body);

#endif /* BILLING_PEOPLE_H */
