// A PostgreSQL of one test's own, to be followed, killed and starved: what
// t/lib/postgres starts is there for all.  It listens on a socket in its folder
// only, under a user that is not root.

import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const versions = '/usr/lib/postgresql';

// The folder of its programs, of the newest there is, or null.
function programs() {
  const newest = (fs.existsSync(versions) ? fs.readdirSync(versions) : [])
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => path.join(versions, version, 'bin'));
  return [...newest, ...(process.env.PATH ?? '').split(':')]
    .find((dir) => fs.existsSync(path.join(dir, 'initdb'))) ?? null;
}

const bin = programs();

export const without = bin === null && 'no PostgreSQL server is installed';

function whose() {
  if (process.getuid() !== 0) {
    return null;
  }
  const ids = ['postgres', 'nobody'].map((name) => new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm')
    .exec(fs.readFileSync('/etc/passwd', 'utf8'))).find(Boolean);
  return { uid: Number(ids[1]), gid: Number(ids[2]) };
}

export class Cluster {
  // In which folders: log is the one of its write-ahead log.
  constructor({ tables = os.tmpdir(), log = null } = {}) {
    this.owner = whose();
    this.dir = this.folder(tables);
    this.data = path.join(this.dir, 'data');
    this.wal = log && this.folder(log);
  }

  folder(parent) {
    const dir = fs.mkdtempSync(path.join(parent, 'billing-cluster.'));
    fs.chmodSync(dir, 0o755);
    if (this.owner) {
      fs.chownSync(dir, this.owner.uid, this.owner.gid);
    }
    return dir;
  }

  run(program, args, options = {}) {
    return execFileSync(path.join(bin, program), args, {
      cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', ...this.owner, ...options,
    });
  }

  create() {
    this.run('initdb', ['-D', this.data, '-U', 'billing', '-A', 'trust', '-E', 'UTF8',
      '--locale=C', '--no-sync', '--wal-segsize=1',
      ...(this.wal ? ['--waldir', path.join(this.wal, 'wal')] : [])]);
    this.set('shared_buffers', '16MB');
    this.set('max_wal_size', '8MB');
    this.set('min_wal_size', '2MB');
    return this;
  }

  set(name, value) {
    fs.appendFileSync(path.join(this.data, 'postgresql.conf'), `${name} = '${value}'\n`);
  }

  // Follows that one, from what it is now.
  follow(primary) {
    this.run('pg_basebackup', ['-D', this.data, '-h', primary.dir, '-U', 'billing', '-R',
      '-X', 'stream', '-c', 'fast', '--no-sync']);
    return this;
  }

  // What it says is not waited for: it would be read until the server ends.
  start() {
    this.run('pg_ctl', ['-D', this.data, '-l', path.join(this.dir, 'log'), '-w', '-t', '60',
      '-o', `-c listen_addresses= -k ${this.dir}`, 'start'], { stdio: 'ignore' });
    return this;
  }

  promote() {
    this.run('pg_ctl', ['-D', this.data, '-w', '-t', '60', 'promote']);
  }

  // As if the machine had lost its power, but for what its system kept.
  kill() {
    this.run('pg_ctl', ['-D', this.data, '-m', 'immediate', 'stop']);
  }

  running() {
    try {
      this.run('pg_ctl', ['-D', this.data, 'status']);
      return true;
    } catch {
      return false;
    }
  }

  sql(statement, database = 'postgres') {
    return this.run('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', statement,
      this.dsn(database)]).trim();
  }

  // Others write to it as well, two megabytes of its log a second, until they
  // cannot any more.
  busy(database) {
    const words = 'DO $$ BEGIN FOR i IN 1..600 LOOP PERFORM pg_logical_emit_message(true, \'busy\','
      + ' repeat(md5(i::text), 3200)); COMMIT; PERFORM pg_sleep(0.05); END LOOP; END $$';

    return new Promise((done) => {
      execFile(path.join(bin, 'psql'), ['-qX', '-c', words, this.dsn(database)], () => done());
    });
  }

  log() {
    const file = path.join(this.dir, 'log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }

  // others: where it may be after this one.
  dsn(database, ...others) {
    return `postgresql:///${database}?host=${[this, ...others].map(({ dir }) => dir)}&user=billing`;
  }

  remove() {
    if (this.running()) {
      this.kill();
    }
    [this.dir, this.wal].filter(Boolean)
      .forEach((dir) => fs.rmSync(dir, { recursive: true, force: true }));
  }
}
