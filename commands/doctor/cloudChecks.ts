import { z } from 'zod';
import type { Configuration } from '../../components/configuration/schema';
import { logAnalyticsName, machineLearningName, resourceGroupName, vaultName } from '../../components/resource/names';
import { stackTags } from '../../components/resource/tags';
import { askAll, NoAnswer, type Ask } from './azureQuestions';
import { deletedAnswer, judgeDeletedNames, keptKinds } from './deletedNames';
import { assignmentAnswer, definitionAnswer, judgeDeployerRoles, neededActions, reaches, type DefinitionAnswer } from './deployerRoles';
import { judgeEntraRights } from './entraRights';
import { note, problem, ready, unchecked, type Finding } from './finding';
import { allNeededTypes } from './neededTypes';
import { judgePolicies, policyAnswer } from './policyAssignments';
import { judgeRegion, judgeRegistration, providerAnswer } from './resourceProviders';
import { judgeQuota, quotaAnswer, quotas } from './serviceQuotas';
import type { Claims } from '../stack/tokenClaims';
import { judgeTrainingQuota, sizeAnswer, usageAnswer } from './trainingQuota';

/** Who signed in, and how to ask in that name. */
export interface SignedIn {
  readonly arm: { readonly ask: Ask; readonly claims: Claims };
  readonly graph: { readonly ask: Ask; readonly claims: Claims } | undefined;
}
interface CloudQuestions {
  readonly configuration: Configuration;
  readonly stack: string;
  /** Subscription that the stack or the environment names. */
  readonly subscriptionId: string | undefined;
  readonly graphEndpoint: string;
}

/** Checks that need a subscription to ask about. */
const subscriptionCheckNames = [
  'resource providers',
  'region',
  "deployer's roles",
  'policies',
  'training quota',
  ...quotas.map(({ check }) => check),
  ...Object.values(keptKinds).map(({ what }) => what),
];
export const cloudCheckNames: readonly string[] = ['subscription', ...subscriptionCheckNames, 'Entra permissions'];
/** What is not known when nobody can be asked. */
export const allUnchecked = (why: string, names: readonly string[] = cloudCheckNames): Finding[] =>
  names.map((name) => unchecked(name, why));

/** A question that nobody answers leaves the check open and the others untouched. */
async function answered(check: string, judge: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await judge()].flat();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [unchecked(check, error.message)];
  }
}

const subscriptionAnswer = z.object({ subscriptionId: z.string(), displayName: z.string(), state: z.string() });

async function findSubscription(ask: Ask, arm: string, wanted: string | undefined): Promise<{ id: string | undefined; finding: Finding }> {
  const check = 'subscription';
  const all = await askAll(ask, `${arm}/subscriptions?api-version=2022-12-01`, subscriptionAnswer);
  const chosen = wanted === undefined ? all[0] : all.find(({ subscriptionId }) => subscriptionId.toLowerCase() === wanted.toLowerCase());
  const list = all.map(({ subscriptionId, displayName }) => `${displayName} (${subscriptionId})`).join(', ');
  if (chosen === undefined)
    return {
      id: undefined,
      finding: problem(
        check,
        wanted === undefined ? 'this sign-in sees none' : `${wanted} is not among those of this sign-in: ${list || 'none'}`,
        'sign in to the tenant of the subscription: az login --tenant <tenant>',
      ),
    };
  if (wanted === undefined && all.length > 1)
    return { id: undefined, finding: problem(check, `several: ${list}`, 'pulumi config set azure-native:subscriptionId <id>') };
  if (chosen.state !== 'Enabled')
    return { id: undefined, finding: problem(check, `${chosen.displayName} is ${chosen.state}`, 'enable the subscription') };
  return { id: chosen.subscriptionId, finding: ready(check, `${chosen.displayName} (${chosen.subscriptionId})`) };
}

