-- How people come to teams: settings, invitations, requests, domains.

ALTER TABLE team ADD COLUMN board_moves TEXT NOT NULL DEFAULT 'allowed'
    CHECK (board_moves IN ('allowed', 'forbidden'));

-- The team's own link as it is shown; '' while it is off.
ALTER TABLE team ADD COLUMN invite_link TEXT NOT NULL DEFAULT '';

CREATE UNIQUE INDEX team_invite_link ON team (invite_link)
    WHERE invite_link <> '';

-- Whether it has been seen to where a new profile belongs.
ALTER TABLE profile ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;

-- The token is in the mail only.  One that is too old stays pending until
-- somebody looks at it.
CREATE TABLE invitation (
    id          TEXT PRIMARY KEY,
    team        TEXT NOT NULL REFERENCES team (id),
    email       TEXT NOT NULL,
    inviter     TEXT NOT NULL REFERENCES profile (email),
    state       TEXT NOT NULL
        CHECK (state IN ('pending', 'accepted', 'revoked', 'expired')),
    digest      TEXT NOT NULL UNIQUE,
    seat        INTEGER NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX invitation_pending ON invitation (team, email)
    WHERE state = 'pending';
CREATE INDEX invitation_email ON invitation (email, state);
CREATE INDEX invitation_sent ON invitation (team, sent_at);

-- What admins are asked for; email is whom it is about.
CREATE TABLE team_request (
    id          TEXT PRIMARY KEY,
    team        TEXT NOT NULL REFERENCES team (id),
    kind        TEXT NOT NULL
        CHECK (kind IN ('admin', 'licence', 'join', 'invite')),
    actor       TEXT NOT NULL REFERENCES profile (email),
    email       TEXT NOT NULL,
    state       TEXT NOT NULL
        CHECK (state IN ('open', 'approved', 'declined')),
    decided_by  TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    decided_at  BIGINT NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX team_request_open ON team_request (team, kind, email)
    WHERE state = 'open';
CREATE INDEX team_request_actor ON team_request (actor, state);

-- A domain is one subscription's, named by one of its teams.  Profiles made
-- since capture_at belong to capture_team.
CREATE TABLE email_domain (
    name          TEXT PRIMARY KEY,
    team          TEXT NOT NULL REFERENCES team (id),
    token         TEXT NOT NULL,
    verified      INTEGER NOT NULL DEFAULT 0,
    forbids       INTEGER NOT NULL DEFAULT 0,
    discoverable  INTEGER NOT NULL DEFAULT 0,
    capture_team  TEXT NOT NULL DEFAULT '',
    capture_at    BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    verified_at   BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX email_domain_team ON email_domain (team);

INSERT INTO email_domain (name, team, token, verified, forbids, created_at,
        verified_at)
    SELECT LOWER(domain), MIN(id), MIN(id), 1, 1, MIN(created_at),
        MIN(created_at)
    FROM team WHERE domain <> '' GROUP BY LOWER(domain);

DROP INDEX team_domain;
ALTER TABLE team DROP COLUMN domain;
