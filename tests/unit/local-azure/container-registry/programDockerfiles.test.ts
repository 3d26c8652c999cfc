import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs } from '../../../../contracts/programs';
import { parseDockerfile } from '../../../../local-azure/container-registry/dockerfile';
import { projectRoot } from '../../../support/projectRoot';

it.each(Object.entries(programs))('the image of %s starts its bundle as a plain user', (program, room) => {
  const file = join(projectRoot, room, program, 'Dockerfile');
  expect(existsSync(file)).toBe(true);
  const recipe = parseDockerfile(readFileSync(file, 'utf8'));
  expect({ ...recipe, notExecuted: [] }).toMatchObject({
    workingDirectory: '/app',
    command: ['node', 'index.js'],
    user: 'node',
    entrypoint: [],
  });
  expect(recipe.copies.length).toBeGreaterThan(0);
});

it('all images have the same base, and no other bytes than when it was chosen', () => {
  const bases = Object.entries(programs).map(
    ([program, room]) => parseDockerfile(readFileSync(join(projectRoot, room, program, 'Dockerfile'), 'utf8')).base,
  );
  expect(new Set(bases).size).toBe(1);
  expect(bases[0]).toMatch(/^node:24-bookworm-slim@sha256:[0-9a-f]{64}$/);
});
