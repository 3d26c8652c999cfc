import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { documentNames, documentText, modelManagerDocument, modelMonitorDocument, type HubTransport } from '../../contracts/siteDocuments';
import { hubAuthority, type TrustedAuthorities } from '../../deploy-programs/site-documents/hubAuthority';
import type { Outcome } from './actions';
import { CertificateError, keyFiles, type SiteKeys } from './siteKeys';
import type { StackCertificates } from './stackCertificates';
import { validityAt } from './validity';

const host = z.string().regex(/^[^\s/]+$/, 'a host');
/** The outputs of a stack that the documents are made of. */
export const documentOutputs = z.object({
  iotHubHost: host,
  deviceId: z.string().regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'a device id'),
  siteClientId: z.guid(),
  siteTenantId: z.guid(),
  siteInstrumentationKey: z.guid(),
  siteIngestionHost: host,
  /** Where the deployment keeps the documents itself. */
  siteDocuments: z.object({ modelManager: z.string(), modelMonitor: z.string() }).optional(),
});
export type DocumentOutputs = z.output<typeof documentOutputs>;

/** What `pulumi stack output --json` printed into a file, as far as the schema names it. */
export function readOutputsFile<S extends z.ZodType>(schema: S, file: string): z.output<S> {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CertificateError(
      `--outputs ${file}: expected the outputs of the stack as JSON, from "pulumi stack output --json" (${(error as Error).message.slice(0, 200)}).`,
    );
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw new CertificateError(
      `--outputs ${file}: expected the outputs of this program, ${parsed.error.issues[0]?.path.join('.') ?? ''} is missing or wrong.`,
    );
  return parsed.data;
}

/** In one step, for its owner alone. */
function writePrivately(file: string, content: string): void {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, content, { mode: 0o600, flag: 'wx' });
  renameSync(fresh, file);
}

interface DocumentOptions {
  readonly outputs: DocumentOutputs;
  readonly transport: HubTransport;
  readonly buildNumber: string;
  readonly authorities: TrustedAuthorities;
}

/** Writes the configuration documents of the AI Model Manager and the AI Model Monitor beside the key of the site. Nobody reads a vault. */
export function documents(
  keys: SiteKeys,
  stack: StackCertificates | undefined,
  { outputs, transport, buildNumber, authorities }: DocumentOptions,
  now: Date,
): Outcome {
  const {
    iotHubHost,
    deviceId,
    siteClientId: clientId,
    siteTenantId: tenantId,
    siteInstrumentationKey: instrumentationKey,
    siteIngestionHost: ingestionHost,
  } = outputs;
  if (outputs.siteDocuments !== undefined)
    throw new CertificateError(
      `the stack makes the key of this site itself (factory-loop:siteDocuments): its documents are ${outputs.siteDocuments.modelManager} and ${outputs.siteDocuments.modelMonitor}.`,
    );
  const current = keys.current();
  if (current.commonName !== deviceId)
    throw new CertificateError(
      `${join(keys.folder, keyFiles.current)} is the certificate of ${current.commonName}, and the device of the stack is ${deviceId}: the outputs are another stack's, or the folder is another site's.`,
    );
  const validity = validityAt(current.certificate.validFromDate, current.certificate.validToDate, now);
  if (validity === 'expired' || validity === 'not valid yet')
    throw new CertificateError(`the certificate of ${keys.folder} is ${validity}: look at "npm run certificate -- status".`);
  if (stack && !stack.has(current.certificate))
    throw new CertificateError(
      `${stack.file} does not name the certificate of the site, so Azure does not know it: add it and run pulumi up first.`,
    );
  const keyAndCertificate = readFileSync(join(keys.folder, keyFiles.current), 'utf8');
  let authority: string;
  try {
    authority = hubAuthority(iotHubHost, authorities);
  } catch (error) {
    throw new CertificateError((error as Error).message, { cause: error });
  }
  const manager = modelManagerDocument({ keyAndCertificate, hubAuthority: authority, iotHubHost, deviceId, transport, buildNumber });
  const monitor = modelMonitorDocument({ keyAndCertificate, tenantId, clientId, instrumentationKey, ingestionHost, buildNumber });
  const names = documentNames(deviceId);
  const files = {
    modelManager: join(keys.folder, `${names.modelManager}.json`),
    modelMonitor: join(keys.folder, `${names.modelMonitor}.json`),
  };
  writePrivately(files.modelManager, documentText(manager));
  writePrivately(files.modelMonitor, documentText(monitor));
  return {
    lines: [
      `wrote ${files.modelManager} (${manager.endpoint})`,
      `wrote ${files.modelMonitor} (client ${clientId})`,
      `both hold the private key, for the certificate ${current.thumbprint.slice(0, 16)}… until ${current.certificate.validToDate.toISOString().slice(0, 10)}; write them again after a rotation`,
    ],
    facts: {
      documents: files,
      deviceId,
      endpoint: manager.endpoint,
      clientId,
      ingestionEndpoint: monitor.IngestionEndpoint,
      thumbprint: current.thumbprint,
      validTo: current.certificate.validToDate.toISOString(),
    },
  };
}
