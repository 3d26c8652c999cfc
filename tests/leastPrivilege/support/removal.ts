import type { Denial } from '../../../local-azure/region/gate';
import { roleGrants, scopeContains, type RoleAssignment } from '../../../local-azure/region/roleAssignments';
import type { LocalRegion } from '../../../local-azure/localRegion';

/** Runs the part of the loop that needs a role, and says how that part failed without it. */
export interface Exercise {
  start(): Promise<unknown>;
  /** Resolves with what failed, in words, once it has; undefined while it goes on. Throws when the part did its work all the same. */
  failed(): string | undefined;
  /** With the role back: brings back what the exercise stopped or changed. */
  restore?(): Promise<unknown>;
}
export interface Removal {
  readonly denial: Denial;
  readonly failed: string;
  readonly durationMs: number;
}

const patienceMs = 30_000;

/** A refusal that is there because this assignment is not: its principal, below its scope, an action that its role grants. */
function becauseOf(assignment: RoleAssignment, denial: Denial, region: Pick<LocalRegion, 'context'>): boolean {
  const role = region.context.roles.role(assignment.roleDefinitionId);
  return (
    denial.status === 403 &&
    denial.objectId === assignment.principalId &&
    scopeContains(assignment.scope, denial.scope) &&
    role !== undefined &&
    denial.action.split(' or ').some((action) => roleGrants(role, action))
  );
}

/** Takes one role assignment away, runs what needs it and gives it back. Rejects when nothing was refused. */
export async function withoutAssignment(region: LocalRegion, assignment: RoleAssignment, exercise: Exercise): Promise<Removal> {
  const { roles, gate } = region.context;
  const started = performance.now();
  let denial: Denial | undefined;
  const stopListening = gate.onDenial((one) => {
    if (denial === undefined && becauseOf(assignment, one, region)) denial = one;
  });
  roles.unassign(assignment.id);
  try {
    await exercise.start();
    for (;;) {
      const failed = exercise.failed();
      if (denial && failed !== undefined) return { denial, failed, durationMs: Math.round(performance.now() - started) };
      if (performance.now() - started > patienceMs) {
        throw new Error(
          denial
            ? `${denial.action} at ${denial.scope} was refused, but the part that needs it did not fail`
            : `nothing was refused without it, although what it is for was done (${failed ?? 'and it did not fail'}): the assignment is excess`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    stopListening();
    roles.assign(assignment);
    await exercise.restore?.();
  }
}
