-- What the business knows.  Enumerations are the words of the JSON contract,
-- instants are seconds since 1970-01-01T00:00:00Z, amounts are minor units.

CREATE TABLE profile (
    email       TEXT PRIMARY KEY,
    lang        TEXT NOT NULL DEFAULT 'en',
    customer    TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL
);

CREATE TABLE team (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    plan             TEXT NOT NULL DEFAULT 'free',
    state            TEXT NOT NULL DEFAULT 'free',
    period           TEXT NOT NULL DEFAULT '',
    method           TEXT NOT NULL DEFAULT '',
    seats            INTEGER NOT NULL DEFAULT 0 CHECK (seats >= 0),
    members          INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0),
    anchor_at        BIGINT NOT NULL DEFAULT 0,
    period_start_at  BIGINT NOT NULL DEFAULT 0,
    period_end_at    BIGINT NOT NULL DEFAULT 0,
    paid_minor       BIGINT NOT NULL DEFAULT 0,
    credit_minor     BIGINT NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
    pending_minor    BIGINT NOT NULL DEFAULT 0,
    currency         TEXT NOT NULL,
    auto_renew       INTEGER NOT NULL DEFAULT 0,
    scheduled_plan   TEXT NOT NULL DEFAULT '',
    version          BIGINT NOT NULL DEFAULT 1,
    hold_seats       INTEGER NOT NULL DEFAULT 0,
    invoice_due_at   BIGINT NOT NULL DEFAULT 0,
    invite           TEXT NOT NULL DEFAULT 'members',
    domain           TEXT NOT NULL DEFAULT '',
    customer         TEXT NOT NULL DEFAULT '',
    payment_method   TEXT NOT NULL DEFAULT '',
    card_brand       TEXT NOT NULL DEFAULT '',
    card_last4       TEXT NOT NULL DEFAULT '',
    billing_email    TEXT NOT NULL DEFAULT '',
    information      TEXT NOT NULL DEFAULT '{}',
    created_at       BIGINT NOT NULL,
    -- Never more members than seats on a plan that sells them.
    CHECK (plan NOT IN ('team', 'business', 'consultant')
           OR members <= seats)
);

CREATE INDEX team_state ON team (state, period_end_at);
CREATE INDEX team_domain ON team (domain);

-- A removed member keeps a row with roles 0: that it is not a member is a
-- fact to be published too.
CREATE TABLE member (
    team       TEXT NOT NULL REFERENCES team (id),
    email      TEXT NOT NULL REFERENCES profile (email),
    roles      INTEGER NOT NULL DEFAULT 0,
    version    BIGINT NOT NULL DEFAULT 1,
    joined_at  BIGINT NOT NULL,
    PRIMARY KEY (team, email)
);

CREATE INDEX member_email ON member (email);

CREATE TABLE board (
    id          TEXT PRIMARY KEY,
    team        TEXT NOT NULL REFERENCES team (id),
    owner       TEXT NOT NULL REFERENCES profile (email),
    title       TEXT NOT NULL,
    is_private  INTEGER NOT NULL DEFAULT 0,
    rank        BIGINT NOT NULL UNIQUE,
    gone        INTEGER NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  BIGINT NOT NULL
);

CREATE INDEX board_team ON board (team, gone, rank);

-- One purchase.  next_try_at is wall-clock time (the gateway does not follow
-- the test clock), the other instants are the business's.
CREATE TABLE checkout (
    id              TEXT PRIMARY KEY,
    team            TEXT NOT NULL REFERENCES team (id),
    actor           TEXT NOT NULL REFERENCES profile (email),
    lang            TEXT NOT NULL DEFAULT 'en',
    state           TEXT NOT NULL,
    step            INTEGER NOT NULL DEFAULT 0,
    attempt         INTEGER NOT NULL DEFAULT 1,
    quote           TEXT NOT NULL,
    amount_minor    BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency        TEXT NOT NULL,
    promo           TEXT NOT NULL DEFAULT '',
    customer        TEXT NOT NULL DEFAULT '',
    payment_method  TEXT NOT NULL DEFAULT '',
    client_secret   TEXT NOT NULL DEFAULT '',
    intent          TEXT NOT NULL DEFAULT '',
    waiter          TEXT NOT NULL DEFAULT '',
    cancelling      INTEGER NOT NULL DEFAULT 0,
    page_after      TEXT NOT NULL DEFAULT '',
    reason          TEXT NOT NULL DEFAULT '',
    information     TEXT NOT NULL DEFAULT '',
    status          INTEGER NOT NULL DEFAULT 0,
    answer          TEXT NOT NULL DEFAULT '',
    email           TEXT NOT NULL DEFAULT '',
    card_brand      TEXT NOT NULL DEFAULT '',
    card_last4      TEXT NOT NULL DEFAULT '',
    captured_minor  BIGINT NOT NULL DEFAULT 0,
    captured_in     TEXT NOT NULL DEFAULT '',
    look_again      INTEGER NOT NULL DEFAULT 0,
    next_try_at     BIGINT NOT NULL DEFAULT 0,
    started_at      BIGINT NOT NULL,
    action_at       BIGINT NOT NULL DEFAULT 0,
    ended_at        BIGINT NOT NULL DEFAULT 0
);

