import { join } from 'node:path';
import { defineCommand } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { buildEngine } from './engine/buildEngine';

export const command = defineCommand({
  script: 'engine:build',
  usage: [''],
  summary:
    'Builds the Pulumi CLI and its Node language host into .local/bin, unless they are there. Takes minutes the first time; needs Go and a Go module proxy.',
  exits: { 0: 'they are there', 1: 'the build failed' },
  run: (_, { terminal }) => buildEngine(join(__dirname, '..'), terminal),
});

runScript(module, command);
