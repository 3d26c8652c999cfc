const root = require('../../jest.config.cjs');

/** The lane of whole runs: the loop, the smoke test of a stack, how the commands answer, what only shows after minutes. */
module.exports = { ...root, testMatch: ['<rootDir>/tests/endToEnd/**/*.test.ts'], testPathIgnorePatterns: ['/node_modules/'] };
