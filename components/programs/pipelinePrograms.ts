import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity';
import * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import { dataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { deliverySettings } from '../../contracts/settings/delivery';
import { modelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import { tagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { validateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import type { JobName, QueueName } from '../access/roleMatrix';
import { programName, type NameParts } from '../naming';
import type { LoopStorage } from '../storage/loopStorage';
import type { PipelineSettings } from './pipelineSettings';
import { ProgramApp } from './programApp';
import { programContainer } from './programContainer';
import { ProgramJob } from './programJob';

export interface PipelineProgramsArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly environmentId: pulumi.Input<string>;
  readonly registryLoginServer: pulumi.Input<string>;
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  readonly identities: Readonly<Record<QueueName, UserAssignedIdentity>>;
  readonly storage: LoopStorage;
  readonly settings: PipelineSettings;
  readonly pollingIntervalSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** The programs of the four pipelines: four jobs and the delivery app. They depend on their role assignments, given as `dependsOn`. */
export class PipelinePrograms extends pulumi.ComponentResource {
  readonly jobs: Readonly<Record<JobName, ProgramJob>>;
  readonly delivery: ProgramApp;

  constructor(name: string, args: PipelineProgramsArgs, opts: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:PipelinePrograms', name, {}, opts);
    const { identities, images, settings, storage, names } = args;
    const child = { parent: this, ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) };
    const place = { resourceGroupName: args.resourceGroupName, location: args.location, environmentId: args.environmentId, registryLoginServer: args.registryLoginServer, tags: args.tags };
    const job = (program: JobName, container: ReturnType<typeof programContainer>, timeoutSeconds: number) =>
      new ProgramJob(program, {
        ...place, jobName: names.apply((parts) => programName(program, parts)), identityId: identities[program].id, container, timeoutSeconds,
        queue: { accountName: storage.data.accountName, name: storage.data.queues[program].name }, pollingIntervalSeconds: args.pollingIntervalSeconds,
      }, child);
    this.jobs = {
      'data-pipeline': job('data-pipeline', programContainer({ program: 'data-pipeline', image: images['data-pipeline'], schema: dataPipelineSettings, settings: settings['data-pipeline'], cpu: 2 }), 3_600),
      'model-development': job('model-development', programContainer({ program: 'model-development', image: images['model-development'], schema: modelDevelopmentSettings, settings: settings['model-development'] }), 900),
      'validate-and-package': job('validate-and-package', programContainer({ program: 'validate-and-package', image: images['validate-and-package'], schema: validateAndPackageSettings, settings: settings['validate-and-package'], cpu: 1 }), 1_800),
      'tag-and-deliver': job('tag-and-deliver', programContainer({ program: 'tag-and-deliver', image: images['tag-and-deliver'], schema: tagAndDeliverSettings, settings: settings['tag-and-deliver'] }), 900),
    };
    this.delivery = new ProgramApp('delivery', {
      ...place, appName: names.apply((parts) => programName('delivery', parts)), identityId: identities.delivery.id, identityForPrograms: true,
      containers: [programContainer({ program: 'delivery', image: images.delivery, schema: deliverySettings, settings: settings.delivery, cpu: 0.25 })],
    }, child);
    this.registerOutputs({});
  }
}
