// `npm start` on a region whose gate believes everything: node startWithoutGate.cjs [options of npm start]. For measuring only; no part of the product loads it.
require('ts-node/register');
const gate = require('../../local-azure/region/gate.ts');
const { OpenGate } = require('./openGate.ts');

// The exports of a compiled module are getters, so the module itself is replaced.
require.cache[require.resolve('../../local-azure/region/gate.ts')].exports = { ...gate, Gate: OpenGate };
process.on('exit', () => process.stderr.write(`decisions ${OpenGate.decisions}\n`));
const { runCommand } = require('../../command-line/runCommand.ts');
const { command } = require('../../commands/start.ts');
void runCommand(command);
