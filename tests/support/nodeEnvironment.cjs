const { TestEnvironment } = require('jest-environment-node');

// onnxruntime's native code checks tensors with the outer realm's constructors; a sandboxed Float32Array is not one of them.
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const type of [Float32Array, Float64Array, BigInt64Array, Int32Array, Uint8Array]) this.global[type.name] = type;
  }
};
