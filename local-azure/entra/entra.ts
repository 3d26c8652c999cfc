import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { listen } from '../region/ports';
import { subscriptionId, type RegionContext, type Service } from '../region/regionContext';
import type { IdentityEndpoint, Tenant } from '../region/serviceInterfaces';
import { closeServer, createWebServer, sendJson } from '../region/webServer';
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
  private readonly authorityServer: TlsServer;
  private readonly identityServer: Server;
  private readonly portStore: AppendOnlyStore<number>;
  private ports: { authority: number; identity: number } | undefined;

  constructor(private readonly context: RegionContext) {
    this.portStore = context.openStore<number>('entra/ports');
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
    this.authorityServer = createWebServer(
      context.tls,
      (request, response, url) => tokens.handle(request, response, url),
      (error, response) => {
        failed(error);
        sendJson(response, 500, { error: 'server_error', error_description: 'AADSTS90000: the authority failed' });
      },
    );
    resumeSessions(this.authorityServer, context.tls);
    this.identityServer = createWebServer(
      undefined,
      (request, response, url) => this.endpoint.handle(request, response, url),
      (error, response) => {
        failed(error);
        sendJson(response, 500, { statusCode: 500, message: 'the identity endpoint failed' });
      },
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
    this.ports = {
      authority: await listen(this.authorityServer, this.portStore, 'authority'),
      identity: await listen(this.identityServer, this.portStore, 'identity'),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([closeServer(this.authorityServer), closeServer(this.identityServer)]);
  }

  /** `https://localhost:<port>`, the authority host of certificate identities. */
  get authorityHost(): string {
    return `https://localhost:${this.listening().authority}`;
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
    return this.endpoint.grant(`http://127.0.0.1:${this.listening().identity}`, identities, options.protocol, options.systemAssigned);
  }

  private listening(): { authority: number; identity: number } {
    if (!this.ports) throw new Error('entra has not been started');
    return this.ports;
  }
}
