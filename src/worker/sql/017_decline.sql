-- Cards that were declined while somebody asked, for the pause that follows
-- too many of them.
CREATE TABLE card_decline (
    checkout    TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    team        TEXT NOT NULL,
    profile     TEXT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (checkout, attempt)
);

CREATE INDEX card_decline_team ON card_decline (team, at);
CREATE INDEX card_decline_profile ON card_decline (profile, at);
