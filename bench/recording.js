'use strict';

// A worker that writes its statements down (recorder.c), and what it wrote.

const fs = require('node:fs');
const path = require('node:path');

// The build, but for that worker, each process of which has a file of its own.
// nginx starts it with hardly any environment.
function recording(build, folder) {
  const dir = path.join(folder, 'build');
  fs.mkdirSync(dir);
  for (const name of fs.readdirSync(build)) {
    fs.symlinkSync(path.join(build, name), path.join(dir, name));
  }
  fs.rmSync(path.join(dir, 'billing-worker'));
  fs.writeFileSync(path.join(dir, 'billing-worker'), `#!/bin/sh\nBENCH_TRACE=${folder}/trace.$$ exec ${
    path.resolve(build)}/bench/billing-worker "$@"\n`, { mode: 0o755 });
  return dir;
}

// One after the other, as they wrote: the file to be executed again.
function traceOf(folder) {
  const trace = path.join(folder, 'trace');
  fs.readdirSync(folder).filter((file) => file.startsWith('trace.'))
    .map((file) => path.join(folder, file))
    .sort((a, b) => fs.statSync(a).mtimeMs - fs.statSync(b).mtimeMs)
    .forEach((file) => fs.appendFileSync(trace, fs.readFileSync(file)));
  return trace;
}

module.exports = { recording, traceOf };
