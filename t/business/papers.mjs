// Documents as files: what stands on them, who gets them, and that the same
// bytes come again.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { eventually, start } from '../lib/stack.mjs';
import { advance, byCard, byInvoice, finalised, invoices, key, ok, wire } from './documents.mjs';

let stack;

before(async () => {
  stack = await start({}, { settings: {
    tax: [{ country: 'FR', permyriad: 2000 },
      { country: 'DE', permyriad: 1900, reverse_charge: true }],
  } });
});
after(() => stack.stop());

// The raw bytes, which the client's text would spoil.
function bytes(client, where, headers = {}) {
  return new Promise((done, failed) => {
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    http.get(stack.url + where, { agent: false, headers: { cookie, ...headers } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers,
        body: Buffer.concat(parts) }));
    }).on('error', failed);
  });
}

async function pdf(client, where) {
  const got = await bytes(client, where);
  assert.equal(got.status, 200, got.body.toString());
  assert.equal(got.headers['content-type'], 'application/pdf');
  const file = path.join(stack.dir, 'paper.pdf');
  fs.writeFileSync(file, got.body);
  got.text = execFileSync('pdftotext', ['-layout', file, '-']).toString();
  got.info = execFileSync('pdfinfo', [file]).toString();
  return got;
}

// Spaces and apostrophes in one kind each.
const flat = (text) => text.replace(/\s+/g, ' ').replaceAll('’', "'");
const has = (got, ...texts) => texts.forEach((text) => assert.ok(
  flat(got.text).includes(flat(text)), `${text}\n${got.text}`));

const french = { company: 'Œuvres & Forêts <SARL>', address: "12 rue de l'Été", city: 'Besançon',
  postal_code: '25000', country: 'FR' };

test('r105 r122 p40 the full invoice is there at any time, in the same bytes', async () => {
  const { owner, number } = await byCard(stack, 'paper', { billing_information: french });
  const where = `/billing/invoices/${number}.pdf`;
  const first = await pdf(owner, where);

  assert.equal(first.headers['content-disposition'], `attachment; filename="facture-${number}.pdf"`);
  assert.equal(first.headers['cache-control'], 'private, max-age=31536000, immutable');
  assert.equal(first.headers.etag,
    `"${createHash('sha256').update(first.body).digest('hex')}"`);

  has(first, `Facture ${number}`, 'Example Boards SAS', 'SIREN 123456782', 'RCS Paris', 'N° TVA FR11123456782', 'Capital social 10 000 EUR',
  french.company, french.address, '25000 Besançon', 'Total HT', 'TVA 20 %', 'Total TTC',
  'Acquittée par carte', "Catégorie de l'opération", 'Page 1 sur 1');
  // To the letter what the browser shows.
  const money = (minor) => new Intl.NumberFormat('fr-FR', { style: 'currency', currency: 'USD' })
    .format(minor / 100);
  has(first, money(2000), money(400), money(2400));
  assert.match(first.info, /Title: +Facture INV-/);
  assert.match(first.info, /Tagged: +yes/);
  assert.match(first.info, /Page size: +595\.28 x 841\.89/);

  await eventually('the kept file', async () => (await stack.sql(
    `SELECT content <> '' AS kept FROM document_file WHERE name = '${number}'`))[0].kept);
  await advance(owner, '20d');
  const later = await bytes(owner, where);
  assert.deepEqual(later.body, first.body);
  const same = await bytes(owner, where, { 'if-none-match': first.headers.etag });
  assert.equal(same.status, 304);
  assert.equal(same.body.length, 0);
});

test('r105 a paper that has to be printed again is the same', async () => {
  const { owner, number } = await byCard(stack, 'again', { billing_information: french });
  const [row] = await eventually('the kept file', async () => {
    const rows = await stack.sql(`SELECT hash FROM document_file WHERE name = '${number}' AND content <> ''`);
    return rows.length && rows;
  });
  const file = stack.database.replace(/^sqlite:/, '');
  execFileSync('sqlite3', [file, 'PRAGMA busy_timeout = 5000',
    `UPDATE document_file SET content = '' WHERE name = '${number}'`]);
  const got = await bytes(owner, `/billing/invoices/${number}.pdf`);
  assert.equal(createHash('sha256').update(got.body).digest('hex'), row.hash);
});

