import { SiteDocuments } from '../../../../components/site/siteDocuments';
import { vault } from './keyVault';
import { route } from './messageRoute';
import { monitoring } from './monitoring';
import { enrolment } from './simulatedEnrolment';

export const documents = new SiteDocuments('documents', {
  vaultId: vault.id,
  vaultUri: vault.vaultUri,
  keySecretName: 'device-certificate',
  certificatePem: enrolment.certificatePem,
  suffix: 'x7k2ab',
  deviceId: 'aimm-plant-nord',
  iotHubHost: route.iotHubHost,
  buildNumber: '1.0',
  monitor: {
    tenantId: '11111111-1111-4111-8111-111111111111',
    clientId: '33333333-3333-4333-8333-333333333333',
    instrumentationKey: monitoring.telemetry.instrumentationKey,
    ingestionHost: monitoring.telemetry.ingestionHost,
  },
});
