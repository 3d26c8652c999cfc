import type { Edit, Recipe } from './recipe';

/** A box for the next step in both pictures, beside the one of 13c. */
const inPicture = (file: string): Edit => ({
  file,
  before: /<rect class="step" [^>]*\/><text class="id" [^>]*>13c<\/text>/,
  text: '<rect class="step" x="100" y="203" width="34" height="20" rx="10"/><text class="id" x="117" y="217.5">13d</text>',
});

/** The run shows that each batch has its manifest. */
export const step: Recipe = {
  title: 'Add a step of the loop',
  names: {},
  edits: [
    {
      file: 'loop/returnSteps.ts',
      before: /^ *\{\n *id: '13c',/m,
      text: `  {
    id: '13d',
    title: 'manifests beside the data',
    program: 'data-collector-hub',
    observe: async (observer) => {
      const whole = await wholeReturn(observer);
      return whole && done({ manifests: whole.batches.length });
    },
  },
`,
    },
    { file: 'loop/page/loopPicture.ts', after: "steps: ['13c'", text: ", '13d'" },
    inPicture('docs/images/loop.svg'),
    inPicture('docs/images/loop-dark.svg'),
    {
      file: 'docs/threat-model.md',
      after: /^\| 13c \| .*\n/m,
      text: '| 13d | data collector hub | data collector hub | - |\n',
    },
    { file: 'docs/architecture.md', before: /^Every step is idempotent/m, text: 'Step 13d sees the manifest of each batch.\n\n' },
  ],
  tests: ['tests/unit/loop', 'tests/unit/docs/(pictures|threatModel|paths)'],
};
