import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { whileWorking } from '../../command-line/progress';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import { trustedAuthorities } from '../../deploy-programs/site-documents/hubAuthority';
import { version } from '../../package.json';
import { givenPath } from '../options/givenPath';
import { readOutputsOf } from '../stack/deployedStack';
import { create, revoke, rotate, status, type Outcome } from './actions';
import type { CertificateOptions, SiteTask, StackTask } from './certificateOptions';
import { certificateToKnow, requireDeployed } from './deployedCertificates';
import { documentOutputs, documents, readOutputsFile } from './documents';
import { renew, statusFromStack } from './fromStack';
import { SiteKeys } from './siteKeys';
import { StackCertificates } from './stackCertificates';

const enrolledOutputs = z.object({ siteCertificates: z.array(z.string().includes('BEGIN CERTIFICATE')) });

/** Outputs of the stack, as far as a schema names them: from a file that has them, or from the Pulumi CLI. */
type ReadOutputs = <S extends z.ZodType>(schema: S, stack: string | undefined, file: string | undefined) => Promise<z.output<S>>;
const outputsReader =
  (root: string, terminal: Terminal): ReadOutputs =>
  async (schema, stack = '', file) =>
    file === undefined
      ? whileWorking(terminal, `reading the stack ${stack}`, readOutputsOf(schema, stack, join(root, '.local'), root, process.env))
      : readOutputsFile(schema, givenPath(file));

/** What was deployed. */
async function deployedCertificates(read: ReadOutputs, stack: string | undefined, file: string | undefined): Promise<X509Certificate[]> {
  if (file === undefined && stack === undefined)
    throw new UsageError(
      'expected --outputs <file> with what "pulumi stack output --json" printed, or --stack <name>: the site goes over only to a certificate that Azure knows.',
    );
  return (await read(enrolledOutputs, stack, file)).siteCertificates.map((pem) => new X509Certificate(pem));
}

/** Where the site's keys are not. A simulated site makes its certificate while the stack is deployed: the outputs have its public part. */
async function fromStack(task: StackTask, read: ReadOutputs, root: string, now: Date): Promise<Outcome> {
  const stack = new StackCertificates(root, task.stack);
  const simulated = stack.isMadeByDeployment();
  const certificates = simulated ? await deployedCertificates(read, task.stack, undefined) : stack.list();
  return task.action === 'status' ? statusFromStack(certificates, simulated, now) : renew(stack, certificates, now);
}

/** Where the site's keys are. No key is taken away or over unless Azure knows the certificate that stays. */
async function atSite(task: SiteTask, read: ReadOutputs, root: string, now: Date): Promise<Outcome> {
  const keys = new SiteKeys(givenPath(task.site));
  const stack = task.stack === undefined ? undefined : new StackCertificates(root, task.stack);
  const requireKnown = async (action: 'rotate' | 'revoke', which: string | undefined, file: string | undefined) => {
    const toKnow = certificateToKnow(action, which, keys);
    if (toKnow !== undefined) requireDeployed(toKnow.thumbprint, await deployedCertificates(read, task.stack, file));
  };
  switch (task.action) {
    case 'create':
      return create(keys, stack, task.device, now);
    case 'rotate':
      await requireKnown('rotate', undefined, task.outputs);
      return rotate(keys, stack, now);
    case 'revoke':
      await requireKnown('revoke', task.which, task.outputs);
      return revoke(keys, stack, task.which);
    case 'status':
      return status(keys, stack, now);
    case 'documents': {
      const outputs = await read(documentOutputs, task.stack, task.outputs);
      const { transport } = task;
      return documents(keys, stack, { outputs, transport, buildNumber: version, authorities: trustedAuthorities() }, now);
    }
  }
}

/** Does what is asked about the certificates of a site and says what came of it. Resolves with the exit status. */
export async function answerAbout(task: CertificateOptions, root: string, terminal: Terminal): Promise<number> {
  const read = outputsReader(root, terminal);
  const now = new Date();
  const {
    lines,
    facts,
    healthy = true,
  } = await (task.site === undefined ? fromStack(task, read, root, now) : atSite(task, read, root, now));
  process.stdout.write(task.json ? `${JSON.stringify(facts)}\n` : `${lines.join('\n')}\n`);
  return healthy ? 0 : 1;
}
