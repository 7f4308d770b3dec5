/*
 * Invitations: rows, tokens, and what becomes of them.  A pending one takes
 * no seat unless the catalogue says so (R75).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_INVITE_DAY_SEC  86400
#define BILLING_REVEAL_MARK     '\x01'


static billing_db_rc_t billing_invitation_one(billing_worker_t *w,
    const char *sql, billing_db_rc_t rc, billing_invitation_t *out);
static billing_db_rc_t billing_invitation_again(billing_op_t *op,
    const billing_team_row_t *row, billing_invitation_t *invitation);
static billing_db_rc_t billing_invitation_insert(billing_op_t *op,
    const billing_team_row_t *row, billing_invitation_t *out);
static billing_db_rc_t billing_invitation_limit(billing_op_t *op,
    const char *team);
static bool billing_invitation_secret(billing_worker_t *w, const char *id,
    char token[BILLING_INVITATION_LEN + 1]);


#define BILLING_INVITATION_COLUMNS                                            \
    "SELECT id, team, email, inviter, state, seat, created_at, sent_at,"      \
    " expires_at FROM invitation"


billing_db_rc_t
billing_invitation_load(billing_worker_t *w, const char *id,
    billing_invitation_t *out)
{
    static const char  sql[] = BILLING_INVITATION_COLUMNS " WHERE id = $1";

    return billing_invitation_one(w, sql,
                                  billing_db_query(w->db, sql, "t", id), out);
}


billing_db_rc_t
billing_invitation_by_token(billing_worker_t *w, const char *token,
    billing_invitation_t *out)
{
    static const char  sql[] =
        BILLING_INVITATION_COLUMNS " WHERE digest = $1";

    char  digest[BILLING_INVITATION_DIGEST_LEN + 1];

    if (billing_invitation_digest(token, digest) != BILLING_OK) {
        return BILLING_DB_UNMADE;
    }

    return billing_invitation_one(w, sql,
                                  billing_db_query(w->db, sql, "t", digest),
                                  out);
}


billing_db_rc_t
billing_invitation_of(billing_worker_t *w, const char *team,
    const char *email, billing_invitation_t *out)
{
    static const char  sql[] =
        BILLING_INVITATION_COLUMNS " WHERE team = $1 AND email = $2"
        " AND state = 'pending'";

    return billing_invitation_one(w, sql,
               billing_db_query(w->db, sql, "tt", team, email), out);
}


static billing_db_rc_t
billing_invitation_one(billing_worker_t *w, const char *sql,
    billing_db_rc_t rc, billing_invitation_t *out)
{
    billing_db_t  *db;

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    db = w->db;
    memset(out, 0, sizeof(*out));

    billing_copy(out->id, sizeof(out->id), billing_db_text(db, sql, 0));
    billing_copy(out->team, sizeof(out->team), billing_db_text(db, sql, 1));
    billing_copy(out->email, sizeof(out->email), billing_db_text(db, sql, 2));
    billing_copy(out->inviter, sizeof(out->inviter),
                 billing_db_text(db, sql, 3));
    billing_copy(out->state, sizeof(out->state), billing_db_text(db, sql, 4));
    out->pending = strcmp(out->state, "pending") == 0;
    out->seat = billing_db_int(db, sql, 5) != 0;
    out->created_at = billing_db_int(db, sql, 6);
    out->sent_at = billing_db_int(db, sql, 7);
    out->expires_at = billing_db_int(db, sql, 8);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_invitation_make(billing_op_t *op, billing_team_row_t *row,
    const char *email, billing_invitation_t *out)
{
    uint32_t         roles;
    billing_db_rc_t  rc;

    rc = billing_member_roles(op->w, row->id, email, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (roles & (uint32_t) BILLING_ROLE_MEMBER) {
        return billing_op_deny(op, BILLING_MEMBER_EXISTS,
                               json_pack("{s:s}", "email", email));
    }

    rc = billing_invitation_of(op->w, row->id, email, out);

    if (rc == BILLING_DB_OK
        && billing_invitation_open(true, out->expires_at, op->now)
           == BILLING_ALLOW)
    {
        return billing_invitation_again(op, row, out);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_invitation_end(op->w, out->id, "expired", op->now);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    rc = billing_invitation_limit(op, row->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    memset(out, 0, sizeof(*out));
    billing_copy(out->email, sizeof(out->email), email);

    return billing_invitation_insert(op, row, out);
}


/* The same link once more, with new days; nobody is flooded with it. */

static billing_db_rc_t
billing_invitation_again(billing_op_t *op, const billing_team_row_t *row,
    billing_invitation_t *invitation)
{
    static const char  sql[] =
        "UPDATE invitation SET sent_at = $1, expires_at = $2 WHERE id = $3";

    billing_db_rc_t  rc;

    if (op->now - invitation->sent_at < BILLING_INVITE_AGAIN_SEC) {
        return BILLING_DB_OK;
    }

    rc = billing_invitation_limit(op, row->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    invitation->sent_at = op->now;
    invitation->expires_at = billing_invite_ends_at(op->now);

    rc = billing_db_exec(op->w->db, sql, "iit", invitation->sent_at,
                         invitation->expires_at, invitation->id);

    return rc == BILLING_DB_OK ? billing_invitation_mail(op, row, invitation)
                               : rc;
}


static billing_db_rc_t
billing_invitation_limit(billing_op_t *op, const char *team)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM invitation WHERE team = $1 AND sent_at > $2";

    int64_t          n;
    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "ti", team,
                          op->now - BILLING_INVITE_DAY_SEC);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    n = billing_db_int(op->w->db, sql, 0);
    billing_db_done(op->w->db, sql);

    return n < BILLING_INVITES_DAY_MAX
           ? BILLING_DB_OK : billing_op_deny(op, BILLING_TOO_MANY, NULL);
}


