import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundleAll } from '../bundles/bundle';
import { localConfiguration, sitePorts } from '../loop/localConfiguration';
import { UsageError } from '../command-line/usageError';
import { prepareBackend, prepareStack, pulumiEnvironment } from './up/localStack';
import { findPulumi, runPulumi } from './up/pulumiCli';
import { ensureRegion } from './up/runningRegion';
import { stackDirectory, stackFile, upDirectory } from './up/upDirectory';
import { readUpOptions } from './up/upOptions';

const root = join(__dirname, '..');
const say = (text: string) => process.stdout.write(`${text}\n`);

/** `npm run up:local`: the real Pulumi engine deploys the stack into a region that stays. */
async function upLocal(): Promise<number> {
  const options = readUpOptions(process.argv.slice(2), root);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  const { stack, local, preview } = options;
  const up = upDirectory(local);
  const pulumi = findPulumi(root, process.env);
  say('bundling the programs and starting the region');
  await bundleAll();
  const region = await ensureRegion(local, root);
  const also = `${stack === 'local' ? '' : ` --stack ${stack}`}${local === join(root, '.local') ? '' : ` --local ${relative(root, local)}`}`;
  let status = 1;
  try {
    prepareBackend(up);
    const environment = pulumiEnvironment(up, pulumi, root, region.providers, process.env);
    const own = stackDirectory(up, stack);
    mkdirSync(own, { recursive: true });
    const operator = { objectId: region.operatorId };
    await prepareStack(
      { pulumi, directory: up.project, environment },
      up,
      stack,
      localConfiguration(region.cloud, {
        ...(stack === 'local' ? {} : { factory: stack }),
        rounds: 1,
        dataset: {},
        sampleIntervalMs: 1_000,
        ports: await sitePorts(own),
        reader: operator,
        rawWriter: operator,
        approver: operator,
        smokeTester: operator,
      }),
    );
    ({ status } = await runPulumi({ pulumi, directory: root, environment, inherit: true }, [
      ...(preview ? ['preview'] : ['up', '--yes']),
      '--stack',
      stack,
      '--config-file',
      stackFile(up, stack),
      '--non-interactive',
    ]));
  } finally {
    say(
      `\nThe region runs on (process ${region.pid}, ${relative(root, up.path)}). npm run down:local${also === '' ? '' : ` --${also}`} ${status === 0 && !preview ? 'destroys the stack' : 'takes away what is there'}, and ends the region with the last stack.`,
    );
  }
  return status;
}

upLocal().then(
  (status) => (process.exitCode = status),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
