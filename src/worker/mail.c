/*
 * Mails: queued in the transaction that causes them, sent afterwards, tried
 * for five days.  A mail can arrive twice only when the connection broke after
 * its final dot; it then has the same Message-ID.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <curl/curl.h>

#include "billing_infra.h"

#define BILLING_MAIL_CONNECT_MS  10000L
#define BILLING_MAIL_TIMEOUT_MS  60000L
#define BILLING_MAIL_POLL_MS     2000
#define BILLING_MAIL_RETRY_SEC   60
#define BILLING_MAIL_RETRY_MAX   (4 * 3600)
#define BILLING_MAIL_GIVE_UP_SEC (5 * 86400)
#define BILLING_MAIL_ID_MAX      192

/* Replies that are about us, not about the addressee: RFC 4954. */
#define BILLING_MAIL_AUTH_FIRST  530
#define BILLING_MAIL_AUTH_LAST   538

typedef enum {
    BILLING_MAIL_FREE = 0,
    BILLING_MAIL_FLYING,
    BILLING_MAIL_SENT,
    BILLING_MAIL_FAILED,                    /* for now */
    BILLING_MAIL_REFUSED                    /* for ever */
} billing_mail_state_t;

typedef struct {
    billing_http_transfer_t  transfer;
    billing_mail_state_t     state;
    CURL                    *easy;
    struct curl_slist       *to;
    char                    *bytes;
    size_t                   len;
    size_t                   read;
    int64_t                  attempts;
    int64_t                  created_at;
    char                     message_id[BILLING_MAIL_ID_MAX];
    char                     error[96];
} billing_mail_slot_t;

struct billing_mail_s {
    billing_mail_slot_t  slots[BILLING_MAILS_MAX];
    int64_t              poll_ms;           /* next look for due mails */
    billing_pace_t       pace;
};

static billing_db_rc_t billing_mail_start(billing_worker_t *w,
    billing_mail_slot_t *slot, const char *document,
    billing_letter_t *letter);
static void billing_mail_done(billing_worker_t *w, void *easy, int result,
    void *data);


bool
billing_mail_new(billing_worker_t *w)
{
    billing_infra(w)->mail = calloc(1, sizeof(struct billing_mail_s));

    return billing_infra(w)->mail != NULL;
}


static void
billing_mail_clear(billing_mail_slot_t *slot)
{
    curl_easy_cleanup(slot->easy);
    curl_slist_free_all(slot->to);
    free(slot->bytes);
    *slot = (billing_mail_slot_t) { .state = BILLING_MAIL_FREE };
}


/* Before billing_http_free: curl takes a handle out of its multi by itself. */

void
billing_mail_free(billing_worker_t *w)
{
    struct billing_mail_s  *mail = billing_infra(w)->mail;

    if (mail == NULL) {
        return;
    }

    for (size_t i = 0; i < BILLING_MAILS_MAX; i++) {
        billing_mail_clear(&mail->slots[i]);
    }

    free(mail);
    billing_infra(w)->mail = NULL;
}


/* --- in the transaction --------------------------------------------------- */


static bool
billing_mail_id(const billing_worker_t *w, char id[BILLING_MAIL_ID_MAX])
{
    char         hex[33];
    uint8_t      random[16];
    const char  *at = strchr(w->settings->mail_from, '@');

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return false;
    }

    billing_hex(random, sizeof(random), hex);
    (void) snprintf(id, BILLING_MAIL_ID_MAX, "%s%.150s", hex,
                    at ? at : "@localhost");

    return true;
}


static const char *
billing_mail_domain(const char *to)
{
    const char  *at = strrchr(to, '@');

    return at != NULL ? at + 1 : to;
}


