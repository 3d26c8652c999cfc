import { whileWorking } from '../../command-line/progress';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import { deliveryMeant, Releases } from '../../loop/releases';
import { readStackOutputs } from '../stack/deployedStack';
import { personCredential } from '../stack/personSignIn';
import { signedInName } from '../stack/signedInName';
import { releaseLines, releasesText } from './releaseText';

interface AnyRelease {
  readonly stack: string;
  readonly reason: string | undefined;
  readonly local: string;
  readonly json: boolean;
}
export type ReleaseOptions = AnyRelease &
  ({ readonly action: 'list'; readonly all: boolean } | { readonly action: 'approve' | 'reject'; readonly delivery: string });

const maximumReason = 1_000;
export function reasonOf(text: string): string {
  if (text.length > maximumReason) throw new UsageError(`expected at most ${maximumReason} characters, got ${text.length}.`);
  return text;
}

/** What waits for a person between step 7 and step 8a, or what that person decides. */
export async function listOrDecide(options: ReleaseOptions, root: string, terminal: Terminal): Promise<void> {
  const { stack, local, json } = options;
  const { paint, line } = terminal;
  const outputs = await whileWorking(terminal, `reading the stack ${stack}`, readStackOutputs(stack, local, root, process.env));
  const credential = personCredential(process.env);
  const releases = Releases.of(outputs, credential);
  const now = new Date();
  if (options.action === 'list') {
    const { all } = options;
    const records = await whileWorking(terminal, 'reading the deliveries', all ? releases.all() : releases.waiting());
    if (json) process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);
    else releasesText(records, now, paint, all).forEach(line);
    return;
  }
  const { action, delivery, reason } = options;
  const decide = async () => {
    const { deliveryId } = deliveryMeant(await releases.all(), delivery);
    const by = await signedInName(credential);
    return releases.decide(deliveryId, { approved: action === 'approve', by, ...(reason === undefined ? {} : { reason }) }, now);
  };
  const decided = await whileWorking(terminal, `deciding about ${delivery}`, decide());
  if (json) process.stdout.write(`${JSON.stringify(decided, null, 2)}\n`);
  else releaseLines(decided, now, paint).forEach(line);
}

/** A refusal of the service is something that a person can mend. */
export const explainRelease = (error: Error & { readonly statusCode?: number }): string | undefined =>
  error.statusCode === 403
    ? 'you may not decide about deliveries of this stack: add yourself to factory-loop:approvers and run pulumi up.'
    : undefined;
