-- Flexible Licensing of an Enterprise contract: 90 or 180 days between reviews
-- of its licences, 0 without, and when the next one is.
ALTER TABLE team ADD COLUMN review_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN review_at BIGINT NOT NULL DEFAULT 0;
