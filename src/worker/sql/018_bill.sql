-- One whose money went back has renewed nothing: the bill is asked for again.
DROP INDEX checkout_renewal;
CREATE UNIQUE INDEX checkout_renewal ON checkout (team, due_at)
    WHERE purpose = 'renewal' AND state NOT IN ('refunding', 'refunded');
