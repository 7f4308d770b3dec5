CREATE TRIGGER approval_update BEFORE UPDATE ON approval
BEGIN
    SELECT RAISE(ABORT, 'table approval is append-only');
END;

CREATE TRIGGER approval_delete BEFORE DELETE ON approval
BEGIN
    SELECT RAISE(ABORT, 'table approval is append-only');
END;
