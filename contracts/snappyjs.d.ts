/** The package brings no types. `uncompress` throws above `maxLength` bytes. */
declare module 'snappyjs' {
  export function compress(uncompressed: Buffer): Buffer;
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
}
