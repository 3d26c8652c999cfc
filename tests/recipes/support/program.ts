import type { Recipe } from './recipe';

/** A site may have a program that says when a shift begins. */
export const program: Recipe = {
  title: 'Add a program',
  names: { program: 'shift-clock', room: 'edge-sim', settings: 'edgeSite' },
  edits: [
    { file: 'contracts/programs.ts', before: /^ *'auth-proxy': 'edge-sim',\n/m, text: "  'shift-clock': 'edge-sim',\n" },
    {
      file: 'contracts/settings/edgeSite.ts',
      before: /^\/\*\* Settings of `production-line`/m,
      text: `/** Settings of \`shift-clock\`. */
export const shiftClockSettings = z.object({ ...site, SHIFT_HOURS: integer(1, 24) });

`,
    },
    {
      file: 'edge-sim/shift-clock/main.ts',
      newFile: `import { runSiteProgram } from '../../contracts/program/run';
import { shiftClockSettings } from '../../contracts/settings/edgeSite';

runSiteProgram('shift-clock', shiftClockSettings, async (settings, log) => {
  const timer = setInterval(() => log('info', 'a shift begins', { factory: settings.FACTORY }), settings.SHIFT_HOURS * 3_600_000);
  return { close: async () => clearInterval(timer) };
});
`,
    },
    {
      file: 'edge-sim/shift-clock/Dockerfile',
      newFile: `ARG BASE_IMAGE=node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
FROM \${BASE_IMAGE}
WORKDIR /app
COPY . .
USER node
CMD ["node", "index.js"]
`,
    },
    {
      file: 'components/configuration/schema.ts',
      after: /^ *certificateOverlap: .*\n/m,
      text: '      shiftHours: z.int().min(1).max(24).optional(),\n',
    },
    {
      file: 'docs/configuration.md',
      after: /^\| `edgeSite\.certificateOverlap` .*\n/m,
      text: '| `edgeSite.shiftHours` |  | 1 to 24 | length of a shift; with it, the site says when one begins |\n',
    },
    { file: 'components/site/siteContainers.ts', after: /^ *productionLineSettings,\n/m, text: '  shiftClockSettings,\n' },
    {
      file: 'components/site/siteContainers.ts',
      before: /^ *container\('production-line'/m,
      text: `    ...(args.site.shiftHours === undefined
      ? []
      : [container('shift-clock', shiftClockSettings, { ...plant, SHIFT_HOURS: String(args.site.shiftHours) })]),
`,
    },
    {
      file: 'tests/unit/components/program.test.ts',
      after: /^ *cloud: \{ propagationSeconds: 2 \},\n/m,
      text: '    edgeSite: { shiftHours: 8 },\n',
    },
    { file: 'docs/architecture.md', after: /`production-line`, /, text: '`shift-clock`, ' },
  ],
  tests: [
    'tests/unit/components/program.test.ts',
    'tests/unit/local-azure/container-registry',
    'tests/unit/plan/plannedStack.test.ts',
    'tests/unit/docs/(configurationReference|paths)',
  ],
};