test('r1 another language is a courtesy, and says so', async () => {
  const { owner, number } = await byCard(stack, 'courtesy', { billing_information: french });
  const got = await pdf(owner, `/billing/invoices/${number}.pdf?translation=1&lang=en`);
  has(got, `Invoice ${number}`, 'Total excl. VAT', '$24.00', 'Translation by courtesy', 'Page 1 of 1');
  assert.equal(got.headers['cache-control'], 'private, no-cache');
  assert.equal(got.headers['content-language'], 'en');
});

test('p41 r131 between businesses: due date, penalties, 40 EUR, no discount', async () => {
  const { owner, team } = await byInvoice(stack, 'trade', { billing_information: french });
  await advance(owner, '61m');
  const { number, due_at: due } = await finalised(owner, team);
  const got = await pdf(owner, `/billing/invoices/${number}.pdf`);
  const day = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'Europe/Paris' })
    .format(new Date(due));
  has(got, `À régler au plus tard le ${day}`, 'Pénalités de retard', 'article L441-10',
    'frais de recouvrement', '40 €', "Pas d'escompte pour paiement anticipé");
});

test('r108 r122 a receipt of what has come, and a credit note that names its invoice', async () => {
  const { owner, team } = await byInvoice(stack, 'receipt', { billing_information: french });
  await advance(owner, '61m');
  const { number, total } = await finalised(owner, team);
  const none = await owner.get(`/billing/receipts/${number}.pdf`);
  assert.equal(none.status, 409, none.text);

  await ok(wire(owner, number, 10000, 'WIRE-77'));
  let got = await pdf(owner, `/billing/receipts/${number}.pdf?lang=fr`);
  has(got, `Reçu de paiement ${number}`, 'Par virement, référence WIRE-77', '100,00 $US', 'Reste à payer');
  await ok(wire(owner, number, total - 10000, 'WIRE-78'));
  got = await pdf(owner, `/billing/receipts/${number}.pdf?lang=en`);
  has(got, 'Receipt', 'WIRE-78', 'Still to be paid $0.00');

  // Its address is that of the invoice, whatever the team's is by now.
  await ok(owner.put('/billing/information', { team, company: 'Moved Ltd', country: 'DE' }));
  const [{ issued_at: issued }] = await invoices(owner, team);
  const day = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'Europe/Paris' })
    .format(new Date(issued));
  const asked = await ok(owner.post('/billing/refunds', { team, invoice: number, amount: 12000,
    reason: 'not used' }, key()), 201);
  await ok(owner.decide(asked.refund.id, 'granted'));
  const [{ credit_notes: [note] }] = (await invoices(owner, team));
  got = await pdf(owner, `/billing/credit-notes/${note.number}.pdf`);
  has(got, `Avoir ${note.number}`, `facture ${number} du ${day}`, french.company, 'TVA 20 %', '100,00 $US',
    '20,00 $US', '120,00 $US');
  assert.ok(!got.text.includes('Moved'), got.text);
  assert.equal(got.headers['content-disposition'],
    `attachment; filename="avoir-${note.number}.pdf"`);
});

// C. com. L441-9, CGI ann. II 242 nonies A (reliability.md, section 8).
test('p40 p41 all that a French invoice must carry, the buyer\'s SIREN among it', async () => {
  const { owner, team } = await byInvoice(stack, 'carries', {
    billing_information: { ...french, siren: '732 829 320' } });
  await advance(owner, '61m');
  const { number } = await finalised(owner, team);
  const got = await pdf(owner, `/billing/invoices/${number}.pdf`);

  for (const [what, text] of Object.entries({
    number, issue: "Date d'émission", supply: 'Période de service', due: 'À régler au plus tard le',
    'seller, form': 'SAS', capital: 'Capital social 10 000 EUR', register: 'RCS Paris',
    'seller, SIREN': 'SIREN 123456782', 'seller, VAT id': 'N° TVA FR11123456782',
    'seller, address': '75002 Paris', 'buyer, name': french.company, 'buyer, address': french.address,
    'buyer, city': '25000 Besançon', 'buyer, country': 'France', 'buyer, SIREN': 'SIREN 732829320',
    order: 'Commande', label: 'Forfait Team', quantity: 'Quantité', 'unit price': 'Prix unitaire HT',
    rate: 'Taux de TVA', net: 'Total HT', tax: 'TVA 20 %', total: 'Total TTC',
    category: "Catégorie de l'opération : prestation de services", discount: "Pas d'escompte",
    penalty: 'Pénalités de retard', recovery: '40 €',
  })) {
    assert.ok(flat(got.text).includes(flat(text)), `${what}: ${text}\n${got.text}`);
  }
  const wrong = await owner.put('/billing/information', { team, country: 'FR', siren: '732829321' });
  assert.equal(wrong.json.code, 'SIREN_INVALID', wrong.text);
});

