-- What becomes of an invoice: the document itself is never touched again, so
-- payments, credit notes and refunds are rows of their own, and its state is
-- read from them.

-- One for each invoice, from its draft on; the checkout's id is its own.
-- ended: '' or 'dropped' (a draft that gets no number) or 'uncollectible'.
CREATE TABLE bill (
    id            TEXT PRIMARY KEY REFERENCES checkout (id),
    team          TEXT NOT NULL REFERENCES team (id),
    kind          TEXT NOT NULL,
    number        TEXT NOT NULL DEFAULT '',
    total_minor   BIGINT NOT NULL CHECK (total_minor >= 0),
    tax_minor     BIGINT NOT NULL DEFAULT 0,
    gained_minor  BIGINT NOT NULL DEFAULT 0,
    seats_minor   BIGINT NOT NULL DEFAULT 0,
    currency      TEXT NOT NULL,
    drafted_at    BIGINT NOT NULL,
    issued_at     BIGINT NOT NULL DEFAULT 0,
    due_at        BIGINT NOT NULL DEFAULT 0,
    reminded      INTEGER NOT NULL DEFAULT 0,
    is_open       INTEGER NOT NULL DEFAULT 0,
    ended         TEXT NOT NULL DEFAULT '',
    information   TEXT NOT NULL DEFAULT ''
);

CREATE INDEX bill_team ON bill (team, drafted_at);
CREATE INDEX bill_open ON bill (team) WHERE is_open = 1;
CREATE UNIQUE INDEX bill_number ON bill (number) WHERE number <> '';

-- Money that came: applied to its invoice, the rest to the team's balance.
CREATE TABLE payment (
    id             TEXT PRIMARY KEY,
    bill           TEXT NOT NULL REFERENCES bill (id),
    method         TEXT NOT NULL,
    reference      TEXT NOT NULL,
    amount_minor   BIGINT NOT NULL,
    applied_minor  BIGINT NOT NULL,
    balance_minor  BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    paid_at        BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    CHECK (amount_minor = applied_minor + balance_minor),
    UNIQUE (bill, method, reference)
);

-- A series and a chain of its own, as the invoices have theirs.
CREATE TABLE credit_note (
    number        TEXT PRIMARY KEY,
    series        TEXT NOT NULL,
    year          INTEGER NOT NULL,
    no            BIGINT NOT NULL,
    team          TEXT NOT NULL REFERENCES team (id),
    bill          TEXT NOT NULL REFERENCES bill (id),
    reason        TEXT NOT NULL,
    amount_minor  BIGINT NOT NULL CHECK (amount_minor > 0),
    tax_minor     BIGINT NOT NULL,
    currency      TEXT NOT NULL,
    issued_at     BIGINT NOT NULL,
    document      TEXT NOT NULL DEFAULT '',
    hash          TEXT NOT NULL DEFAULT '',
    prev_hash     TEXT NOT NULL DEFAULT '',
    UNIQUE (series, year, no)
);

CREATE INDEX credit_note_bill ON credit_note (bill);

