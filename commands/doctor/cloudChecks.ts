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
export interface CloudQuestions {
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

async function deployerRoles(
  ask: Ask,
  arm: string,
  subscription: string,
  claims: Claims,
  { configuration, stack }: CloudQuestions,
): Promise<Finding> {
  const scope = `/subscriptions/${subscription}/resourceGroups/${resourceGroupName(stack)}`;
  const assignments = await askAll(
    ask,
    `${arm}/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${encodeURIComponent(`assignedTo('${claims.objectId}')`)}`,
    assignmentAnswer,
  );
  const ids = [...new Set(assignments.filter((one) => reaches(one, scope)).map(({ properties }) => properties.roleDefinitionId))]
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

/** Everything that only Azure can say about a deployment of the stack. */
export async function checkCloud({ arm: { ask, claims }, graph }: SignedIn, questions: CloudQuestions): Promise<Finding[]> {
  const { configuration, graphEndpoint } = questions;
  const {
    location,
    factory,
    deployerPrincipalType,
    cloud: { resourceManagerEndpoint: arm },
  } = configuration;
  const principalType = claims.isApplication ? 'ServicePrincipal' : 'User';
  const who = [
    ready('sign-in', `${claims.name}, tenant ${claims.tenantId}`),
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
  let id: string | undefined;
  const subscription = await answered('subscription', async () => {
    const found = await findSubscription(ask, arm, questions.subscriptionId);
    id = found.id;
    return found.finding;
  });
  const entra = await answered('Entra permissions', async () =>
    graph === undefined
      ? unchecked('Entra permissions', 'no token for Microsoft Graph')
      : judgeEntraRights(graph.claims, graph.claims.isApplication ? undefined : await usersMayCreateApps(graph.ask, graphEndpoint)),
  );
  if (id === undefined)
    return [...who, ...subscription, ...entra, ...allUnchecked('there is no subscription to ask about', subscriptionCheckNames)];
  const subscriptionUrl = `${arm}/subscriptions/${id}`;
  const needed = allNeededTypes(configuration);
  const learning = `${subscriptionUrl}/providers/Microsoft.MachineLearningServices/locations/${location}`;
  // The random part of a name is drawn at deployment: what is asked for is what comes before it.
  const owner = { owner: factory, suffix: '' };
  const kept = [
    [keptKinds.vaults, (['ml', 'site'] as const).map((purpose) => vaultName(purpose, owner))],
    [keptKinds.logs, [logAnalyticsName(owner)]],
    [keptKinds.learning, [machineLearningName(owner)]],
  ] as const;
  const found = await Promise.all([
    answered('resource providers', async () => {
      const providers = await askAll(ask, `${subscriptionUrl}/providers?api-version=2021-04-01`, providerAnswer);
      return [judgeRegistration(providers, needed), judgeRegion(providers, needed, location)];
    }),
    answered("deployer's roles", () => deployerRoles(ask, arm, id ?? '', claims, questions)),
    answered('training quota', async () => {
      const sizes = z.object({ value: z.array(sizeAnswer) }).safeParse(await ask(`${learning}/vmSizes?api-version=2025-12-01`));
      if (!sizes.success) throw new NoAnswer('Azure ML answered no list of sizes');
      return judgeTrainingQuota(
        sizes.data.value,
        await askAll(ask, `${learning}/usages?api-version=2025-12-01`, usageAnswer),
        configuration.training,
        location,
      );
    }),
    answered('policies', async () => {
      const assignments = await askAll(
        ask,
        `${subscriptionUrl}/providers/Microsoft.Authorization/policyAssignments?api-version=2023-04-01&$filter=${encodeURIComponent('atScope()')}`,
        policyAnswer,
      );
      return judgePolicies(assignments, {
        location,
        types: needed.map(({ type }) => type),
        tags: Object.keys(stackTags(configuration, questions.stack)),
        resourceGroupId: `/subscriptions/${id ?? ''}/resourceGroups/${resourceGroupName(questions.stack)}`,
      });
    }),
    ...quotas
      .filter((quota) => quota.needed(configuration) > 0)
      .map((quota) =>
        answered(quota.check, async () =>
          judgeQuota(
            quota,
            quota.needed(configuration),
            await askAll(ask, `${subscriptionUrl}/providers/${quota.path(location)}`, quotaAnswer),
          ),
        ),
      ),
    ...kept.map(([kind, prefixes]) =>
      answered(kind.what, async () => {
        try {
          return judgeDeletedNames(kind, await askAll(ask, `${subscriptionUrl}/providers/${kind.path}`, deletedAnswer), prefixes);
        } catch (error) {
          if (error instanceof NoAnswer && kind.unpublished === true && error.status === 404)
            return note(kind.what, 'Azure keeps no list of them here');
          throw error;
        }
      }),
    ),
  ]);
  const group =
    claims.isApplication || configuration.readers.length > 0
      ? []
      : [
          note(
            'readers',
            'nobody may read what the loop makes: "npm run smoke" would see nothing',
            'pulumi config set --path "factory-loop:readers[0].principalId" <object id>',
          ),
        ];
  return [...who, ...subscription, ...found.flat(), ...entra, ...group];
}
