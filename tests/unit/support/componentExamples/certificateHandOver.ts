import { CertificateHandOver } from '../../../../components/site/certificateHandOver';
import { certificateFacts } from '../../../../components/site/certificateFacts';
import { vault } from './keyVault';
import { enrolment } from './simulatedEnrolment';
import { site } from './siteIdentity';

export const handOver = new CertificateHandOver(
  'hand-over',
  {
    vaultUri: vault.vaultUri,
    deviceId: 'aimm-plant-nord',
    thumbprint: enrolment.certificatePem.apply((pem) => certificateFacts(pem).thumbprint),
  },
  { dependsOn: [site] },
);
