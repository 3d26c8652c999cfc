import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildArguments, engineKey, engineKeyFile, engineTools, isBuilt, readToolModule } from '../../../../commands/engine/engineTools';
import { projectRoot } from '../../../support/projectRoot';

describe('the engine that is built', () => {
  const made: string[] = [];
  const directory = () => {
    const path = mkdtempSync(join(tmpdir(), 'engine-'));
    made.push(path);
    return path;
  };
  afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

  it('has its packages and versions pinned in the modules of this repository', () => {
    const read = engineTools.map((tool) => readToolModule(readFileSync(join(projectRoot, tool.module, 'go.mod'), 'utf8'), tool));
    expect(read.map((one) => one.package)).toEqual([
      'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
      'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs',
    ]);
    for (const { version } of read) expect(version).toMatch(/^v3\.\d+\.\d+$/);
  });

  it('carries its version, which the Automation API asks for', () => {
    expect(buildArguments('out', { package: 'p', version: 'v3.1.2' }).join(' ')).toMatch(/-X \S+common\/version\.Version=v3\.1\.2 p$/);
  });

  it('is built again when a module or the Go toolchain changes, and not otherwise', () => {
    const tree = directory();
    for (const { module } of engineTools) cpSync(join(projectRoot, module), join(tree, module), { recursive: true });
    const key = engineKey(tree, 'go1.26.8');
    expect(engineKey(tree, 'go1.26.8')).toBe(key);
    expect(engineKey(tree, 'go1.27.0')).not.toBe(key);
    const sums = join(tree, engineTools[1]?.module ?? '', 'go.sum');
    writeFileSync(sums, `${readFileSync(sums, 'utf8')}x v0.0.1 h1:y\n`);
    expect(engineKey(tree, 'go1.26.8')).not.toBe(key);
  });

  it('counts as built only with every program there', () => {
    const binaries = directory();
    mkdirSync(binaries, { recursive: true });
    writeFileSync(engineKeyFile(binaries), 'key');
    expect(isBuilt(binaries, 'key')).toBe(false);
    for (const { name } of engineTools) writeFileSync(join(binaries, name), '');
    expect(isBuilt(binaries, 'key')).toBe(true);
    expect(isBuilt(binaries, 'other')).toBe(false);
  });

  it('says which line a module lacks', () => {
    const [cli] = engineTools;
    expect(() => cli && readToolModule('module x\n\nrequire github.com/pulumi/pulumi/pkg/v3 v3.1.0\n', cli)).toThrow(
      /no line "tool …\/pulumi"/,
    );
  });
});
