import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loopSteps } from '../../../loop/loopSteps';
import { projectRoot } from '../../support/projectRoot';

const markdown = readFileSync(join(projectRoot, 'docs', 'threat-model.md'), 'utf8');
const cellsOf = (section: string) =>
  section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const sectionOf = (title: string) => new RegExp(`\\n## ${title}\\n([\\s\\S]*?)(?=\\n## |$)`).exec(markdown)?.[1] ?? '';

const flows = cellsOf(sectionOf('Data flows')).map(([step = '', , , crosses = '']) => ({ step, crosses }));
const elements = sectionOf('Threats')
  .split('\n### ')
  .slice(1)
  .map((section) => ({
    name: section.split('\n')[0] ?? '',
    rows: cellsOf(section).map(([stride = '', at = '', threat = '', control = '', shown = '', left = '']) => ({
      stride: stride.split(' '),
      steps: at.split(' '),
      threat,
      control,
      shown,
      left,
    })),
  }));
const rows = elements.flatMap((element) => element.rows);

it('has every step of the loop once, and a threat for every one that crosses a boundary', () => {
  expect(flows.map(({ step }) => step).sort()).toEqual(loopSteps.map(({ id }) => id).sort());
  expect(flows.filter(({ crosses }) => !/^(B[234]|-)$/.test(crosses))).toEqual([]);
  const threatened = new Set(rows.flatMap((row) => row.steps));
  expect(flows.filter(({ step, crosses }) => crosses !== '-' && !threatened.has(step))).toEqual([]);
  expect([...threatened].filter((step) => step !== 'B1' && !flows.some((flow) => flow.step === step))).toEqual([]);
});

it('draws every boundary and every flow over the Internet and into the plant', () => {
  const [, picture = ''] = /```\n([\s\S]*?)```/.exec(markdown) ?? [];
  const crossing = flows
    .filter(({ crosses }) => /^B[23]$/.test(crosses) && crosses !== '-')
    .map(({ step }) => step)
    .filter((step) => step !== '1a');
  expect(['B1', 'B2', 'B3', ...crossing].filter((mark) => !new RegExp(`(?<![\\w])${mark}(?![\\w])`).test(picture))).toEqual([]);
});

it.each(elements.map(({ name, rows: of }) => [name, of] as const))('%s: is looked at for all of STRIDE', (_, of) => {
  expect([...new Set(of.flatMap(({ stride }) => stride))].sort()).toEqual(['D', 'E', 'I', 'R', 'S', 'T']);
});

it('says for every threat what stands against it, where, and what is left', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter(({ threat, control, left }) => threat === '' || !/\(`[^)]+\)/.test(control) || !/^-$|: /.test(left))).toEqual([]);
});

it('names code that exists, and for every threat a file of tests', () => {
  const named = rows.flatMap(({ control }) => [...control.matchAll(/`([\w./-]+\/[\w./-]+)`/g)].map(([, file = '']) => file));
  expect(named.length).toBeGreaterThanOrEqual(rows.length);
  const shown = rows.map(({ shown: text }) => /^`(tests\/[\w./-]+\.test\.ts)`(, `tests\/[\w./-]+\.test\.ts`)*$/.exec(text)?.[0] ?? '');
  expect(shown.filter((text) => text === '')).toEqual([]);
  const tests = shown.flatMap((text) => text.replaceAll('`', '').split(', '));
  expect([...named, ...tests].filter((file) => !existsSync(join(projectRoot, file)))).toEqual([]);
});
