export type Level = 'account' | 'container' | 'blob' | 'queue';

/** What a request wants, and what that takes. */
export interface Operation {
  readonly name: string;
  readonly level: Level;
  /** Every entry must be granted; within an entry one action is enough. Relative to Microsoft.Storage/storageAccounts/. */
  readonly needs: readonly (readonly string[])[];
  /** Letters of a SAS, one of which is enough. Without any, a SAS cannot do it. */
  readonly sas: string;
  /** Makes or replaces the content of a blob; the name is the `api` of the event. */
  readonly commits?: 'PutBlob' | 'PutBlockList' | 'CopyBlob';
}
