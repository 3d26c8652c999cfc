import { X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { create, revoke, rotate, status, type Told } from './certificate/actions';
import { renew, statusAway } from './certificate/awayFromSite';
import { CertificateError, SiteKeys } from './certificate/siteKeys';
import { StackCertificates } from './certificate/stackCertificates';
import { readAllOutputs } from './smoke/deployedStack';
import { UsageError } from './startOptions';

const help = `Usage: npm run certificate -- <create|rotate|revoke|status> --site <folder> [options]
       npm run certificate -- <renew|status> --stack <name>

The site's key and certificate, made where they are used: the key never leaves
the folder, the stack's configuration gets the public certificate.

  create --device <id>  the first key and certificate of a site
  rotate                the next certificate, which counts beside the present one;
                        again, once Azure knows it: the site goes over to it
  revoke <which>        next, previous or a SHA-256 thumbprint: takes it out of the
                        configuration and deletes its key; the one in use is
                        replaced first, with rotate
  status                what there is and how long it is valid; without --site what
                        Azure knows the site by, of the stack's file or outputs
  renew                 for a simulated site: the next number in the stack's file,
                        when two thirds of the certificate's life are over

  --site <folder>       the folder of the site's keys
  --stack <name>        keep Pulumi.<name>.yaml up to date; without it the public
                        certificate is printed
  --json                the result as JSON, on standard output
  --help                this text

Exit status: 0 done; 1 status: no certificate, or one that has ended, ends within
14 days or is not in the configuration; 2 wrong usage.
`;
const root = join(__dirname, '..');

const enrolledOutputs = z.object({ siteCertificates: z.array(z.string().includes('BEGIN CERTIFICATE')) });

/** A simulated site makes its own certificate while the stack is deployed; the outputs have its public part. */
async function enrolled(stack: string): Promise<X509Certificate[]> {
  const parsed = enrolledOutputs.safeParse(await readAllOutputs(stack, join(root, '.local'), root, process.env));
  if (!parsed.success) throw new UsageError(`--stack ${stack}: expected the output siteCertificates; deploy the stack again.`);
  return parsed.data.siteCertificates.map((pem) => new X509Certificate(pem));
}

async function certificate(): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { site: { type: 'string' }, stack: { type: 'string' }, device: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}; see "npm run certificate -- --help".`);
  }
  const { values: { site, stack: stackName, device, json = false, help: asked }, positionals: [action, which, more] } = parsed;
  if (asked) {
    process.stdout.write(help);
    return 0;
  }
  if (action === undefined || !['create', 'rotate', 'revoke', 'status', 'renew'].includes(action)) throw new UsageError(`expected create, rotate, revoke, status or renew, got ${action ?? 'nothing'}; see "npm run certificate -- --help".`);
  if (more !== undefined || (which !== undefined && action !== 'revoke')) throw new UsageError(`unexpected "${more ?? which ?? ''}".`);
  const now = new Date();
  const tell = ({ lines, facts }: Told) => void process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`);
  if (action === 'renew' || (action === 'status' && site === undefined && stackName !== undefined)) {
    if (site !== undefined) throw new UsageError('renew: expected --stack alone; the keys of a real site are replaced with rotate.');
    if (stackName === undefined) throw new UsageError('--stack <name> is missing: whose certificate is to be renewed.');
    const stack = new StackCertificates(root, stackName);
    const certificates = stack.isSimulated() ? await enrolled(stackName) : stack.list();
    if (action === 'renew') {
      tell(renew(stack, certificates, now));
      return 0;
    }
    const { told, healthy } = statusAway(certificates, stack.isSimulated(), now);
    tell(told);
    return healthy ? 0 : 1;
  }
  if (site === undefined) throw new UsageError('--site <folder> is missing: where the keys of the site are.');
  const keys = new SiteKeys(resolve(process.env['INIT_CWD'] ?? process.cwd(), site));
  const stack = stackName === undefined ? undefined : new StackCertificates(root, stackName);

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
