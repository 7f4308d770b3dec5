/*
 * The two streams: entries from nginx, each handled at least once.
 *
 * A worker that becomes the committer first takes over what its predecessor
 * was given and did not acknowledge.  Entries delivered more than once are
 * claimed alone, one turn each: one that ends the process then takes no
 * innocent neighbour with it, and is set aside after the fifth delivery.
 * Claiming by XPENDING and XCLAIM rather than XAUTOCLAIM, which does not tell
 * how often an entry was delivered.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_STREAM_GROUP      "worker"
#define BILLING_STREAM_CONSUMER   "committer"
#define BILLING_STREAM_BLOCK_MS   "1000"
#define BILLING_STREAM_COUNT      "256"
#define BILLING_STREAM_SWEEP_MS   30000     /* acknowledgements that got lost */
#define BILLING_STREAM_IDLE_MS    "30000"
#define BILLING_READ_MAX          (BILLING_TURN_MAX * BILLING_STREAMS)
#define BILLING_STREAM_INBOX_MAX  (2 * BILLING_READ_MAX)

struct billing_stream_s {
    bool               started;
    bool               asked;               /* a read or claim is on its way */
    bool               recovered[BILLING_STREAMS];
    int64_t            sweep_ms;
    billing_entries_t  inbox;
};

static const char  *billing_stream_nouns[BILLING_STREAMS] = {
    "commands", "queries"
};

static void billing_stream_ask(billing_worker_t *w);
static void billing_stream_ask_pending(billing_worker_t *w,
    billing_stream_name_t stream);
static void billing_stream_pending(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_stream_claim(billing_worker_t *w,
    billing_stream_name_t stream, const redisReply *page);
static void billing_stream_claimed(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_stream_read(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_stream_sweep(billing_worker_t *w);


const char *
billing_stream_noun(billing_stream_name_t stream)
{
    return billing_stream_nouns[stream];
}


bool
billing_stream_new(billing_worker_t *w)
{
    billing_infra(w)->stream = calloc(1, sizeof(struct billing_stream_s));

    return billing_infra(w)->stream != NULL;
}


void
billing_stream_free(billing_worker_t *w)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    if (s != NULL) {
        billing_entries_release(&s->inbox);
        free(s->inbox.entries);
        free(s);
        billing_infra(w)->stream = NULL;
    }
}


void
billing_stream_start(billing_worker_t *w)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    s->started = true;
    s->asked = false;
    s->sweep_ms = billing_clock_mono_ms() + BILLING_STREAM_SWEEP_MS;
    memset(s->recovered, 0, sizeof(s->recovered));
}


/* What was read stays pending in Redis and will be claimed again. */

void
billing_stream_stop(billing_worker_t *w)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    s->started = false;
    billing_entries_release(&s->inbox);
}


int64_t
billing_stream_tick(billing_worker_t *w, int64_t mono_ms)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    if (!s->started || !billing_redis_up(w)) {
        return INT64_MAX;
    }

    if (mono_ms >= s->sweep_ms) {
        s->sweep_ms = mono_ms + BILLING_STREAM_SWEEP_MS;
        billing_stream_sweep(w);
    }

    if (!s->asked && !billing_infra(w)->draining) {
        billing_stream_ask(w);
    }

    return s->sweep_ms;
}


/*
 * While taking over, nothing may be on its way to being acknowledged, or it
 * would be claimed once more.
 */

static void
billing_stream_ask(billing_worker_t *w)
{
    struct billing_stream_s   *s = billing_infra(w)->stream;
    billing_redis_command_t    command = { .handler = billing_stream_read };

    for (unsigned i = 0; i < BILLING_STREAMS; i++) {
        if (s->recovered[i]) {
            continue;
        }

        if (s->inbox.n == 0
            && billing_redis_pending(w, BILLING_LINK_WRITER) == 0)
        {
            billing_stream_ask_pending(w, (billing_stream_name_t) i);
        }

        return;
    }

    if (s->inbox.n > BILLING_STREAM_INBOX_MAX - BILLING_READ_MAX) {
        return;
    }

    billing_redis_word(&command, "XREADGROUP");
    billing_redis_word(&command, "GROUP");
    billing_redis_word(&command, BILLING_STREAM_GROUP);
    billing_redis_word(&command, BILLING_STREAM_CONSUMER);
    billing_redis_word(&command, "COUNT");
    billing_redis_word(&command, BILLING_STREAM_COUNT);
    billing_redis_word(&command, "BLOCK");
    billing_redis_word(&command, BILLING_STREAM_BLOCK_MS);
    billing_redis_word(&command, "STREAMS");
    billing_redis_word(&command, billing_redis_name(w, "commands"));
    billing_redis_word(&command, billing_redis_name(w, "queries"));
    billing_redis_word(&command, ">");
    billing_redis_word(&command, ">");

    s->asked = billing_redis_send(w, BILLING_LINK_READER, &command);
}


