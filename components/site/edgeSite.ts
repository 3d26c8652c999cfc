import * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import { databusSettings, inferenceServerSettings, modelManagerSettings, productionLineSettings } from '../../contracts/settings/edgeSite';
import type { Configuration } from '../configuration';
import { ProgramApp } from '../programs/programApp';
import { programContainer } from '../programs/programContainer';
import { certificateSecretName } from './simulatedEnrolment';

export interface EdgeSiteArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly environmentId: pulumi.Input<string>;
  readonly appName: pulumi.Input<string>;
  /** Pulls the images and fetches the certificate; the programs themselves have no Azure identity, as in a plant. */
  readonly identityId: pulumi.Input<string>;
  readonly registryLoginServer: pulumi.Input<string>;
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  readonly factory: string;
  readonly deviceId: pulumi.Input<string>;
  readonly iotHubHost: pulumi.Input<string>;
  readonly line: Pick<Configuration['edgeSite'], 'lineMode' | 'databusPort' | 'sampleIntervalMs'>;
  /** Secret that holds the device's key and certificate, in one PEM file. */
  readonly certificateSecretUri: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

const siteDirectory = '/site';
const certificateDirectory = '/certificates';

/** The simulated factory: one app, a container for each program of the site. */
export class EdgeSite extends pulumi.ComponentResource {
  readonly appName: pulumi.Output<string>;

  constructor(name: string, args: EdgeSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:EdgeSite', name, {}, opts);
    const { images, line } = args;
    const site = { FACTORY: args.factory, DEVICE_ID: args.deviceId, DATABUS_PORT: String(line.databusPort) };
    const siteMount = { volumeName: 'site', mountPath: siteDirectory };
    const certificateFile = `${certificateDirectory}/${certificateSecretName}`;
    const app = new ProgramApp(name, {
      resourceGroupName: args.resourceGroupName, location: args.location, tags: args.tags, environmentId: args.environmentId, appName: args.appName,
      identityId: args.identityId, identityForPrograms: false, registryLoginServer: args.registryLoginServer,
      secrets: [{ name: certificateSecretName, keyVaultUrl: args.certificateSecretUri }],
      volumes: [
        { name: 'site', storageType: 'EmptyDir' },
        { name: 'certificates', storageType: 'Secret', secrets: [{ secretRef: certificateSecretName, path: certificateSecretName }] },
      ],
      containers: [
        programContainer({ program: 'databus', image: images.databus, schema: databusSettings, cpu: 0.25, settings: { DATABUS_PORT: site.DATABUS_PORT } }),
        programContainer({
          program: 'production-line', image: images['production-line'], schema: productionLineSettings, cpu: 0.25,
          settings: { ...site, LINE_MODE: line.lineMode, SAMPLE_INTERVAL_MS: String(line.sampleIntervalMs) },
        }),
        programContainer({
          program: 'inference-server', image: images['inference-server'], schema: inferenceServerSettings, cpu: 0.5, volumeMounts: [siteMount],
          settings: { ...site, SITE_DIRECTORY: siteDirectory, PYTHON: 'python3', MAX_ACTIVE_PIPELINES: '2' },
        }),
        programContainer({
          program: 'model-manager', image: images['model-manager'], schema: modelManagerSettings, cpu: 0.25, volumeMounts: [siteMount, { volumeName: 'certificates', mountPath: certificateDirectory }],
          settings: {
            ...site, SITE_DIRECTORY: siteDirectory, IOT_HUB_HOST: args.iotHubHost, CERTIFICATE_FILE: certificateFile, PRIVATE_KEY_FILE: certificateFile,
            MIN_FREE_DISK_BYTES: String(200 * 2 ** 20), MAX_PACKAGE_BYTES: String(500 * 2 ** 20),
          },
        }),
      ],
    }, { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) });
    this.appName = app.appName;
    this.registerOutputs({ appName: this.appName });
  }
}
