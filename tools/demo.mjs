// The parts of ./demo that a shell is no good at: ports, JSON, waiting for
// HTTP.  node tools/demo.mjs COMMAND ARGUMENTS

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { merge } from './merge.mjs';
import { freePort, listens } from './port.mjs';

function get(url, accept = 'application/json') {
  return new Promise((done) => {
    const request = http.get(url, { headers: { accept }, agent: false, timeout: 3000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => { text += part; });
        response.on('end', () => done({ status: response.statusCode, text }));
        response.on('error', () => done({ status: 0, text: '' }));
      });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done({ status: 0, text: '' }));
  });
}

const commands = {
  // Exit status 0 when the port can be had.
  async free(port) {
    return await listens(Number(port)) ? 0 : 1;
  },

  // As many free ports as asked for, blank-separated.
  async ports(count) {
    const ports = [];
    while (ports.length < Number(count)) {
      ports.push(await freePort());
    }
    console.log(ports.join(' '));
    return 0;
  },

  // billing.json for this folder, from the one that is shipped; DEMO_PATCH is
  // merged into it.
  configure(template, dir, port, gateway, mail, dsn) {
    const settings = merge(JSON.parse(fs.readFileSync(template, 'utf8')),
      JSON.parse(process.env.DEMO_PATCH || '{}'));
    const url = `http://127.0.0.1:${port}`;

    settings.$schema = path.join(path.resolve(path.dirname(template)), 'billing.schema.json');
    settings.gateway = {
      ...settings.gateway,
      url: `http://127.0.0.1:${gateway}`,
      secret_key_file: path.join(dir, 'secrets/gateway_secret_key'),
      webhook_secret_files: [path.join(dir, 'secrets/gateway_webhook')],
    };
    settings.application = {
      ...settings.application,
      key_files: [path.join(dir, 'secrets/application_key')],
    };
    settings.store = { dsn };
    if (!settings.redis.sentinel && !settings.redis.cluster) {
      settings.redis = { ...settings.redis, address: `unix:${dir}/redis.sock` };
    }
    // All its people have one domain, and the sink is nobody's server: no pace.
    settings.mail = { ...settings.mail, url: `smtp://127.0.0.1:${mail}`, domain_per_minute: 0 };
    settings.public_url = url;
    settings.secret_files = [path.join(dir, 'secrets/master')];
    settings.demo = true;
    fs.writeFileSync(path.join(dir, 'billing.json'), `${JSON.stringify(settings, null, 2)}\n`);
    return 0;
  },

  // Waits until the address answers 200; tells the last answer when it does not.
  async wait(url, seconds) {
    const end = Date.now() + Number(seconds) * 1000;
    let last = { status: 0, text: '' };
    while (Date.now() < end) {
      last = await get(url);
      if (last.status === 200) {
        return 0;
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    console.error(last.status ? `${url}: ${last.status} ${last.text.slice(0, 300)}`
      : `${url}: no answer`);
    return 1;
  },

  // Exit status 0 when the address answers 200 now.
  async ready(url) {
    return (await get(url)).status === 200 ? 0 : 1;
  },

  // Profiles and what they are for, one a line.
  async profiles(url) {
    const { status, text } = await get(`${url}/demo/data`);
    if (status !== 200) {
      return 1;
    }
    const { profiles = [] } = JSON.parse(text);
    for (const profile of profiles) {
      const { email = profile, about = profile.name ?? '' } = profile;
      console.log(`    ${email}${about ? `  ${about}` : ''}`);
    }
    return 0;
  },
};

const [name, ...args] = process.argv.slice(2);
process.exitCode = await commands[name](...args);