static void
billing_stream_ask_pending(billing_worker_t *w, billing_stream_name_t stream)
{
    struct billing_stream_s   *s = billing_infra(w)->stream;
    billing_redis_command_t    command = {
        .handler = billing_stream_pending, .data = stream
    };

    billing_redis_word(&command, "XPENDING");
    billing_redis_word(&command,
                       billing_redis_name(w, billing_stream_nouns[stream]));
    billing_redis_word(&command, BILLING_STREAM_GROUP);
    billing_redis_word(&command, "-");
    billing_redis_word(&command, "+");
    billing_redis_word(&command, BILLING_STREAM_COUNT);

    s->asked = billing_redis_send(w, BILLING_LINK_READER, &command);
}


/* True when the reply cannot be used: the connection is given up. */

static bool
billing_stream_refused(billing_worker_t *w, const redisReply *reply)
{
    billing_infra(w)->stream->asked = false;

    if (reply == NULL) {
        return true;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        billing_redis_drop(w, reply->str);
        return true;
    }

    return false;
}


static void
billing_stream_pending(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;
    billing_stream_name_t     stream = (billing_stream_name_t) data;

    if (billing_stream_refused(w, reply) || !s->started) {
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        s->recovered[stream] = true;
        return;
    }

    billing_stream_claim(w, stream, reply);
}


/* How often a row of XPENDING was delivered; 0 when it is none. */

static uint32_t
billing_stream_deliveries(const redisReply *row)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 4
        || row->element[0]->type != REDIS_REPLY_STRING
        || row->element[3]->type != REDIS_REPLY_INTEGER)
    {
        return 0;
    }

    if (row->element[3]->integer < 1) {
        return 1;
    }

    return (row->element[3]->integer > 1000)
           ? 1000 : (uint32_t) row->element[3]->integer;
}


static void
billing_stream_claim(billing_worker_t *w, billing_stream_name_t stream,
    const redisReply *page)
{
    size_t                     n = 0;
    uint32_t                   first, times;
    struct billing_stream_s   *s = billing_infra(w)->stream;
    billing_redis_command_t    command = { .handler = billing_stream_claimed };

    billing_redis_word(&command, "XCLAIM");
    billing_redis_word(&command,
                       billing_redis_name(w, billing_stream_nouns[stream]));
    billing_redis_word(&command, BILLING_STREAM_GROUP);
    billing_redis_word(&command, BILLING_STREAM_CONSUMER);
    billing_redis_word(&command, "0");

    first = billing_stream_deliveries(page->element[0]);

    while (n < page->elements && n < BILLING_TURN_MAX) {
        times = billing_stream_deliveries(page->element[n]);

        if (times == 0 || (n > 0 && times > 1)) {
            break;
        }

        billing_redis_arg(&command, page->element[n]->element[0]->str,
                          page->element[n]->element[0]->len);
        n++;

        if (times > 1) {
            break;
        }
    }

    if (n == 0) {
        billing_redis_drop(w, "XPENDING is not understood");
        return;
    }

    command.data = ((uintptr_t) first << 8) | stream;
    s->asked = billing_redis_send(w, BILLING_LINK_READER, &command);
}


static void
billing_stream_claimed(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    if (!billing_stream_refused(w, reply) && s->started) {
        billing_entries_parse(reply, (billing_stream_name_t) (data & 0xff),
                              (uint32_t) (data >> 8), &s->inbox);
    }
}


static void
billing_stream_read(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    const redisReply         *part;
    billing_stream_name_t     stream;
    struct billing_stream_s  *s = billing_infra(w)->stream;

    (void) data;

    if (billing_stream_refused(w, reply) || !s->started
        || reply->type != REDIS_REPLY_ARRAY)
    {
        return;                 /* nil: nothing came within BLOCK */
    }

    for (size_t i = 0; i < reply->elements; i++) {
        part = reply->element[i];

        if (part->type != REDIS_REPLY_ARRAY || part->elements < 2
            || part->element[0]->type != REDIS_REPLY_STRING)
        {
            continue;
        }

        stream = (strcmp(part->element[0]->str,
                         billing_redis_name(w, "commands")) == 0)
                 ? BILLING_STREAM_COMMANDS : BILLING_STREAM_QUERIES;

        billing_entries_parse(part->element[1], stream, 0, &s->inbox);
    }
}


