-- Tables of the worker itself: what makes commands, records and mails happen
-- exactly once.  The dialect is the part SQLite and PostgreSQL share.

CREATE TABLE meta (
    name   TEXT PRIMARY KEY,
    value  BIGINT NOT NULL
);

-- One row for ever: who may commit (fencing).
CREATE TABLE lease (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    epoch     BIGINT NOT NULL,
    owner     TEXT NOT NULL,
    until_ms  BIGINT NOT NULL
);

INSERT INTO lease (id, epoch, owner, until_ms) VALUES (1, 0, '', 0);

-- Idempotency records.  open: waits for the gateway; done: answer is final;
-- retry: ended with a 5xx, so the same request may run again.
CREATE TABLE command (
    op           TEXT PRIMARY KEY,
    actor        TEXT NOT NULL,
    kind         TEXT NOT NULL,
    team         TEXT NOT NULL,
    idem_key     TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('open', 'done', 'retry')),
    entry        TEXT NOT NULL,
    reply        TEXT NOT NULL,
    lang         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT NOT NULL DEFAULT 0,
    status       INTEGER NOT NULL DEFAULT 0,
    problem      INTEGER NOT NULL DEFAULT 0,
    retry_after  INTEGER NOT NULL DEFAULT 0,
    answer_team  TEXT NOT NULL DEFAULT '',
    body         TEXT,
    UNIQUE (actor, kind, team, idem_key)
);

CREATE INDEX command_finished ON command (finished_at) WHERE state <> 'open';

-- Entries nobody can execute, bytes kept for the operator.
CREATE TABLE dead_letter (
    stream      TEXT NOT NULL,
    entry       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    deliveries  BIGINT NOT NULL,
    command     BLOB,
    mac         BLOB,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (stream, entry, created_at)
);

-- Where Redis stood when its records were last known to be ours.
CREATE TABLE redis_mark (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    BIGINT NOT NULL,
    run_id   TEXT NOT NULL,
    last_id  TEXT NOT NULL
);

INSERT INTO redis_mark (id, epoch, run_id, last_id) VALUES (1, 0, '', '0-0');

-- Records to write through.  seq tells a row apart from its later self.
CREATE TABLE record_outbox (
    kind   INTEGER NOT NULL,
    id     TEXT NOT NULL,
    email  TEXT NOT NULL,
    seq    BIGINT NOT NULL,
    PRIMARY KEY (kind, id, email)
);

CREATE TABLE mail_outbox (
    message_id  TEXT PRIMARY KEY,
    recipient   TEXT NOT NULL,
    template    TEXT NOT NULL,
    lang        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    text        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'refused')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0,
    error       TEXT NOT NULL DEFAULT ''
);

CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE state = 'queued';
