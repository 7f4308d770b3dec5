// node --test t/mail/test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { Sink } from './sink.mjs';

// Sends each step and gathers what is said until the server ends.
function talk(port, steps) {
  return new Promise((done, failed) => {
    const socket = net.connect(port, '127.0.0.1');
    let said = '';

    socket.on('data', (text) => {
      said += text;
      if (/^\d{3} .*\r\n$/m.test(said.slice(said.lastIndexOf('\n', said.length - 2) + 1))) {
        const step = steps.shift();
        if (step !== undefined) {
          socket.write(step);
        }
      }
    });
    socket.on('end', () => done(said));
    socket.on('error', failed);
  });
}

test('a mail is kept byte for byte, doubled dots undone', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sink.'));
  fs.writeFileSync(path.join(dir, '7.eml'), '');
  const sink = await new Sink(dir).listen(0);
  t.after(async () => { await sink.close(); fs.rmSync(dir, { recursive: true }); });

  const said = await talk(sink.port, [
    'EHLO here\r\n', 'MAIL FROM:<billing@example.test> SIZE=10\r\n',
    'RCPT TO:<a@example.test>\r\n', 'RCPT TO:<b@example.test>\r\n', 'DATA\r\n',
    'Subject: Reçu\r\n\r\n..dot\r\n..\r\n.\r\n', 'QUIT\r\n',
  ]);

  assert.match(said, /250 kept/);
  assert.match(said, /221 bye/);
  assert.equal(fs.readFileSync(path.join(dir, '8.eml'), 'utf8'),
    'Return-Path: <billing@example.test>\r\nDelivered-To: a@example.test\r\n'
    + 'Delivered-To: b@example.test\r\nSubject: Reçu\r\n\r\n.dot\r\n.\r\n');
});

test('commands out of order and unknown ones are refused', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sink.'));
  const sink = await new Sink(dir).listen(0);
  t.after(async () => { await sink.close(); fs.rmSync(dir, { recursive: true }); });

  const said = await talk(sink.port, ['HELO here\r\n', 'DATA\r\n', 'RCPT TO:<a@b>\r\n',
    'HELLO\r\n', 'MAIL FROM: x\r\n', 'MAIL FROM:<>\r\n', 'RSET\r\n', 'NOOP\r\n', 'QUIT\r\n']);

  assert.deepEqual(said.match(/^\d{3}/gm),
    ['220', '250', '503', '503', '500', '501', '250', '250', '250', '221']);
  assert.deepEqual(fs.readdirSync(dir), []);
});
