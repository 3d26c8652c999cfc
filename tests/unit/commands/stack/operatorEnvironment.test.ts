import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorEnvironment } from '../../../../commands/stack/deployedStack';
import { upDirectory } from '../../../../commands/up/upDirectory';

test("the operator of a local stack signs in, whatever sign-in of a person's own the environment holds", () => {
  const local = mkdtempSync(join(tmpdir(), 'operator-'));
  const { backend, operatorFile } = upDirectory(local);
  const stacks = join(backend, '.pulumi', 'stacks', 'factory-loop');
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(stacks, 'here.json'), '{}');
  const settings = {
    AZURE_TENANT_ID: 't',
    AZURE_CLIENT_ID: 'c',
    AZURE_CLIENT_CERTIFICATE_PATH: '/p',
    AZURE_AUTHORITY_HOST: 'https://localhost:1',
    NODE_EXTRA_CA_CERTS: '/ca',
  };
  writeFileSync(operatorFile, JSON.stringify(settings));
  const environment = operatorEnvironment(local, 'here') ?? {};
  expect(environment).toMatchObject(settings);
  for (const name of ['AZURE_CLIENT_SECRET', 'AZURE_USERNAME', 'AZURE_PASSWORD', 'AZURE_CLIENT_CERTIFICATE_PASSWORD']) {
    expect(Object.keys(environment)).toContain(name);
    expect(environment[name]).toBeUndefined();
  }
  expect(operatorEnvironment(local, 'elsewhere')).toBeUndefined();
  rmSync(local, { recursive: true });
});
