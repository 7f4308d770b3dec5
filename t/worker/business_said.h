/*
 * Part of business_fixture.h: what the gate reads and what it was told.  At the
 * end of each turn a record that has changed has a higher version and is in
 * the outbox; else Redis would keep what was.
 */

#ifndef BILLING_BUSINESS_SAID_H
#define BILLING_BUSINESS_SAID_H

#define SAID_PAGE  128

typedef struct {
    billing_outbox_row_t  row;
    uint64_t              version;
    billing_record_t      record;       /* its version 0 */
} said_t;

static struct {
    said_t                *list;        /* by list and key, as they are read */
    size_t                 n;
    billing_outbox_row_t  *told;        /* in this turn */
    size_t                 ntold;
    size_t                 max;
} said;


static inline billing_db_rc_t
say(billing_record_kind_t kind, const char *id, const char *email)
{
    billing_outbox_row_t  *row;

    if (said.ntold == said.max) {
        said.max = said.max == 0 ? 64 : said.max * 2;
        said.told = realloc(said.told, said.max * sizeof(*said.told));
        assert_non_null(said.told);
    }

    row = &said.told[said.ntold++];
    *row = (billing_outbox_row_t) { .kind = kind };
    (void) snprintf(row->id, sizeof(row->id), "%s", id);
    (void) snprintf(row->email, sizeof(row->email), "%s", email);
    t.outbox++;

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_outbox_team(billing_worker_t *w, const char *team)
{
    (void) say(BILLING_RECORD_TEAM, team, "");
    return billing_event_team(w, team);
}


billing_db_rc_t
billing_outbox_member(billing_worker_t *w, const char *team,
    const char *email)
{
    (void) say(BILLING_RECORD_MEMBER, team, email);
    return billing_event_member(w, team, email);
}


billing_db_rc_t
billing_outbox_board(billing_worker_t *w, const char *board)
{
    (void) w;
    return say(BILLING_RECORD_BOARD, board, "");
}


billing_db_rc_t
billing_outbox_access(billing_worker_t *w, const char *board,
    const char *email)
{
    (void) w;
    return say(BILLING_RECORD_ACCESS, board, email);
}


static inline void
said_read(const billing_outbox_row_t *row, said_t *out)
{
    billing_db_rc_t    rc = BILLING_DB_OK;
    billing_record_t  *record = &out->record;

    memset(out, 0, sizeof(*out));
    out->row = *row;
    record->kind = row->kind;

    switch (row->kind) {

    case BILLING_RECORD_TEAM:
        rc = billing_record_team(&t.w, row->id, &record->u.team);
        out->version = record->u.team.version;
        record->u.team.version = 0;
        break;

    case BILLING_RECORD_MEMBER:
        rc = billing_record_member(&t.w, row->id, row->email,
                                   &record->u.member);
        out->version = record->u.member.version;
        record->u.member.version = 0;
        break;

    case BILLING_RECORD_ACCESS:
        rc = billing_record_access(&t.w, row->id, row->email,
                                   &record->u.access);
        out->version = record->u.access.version;
        record->u.access.version = 0;
        break;

    case BILLING_RECORD_BOARD:
        rc = billing_record_board(&t.w, row->id, &record->u.board);
        out->version = record->u.board.version;
        record->u.board.version = 0;
        break;

    case BILLING_RECORD_NONE:
        break;
    }

    assert_int_equal(rc, BILLING_DB_OK);
}


static inline bool
said_same(const billing_outbox_row_t *a, const billing_outbox_row_t *b)
{
    return a->kind == b->kind && strcmp(a->id, b->id) == 0
           && strcmp(a->email, b->email) == 0;
}


static inline bool
said_told(const billing_outbox_row_t *row)
{
    for (size_t i = 0; i < said.ntold; i++) {
        if (said_same(&said.told[i], row)) {
            return true;
        }
    }

    return false;
}


/*
 * What is changed of a person comes with a higher version of the team: by that
 * the gate knows that what it has of the person may be too old.
 */

static inline void
said_raised(const said_t *now, const said_t *list, size_t nlist)
{
    uint64_t                was = 0, is = 0;
    const char             *team = now->row.id;
    billing_board_record_t  board;

    if (now->row.kind == BILLING_RECORD_ACCESS) {
        assert_int_equal(billing_record_board(&t.w, now->row.id, &board),
                         BILLING_DB_OK);
        team = board.team;

    } else if (now->row.kind != BILLING_RECORD_MEMBER) {
        return;
    }

    for (size_t i = 0; i < said.n; i++) {
        if (said.list[i].row.kind == BILLING_RECORD_TEAM
            && strcmp(said.list[i].row.id, team) == 0)
        {
            was = said.list[i].version;
        }
    }

    for (size_t i = 0; i < nlist; i++) {
        if (list[i].row.kind == BILLING_RECORD_TEAM
            && strcmp(list[i].row.id, team) == 0)
        {
            is = list[i].version;
        }
    }

    if (is <= was) {
        fail_msg("the record of %d %s %s has changed, its team has not",
                 (int) now->row.kind, now->row.id, now->row.email);
    }
}


static inline void
said_compare(const said_t *before, const said_t *now)
{
    bool  changed = before == NULL
                    || memcmp(&before->record, &now->record,
                              sizeof(now->record)) != 0;

    if (before != NULL && changed && now->version <= before->version) {
        fail_msg("the record of %d %s %s has changed under version %llu",
                 (int) now->row.kind, now->row.id, now->row.email,
                 (unsigned long long) now->version);
    }

    if ((changed || now->version != before->version)
        && !said_told(&now->row))
    {
        fail_msg("the record of %d %s %s, version %llu, is not published",
                 (int) now->row.kind, now->row.id, now->row.email,
                 (unsigned long long) now->version);
    }
}


/* What had a record has one for ever. */

static inline void
said_look(bool compare)
{
    size_t                n, nlist = 0, before = 0;
    said_t               *list = NULL, *was;
    billing_outbox_row_t  rows[SAID_PAGE], last;

    for (unsigned i = 0; i < BILLING_RECORD_LISTS; i++) {
        memset(&last, 0, sizeof(last));

        do {
            assert_int_equal(billing_record_list(&t.w, i, &last, rows,
                                                 SAID_PAGE, &n),
                             BILLING_DB_OK);
            list = realloc(list, (nlist + n + 1) * sizeof(*list));
            assert_non_null(list);

            for (size_t k = 0; k < n; k++) {
                said_read(&rows[k], &list[nlist]);
                was = before < said.n ? &said.list[before] : NULL;

                if (was != NULL && said_same(&was->row, &rows[k])) {
                    before++;

                } else {
                    was = NULL;
                }

                if (compare) {
                    said_compare(was, &list[nlist]);
                }

                if (compare && (was == NULL
                                || was->version != list[nlist].version))
                {
                    said_raised(&list[nlist], list, nlist);
                }

                nlist++;
                last = rows[k];
            }

        } while (n == SAID_PAGE);
    }

    if (compare) {
        assert_int_equal(before, said.n);
    }

    free(said.list);
    said.list = list;
    said.n = nlist;
    said.ntold = 0;
}


/* After a test has written by itself. */

static inline void
said_anew(void)
{
    said_look(false);
}


static inline void
said_forget(void)
{
    free(said.list);
    free(said.told);
    memset(&said, 0, sizeof(said));
}

#endif /* BILLING_BUSINESS_SAID_H */
