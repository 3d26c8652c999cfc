import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundleAll } from '../../bundles/bundlePrograms';
import { localConfiguration, sitePorts } from '../../loop/localConfiguration';
import type { Terminal } from '../../command-line/terminal';
import { prepareBackend, prepareStack, pulumiEnvironment } from './localStack';
import { findPulumi, runPulumi } from './pulumiCli';
import { ensureRegion } from './runningRegion';
import { stackDirectory, stackFile, upDirectory } from './upDirectory';

interface UpOptions {
  readonly stack: string;
  readonly local: string;
  readonly preview: boolean;
}

/** The real Pulumi engine deploys the stack into a region that stays. */
export async function deployStack({ stack, local, preview }: UpOptions, root: string, { line }: Terminal): Promise<number> {
  const up = upDirectory(local);
  const pulumi = findPulumi(root, process.env);
  line('bundling the programs and starting the region');
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
    line(
      `\nThe region runs on (process ${region.pid}, ${relative(root, up.path)}). npm run down:local${also === '' ? '' : ` --${also}`} ${status === 0 && !preview ? 'destroys the stack' : 'takes away what is there'}, and ends the region with the last stack.`,
    );
  }
  return status;
}
