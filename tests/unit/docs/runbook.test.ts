import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factoryAlerts, platformAlerts } from '../../../components/observability/alertRules';
import { loopPanels } from '../../../components/observability/loopWorkbook';
import { profiles } from '../../../components/configuration/profiles';
import { deliveryRecord } from '../../../contracts/deliveryRecord';
import { projectRoot } from '../../support/projectRoot';

const runbook = readFileSync(join(projectRoot, 'docs', 'runbook.md'), 'utf8');
const section = (title: string) => runbook.split(/^## /m).find((part) => part.startsWith(title)) ?? '';
const headings = (part: string) => [...part.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
const { alerts } = profiles.production;

it('has a section for every alert of a factory and of a platform, and for no other', () => {
  expect(headings(section('Of a factory')).sort()).toEqual(
    factoryAlerts('plant', alerts, { releaseApproved: true })
      .map(({ name }) => name)
      .sort(),
  );
  expect(headings(section('Of a platform')).sort()).toEqual(
    platformAlerts(1, alerts)
      .map(({ name }) => name)
      .sort(),
  );
});

it('names panels that the workbook has, and every state in which a delivery can rest', () => {
  const panels = loopPanels('plant', '/environment').map(({ title }) => title);
  const named = [...runbook.matchAll(/[Pp]anel\s+\*([^*]+)\*/g)].map(([, title]) => title?.replaceAll(/\s+/g, ' '));
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((title) => !panels.includes(title ?? ''))).toEqual([]);
  const states = [...section('Of a factory').matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(
    ([, cell]) => cell?.replaceAll('`', '').split(', ') ?? [],
  );
  const resting = deliveryRecord.shape.state.options.filter((state) => !['AwaitingApproval', 'Rejected', 'Success'].includes(state));
  expect(states.filter((state) => /^[A-Z]/.test(state)).sort()).toEqual([...resting].sort());
});
