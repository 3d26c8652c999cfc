/** A lane is a folder of tests, and a project here: `npx jest tests/<lane>` runs it, `npx jest tests/<lane>/<file>` a file of it. */
const lane = (name, more = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  testEnvironment: '<rootDir>/tests/support/nodeEnvironment.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
    '^.+\\.py$': '<rootDir>/tests/support/pythonText.cjs',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/'],
  ...more,
});
// They wait for moments of a running region: two of them at a time would slow each other past it.
const oneAtATime = { runner: '<rootDir>/tests/support/serialRunner.cjs' };

module.exports = {
  projects: [
    lane('unit'),
    lane('local'),
    lane('engine'),
    lane('endToEnd'),
    lane('recipes', oneAtATime),
    lane('faults', oneAtATime),
    lane('leastPrivilege', oneAtATime),
  ],
  // Most of the time is waiting: for jobs, restarts, rests.
  maxWorkers: 2,
  testTimeout: 240_000,
};
