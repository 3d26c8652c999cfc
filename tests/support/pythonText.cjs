/** Loads a .py file as its text, as the bundler does. */
module.exports = {
  process: (source) => ({
    code: `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${JSON.stringify(source)};`,
  }),
};
