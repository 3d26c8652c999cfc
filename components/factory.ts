import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity';
import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';
import { loopNames, smokeNames } from '../contracts/datasets';
import { CustomRoleDefinitions } from './access/customRoleDefinitions';
import { factoryGrants, type FactoryGrant, type GrantOptions } from './access/factoryGrants';
import { programIdentity } from './access/programIdentity';
import { servicePrincipal, type RoleGrants } from './access/roleGrants';
import { jobNames, queueNames, type QueueName } from './configuration/pipelineJobs';
import type { Configuration } from './configuration/schema';
import type { DeviceRegistration } from './delivery/deviceRegistration';
import { MessageRoute } from './delivery/messageRoute';
import { containerEnvironmentName, suffixLength, type NameParts } from './resource/names';
import { operatorView } from './observability/operatorView';
import type { Deployer } from './resource/deployer';
import type { Diagnostics } from './resource/diagnostics';
import type { ResourceArgs } from './resource/resourceArgs';
import type { PlatformLinks } from './resource/platformLinks';
import { ContainerEnvironment } from './programs/containerEnvironment';
import { PipelinePrograms } from './programs/pipelinePrograms';
import { pipelineSettings } from './programs/pipelineSettings';
import { ProgramImages, type ImageSource } from './programs/programImages';
import { declareEnrolment, holdsSiteKey } from './site/enrolledSite';
import { simulatedSite } from './site/simulatedSite';
import type { SiteDocuments } from './site/siteDocuments';
import type { SiteIdentity } from './site/siteIdentity';
import { LoopEvents } from './storage/loopEvents';
import { LoopStorage } from './storage/loopStorage';
import { TrainingEnvironment } from './training/trainingEnvironment';

export interface FactoryArgs {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Subscription, tenant and principal of whoever deploys. */
  readonly deployer: pulumi.Output<Deployer>;
  /** What it shares with other factories. */
  readonly platform: PlatformLinks;
  /** Where the images of its programs come from. */
  readonly imageSource: ImageSource;
  /** Version of the pipelines' code, for the lineage of models. */
  readonly pipelineVersion: string;
  /** Commit it was built from. */
  readonly sourceCommit: string;
  /** Tags of every resource that can have them. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What a program of the factory runs with. */
interface Hosting {
  readonly environmentId: pulumi.Output<string>;
  readonly trainingEnvironmentId: pulumi.Output<string>;
  readonly images: ProgramImages['images'];
}

const byQueue = <T>(of: (program: QueueName) => T) =>
  Object.fromEntries(queueNames.map((program) => [program, of(program)])) as Record<QueueName, T>;

/** One factory's part of the loop: its storage, hub, programs and site. */
export class Factory extends pulumi.ComponentResource {
  readonly storage: LoopStorage;
  readonly route: MessageRoute;
  readonly device: DeviceRegistration;
  readonly programs: PipelinePrograms;
  /** Public certificates that Azure knows the site by. */
  readonly siteCertificates: pulumi.Output<string[]>;
  readonly siteIdentity: SiteIdentity;
  /** Where the stack asks for them. */
  readonly siteDocuments: SiteDocuments | undefined;
  /** ARM ids of what holds data, to be locked. */
  readonly dataResources: Readonly<Record<string, pulumi.Output<string>>>;

  private readonly child = { parent: this };
  /** What its parts are made with alike. */
  private readonly shared: Pick<FactoryArgs, 'configuration' | 'deployer' | 'platform'> & {
    readonly resourceArgs: ResourceArgs;
    readonly diagnostics: Diagnostics;
    readonly suffix: pulumi.Output<string>;
    readonly names: pulumi.Output<NameParts>;
  };

