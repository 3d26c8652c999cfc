import { X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { create, revoke, rotate, status, type Told } from './certificate/actions';
import { renew, statusAway } from './certificate/awayFromSite';
import { certificateHelp, readCertificateOptions } from './certificate/certificateOptions';
import { certificateToKnow, requireDeployed } from './certificate/deployedCertificates';
import { documentOutputs, documents, readOutputsFile } from './certificate/documents';
import { CertificateError, SiteKeys } from './certificate/siteKeys';
import { StackCertificates } from './certificate/stackCertificates';
import { trustedAuthorities } from '../deploy-programs/site-documents/hubAuthority';
import { readOutputsOf } from './stack/deployedStack';
import { UsageError } from '../command-line/usageError';
import { version } from '../package.json';

const root = join(__dirname, '..');
const enrolledOutputs = z.object({ siteCertificates: z.array(z.string().includes('BEGIN CERTIFICATE')) });

/** What Azure knows the site by. A simulated site makes its certificate while the stack is deployed: the outputs have its public part. */
async function knownCertificates(stack: StackCertificates): Promise<X509Certificate[]> {
  if (!stack.isMadeByDeployment()) return stack.list();
  const { siteCertificates } = await readOutputsOf(enrolledOutputs, stack.stack, join(root, '.local'), root, process.env);
  return siteCertificates.map((pem) => new X509Certificate(pem));
}

/** What was deployed, from a file with the stack's outputs or from the stack itself. */
async function deployedCertificates(stack: string | undefined, file: string | undefined): Promise<X509Certificate[]> {
  if (file === undefined && stack === undefined)
    throw new UsageError(
      'expected --outputs <file> with what "pulumi stack output --json" printed, or --stack <name>: the site goes over only to a certificate that Azure knows.',
    );
  const outputs =
    file === undefined
      ? await readOutputsOf(enrolledOutputs, stack ?? '', join(root, '.local'), root, process.env)
      : readOutputsFile(enrolledOutputs, file);
  return outputs.siteCertificates.map((pem) => new X509Certificate(pem));
}

async function certificate(): Promise<number> {
  const options = readCertificateOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(certificateHelp);
    return 0;
  }
  const now = new Date();
  const tell = ({ lines, facts }: Told) => void process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`);
  const answer = ({ told, healthy }: { readonly told: Told; readonly healthy: boolean }) => {
    tell(told);
    return healthy ? 0 : 1;
  };
  if (options.site === undefined) {
    const known = new StackCertificates(root, options.stack);
    const certificates = await knownCertificates(known);
    if (options.action === 'status') return answer(statusAway(certificates, known.isMadeByDeployment(), now));
    tell(renew(known, certificates, now));
    return 0;
  }
  const given = (path: string) => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  const keys = new SiteKeys(given(options.site));
  const stack = options.stack === undefined ? undefined : new StackCertificates(root, options.stack);
  if (options.action === 'status') return answer(status(keys, stack, now));
  if (options.action === 'documents') {
    const { outputs: file, transport } = options;
    const outputs =
      file === undefined
        ? await readOutputsOf(documentOutputs, options.stack ?? '', join(root, '.local'), root, process.env)
        : readOutputsFile(documentOutputs, given(file));
    tell(documents(keys, stack, { outputs, transport, buildNumber: version, authorities: trustedAuthorities() }, now));
    return 0;
  }
  const toKnow =
    options.action === 'rotate' || options.action === 'revoke'
      ? certificateToKnow(options.action, options.action === 'revoke' ? options.which : undefined, keys)
      : undefined;
  if (toKnow !== undefined && (options.action === 'rotate' || options.action === 'revoke'))
    requireDeployed(
      toKnow.thumbprint,
      await deployedCertificates(options.stack, options.outputs === undefined ? undefined : given(options.outputs)),
    );
  tell(
    options.action === 'create'
      ? await create(keys, stack, options.device, now)
      : options.action === 'rotate'
        ? await rotate(keys, stack, now)
        : revoke(keys, stack, options.which),
  );
  return 0;
}

certificate().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    const ours = error instanceof UsageError || error instanceof CertificateError;
    // What the system refuses (permission, no space, no such program) Node says in one line, with the path.
    const bySystem = (error as NodeJS.ErrnoException).syscall !== undefined;
    process.stderr.write(`${ours || bySystem ? error.message : (error.stack ?? error.message)}\n`);
    process.exitCode = ours ? 2 : 1;
  },
);
