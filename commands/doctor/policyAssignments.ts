import { z } from 'zod';
import { note, problem, ready, type Finding } from './finding';

/** Answer of `GET <subscription>/providers/Microsoft.Authorization/policyAssignments`. */
export const policyAnswer = z.object({
  name: z.string(),
  properties: z.object({
    displayName: z.string().nullish(),
    policyDefinitionId: z.string(),
    enforcementMode: z.string().nullish(),
    notScopes: z.array(z.string()).nullish(),
    parameters: z.record(z.string(), z.object({ value: z.unknown() })).nullish(),
  }),
});
type PolicyAnswer = z.output<typeof policyAnswer>;
/** What the stack declares, as far as the built-in policies look at it. */
interface Declared {
  readonly location: string;
  readonly types: readonly string[];
  readonly tags: readonly string[];
  readonly resourceGroupId: string;
}

const check = 'policies';
const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? lower(value.filter((entry): entry is string => typeof entry === 'string')) : [];
const regionOf = (text: string) => text.replaceAll(/[^a-z0-9]/g, '');

type Judge = (parameter: (name: string) => unknown, declared: Declared) => string | undefined;
const locations: Judge = (parameter, { location }) => {
  const allowed = listOf(parameter('listOfAllowedLocations'));
  return allowed.length === 0 || allowed.map(regionOf).includes(location) ? undefined : `allows ${allowed.join(', ')} and not ${location}`;
};
const requiredTag: Judge = (parameter, { tags }) => {
  const tag = parameter('tagName');
  return typeof tag !== 'string' || lower(tags).includes(tag.toLowerCase())
    ? undefined
    : `wants the tag ${tag}: pulumi config set --path factory-loop:tags.${tag} <value>`;
};
/** Built-in definitions that deny by what the stack says, by their id. */
const denying: Readonly<Record<string, Judge>> = {
  'e56962a6-4747-49cd-b67b-bf8b01975c4c': locations,
  'e765b5de-1225-4ba3-bd56-1ac6695af988': locations,
  'a08ec900-254a-4555-9bf5-e42af04b5c5c': (parameter, { types }) => {
    const allowed = listOf(parameter('listOfResourceTypesAllowed'));
    const missing = allowed.length === 0 ? [] : types.filter((type) => !allowed.includes(type.toLowerCase()));
    return missing.length === 0 ? undefined : `does not allow ${missing.join(', ')}`;
  },
  '6c112d4e-5bc7-47ae-a041-ea2d9dccd749': (parameter, { types }) => {
    const refused = listOf(parameter('listOfResourceTypesNotAllowed'));
    const ours = types.filter((type) => refused.includes(type.toLowerCase()));
    return ours.length === 0 ? undefined : `refuses ${ours.join(', ')}`;
  },
  '871b6d14-10aa-478d-b590-94f262ecfa99': requiredTag,
  '96670d01-0a4d-4649-9c89-2d3abc0a5025': requiredTag,
};

/** Would an assignment at the subscription deny what the stack declares? Only the common built-in ones are judged; the others are named. */
export function judgePolicies(assignments: readonly PolicyAnswer[], declared: Declared): Finding {
  const group = declared.resourceGroupId.toLowerCase();
  const inForce = assignments.filter(
    ({ properties }) =>
      properties.enforcementMode !== 'DoNotEnforce' &&
      !lower(properties.notScopes ?? []).some((scope) => group === scope || group.startsWith(`${scope}/`)),
  );
  const nameOf = ({ name, properties }: PolicyAnswer) => properties.displayName ?? name;
  const judged = inForce.map((assignment) => ({
    assignment,
    judge: denying[assignment.properties.policyDefinitionId.split('/').pop()?.toLowerCase() ?? ''],
  }));
  const denied = judged.flatMap(({ assignment, judge }) => {
    const reason = judge?.((name) => assignment.properties.parameters?.[name]?.value, declared);
    return reason === undefined ? [] : [`"${nameOf(assignment)}" ${reason}`];
  });
  const others = judged.filter(({ judge }) => judge === undefined).map(({ assignment }) => nameOf(assignment));
  if (denied.length > 0)
    return problem(check, denied.join('; '), 'change the setting, or have the resource group exempted: az policy exemption create');
  if (others.length === 0)
    return ready(
      check,
      assignments.length === 0 ? 'none is assigned to the subscription' : `${judged.length} assigned, none denies what the stack declares`,
    );
  const shown = `${others.slice(0, 5).join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`;
  return note(
    check,
    `not judged here, they may deny, change or only report: ${shown}`,
    'look at their effect (Azure portal, Policy); "npm run plan" shows what the stack declares',
  );
}
