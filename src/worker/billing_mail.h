/* Part of billing_infra.h: mails, from the outbox to the relay. */

#ifndef BILLING_MAIL_H
#define BILLING_MAIL_H

/* --- mail.c --------------------------------------------------------------- */

bool billing_mail_new(billing_worker_t *w);
void billing_mail_free(billing_worker_t *w);
/* When to look for due mails, and: now. */
int64_t billing_mail_due_ms(const billing_worker_t *w);
void billing_mail_hurry(billing_worker_t *w);
/* Starts what is due, when there is leisure; needs no transaction. */
BILLING_MUST_CHECK billing_db_rc_t billing_mail_send(billing_worker_t *w,
    int64_t now);
/* Results of finished mails to be written; needs a transaction. */
bool billing_mail_finished(const billing_worker_t *w);
BILLING_MUST_CHECK billing_db_rc_t billing_mail_store(billing_worker_t *w,
    int64_t now);
void billing_mail_stored(billing_worker_t *w);      /* committed */


/* --- letter.c and what goes with it -------------------------------------- */

typedef struct {
    const char  *from;
    const char  *from_name;
    const char  *to;
    const char  *subject;
    const char  *message_id;
    const char  *text;
    const char  *lang;                  /* NULL not said */
    const char  *html;                  /* the same text, or NULL */
    const char  *file_name;             /* of a PDF, or NULL: plain letters */
    const char  *file;
    size_t       file_len;
    int64_t      at;
} billing_letter_t;

/* RFC 5322 bytes, malloc'ed; NULL when an address could break a header. */
char *billing_letter_format(const billing_letter_t *letter, size_t *len);

typedef struct {
    char    *bytes;
    size_t   len;
    size_t   max;
    bool     failed;
} billing_letter_buffer_t;

/* letter.c and letter_part.c: what a letter is made of. */
void billing_letter_add(billing_letter_buffer_t *out, const char *text,
    size_t len);
void billing_letter_put(billing_letter_buffer_t *out, const char *text);
size_t billing_letter_cut(const char *text, size_t len, size_t max);
void billing_letter_base64(billing_letter_buffer_t *out,
    const unsigned char *in, size_t len);
void billing_letter_body(billing_letter_buffer_t *out,
    const billing_letter_t *letter);

/* mail_pace.c: how many mails a domain gets in a minute. */

#define BILLING_PACE_DOMAINS  64
#define BILLING_PACE_FULL     4         /* kept out of the look for due mails */

typedef struct {
    char      name[BILLING_EMAIL_MAX + 1];
    int64_t   window_ms;
    uint32_t  n;
} billing_pace_domain_t;

typedef struct {
    billing_pace_domain_t  domains[BILLING_PACE_DOMAINS];
} billing_pace_t;

/* Counts one; false when the domain has had its share. */
bool billing_pace_may(billing_pace_t *pace, const char *domain,
    uint32_t limit, int64_t mono_ms);
/* Copies of those that have; the rest of names is no domain. */
unsigned billing_pace_full(const billing_pace_t *pace, uint32_t limit,
    int64_t mono_ms, char names[BILLING_PACE_FULL][BILLING_EMAIL_MAX + 1]);

/* mail_body.c: the HTML and the document that go with a mail. */
typedef struct {
    char  *html;
    char  *file;
    char   file_name[128];
} billing_dress_t;

BILLING_MUST_CHECK billing_db_rc_t billing_mail_dress(billing_worker_t *w,
    const char *document, billing_letter_t *letter, billing_dress_t *dress);
void billing_mail_undress(billing_dress_t *dress);

#endif /* BILLING_MAIL_H */
