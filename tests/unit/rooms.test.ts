import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../support/projectRoot';

const filesOf = (lane: string) =>
  readdirSync(join(projectRoot, 'tests', lane), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|cjs)$/.test(file));
const shared = (file: string) => file.startsWith('support/');
const lanes = readdirSync(join(projectRoot, 'tests')).filter((folder) => filesOf(folder).some((file) => file.endsWith('.test.ts')));

it('unit tests stand in the folder of the room that they are about', () => {
  const rooms = new Set(
    filesOf('unit')
      .filter((file) => !shared(file))
      .map(dirname),
  );
  expect(rooms.size).toBeGreaterThan(30);
  expect([...rooms].filter((room) => !existsSync(join(projectRoot, room)))).toEqual([]);
});

it('every lane is a project of the jest configuration', () => {
  const { projects } = jest.requireActual<{ projects: { displayName: string }[] }>('../../jest.config.cjs');
  const names = projects.map(({ displayName }) => displayName);
  expect(lanes.length).toBeGreaterThan(5);
  expect(lanes.filter((lane) => !names.includes(lane))).toEqual([]);
});

it.each(lanes)('what tests of %s share stands in its support folder', (lane) => {
  expect(filesOf(lane).filter((file) => !file.endsWith('.test.ts') && !shared(file))).toEqual([]);
});