test('a bill that was refused is told of, until one arrives', async () => {
  const { owner, team } = await byInvoice(stack, 'bounce', {
    billing_information: french,
    payment: { method: 'invoice', email: 'refused-bills@example.test' } });
  const told = async () => (await ok(owner.get(`/billing/overview?team=${team}`))).mail_refused;
  assert.equal(await told(), null);
  await advance(owner, '61m');
  const { number } = await finalised(owner, team);
  const refused = await eventually('the refusal', told);
  assert.equal(refused.email, 'refused-bills@example.test');
  assert.match(refused.subject, new RegExp(number));
  assert.ok(Date.parse(refused.at) > 0, refused.at);

  await ok(owner.post('/billing/payment-method', { team, method: 'invoice',
    email: 'arrives@example.test' }, key()));
  assert.equal(await told(), null);
});

test('p45 a kept file that was changed, or has gone, is found', async () => {
  const [{ name }] = await eventually('a kept file', async () => {
    const rows = await stack.sql("SELECT name FROM document_file WHERE content <> '' LIMIT 1");
    return rows.length && rows;
  });
  const found = async (statement, check) => (await stack.verify(statement)).checks
    .find((one) => one.check === check).found;
  const at = `WHERE name = '${name}'`;

  assert.equal(await found("UPDATE document_file SET content = substr(content, 1, 99)"
    + " || CASE substr(content, 100, 1) WHEN 'A' THEN 'B' ELSE 'A' END"
    + ` || substr(content, 101) ${at}`, 'document.files'), 1);
  assert.equal(await found(`UPDATE document_file SET hash = 'x' ${at}`, 'document.files'), 1);
  assert.equal(await found(`DELETE FROM document_file ${at}`, 'document.missing'), 1);
});

test('p47 whoever may not read it learns nothing', async () => {
  const { owner, number } = await byCard(stack, 'mine', { billing_information: french });
  const stranger = await stack.client('stranger@example.test');
  const foreign = await stranger.get(`/billing/invoices/${number}.pdf`);
  const missing = await stranger.get('/billing/invoices/INV-2026-999999.pdf');
  assert.equal(foreign.status, 404);
  assert.equal(foreign.text, missing.text);
  assert.equal((await stranger.get(`/billing/receipts/${number}.pdf`)).text, missing.text);
  assert.equal((await stranger.get('/billing/credit-notes/CN-2026-000001.pdf')).status, 404);

  const anonymous = await stack.client('nobody@example.test');
  anonymous.cookies.clear();
  assert.equal((await anonymous.get(`/billing/invoices/${number}.pdf`)).status, 401);
  assert.equal((await owner.get(`/billing/invoices/${number}.pdf`)).status, 200);
});

test('r134 the copy after payment has the information of today', async () => {
  const { owner, team, number } = await byCard(stack, 'copied', { billing_information: french });
  await ok(owner.put('/billing/information', { team, company: 'Nouveau nom', country: 'FR',
    postal_code: '75001' }));
  has(await pdf(owner, `/billing/invoices/${number}.pdf`), french.company);
  const copy = await pdf(owner, `/billing/invoices/${number}.pdf?copy=1`);
  has(copy, 'Nouveau nom', 'Copie après paiement');
  assert.equal(copy.headers['cache-control'], 'private, no-cache');
});