static billing_db_rc_t
billing_invitation_insert(billing_op_t *op, const billing_team_row_t *row,
    billing_invitation_t *out)
{
    static const char  sql[] =
        "INSERT INTO invitation (id, team, email, inviter, state, digest,"
        " created_at, sent_at, expires_at)"
        " VALUES ($1, $2, $3, $4, 'pending', $5, $6, $6, $7)";

    char             token[BILLING_INVITATION_LEN + 1];
    char             digest[BILLING_INVITATION_DIGEST_LEN + 1];
    billing_db_rc_t  rc;

    rc = billing_id_new('i', out->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_invitation_token(&op->w->secrets[0], out->id, token)
        != BILLING_OK
        || billing_invitation_digest(token, digest) != BILLING_OK)
    {
        return BILLING_DB_UNMADE;
    }

    billing_copy(out->team, sizeof(out->team), row->id);
    billing_copy(out->inviter, sizeof(out->inviter), op->command->actor);
    billing_copy(out->state, sizeof(out->state), "pending");
    out->pending = true;
    out->created_at = op->now;
    out->sent_at = op->now;
    out->expires_at = billing_invite_ends_at(op->now);

    rc = billing_db_exec(op->w->db, sql, "tttttii", out->id, out->team,
                         out->email, out->inviter, digest, out->created_at,
                         out->expires_at);

    return rc == BILLING_DB_OK ? billing_invitation_mail(op, row, out) : rc;
}


billing_db_rc_t
billing_invitation_end(billing_worker_t *w, const char *id,
    const char *state, int64_t now)
{
    static const char  sql[] =
        "UPDATE invitation SET state = $1, ended_at = $2, seat = 0"
        " WHERE id = $3";

    return billing_db_exec(w->db, sql, "tit", state, now, id);
}


billing_db_rc_t
billing_invitation_met(billing_worker_t *w, const char *team,
    const char *email, int64_t now)
{
    static const char  sql[] =
        "UPDATE invitation SET state = 'accepted', ended_at = $1, seat = 0"
        " WHERE team = $2 AND email = $3 AND state = 'pending'";
    static const char  ask_sql[] =
        "UPDATE team_request SET state = 'approved', decided_at = $1"
        " WHERE team = $2 AND email = $3 AND state = 'open'"
        " AND kind IN ('join', 'licence', 'invite')";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "itt", now, team, email);

    return rc == BILLING_DB_OK
           ? billing_db_exec(w->db, ask_sql, "itt", now, team, email) : rc;
}


billing_db_rc_t
billing_invitation_seats(billing_worker_t *w, const char *account,
    int64_t now, uint32_t *n)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM invitation WHERE seat = 1"
        " AND state = 'pending' AND expires_at > $1 AND team IN"
        " (SELECT id FROM team WHERE account = $2)";

    billing_db_rc_t  rc;

    *n = 0;
    rc = billing_db_query(w->db, sql, "it", now, account);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = (uint32_t) billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


json_t *
billing_invitation_json(const billing_invitation_t *invitation, int64_t now)
{
    const char  *state;

    state = invitation->pending
            && billing_invitation_open(true, invitation->expires_at, now)
               != BILLING_ALLOW ? "expired" : invitation->state;

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}",
               "id", invitation->id, "email", invitation->email,
               "state", state, "inviter", invitation->inviter,
               "created_at", billing_instant_json(invitation->created_at),
               "expires_at", billing_instant_json(invitation->expires_at));
}


/* Between two marks stands an id; no name or address can hold a mark. */

char *
billing_invitation_reveal(billing_worker_t *w, const char *text)
{
    char        *out, *p;
    char         id[BILLING_ID_MAX + 1];
    char         token[BILLING_INVITATION_LEN + 1];
    size_t       n;
    const char  *mark, *end;

    out = malloc(strlen(text) + 1);     /* a token is no longer than an id */
    p = out;

    while (out != NULL
           && (mark = strchr(text, BILLING_REVEAL_MARK)) != NULL)
    {
        end = strchr(mark + 1, BILLING_REVEAL_MARK);
        n = end == NULL ? 0 : (size_t) (end - mark - 1);

        if (n < BILLING_INVITATION_LEN || n > BILLING_ID_MAX) {
            free(out);
            return NULL;
        }

        (void) snprintf(id, sizeof(id), "%.*s", (int) n, mark + 1);

        if (!billing_invitation_secret(w, id, token)) {
            free(out);
            return NULL;
        }

        memcpy(p, text, (size_t) (mark - text));
        p += mark - text;
        memcpy(p, token, BILLING_INVITATION_LEN);
        p += BILLING_INVITATION_LEN;
        text = end + 1;
    }

    if (out != NULL) {
        memcpy(p, text, strlen(text) + 1);
    }

    return out;
}


/* Of the secret it was made with: the older one during a change. */

static bool
billing_invitation_secret(billing_worker_t *w, const char *id,
    char token[BILLING_INVITATION_LEN + 1])
{
    billing_db_rc_t       rc;
    billing_invitation_t  found;
    billing_pay_link_t    link;

    for (unsigned i = 0; i < w->nsecrets; i++) {
        if (billing_invitation_token(&w->secrets[i], id, token)
            != BILLING_OK)
        {
            return false;
        }

        rc = billing_invitation_by_token(w, token, &found);

        if (rc == BILLING_DB_OK && strcmp(found.id, id) == 0) {
            return true;
        }

        rc = billing_link_by_token(w, token, &link);

        if (rc == BILLING_DB_OK && strcmp(link.id, id) == 0) {
            return true;
        }
    }

    return false;
}
