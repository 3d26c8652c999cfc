import { parseArgs } from 'node:util';
import { hubTransports, type HubTransport } from '../../contracts/siteDocuments';
import { UsageError } from '../../command-line/usageError';

export const certificateHelp = `Usage: npm run certificate -- <create|rotate|revoke|status|documents> --site <folder>
       npm run certificate -- <renew|status> --stack <name> [--json]

The site's key and certificate, made where they are used: the key never leaves
the folder, the stack's configuration gets the public certificate.

  create --device <id>  the first key and certificate of a site
  rotate                the next certificate, which counts beside the present one;
                        again, once Azure knows it: the site goes over to it
  revoke <which>        next, previous or a SHA-256 thumbprint: takes it out of the
                        configuration and deletes its key; the one in use is
                        replaced first, with rotate
  status                what there is and how long it is valid; without --site,
                        what Azure knows the site by: of a real site from the
                        stack's file, of a simulated one from the stack's outputs
  renew                 where the deployment makes the certificate: the next number
                        in the stack's file, when two thirds of its life are over
  documents             the configuration documents of the AI Model Manager and the
                        AI Model Monitor, with the site's key, into the same folder

  --site <folder>       the folder of the site's keys
  --stack <name>        keep Pulumi.<name>.yaml up to date; without it the public
                        certificate is printed
  --outputs <file>      what "pulumi stack output --json" printed; without it the
                        Pulumi CLI is asked for the outputs of --stack. Needed for
                        documents, the second rotate and revoke previous
  --transport <tls|wss> documents: how the AI Model Manager reaches the hub, MQTT on
                        port 8883 or through a WebSocket on port 443; default tls
  --json                the result as JSON, on standard output
  --help                this text

Exit status: 0 done; 1 status: no certificate, or one that has ended, ends within
14 days or is not in the configuration; 2 wrong usage.
`;

const isHubTransport = (text: string): text is HubTransport => hubTransports.some((one) => one === text);

/** What is done where the keys are, in the folder `site`. */
interface AtSite {
  readonly site: string;
  readonly stack: string | undefined;
  readonly json: boolean;
}
/** What is done where they are not, from what is known of the stack. */
interface AwayFromSite {
  readonly site: undefined;
  readonly stack: string;
  readonly json: boolean;
}
export type CertificateOptions =
  | (AtSite &
      (
        | { readonly action: 'create'; readonly device: string }
        | { readonly action: 'revoke'; readonly which: string; readonly outputs: string | undefined }
        | { readonly action: 'rotate'; readonly outputs: string | undefined }
        | { readonly action: 'status' }
        | { readonly action: 'documents'; readonly outputs: string | undefined; readonly transport: HubTransport }
      ))
  | (AwayFromSite & { readonly action: 'renew' | 'status' });

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readCertificateOptions(args: readonly string[]): CertificateOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        site: { type: 'string' },
        stack: { type: 'string' },
        device: { type: 'string' },
        outputs: { type: 'string' },
        transport: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}; see "npm run certificate -- --help".`);
  }
  const {
    values: { site, stack, device, outputs, transport, json = false, help: asked },
    positionals: [action, which, more],
  } = parsed;
  if (asked) return 'help';
  if (
    action !== 'create' &&
    action !== 'rotate' &&
    action !== 'revoke' &&
    action !== 'status' &&
    action !== 'renew' &&
    action !== 'documents'
  )
    throw new UsageError(
      `expected create, rotate, revoke, status, renew or documents, got ${action ?? 'nothing'}; see "npm run certificate -- --help".`,
    );
  if (more !== undefined || (which !== undefined && action !== 'revoke')) throw new UsageError(`unexpected "${more ?? which ?? ''}".`);
  if (outputs !== undefined && !['documents', 'rotate', 'revoke'].includes(action))
    throw new UsageError('--outputs is for documents, rotate and revoke.');
  if (transport !== undefined && action !== 'documents') throw new UsageError('--transport is for documents only.');
  if (action === 'renew' && site !== undefined)
    throw new UsageError('renew: expected --stack without --site; the keys of a real site are replaced with rotate.');
  if (action === 'renew' && stack === undefined) throw new UsageError('--stack <name> is missing: whose certificate is to be renewed.');
  if (site === undefined) {
    if ((action === 'renew' || action === 'status') && stack !== undefined) return { action, site, stack, json };
    throw new UsageError('--site <folder> is missing: where the keys of the site are.');
  }
  const place = { site, stack, json };
  switch (action) {
    case 'create':
      if (device === undefined || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(device))
        throw new UsageError(`--device ${device ?? ''}: expected the device id of the AI Model Manager, letters, digits, - _ and dots.`);
      return { action, device, ...place };
    case 'revoke':
      if (which === undefined) throw new UsageError('revoke: expected next, previous or a SHA-256 thumbprint.');
      return { action, which, outputs, ...place };
    case 'documents':
      if (outputs === undefined && stack === undefined)
        throw new UsageError('documents: expected --outputs <file> with what "pulumi stack output --json" printed, or --stack <name>.');
      if (transport !== undefined && !isHubTransport(transport))
        throw new UsageError(`--transport ${transport}: expected ${hubTransports.join(' or ')}.`);
      return { action, outputs, transport: transport ?? 'tls', ...place };
    default:
      return action === 'rotate' ? { action, outputs, ...place } : { action: 'status', ...place };
  }
}
