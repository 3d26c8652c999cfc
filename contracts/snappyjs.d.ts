/** The package brings no types. `uncompress` throws above `maxLength` bytes. */
declare module 'snappyjs' {
  export function compress<T extends Uint8Array>(uncompressed: T): T;
  export function uncompress<T extends Uint8Array>(compressed: T, maxLength?: number): T;
}
