const root = require('../../jest.config.cjs');

/** The lane of the least-privilege proof: one region, one case after the other. */
module.exports = {
  ...root,
  testMatch: ['<rootDir>/tests/leastPrivilege/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
