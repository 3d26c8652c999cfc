import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

const rooms = [
  'components',
  'contracts',
  'pipeline-code',
  'edge-sim',
  'deploy-programs',
  'local-azure',
  'commands',
  'policy',
  'tests',
  'bench',
];
/** The table of rooms: who may import whom. Everything else is refused. */
const mayImport = {
  contracts: [],
  components: ['contracts'],
  'pipeline-code': ['contracts'],
  'edge-sim': ['contracts'],
  'deploy-programs': ['contracts'],
  'local-azure': ['contracts'],
  policy: ['components'],
};
const roomZones = Object.entries(mayImport).flatMap(([room, allowed]) =>
  rooms
    .filter((other) => other !== room && !allowed.includes(other))
    .map((other) => ({
      target: `./${room}`,
      from: `./${other}`,
      message: `${room} may import only ${allowed.join(', ') || 'nothing of ours'}.`,
    })),
);
/** What a bench replaces, for instance the gate, never gets into what is measured. */
const noBench = { target: './commands', from: './bench', message: 'The product imports no bench.' };
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
const pulumiPackages = { group: ['@pulumi/*'], message: 'Only components, policy and the provider speak Pulumi.' };

export default tseslint.config(
  { ignores: ['dist/', '.local/', 'node_modules/', 'coverage/', '**/*.cjs', '**/*.mjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    // Without the extensions an import of ours is not found, and what is not found is not refused.
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.cjs', '.mjs', '.js', '.json'] })] },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: [...roomZones, noBench, ...programZones] }],
      'max-lines': ['error', { max: 350, skipBlankLines: false, skipComments: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['contracts/**', 'pipeline-code/**', 'edge-sim/**', 'deploy-programs/**', 'commands/**'],
    rules: { 'no-restricted-imports': ['error', { paths: noSockets, patterns: [pulumiPackages] }], 'no-restricted-syntax': noWayAround },
  },
  {
    files: ['components/**', 'policy/**'],
    rules: { 'no-restricted-imports': ['error', { paths: noSockets }], 'no-restricted-syntax': noWayAround },
  },
  // The databus is the site's broker; its protocol library brings no listener of its own.
  { files: ['edge-sim/databus/broker.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [pulumiPackages] }] } },
  {
    files: ['local-azure/**'],
    ignores: ['local-azure/provider/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [pulumiPackages] }] },
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
