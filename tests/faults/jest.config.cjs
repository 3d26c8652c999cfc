const root = require('../../jest.config.cjs');

/** The lane of the faults: whole runs that are interrupted, or whose programs and region are killed, one after the other. */
module.exports = { ...root, testMatch: ['<rootDir>/tests/faults/**/*.test.ts'], testPathIgnorePatterns: ['/node_modules/'], maxWorkers: 1 };
