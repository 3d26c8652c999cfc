import { z } from 'zod';
import { documentSuffix, hubTransports } from '../siteDocuments';
import { sha256Thumbprint } from '../thumbprint';
import { roleAssignmentWait, vaultAddress } from './deployment';
import { text } from './settings';

const names = {
  ...vaultAddress,
  DEVICE_ID: z.string().regex(/^[0-9A-Za-z-]{1,80}$/, 'a device id of letters, digits and dashes, as names in a vault are'),
  DOCUMENT_SUFFIX: z.string().regex(documentSuffix, 'six lower case letters and digits'),
  ...roleAssignmentWait,
};

/** Settings of `site-documents`; a deletion needs the names only. */
export const siteDocumentsSettings = z.object({
  ...names,
  /** Secret that holds key and certificate of the site. */
  KEY_SECRET_NAME: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/, 'a Key Vault secret name'),
  /** Of the certificate that the hub and the directory know. */
  CERTIFICATE_THUMBPRINT: sha256Thumbprint(),
  IOT_HUB_HOST: text(),
  TRANSPORT: z.enum(hubTransports),
  BUILD_NUMBER: text(),
  TENANT_ID: text(),
  CLIENT_ID: text(),
  INSTRUMENTATION_KEY: text(),
  INGESTION_HOST: text(),
});
export const documentsDeletionSettings = z.object(names);
export type DocumentsDeletionSettings = z.output<typeof documentsDeletionSettings>;
export type SiteDocumentsSettings = z.output<typeof siteDocumentsSettings>;

interface WrittenSecret {
  readonly name: string;
  readonly uri: string;
}
/** Answer of `site-documents create`: names and addresses, never a key. */
export interface WrittenDocuments {
  readonly modelManager: WrittenSecret;
  readonly modelMonitor: WrittenSecret;
  readonly certificates: readonly string[];
  /** RFC 3339. */
  readonly expiresOn: string;
}
