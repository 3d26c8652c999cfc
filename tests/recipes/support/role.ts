import type { Recipe } from './recipe';

const guid = 'cdda3590-29a3-44f6-95f2-9f980659eb04';

/** The gate looks into the quarantine of the registry. */
export const role: Recipe = {
  title: 'Add a role',
  names: {},
  edits: [
    {
      file: 'components/resource/roles.ts',
      after: /^ *acrPush: .*\n/m,
      text: `  acrQuarantineReader: { name: 'AcrQuarantineReader', guid: '${guid}' },\n`,
    },
    {
      file: 'local-azure/region/roleDefinitions.json',
      after: /^\{\n/,
      text: `  "${guid}": {
    "name": "AcrQuarantineReader",
    "actions": [
      "Microsoft.ContainerRegistry/registries/quarantine/read"
    ],
    "notActions": [],
    "dataActions": [
      "Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read"
    ],
    "notDataActions": []
  },
`,
    },
    {
      file: 'components/access/roleMatrix.ts',
      before: /^ *pull\('validate-and-package'.*\n/m,
      text: "  { who: 'validate-and-package', role: 'acrQuarantineReader', scope: 'registry', step: '5a', why: 'sees which images are in quarantine' },\n",
    },
  ],
  tests: ['tests/unit/components/access', 'tests/unit/local-azure/region', 'tests/unit/plan/plannedStack.test.ts'],
};
