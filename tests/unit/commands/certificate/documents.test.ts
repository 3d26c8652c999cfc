import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, rotate } from '../../../../commands/certificate/actions';
import { documentOutputs, documents, readOutputsFile, type DocumentOutputs } from '../../../../commands/certificate/documents';
import { keyFiles, SiteKeys } from '../../../../commands/certificate/siteKeys';
import { StackCertificates } from '../../../../commands/certificate/stackCertificates';
import { trustedAuthorities } from '../../../../deploy-programs/site-documents/hubAuthority';
import { projectRoot } from '../../../support/projectRoot';

const now = new Date();
const guid = (last: number) => `11111111-1111-4111-8111-11111111111${last}`;
const outputs: DocumentOutputs = {
  iotHubHost: 'iot-nord.azure-devices.net',
  deviceId: 'aimm-nord',
  siteClientId: guid(1),
  siteTenantId: guid(2),
  siteInstrumentationKey: guid(3),
  siteIngestionHost: 'westeurope-5.in.applicationinsights.azure.com',
};
const files = ['Model-Manager-aimm-nord-Configuration.json', 'Model-Monitor-aimm-nord-Configuration.json'];
let folder: string;
let keys: SiteKeys;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'documents-'));
  keys = new SiteKeys(join(folder, 'keys'));
  await create(keys, undefined, 'aimm-nord', now);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const write = (over: Partial<DocumentOutputs> = {}, at = now, stack?: StackCertificates) =>
  documents(
    keys,
    stack,
    { outputs: { ...outputs, ...over }, transport: 'tls', buildNumber: '1.2.3', authorities: trustedAuthorities() },
    at,
  );
const read = (file: string) => JSON.parse(readFileSync(join(keys.folder, file), 'utf8')) as Record<string, string>;

describe('the documents of a site', () => {
  it('lie beside its key, for their owner alone, with nothing half written', () => {
    writeFileSync(join(keys.folder, `${files[0]}.new`), 'left by a process that was killed', { mode: 0o644 });
    write();
    expect(readdirSync(keys.folder).sort()).toEqual([...files, keyFiles.current].sort());
    expect(files.map((file) => statSync(join(keys.folder, file)).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(read(files[0] ?? '')).toMatchObject({
      client_id: 'aimm-nord',
      endpoint: 'tls://iot-nord.azure-devices.net:8883',
      build_number: '1.2.3',
      x509_certificate: keys.current().certificate.toString(),
    });
    expect(read(files[1] ?? '')).toMatchObject({
      ClientId: guid(1),
      TenantId: guid(2),
      InstrumentationKey: guid(3),
      IngestionEndpoint: 'https://westeurope-5.in.applicationinsights.azure.com/',
    });
  });

  it('are never in what is said', () => {
    const outcome = write();
    expect(outcome.facts).toMatchObject({
      documents: { modelManager: join(keys.folder, files[0] ?? '') },
      thumbprint: keys.current().thumbprint,
      endpoint: 'tls://iot-nord.azure-devices.net:8883',
    });
    expect(JSON.stringify(outcome)).not.toContain('PRIVATE KEY');
  });

  it('go over to the next certificate with the site', async () => {
    write();
    const before = read(files[0] ?? '')['x509_certificate'];
    await rotate(keys, undefined, now);
    write();
    expect(read(files[0] ?? '')['x509_certificate']).toBe(before);
    await rotate(keys, undefined, now);
    write();
    expect(read(files[0] ?? '')['x509_certificate']).toBe(keys.current().certificate.toString());
    expect(read(files[0] ?? '')['x509_certificate']).not.toBe(before);
  });

  it.each([
    ['another device', () => write({ deviceId: 'aimm-sued' }), /is the certificate of aimm-nord, and the device of the stack is aimm-sued/],
    ['an expired certificate', () => write({}, new Date(now.getTime() + 181 * 86_400_000)), /the certificate of \S+ is expired/],
    [
      'a stack that keeps them in its vault',
      () => write({ siteDocuments: { modelManager: 'https://kv/secrets/a', modelMonitor: 'https://kv/secrets/b' } }),
      /makes the key of this site itself .*https:\/\/kv\/secrets\/a/,
    ],
    [
      'a hub whose authority is not known',
      () =>
        documents(
          keys,
          undefined,
          {
            outputs: { ...outputs, iotHubHost: 'hub.example' },
            transport: 'tls',
            buildNumber: '1',
            authorities: { bundled: [], trusted: [] },
          },
          now,
        ),
      /hub\.example is no hub of Azure/,
    ],
  ])('are not written for %s', (_, attempt, reason) => {
    expect(attempt).toThrow(reason);
    expect(readdirSync(keys.folder)).toEqual([keyFiles.current]);
  });

  it('are not written for a certificate that Azure was not told', () => {
    writeFileSync(join(folder, 'Pulumi.plant.yaml'), 'config:\n  factory-loop:profile: production\n');
    const stack = new StackCertificates(folder, 'plant');
    expect(() => write({}, now, stack)).toThrow(/does not name the certificate of the site, so Azure does not know it/);
    stack.add(keys.current().certificate);
    expect(write({}, now, stack).facts).toHaveProperty('documents');
  });
});

describe('the outputs of a stack, from a file', () => {
  it.each([
    ['is not there', undefined, /expected the outputs of the stack as JSON/],
    ['is no JSON', 'Current stack outputs', /expected the outputs of the stack as JSON/],
    ["is another program's", '{"url":"https://x"}', /expected the outputs of this program, iotHubHost is missing or wrong/],
    ['names a path for a device', JSON.stringify({ ...outputs, deviceId: '../../etc/x' }), /deviceId is missing or wrong/],
  ])('are refused in one line where it %s', (_, content, reason) => {
    const file = join(folder, 'outputs.json');
    if (content !== undefined) writeFileSync(file, content);
    expect(() => readOutputsFile(documentOutputs, file)).toThrow(reason);
  });
});

describe('the command', () => {
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', 'ts-node/register', 'commands/certificate.ts', ...args], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, INIT_CWD: folder },
    });
    return { status, stdout, stderr };
  };

  it('writes them and gives paths and public facts as JSON', () => {
    writeFileSync(join(folder, 'outputs.json'), JSON.stringify({ ...outputs, factory: 'nord' }));
    const { status, stdout, stderr } = run('documents', '--site', 'keys', '--outputs', 'outputs.json', '--transport', 'wss', '--json');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      endpoint: 'wss://iot-nord.azure-devices.net:443/$iothub/websocket',
      documents: { modelMonitor: join(keys.folder, files[1] ?? '') },
    });
    expect(stdout).not.toContain('PRIVATE KEY');
  }, 60_000);

  it.each([
    ['without outputs', ['documents', '--site', 'keys'], /documents: expected --outputs <file>/],
    [
      'with a transport that no hub has',
      ['documents', '--site', 'keys', '--outputs', 'outputs.json', '--transport', 'amqp'],
      /--transport amqp: expected tls or wss/,
    ],
    ["with an option that is not the action's", ['status', '--site', 'keys', '--transport', 'tls'], /--transport is for documents only/],
  ])(
    'answers wrong usage in one line and with 2: %s',
    (_, args, reason) => {
      const { status, stdout, stderr } = run(...args);
      expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
      expect(stderr).toMatch(reason);
    },
    60_000,
  );
});
