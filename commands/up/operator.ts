import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { LocalRegion } from '../../local-azure/localRegion';
import { makeKeyAndCertificate, usableCertificate } from '../../deploy-programs/keyAndCertificate';
import type { UpDirectory } from './upDirectory';

const name = 'operator';
const objectId = '00000000-0000-4000-8000-0000000000e0';

/**
 * The person who looks after the stack: an application of the region's tenant with a certificate. What is written is what
 * the Azure SDK's own environment credential reads, so that a command signs in here as it would in Azure.
 */
export async function enrolOperator(region: LocalRegion, { operatorCertificate, operatorFile }: UpDirectory): Promise<string> {
  const { applications } = region.entra;
  const now = region.context.clock.now();
  const earlier = existsSync(operatorCertificate) ? readFileSync(operatorCertificate, 'utf8') : undefined;
  const pem = earlier !== undefined && usableCertificate(earlier, name, now) ? earlier : await makeKeyAndCertificate(name, now);
  if (pem !== earlier) writeFileSync(operatorCertificate, pem, { mode: 0o600 });
  const { clientId } = applications.register(name, objectId);
  const principal = applications.addServicePrincipal(clientId);
  applications.addCertificate(objectId, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
  const environment = {
    AZURE_TENANT_ID: region.tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_CERTIFICATE_PATH: operatorCertificate,
    AZURE_AUTHORITY_HOST: region.entra.authorityHost,
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
  };
  writeFileSync(operatorFile, `${JSON.stringify(environment, null, 2)}\n`, { mode: 0o600 });
  return principal.objectId;
}