billing_db_rc_t
billing_mail_queue(billing_worker_t *w, const char *to,
    const char *template_key, const char *lang, const json_t *args,
    int64_t now)
{
    char               key[96], id[BILLING_MAIL_ID_MAX];
    char              *subject, *text;
    json_t            *words;
    const char        *number;          /* of the document it is about */
    billing_lang_t     language;
    billing_db_rc_t    rc = BILLING_DB_CONFLICT;
    static const char  sql[] =
        "INSERT INTO mail_outbox (message_id, recipient, template, lang,"
        " subject, text, state, created_at, next_at, attachment, domain,"
        " place) VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $7, $8, $9,"
        " $10)";

    language = (strcmp(lang, "fr") == 0) ? BILLING_LANG_FR : BILLING_LANG_EN;

    words = billing_words_json(args, language);
    number = json_string_value(json_object_get(args, "number"));
    number = number != NULL ? number : "";

    (void) snprintf(key, sizeof(key), "%s.subject", template_key);
    subject = billing_text_format(key, language, words);
    (void) snprintf(key, sizeof(key), "%s.text", template_key);
    text = billing_text_format(key, language, words);
    json_decref(words);

    if (subject != NULL && text != NULL && billing_mail_id(w, id)) {

        /* Who has paid, or has to pay, does not wait behind notices. */

        rc = billing_db_later(w->db, sql, "ttttttitti", id, to, template_key,
                              billing_lang_name(language), subject, text, now,
                              number, billing_mail_domain(to),
                              (int64_t) (number[0] == '\0'));

        billing_infra(w)->mail->poll_ms = 0;
    }

    free(subject);
    free(text);

    return rc;
}


int64_t
billing_mail_due_ms(const billing_worker_t *w)
{
    return w->settings->mail_url[0] != '\0' ? billing_infra(w)->mail->poll_ms
                                            : INT64_MAX;
}


void
billing_mail_hurry(billing_worker_t *w)
{
    if (billing_infra(w)->mail != NULL) {
        billing_infra(w)->mail->poll_ms = 0;
    }
}


bool
billing_mail_finished(const billing_worker_t *w)
{
    const struct billing_mail_s  *mail = billing_infra(w)->mail;

    for (size_t i = 0; i < BILLING_MAILS_MAX; i++) {
        if (mail->slots[i].state > BILLING_MAIL_FLYING) {
            return true;
        }
    }

    return false;
}


static int64_t
billing_mail_pause(int64_t attempts)
{
    int64_t  pause = BILLING_MAIL_RETRY_SEC;

    while (attempts-- > 0 && pause < BILLING_MAIL_RETRY_MAX) {
        pause *= 2;
    }

    return (pause < BILLING_MAIL_RETRY_MAX) ? pause : BILLING_MAIL_RETRY_MAX;
}


static const char *
billing_mail_verdict(const billing_mail_slot_t *slot, int64_t now)
{
    if (slot->state == BILLING_MAIL_SENT) {
        return "sent";
    }

    if (slot->state == BILLING_MAIL_REFUSED
        || now - slot->created_at > BILLING_MAIL_GIVE_UP_SEC)
    {
        billing_log("ALERT: mail <%s> given up: %s", slot->message_id,
                    slot->error);
        return "refused";
    }

    return "queued";
}


billing_db_rc_t
billing_mail_store(billing_worker_t *w, int64_t now)
{
    billing_db_rc_t         rc = BILLING_DB_OK;
    struct billing_mail_s  *mail = billing_infra(w)->mail;
    static const char       sql[] =
        "UPDATE mail_outbox SET state = $2, attempts = attempts + 1,"
        " next_at = $3, error = $4, ended_at = CASE WHEN $2 = 'queued'"
        " THEN 0 ELSE $5 END WHERE message_id = $1";

    for (size_t i = 0; i < BILLING_MAILS_MAX && rc == BILLING_DB_OK; i++) {
        billing_mail_slot_t  *slot = &mail->slots[i];

        if (slot->state <= BILLING_MAIL_FLYING) {
            continue;
        }

        rc = billing_db_exec(w->db, sql, "ttiti", slot->message_id,
                             billing_mail_verdict(slot, now),
                             now + billing_mail_pause(slot->attempts),
                             slot->error, now);
    }

    return rc;
}


void
billing_mail_stored(billing_worker_t *w)
{
    struct billing_mail_s  *mail = billing_infra(w)->mail;

    for (size_t i = 0; i < BILLING_MAILS_MAX; i++) {
        if (mail->slots[i].state > BILLING_MAIL_FLYING) {
            billing_mail_clear(&mail->slots[i]);
            mail->poll_ms = 0;
        }
    }
}


/* --- sending -------------------------------------------------------------- */


static billing_mail_slot_t *
billing_mail_slot(struct billing_mail_s *mail)
{
    for (size_t i = 0; i < BILLING_MAILS_MAX; i++) {
        if (mail->slots[i].state == BILLING_MAIL_FREE) {
            return &mail->slots[i];
        }
    }

    return NULL;
}


