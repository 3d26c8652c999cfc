import { loopSteps } from '../../../loop/loopSteps';

/** Step ids of the reference architecture "Deploy AI models with Azure and Siemens Industrial Edge". */
const articleSteps = [
  '1a',
  '1b',
  '2',
  '3a',
  '3b',
  '4',
  '5a',
  '5b',
  '6',
  '7',
  '8a',
  '8b',
  '8c',
  '8d',
  '9',
  '10',
  '11',
  '12',
  '13a',
  '13b',
  '13c',
];

it('the loop follows every step of the reference architecture, in its order', () => {
  const followed = loopSteps.map(({ id }) => id);
  expect(followed.filter((id) => articleSteps.includes(id))).toEqual(articleSteps);
});
