/** One configuration for every lane: `npx jest tests/unit`, `npx jest tests/local`. */
module.exports = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  // What takes minutes has a lane of its own: npm run e2e, npm run faults, npm run proof.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/endToEnd/', '<rootDir>/tests/faults/', '<rootDir>/tests/leastPrivilege/'],
  testEnvironment: '<rootDir>/tests/support/nodeEnvironment.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
    '^.+\\.py$': '<rootDir>/tests/support/pythonText.cjs',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/'],
  // Most of the time is waiting: for jobs, restarts, rests.
  maxWorkers: 2,
  testTimeout: 240_000,
  globals: { engineLane: process.argv.some((argument) => /tests[/\\]engine/.test(argument)) },
};
