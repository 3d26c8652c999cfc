import { EdgeSite } from '../../../../components/site/edgeSite';
import { handOver } from './certificateHandOver';
import { environment } from './containerEnvironment';
import { storage } from './loopStorage';
import { route } from './messageRoute';
import { monitoring } from './monitoring';
import { configuration } from './platform';
import { programImages } from './programImages';

export const edgeSite = new EdgeSite('edge-site', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  environmentId: environment.id,
  appName: 'edge-site-x7k2',
  registryLoginServer: 'acrplantx7k2.azurecr.io',
  images: programImages.images,
  identityId:
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-edge-site',
  factory: 'plant-nord',
  deviceId: 'aimm-plant-nord',
  iotHubHost: route.iotHubHost,
  site: configuration.edgeSite,
  certificateSecretUri: handOver.secretUri,
  signIn: {
    clientId: '33333333-3333-4333-8333-333333333333',
    tenantId: '11111111-1111-4111-8111-111111111111',
    authorityHost: 'https://login.microsoftonline.com',
    disableInstanceDiscovery: false,
  },
  telemetry: monitoring.telemetry,
  monitorAudience: 'https://monitor.azure.com',
  landingZone: { blobEndpoint: storage.edge.blobEndpoint, container: 'landing-zone' },
});
