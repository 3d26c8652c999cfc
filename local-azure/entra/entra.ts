import { subscriptionId, type RegionContext, type Service } from '../region/regionContext';
import type { IdentityEndpoint, Tenant } from '../region/serviceInterfaces';
import { createWebServer, sendJson, WebServers } from '../region/webServer';
import { Applications, type Application } from './applications';
import { AssertionUses, type AssertionUse } from './assertionUses';
import { ManagedIdentityEndpoint } from './managedIdentityEndpoint';
import { ManagedIdentities } from './principals';
import { resumeSessions } from './tlsSessions';
import { TokenEndpoint } from './tokenEndpoint';
import type { Principal } from '../region/tokenAuthority';

const ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
const deployerAssignment = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-0000000000d0`;

/** The tenant: identities, applications, the token authority and the managed identity endpoint. */
export class Entra implements Service, Tenant, IdentityEndpoint {
  readonly name = 'entra';
  readonly applications: Applications;
  /** The principal that deploys: Owner of the subscription, so it may declare everything and read no data. */
  readonly deployer: Principal;
  private readonly identities: ManagedIdentities;
  private readonly endpoint: ManagedIdentityEndpoint;
  private readonly servers: WebServers;

  constructor(private readonly context: RegionContext) {
    this.applications = new Applications(context.openStore<Application>('entra/applications'));
    this.identities = new ManagedIdentities(context.openStore<Principal>('entra/managed-identities'), () =>
      this.applications.servicePrincipals(),
    );
    this.endpoint = new ManagedIdentityEndpoint(
      context.authority,
      (principal) => this.identities.resourceIdOf(principal),
      (refusal) => context.gate.report(refusal),
    );
    this.deployer = this.identities.managedIdentity('deployer', 'deployer');
    const log = (message: string, detail?: Record<string, unknown>) => context.log(this.name, message, detail);
    const tokens = new TokenEndpoint(
      this.applications,
      context.authority,
      new AssertionUses(context.openStore<AssertionUse>('entra/assertions'), context.clock),
      context.clock,
      () => this.authorityHost,
      (refusal) => context.gate.report(refusal),
    );
    const failed = (error: unknown) => log('request failed', { error: (error as Error).message });
    const authority = () => {
      const server = createWebServer(
        context.tls,
        (request, response, url) => tokens.handle(request, response, url),
        (error, response) => {
          failed(error);
          sendJson(response, 500, { error: 'server_error', error_description: 'AADSTS90000: the authority failed' });
        },
      );
      resumeSessions(server, context.tls);
      return server;
    };
    const identity = () =>
      createWebServer(
        undefined,
        (request, response, url) => this.endpoint.handle(request, response, url),
        (error, response) => {
          failed(error);
          sendJson(response, 500, { statusCode: 500, message: 'the identity endpoint failed' });
        },
      );
    this.servers = new WebServers(context.openStore<number>('entra/ports'), (instance) =>
      instance === 'authority' ? authority() : identity(),
    );
  }

  async start(): Promise<void> {
    if (!this.context.roles.assignment(deployerAssignment)) {
      this.context.roles.assign({
        id: deployerAssignment,
        scope: `/subscriptions/${subscriptionId}`,
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${ownerRole}`,
        principalId: this.deployer.objectId,
        principalType: 'ServicePrincipal',
      });
    }
    await this.servers.open('authority');
    await this.servers.open('identity');
  }

  async stop(): Promise<void> {
    await this.servers.closeAll();
  }

  /** `https://localhost:<port>`, the authority host of certificate identities. */
  get authorityHost(): string {
    return this.servers.origin('authority');
  }

  managedIdentity(resourceId: string, displayName: string): Principal {
    return this.identities.managedIdentity(resourceId, displayName);
  }
  find(key: { clientId: string } | { objectId: string } | { resourceId: string }): Principal | undefined {
    return this.identities.find(key);
  }
  remove(resourceId: string): void {
    this.identities.remove(resourceId);
  }

  grant(
    identities: readonly Principal[],
    options: { protocol: 'appService' | 'machineLearning'; systemAssigned?: Principal },
  ): { readonly environment: Record<string, string>; revoke(): void } {
    return this.endpoint.grant(
      `http://127.0.0.1:${this.servers.port('identity') ?? 0}`,
      identities,
      options.protocol,
      options.systemAssigned,
    );
  }
}
