/** Parts that every name of a stack is made of. */
export interface NameParts {
  /** Name of the factory (or of the platform), lower case letters, digits and single dashes. */
  readonly owner: string;
  /** Random lower case letters and digits; kept in the stack's state, so a name is never one that was soft-deleted before. */
  readonly suffix: string;
}

export const suffixLength = 6;

const clip = (text: string, length: number) => text.slice(0, length).replace(/-+$/, '');
const compact = (text: string, length: number) => text.replaceAll('-', '').slice(0, length);
const dashed = (prefix: string, { owner, suffix }: NameParts, limit: number) =>
  `${prefix}-${clip(owner, limit - prefix.length - suffix.length - 2)}-${suffix}`;

/** Storage account: 3 to 24 lower case letters and digits, unique in the world. */
export const storageAccountName = (purpose: 'data' | 'edge' | 'ml', { owner, suffix }: NameParts) =>
  `${compact(owner, 24 - purpose.length - suffix.length)}${purpose}${suffix}`;
/** Container registry: 5 to 50 letters and digits, unique in the world. */
export const registryName = ({ owner, suffix }: NameParts) => `acr${compact(owner, 50 - 3 - suffix.length)}${suffix}`;
/** Key vault: 3 to 24 letters, digits and single dashes, unique in the world. */
export const vaultName = (purpose: 'ml' | 'site', parts: NameParts) => dashed(`kv-${purpose}`, parts, 24);
/** IoT hub: 3 to 50 letters, digits and dashes, unique in the world. */
export const iotHubName = (parts: NameParts) => dashed('iot', parts, 50);
/** Event Hubs namespace: 6 to 50 letters, digits and dashes, unique in the world. */
export const eventHubsName = (parts: NameParts) => dashed('evhns', parts, 50);
/** Machine Learning workspace: 3 to 33 letters, digits, dashes and underscores. */
export const machineLearningName = (parts: NameParts) => dashed('mlw', parts, 33);
/** Log Analytics workspace: 4 to 63 letters, digits and dashes. */
export const logAnalyticsName = (parts: NameParts) => dashed('log', parts, 63);
/** Application Insights component. */
export const applicationInsightsName = (parts: NameParts) => dashed('appi', parts, 63);
/** Azure Monitor workspace: 4 to 63 letters, digits and dashes. */
export const monitorWorkspaceName = (parts: NameParts) => dashed('amw', parts, 63);
/** Container Apps environment: 2 to 60 lower case letters, digits and single dashes. */
export const containerEnvironmentName = (parts: NameParts) => dashed('cae', parts, 60);
/** Action group, alert rule or budget of a stack. */
export const alertName = (kind: 'ag' | 'alert' | 'budget', what: string, parts: NameParts) => dashed(`${kind}-${what}`, parts, 63);
/** Event Grid system topic: 3 to 128 letters, digits and dashes. */
export const systemTopicName = (source: 'data' | 'edge' | 'ml', parts: NameParts) => dashed(`evgt-${source}`, parts, 128);
/** User-assigned identity: 3 to 128 letters, digits, dashes and underscores. */
export const identityName = (actor: string, parts: NameParts) => dashed(`id-${actor}`, parts, 128);
/** Container app or job: 2 to 32 lower case letters, digits and single dashes, unique in its resource group. */
export const programName = (program: string, { suffix }: NameParts) => `${clip(program, 32 - suffix.length - 1)}-${suffix}`;
/** Resource group of a stack. */
export const resourceGroupName = (stack: string) =>
  `rg-factory-loop-${stack
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/-+$/, '')}`
    .slice(0, 90)
    .replace(/-+$/, '');

/** Names that messages and the catalog carry; they do not change with the stack's suffix. */
export const deviceId = (factory: string) => `aimm-${factory}`;
