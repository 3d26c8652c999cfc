import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { create, revoke, rotate, status, type Told } from './certificate/actions';
import { documentOutputs, documents, readOutputsFile } from './certificate/documents';
import { CertificateError, SiteKeys } from './certificate/siteKeys';
import { StackCertificates } from './certificate/stackCertificates';
import { trustedAuthorities } from './documents/hubAuthority';
import { readOutputsOf } from './stack/deployedStack';
import { UsageError } from './startOptions';
import { hubTransports, type HubTransport } from '../contracts/siteDocuments';
import { version } from '../package.json';

const help = `Usage: npm run certificate -- <create|rotate|revoke|status|documents> --site <folder> [options]

The site's key and certificate, made where they are used: the key never leaves
the folder, the stack's configuration gets the public certificate.

  create --device <id>  the first key and certificate of a site
  rotate                the next certificate, which counts beside the present one;
                        again, once Azure knows it: the site goes over to it
  revoke <which>        next, previous or a SHA-256 thumbprint: takes it out of the
                        configuration and deletes its key; the one in use is
                        replaced first, with rotate
  status                what there is and how long it is valid
  documents             the configuration documents of the AI Model Manager and the
                        AI Model Monitor, with the site's key, into the same folder

  --site <folder>       the folder of the site's keys
  --stack <name>        keep Pulumi.<name>.yaml up to date; without it the public
                        certificate is printed
  --outputs <file>      documents: what "pulumi stack output --json" printed; without
                        it the Pulumi CLI is asked for the outputs of --stack
  --transport <tls|wss> documents: how the AI Model Manager reaches the hub, MQTT on
                        port 8883 or through a WebSocket on port 443; default tls
  --json                the result as JSON, on standard output
  --help                this text

Exit status: 0 done; 1 status: no certificate, or one that has ended, ends within
14 days or is not in the configuration; 2 wrong usage.
`;
const root = join(__dirname, '..');

async function certificate(): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { site: { type: 'string' }, stack: { type: 'string' }, device: { type: 'string' }, outputs: { type: 'string' }, transport: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}; see "npm run certificate -- --help".`);
  }
  const { values: { site, stack: stackName, device, outputs, transport, json = false, help: asked }, positionals: [action, which, more] } = parsed;
  if (asked) {
    process.stdout.write(help);
    return 0;
  }
  if (action === undefined || !['create', 'rotate', 'revoke', 'status', 'documents'].includes(action)) throw new UsageError(`expected create, rotate, revoke, status or documents, got ${action ?? 'nothing'}; see "npm run certificate -- --help".`);
  if (site === undefined) throw new UsageError('--site <folder> is missing: where the keys of the site are.');
  if (more !== undefined || (which !== undefined && action !== 'revoke')) throw new UsageError(`unexpected "${more ?? which ?? ''}".`);
  if (action !== 'documents' && (outputs !== undefined || transport !== undefined)) throw new UsageError(`${outputs === undefined ? '--transport' : '--outputs'} is for documents only.`);
  const given = (path: string) => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  const keys = new SiteKeys(given(site));
  const stack = stackName === undefined ? undefined : new StackCertificates(root, stackName);
  const now = new Date();
  const tell = ({ lines, facts }: Told) => void process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`);

  if (action === 'create') {
    if (device === undefined || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(device)) throw new UsageError(`--device ${device ?? ''}: expected the device id of the AI Model Manager, letters, digits, - _ and dots.`);
    tell(await create(keys, stack, device, now));
    return 0;
  }
  if (action === 'status') {
    const { told, healthy } = status(keys, stack, now);
    tell(told);
    return healthy ? 0 : 1;
  }
  if (action === 'documents') {
    if (outputs === undefined && stackName === undefined) throw new UsageError('documents: expected --outputs <file> with what "pulumi stack output --json" printed, or --stack <name>.');
    if (transport !== undefined && !hubTransports.some((one) => one === transport)) throw new UsageError(`--transport ${transport}: expected ${hubTransports.join(' or ')}.`);
    const found = outputs === undefined ? await readOutputsOf(documentOutputs, stackName ?? '', join(root, '.local'), root, process.env) : readOutputsFile(given(outputs));
    tell(documents(keys, stack, { outputs: found, transport: (transport ?? 'tls') as HubTransport, buildNumber: version, authorities: trustedAuthorities() }, now));
    return 0;
  }
  if (action === 'revoke' && which === undefined) throw new UsageError('revoke: expected next, previous or a SHA-256 thumbprint.');
  tell(action === 'rotate' ? await rotate(keys, stack, now) : revoke(keys, stack, which ?? ''));
  return 0;
}

certificate().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    const ours = error instanceof UsageError || error instanceof CertificateError;
    process.stderr.write(`${ours ? error.message : (error.stack ?? error.message)}\n`);
    process.exitCode = ours ? 2 : 1;
  },
);
