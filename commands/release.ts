import { join } from 'node:path';
import { DecidedAlready } from '../pipeline-code/delivery/decision';
import { createTerminal } from '../command-line/terminal';
import { deliveryMeant, ReleaseError, Releases } from '../loop/releases';
import { releaseLines, releasesText } from './release/releaseText';
import { whoDecides } from './release/whoDecides';
import { readReleaseOptions, releaseHelp, type ReleaseOptions } from './release/releaseOptions';
import { readStackOutputs } from './stack/deployedStack';
import { asOperator, personCredential } from './stack/signIn';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');

async function run({ action, delivery, stack, reason, all, local, json }: ReleaseOptions): Promise<number> {
  const { paint, line } = createTerminal(process.stdout, { quiet: json, environment: process.env });
  const outputs = await readStackOutputs(stack, local, root, process.env);
  const credential = personCredential(process.env);
  const releases = Releases.of(outputs, credential);
  const now = new Date();
  if (action === 'list') {
    const records = all ? await releases.all() : await releases.waiting();
    if (json) process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);
    else releasesText(records, now, paint, all).forEach(line);
    return 0;
  }
  const { deliveryId } = deliveryMeant(await releases.all(), delivery ?? '');
  const by = await whoDecides(credential);
  const decided = await releases.decide(
    deliveryId,
    { approved: action === 'approve', by, ...(reason === undefined ? {} : { reason }) },
    now,
  );
  if (json) process.stdout.write(`${JSON.stringify(decided, null, 2)}\n`);
  else releaseLines(decided, now, paint).forEach(line);
  return 0;
}

/** `npm run release -- <list|approve|reject>`: what a person decides between step 7 and step 8a. */
async function release(): Promise<number> {
  const options = readReleaseOptions(process.argv.slice(2), root);
  if (options === 'help') {
    process.stdout.write(releaseHelp);
    return 0;
  }
  return asOperator(options.local, options.stack, () => run(options));
}

/** What a person can mend is said in one line; a refusal of the service is one of these. */
function told(error: Error & { statusCode?: number }): string {
  if (error instanceof UsageError || error instanceof ReleaseError || error instanceof DecidedAlready) return error.message;
  if (error.statusCode === 403)
    return 'you may not decide about deliveries of this stack: add yourself to factory-loop:approvers and run pulumi up.';
  return error.stack ?? error.message;
}

release().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${told(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
