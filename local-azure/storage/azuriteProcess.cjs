'use strict';
// Azurite in a process of its own. The parent writes the key as the first line of stdin and keeps stdin open: when the parent
// is gone, however it went, stdin ends and Azurite closes its stores and exits.
const { subscribe } = require('node:diagnostics_channel');
const { createInterface } = require('node:readline');
const AccountDataStore = require('azurite/dist/src/common/AccountDataStore').default;

// Azurite reads its accounts once at start, but accounts of the region come and go: one key stands for any account name, and
// the front decides which accounts exist.
let key;
AccountDataStore.prototype.getAccount = (name) => (key === undefined ? undefined : { name, key1: key });

// The parent also read what is said here; without it a word of farewell must not end this process before its stores are closed.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// The front signs what it sends, so whoever is refused here came past it.
subscribe('http.server.response.finish', ({ request, response }) => {
  if (response.statusCode === 401 || response.statusCode === 403)
    process.stdout.write(
      `refused ${JSON.stringify({ status: response.statusCode, method: request.method, path: String(request.url).split('?')[0].slice(0, 500) })}\n`,
    );
});

function close() {
  setTimeout(() => process.exit(0), 4_000).unref();
  if (!process.emit('SIGTERM')) process.exit(0);
}

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  key = Buffer.from(line, 'base64');
  require('azurite/dist/src/azurite');
});
lines.once('close', close);