-- One open purchase per team: the second buyer is refused before any charge.
-- Money on its way back is nobody's obstacle.
CREATE UNIQUE INDEX checkout_open ON checkout (team)
    WHERE state IN ('new', 'charging', 'action', 'unknown');
CREATE INDEX checkout_due ON checkout (next_try_at);
CREATE INDEX checkout_intent ON checkout (intent);

-- One idempotency key of the gateway; written before anything is sent.
CREATE TABLE attempt (
    checkout       TEXT NOT NULL REFERENCES checkout (id),
    n              INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    gateway_key    TEXT NOT NULL UNIQUE,
    state          TEXT NOT NULL,
    gateway_id     TEXT NOT NULL DEFAULT '',
    first_sent_at  BIGINT NOT NULL,
    last_sent_at   BIGINT NOT NULL,
    tries          INTEGER NOT NULL DEFAULT 1,
    replays        INTEGER NOT NULL DEFAULT 0,
    replay_digest  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (checkout, n, kind)
);

-- Card entry that waits for the gateway; no money moves here.
CREATE TABLE card_setup (
    id           TEXT PRIMARY KEY,
    team         TEXT NOT NULL REFERENCES team (id),
    actor        TEXT NOT NULL REFERENCES profile (email),
    lang         TEXT NOT NULL DEFAULT 'en',
    step         INTEGER NOT NULL,
    state        TEXT NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  BIGINT NOT NULL,
    started_at   BIGINT NOT NULL
);

CREATE INDEX card_setup_due ON card_setup (state, next_try_at);

CREATE TABLE gateway_event (
    id      TEXT PRIMARY KEY,
    type    TEXT NOT NULL,
    object  TEXT NOT NULL,
    at      BIGINT NOT NULL
);

-- Debits are positive; the entries of one transaction sum to zero in each
-- currency (ledger.c).
CREATE TABLE ledger (
    txn           TEXT NOT NULL,
    n             INTEGER NOT NULL,
    account       TEXT NOT NULL,
    amount_minor  BIGINT NOT NULL,
    currency      TEXT NOT NULL,
    at            BIGINT NOT NULL,
    ref           TEXT NOT NULL,
    PRIMARY KEY (txn, n)
);

CREATE INDEX ledger_account ON ledger (account, currency);

-- Numbers come from here, in the transaction that makes the invoice, so that
-- a rollback leaves no gap.
CREATE TABLE invoice_series (
    series   TEXT NOT NULL,
    year     INTEGER NOT NULL,
    last_no  BIGINT NOT NULL DEFAULT 0,
    last_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (series, year)
);

CREATE TABLE invoice (
    number       TEXT PRIMARY KEY,
    series       TEXT NOT NULL,
    year         INTEGER NOT NULL,
    no           BIGINT NOT NULL,
    team         TEXT NOT NULL REFERENCES team (id),
    checkout     TEXT NOT NULL UNIQUE REFERENCES checkout (id),
    payer        TEXT NOT NULL,
    issued_at    BIGINT NOT NULL,
    document     TEXT NOT NULL,
    hash         TEXT NOT NULL,
    prev_hash    TEXT NOT NULL,
    UNIQUE (series, year, no)
);

CREATE INDEX invoice_team ON invoice (team, issued_at);

-- A draft has no number; it becomes an invoice within the hour.
CREATE TABLE invoice_draft (
    checkout     TEXT PRIMARY KEY REFERENCES checkout (id),
    team         TEXT NOT NULL REFERENCES team (id),
    email        TEXT NOT NULL,
    finalise_at  BIGINT NOT NULL,
    finalised    INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX invoice_draft_due ON invoice_draft (finalised, finalise_at);

CREATE TABLE promo_redemption (
    code      TEXT NOT NULL,
    team      TEXT NOT NULL REFERENCES team (id),
    checkout  TEXT NOT NULL REFERENCES checkout (id),
    state     TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (code, checkout)
);

-- Once per team, whatever else happens.
CREATE UNIQUE INDEX promo_once ON promo_redemption (code, team)
    WHERE state IN ('reserved', 'redeemed');
