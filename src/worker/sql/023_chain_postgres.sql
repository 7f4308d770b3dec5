-- What the dialects do not share of the chain: the ledger is only added to,
-- and how far it goes is known beside it.  The error is one of class 23.
CREATE FUNCTION billing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER ledger_change BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();

CREATE TRIGGER ledger_truncate BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();

CREATE FUNCTION billing_ledger_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO meta (name, value) VALUES ('ledger', NEW.link)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        WHERE meta.value < excluded.value;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_end AFTER INSERT ON ledger
    FOR EACH ROW WHEN (NEW.n = 0) EXECUTE FUNCTION billing_ledger_end();
