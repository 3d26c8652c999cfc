/** An error of the distribution protocol; `code` is one of its registered codes. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    readonly status: number,
    readonly code:
      | 'UNAUTHORIZED'
      | 'NAME_INVALID'
      | 'NAME_UNKNOWN'
      | 'MANIFEST_UNKNOWN'
      | 'MANIFEST_INVALID'
      | 'MANIFEST_BLOB_UNKNOWN'
      | 'BLOB_UNKNOWN'
      | 'BLOB_UPLOAD_UNKNOWN'
      | 'BLOB_UPLOAD_INVALID'
      | 'DIGEST_INVALID'
      | 'SIZE_INVALID'
      | 'UNSUPPORTED',
    message: string,
  ) {
    super(message);
  }
}
