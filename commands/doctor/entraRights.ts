import { problem, ready, unchecked, type Finding } from './finding';
import type { Claims } from '../stack/tokenClaims';

const check = 'Entra permissions';
/** Directory roles that may register applications, by template id. */
const directoryRoles: Readonly<Record<string, string>> = {
  '62e90394-69f5-4237-9190-012177145e10': 'Global Administrator',
  '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3': 'Application Administrator',
  '158c047a-c907-4556-b7ef-446551a6b5f7': 'Cloud Application Administrator',
  'cf1c38e5-3621-4004-a7cb-879624dced7c': 'Application Developer',
};
const appPermissions = ['Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All'];

/** May the deployer register the factory's application? `usersMayCreateApps` is the tenant's default for its users; undefined when it could not be read. */
export function judgeEntraRights(graph: Claims, usersMayCreateApps: boolean | undefined): Finding {
  const permission = graph.roles.find((role) => appPermissions.includes(role));
  if (permission !== undefined) return ready(check, permission);
  const role = graph.wids.flatMap((id) => directoryRoles[id] ?? [])[0];
  if (role !== undefined) return ready(check, role);
  if (graph.isApplication)
    return problem(
      check,
      'the deploying application has no permission to register applications',
      `grant it the Microsoft Graph application permission ${appPermissions[0] ?? ''} and have an administrator consent`,
    );
  if (usersMayCreateApps === true) return ready(check, 'users of the tenant may register applications');
  return usersMayCreateApps === false
    ? problem(
        check,
        'users of the tenant may not register applications, and no directory role allows it',
        'have the directory role Application Developer assigned',
      )
    : unchecked(check, "the tenant's authorization policy cannot be read with this sign-in");
}
