-- How often a team has bought lately.
CREATE INDEX checkout_bought ON checkout (team, started_at)
    WHERE purpose = 'purchase';