// The newest mail to somebody, with its parts.
function letter(to) {
  const dir = path.join(stack.dir, 'mails');
  const found = fs.readdirSync(dir).filter((name) => name.endsWith('.eml'))
    .sort((a, b) => parseInt(b, 10) - parseInt(a, 10))
    .map((name) => fs.readFileSync(path.join(dir, name), 'latin1'))
    .find((text) => text.includes(`Delivered-To: ${to}\r\n`));
  if (!found) {
    return null;
  }
  const part = (type) => {
    const [head, ...rest] = found.slice(found.indexOf(`Content-Type: ${type}`)).split('\r\n\r\n');
    const body = rest.join('\r\n\r\n').split(/\r\n--=_/)[0];
    return /base64/.test(head) ? Buffer.from(body, 'base64')
      : Buffer.from(body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g,
        (all, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  };
  return { text: part('text/plain'), html: part('text/html'), pdf: part('application/pdf'), found };
}

test('r104 r224 the receipt has text, HTML and the file that is downloaded', async () => {
  const { owner, number } = await byCard(stack, 'mailed', { billing_information: french });
  const mail = await eventually('a receipt', () => letter('mailed@example.test'));
  assert.match(mail.found, /^Content-Type: multipart\/mixed/m);
  assert.match(mail.text, new RegExp(number));
  assert.match(mail.html, /Œuvres|\$24\.00|24,00/);
  assert.deepEqual(mail.pdf, (await bytes(owner, `/billing/invoices/${number}.pdf`)).body);
  assert.match(mail.text, /\$24\.00|24,00\s\$US/);
});

test('r135 a mailed link pays one invoice, with any card and no login', async () => {
  const { owner, team } = await byInvoice(stack, 'link', { billing_information: french });
  await advance(owner, '61m');
  const { number, total } = await finalised(owner, team);
  const mail = await eventually('the invoice', () => letter('bills-link@example.test'));
  const [, token] = /\/billing\/pay#([\w-]+)/.exec(mail.text);
  assert.ok(mail.html.includes(`/billing/pay#${token}"`), mail.html);

  const holder = await stack.client('holder@example.test');
  holder.cookies.clear();
  holder.csrf = '';
  const seen = await ok(holder.post('/billing/pay/look', { token }));
  assert.deepEqual(Object.keys(seen.invoice).sort(),
    ['currency', 'due_at', 'number', 'open', 'seller', 'state', 'total']);
  assert.equal(seen.invoice.open, total);

  for (const wrong of [`n_${'a'.repeat(26)}`, token.toUpperCase()]) {
    const none = await holder.post('/billing/pay/look', { token: wrong });
    assert.equal(none.status, 404, none.text);
    assert.equal(none.json.code, 'INVOICE_NOT_FOUND');
  }
  const foreign = await holder.post('/billing/pay/look', { token }, { origin: 'http://evil.test' });
  assert.equal(foreign.status, 403, foreign.text);

  const begun = await ok(holder.post('/billing/pay/card', { token }));
  assert.ok(begun.client_secret && begun.gateway);
  const pay = (method, used) => holder.post('/billing/pay', { token, payment_method: method }, used);
  holder.post = ((post) => (where, body, headers) => (where === '/upgrade/card'
    ? post.call(holder, '/billing/pay/card', { token }, headers)
    : post.call(holder, where, body, headers)))(holder.post);
  const card = await holder.card(team);
  const used = key();
  const paid = await ok(pay(card.id, used));
  assert.deepEqual(Object.keys(paid).sort(), ['invoice', 'operation', 'state']);
  assert.equal(paid.invoice.state, 'paid');
  assert.deepEqual(await ok(pay(card.id, used)), paid);
  const charges = (await stack.ledger()).filter((one) => one.metadata.team === team
    && one.status === 'succeeded');
  assert.deepEqual(charges.map((one) => one.amount), [total]);
  const again = await pay(card.id, key());
  assert.equal(again.json.code, 'INVOICE_NOT_OPEN', again.text);
  assert.equal((await holder.get(`/billing/invoices/${number}.pdf`)).status, 401);

  const file = stack.database.replace(/^sqlite:/, '');
  execFileSync('sqlite3', [file, 'PRAGMA busy_timeout = 5000', 'UPDATE invoice_link SET expires_at = 1']);
  assert.equal((await holder.post('/billing/pay/look', { token })).status, 404);
});