static bool
billing_mail_known(const struct billing_mail_s *mail, const char *id)
{
    for (size_t i = 0; i < BILLING_MAILS_MAX; i++) {
        if (mail->slots[i].state != BILLING_MAIL_FREE
            && strcmp(mail->slots[i].message_id, id) == 0)
        {
            return true;
        }
    }

    return false;
}


billing_db_rc_t
billing_mail_send(billing_worker_t *w, int64_t now)
{
    int64_t                 mono_ms = billing_clock_mono_ms();
    uint32_t                limit = w->settings->mail_domain_per_minute;
    billing_db_rc_t         rc;
    char                    full[BILLING_PACE_FULL][BILLING_EMAIL_MAX + 1];
    billing_letter_t        letter;
    billing_mail_slot_t    *slot;
    struct billing_mail_s  *mail = billing_infra(w)->mail;
    static const char       sql[] =
        "SELECT message_id, recipient, subject, text, created_at, attempts,"
        " lang, attachment FROM mail_outbox WHERE state = 'queued'"
        " AND next_at <= $1 AND domain NOT IN ($3, $4, $5, $6)"
        " AND NOT EXISTS (SELECT 1 FROM document_file"
        " WHERE name = mail_outbox.attachment AND content = ''"
        " AND made_at <= $1)"
        " ORDER BY place, next_at LIMIT $2";

    if (w->settings->mail_url[0] == '\0' || mono_ms < mail->poll_ms
        || mono_ms < billing_leisure_ms(&billing_infra(w)->leisure))
    {
        return BILLING_DB_OK;
    }

    mail->poll_ms = mono_ms + BILLING_MAIL_POLL_MS;
    (void) billing_pace_full(&mail->pace, limit, mono_ms, full);

    rc = billing_db_query(w->db, sql, "iitttt", now,
                          (int64_t) BILLING_MAILS_MAX * 2, full[0], full[1],
                          full[2], full[3]);

    for ( /* void */ ; rc == BILLING_DB_ROW; rc = billing_db_next(w->db, sql))
    {
        letter = (billing_letter_t) {
            .from = w->settings->mail_from,
            .from_name = w->settings->seller_name,
            .message_id = billing_db_text(w->db, sql, 0),
            .to = billing_db_text(w->db, sql, 1),
            .subject = billing_db_text(w->db, sql, 2),
            .text = billing_db_text(w->db, sql, 3),
            .at = billing_db_int(w->db, sql, 4),
            .lang = billing_db_text(w->db, sql, 6)
        };

        slot = billing_mail_slot(mail);
        if (slot == NULL) {
            break;
        }

        if (billing_mail_known(mail, letter.message_id)
            || !billing_pace_may(&mail->pace, billing_mail_domain(letter.to),
                                 limit, mono_ms))
        {
            continue;
        }

        slot->attempts = billing_db_int(w->db, sql, 5);
        rc = billing_mail_start(w, slot, billing_db_text(w->db, sql, 7),
                                &letter);

        if (rc != BILLING_DB_OK) {
            break;
        }
    }

    billing_db_done(w->db, sql);
    billing_leisure_spent(&billing_infra(w)->leisure, mono_ms,
                          billing_clock_mono_ms());

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}


static size_t
billing_mail_read(char *out, size_t size, size_t n, void *data)
{
    billing_mail_slot_t  *slot = data;

    n *= size;
    if (n > slot->len - slot->read) {
        n = slot->len - slot->read;
    }

    memcpy(out, slot->bytes + slot->read, n);
    slot->read += n;

    return n;
}


/* Without TLS only to a relay on this machine: nothing to be read or forged. */

static bool
billing_mail_near(const char *url)
{
    static const char *const  hosts[] = {
        "smtp://127.", "smtp://localhost:", "smtp://localhost/",
        "smtp://[::1]", NULL
    };

    for (size_t i = 0; hosts[i] != NULL; i++) {
        if (strncmp(url, hosts[i], strlen(hosts[i])) == 0) {
            return true;
        }
    }

    return strcmp(url, "smtp://localhost") == 0;
}


