-- The running subscription: what its price was, what it still owes, and when
-- the next thing is due.

ALTER TABLE team ADD COLUMN unit_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN discount_percent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN discount_left INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN discount_seats_min INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN invoice_open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN ever_paid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN payer TEXT NOT NULL DEFAULT '';

-- Seats added to a yearly plan are billed then, 0 none.
ALTER TABLE team ADD COLUMN settle_at BIGINT NOT NULL DEFAULT 0;

-- Unpaid: attempts that failed, the first of them, the next one, and whether
-- the same card is worth asking again.
ALTER TABLE team ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN failed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN retry_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN retry_stop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;

-- The earliest of all that the clock will bring; found by its index.
ALTER TABLE team ADD COLUMN due_at BIGINT NOT NULL DEFAULT 253402300799;

UPDATE team SET due_at = period_end_at
    WHERE state IN ('active', 'active_unpaid', 'past_due', 'cancelled')
    AND plan IN ('team', 'business', 'consultant') AND period_end_at > 0;
UPDATE team SET ever_paid = 1 WHERE state IN ('active', 'cancelled');
UPDATE team SET invoice_open = 1 WHERE state = 'active_unpaid';

-- What was a purchase is the payer's; later charges are made in that name.
UPDATE team SET payer = COALESCE((SELECT actor FROM checkout
    WHERE checkout.team = team.id AND checkout.state = 'succeeded'
    ORDER BY ended_at DESC LIMIT 1), '');

CREATE INDEX team_due ON team (due_at);

ALTER TABLE checkout ADD COLUMN purpose TEXT NOT NULL DEFAULT 'purchase';
ALTER TABLE checkout ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;

-- One renewal for one period, whatever else goes wrong (P14).
CREATE UNIQUE INDEX checkout_renewal ON checkout (team, due_at)
    WHERE purpose = 'renewal';

-- What was asked of the sales team; nothing is charged for it (R213).
CREATE TABLE enterprise_request (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    company     TEXT NOT NULL,
    users       INTEGER NOT NULL DEFAULT 0,
    message     TEXT NOT NULL DEFAULT '',
    origin      TEXT NOT NULL DEFAULT '',
    actor       TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL
);

CREATE INDEX enterprise_request_email ON enterprise_request
    (email, created_at);
CREATE INDEX enterprise_request_at ON enterprise_request (created_at);

-- Why subscriptions end (R185).
CREATE TABLE cancellation (
    team    TEXT NOT NULL REFERENCES team (id),
    actor   TEXT NOT NULL,
    reason  TEXT NOT NULL DEFAULT '',
    at      BIGINT NOT NULL
);

CREATE INDEX cancellation_team ON cancellation (team, at);
