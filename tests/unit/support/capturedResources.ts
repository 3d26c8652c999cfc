import { builtInRoles } from '../../../components/resource/roles';
import { ofType, type Captured, type Registration } from './capturedProgram';

export interface CapturedAssignment {
  scope: string;
  roleDefinitionId: string;
  principalId: string;
  principalType?: string;
  roleAssignmentName: string;
  description?: string;
}
export const assignmentsOf = (captured: Captured) =>
  ofType(captured, 'azure-native:authorization:RoleAssignment').map(({ inputs }) => inputs as unknown as CapturedAssignment);
/** Name of the built-in role whose definition has this id. */
export const roleName = (id: string) => Object.values(builtInRoles).find(({ guid }) => id.endsWith(guid))?.name ?? 'custom';

export interface CapturedContainer {
  name: string;
  image: string;
  env: { name: string; value: string }[];
}
/** Containers of all jobs and apps. */
export const containersOf = (captured: Captured): CapturedContainer[] =>
  [...ofType(captured, 'azure-native:app:Job'), ...ofType(captured, 'azure-native:app:ContainerApp')].flatMap(
    ({ inputs }) => (inputs.template as { containers: CapturedContainer[] }).containers,
  );
export const dependenciesOf = (captured: Captured, { type, name }: Registration) =>
  captured.options.get(`${type} ${name}`)?.dependencies ?? [];
