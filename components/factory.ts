import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';
import { loopNames, smokeNames } from '../contracts/datasets';
import { CustomRoleDefinitions } from './access/customRoleDefinitions';
import { factoryGrants } from './access/factoryGrants';
import { programIdentity } from './access/programIdentity';
import { servicePrincipal } from './access/roleGrants';
import { jobNames, queueNames, type QueueName } from './configuration/pipelineJobs';
import type { Configuration } from './configuration/schema';
import type { DeviceRegistration } from './delivery/deviceRegistration';
import { MessageRoute } from './delivery/messageRoute';
import { containerEnvironmentName, programName, suffixLength, type NameParts } from './resource/names';
import { factoryAlerts } from './observability/alertRules';
import { LoopWorkbook } from './observability/loopWorkbook';
import { OperatorAlerts } from './observability/operatorAlerts';
import type { Deployer } from './resource/deployer';
import type { PlatformLinks } from './resource/platformLinks';
import { ContainerEnvironment } from './programs/containerEnvironment';
import { PipelinePrograms } from './programs/pipelinePrograms';
import { pipelineSettings } from './programs/pipelineSettings';
import { ProgramImages, type ImageSource } from './programs/programImages';
import { EdgeSite } from './site/edgeSite';
import { enrolSite, holdsSiteKey } from './site/enrolledSite';
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

  constructor(name: string, args: FactoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:index:Factory', name, {}, opts);
    const { configuration, deployer, platform, tags } = args;
    const { location, factory, cloud, edgeSite } = configuration;
    const { roleAssignmentWaitSeconds, propagationSeconds } = cloud;
    const { subscriptionId, tenantId } = deployer;
    const { alerts, protectData, siteDocuments } = configuration;
    const child = { parent: this };
    const suffix = new RandomString(`${name}-suffix`, { length: suffixLength, special: false, upper: false }, child);
    const names = suffix.result.apply((text): NameParts => ({ owner: factory, suffix: text }));
    const place = { resourceGroupName: platform.resourceGroup.name, location, tags };
    const diagnostics = { workspaceId: platform.logAnalyticsId };

    this.storage = new LoopStorage(
      'storage',
      { ...place, diagnostics, names, safety: { ...configuration.storage, protect: protectData } },
      child,
    );
    this.route = new MessageRoute(
      'messages',
      { ...place, diagnostics, names, subscriptionId, hub: configuration.iotHub, eventHubs: configuration.eventHubs, propagationSeconds },
      child,
    );
    const { data, edge, dataEvents, edgeEvents } = this.storage;
    const ownRegistry = configuration.parts === 'both' && configuration.containerRegistry === 'create';
    const customRoles = new CustomRoleDefinitions(
      'custom-roles',
      {
        resourceGroupId: platform.resourceGroup.id,
        suffix: suffix.result,
        propagationSeconds,
        ...(ownRegistry ? {} : { registryId: platform.registry.id }),
      },
      child,
    );
    const grant = factoryGrants(
      { storage: this.storage, route: this.route, platform, subscriptionId, customRoles, siteVault: holdsSiteKey(configuration) },
      this,
    );

    const topicGrants = grant(
      'event-roles',
      {
        'data-events': servicePrincipal(dataEvents.principalId),
        'edge-events': servicePrincipal(edgeEvents.principalId),
        'ml-events': servicePrincipal(platform.workspaceEvents.principalId),
      },
      { waitSeconds: propagationSeconds },
    );
    new LoopEvents(
      'triggers',
      {
        resourceGroupName: platform.resourceGroup.name,
        storage: this.storage,
        mlTopic: { name: platform.workspaceEvents.topicName, resourceGroupName: platform.resourceGroup.name },
        models: { own: loopNames(factory, configuration.dataset.name).model, smoke: smokeNames(factory).model },
      },
      { ...child, dependsOn: [...topicGrants.ready] },
    );

    const site = enrolSite(
      {
        configuration,
        deployer,
        platform,
        place,
        names,
        suffix: suffix.result,
        iotHubHost: this.route.iotHubHost,
        buildNumber: args.pipelineVersion,
        grant,
      },
      this,
    );
    this.siteCertificates = pulumi.all(site.certificates.map(({ pem }) => pem));
    this.siteIdentity = site.identity;
    this.device = site.device;
    this.siteDocuments = site.documents;
    if (this.siteDocuments !== undefined) {
      const { modelManager, modelMonitor } = this.siteDocuments;
      grant(
        'engineer-roles',
        { engineer: siteDocuments.engineers },
        { more: { 'site-vault/model-manager': modelManager.id, 'site-vault/model-monitor': modelMonitor.id }, after: [this.siteDocuments] },
      );
    }

    const identities = Object.fromEntries(
      queueNames.map((program) => [program, programIdentity(program, { ...place, names }, child)]),
    ) as Record<QueueName, ReturnType<typeof programIdentity>>;
    const siteAppIdentity = edgeSite.enabled ? programIdentity('edge-site', { ...place, names }, child) : undefined;
    const programGrants = grant(
      'program-roles',
      {
        ...Object.fromEntries(queueNames.map((program) => [program, servicePrincipal(identities[program].principalId)])),
        train: servicePrincipal(platform.trainingCluster.principalId),
        site: servicePrincipal(this.siteIdentity.principalId),
        ...(siteAppIdentity === undefined ? {} : { 'edge-site': servicePrincipal(siteAppIdentity.principalId) }),
      },
      { ...site.keyScope, waitSeconds: propagationSeconds },
    );

    const { images } = new ProgramImages(
      'images',
      {
        source: args.imageSource,
        registryId: platform.registry.id,
        registryLoginServer: platform.registry.loginServer,
        resourceManagerEndpoint: cloud.resourceManagerEndpoint,
        resourceManagerAudience: cloud.resourceManagerAudience,
        roleAssignmentWaitSeconds,
      },
      child,
    );
    const training = new TrainingEnvironment(
      'training-environment',
      {
        resourceGroupName: platform.resourceGroup.name,
        workspaceName: platform.workspace.name,
        environmentName: `train-${factory}`,
        image: images.train,
      },
      child,
    );
    const environment = new ContainerEnvironment(
      'container-environment',
      { ...place, diagnostics, environmentName: names.apply(containerEnvironmentName) },
      child,
    );
    const running = { ...place, environmentId: environment.id, registryLoginServer: platform.registry.loginServer, images };
    const settings = pipelineSettings({
      configuration,
      subscriptionId,
      platform,
      storage: this.storage,
      route: this.route,
      trainingEnvironmentId: training.id,
      deviceId: this.device.deviceId,
      clientIds: Object.fromEntries(queueNames.map((program) => [program, identities[program].clientId])) as Record<
        QueueName,
        pulumi.Output<string>
      >,
      pipelineVersion: args.pipelineVersion,
      sourceCommit: args.sourceCommit,
    });
    this.programs = new PipelinePrograms(
      'pipelines',
      { ...running, names, identities, storage: this.storage, settings, pollingIntervalSeconds: configuration.jobs.pollingIntervalSeconds },
      { ...child, dependsOn: [...programGrants.ready] },
    );
    if (siteAppIdentity !== undefined && site.keySecretUri !== undefined) {
      new EdgeSite(
        'edge-site',
        {
          ...running,
          appName: names.apply((parts) => programName('edge-site', parts)),
          identityId: siteAppIdentity.id,
          factory,
          deviceId: this.device.deviceId,
          iotHubHost: this.route.iotHubHost,
          site: edgeSite,
          certificateSecretUri: site.keySecretUri,
          telemetry: platform.telemetry,
          monitorAudience: cloud.monitorAudience,
          signIn: {
            clientId: this.siteIdentity.clientId,
            tenantId,
            authorityHost: cloud.authorityHost,
            disableInstanceDiscovery: cloud.disableInstanceDiscovery,
          },
          landingZone: { blobEndpoint: edge.blobEndpoint, container: edge.containers['landing-zone'].name },
        },
        { ...child, dependsOn: [...programGrants.ready] },
      );
    }
    grant(
      'people-roles',
      {
        reader: configuration.readers,
        'raw-writer': configuration.rawWriters,
        approver: configuration.approvers,
        'smoke-tester': configuration.smokeTesters,
      },
      { more: Object.fromEntries(jobNames.map((job) => [`job/${job}`, this.programs.jobs[job].id])) },
    );
    if (alerts.enabled) {
      new OperatorAlerts(
        'alerts',
        {
          ...place,
          names,
          logAnalyticsId: platform.logAnalyticsId,
          rules: factoryAlerts(factory, alerts, {
            releaseApproved: configuration.release === 'approved',
            simulated: edgeSite.enabled,
            ...(edgeSite.enabled ? { hours: edgeSite.hours } : {}),
          }),
          emails: alerts.emails,
          evaluationMinutes: alerts.evaluationMinutes,
          signals: {
            environmentId: environment.id,
            iotHubId: this.route.iotHubId,
            dataTopicId: dataEvents.id,
            edgeTopicId: edgeEvents.id,
            certificatesNotAfter: site.certificatesNotAfter,
          },
        },
        child,
      );
    }
    new LoopWorkbook('workbook', { ...place, factory, logAnalyticsId: platform.logAnalyticsId, environmentId: environment.id }, child);
    this.dataResources = {
      'data-account': data.id,
      'edge-account': edge.id,
      ...(site.vaultId === undefined ? {} : { 'site-vault': site.vaultId }),
    };
    this.registerOutputs({
      dataAccountId: data.id,
      edgeAccountId: edge.id,
      iotHubId: this.route.iotHubId,
      eventHubId: this.route.eventHubId,
      deviceId: this.device.deviceId,
      siteClientId: this.siteIdentity.clientId,
    });
  }
}