static bool
billing_mail_options(billing_worker_t *w, billing_mail_slot_t *slot)
{
    unsigned     bad = 0;
    long         tls = CURLUSESSL_ALL;
    CURL        *easy = slot->easy;
    const char  *url = w->settings->mail_url;

    if (billing_mail_near(url) && w->settings->mail_user[0] == '\0'
        && w->settings->mail_ca_file[0] == '\0')
    {
        tls = CURLUSESSL_NONE;
    }

    if (w->settings->mail_ca_file[0] != '\0') {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO,
                                w->settings->mail_ca_file);
    }

    if (w->settings->mail_user[0] != '\0') {
        bad |= curl_easy_setopt(easy, CURLOPT_USERNAME,
                                w->settings->mail_user);
        bad |= curl_easy_setopt(easy, CURLOPT_PASSWORD,
                                billing_infra(w)->mail_password);
    }

    bad |= curl_easy_setopt(easy, CURLOPT_URL, url);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_USE_SSL, tls);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            BILLING_MAIL_CONNECT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, BILLING_MAIL_TIMEOUT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_MAIL_FROM, w->settings->mail_from);
    bad |= curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, slot->to);
    bad |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, billing_mail_read);
    bad |= curl_easy_setopt(easy, CURLOPT_READDATA, slot);
    bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                            (curl_off_t) slot->len);

    return bad == 0;
}


static billing_db_rc_t
billing_mail_start(billing_worker_t *w, billing_mail_slot_t *slot,
    const char *document, billing_letter_t *letter)
{
    char             *text;
    billing_db_rc_t   rc;
    billing_dress_t   dress;

    (void) snprintf(slot->message_id, sizeof(slot->message_id), "%s",
                    letter->message_id);
    slot->created_at = letter->at;
    slot->transfer.done = billing_mail_done;
    slot->transfer.data = slot;

    text = billing_invitation_reveal(w, letter->text);
    if (text == NULL) {
        slot->state = BILLING_MAIL_FAILED;
        (void) snprintf(slot->error, sizeof(slot->error), "no token");
        return BILLING_DB_OK;
    }

    letter->text = text;
    rc = billing_mail_dress(w, document, letter, &dress);

    if (rc == BILLING_DB_OK) {
        slot->bytes = billing_letter_format(letter, &slot->len);
        billing_mail_undress(&dress);
    }

    free(text);

    if (rc != BILLING_DB_OK) {
        slot->state = BILLING_MAIL_FAILED;
        (void) snprintf(slot->error, sizeof(slot->error), "no document");
        return rc == BILLING_DB_FATAL ? rc : BILLING_DB_OK;
    }

    if (slot->bytes == NULL) {
        slot->state = BILLING_MAIL_REFUSED;
        (void) snprintf(slot->error, sizeof(slot->error), "not a mailbox");
        return BILLING_DB_OK;
    }

    slot->to = curl_slist_append(NULL, letter->to);
    slot->easy = curl_easy_init();
    slot->state = BILLING_MAIL_FLYING;

    if (slot->to == NULL || slot->easy == NULL
        || !billing_mail_options(w, slot)
        || !billing_http_add(w, slot->easy, &slot->transfer))
    {
        slot->state = BILLING_MAIL_FAILED;
        (void) snprintf(slot->error, sizeof(slot->error), "cannot be started");
    }

    return BILLING_DB_OK;
}


static void
billing_mail_done(billing_worker_t *w, void *easy, int result, void *data)
{
    long                  code = 0;
    curl_off_t            told = 0;
    billing_mail_slot_t  *slot = data;

    (void) w;
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_RESPONSE_CODE, &code);
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_SIZE_UPLOAD_T, &told);

    if (result == CURLE_OK) {
        slot->state = BILLING_MAIL_SENT;
        return;
    }

    slot->state = BILLING_MAIL_FAILED;
    (void) snprintf(slot->error, sizeof(slot->error), "%ld %s", code,
                    curl_easy_strerror((CURLcode) result));

    /* Whom the relay will not greet hears nothing about this mail. */

    if (code >= 500 && code < 600
        && (result == CURLE_SEND_ERROR || told > 0)
        && (code < BILLING_MAIL_AUTH_FIRST || code > BILLING_MAIL_AUTH_LAST))
    {
        slot->state = BILLING_MAIL_REFUSED;
    }

    billing_log("mail <%s> not sent: %s", slot->message_id, slot->error);
}
