const { default: TestRunner } = require('jest-runner');

/** Runs the files of a lane one after the other, whatever the number of workers. */
module.exports = class extends TestRunner {
  isSerial = true;
};
