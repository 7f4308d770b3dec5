-- What the application has looked up itself: "COUNTRY ID" of a tax id that is
-- valid, '' none.  Beside what people type, so that neither typing undoes it.
ALTER TABLE team ADD COLUMN vat_checked TEXT NOT NULL DEFAULT '';
