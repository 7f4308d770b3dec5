// Debian's own JavaScript libraries (node-ajv, node-js-yaml), also for a Node
// that is not Debian's and does not look where they are.

const Module = require('node:module');

const { NODE_PATH } = process.env;
process.env.NODE_PATH = '/usr/share/nodejs';
Module._initPaths();
exports.Ajv = require('ajv');
exports.yaml = require('js-yaml');

if (NODE_PATH === undefined) {
  delete process.env.NODE_PATH;
} else {
  process.env.NODE_PATH = NODE_PATH;
}
Module._initPaths();
