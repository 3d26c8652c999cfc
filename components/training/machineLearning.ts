import { Workspace, Datastore } from '@pulumi/azure-native/machinelearningservices';
import * as pulumi from '@pulumi/pulumi';
import { programIdentity } from '../access/programIdentity';
import { RoleGrants, servicePrincipal } from '../access/roleGrants';
import { workspaceRoles } from '../access/roleMatrix';
import { machineLearningName, type NameParts } from '../resource/names';
import { defaultPropagationSeconds } from '../resource/propagationDelay';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';
import { datastoreEndpoint } from './datastoreEndpoint';

export interface MachineLearningArgs extends UniformArgs {
  /** Resource group of the workspace. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Subscription of the workspace. */
  readonly subscriptionId: pulumi.Input<string>;
  /** The workspace's own storage account. */
  readonly account: { readonly id: pulumi.Input<string>; readonly name: pulumi.Input<string>; readonly blobEndpoint: pulumi.Input<string> };
  /** Container of model files in that account. */
  readonly modelsContainer: pulumi.Input<string>;
  /** Vault of the workspace's secrets; cannot be changed later. */
  readonly vaultId: pulumi.Input<string>;
  /** Component of the workspace's telemetry. */
  readonly applicationInsightsId: pulumi.Input<string>;
  /** Registry of its images. */
  readonly registryId: pulumi.Input<string>;
  /** How long the roles of the workspace's identity are given to take effect; default 240. */
  readonly propagationSeconds?: number;
}

/** The Azure ML workspace, all of whose storage is reached with identities, and the datastore of the models. */
export class MachineLearning extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly workspaceName: pulumi.Output<string>;
  readonly modelsDatastore: pulumi.Output<string>;
  /** What the workspace does as its identity, such as making clusters, depends on these. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MachineLearningArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:training:MachineLearning', name, {}, opts);
    const { resourceGroupName, location, subscriptionId, propagationSeconds, ...all } = {
      propagationSeconds: defaultPropagationSeconds,
      ...args,
    };
    const tags = all.tags === undefined ? {} : { tags: all.tags };
    const identity = programIdentity('ml-workspace', { resourceGroupName, location, names: all.names, ...tags }, { parent: this });
    const identities = identityOf(all.identity, { userAssignedIds: [identity.id] }, 'SystemAssigned,UserAssigned');
    const actors = { 'ml-workspace': servicePrincipal(identity.principalId) };
    const before = new RoleGrants(
      `${name}-dependencies`,
      {
        rows: workspaceRoles.filter((row) => row.scope !== 'ml-workspace'),
        actors,
        subscriptionId,
        waitSeconds: propagationSeconds,
        scopes: { ml: args.account.id, 'ml-vault': args.vaultId, registry: args.registryId, 'app-insights': args.applicationInsightsId },
      },
      { parent: this },
    );
    const workspace = new Workspace(
      name,
      {
        resourceGroupName,
        location,
        ...tags,
        workspaceName: pulumi.output(all.names).apply(machineLearningName),
        friendlyName: 'Factory Loop',
        kind: 'Default',
        sku: { name: 'Basic', tier: 'Basic' },
        storageAccount: args.account.id,
        keyVault: args.vaultId,
        applicationInsights: args.applicationInsightsId,
        containerRegistry: args.registryId,
        ...(identities === undefined ? {} : { identity: identities }),
        primaryUserAssignedIdentity: identity.id,
        systemDatastoresAuthMode: 'Identity',
        publicNetworkAccess: 'Enabled',
        v1LegacyMode: false,
        managedNetwork: { isolationMode: 'Disabled' },
      },
      { parent: this, dependsOn: [...before.ready] },
    );
    const itself = new RoleGrants(
      `${name}-itself`,
      {
        rows: workspaceRoles.filter((row) => row.scope === 'ml-workspace'),
        actors,
        subscriptionId,
        scopes: { 'ml-workspace': workspace.id },
        waitSeconds: propagationSeconds,
      },
      { parent: this },
    );
    const address = pulumi.output(args.account.blobEndpoint).apply(datastoreEndpoint);
    const datastore = new Datastore(
      `${name}-models`,
      {
        resourceGroupName,
        workspaceName: workspace.name,
        name: 'models',
        properties: {
          datastoreType: 'AzureBlob',
          accountName: args.account.name,
          containerName: args.modelsContainer,
          endpoint: address.endpoint,
          protocol: address.protocol,
          credentials: { credentialsType: 'None' },
          serviceDataAccessAuthIdentity: 'WorkspaceUserAssignedIdentity',
          description: 'Model files, read and written with the identity of whoever asks',
        },
      },
      { parent: this, dependsOn: [...itself.ready], deletedWith: workspace },
    );
    attach(name, all, { id: workspace.id, children: [datastore] }, this);
    this.id = workspace.id;
    this.ready = itself.ready;
    this.workspaceName = workspace.name;
    this.modelsDatastore = datastore.name;
    this.registerOutputs({ id: this.id, workspaceName: this.workspaceName, modelsDatastore: this.modelsDatastore });
  }
}
