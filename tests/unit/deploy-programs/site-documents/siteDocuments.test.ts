import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { makeKeyAndCertificate } from '../../../../deploy-programs/keyAndCertificate';
import { hubAuthority, trustedAuthorities } from '../../../../deploy-programs/site-documents/hubAuthority';
import {
  certificateNames,
  documentNames,
  documentText,
  hubEndpoint,
  modelManagerDocument,
  modelMonitorDocument,
} from '../../../../contracts/siteDocuments';

let pem: string;
beforeAll(async () => {
  pem = await makeKeyAndCertificate('aimm-nord', new Date());
});
const manager = (over: object = {}) =>
  modelManagerDocument({
    keyAndCertificate: pem,
    hubAuthority: 'AUTHORITY\n',
    iotHubHost: 'iot-nord.azure-devices.net',
    deviceId: 'aimm-nord',
    transport: 'tls',
    buildNumber: '20260101.1',
    ...over,
  });
const monitor = () =>
  modelMonitorDocument({
    keyAndCertificate: pem,
    tenantId: 'tenant',
    clientId: 'client',
    instrumentationKey: 'ikey',
    ingestionHost: 'westeurope-5.in.applicationinsights.azure.com',
    buildNumber: '20260101.1',
  });

describe('the configuration document of the AI Model Manager', () => {
  it('has the fields of the official sample, in their order, and no other', () => {
    const certificate = new X509Certificate(pem).toString();
    const key = String(createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }));
    expect(documentText(manager())).toBe(
      `${JSON.stringify(
        {
          ca_cert: 'AUTHORITY\n',
          client_id: 'aimm-nord',
          username: 'iot-nord.azure-devices.net/aimm-nord/?api-version=2021-04-12',
          topic_prefix: 'devices/aimm-nord',
          endpoint: 'tls://iot-nord.azure-devices.net:8883',
          build_number: '20260101.1',
          x509_certificate: certificate,
          x509_private_key: key,
        },
        null,
        2,
      )}\n`,
    );
    expect([certificate.startsWith('-----BEGIN CERTIFICATE-----\n'), key.split(/ |\n/).slice(0, 3)]).toEqual([
      true,
      ['-----BEGIN', 'PRIVATE', 'KEY-----'],
    ]);
  });

  it('names the hub by either of its addresses, and leaves a port that is there', () => {
    expect(manager({ transport: 'wss' }).endpoint).toBe('wss://iot-nord.azure-devices.net:443/$iothub/websocket');
    expect([hubEndpoint('localhost:4711', 'tls'), hubEndpoint('localhost:4711', 'wss')]).toEqual([
      'tls://localhost:4711',
      'wss://localhost:4711/$iothub/websocket',
    ]);
  });

  it("is not made from a key that is not the certificate's", async () => {
    const other = await makeKeyAndCertificate('aimm-nord', new Date());
    const mixed = other.slice(0, other.indexOf('-----BEGIN CERTIFICATE-----')) + new X509Certificate(pem).toString();
    expect(() => manager({ keyAndCertificate: mixed })).toThrow('the private key is not that of the certificate');
  });
});

describe('the configuration document of the AI Model Monitor', () => {
  it('has the fields of the official sample, in their order, and no other; the address of ingestion is not escaped', () => {
    expect(Object.keys(monitor())).toEqual([
      'Certificate',
      'PrivateKey',
      'BuildNumber',
      'TenantId',
      'ClientId',
      'InstrumentationKey',
      'IngestionEndpoint',
    ]);
    expect(monitor()).toMatchObject({ BuildNumber: '20260101.1', TenantId: 'tenant', ClientId: 'client', InstrumentationKey: 'ikey' });
    expect(documentText(monitor())).toContain('"IngestionEndpoint": "https://westeurope-5.in.applicationinsights.azure.com/"\n');
  });

  it('holds the public key, and key and certificate in one text', () => {
    const { Certificate, PrivateKey } = monitor();
    expect(createPublicKey(Certificate).equals(new X509Certificate(pem).publicKey)).toBe(true);
    expect(Certificate).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(PrivateKey).toBe(String(createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' })) + new X509Certificate(pem).toString());
  });

  it('is for a certificate that may sign a client in', () => {
    expect(new X509Certificate(monitor().PrivateKey).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });
});

it('the names are those of the official sample', () => {
  expect(documentNames('aimm-nord', 'ab12cd')).toEqual({
    modelManager: 'Model-Manager-aimm-nord-Configuration-ab12cd',
    modelMonitor: 'Model-Monitor-aimm-nord-Configuration-ab12cd',
  });
  expect(documentNames('aimm-nord')).toEqual({
    modelManager: 'Model-Manager-aimm-nord-Configuration',
    modelMonitor: 'Model-Monitor-aimm-nord-Configuration',
  });
  expect(certificateNames('aimm-nord', 'ab12cd')).toEqual({
    modelManager: 'ModelManager-aimm-nord-ab12cd',
    authProxy: 'AuthProxy-aimm-nord-ab12cd',
  });
});

describe('the authority that a device must trust', () => {
  const own = () => ({ bundled: trustedAuthorities().bundled, trusted: [...trustedAuthorities().bundled.map((one) => `${one}\n`), pem] });

  it('is DigiCert Global Root G2 for a hub in Azure, from the list of Node', () => {
    const found = new X509Certificate(hubAuthority('iot-nord.azure-devices.net', trustedAuthorities()));
    expect(found.subject).toMatch(/CN=DigiCert Global Root G2$/);
    expect(found.fingerprint256).toBe('CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE:47:FF:C3:5E:43:C1:14:4C:EA:27:D4:6A:5A:B1:CB:5F');
  });

  it('is what Node was given besides its list for any other hub, and for that alone', () => {
    expect(hubAuthority('localhost:4711', own())).toBe(`${pem.trim()}\n`);
    expect(hubAuthority('iot-nord.azure-devices.net', own())).not.toContain(pem.trim());
  });

  it('is asked for in one line where it is missing', () => {
    expect(() => hubAuthority('localhost:4711', { bundled: [], trusted: [] })).toThrow(
      "localhost:4711 is no hub of Azure, and this Node was given no authority besides its own list: name the file of the hub's authority in NODE_EXTRA_CA_CERTS.",
    );
    expect(() => hubAuthority('localhost:4711', { bundled: [], trusted: trustedAuthorities().bundled })).toThrow(
      /NODE_EXTRA_CA_CERTS gives \d+ authorities beyond this Node's own list: name a file with that of the hub alone/,
    );
    expect(() => hubAuthority('iot-nord.azure-devices.cn', { bundled: [], trusted: [] })).toThrow(
      /the authority of iot-nord\.azure-devices\.cn, "DigiCert Global Root CA", is not in the list of Node/,
    );
  });
});
