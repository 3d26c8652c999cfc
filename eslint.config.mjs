import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** The table of rooms: who may import whom. Everything else is refused. */
const mayImport = {
  contracts: [],
  'command-line': [],
  components: ['contracts'],
  'pipeline-code': ['contracts'],
  'edge-sim': ['contracts'],
  'deploy-programs': ['contracts'],
  'local-azure': ['contracts'],
  bundles: ['components', 'contracts'],
  plan: ['components', 'contracts', 'command-line'],
  loop: ['components', 'contracts', 'command-line', 'pipeline-code', 'edge-sim', 'deploy-programs', 'local-azure', 'bundles', 'plan'],
  commands: [
    'components',
    'contracts',
    'command-line',
    'pipeline-code',
    'edge-sim',
    'deploy-programs',
    'local-azure',
    'bundles',
    'plan',
    'loop',
  ],
  policy: ['components', 'plan'],
};
const rooms = [...Object.keys(mayImport), 'tests', 'bench'];
/** Rooms inside components, from the ground up: none imports one that is not named with it, nor what stands on top of them all. */
const componentRooms = {
  configuration: [],
  resource: ['configuration'],
  access: ['configuration', 'resource'],
  storage: ['configuration', 'resource', 'access'],
  observability: ['configuration', 'resource', 'access'],
  training: ['configuration', 'resource', 'access'],
  delivery: ['configuration', 'resource', 'access'],
  programs: ['configuration', 'resource', 'access', 'storage', 'delivery'],
  site: ['configuration', 'resource', 'access', 'delivery', 'programs'],
};
const onTopOfComponents = ['factory.ts', 'platform.ts', 'stackExports.ts'];
/** Rooms inside the region: every service stands on its ground, three of them on a protocol, none on another service or on the provider. */
const regionRooms = {
  region: [],
  amqp: ['region'],
  mqtt: ['region'],
  entra: ['region'],
  authorization: ['region'],
  'key-vault': ['region'],
  storage: ['region'],
  'event-grid': ['region'],
  'event-hubs': ['region', 'amqp'],
  'iot-hub': ['region', 'amqp', 'mqtt'],
  monitor: ['region'],
  'resource-manager': ['region'],
  'container-registry': ['region'],
  'container-apps': ['region'],
  'machine-learning': ['region'],
  provider: ['region'],
};
/** The region puts its services together; none of them knows of the others that way either. */
const onTopOfServices = ['localRegion.ts', 'regionTypes.ts'];
const refusal = (room, allowed) => `${room} may import only ${allowed.join(', ') || 'nothing of ours'}.`;
const roomZones = Object.entries(mayImport).flatMap(([room, allowed]) =>
  rooms
    .filter((other) => other !== room && !allowed.includes(other))
    .map((other) => ({ target: `./${room}`, from: `./${other}`, message: refusal(room, allowed) })),
);
const innerZones = (house, table, onTop = []) =>
  Object.entries(table).flatMap(([room, allowed]) =>
    [...Object.keys(table).filter((other) => other !== room && !allowed.includes(other)), ...onTop].map((other) => ({
      target: `./${house}/${room}`,
      from: `./${house}/${other}`,
      message: refusal(room, allowed),
    })),
  );
const programZones = rooms
  .filter((room) => !['components', 'contracts'].includes(room))
  .map((room) => ({ target: './index.ts', from: `./${room}`, message: 'The program imports components and contracts only.' }));
const sockets = ['http', 'https', 'http2', 'net', 'tls', 'dgram'].flatMap((name) => [name, `node:${name}`]);
// Asking which authorities this Node trusts opens none.
const opensNone = { tls: ['getCACertificates'], 'node:tls': ['getCACertificates'] };
const noSockets = sockets.map((name) => ({
  name,
  message: 'Only local-azure opens sockets; use an SDK or a protocol library.',
  ...(name in opensNone ? { allowImportNames: opensNone[name] } : {}),
}));
/** A program of the deployment that found itself a credential could be somebody else than Pulumi's provider. */
const noOwnCredential = {
  name: '@azure/identity',
  allowImportNames: ['TokenCredential'],
  message: 'Only deployerCredential.ts makes a credential: every program of the deployment signs in as the provider does.',
};
const noLoadedSockets = {
  selector: 'ImportExpression > Literal[value=/^(node:)?(https?|http2|net|tls|dgram)$/]',
  message: 'Only local-azure opens sockets; use an SDK or a protocol library.',
};
/** Whoever the other side is, its certificate says so. */
const checkedCertificates = {
  selector:
    'Property:matches([key.name="rejectUnauthorized"], [key.value="rejectUnauthorized"]), [name="NODE_TLS_REJECT_UNAUTHORIZED"], Literal[value="NODE_TLS_REJECT_UNAUTHORIZED"]',
  message: 'The certificate of the other side is always checked.',
};
const noWayAround = ['error', noLoadedSockets, checkedCertificates];
const pulumiPackages = { group: ['@pulumi/*'], message: 'Only components, plan, policy and the hosts of the provider speak Pulumi.' };
const enginePackages = { ...pulumiPackages, group: [...pulumiPackages.group, '@grpc/*', 'google-protobuf/*'] };

export default tseslint.config(
  { ignores: ['dist/', '.local/', 'node_modules/', 'coverage/', '**/*.cjs', '**/*.mjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    // Without the extensions an import of ours is not found, and what is not found is not refused.
    // Only files with these extensions are followed when circles are looked for.
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.cjs', '.mjs', '.js', '.json'] })],
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            ...roomZones,
            ...innerZones('components', componentRooms, onTopOfComponents),
            ...innerZones('local-azure', regionRooms, onTopOfServices),
            ...programZones,
          ],
        },
      ],
      'max-lines': ['error', { max: 350, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 100, skipBlankLines: false, skipComments: false, IIFEs: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: 'error',
    },
  },
  {
    files: [
      'contracts/**',
      'pipeline-code/**',
      'edge-sim/**',
      'deploy-programs/**',
      'bundles/**',
      'plan/**',
      'loop/**',
      'command-line/**',
      'commands/**',
    ],
    rules: { 'no-restricted-imports': ['error', { paths: noSockets, patterns: [pulumiPackages] }], 'no-restricted-syntax': noWayAround },
  },
  {
    files: ['deploy-programs/**'],
    ignores: ['deploy-programs/deployerCredential.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [...noSockets, noOwnCredential], patterns: [pulumiPackages] }] },
  },
  {
    files: ['components/**', 'plan/**', 'policy/**'],
    rules: { 'no-restricted-imports': ['error', { paths: noSockets }], 'no-restricted-syntax': noWayAround },
  },
  // The databus is the site's broker; its protocol library brings no listener of its own.
  { files: ['edge-sim/databus/broker.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [pulumiPackages] }] } },
  {
    files: ['local-azure/**'],
    ignores: ['local-azure/provider/host.ts', 'local-azure/provider/providerServer.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [enginePackages] }] },
  },
  {
    files: ['tests/**/*.test.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'fc.assert'] }],
      'jest/no-standalone-expect': 'off',
    },
  },
);
