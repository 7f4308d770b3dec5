-- The application: what it has been told, and what it still has to hear.

-- A team and its members as the application knows them.  Events come from the
-- difference, wherever a change was made.
ALTER TABLE team ADD COLUMN told_plan TEXT NOT NULL DEFAULT '';
ALTER TABLE team ADD COLUMN told_state TEXT NOT NULL DEFAULT '';
ALTER TABLE team ADD COLUMN told_seats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN told_until BIGINT NOT NULL DEFAULT 0;

UPDATE team SET told_plan = plan, told_state = state, told_seats = seats,
    told_until = period_end_at;

ALTER TABLE member ADD COLUMN told_roles INTEGER NOT NULL DEFAULT 0;

UPDATE member SET told_roles = roles;

-- Written in the transaction of the change; body is what is signed and sent.
CREATE TABLE app_event (
    seq   BIGINT PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    kind  INTEGER NOT NULL,
    team  TEXT NOT NULL,
    body  TEXT NOT NULL,
    at    BIGINT NOT NULL
);

CREATE INDEX app_event_at ON app_event (at);

-- next_at is wall-clock time: receivers do not follow the test clock.
CREATE TABLE app_delivery (
    endpoint  TEXT NOT NULL,
    event     BIGINT NOT NULL REFERENCES app_event (seq),
    state     TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),
    failed    INTEGER NOT NULL DEFAULT 0,
    next_at   BIGINT NOT NULL,
    PRIMARY KEY (endpoint, event)
);

CREATE INDEX app_delivery_due ON app_delivery (endpoint, next_at, event)
    WHERE state = 'queued';
CREATE INDEX app_delivery_event ON app_delivery (event);

-- failed_at: since when nothing has been taken, 0 when all is well.
CREATE TABLE app_endpoint (
    url           TEXT PRIMARY KEY,
    disabled      INTEGER NOT NULL DEFAULT 0,
    failed_at     BIGINT NOT NULL DEFAULT 0,
    delivered_at  BIGINT NOT NULL DEFAULT 0,
    status        INTEGER NOT NULL DEFAULT 0,
    error         TEXT NOT NULL DEFAULT ''
);

-- The rank of a board becomes its instant of creation, so that one which the
-- application brings along finds its place among the others.  Redis is filled
-- again: a new rank beside an old record would lock the wrong boards.
UPDATE board SET rank = created_at * 1048576 + rank % 1048576,
    version = version + 1;
UPDATE redis_mark SET run_id = '';
