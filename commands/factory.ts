import { join } from 'node:path';
import { anyText, defineCommand, flag, option, repeated } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { writeStackFile } from './factory/writeStackFile';

export const command = defineCommand({
  script: 'factory',
  usage: ['new <name> [options]'],
  summary:
    'Writes Pulumi.<name>.yaml, the settings of a new factory. On a terminal it asks for what is not given; elsewhere the defaults are taken.',
  arguments: {
    action: {
      read: (given: string | undefined) => {
        if (given !== 'new') throw new UsageError('expected "new <name>"');
        return given;
      },
    },
    name: anyText,
  },
  options: {
    location: option('region', 'Azure region (default westeurope)'),
    profile: option('profile', 'dev (the default) or production'),
    dataset: option('name', 'name of the dataset (default line)'),
    certificate: option('file', "public certificate (PEM) of the site's AI Model Manager; without it the site is simulated"),
    set: repeated('key>=<value', 'any other setting, once per setting, such as --set dataset.windowSeconds=20'),
    yes: flag('ask nothing'),
    print: flag('show the file, write none'),
  },
  notes: 'A file that is there already is never overwritten.',
  examples: ['npm run factory -- new plant-two', 'npm run factory -- new plant-two --profile production --certificate site.pem'],
  exits: { 0: 'written', 2: "wrong usage or a value that the stack's configuration does not allow" },
  run: (asked, { terminal }) => writeStackFile(asked, join(__dirname, '..'), terminal),
});

runScript(module, command);