  constructor(
    name: string,
    private readonly args: FactoryArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('factory-loop:index:Factory', name, {}, opts);
    const { configuration, deployer, platform, tags } = args;
    const { storage: safety, protectData: protect, iotHub: hub, eventHubs, cloud, edgeSite, location } = configuration;
    const { child } = this;
    const { result: suffix } = new RandomString(`${name}-suffix`, { length: suffixLength, special: false, upper: false }, child);
    const names = suffix.apply((text): NameParts => ({ owner: configuration.factory, suffix: text }));
    const resourceArgs = { resourceGroupName: platform.resourceGroup.name, location, tags };
    const diagnostics = { workspaceId: platform.logAnalyticsId };
    this.shared = { configuration, deployer, platform, resourceArgs, diagnostics, suffix, names };

    this.storage = new LoopStorage('storage', { ...resourceArgs, diagnostics, names, safety: { ...safety, protect } }, child);
    const { subscriptionId } = deployer;
    const { propagationSeconds } = cloud;
    this.route = new MessageRoute(
      'messages',
      { ...resourceArgs, diagnostics, names, subscriptionId, hub, eventHubs, propagationSeconds },
      child,
    );
    const grant = this.grants();
    this.triggers(grant);
    const { iotHubHost, iotHubId } = this.route;
    const site = declareEnrolment({ ...this.shared, iotHubHost, buildNumber: args.pipelineVersion, grant }, this);
    this.device = site.device;
    this.siteIdentity = site.identity;
    this.siteCertificates = pulumi.all(site.certificates.map(({ pem }) => pem));
    this.siteDocuments = site.documents;
    this.engineerRoles(grant);
    const identities = byQueue((program) => programIdentity(program, { ...resourceArgs, names }, child));
    const siteApp = edgeSite.enabled ? programIdentity('edge-site', { ...resourceArgs, names }, child) : undefined;
    const granted = { ...child, dependsOn: [...this.programRoles(grant, identities, siteApp, site.keyScope).ready] };
    const hosting = this.hosting();
    this.programs = this.pipelines(hosting, identities, granted);
    const { data, edge, dataEvents, edgeEvents } = this.storage;
    if (siteApp !== undefined && site.keySecretUri !== undefined) {
      const landingZone = { blobEndpoint: edge.blobEndpoint, container: edge.containers['landing-zone'].name };
      const app = { ...hosting, identityId: siteApp.id, certificateSecretUri: site.keySecretUri };
      simulatedSite({ ...this.shared, ...app, site, iotHubHost, landingZone }, granted);
    }
    this.peopleRoles(grant);
    const { environmentId } = hosting;
    const { certificatesNotAfter } = site;
    const signals = { environmentId, iotHubId, dataTopicId: dataEvents.id, edgeTopicId: edgeEvents.id, certificatesNotAfter };
    operatorView({ ...this.shared, signals }, child);

    this.dataResources = {
      'data-account': data.id,
      'edge-account': edge.id,
      ...(site.vaultId === undefined ? {} : { 'site-vault': site.vaultId }),
    };
    this.registerOutputs({
      dataAccountId: data.id,
      edgeAccountId: edge.id,
      iotHubId,
      eventHubId: this.route.eventHubId,
      deviceId: this.device.deviceId,
      siteClientId: this.siteIdentity.clientId,
    });
  }

  /** The factory's own roles, and how its actors are given theirs. */
  private grants(): FactoryGrant {
    const { configuration, deployer, platform } = this.args;
    const ownRegistry = configuration.parts === 'both' && configuration.containerRegistry === 'create';
    const customRoles = new CustomRoleDefinitions(
      'custom-roles',
      {
        resourceGroupId: platform.resourceGroup.id,
        suffix: this.shared.suffix,
        propagationSeconds: configuration.cloud.propagationSeconds,
        ...(ownRegistry ? {} : { registryId: platform.registry.id }),
      },
      this.child,
    );
    const { storage, route } = this;
    return factoryGrants(
      { storage, route, platform, subscriptionId: deployer.subscriptionId, customRoles, siteVault: holdsSiteKey(configuration) },
      this,
    );
  }

  private triggers(grant: FactoryGrant): void {
    const { configuration, platform } = this.args;
    const { factory, dataset, cloud } = configuration;
    const topicGrants = grant(
      'event-roles',
      {
        'data-events': servicePrincipal(this.storage.dataEvents.principalId),
        'edge-events': servicePrincipal(this.storage.edgeEvents.principalId),
        'ml-events': servicePrincipal(platform.workspaceEvents.principalId),
      },
      { waitSeconds: cloud.propagationSeconds },
    );
    new LoopEvents(
      'triggers',
      {
        resourceGroupName: platform.resourceGroup.name,
        storage: this.storage,
        mlTopic: { name: platform.workspaceEvents.topicName, resourceGroupName: platform.resourceGroup.name },
        models: { own: loopNames(factory, dataset.name).model, smoke: smokeNames(factory).model },
      },
      { ...this.child, dependsOn: [...topicGrants.ready] },
    );
  }

