/** Who deploys, and where. */
export interface Deployer {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly objectId: string;
}
