-- What the dialects do not share of the chain: the ledger is only added to,
-- and how far it goes is known beside it.
CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'table ledger is append-only');
END;

CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'table ledger is append-only');
END;

CREATE TRIGGER ledger_end AFTER INSERT ON ledger WHEN NEW.n = 0
BEGIN
    INSERT INTO meta (name, value) VALUES ('ledger', NEW.link)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        WHERE meta.value < excluded.value;
END;
