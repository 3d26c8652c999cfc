import { nameOf } from '../region/armId';
import type { Clock } from '../region/clock';
import type { Properties } from '../region/resourceType';
import { stamped } from './armResource';
import type { MachineLearning } from './machineLearning';

export const apiVersion = '2025-12-01';
export const armType = 'Microsoft.MachineLearningServices/workspaces';
/** Who made what a stack declares, in the words of `systemData`. */
export const deployment = 'deployment';

export const workspaceIdOf = (id: string) => id.split('/').slice(0, 9).join('/');
/** The id of the workspace that a resource belongs to. */
export const requireWorkspace = ({ workspaces }: MachineLearning, id: string) => workspaces.parent(workspaceIdOf(id)).id;

/** Puts a declared resource where the programs find it: behind Resource Manager. */
export function putResource(
  { workspaces }: MachineLearning,
  clock: Clock,
  {
    id,
    type,
    inputs = {},
    properties,
    identity = {},
  }: {
    readonly id: string;
    readonly type: string;
    readonly inputs?: Properties;
    readonly properties: Properties;
    readonly identity?: Properties;
  },
): void {
  workspaces.put({
    id,
    name: nameOf(id),
    type,
    properties,
    systemData: stamped(clock, deployment, workspaces.find(id)?.systemData),
    ...(typeof inputs['location'] === 'string' ? { location: inputs['location'] } : {}),
    ...(inputs['tags'] === undefined ? {} : { tags: inputs['tags'] as Record<string, string> }),
    ...identity,
  });
}
