-- Its holder has lost Redis: another worker that reaches it may take the lease.
ALTER TABLE lease ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;