-- Asked for here, decided by people.  money: how what was granted goes back,
-- 'sending' until the gateway has said that it went.
CREATE TABLE refund (
    id             TEXT PRIMARY KEY,
    team           TEXT NOT NULL REFERENCES team (id),
    bill           TEXT NOT NULL REFERENCES bill (id),
    actor          TEXT NOT NULL,
    reason         TEXT NOT NULL,
    note           TEXT NOT NULL DEFAULT '',
    state          TEXT NOT NULL CHECK (state IN ('open', 'granted',
                                                  'refused')),
    amount_minor   BIGINT NOT NULL CHECK (amount_minor > 0),
    card_minor     BIGINT NOT NULL DEFAULT 0,
    currency       TEXT NOT NULL,
    credit_note    TEXT NOT NULL DEFAULT '',
    money          TEXT NOT NULL DEFAULT '',
    intent         TEXT NOT NULL DEFAULT '',
    attempt        INTEGER NOT NULL DEFAULT 1,
    asking         INTEGER NOT NULL DEFAULT 0,
    tries          INTEGER NOT NULL DEFAULT 0,
    first_sent_at  BIGINT NOT NULL DEFAULT 0,
    next_try_at    BIGINT NOT NULL DEFAULT 253402300799,
    created_at     BIGINT NOT NULL,
    decided_at     BIGINT NOT NULL DEFAULT 0,
    returned_at    BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX refund_team ON refund (team, created_at);
CREATE INDEX refund_bill ON refund (bill);
CREATE INDEX refund_due ON refund (next_try_at) WHERE money = 'sending';
CREATE UNIQUE INDEX refund_open ON refund (bill) WHERE state = 'open';

CREATE VIEW bill_money AS
    SELECT b.*,
        CAST((SELECT COALESCE(SUM(p.applied_minor), 0) FROM payment p
              WHERE p.bill = b.id) AS BIGINT) AS paid_minor,
        CAST((SELECT COALESCE(SUM(c.amount_minor), 0) FROM credit_note c
              WHERE c.bill = b.id) AS BIGINT) AS credited_minor,
        CAST((SELECT COALESCE(SUM(c.tax_minor), 0) FROM credit_note c
              WHERE c.bill = b.id) AS BIGINT) AS credited_tax_minor,
        CAST((SELECT COALESCE(SUM(r.amount_minor), 0) FROM refund r
              WHERE r.bill = b.id AND r.state = 'granted') AS BIGINT)
            AS refunded_minor
    FROM bill b;

-- Which invoice a checkout pays, when it pays one.
ALTER TABLE checkout ADD COLUMN bill TEXT NOT NULL DEFAULT '';

-- What the open rows say, kept beside the team: the next reminder, the first
-- day that has passed, and whether only added seats are owed.
ALTER TABLE team ADD COLUMN seats_open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN remind_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN late_at BIGINT NOT NULL DEFAULT 0;

-- Its billing pages close with the way back to Free (R128).
ALTER TABLE team ADD COLUMN once_paid INTEGER NOT NULL DEFAULT 0;

-- What there was before: the books know each sale and each payment.
INSERT INTO bill (id, team, kind, number, total_minor, tax_minor,
                  gained_minor, currency, drafted_at, issued_at, due_at,
                  is_open)
    SELECT i.checkout, i.team,
        CASE WHEN c.purpose IN ('settle', 'cancel') THEN 'seats'
             WHEN c.purpose = 'reactivate' THEN 'reactivation'
             ELSE c.purpose END,
        i.number,
        CAST((SELECT COALESCE(SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale'
              AND l.account = 'receivable:' || c.team) AS BIGINT),
        CAST((SELECT COALESCE(-SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale' AND l.account = 'tax')
             AS BIGINT),
        CAST((SELECT COALESCE(-SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale'
              AND l.account = 'credit:' || c.team) AS BIGINT),
        c.currency, c.ended_at, i.issued_at,
        CASE WHEN c.amount_minor = 0 THEN i.issued_at + 2592000 ELSE 0 END,
        0
    FROM invoice i JOIN checkout c ON c.id = i.checkout;

INSERT INTO bill (id, team, kind, total_minor, tax_minor, gained_minor,
                  currency, drafted_at, due_at)
    SELECT d.checkout, d.team,
        CASE WHEN c.purpose IN ('settle', 'cancel') THEN 'seats'
             WHEN c.purpose = 'reactivate' THEN 'reactivation'
             ELSE c.purpose END,
        CAST((SELECT COALESCE(SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale'
              AND l.account = 'receivable:' || c.team) AS BIGINT),
        CAST((SELECT COALESCE(-SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale' AND l.account = 'tax')
             AS BIGINT),
        CAST((SELECT COALESCE(-SUM(l.amount_minor), 0) FROM ledger l
              WHERE l.txn = c.id || '-sale'
              AND l.account = 'credit:' || c.team) AS BIGINT),
        c.currency, c.ended_at, d.finalise_at + 2592000
    FROM invoice_draft d JOIN checkout c ON c.id = d.checkout
    WHERE d.checkout NOT IN (SELECT checkout FROM invoice);

INSERT INTO payment (id, bill, method, reference, amount_minor,
                     applied_minor, balance_minor, currency, paid_at, at)
    SELECT l.txn, l.ref, 'card', l.ref, l.amount_minor, l.amount_minor, 0,
        l.currency, l.at, l.at
    FROM ledger l WHERE l.account = 'gateway' AND l.txn = l.ref || '-paid'
    AND l.ref IN (SELECT id FROM bill);

UPDATE bill SET ended = 'dropped'
    WHERE id || '-void' IN (SELECT txn FROM ledger);
UPDATE bill SET is_open = 1 WHERE total_minor > 0 AND ended = ''
    AND id NOT IN (SELECT bill FROM payment);
UPDATE team SET remind_at = invoice_due_at
    WHERE invoice_due_at > 0 AND overdue = 0;
UPDATE team SET late_at = invoice_due_at
    WHERE invoice_due_at > 0 AND overdue = 1;
