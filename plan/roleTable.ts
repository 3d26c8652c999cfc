import { builtInRoles } from '../components/resource/roles';
import type { RecordedProgram } from './recordProgram';
import { hanging } from '../command-line/wrapText';

/** One role assignment: who may do what, where, and which step fails without it. */
interface PlannedRole {
  readonly who: string;
  readonly principalId: string;
  readonly role: string;
  /** ARM id. */
  readonly scope: string;
  readonly step: string;
  readonly why: string;
}

const lastOf = (id: string) => id.split('/').pop() ?? id;
const names = new Map<string, string>(Object.values(builtInRoles).map(({ guid, name }) => [guid, name]));

/** Every role assignment of a plan, in its order. */
export function plannedRoles({ resources, principals }: RecordedProgram): PlannedRole[] {
  const custom = new Map(
    resources
      .filter(({ type }) => type === 'azure-native:authorization:RoleDefinition')
      .map(({ inputs }) => [String(inputs['roleDefinitionId']), String(inputs['roleName'])]),
  );
  return resources
    .filter(({ type }) => type === 'azure-native:authorization:RoleAssignment')
    .map(({ inputs }) => {
      const principalId = String(inputs['principalId']);
      const definition = lastOf(String(inputs['roleDefinitionId']));
      const [, step = '', why = ''] = /^step ([^:]+): (.*)$/s.exec(String(inputs['description'] ?? '')) ?? [
        undefined,
        '',
        String(inputs['description'] ?? ''),
      ];
      return {
        who: principals[principalId] ?? `${String(inputs['principalType'])} ${principalId}`,
        principalId,
        role: names.get(definition) ?? custom.get(definition) ?? definition,
        scope: String(inputs['scope']),
        step,
        why,
      };
    });
}

/** The part of an ARM id that tells one resource of a group from another. */
export const shortScope = (scope: string) => {
  const below = scope.split('/providers/').pop() ?? scope;
  return below.startsWith('/subscriptions')
    ? below.split('/').slice(-2).join('/')
    : below
        .split('/')
        .slice(1)
        .join('/')
        .replaceAll(/(blob|queue)Services\/default\//g, '');
};

/** Who, what, where, why (with the step of the loop), grouped by who: a table, or where that is wider than the terminal a paragraph for each. */
export function roleTable(roles: readonly PlannedRole[], width?: number): string {
  const rows = [...roles]
    .sort((a, b) => (a.who < b.who ? -1 : a.who > b.who ? 1 : 0))
    .map((role) => [role.who, role.role, shortScope(role.scope), role.step, role.why] as const);
  const header = ['who', 'what', 'where', 'step', 'why'] as const;
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  const table = [header, ...rows].map(line);
  const body =
    width === undefined || table.every((line) => line.length <= width)
      ? table
      : rows.flatMap(([who, what, where, step, why], index) => [
          ...(who === rows[index - 1]?.[0] ? [] : [...(index === 0 ? [] : ['']), ...hanging(who, width)]),
          ...hanging(`  ${what}: ${where}`, width),
          ...hanging(`    ${step === '' ? '' : `${step}, `}${why}`, width, 2),
        ]);
  return [...body, '', `${roles.length} role assignments`].join('\n');
}
