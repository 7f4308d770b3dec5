// The database of a stack: a SQLite file in its folder or, where
// BILLING_TEST_POSTGRES names a server (t/lib/postgres does), one of its own
// there.  Statements are in the dialect that both share.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';

const server = process.env.BILLING_TEST_POSTGRES;

export const onPostgres = server !== undefined;

function pipe(file, args, input) {
  return new Promise((done, failed) => {
    const child = execFile(file, args, { maxBuffer: 1 << 26 }, (error, out, err) => {
      if (error) {
        error.message += `\n${out}\n${err}`;
        failed(error);
        return;
      }
      done(out);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const psql = (dsn, input, ...more) => pipe('psql',
  ['-qXAt', '-v', 'ON_ERROR_STOP=1', ...more, dsn], input);
const file = (dsn) => dsn.replace(/^sqlite:/, '');

// The DSN of a new one: empty, or one that is not even there.
export async function newStore(folder, name, { absent = false, from = null } = {}) {
  if (!onPostgres) {
    const made = `sqlite:${folder}/${name}.db`;
    if (from !== null) {
      await pipe('sqlite3', [file(from), `.backup '${file(made)}'`], '');
    }
    return made;
  }

  const unique = `${name}_${randomBytes(6).toString('hex')}`;
  const dsn = `postgresql:///${unique}?${server}`;
  if (!absent) {
    await psql(`postgresql:///postgres?${server}`, `CREATE DATABASE ${unique}`);
  }
  if (from !== null) {
    await pipe('sh', ['-c', 'pg_dump "$1" | psql -qX -v ON_ERROR_STOP=1 "$2"', 'copy', from, dsn],
      '');
  }
  return dsn;
}

// Several statements; what they print, for SQLite's and psql's lines are alike.
export function execute(dsn, script) {
  return dsn.startsWith('postgresql:') ? psql(dsn, script)
    : pipe('sqlite3', ['-cmd', '.timeout 10000', file(dsn)], script);
}

// Before a statement that changes what the database only adds to.
export const unguarded = onPostgres ? "SET session_replication_role = 'replica'; "
  : 'DROP TRIGGER IF EXISTS ledger_update; DROP TRIGGER IF EXISTS ledger_delete; ';

// The rows of one question, as objects.
export async function rows(dsn, statement) {
  if (dsn.startsWith('postgresql:')) {
    // a name that no column has
    const out = await psql(dsn, "SELECT COALESCE(json_agg(row__), '[]')"
      + ` FROM (${statement.replace(/;\s*$/, '')}) row__;`);
    return JSON.parse(out);
  }
  const out = await pipe('sqlite3', ['-cmd', '.timeout 10000', '-json', '-readonly',
    file(dsn), statement], '');
  return out.trim() ? JSON.parse(out) : [];
}
