import * as pulumi from '@pulumi/pulumi';
import * as runtime from '@pulumi/pulumi/runtime';
import { plannedAnswer, plannedDeployer, plannedFunction, principalOf } from './plannedAnswers';
import { openedValues, shownValues } from './plainValues';

/** One registration, as `plan --json` prints it. */
export interface PlannedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** ARM id, or the provider's own; null for components and where a preview cannot know it. */
  readonly id: string | null;
  /** URN of the parent; null for the stack itself. */
  readonly parent: string | null;
  /** URNs, sorted. */
  readonly dependsOn: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  readonly custom: boolean;
}
export interface RecordedProgram {
  readonly resources: readonly PlannedResource[];
  /** Who acts as which directory object: object id -> logical name. */
  readonly principals: Readonly<Record<string, string>>;
}

interface ProgramToRecord {
  /** Loads the Pulumi program. */
  readonly program: () => Promise<Record<string, unknown>>;
  readonly project: string;
  readonly stack: string;
  /** Full keys (`factory-loop:factory`); values as Pulumi keeps them: strings, JSON for what is structured. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  /** In a preview no service answers: what only a service knows stays unknown. */
  readonly preview: boolean;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProtect(): boolean;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}
interface Monitor {
  registerResource(request: RegisterRequest, callback: (error: Error | undefined, response?: { getUrn(): string }) => void): unknown;
}

/** The mock monitor knows only the direct parent; the engine's URN names the types of all of them. */
function engineUrns(parents: ReadonlyMap<string, string>): (urn: string) => string {
  const typesOf = (urn: string): string => {
    const own = (urn.split('::')[2] ?? '').split('$').pop() ?? '';
    const parent = parents.get(urn) ?? '';
    return parent === '' || parent.includes('::pulumi:pulumi:Stack::') ? own : `${typesOf(parent)}$${own}`;
  };
  return (urn) => {
    const [prefix = '', project = '', , ...name] = urn.split('::');
    return [prefix, project, typesOf(urn), ...name].join('::');
  };
}

/** Runs the unmodified Pulumi program on the SDK's own monitor for tests and keeps what it registered. Once per process: the SDK keeps its monitor in module state. */
export async function recordProgram({
  program,
  project,
  stack,
  configuration,
  secretKeys,
  preview,
}: ProgramToRecord): Promise<RecordedProgram> {
  const principals: Record<string, string> = { [plannedDeployer.objectId]: 'deployer' };
  const ids = new Map<string, string>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom, id: existing }) => {
        if (custom === false || type === 'pulumi:pulumi:Stack') return { id: '', state: inputs as Record<string, unknown> };
        const given = inputs as Record<string, unknown>;
        const opened = openedValues(given) as Record<string, unknown>;
        const planned = plannedAnswer(type, name, opened);
        const id = existing === undefined || existing === '' ? planned.id : existing;
        ids.set(`${type} ${name}`, id);
        const principal = principalOf(planned.state);
        if (principal !== undefined && !type.endsWith(':RoleAssignment')) principals[principal] = name;
        // What was a secret input is a secret output, too.
        const state = Object.fromEntries(
          Object.entries(planned.state).map(([key, value]) => [key, value === opened[key] ? given[key] : value]),
        );
        return preview ? { id: '', state: given } : { id, state };
      },
      call: ({ token, inputs }) => {
        const answer = plannedFunction(token, openedValues(inputs) as Record<string, unknown>);
        if (answer === undefined) throw new Error(`the offline plan has no answer for the function ${token}`);
        return answer;
      },
    },
    project,
    stack,
    preview,
    'organization',
  );
  pulumi.runtime.setAllConfig({ ...configuration }, [...secretKeys]);

  const recorded: (Omit<PlannedResource, 'id'> & { readonly key: string })[] = [];
  const parents = new Map<string, string>();
  const monitor = runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (response !== undefined) {
        const urn = response.getUrn();
        parents.set(urn, request.getParent());
        recorded.push({
          urn,
          key: `${request.getType()} ${request.getName()}`,
          type: request.getType(),
          name: request.getName(),
          parent: request.getParent(),
          dependsOn: request.getDependenciesList(),
          inputs: shownValues(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
          protect: request.getProtect(),
          custom: request.getCustom(),
        });
      }
      callback(error, response);
    });

  await pulumi.runtime.runInPulumiStack(program);
  await pulumi.runtime.disconnect();
  const engineUrn = engineUrns(parents);
  const resources = recorded.map(({ key, urn, parent, dependsOn, ...rest }): PlannedResource => ({
    urn: engineUrn(urn),
    type: rest.type,
    name: rest.name,
    id: preview ? null : (ids.get(key) ?? null),
    parent: parent === null || parent === '' ? null : engineUrn(parent),
    dependsOn: dependsOn.map(engineUrn).sort(),
    inputs: rest.inputs,
    protect: rest.protect,
    custom: rest.custom,
  }));
  return { principals, resources: fromRoot(resources) };
}

/** Parents before children, brothers by name: the same for every run, whatever came first on the wire. */
function fromRoot(resources: readonly PlannedResource[]): PlannedResource[] {
  const below = (parent: string | null): PlannedResource[] =>
    resources
      .filter((resource) => resource.parent === parent)
      .sort((a, b) => (a.name < b.name || (a.name === b.name && a.type < b.type) ? -1 : 1))
      .flatMap((resource) => [resource, ...below(resource.urn)]);
  return below(null);
}
