import { requestedAction } from '../../../deploy-programs/deployProgram';

const actions = { create: () => Promise.resolve({ made: true }), delete: () => Promise.resolve({}) };

it('the first argument names the action', () => {
  expect(requestedAction(actions, 'create')).toBe(actions.create);
});

it.each([
  [undefined, 'nothing'],
  ['update', 'update'],
  ['constructor', 'constructor'],
])('%s is no action, which is said in one line', (argument, got) => {
  expect(() => requestedAction(actions, argument)).toThrow(`expected create or delete as the first argument, got ${got}`);
});
