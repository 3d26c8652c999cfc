import type { Recipe } from './recipe';

/** The gate refuses models of few windows. */
export const setting: Recipe = {
  title: 'Add a setting that reaches a program',
  names: { settings: 'validateAndPackage', program: 'validate-and-package', file: 'validateAndPackage' },
  edits: [
    {
      file: 'components/configuration/schema.ts',
      after: /^ *minLabelAuc: .*\n/m,
      text: '      minWindows: z.int().min(1).max(1_000_000).default(1),\n',
    },
    {
      file: 'docs/configuration.md',
      after: /^\| `gate\.minLabelAuc` .*\n/m,
      text: '| `gate.minWindows` | 1 | 1 to 1000000 | a data version of fewer windows is refused |\n',
    },
    {
      file: 'contracts/settings/validateAndPackage.ts',
      after: /^ *GATE_MIN_LABEL_AUC: .*\n/m,
      text: '  GATE_MIN_WINDOWS: decimal(1, 1_000_000),\n',
    },
    {
      file: 'components/programs/pipelineSettings.ts',
      after: /^ *GATE_MIN_LABEL_AUC: .*\n/m,
      text: '      GATE_MIN_WINDOWS: String(gate.minWindows),\n',
    },
    {
      file: 'pipeline-code/validate-and-package/validateAndPackage.ts',
      before: /^ *return decideGate\(/m,
      text: `    if (manifest.windowCount < settings.GATE_MIN_WINDOWS)
      throw new UnfitModel(\`expected at least \${settings.GATE_MIN_WINDOWS} windows, the data version has \${manifest.windowCount}\`);
`,
    },
    {
      file: 'tests/local/support/programSettings.ts',
      after: /^ *GATE_MIN_LABEL_AUC: .*\n/m,
      text: '  GATE_MIN_WINDOWS: 1,\n',
    },
  ],
  tests: ['tests/unit/docs/configurationReference.test.ts', 'tests/unit/components/configuration', 'tests/unit/components/program.test.ts'],
};
