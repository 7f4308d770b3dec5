-- How the last mail to an address ended.
CREATE INDEX mail_outbox_recipient ON mail_outbox (recipient, ended_at);
