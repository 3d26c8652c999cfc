import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity';
import * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import { dataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { deliverySettings } from '../../contracts/settings/delivery';
import { modelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import type { SettingsOf, SettingsSchema } from '../../contracts/settings/settings';
import { tagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { validateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import { jobCpu, jobTimeoutSeconds, type JobName, type QueueName } from '../configuration/pipelineJobs';
import { programName, type NameParts } from '../resource/names';
import type { UniformArgs } from '../resource/uniformComponent';
import type { LoopStorage } from '../storage/loopStorage';
import type { PipelineSettings } from './pipelineSettings';
import { ProgramApp } from './programApp';
import { programContainer } from './programContainer';
import { ProgramJob } from './programJob';

/** What it passes on to every program. */
export interface PipelineProgramsArgs extends Pick<UniformArgs, 'tags' | 'lock' | 'roleAssignments'> {
  /** Resource group of the programs. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** ARM id of the Container Apps environment. */
  readonly environmentId: pulumi.Input<string>;
  /** Registry of the images. */
  readonly registryLoginServer: pulumi.Input<string>;
  /** Image of each program, by digest. */
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  /** Identity of each program. */
  readonly identities: Readonly<Record<QueueName, UserAssignedIdentity>>;
  /** Accounts with the queues that start the programs. */
  readonly storage: LoopStorage;
  /** Environment of each program. */
  readonly settings: PipelineSettings;
  /** How often the queues' lengths are asked for; default 30. */
  readonly pollingIntervalSeconds?: number;
}

/** The programs of the four pipelines: four jobs and the delivery app. They depend on their role assignments, given as `dependsOn`. */
export class PipelinePrograms extends pulumi.ComponentResource {
  readonly jobs: Readonly<Record<JobName, ProgramJob>>;
  readonly delivery: ProgramApp;

  constructor(name: string, args: PipelineProgramsArgs, opts: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:PipelinePrograms', name, {}, opts);
    const { identities, images, settings, storage, pollingIntervalSeconds } = { pollingIntervalSeconds: 30, ...args };
    const names = pulumi.output(args.names);
    const uniform = {
      ...(args.tags === undefined ? {} : { tags: args.tags }),
      ...(args.lock === undefined ? {} : { lock: args.lock }),
      ...(args.roleAssignments === undefined ? {} : { roleAssignments: args.roleAssignments }),
    };
    const child = { parent: this, ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) };
    const programArgs = {
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      environmentId: args.environmentId,
      registryLoginServer: args.registryLoginServer,
      ...uniform,
    };
    const job = <S extends SettingsSchema>(program: JobName, schema: S, given: SettingsOf<NoInfer<S>, pulumi.Input<string>>) =>
      new ProgramJob(
        program,
        {
          ...programArgs,
          jobName: names.apply((parts) => programName(program, parts)),
          identityId: identities[program].id,
          container: programContainer({ program, image: images[program], schema, settings: given, cpu: jobCpu[program] }),
          timeoutSeconds: jobTimeoutSeconds[program],
          queue: { accountName: storage.data.accountName, name: storage.data.queues[program].name },
          pollingIntervalSeconds,
        },
        child,
      );
    this.jobs = {
      'data-pipeline': job('data-pipeline', dataPipelineSettings, settings['data-pipeline']),
      'model-development': job('model-development', modelDevelopmentSettings, settings['model-development']),
      'validate-and-package': job('validate-and-package', validateAndPackageSettings, settings['validate-and-package']),
      'tag-and-deliver': job('tag-and-deliver', tagAndDeliverSettings, settings['tag-and-deliver']),
    };
    this.delivery = new ProgramApp(
      'delivery',
      {
        ...programArgs,
        appName: names.apply((parts) => programName('delivery', parts)),
        identityId: identities.delivery.id,
        identityForPrograms: true,
        containers: [
          programContainer({
            program: 'delivery',
            image: images.delivery,
            schema: deliverySettings,
            settings: settings.delivery,
            cpu: 0.25,
          }),
        ],
      },
      child,
    );
    this.registerOutputs({ jobs: Object.values(this.jobs).map(({ jobName }) => jobName), delivery: this.delivery.appName });
  }
}
