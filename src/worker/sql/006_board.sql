-- Boards and who is let onto them.

-- The public link: what anybody may do who has it.
ALTER TABLE board ADD COLUMN link TEXT NOT NULL DEFAULT 'off';

-- A deleted board can be restored for a while, by whoever deleted it too.
ALTER TABLE board ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE board ADD COLUMN deleted_by TEXT NOT NULL DEFAULT '';

-- Editable boards of this team alone; 0 is the plan's number (R42).
ALTER TABLE team ADD COLUMN editable_boards INTEGER NOT NULL DEFAULT 0;

CREATE INDEX board_owner ON board (team, owner, gone);

-- Rights of one person on one board: 1 the owner of a private board, 2 a guest
-- or a member let onto a private board.  A row with rights 0 stays: that they
-- have ended is a fact to be published too.
CREATE TABLE board_access (
    board       TEXT NOT NULL REFERENCES board (id),
    email       TEXT NOT NULL REFERENCES profile (email),
    rights      INTEGER NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1,
    invited_by  TEXT NOT NULL DEFAULT '',
    invited_at  BIGINT NOT NULL,
    PRIMARY KEY (board, email)
);

CREATE INDEX board_access_email ON board_access (email);

-- Until now a guest was one of the whole team: nobody loses a board by this.
INSERT INTO board_access (board, email, rights, invited_at)
    SELECT b.id, m.email, 2, m.joined_at FROM board b
    JOIN member m ON m.team = b.team
    WHERE (m.roles & 1) <> 0 AND b.gone = 0 AND b.is_private = 0;
INSERT INTO board_access (board, email, rights, invited_at)
    SELECT id, owner, 1, created_at FROM board
    WHERE gone = 0 AND is_private = 1;

-- These are not in Redis yet: all records are written again, in a new epoch.
UPDATE redis_mark SET run_id = '' WHERE id = 1;
