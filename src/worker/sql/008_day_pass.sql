-- Day Passes and trials.

-- Passes are to be had where the plan has them, until a Company Admin says no.
ALTER TABLE team ADD COLUMN passes_off INTEGER NOT NULL DEFAULT 0;

-- One row for 24 hours of editing, at the price of its day.  n counts those of
-- a person: two that begin at once have the same number, so there is one.
-- checkout is the bill it is in, '' none yet; billed, that it was paid or put
-- on an invoice.
CREATE TABLE day_pass (
    team         TEXT NOT NULL REFERENCES team (id),
    email        TEXT NOT NULL REFERENCES profile (email),
    n            INTEGER NOT NULL,
    started_at   BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    price_minor  BIGINT NOT NULL,
    currency     TEXT NOT NULL,
    checkout     TEXT NOT NULL DEFAULT '',
    billed       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (team, email, n)
);

CREATE INDEX day_pass_unbilled ON day_pass (team, price_minor)
    WHERE billed = 0;
CREATE INDEX day_pass_checkout ON day_pass (checkout);

-- A trial that runs, '' none; that there was one stays.
ALTER TABLE team ADD COLUMN trial_plan TEXT NOT NULL DEFAULT '';
ALTER TABLE team ADD COLUMN trial_ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN trial_seats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN trial_used INTEGER NOT NULL DEFAULT 0;
