-- The chain of the ledger (chain.c): the number of each transaction, and on
-- its entry 0 the hash over the hash before it and all of its entries.
ALTER TABLE ledger ADD COLUMN link BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN hash TEXT NOT NULL DEFAULT '';
