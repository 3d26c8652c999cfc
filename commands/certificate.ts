import { join } from 'node:path';
import { actionOf, anyText, defineCommand, flag, oneOfWords, option } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { hubTransports } from '../contracts/siteDocuments';
import { answerAbout } from './certificate/answer';
import { certificateActions, certificateOptions } from './certificate/certificateOptions';

export const command = defineCommand({
  script: 'certificate',
  usage: ['<create|rotate|revoke|documents> --site <folder>', 'status --site <folder>', '<renew|status> --stack <name> [--json]'],
  summary:
    "The site's key and certificate, made where they are used: the key never leaves the folder, the stack's configuration gets the public certificate.",
  arguments: { action: actionOf(certificateActions), which: anyText },
  actions: [
    ['create --device <id>', 'the first key and certificate of a site'],
    ['rotate', 'the next certificate, which counts beside the present one; again, once Azure knows it: the site goes over to it'],
    [
      'revoke <which>',
      'next, previous or a SHA-256 thumbprint: takes it out of the configuration and deletes its key; the one in use is replaced first, with rotate',
    ],
    [
      'status',
      "what there is and how long it is valid; without --site, what Azure knows the site by: of a real site from the stack's file, of a simulated one from the stack's outputs",
    ],
    ['renew', "where the deployment makes the certificate: the next number in the stack's file, when two thirds of its life are over"],
    [
      'documents',
      "the configuration documents of the AI Model Manager and the AI Model Monitor, with the site's key, into the same folder",
    ],
  ],
  options: {
    site: option('folder', 'the folder of the keys of the site'),
    stack: option('name', 'keep Pulumi.<name>.yaml up to date; without it the public certificate is printed', { short: 's' }),
    device: option('id', 'create: the device id of the AI Model Manager'),
    outputs: option(
      'file',
      'what "pulumi stack output --json" printed; without it the Pulumi CLI is asked for the outputs of --stack. Needed for documents, the second rotate and revoke previous',
    ),
    transport: option(
      'tls|wss',
      'documents: how the AI Model Manager reaches the hub, MQTT on port 8883 or through a WebSocket on port 443; default tls',
      { parse: oneOfWords(hubTransports) },
    ),
    json: flag('the result as JSON, on standard output'),
  },
  examples: ['npm run certificate -- create --site keys --device line-1 --stack plant-two', 'npm run certificate -- status --stack dev'],
  exits: {
    0: 'done',
    1: 'status: no certificate, or one that has ended, ends within 14 days or is not in the configuration',
    2: 'wrong usage, or something stands in the way',
  },
  check: certificateOptions,
  run: (asked, { terminal }) => answerAbout(asked, join(__dirname, '..'), terminal),
});

runScript(module, command);
