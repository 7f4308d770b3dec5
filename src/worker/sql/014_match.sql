-- The sweep that compares the gateway's list of payments with our checkouts.
-- Instants are the wall clock's, which the gateway lives by.
CREATE TABLE gateway_match (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    done_at      BIGINT NOT NULL,       -- the last whole look began then
    whole_at     BIGINT NOT NULL,       -- the last one over two days
    since_at     BIGINT NOT NULL,       -- of the look under way
    begun_at     BIGINT NOT NULL,       -- 0: none is under way
    page_after   TEXT NOT NULL,
    next_try_at  BIGINT NOT NULL
);

INSERT INTO gateway_match VALUES (1, 0, 0, 0, 0, '', 0);

-- Money that no checkout of ours accounts for.  flagged: somebody must look;
-- returning: it is being given back; returned.
CREATE TABLE stray (
    id             TEXT PRIMARY KEY,
    intent         TEXT NOT NULL UNIQUE,
    checkout       TEXT NOT NULL,
    amount_minor   BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    state          TEXT NOT NULL,
    attempt        INTEGER NOT NULL DEFAULT 1,
    tries          INTEGER NOT NULL DEFAULT 0,
    first_sent_at  BIGINT NOT NULL DEFAULT 0,
    next_try_at    BIGINT NOT NULL,
    found_at       BIGINT NOT NULL
);

CREATE INDEX stray_due ON stray (state, next_try_at);

-- Thousands fall due at one instant: each of them is found, and those under
-- way are passed over, without reading the others again.
CREATE INDEX team_due_free ON team (due_at, id) WHERE hold_seats = 0;
CREATE INDEX checkout_action ON checkout (action_at)
    WHERE state = 'action' AND cancelling = 0;
