import { createPrivateKey, X509Certificate } from 'node:crypto';

/** How an AI Model Manager reaches its hub: MQTT on its own port, or through a WebSocket on the port of the web. */
export const hubTransports = ['tls', 'wss'] as const;
export type HubTransport = (typeof hubTransports)[number];

/** Six lower case letters and digits end the names in the vault. */
export const documentSuffix = /^[a-z0-9]{6}$/;

/** What the AI Model Manager is given to connect (workspace type Cloud Integration, Azure IoT Hub); names and order are those of Siemens' official sample. */
export interface ModelManagerDocument {
  /** Authority that the hub's server certificate comes from, PEM. */
  readonly ca_cert: string;
  readonly client_id: string;
  readonly username: string;
  readonly topic_prefix: string;
  readonly endpoint: string;
  readonly build_number: string;
  /** PEM. */
  readonly x509_certificate: string;
  /** PKCS #8, PEM. */
  readonly x509_private_key: string;
}

/** What the AI Model Monitor is given to send telemetry; names and order are those of Siemens' official sample. */
export interface ModelMonitorDocument {
  /** The public key, PEM: the sample fills it so, and the certificate itself is in `PrivateKey`. */
  readonly Certificate: string;
  /** Key and certificate in one PEM text. */
  readonly PrivateKey: string;
  readonly BuildNumber: string;
  readonly TenantId: string;
  readonly ClientId: string;
  readonly InstrumentationKey: string;
  readonly IngestionEndpoint: string;
}

interface ModelManagerFacts {
  /** Key and certificate of the site, PEM. */
  readonly keyAndCertificate: string;
  /** PEM of the authority that the hub's server certificate comes from. */
  readonly hubAuthority: string;
  /** With a port where it is not the usual one. */
  readonly iotHubHost: string;
  readonly deviceId: string;
  readonly transport: HubTransport;
  readonly buildNumber: string;
}
interface ModelMonitorFacts {
  /** Key and certificate of the site, PEM. */
  readonly keyAndCertificate: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly instrumentationKey: string;
  readonly ingestionHost: string;
  readonly buildNumber: string;
}

/** The parts of a PEM text that holds a key and its certificate, each as the documents want it. Throws where they do not belong together. */
function partsOf(keyAndCertificate: string): { readonly certificate: string; readonly privateKey: string; readonly publicKey: string } {
  const certificate = new X509Certificate(keyAndCertificate);
  const key = createPrivateKey(keyAndCertificate);
  if (!certificate.checkPrivateKey(key)) throw new Error('the private key is not that of the certificate');
  return {
    certificate: certificate.toString(),
    privateKey: String(key.export({ type: 'pkcs8', format: 'pem' })),
    publicKey: String(certificate.publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

/** Address of a hub; one that has a port already keeps it. */
export function hubEndpoint(host: string, transport: HubTransport): string {
  const at = (port: number) => (/:\d+$/.test(host) ? host : `${host}:${port}`);
  return transport === 'tls' ? `tls://${at(8883)}` : `wss://${at(443)}/$iothub/websocket`;
}

export function modelManagerDocument({
  keyAndCertificate,
  hubAuthority,
  iotHubHost,
  deviceId,
  transport,
  buildNumber,
}: ModelManagerFacts): ModelManagerDocument {
  const { certificate, privateKey } = partsOf(keyAndCertificate);
  return {
    ca_cert: hubAuthority,
    client_id: deviceId,
    username: `${iotHubHost}/${deviceId}/?api-version=2021-04-12`,
    topic_prefix: `devices/${deviceId}`,
    endpoint: hubEndpoint(iotHubHost, transport),
    build_number: buildNumber,
    x509_certificate: certificate,
    x509_private_key: privateKey,
  };
}

export function modelMonitorDocument({
  keyAndCertificate,
  tenantId,
  clientId,
  instrumentationKey,
  ingestionHost,
  buildNumber,
}: ModelMonitorFacts): ModelMonitorDocument {
  const { certificate, privateKey, publicKey } = partsOf(keyAndCertificate);
  return {
    Certificate: publicKey,
    PrivateKey: privateKey + certificate,
    BuildNumber: buildNumber,
    TenantId: tenantId,
    ClientId: clientId,
    InstrumentationKey: instrumentationKey,
    IngestionEndpoint: `https://${ingestionHost}/`,
  };
}

/** Names of the two documents, as files (without a suffix) and as secrets. */
export const documentNames = (deviceId: string, suffix?: string) => {
  const end = suffix === undefined ? '' : `-${suffix}`;
  return { modelManager: `Model-Manager-${deviceId}-Configuration${end}`, modelMonitor: `Model-Monitor-${deviceId}-Configuration${end}` };
};
/** Names of the site's certificate in the vault: one for each program that signs in with it. */
export const certificateNames = (deviceId: string, suffix: string) => ({
  modelManager: `ModelManager-${deviceId}-${suffix}`,
  authProxy: `AuthProxy-${deviceId}-${suffix}`,
});

/** As it is kept: indented with two blanks, with a line end. */
export const documentText = (document: ModelManagerDocument | ModelMonitorDocument): string => `${JSON.stringify(document, null, 2)}\n`;
