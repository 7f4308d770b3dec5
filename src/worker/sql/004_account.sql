-- One subscription, several teams: the account is the team that holds it.  The
-- teams inside show its plan and own no money; only the holder is ever due.

ALTER TABLE team ADD COLUMN account TEXT NOT NULL DEFAULT ''
    CHECK (account IN ('', id) OR (paid_minor = 0 AND credit_minor = 0
                                   AND pending_minor = 0));
UPDATE team SET account = id;
CREATE INDEX team_account ON team (account);

-- Deleted as a team.  One that holds the subscription of others goes on with
-- that.
ALTER TABLE team ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

-- A licence is a person's, in whichever teams of the account that person is.
-- roles are those held in the whole account, and in each of its teams too.
CREATE TABLE seat (
    account  TEXT NOT NULL REFERENCES team (id),
    email    TEXT NOT NULL REFERENCES profile (email),
    roles    INTEGER NOT NULL DEFAULT 0,
    since    BIGINT NOT NULL,
    PRIMARY KEY (account, email)
);

CREATE INDEX seat_email ON seat (email);

-- Companies of before had nobody who could administrate them.
INSERT INTO record_outbox (kind, id, email, seq)
    SELECT 2, team, email, 1 FROM member WHERE (roles & 4) <> 0
    AND team IN (SELECT id FROM team
                 WHERE plan IN ('business', 'consultant', 'enterprise'))
    AND team NOT IN (SELECT team FROM member WHERE (roles & 8) <> 0)
    ON CONFLICT DO NOTHING;
UPDATE member SET roles = roles | 8, version = version + 1
    WHERE (roles & 4) <> 0
    AND team IN (SELECT id FROM team
                 WHERE plan IN ('business', 'consultant', 'enterprise'))
    AND team NOT IN (SELECT team FROM member WHERE (roles & 8) <> 0);

INSERT INTO seat (account, email, roles, since)
    SELECT team, email, roles & 24, joined_at FROM member
    WHERE (roles & 2) <> 0;

-- The team that was asked for, of those in the account that pays.
ALTER TABLE checkout ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- What the link in a mail deletes, once (R231).
CREATE TABLE team_removal (
    team      TEXT PRIMARY KEY REFERENCES team (id),
    actor     TEXT NOT NULL,
    digest    TEXT NOT NULL,
    asked_at  BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL
);
