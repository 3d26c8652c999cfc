import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/projectRoot';

const documented = readFileSync(join(projectRoot, 'docs', 'architecture.md'), 'utf8');
/** Rooms of a table of the document, with what each may import. */
const tableBelow = (heading: string) => {
  const [section = ''] = documented.slice(documented.indexOf(`\n${heading}\n`) + heading.length + 2).split(/^##/m);
  return new Map(
    [...section.matchAll(/^\| `([\w-]+)` \|.*\| ([^|]*) \|$/gm)].map(([, room = '', allowed = '']) => [
      room,
      [...allowed.matchAll(/`([\w-]+)`/g)].map(([, other = '']) => other).sort(),
    ]),
  );
};

interface Zone {
  readonly target: string;
  readonly from: string;
}
/** The zones that eslint refuses imports in. */
const zones = JSON.parse(
  execFileSync(
    join(projectRoot, 'node_modules', '.bin', 'node'),
    [
      '--input-type=module',
      '--eval',
      `import configurations from './eslint.config.mjs';
       const rules = configurations.flatMap(({ rules }) => rules?.['import-x/no-restricted-paths'] ?? []);
       console.log(JSON.stringify(rules.find(({ zones }) => zones).zones));`,
    ],
    { cwd: projectRoot, encoding: 'utf8' },
  ),
) as Zone[];

describe('docs/architecture.md', () => {
  it.each([
    ['## Rooms', '.'],
    ['### Inside components', './components'],
    ['### Inside local-azure', './local-azure'],
  ])('has under "%s" the rooms of the lint, and what each may import', (heading, house) => {
    const inside = (path: string) => (path.startsWith(`${house}/`) ? path.slice(house.length + 1) : '');
    const isRoom = (name: string) => name !== '' && !/[/.]/.test(name);
    const here = zones.map(({ target, from }) => [inside(target), inside(from)]).filter((pair) => pair.every(isRoom));
    const rooms = [...new Set(here.flat())];
    const refused = (room: string) => here.filter(([target]) => target === room).map(([, from]) => from);
    const linted = rooms
      .filter((room) => refused(room).length > 0)
      .map((room) => [room, rooms.filter((other) => other !== room && !refused(room).includes(other)).sort()] as const);
    expect(Object.fromEntries(tableBelow(heading))).toEqual(Object.fromEntries(linted));
  });
});
