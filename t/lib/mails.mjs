// Mails as their readers get them: the bytes a relay was given, taken apart.

import fs from 'node:fs';
import path from 'node:path';

const quoted = (text) => Buffer.from(text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g,
  (all, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();

// RFC 2047: words of base64, none of which ends inside a character.
export function words(value) {
  const encoded = /^(?:=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=)(?:\s+=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=)*$/;
  if (!encoded.test(value)) {
    return value;
  }
  return [...value.matchAll(/=\?UTF-8\?B\?([^?]+)\?=/g)]
    .map(([, part]) => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64')))
    .join('');
}

function part(bytes, type) {
  const at = bytes.indexOf(`Content-Type: ${type}`);
  if (at < 0) {
    return null;
  }
  const [head, ...rest] = bytes.slice(at).split('\r\n\r\n');
  const body = rest.join('\r\n\r\n').split(/\r\n--=_/)[0];
  return /base64/.test(head) ? Buffer.from(body, 'base64') : quoted(body);
}

export function parse(bytes) {
  const head = bytes.slice(0, bytes.indexOf('\r\n\r\n'));
  const field = (name) => new RegExp(`^${name}: ((?:.*\r\n[ \t])*.*)$`, 'm').exec(head)?.[1]
    .replace(/\r\n[ \t]/g, ' ').trim();
  return { bytes, head, subject: words(field('Subject') ?? ''), raw: field('Subject'),
    to: field('To'), id: field('Message-ID'), lang: field('Content-Language'),
    text: part(bytes, 'text/plain'), html: part(bytes, 'text/html'),
    pdf: part(bytes, 'application/pdf') };
}

// All that arrived in a folder, the newest first.
export function arrived(dir) {
  return fs.readdirSync(dir).filter((name) => name.endsWith('.eml'))
    .sort((a, b) => parseInt(b, 10) - parseInt(a, 10))
    .map((name) => parse(fs.readFileSync(path.join(dir, name), 'latin1')));
}

// What is wrong with one, as words; the names that people typed are known.
export function faults(mail, typed = []) {
  const found = [];
  const say = (wrong, what) => wrong && found.push(what);
  const without = (text) => typed.reduce((rest, name) => rest.replaceAll(name, ''), text);
  const escaped = typed.map((name) => name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'));
  const plain = (text) => escaped.reduce((rest, name) => rest.replaceAll(name, ''), text);
  const tags = [...plain(mail.html ?? '').matchAll(/<(\/?[a-z0-9]+)/gi)].map(([, tag]) => tag);

  for (const [where, text] of [['subject', mail.subject], ['text', mail.text]]) {
    say(!text?.trim(), `no ${where}`);
    say(/[{}]/.test(without(text ?? '')), `${where} with a placeholder`);
    say(/\b(?:mail|paper|plan|period)\.[a-z_]+\b/.test(without(text ?? '')), `${where} with a key`);
    say(/\b(?:null|undefined|NaN)\b|�/.test(text ?? ''), `${where} with a hole`);
  }
  say(/[^\x20-\x7e\r\n\t]/.test(mail.head), 'a header that is not ASCII');
  say(mail.head.split('\r\n').some((line) => line.length > 998), 'a long header');
  say(/[^\r]\n|\r[^\n]/.test(mail.bytes), 'a bare end of line');
  say(mail.bytes.split('\r\n').some((line) => line.length > 998), 'a long line');
  say(!mail.html, 'no HTML');
  say(/[{}]/.test(plain(mail.html ?? '')), 'HTML with a placeholder');
  say(tags.some((tag) => /^\/?(?:script|img|iframe|object|form|b|i|style|svg)$/i.test(tag)),
    `HTML with ${tags}`);
  say((mail.html?.match(/<p>/g) ?? []).length !== (mail.html?.match(/<\/p>/g) ?? []).length
    - (mail.html?.match(/<p [^>]*>/g) ?? []).length, 'paragraphs that do not end');
  say(mail.lang && !mail.html?.includes(`<html lang="${mail.lang}">`), 'HTML of another language');
  say(mail.pdf && mail.pdf.subarray(0, 5).toString() !== '%PDF-', 'a file that is no PDF');
  return found;
}
