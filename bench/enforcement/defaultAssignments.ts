import { plannedStack } from '../../plan/plannedStack';
import { localConfiguration, project } from '../../loop/localConfiguration';
import type { RoleAssignment, RoleDefinition } from '../../local-azure/region/roleAssignments';

const somebody = (last: number) => ({ objectId: `00000000-0000-4000-9000-${String(last).padStart(12, '0')}` });
const ports = { databusPort: 1, otlpPort: 2, modelMonitorPort: 3, ingestionProxyPort: 4, metricsProxyPort: 5, dataCollectorHubPort: 6 };
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export interface DeclaredAccess {
  readonly assignments: readonly RoleAssignment[];
  readonly roles: readonly RoleDefinition[];
}

/** Role assignments and custom roles that the default stack declares, as `plan --json` shows them. */
export async function defaultAccess(): Promise<DeclaredAccess> {
  const configuration = localConfiguration(
    {},
    { rounds: 1, dataset: {}, sampleIntervalMs: 1_000, ports, reader: somebody(1), rawWriter: somebody(2) },
  );
  const { resources } = await plannedStack({ project, stack: 'local', configuration, secretKeys: [] }, { preview: false });
  const of = (type: string) => resources.filter((one) => one.type === `azure-native:authorization:${type}`);
  return {
    assignments: of('RoleAssignment').map(({ id, inputs }) => ({
      id: id ?? '',
      scope: String(inputs['scope']),
      roleDefinitionId: String(inputs['roleDefinitionId']),
      principalId: String(inputs['principalId']),
      principalType: String(inputs['principalType']),
    })),
    roles: of('RoleDefinition').map(({ inputs }) => {
      const [permissions = {}] = inputs['permissions'] as Record<string, unknown>[];
      return {
        id: String(inputs['roleDefinitionId']),
        name: String(inputs['roleName']),
        assignableScopes: strings(inputs['assignableScopes']),
        actions: strings(permissions['actions']),
        notActions: strings(permissions['notActions']),
        dataActions: strings(permissions['dataActions']),
        notDataActions: strings(permissions['notDataActions']),
      };
    }),
  };
}
