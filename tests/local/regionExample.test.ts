import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/projectRoot';

const directory = join(projectRoot, '.local', 'example');
const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
beforeAll(remove);
afterAll(remove);

it("the example of the region's README runs as it is written there", () => {
  const readme = readFileSync(join(projectRoot, 'local-azure', 'README.md'), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(projectRoot, 'node_modules', 'ts-node', 'dist', 'bin.js'), '--eval', example],
    { cwd: projectRoot, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^3 resources, blobs at https:\/\/localhost:\d+\/examplefiles\/?\n$/);
});
