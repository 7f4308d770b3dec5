#!/usr/bin/env node

// A mail server that keeps each mail as DIR/N.eml and sends nothing on; nobody
// whose name begins with "refused" is there.  With --socket it is also the
// mailbox: what arrived, as its readers would see it.

import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { parse } from '../lib/mails.mjs';

const LINE_MAX = 1000 * 1000;
const MAIL_MAX = 32 * 1024 * 1024;
const LIST_MAX = 50;
// A mail is somebody's text: it may look as it likes and do nothing.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
  + "form-action 'none'; frame-ancestors 'none'";

export class Sink {
  constructor(dir) {
    this.dir = dir;
    fs.mkdirSync(dir, { recursive: true });
    this.last = Math.max(0, ...fs.readdirSync(dir)
      .map((name) => Number(/^(\d+)\.eml$/.exec(name)?.[1] ?? 0)));
    this.sockets = new Set();
    this.server = net.createServer((socket) => this.talk(socket));
  }

  listen(port) {
    return new Promise((done, failed) => {
      this.server.on('error', failed);
      this.server.listen(port, '127.0.0.1', () => {
        this.port = this.server.address().port;
        done(this);
      });
    });
  }

  close() {
    this.sockets.forEach((socket) => socket.destroy());
    return new Promise((done) => { this.server.close(done); });
  }

  // The envelope goes above the mail as Return-Path and Delivered-To; the
  // whole file appears at once, under its final name.
  keep({ from, to }, lines) {
    const name = path.join(this.dir, `${this.last += 1}.eml`);
    const head = [`Return-Path: <${from}>`, ...to.map((one) => `Delivered-To: ${one}`)];
    const text = `${[...head, ...lines].join('\r\n')}\r\n`;

    fs.writeFileSync(`${name}.part`, Buffer.from(text, 'latin1'));
    fs.renameSync(`${name}.part`, name);
  }

  talk(socket) {
    const session = { socket, mail: null, data: null, size: 0, rest: '' };

    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(60000, () => socket.destroy());
    // latin1 keeps every byte as one character.
    socket.setEncoding('latin1');
    socket.write('220 sink.example.test ready\r\n');
    socket.on('data', (text) => {
      session.rest += text;
      this.drain(session);
    });
  }

  drain(session) {
    for (;;) {
      const end = session.rest.indexOf('\r\n');
      if (end < 0) {
        break;
      }
      const line = session.rest.slice(0, end);
      session.rest = session.rest.slice(end + 2);
      this.line(session, line);
    }
    if (session.rest.length > LINE_MAX) {
      session.socket.end('500 line too long\r\n');
    }
  }

  line(session, line) {
    if (session.data) {
      this.content(session, line);
      return;
    }
    const [verb] = line.split(/[ :]/);
    const reply = VERBS[verb.toUpperCase()]?.(session, line) ?? '500 unknown command';
    session.socket.write(`${reply}\r\n`);
    if (reply.startsWith('221')) {
      session.socket.end();
    }
  }

  content(session, line) {
    if (line !== '.') {
      // RFC 5321, 4.5.2: the sender doubles a leading dot.
      session.size += line.length + 2;
      if (session.size <= MAIL_MAX) {
        session.data.push(line.startsWith('.') ? line.slice(1) : line);
      }
      return;
    }
    const fits = session.size <= MAIL_MAX;
    if (fits) {
      this.keep(session.mail, session.data);
    }
    Object.assign(session, { mail: null, data: null, size: 0 });
    session.socket.write(fits ? '250 kept\r\n' : '552 too large\r\n');
  }
}

function address(line) {
  return /<([^<>]*)>/.exec(line)?.[1] ?? null;
}

const VERBS = {
  HELO: () => '250 sink.example.test',
  EHLO: () => `250-sink.example.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE ${MAIL_MAX}`,
  NOOP: () => '250 ok',
  QUIT: () => '221 bye',
  RSET: (session) => {
    session.mail = null;
    return '250 ok';
  },
  MAIL: (session, line) => {
    const from = address(line);
    if (from === null) {
      return '501 MAIL FROM:<address>';
    }
    session.mail = { from, to: [] };
    return '250 ok';
  },
  RCPT: (session, line) => {
    const to = address(line);
    if (!session.mail) {
      return '503 MAIL first';
    }
    if (!to) {
      return '501 RCPT TO:<address>';
    }
    if (to.startsWith('refused')) {
      return '550 nobody of that name';
    }
    session.mail.to.push(to);
    return '250 ok';
  },
  DATA: (session) => {
    if (!session.mail?.to.length) {
      return '503 RCPT first';
    }
    session.data = [];
    return '354 end with a dot';
  },
};

// GET /demo/mails, the newest first; /demo/mails/N, its HTML; N.txt, N.pdf.
export class Mailbox {
  constructor(dir) {
    this.dir = dir;
  }

  read(n) {
    const bytes = fs.readFileSync(path.join(this.dir, `${n}.eml`), 'latin1');

    return { n, at: /^Date: (.*)\r$/m.exec(bytes)?.[1] ?? null, ...parse(bytes) };
  }

  list() {
    const numbers = fs.readdirSync(this.dir).map((name) => /^(\d+)\.eml$/.exec(name)?.[1])
      .filter(Boolean).map(Number).sort((a, b) => b - a);
    const mails = numbers.slice(0, LIST_MAX).map((n) => this.read(n));

    return { count: numbers.length, mails: mails.map(({ at, to, subject, lang, pdf, n }) => (
      { n, at, to: to?.replace(/^<|>$/g, ''), subject, lang, pdf: Boolean(pdf) })) };
  }

  answer(url) {
    const [, n, kind] = /^\/demo\/mails(?:\/(\d{1,9})(\.txt|\.pdf)?)?(?:\?.*)?$/.exec(url) ?? [];

    if (/^\/demo\/mails(?:\?.*)?$/.test(url)) {
      return ['application/json', JSON.stringify(this.list())];
    }
    const mail = this.read(Number(n));
    return kind === '.pdf' ? ['application/pdf', mail.pdf]
      : kind === '.txt' ? ['text/plain; charset=utf-8', mail.text]
        : ['text/html; charset=utf-8', mail.html];
  }

  listen(socket) {
    fs.rmSync(socket, { force: true });
    return new Promise((done, failed) => {
      http.createServer((request, response) => {
        let answer = null;

        try {
          answer = request.method === 'GET' ? this.answer(request.url) : null;
        } catch (error) {
          if (error.code !== 'ENOENT') {
            console.error(error);
          }
        }
        response.writeHead(answer?.[1] ? 200 : 404, { 'Content-Type': answer?.[0] ?? 'text/plain',
          'Cache-Control': 'no-store', 'Content-Security-Policy': POLICY,
          'X-Content-Type-Options': 'nosniff' });
        response.end(answer?.[1] ?? 'no such mail\n');
      }).on('error', failed).listen(socket, done);
    });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, dir: { type: 'string' }, socket: { type: 'string' } },
  });

  if (!/^\d{1,5}$/.test(values.port ?? '') || !values.dir) {
    console.error('usage: sink.mjs --port N --dir DIR [--socket FILE]');
    process.exit(1);
  }
  try {
    const sink = await new Sink(values.dir).listen(Number(values.port));
    if (values.socket) {
      await new Mailbox(values.dir).listen(values.socket);
    }
    console.log(`mail sink at 127.0.0.1:${sink.port}`);
  } catch (error) {
    console.error(`mail sink: ${error.message}`);
    process.exit(1);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => process.exit(0));
  }
}
