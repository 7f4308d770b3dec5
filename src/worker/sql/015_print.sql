-- The paper of each document as it was first printed: what was sent is what
-- is kept (bytes in base64), whatever fonts and libraries come later.
CREATE TABLE document_file (
    name      TEXT PRIMARY KEY,
    hash      TEXT NOT NULL DEFAULT '',
    content   TEXT NOT NULL DEFAULT '',
    made_at   BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX document_file_due ON document_file (name) WHERE content = '';

INSERT INTO document_file (name) SELECT number FROM invoice;
INSERT INTO document_file (name) SELECT number FROM credit_note;

-- What goes with a mail, who is served first, and who is not to be flooded.
ALTER TABLE mail_outbox ADD COLUMN attachment TEXT NOT NULL DEFAULT '';
ALTER TABLE mail_outbox ADD COLUMN place INTEGER NOT NULL DEFAULT 1;
ALTER TABLE mail_outbox ADD COLUMN domain TEXT NOT NULL DEFAULT '';

DROP INDEX mail_outbox_due;
CREATE INDEX mail_outbox_due ON mail_outbox (place, next_at)
    WHERE state = 'queued';

-- Who holds a link may pay one invoice, and nothing else (R135).  Only the
-- mail holds the token.
CREATE TABLE invoice_link (
    id          TEXT PRIMARY KEY,
    bill        TEXT NOT NULL REFERENCES bill (id),
    digest      TEXT NOT NULL UNIQUE,
    expires_at  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE INDEX invoice_link_bill ON invoice_link (bill);
