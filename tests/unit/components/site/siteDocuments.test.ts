import { programs } from '../../../../contracts/programs';
import { allRules } from '../../../../policy/allRules';
import { violations } from '../../../../policy/rule';
import { armReport, itWithSchemas } from '../../support/armReport';
import { captureProgram, guid, ofType, type Captured } from '../../support/capturedProgram';

const engineer = '0a0a0a0a-0000-4000-8000-00000000000a';
const prebuiltImages = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));
const settings = {
  imageSource: 'prebuilt',
  prebuiltImages,
  edgeSite: { enabled: false },
  siteDocuments: { keyVault: true, engineers: [{ principalId: engineer, principalType: 'User' }] },
};
let captured: Captured;
beforeAll(async () => {
  captured = await captureProgram(settings);
}, 60_000);
const command = (name: string) => ofType(captured, 'command:local:Command').find((one) => one.name === name);
const assignments = () => ofType(captured, 'azure-native:authorization:RoleAssignment');
const vaultId = () => ofType(captured, 'azure-native:resources:Resource').find(({ name }) => name === 'site-vault')?.id ?? '';

describe("a stack that keeps the site's documents in a vault", () => {
  it('makes a vault and a key although there is no simulated site, and registers the certificate', () => {
    expect(vaultId()).toMatch(/\/vaults\/kv-site-/);
    expect(command('enrolment')?.inputs.environment).toMatchObject({ SECRET_NAME: 'device-certificate' });
    expect(ofType(captured, 'azure-native:app:ContainerApp').map(({ name }) => name)).toEqual(['delivery']);
    expect(ofType(captured, 'azuread:index/applicationCertificate:ApplicationCertificate')).toHaveLength(1);
  });

  it('writes them after the device and the sign-in are there, and tells the command no secret', () => {
    expect(command('site-documents')?.inputs).toMatchObject({
      create: 'node dist/site-documents/index.js create',
      update: 'node dist/site-documents/index.js create',
      delete: 'node dist/site-documents/index.js delete',
      environment: {
        VAULT_URI: expect.stringMatching(/^https:\/\/kv-site-/) as string,
        KEY_SECRET_NAME: 'device-certificate',
        CERTIFICATE_THUMBPRINT: expect.stringMatching(/^[0-9A-F]{64}$/) as string,
        DEVICE_ID: 'aimm-plant-one',
        DOCUMENT_SUFFIX: 'abc123',
        TRANSPORT: 'tls',
        CLIENT_ID: guid('client site'),
        INSTRUMENTATION_KEY: guid('ikey monitoring-insights'),
        INGESTION_HOST: 'westeurope-5.in.applicationinsights.azure.com',
      },
    });
    // The key is where the documents take it from once it was handed over, and that comes after device and sign-in.
    const needs = (name: string, needed: string) =>
      (captured.options.get(`command:local:Command ${name}`)?.dependencies ?? []).filter((urn) => urn.includes(needed));
    for (const needed of ['::certificate-hand-over', '::document-writer-keyVaultCertificatesOfficer-site-vault'])
      expect(needs('site-documents', needed)).not.toEqual([]);
    for (const needed of ['::model-manager-device', 'ServicePrincipal::site', 'ApplicationCertificate::site-certificate'])
      expect(needs('certificate-hand-over', needed)).not.toEqual([]);
    expect(JSON.stringify(captured.registrations)).not.toContain('PRIVATE KEY');
  });

  it('deletes what another suffix, device or vault leaves behind', () => {
    expect(command('site-documents')?.inputs.triggers).toEqual([expect.stringMatching(/^https:\/\/kv-site-/), 'aimm-plant-one', 'abc123']);
  });

  it('lets the engineer read the two documents and nothing else, once they are there', () => {
    const own = assignments().filter(({ inputs }) => inputs.principalId === engineer);
    expect(own.map(({ inputs }) => inputs.scope).sort()).toEqual(
      ['Manager', 'Monitor'].map((which) => `${vaultId()}/secrets/Model-${which}-aimm-plant-one-Configuration-abc123`),
    );
    expect(own.map(({ inputs }) => String(inputs.roleDefinitionId).split('/').pop())).toEqual(
      Array(2).fill('4633458b-17de-408a-b874-0445c86b69e6'),
    );
    for (const { type, name } of own)
      expect(captured.options.get(`${type} ${name}`)?.dependencies.filter((urn) => urn.endsWith('::site-documents'))).not.toEqual([]);
  });

  it('gives nobody but whoever deploys a role at the vault', () => {
    expect(
      assignments()
        .filter(({ inputs }) => inputs.scope === vaultId())
        .map(({ name, inputs }) => [name, inputs.principalId]),
    ).toEqual(
      expect.arrayContaining([
        ['deployer-keyVaultSecretsOfficer-site-vault', guid('deployer')],
        ['document-writer-keyVaultCertificatesOfficer-site-vault', guid('deployer')],
      ]),
    );
    expect(assignments().filter(({ inputs }) => inputs.scope === vaultId())).toHaveLength(2);
  });

  it('exports where the documents are', () => {
    expect(captured.outputs.siteDocuments).toEqual({
      modelManager: expect.stringMatching(/^https:\/\/kv-site-[^/]+\/secrets\/Model-Manager-aimm-plant-one-Configuration-abc123$/),
      modelMonitor: expect.stringMatching(/\/secrets\/Model-Monitor-aimm-plant-one-Configuration-abc123$/),
    });
  });

  itWithSchemas('declares what Azure Resource Manager takes', () => {
    const report = armReport(captured);
    expect(report).toMatch(/ 0 errors, /);
    expect(report).not.toContain('api-retiring');
  });
});

it('the policy pack finds nothing in it', async () => {
  let found: string[] = ['nothing was judged'];
  await jest.isolateModulesAsync(async () => {
    const resources = await (await import('../../support/declaredResources')).declareStack(settings);
    found = allRules.flatMap((rule) => violations(rule, resources).map((one) => `${rule.name}: ${one}`));
  });
  expect(found).toEqual([]);
}, 120_000);

describe('a stack that says nothing of documents', () => {
  it('has none, no role for them and no vault that a person must read', async () => {
    let other: Captured | undefined;
    await jest.isolateModulesAsync(async () => {
      other = await (await import('../../support/capturedProgram')).captureProgram({ imageSource: 'prebuilt', prebuiltImages });
    });
    expect(other?.registrations.filter(({ name }) => /document|engineer/i.test(name))).toEqual([]);
    expect(other?.outputs).not.toHaveProperty('siteDocuments');
    const atVault =
      other?.registrations.filter(({ type, inputs }) => type.endsWith(':RoleAssignment') && String(inputs.scope).includes('kv-site')) ?? [];
    expect(atVault.map(({ name, inputs }) => [name, String(inputs.scope).split('/vaults/')[1]?.split('/').slice(1).join('/')])).toEqual([
      ['deployer-keyVaultSecretsOfficer-site-vault', ''],
      ['edge-site-keyVaultSecretsUser-site-vault-key', 'secrets/device-certificate'],
    ]);
  }, 60_000);
});
