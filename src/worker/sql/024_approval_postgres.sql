CREATE TRIGGER approval_change BEFORE UPDATE OR DELETE ON approval
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();

CREATE TRIGGER approval_truncate BEFORE TRUNCATE ON approval
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
