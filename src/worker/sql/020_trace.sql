-- What joins a command with the log of nginx, and its events with it.
ALTER TABLE command ADD COLUMN trace TEXT NOT NULL DEFAULT '';
ALTER TABLE app_event ADD COLUMN trace TEXT NOT NULL DEFAULT '';
