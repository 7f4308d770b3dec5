#!/usr/bin/env node

// A card gateway for demo and tests: the part of the Stripe API we speak, on
// 127.0.0.1, with test cards only and books to look into.

import fs from 'node:fs';
import { parseArgs } from 'node:util';

import { Gateway } from './server.mjs';

const USAGE = `usage: gateway.mjs --port N --secret-key-file FILE [options]
  --port N                    0 takes a free one; the address is printed
  --dir DIR                   keeps the books in DIR/journal over a restart
  --secret-key-file FILE      sk_test_...; a live key is refused
  --publishable-key KEY       pk_test_sandbox
  --webhook-url URL           where events are told; none: they are only listed
  --webhook-secret-file FILE  whsec_...
`;

function secret(file) {
  const text = fs.readFileSync(file, 'utf8').trim();

  if (!text) {
    throw new Error(`${file} is empty`);
  }
  return text;
}

function options() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      port: text,
      dir: text,
      'secret-key-file': text,
      'publishable-key': { ...text, default: 'pk_test_sandbox' },
      'webhook-url': text,
      'webhook-secret-file': text,
    },
  });

  if (!/^\d{1,5}$/.test(values.port ?? '') || !values['secret-key-file']) {
    throw new Error('--port and --secret-key-file are needed');
  }
  if (values['webhook-url'] && !values['webhook-secret-file']) {
    throw new Error('--webhook-url needs --webhook-secret-file');
  }
  return {
    port: Number(values.port),
    dir: values.dir,
    secretKey: secret(values['secret-key-file']),
    publishableKey: values['publishable-key'],
    webhookUrl: values['webhook-url'],
    webhookSecret: values['webhook-secret-file'] && secret(values['webhook-secret-file']),
  };
}

try {
  const { port, ...rest } = options();
  const gateway = await new Gateway(rest).listen(port);

  console.log(`sandbox gateway (test mode, no money moves) at ${gateway.origin}`);
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => gateway.close().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(`sandbox: ${error.message}\n${USAGE}`);
  process.exit(1);
}
