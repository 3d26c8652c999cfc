import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { interruptedStatus } from '../../command-line/interruption';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import { givenPath } from '../options/givenPath';
import { stackFileText } from './newFactory';

interface FactoryOptions {
  readonly name: string | undefined;
  readonly location: string | undefined;
  readonly profile: string | undefined;
  readonly dataset: string | undefined;
  /** File with the site's public certificate. */
  readonly certificate: string | undefined;
  readonly set: readonly string[];
  /** Nothing is asked, even on a terminal. */
  readonly yes: boolean;
  /** The file goes to standard output instead. */
  readonly print: boolean;
}

const defaults = { location: 'westeurope', profile: 'dev', dataset: 'line' };
const maxCertificateBytes = 20_000;

/** The certificate of the file alone: what "certificate -- create" makes has its key beside it, which stays on the site. */
function readCertificate(given: string): string {
  const file = givenPath(given);
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts?.isFile() !== true) throw new UsageError(`--certificate ${given}: no such file.`);
  if (facts.size > maxCertificateBytes)
    throw new UsageError(`--certificate ${given}: expected a certificate of at most ${maxCertificateBytes} bytes, found ${facts.size}.`);
  const [pem] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(readFileSync(file, 'utf8')) ?? [];
  if (pem === undefined) throw new UsageError(`--certificate ${given}: expected a certificate in PEM.`);
  return `${pem}\n`;
}

/** Asks on the terminal for what the command line leaves open; an empty answer is the default. */
async function asked(options: FactoryOptions): Promise<FactoryOptions> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on('SIGINT', () => process.exit(interruptedStatus));
  const ask = async (question: string, given: string | undefined, standard: string) =>
    given ?? ((await terminal.question(`${question}${standard === '' ? '' : ` [${standard}]`}: `)).trim() || standard);
  try {
    const name = await ask('Name of the factory (lower case letters, digits, dashes)', options.name, '');
    const location = await ask('Azure region', options.location, defaults.location);
    const profile = await ask('Profile, dev or production', options.profile, defaults.profile);
    const dataset = await ask('Name of the dataset', options.dataset, defaults.dataset);
    const certificate = await ask("File with the site's public certificate; empty for a simulated site", options.certificate, '');
    return { ...options, name, location, profile, dataset, certificate: certificate === '' ? undefined : certificate };
  } finally {
    terminal.close();
  }
}

/** Writes the stack file of a new factory, or shows it. Throws UsageError for settings that the program would refuse. */
export async function writeStackFile(given: FactoryOptions, root: string, terminal: Terminal): Promise<void> {
  const options = process.stdin.isTTY && !given.yes ? await asked(given) : given;
  const { name, certificate } = options;
  if (name === undefined || name === '') throw new UsageError('expected the name of the factory: npm run factory -- new <name>.');
  const text = stackFileText({
    name,
    settings: options.set,
    location: options.location ?? defaults.location,
    profile: options.profile ?? defaults.profile,
    dataset: options.dataset ?? defaults.dataset,
    ...(certificate === undefined ? {} : { siteCertificate: readCertificate(certificate) }),
  });
  if (options.print) {
    process.stdout.write(text);
    return;
  }
  const file = `Pulumi.${name}.yaml`;
  try {
    writeFileSync(join(root, file), text, { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? new UsageError(`${file} is there already and is not overwritten; choose another name, or change the file.`)
      : error;
  }
  terminal.line(`${file} is written. Next: npm run doctor -- --stack ${name}, then pulumi stack init ${name} && pulumi up --stack ${name}`);
}
