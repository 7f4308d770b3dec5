// Sentinels and a cluster that let in only who has a password: users of their
// own with the rights that doc/security.md names, or the one password of all.
// The master is replaced, and whoever talks to Redis follows.  With another
// password each program says what is wrong and where, and never with what.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Cluster } from '../lib/cluster.mjs';
import { Failovers } from '../lib/failovers.mjs';
import { Watched } from '../lib/sentinels.mjs';
import { eventually, sleep, start } from '../lib/stack.mjs';
import { seeded } from '../lib/campaign.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const seed = Number(process.env.SEED ?? 20261123);
const secret = () => randomBytes(12).toString('hex');
const documented = fs.readFileSync(path.join(root, 'doc/security.md'), 'utf8');

// "user NAME on ..." as the document has it, with this password.
function user(name, password) {
  const [line] = new RegExp(`^user ${name} on .*$`, 'm').exec(documented);
  return line.replace('SHA256_OF_THE_PASSWORD', createHash('sha256').update(password).digest('hex'));
}

async function within(word, body) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `billing-${word}.`));
  const write = (name, password) => {
    const file = path.join(folder, `${name}.secret`);
    fs.writeFileSync(file, `${password}\n`, { mode: 0o600 });
    return file;
  };
  let watched;
  let stack;
  let failed = null;
  try {
    await body({
      folder, write,
      begin: async (servers, settings) => {
        watched = servers;
        stack = await start({}, { settings: { redis: settings } });
        return { stack, site: new Failovers(stack, watched, 1) };
      },
    });
  } catch (error) {
    failed = error;
  }
  // how it ends says something only of what went well
  await stack?.stop().catch((error) => { failed ??= error; });
  watched?.end();
  fs.rmSync(folder, { recursive: true, force: true });
  if (failed) {
    throw failed;
  }
}

const logs = (stack) => stack.log('error.log') + stack.log('billing-worker.log');

// Everybody is sent away, and asked for a password again.
async function lockedOut(nodes, watched, names) {
  for (const node of nodes) {
    for (const name of names) {
      watched.cli(node, 'client', 'kill', 'user', name, 'skipme', 'yes');
    }
  }
}

async function replaced(site, watched, word) {
  await site.through(word, seeded(seed, word.length), async (master) => {
    await sleep(300);
    await watched.kill(master);
    await watched.other(master);
    await watched.run(master);
  });
}

test('sentinels and servers with users of their own: p28 the master is replaced', async () => {
  await within('users', async ({ folder, write, begin }) => {
    const passwords = { server: secret(), sentinel: secret(), later: secret() };
    const locks = {
      server: { password: secret(), users: [user('billing', passwords.server)] },
      sentinel: { password: secret(), users: [user('guide', passwords.sentinel)] },
    };
    const watched = await Watched.start(folder, { locks });
    const settings = watched.settings({ user: 'billing', password_file: write('server', passwords.server) });
    Object.assign(settings.sentinel, { user: 'guide', password_file: write('sentinel', passwords.sentinel) });
    const { stack, site } = await begin(watched, settings);

    await replaced(site, watched, 'users-');
    const told = await stack.verify();
    assert.deepEqual(told.checks.filter(({ found }) => found > 0), []);

    // These rights are enough: nobody was denied anything.
    for (const node of [...watched.servers, ...watched.sentinels]) {
      assert.equal(watched.cli(node, 'acl', 'log'), '', node.word);
    }

    // Sentinels that know another password: the master known last is kept, and said why.
    for (const node of watched.sentinels) {
      watched.cli(node, 'acl', 'setuser', 'guide', 'resetpass', `>${passwords.later}`);
    }
    await lockedOut(watched.sentinels, watched, ['guide']);
    await eventually('the worker to say so', () => /guide to Redis 127\.0\.0\.1:\d+: WRONGPASS/.test(logs(stack)),
      { within: 30000 });
    await eventually('nginx to say so', () => /\[error\] \S+ billing: a guide to redis refuses us: the user or the password is wrong/.test(logs(stack)));
    assert.equal((await site.ask(await site.buyer('kept'))).status, 200);
    await assert.rejects(stack.ctl(['rehydrate']), /WRONGPASS/);

    write('sentinel', passwords.later);
    await stack.configure({});
    assert.equal((await site.ask(await site.buyer('again'))).status, 200);
    assert.deepEqual(await site.judged(), []);

    for (const password of [...Object.values(passwords), locks.server.password,
      locks.sentinel.password]) {
      assert.ok(!logs(stack).includes(password), 'no password in a log');
    }
  });
});

test('a cluster with one password: p28 the node with our slot is replaced', async () => {
  await within('password', async ({ folder, write, begin }) => {
    const password = secret();
    const later = secret();
    const cluster = await Cluster.start(folder, { locks: { server: { password } } });
    const { stack, site } = await begin(cluster,
      cluster.settings({ password_file: write('server', password) }));

    await replaced(site, cluster, 'one-');
    const told = await stack.verify();
    assert.deepEqual(told.checks.filter(({ found }) => found > 0), []);

    // The nodes agree on another one.
    for (const node of cluster.servers) {
      cluster.cli(node, 'config', 'set', 'masterauth', later);
      cluster.cli(node, 'config', 'set', 'requirepass', later);
      node.password = later;
    }
    await lockedOut(cluster.servers, cluster, ['default']);
    await eventually('the worker to say so', () => /guide to Redis 127\.0\.0\.1:\d+: WRONGPASS/.test(logs(stack)),
      { within: 30000 });
    await eventually('nginx to say so', () => /\[error\] \S+ billing: redis refuses us: the user or the password is wrong/.test(logs(stack)));
    await assert.rejects(stack.ctl(['rehydrate']), /WRONGPASS/);

    write('server', later);
    await stack.configure({});
    assert.equal((await site.ask(await site.buyer('again'))).status, 200);
    assert.deepEqual(await site.judged(), []);
    for (const word of [password, later]) {
      assert.ok(!logs(stack).includes(word), 'no password in a log');
    }
  });
});
