import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/projectRoot';
import { program } from './support/program';
import { filesOf, follow, type Recipe } from './support/recipe';
import { resourceType } from './support/resourceType';
import { role } from './support/role';
import { setting } from './support/setting';
import { step } from './support/step';

const recipes = [setting, role, resourceType, program, step];
const contributing = readFileSync(join(projectRoot, 'CONTRIBUTING.md'), 'utf8');
const chapter = contributing.slice(contributing.indexOf('\n## Recipes\n')).split(/^### /m);

/** Files that a recipe names, in their order: what each numbered line begins with. */
const filesNamed = ({ title, names }: Recipe): string[] => {
  const section = chapter.find((part) => part.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file = '']) =>
    file.replaceAll(/<(\w+)>/g, (placeholder, name: string) => names[name] ?? placeholder),
  );
};

let clone = '';
const node = join(projectRoot, 'node_modules', '.bin', 'node');
const run = (script: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(node, [join('node_modules', script), ...args], { cwd: clone, encoding: 'utf8' });
  return { status, said: status === 0 ? '' : `${stdout}${stderr}` };
};
const good = { status: 0, said: '' };
const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, encoding: 'utf8' });

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'recipes-'));
  git('clone', '--quiet', '--shared', projectRoot, '.');
  symlinkSync(join(projectRoot, 'node_modules'), join(clone, 'node_modules'));
});
afterEach(() => {
  git('checkout', '--quiet', '.');
  git('clean', '--quiet', '--force', '-d', '--exclude', 'node_modules');
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

it('CONTRIBUTING.md has these recipes and no others', () => {
  expect(chapter.slice(1).map((part) => part.split('\n')[0])).toEqual(recipes.map(({ title }) => title));
});

describe.each(recipes.map((recipe) => [recipe.title, recipe] as const))('%s', (_, recipe) => {
  it('names the files in their order', () => {
    expect(filesNamed(recipe)).toEqual(filesOf(recipe));
  });

  it('leads to code that compiles, passes the lint and the tests concerned', () => {
    follow(clone, recipe);
    const code = filesOf(recipe).filter((file) => file.endsWith('.ts'));
    expect(run('prettier/bin/prettier.cjs', '--write', ...code)).toEqual(good);
    expect(run('typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', '.local/tsc.json')).toEqual(good);
    expect(run('eslint/bin/eslint.js', ...code)).toEqual(good);
    expect(run('jest/bin/jest.js', ...recipe.tests)).toEqual(good);
  }, 900_000);
});
