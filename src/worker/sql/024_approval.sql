-- Who said what about a refund, and when: only added to.  A refund that is
-- open and was 'asked' has the word of one person and waits for a second.
CREATE TABLE approval (
    refund  TEXT NOT NULL REFERENCES refund (id),
    n       INTEGER NOT NULL,
    act     TEXT NOT NULL CHECK (act IN ('asked', 'granted', 'refused',
                                         'outside', 'again')),
    person  TEXT NOT NULL DEFAULT '',
    note    TEXT NOT NULL DEFAULT '',
    at      BIGINT NOT NULL,
    PRIMARY KEY (refund, n)
);
