import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loopSteps } from '../../../loop/loopSteps';
import { projectRoot } from '../../support/projectRoot';

const picture = (name: string) => readFileSync(join(projectRoot, 'docs', 'images', name), 'utf8');
const withoutColours = (svg: string) => svg.replaceAll(/#[0-9a-f]{6}/g, '');

describe('the picture of the loop', () => {
  it('has every step once', () => {
    const shown = [...picture('loop.svg').matchAll(/class="id"[^>]*>(\w+)</g)].map(([, id]) => id);
    expect(shown.sort()).toEqual(loopSteps.map(({ id }) => id).sort());
  });
});

it.each(['loop', 'rooms'])('the picture %s is the same in dark, but for its colours', (name) => {
  expect(withoutColours(picture(`${name}-dark.svg`))).toBe(withoutColours(picture(`${name}.svg`)));
  expect(picture(`${name}-dark.svg`)).not.toBe(picture(`${name}.svg`));
});
