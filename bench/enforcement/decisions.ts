import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRequest } from '../../local-azure/region/gate';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { createRegionContext, type RegionContext } from '../../local-azure/region/regionContext';
import type { DeclaredAccess } from './defaultAssignments';

/** A question that the gate is asked, and whether it is to say yes. */
export interface Question {
  readonly principal: Principal;
  readonly request: AccessRequest;
  readonly granted: boolean;
}

/** One question for every assignment that must be granted, and the same one asked by somebody who has none. */
function questionsOf({ assignments }: DeclaredAccess, roles: RegionContext['roles']): Question[] {
  const stranger: Principal = { objectId: '00000000-0000-4000-9000-00000000ffff', clientId: 'stranger', displayName: 'stranger' };
  return assignments.flatMap(({ principalId, roleDefinitionId, scope }) => {
    const role = roles.role(roleDefinitionId);
    // A wildcard stands for one word more.
    const action = (role?.dataActions[0] ?? role?.actions[0] ?? '').replaceAll('*', 'anything');
    const request: AccessRequest = {
      service: 'bench',
      audiences: ['https://storage.azure.com'],
      actions: [action],
      scope: `${scope}/below`,
    };
    const principal: Principal = { objectId: principalId, clientId: principalId, displayName: principalId };
    return [
      { principal, request, granted: true },
      { principal: stranger, request, granted: false },
    ];
  });
}

export interface DecisionFigures {
  readonly assignments: number;
  readonly decisionsPerSecond: number;
  readonly refusalsPerSecond: number;
  readonly withTokenPerSecond: number;
}

/** How many decisions a second the gate takes on these assignments: of roles alone, and with the token's signature. */
export async function measureDecisions(declared: DeclaredAccess, count: number): Promise<DecisionFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-decisions-'));
  const context = await createRegionContext({ directory });
  try {
    declared.roles.forEach((role) => context.roles.define(role));
    declared.assignments.forEach((assignment) => context.roles.assign(assignment));
    const questions = questionsOf(declared, context.roles);
    const perSecond = (asked: readonly Question[], ask: (question: Question) => boolean): number => {
      const round = (times: number) => {
        for (let index = 0; index < times; index++) {
          const question = asked[index % asked.length];
          if (question && ask(question) !== question.granted)
            throw new Error(
              `the gate answered otherwise: ${question.principal.displayName}, ${question.request.actions.join()}, ${question.request.scope}`,
            );
        }
      };
      round(Math.min(count, asked.length));
      const started = performance.now();
      round(count);
      return Math.round((count * 1_000) / (performance.now() - started));
    };
    const roles = ({ principal, request }: Question) => context.gate.authorizePrincipal(principal, request).allowed;
    const granted = questions.filter((one) => one.granted);
    const tokens = new Map(
      granted.map(({ principal }) => [principal.objectId, context.authority.issue(principal, 'https://storage.azure.com').token]),
    );
    return {
      assignments: declared.assignments.length,
      decisionsPerSecond: perSecond(granted, roles),
      refusalsPerSecond: perSecond(
        questions.filter((one) => !one.granted),
        roles,
      ),
      withTokenPerSecond: perSecond(
        granted,
        ({ principal, request }) => context.gate.authorize(tokens.get(principal.objectId), request).allowed,
      ),
    };
  } finally {
    context.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