bool
billing_stream_waiting(const billing_worker_t *w)
{
    return billing_infra(w)->stream->inbox.n > 0;
}


/* Moves the oldest entries; what is left over moves up. */

void
billing_stream_take(billing_worker_t *w, billing_entries_t *out)
{
    unsigned            n;
    billing_entry_t    *entry;
    billing_entries_t  *inbox = &billing_infra(w)->stream->inbox;

    for (n = 0; n < inbox->n && n < BILLING_TURN_MAX; n++) {
        entry = billing_entries_push(out);
        if (entry == NULL) {
            break;
        }

        *entry = inbox->entries[n];
    }

    if (n > 0) {
        inbox->n -= n;
        memmove(inbox->entries, inbox->entries + n,
                inbox->n * sizeof(billing_entry_t));
    }
}


/* --- acknowledgements ----------------------------------------------------- */


static void
billing_stream_send_ids(billing_worker_t *w, billing_redis_command_t *command,
    const billing_entries_t *done, billing_stream_name_t stream)
{
    int  bare = command->argc;

    for (unsigned i = 0; i < done->n; i++) {
        if (done->entries[i].stream == stream && !done->entries[i].kept) {
            billing_redis_word(command, done->entries[i].id);
        }
    }

    if (command->argc > bare) {
        (void) billing_redis_send(w, BILLING_LINK_WRITER, command);
    }
}


/* Lost ones do no harm: the entry comes again and its answer is known. */

void
billing_stream_ack(billing_worker_t *w, const billing_entries_t *done)
{
    for (unsigned i = 0; i < BILLING_STREAMS; i++) {
        billing_stream_name_t    stream = (billing_stream_name_t) i;
        const char              *name;
        billing_redis_command_t  command = { .argc = 0 };

        name = billing_redis_name(w, billing_stream_nouns[i]);

        billing_redis_word(&command, "XACK");
        billing_redis_word(&command, name);
        billing_redis_word(&command, BILLING_STREAM_GROUP);
        billing_stream_send_ids(w, &command, done, stream);

        command.argc = 0;
        billing_redis_word(&command, "XDEL");
        billing_redis_word(&command, name);
        billing_stream_send_ids(w, &command, done, stream);
    }

    for (unsigned i = 0; i < done->n; i++) {
        if (billing_entry_id_is_last(done->entries[i].id)) {
            billing_stream_renew(w, done->entries[i].stream,
                                 "its ids are used up");
        }
    }
}


/* Who finds no group on connecting makes the stream, too. */

static void
billing_stream_removed(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    (void) data;

    if (reply != NULL) {
        billing_redis_drop(w, "a stream is made again");
    }
}


void
billing_stream_renew(billing_worker_t *w, billing_stream_name_t stream,
    const char *why)
{
    billing_redis_command_t  command = { .handler = billing_stream_removed };

    billing_log("the stream of %s is made again: %s",
                billing_stream_nouns[stream], why);

    billing_redis_word(&command, "UNLINK");
    billing_redis_word(&command,
                       billing_redis_name(w, billing_stream_nouns[stream]));

    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
}


static void
billing_stream_swept(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_stream_s  *s = billing_infra(w)->stream;

    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY
        && reply->elements > 0)
    {
        s->recovered[data] = false;
    }
}


/* Entries given to us long ago and still pending. */

static void
billing_stream_sweep(billing_worker_t *w)
{
    for (unsigned i = 0; i < BILLING_STREAMS; i++) {
        billing_redis_command_t  command = {
            .handler = billing_stream_swept, .data = i
        };

        billing_redis_word(&command, "XPENDING");
        billing_redis_word(&command,
                           billing_redis_name(w, billing_stream_nouns[i]));
        billing_redis_word(&command, BILLING_STREAM_GROUP);
        billing_redis_word(&command, "IDLE");
        billing_redis_word(&command, BILLING_STREAM_IDLE_MS);
        billing_redis_word(&command, "-");
        billing_redis_word(&command, "+");
        billing_redis_word(&command, "1");
        (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
    }
}
