/*
 * Events for who watches over the service, in a file of their own: queued
 * while the transaction is open, written when it has been committed.
 *
 * The file is opened for each writing and closed again.  There are few of
 * them, and so whoever moves the file away needs to tell nobody.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "billing_security.h"

#define BILLING_SECURITY_MAX       (8 * 1024 * 1024)    /* of one turn */
#define BILLING_SECURITY_PAUSE_MS  60000    /* between two complaints */

struct billing_security_s {
    char                    *text;          /* whole lines */
    size_t                   len;
    size_t                   max;
    int64_t                  complained_ms; /* next */
    billing_security_rate_t  rate;
};

static void billing_security_add(billing_worker_t *w,
    billing_security_line_t *line);
static bool billing_security_bounded(billing_security_event_t event);
static void billing_security_person(const billing_worker_t *w,
    const char *email, char who[BILLING_WHO_LEN + 1]);
static billing_bytes_t billing_security_bytes(const char *text);
static void billing_security_out(billing_worker_t *w);
static void billing_security_complain(billing_worker_t *w);


bool
billing_security_new(billing_worker_t *w)
{
    char  files[32];

    if (w->settings->security_log[0] == '\0') {
        return true;
    }

    billing_infra(w)->security = calloc(1, sizeof(struct billing_security_s));

    if (billing_infra(w)->security == NULL) {
        return false;
    }

    (void) snprintf(files, sizeof(files), "%u of secret_files", w->nsecrets);
    billing_security_note(w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_SECRETS_LOADED, .what = files
    });
    billing_security_flush(w);

    return true;
}


void
billing_security_free(billing_worker_t *w)
{
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s != NULL) {
        s->rate.at = 0;                 /* no second is open any more */
        billing_security_flush(w);
        free(s->text);
        free(s);
        billing_infra(w)->security = NULL;
    }
}


void
billing_security_note(billing_worker_t *w, const billing_security_note_t *note)
{
    char                        who[BILLING_WHO_LEN + 1];
    char                        whom[BILLING_WHO_LEN + 1];
    const char                 *actor;
    billing_security_line_t     line;
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s == NULL
        || (billing_security_bounded(note->event)
            && !billing_security_may(&s->rate, note->event,
                                     billing_clock_wall_ms() / 1000,
                                     BILLING_SECURITY_RATE)))
    {
        return;
    }

    actor = note->who != NULL ? note->who : w->actor;
    billing_security_person(w, actor, who);
    billing_security_person(w, note->whom, whom);

    line = (billing_security_line_t) {
        .event = note->event,
        .reason = billing_security_bytes(note->reason),
        .trace = billing_security_bytes(w->trace),
        .op = billing_security_bytes(note->op),
        .team = billing_security_bytes(note->team),
        .who = actor != NULL && strcmp(actor, BILLING_APP_ACTOR) == 0
               ? "application" : who,
        .whom = whom,
        .what = billing_security_bytes(note->what)
    };

    billing_security_add(w, &line);
}


/* Who is known to come in any number; of money and rights nothing is lost. */

static bool
billing_security_bounded(billing_security_event_t event)
{
    return event == BILLING_SECURITY_COMMAND_REFUSED
           || event == BILLING_SECURITY_MAC_BAD
           || event == BILLING_SECURITY_DEAD_LETTER;
}


static void
billing_security_add(billing_worker_t *w, billing_security_line_t *line)
{
    char                       *grown;
    size_t                      max;
    int64_t                     now_ms = billing_clock_wall_ms();
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s->len + BILLING_SECURITY_LINE_MAX > s->max) {
        max = s->max ? s->max * 2 : 16 * BILLING_SECURITY_LINE_MAX;
        grown = max <= BILLING_SECURITY_MAX ? realloc(s->text, max) : NULL;

        if (grown == NULL) {
            s->rate.left_out[line->event]++;
            return;
        }

        s->text = grown;
        s->max = max;
    }

    line->at = now_ms / 1000;
    line->at_ms = (unsigned) (now_ms % 1000);
    s->len += billing_security_write(line, s->text + s->len);
}


static void
billing_security_person(const billing_worker_t *w, const char *email,
    char who[BILLING_WHO_LEN + 1])
{
    who[0] = '\0';

    if (email != NULL && w->nsecrets > 0) {
        billing_security_who(&w->secrets[0], email, strlen(email), who);
    }
}


static billing_bytes_t
billing_security_bytes(const char *text)
{
    return (billing_bytes_t) { text, text != NULL ? strlen(text) : 0 };
}


size_t
billing_security_mark(const billing_worker_t *w)
{
    const struct billing_security_s  *s = billing_infra(w)->security;

    return s != NULL ? s->len : 0;
}


void
billing_security_undo(billing_worker_t *w, size_t mark)
{
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s != NULL && mark < s->len) {
        s->len = mark;
    }
}


void
billing_security_flush(billing_worker_t *w)
{
    billing_security_line_t     line = { .event = BILLING_SECURITY_NONE };
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s == NULL) {
        return;
    }

    billing_security_out(w);

    if (s->rate.at == billing_clock_wall_ms() / 1000) {
        return;                         /* there may be more of them yet */
    }

    for (unsigned i = 1; i < BILLING_SECURITY_EVENTS; i++) {
        line.event = billing_security_left_out(&s->rate, &line.left_out);

        if (line.event == BILLING_SECURITY_NONE) {
            break;
        }

        billing_security_add(w, &line);
    }

    billing_security_out(w);
}


static void
billing_security_out(billing_worker_t *w)
{
    int                         fd;
    struct billing_security_s  *s = billing_infra(w)->security;

    if (s->len == 0) {
        return;
    }

    fd = open(w->settings->security_log,
              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

    if (fd == -1 || write(fd, s->text, s->len) != (ssize_t) s->len) {
        billing_security_complain(w);
    }

    if (fd != -1) {
        (void) close(fd);
    }

    s->len = 0;
}


/* Money is not stopped by its log; whoever watches is told in the other. */

static void
billing_security_complain(billing_worker_t *w)
{
    int64_t                     now_ms = billing_clock_mono_ms();
    struct billing_security_s  *s = billing_infra(w)->security;

    if (now_ms >= s->complained_ms) {
        s->complained_ms = now_ms + BILLING_SECURITY_PAUSE_MS;
        billing_log("ALERT: %s: %s: security events are lost",
                    w->settings->security_log, strerror(errno));
    }
}
