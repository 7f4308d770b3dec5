/* Every Redis key and channel name, made in one place. */

#include "billing_store.h"

#include <stdio.h>
#include <string.h>

#define BILLING_KEY_FORMAT  "1"


static bool billing_key_prefix(const char *prefix);
static bool billing_key_word(const char *word);
static bool billing_key_email(billing_bytes_t email);
static size_t billing_key_done(char *out, int len);


size_t
billing_key_team(char *out, const char *prefix, billing_bytes_t team)
{
    if (!billing_key_prefix(prefix) || !billing_id_valid(team.data, team.len))
    {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":{%.*s}:team",
                             prefix, (int) team.len,
                             (const char *) team.data));
}


size_t
billing_key_member(char *out, const char *prefix, billing_bytes_t team,
    billing_bytes_t email)
{
    if (!billing_key_prefix(prefix) || !billing_id_valid(team.data, team.len)
        || !billing_key_email(email))
    {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":{%.*s}:member:%.*s",
                             prefix, (int) team.len,
                             (const char *) team.data, (int) email.len,
                             (const char *) email.data));
}


size_t
billing_key_board(char *out, const char *prefix, billing_bytes_t board)
{
    if (!billing_key_prefix(prefix)
        || !billing_id_valid(board.data, board.len))
    {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":{%.*s}:board",
                             prefix, (int) board.len,
                             (const char *) board.data));
}


size_t
billing_key_access(char *out, const char *prefix, billing_bytes_t board,
    billing_bytes_t email)
{
    if (!billing_key_prefix(prefix)
        || !billing_id_valid(board.data, board.len)
        || !billing_key_email(email))
    {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":{%.*s}:access:%.*s",
                             prefix, (int) board.len,
                             (const char *) board.data, (int) email.len,
                             (const char *) email.data));
}


size_t
billing_key_of(char *out, const char *prefix, const char *noun)
{
    if (!billing_key_prefix(prefix) || !billing_key_word(noun)) {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":%s", prefix, noun));
}


size_t
billing_key_reply(char *out, const char *prefix, const char *instance)
{
    if (!billing_key_prefix(prefix)
        || !billing_id_valid(instance, strlen(instance)))
    {
        return billing_key_done(out, 0);
    }

    return billing_key_done(out,
                    snprintf(out, BILLING_KEY_MAX,
                             "%s:" BILLING_KEY_FORMAT ":reply:%s",
                             prefix, instance));
}


/* CRC-16 of XMODEM, of what is between the braces. */

unsigned
billing_key_slot(const char *prefix)
{
    unsigned  crc = 0;
    size_t    len = strlen(prefix);

    for (size_t i = 0; i < len; i++) {
        if (prefix[i] == '{' || prefix[i] == '}') {
            continue;
        }

        crc ^= (unsigned) (unsigned char) prefix[i] << 8;

        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        crc &= 0xffff;
    }

    return crc % BILLING_KEY_SLOTS;
}


/*
 * Letters, digits, dash and underscore: nothing that a name is built with; in
 * braces, which have all names in one slot of a cluster.
 */

static bool
billing_key_prefix(const char *prefix)
{
    size_t  len = strlen(prefix);

    if (len > 2 && prefix[0] == '{' && prefix[len - 1] == '}') {
        prefix++;
        len -= 2;
    }

    return len <= BILLING_PREFIX_MAX && billing_id_valid(prefix, len);
}


static bool
billing_key_word(const char *word)
{
    return billing_id_valid(word, strlen(word));
}


/*
 * Not a check of addresses: only that the name stays one Redis argument that
 * prints on one line and cannot be cut short.
 */

static bool
billing_key_email(billing_bytes_t email)
{
    const char  *text = email.data;

    if (email.len == 0 || email.len > BILLING_EMAIL_MAX) {
        return false;
    }

    for (size_t i = 0; i < email.len; i++) {
        if (text[i] <= ' ' || text[i] == '\x7f') {
            return false;
        }
    }

    return true;
}


static size_t
billing_key_done(char *out, int len)
{
    if (len <= 0 || len >= BILLING_KEY_MAX) {
        out[0] = '\0';
        return 0;
    }

    return (size_t) len;
}
