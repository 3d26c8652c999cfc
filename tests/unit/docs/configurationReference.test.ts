import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lifecycleContainers } from '../../../components/configuration/containers';
import { logTables } from '../../../components/configuration/logTables';
import { configurationKeys } from '../support/configurationKeys';
import { projectRoot } from '../../support/projectRoot';

const text = readFileSync(join(projectRoot, 'docs', 'configuration.md'), 'utf8');
const rows = [...text.matchAll(/^\| `([^`]+)` \| (.*?) ?\| (.*?) \| (.*?) \|$/gm)].map(([, key, standard, allowed, meaning]) => ({
  key: key ?? '',
  standard: standard ?? '',
  allowed: allowed ?? '',
  meaning: meaning ?? '',
}));

describe('docs/configuration.md', () => {
  it('has every setting once, with its default and what is allowed, and no setting that does not exist', () => {
    const documented = rows.map(({ key, standard, allowed }) => `${key} | ${standard} | ${allowed}`);
    expect([...documented].sort()).toEqual(
      configurationKeys()
        .map(({ key, standard, allowed }) => `${key} | ${standard} | ${allowed}`)
        .sort(),
    );
  });

  it('says what each is for', () => {
    expect(rows.filter(({ meaning }) => meaning.length < 4).map(({ key }) => key)).toEqual([]);
  });

  it('names every container that may have a lifecycle, and every table', () => {
    expect(lifecycleContainers.filter((container) => !text.includes(`\`${container}\``))).toEqual([]);
    expect(logTables.filter((table) => !text.includes(table))).toEqual([]);
  });
});