/** What is asked about one subscription, in whose name. */
interface Asked {
  readonly ask: Ask;
  /** The Resource Manager. */
  readonly arm: string;
  readonly subscription: string;
  readonly claims: Claims;
  readonly questions: CloudQuestions;
}
const subscriptionUrl = ({ arm, subscription }: Asked) => `${arm}/subscriptions/${subscription}`;

async function deployerRoles({ ask, arm, subscription, claims, questions: { configuration, stack } }: Asked): Promise<Finding> {
  const scope = `/subscriptions/${subscription}/resourceGroups/${resourceGroupName(stack)}`;
  const assignments = await askAll(
    ask,
    `${arm}/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${encodeURIComponent(`assignedTo('${claims.objectId}')`)}`,
    assignmentAnswer,
  );
  const ids = [
    ...new Set(assignments.filter((assignment) => reaches(assignment, scope)).map(({ properties }) => properties.roleDefinitionId)),
  ]
    .filter((id) => /^\/[\w./-]+$/.test(id))
    .slice(0, 50);
  const definitions = await Promise.all(
    ids.map(async (id): Promise<DefinitionAnswer[]> => {
      const read = definitionAnswer.safeParse(await ask(`${arm}${id}?api-version=2022-04-01`));
      return read.success ? [{ ...read.data, id }] : [];
    }),
  );
  return judgeDeployerRoles(
    assignments,
    definitions.flat(),
    neededActions(allNeededTypes(configuration), { build: configuration.imageSource === 'build' }),
    scope,
  );
}

async function usersMayCreateApps(ask: Ask, endpoint: string): Promise<boolean | undefined> {
  const policy = z.object({ defaultUserRolePermissions: z.object({ allowedToCreateApps: z.boolean() }) });
  const read = policy.safeParse(
    await ask(`${endpoint}/v1.0/policies/authorizationPolicy`).catch((error: unknown) => {
      if (error instanceof NoAnswer) return undefined;
      throw error;
    }),
  );
  return read.success ? read.data.defaultUserRolePermissions.allowedToCreateApps : undefined;
}

async function resourceProviders(asked: Asked): Promise<Finding[]> {
  const { configuration } = asked.questions;
  const providers = await askAll(asked.ask, `${subscriptionUrl(asked)}/providers?api-version=2021-04-01`, providerAnswer);
  const needed = allNeededTypes(configuration);
  return [judgeRegistration(providers, needed), judgeRegion(providers, needed, configuration.location)];
}

async function trainingQuota(asked: Asked): Promise<Finding> {
  const { location, training } = asked.questions.configuration;
  const learning = `${subscriptionUrl(asked)}/providers/Microsoft.MachineLearningServices/locations/${location}`;
  const sizes = z.object({ value: z.array(sizeAnswer) }).safeParse(await asked.ask(`${learning}/vmSizes?api-version=2025-12-01`));
  if (!sizes.success) throw new NoAnswer('Azure ML answered no list of sizes');
  const usages = await askAll(asked.ask, `${learning}/usages?api-version=2025-12-01`, usageAnswer);
  return judgeTrainingQuota(sizes.data.value, usages, training, location);
}

async function policies(asked: Asked): Promise<Finding> {
  const { configuration, stack } = asked.questions;
  const assignments = await askAll(
    asked.ask,
    `${subscriptionUrl(asked)}/providers/Microsoft.Authorization/policyAssignments?api-version=2023-04-01&$filter=${encodeURIComponent('atScope()')}`,
    policyAnswer,
  );
  return judgePolicies(assignments, {
    location: configuration.location,
    types: allNeededTypes(configuration).map(({ type }) => type),
    tags: Object.keys(stackTags(configuration, stack)),
    resourceGroupId: `/subscriptions/${asked.subscription}/resourceGroups/${resourceGroupName(stack)}`,
  });
}

/** Limits of the subscription that this stack runs into. */
const serviceQuotas = (asked: Asked): Promise<Finding[]>[] => {
  const { configuration } = asked.questions;
  return quotas
    .map((quota) => ({ quota, needed: quota.needed(configuration) }))
    .filter(({ needed }) => needed > 0)
    .map(({ quota, needed }) =>
      answered(quota.check, async () => {
        const url = `${subscriptionUrl(asked)}/providers/${quota.path(configuration.location)}`;
        return judgeQuota(quota, needed, await askAll(asked.ask, url, quotaAnswer));
      }),
    );
};

