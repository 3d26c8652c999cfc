import type { Clock } from '../region/clock';
import { ArmError } from '../region/serviceInterfaces';

interface SystemData {
  readonly createdAt: string;
  readonly createdBy: string;
  readonly createdByType: string;
  readonly lastModifiedAt: string;
  readonly lastModifiedBy: string;
  readonly lastModifiedByType: string;
}
/** A resource of a workspace as ARM answers it. */
export interface ArmResource<P = Record<string, unknown>> {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly properties: P;
  readonly systemData: SystemData;
}

export function stamped(clock: Clock, by: string, before?: SystemData): SystemData {
  const now = clock.now().toISOString();
  const creation = before ?? { createdAt: now, createdBy: by, createdByType: 'Application' };
  return {
    createdAt: creation.createdAt,
    createdBy: creation.createdBy,
    createdByType: creation.createdByType,
    lastModifiedAt: now,
    lastModifiedBy: by,
    lastModifiedByType: 'Application',
  };
}
export const notFound = (what: string) => new ArmError(404, 'NotFound', `${what} was not found in the workspace.`);
export const userError = (message: string) => new ArmError(400, 'UserError', message);
