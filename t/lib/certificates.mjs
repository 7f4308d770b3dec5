// Certificates of a test's own: who signs, and who is signed.
//
//   const issuer = new Issuer(folder);
//   issuer.issue('redis', { names: 'IP:127.0.0.1' })   // { cert, key }

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });

export class Issuer {
  constructor(folder, word = 'issuer') {
    this.folder = folder;
    this.word = word;
    this.cert = path.join(folder, `${word}.pem`);
    this.key = this.keyOf(word);
    openssl('req', '-x509', '-new', '-key', this.key, '-subj', `/CN=${word}`, '-days', '2',
      '-out', this.cert);
    this.conf = path.join(folder, `${word}.cnf`);
    fs.writeFileSync(path.join(folder, `${word}.index`), '');
    fs.writeFileSync(this.conf, `[ca]
default_ca = own
[own]
database = ${folder}/${word}.index
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
unique_subject = no
copy_extensions = copy
policy = any
[any]
commonName = supplied
`);
  }

  keyOf(word) {
    const key = path.join(this.folder, `${word}.key`);
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
    return key;
  }

  // days below 0: its time is over.  self: signed by nobody else.
  issue(word, { names, days = 2, self = false }) {
    const key = this.keyOf(word);
    const cert = path.join(this.folder, `${word}.pem`);
    const ask = path.join(this.folder, `${word}.csr`);

    openssl('req', '-new', '-key', key, '-subj', `/CN=${word}`, '-addext',
      `subjectAltName=${names}`, '-out', ask);
    const day = (n) => new Date(Date.now() + n * 86400000).toISOString()
      .replace(/[-:T]|\.\d*/g, '');
    openssl('ca', '-batch', '-notext', '-config', this.conf, '-in', ask, '-out', cert,
      '-startdate', day(-2), '-enddate', day(days),
      ...(self ? ['-selfsign', '-keyfile', key] : ['-cert', this.cert, '-keyfile', this.key]));
    fs.rmSync(ask);
    return { cert, key };
  }
}