/** Names of this stack that Azure keeps of a deleted one. The random part of a name is drawn at deployment: what is asked for is what comes before it. */
function deletedNames(asked: Asked): Promise<Finding[]>[] {
  const owner = { owner: asked.questions.configuration.factory, suffix: '' };
  const kinds = [
    [keptKinds.vaults, (['ml', 'site'] as const).map((purpose) => vaultName(purpose, owner))],
    [keptKinds.logs, [logAnalyticsName(owner)]],
    [keptKinds.learning, [machineLearningName(owner)]],
  ] as const;
  return kinds.map(([kind, prefixes]) =>
    answered(kind.what, async () => {
      try {
        const deleted = await askAll(asked.ask, `${subscriptionUrl(asked)}/providers/${kind.path}`, deletedAnswer);
        return judgeDeletedNames(kind, deleted, prefixes);
      } catch (error) {
        if (error instanceof NoAnswer && kind.unpublished === true && error.status === 404)
          return note(kind.what, 'Azure keeps no list of them here');
        throw error;
      }
    }),
  );
}

/** Who signed in, and whether the stack expects somebody of that kind. */
function judgeSignIn({ name, tenantId, isApplication }: Claims, { deployerPrincipalType }: Configuration): Finding[] {
  const principalType = isApplication ? 'ServicePrincipal' : 'User';
  return [
    ready('sign-in', `${name}, tenant ${tenantId}`),
    ...(principalType === deployerPrincipalType
      ? []
      : [
          problem(
            'deployer type',
            `the sign-in is a ${principalType}, the stack says ${deployerPrincipalType}`,
            `pulumi config set factory-loop:deployerPrincipalType ${principalType}`,
          ),
        ]),
  ];
}

const entraPermissions = (graph: SignedIn['graph'], endpoint: string): Promise<Finding[]> =>
  answered('Entra permissions', async () =>
    graph === undefined
      ? unchecked('Entra permissions', 'no token for Microsoft Graph')
      : judgeEntraRights(graph.claims, graph.claims.isApplication ? undefined : await usersMayCreateApps(graph.ask, endpoint)),
  );

const judgeReaders = (claims: Claims, { readers }: Configuration): Finding[] =>
  claims.isApplication || readers.length > 0
    ? []
    : [
        note(
          'readers',
          'nobody may read what the loop makes: "npm run smoke" would see nothing',
          'pulumi config set --path "factory-loop:readers[0].principalId" <object id>',
        ),
      ];

/** Everything that only Azure can say about a deployment of the stack. */
export async function checkCloud({ arm: { ask, claims }, graph }: SignedIn, questions: CloudQuestions): Promise<Finding[]> {
  const { configuration, graphEndpoint } = questions;
  const arm = configuration.cloud.resourceManagerEndpoint;
  const who = judgeSignIn(claims, configuration);
  let subscription: string | undefined;
  const found = await answered('subscription', async () => {
    const { id, finding } = await findSubscription(ask, arm, questions.subscriptionId);
    subscription = id;
    return finding;
  });
  const entra = await entraPermissions(graph, graphEndpoint);
  if (subscription === undefined)
    return [...who, ...found, ...entra, ...allUnchecked('there is no subscription to ask about', subscriptionCheckNames)];
  const asked: Asked = { ask, arm, subscription, claims, questions };
  const checked = await Promise.all([
    answered('resource providers', () => resourceProviders(asked)),
    answered("deployer's roles", () => deployerRoles(asked)),
    answered('training quota', () => trainingQuota(asked)),
    answered('policies', () => policies(asked)),
    ...serviceQuotas(asked),
    ...deletedNames(asked),
  ]);
  return [...who, ...found, ...checked.flat(), ...entra, ...judgeReaders(claims, configuration)];
}
