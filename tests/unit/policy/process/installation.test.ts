import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../support/projectRoot';

const json = <T>(file: string) => JSON.parse(readFileSync(join(projectRoot, file), 'utf8')) as T;
const { allowScripts } = json<{ allowScripts: Record<string, boolean> }>('package.json');
const { packages } = json<{ packages: Record<string, { hasInstallScript?: boolean }> }>('package-lock.json');
const withScript = Object.entries(packages)
  .filter(([, { hasInstallScript }]) => hasInstallScript)
  .map(([path]) => path.replace(/^.*node_modules\//, ''));

describe('npm ci', () => {
  // Its script downloads a CUDA build that this project never uses. npm 11 asks allowScripts; npm 10 runs the scripts that
  // the lock file knows of, so the line "hasInstallScript" goes again whenever npm install has written it there.
  it('runs no script of onnxruntime-node, whichever npm it is', () => {
    expect(allowScripts['onnxruntime-node']).toBe(false);
    expect(packages['node_modules/onnxruntime-node']).toEqual(expect.not.objectContaining({ hasInstallScript: true }));
  });

  it('runs the script that provides the Node of the project', () => {
    expect(allowScripts['node']).toBe(true);
    expect(packages['node_modules/node']).toEqual(expect.objectContaining({ hasInstallScript: true }));
  });

  it('leaves no script of a package undecided, so that npm 11 has nothing to warn about', () => {
    expect(withScript.filter((name) => !(name in allowScripts))).toEqual([]);
  });
});