  /** Engineers read the documents of the site and nothing else of its vault. */
  private engineerRoles(grant: FactoryGrant): void {
    if (this.siteDocuments === undefined) return;
    const { modelManager, modelMonitor } = this.siteDocuments;
    grant(
      'engineer-roles',
      { engineer: this.args.configuration.siteDocuments.engineers },
      { more: { 'site-vault/model-manager': modelManager.id, 'site-vault/model-monitor': modelMonitor.id }, after: [this.siteDocuments] },
    );
  }

  private programRoles(
    grant: FactoryGrant,
    identities: Readonly<Record<QueueName, UserAssignedIdentity>>,
    siteApp: UserAssignedIdentity | undefined,
    keyScope: GrantOptions,
  ): RoleGrants {
    const { configuration, platform } = this.args;
    return grant(
      'program-roles',
      {
        ...byQueue((program) => servicePrincipal(identities[program].principalId)),
        train: servicePrincipal(platform.trainingCluster.principalId),
        site: servicePrincipal(this.siteIdentity.principalId),
        ...(siteApp === undefined ? {} : { 'edge-site': servicePrincipal(siteApp.principalId) }),
      },
      { ...keyScope, waitSeconds: configuration.cloud.propagationSeconds },
    );
  }

  /** Images, and the environments that they run in: in Azure ML for training, in Container Apps for the rest. */
  private hosting(): Hosting {
    const { configuration, platform, resourceArgs, diagnostics, names } = this.shared;
    const { cloud, factory } = configuration;
    const { images } = new ProgramImages(
      'images',
      {
        source: this.args.imageSource,
        registryId: platform.registry.id,
        registryLoginServer: platform.registry.loginServer,
        resourceManagerEndpoint: cloud.resourceManagerEndpoint,
        resourceManagerAudience: cloud.resourceManagerAudience,
        roleAssignmentWaitSeconds: cloud.roleAssignmentWaitSeconds,
        ...(configuration.baseImageRegistry === undefined ? {} : { baseImageRegistry: configuration.baseImageRegistry }),
      },
      this.child,
    );
    const training = new TrainingEnvironment(
      'training-environment',
      {
        resourceGroupName: platform.resourceGroup.name,
        workspaceName: platform.workspace.name,
        environmentName: `train-${factory}`,
        image: images.train,
      },
      this.child,
    );
    const environment = new ContainerEnvironment(
      'container-environment',
      { ...resourceArgs, diagnostics, environmentName: names.apply(containerEnvironmentName) },
      this.child,
    );
    return { images, trainingEnvironmentId: training.id, environmentId: environment.id };
  }

  private pipelines(
    { images, environmentId, trainingEnvironmentId }: Hosting,
    identities: Readonly<Record<QueueName, UserAssignedIdentity>>,
    granted: pulumi.ComponentResourceOptions,
  ): PipelinePrograms {
    const { configuration, deployer, platform, resourceArgs, names } = this.shared;
    const { pipelineVersion, sourceCommit } = this.args;
    const settings = pipelineSettings({
      configuration,
      subscriptionId: deployer.subscriptionId,
      platform,
      storage: this.storage,
      route: this.route,
      trainingEnvironmentId,
      deviceId: this.device.deviceId,
      clientIds: byQueue((program) => identities[program].clientId),
      pipelineVersion,
      sourceCommit,
    });
    return new PipelinePrograms(
      'pipelines',
      {
        ...resourceArgs,
        environmentId,
        registryLoginServer: platform.registry.loginServer,
        images,
        names,
        identities,
        storage: this.storage,
        settings,
        pollingIntervalSeconds: configuration.jobs.pollingIntervalSeconds,
      },
      granted,
    );
  }

  private peopleRoles(grant: FactoryGrant): void {
    const { readers, rawWriters, approvers, smokeTesters } = this.args.configuration;
    grant(
      'people-roles',
      { reader: readers, 'raw-writer': rawWriters, approver: approvers, 'smoke-tester': smokeTesters },
      { more: Object.fromEntries(jobNames.map((job) => [`job/${job}`, this.programs.jobs[job].id])) },
    );
  }
}
