/** Just enough of the protobuf wire format to write an ONNX model: varints, strings, bytes, packed floats and nested messages. */
export type Field = Buffer;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const delimited = (field: number, content: Buffer): Field => Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
export const integerField = (field: number, value: number): Field => Buffer.concat([varint(field * 8), varint(value)]);
export const textField = (field: number, value: string): Field => delimited(field, Buffer.from(value, 'utf8'));
export const bytesField = (field: number, value: Buffer): Field => delimited(field, value);
export const messageField = (field: number, fields: readonly Field[]): Field => delimited(field, Buffer.concat(fields));
export const message = (fields: readonly Field[]): Buffer => Buffer.concat(fields);
