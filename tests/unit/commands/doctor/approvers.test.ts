import { judgeApprovers } from '../../../../commands/doctor/approvers';
import { parseConfiguration } from '../../../../components/configuration/configuration';

const site = JSON.stringify({ enabled: true });
const approvers = JSON.stringify([{ principalId: '0a1b2c3d-0000-4000-8000-000000000001', principalType: 'Group' }]);

test('a stack that waits for a person and has none is a problem, with its fix', () => {
  const found = judgeApprovers(parseConfiguration({ profile: 'production', edgeSite: site }));
  expect(found).toEqual([
    {
      check: 'approvers',
      state: 'problem',
      found: expect.stringContaining('approvers is empty') as string,
      fix: expect.stringContaining('factory-loop:approvers') as string,
    },
  ]);
});

test('with an approver it is ready, and where nothing waits nothing is asked', () => {
  expect(judgeApprovers(parseConfiguration({ profile: 'production', edgeSite: site, approvers }))).toMatchObject([{ state: 'ready' }]);
  expect(judgeApprovers(parseConfiguration({ profile: 'dev' }))).toEqual([]);
  expect(judgeApprovers(parseConfiguration({ profile: 'production', parts: 'platform' }))).toEqual([]);
});
