import { missingOption } from '../../command-line/command';
import { UsageError } from '../../command-line/usageError';
import type { HubTransport } from '../../contracts/siteDocuments';
import { stacksWithFile } from '../options/stackName';

export const certificateActions = ['create', 'rotate', 'revoke', 'status', 'renew', 'documents'] as const;

/** What a command line may hold, before it is known whether it makes sense together. */
interface GivenOptions {
  readonly action: (typeof certificateActions)[number];
  readonly which: string | undefined;
  readonly site: string | undefined;
  readonly stack: string | undefined;
  readonly device: string | undefined;
  readonly outputs: string | undefined;
  readonly transport: HubTransport | undefined;
  readonly json: boolean;
}

/** What is done where the keys are, in the folder `site`. */
interface AtSite {
  readonly site: string;
  readonly stack: string | undefined;
  readonly json: boolean;
}
/** What is done where they are not, from what is known of the stack. */
interface FromStack {
  readonly site: undefined;
  readonly stack: string;
  readonly json: boolean;
}
export type SiteTask = AtSite &
  (
    | { readonly action: 'create'; readonly device: string }
    | { readonly action: 'revoke'; readonly which: string; readonly outputs: string | undefined }
    | { readonly action: 'rotate'; readonly outputs: string | undefined }
    | { readonly action: 'status' }
    | { readonly action: 'documents'; readonly outputs: string | undefined; readonly transport: HubTransport }
  );
export type StackTask = FromStack & { readonly action: 'renew' | 'status' };
export type CertificateOptions = SiteTask | StackTask;

/** What goes with the action and what it needs. Throws UsageError with one line that says what is wrong. */
export function certificateOptions(given: GivenOptions): CertificateOptions {
  const { action, which, site, stack, outputs, transport, json } = given;
  if (which !== undefined && action !== 'revoke') throw new UsageError(`unexpected "${which}".`);
  if (outputs !== undefined && !['documents', 'rotate', 'revoke'].includes(action))
    throw new UsageError('--outputs is for documents, rotate and revoke.');
  if (transport !== undefined && action !== 'documents') throw new UsageError('--transport is for documents only.');
  if (action === 'renew' && site !== undefined)
    throw new UsageError('renew: expected --stack without --site; the keys of a real site are replaced with rotate.');
  if (action === 'renew' && stack === undefined) throw missingOption('stack', 'name', stacksWithFile());
  if (site !== undefined && action !== 'renew') return siteTask({ ...given, action, site });
  if ((action === 'renew' || action === 'status') && stack !== undefined) return { action, site: undefined, stack, json };
  throw missingOption('site', 'folder');
}

function siteTask(given: GivenOptions & { readonly action: SiteTask['action']; readonly site: string }): SiteTask {
  const { action, which, site, stack, device, outputs, transport, json } = given;
  const atSite = { site, stack, json };
  switch (action) {
    case 'create':
      if (device === undefined || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(device))
        throw new UsageError(`--device ${device ?? ''}: expected the device id of the AI Model Manager, letters, digits, - _ and dots.`);
      return { action, device, ...atSite };
    case 'revoke':
      if (which === undefined) throw new UsageError('revoke: expected next, previous or a SHA-256 thumbprint.');
      return { action, which, outputs, ...atSite };
    case 'documents':
      if (outputs === undefined && stack === undefined)
        throw new UsageError('documents: expected --outputs <file> with what "pulumi stack output --json" printed, or --stack <name>.');
      return { action, outputs, transport: transport ?? 'tls', ...atSite };
    case 'rotate':
      return { action, outputs, ...atSite };
    case 'status':
      return { action, ...atSite };
  }
}
