import { nameOf } from '../region/armId';
import { ArmError, type ArmRequest, type ArmRoute } from '../region/serviceInterfaces';
import type { AppDeclaration, JobDeclaration } from './declarations';
import type { JobExecution } from './jobExecution';

/** What the routes read and start; ids are lowercase. */
interface DeployedWorkloads {
  job(id: string): JobDeclaration | undefined;
  app(id: string): { readonly declaration: AppDeclaration; readonly revision: string } | undefined;
  executions(jobName: string): readonly JobExecution[];
  startJob(jobName: string): string;
}

const appPathStart = String.raw`(?<id>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.App`;
const jobPath = `${appPathStart}/jobs/[^/]+)`;
const appPath = `${appPathStart}/containerApps/[^/]+)`;

/** Secret values never leave the service. */
const withoutValues = <T extends { readonly secrets: readonly { readonly name: string; readonly value?: string | undefined }[] }>(
  configuration: T,
) => ({ ...configuration, secrets: configuration.secrets.map((secret) => ({ ...secret, value: undefined })) });

const execution = (jobId: string, run: JobExecution) => ({
  id: `${jobId}/executions/${run.name}`,
  name: run.name,
  type: 'Microsoft.App/jobs/executions',
  properties: {
    status: run.status,
    startTime: run.startedAt,
    endTime: run.endedAt,
    reason: run.reason,
    detailedStatus: {
      replicas: run.attempts.map((attempt, index) => ({
        name: `${run.name}-${index}`,
        containers: [{ code: attempt.exitCode ?? undefined, status: run.status, additionalInformation: attempt.reason }],
      })),
    },
  },
});

/** Control plane of jobs and apps, as far as it reads their state and starts them by hand. */
export function containerAppsRoutes(workloads: DeployedWorkloads): ArmRoute[] {
  const idOf = (match: RegExpExecArray) => match.groups?.['id'] ?? '';
  const route = (
    method: ArmRoute['method'],
    pattern: string,
    action: string,
    handle: (request: ArmRequest, id: string) => { status: number; body: unknown },
  ): ArmRoute => ({
    method,
    pattern: new RegExp(pattern),
    action: () => `Microsoft.App/${action}`,
    scope: idOf,
    handle: async (request) => handle(request, idOf(request.match)),
  });
  const jobOf = (id: string): JobDeclaration => {
    const job = workloads.job(id.toLowerCase());
    if (!job) throw new ArmError(404, 'ResourceNotFound', `The Resource 'Microsoft.App/jobs/${nameOf(id)}' was not found.`);
    return job;
  };
  return [
    route('GET', jobPath, 'jobs/read', (_, id) => {
      const { location, identity, environmentId, configuration, template } = jobOf(id);
      return {
        status: 200,
        body: {
          id,
          name: nameOf(id),
          type: 'Microsoft.App/jobs',
          location,
          identity: identity && { type: identity.type },
          properties: { provisioningState: 'Succeeded', environmentId, configuration: withoutValues(configuration), template },
        },
      };
    }),
    route('GET', `${jobPath}/executions`, 'jobs/executions/read', (_, id) => ({
      status: 200,
      body: {
        value: workloads
          .executions(jobOf(id).jobName)
          .map((run) => execution(id, run))
          .reverse(),
      },
    })),
    route('GET', String.raw`${jobPath}/executions/(?<execution>[^/]+)`, 'jobs/execution/read', ({ match }, id) => {
      const found = workloads.executions(jobOf(id).jobName).find((run) => run.name === match.groups?.['execution']);
      if (!found)
        throw new ArmError(404, 'JobExecutionNotFound', `The job ${nameOf(id)} has no execution '${match.groups?.['execution'] ?? ''}'.`);
      return { status: 200, body: execution(id, found) };
    }),
    route('POST', `${jobPath}/start`, 'jobs/start/action', (_, id) => {
      const name = workloads.startJob(jobOf(id).jobName);
      return { status: 200, body: { id: `${id}/executions/${name}`, name } };
    }),
    route('GET', appPath, 'containerApps/read', (_, id) => {
      const app = workloads.app(id.toLowerCase());
      if (!app) throw new ArmError(404, 'ResourceNotFound', `The Resource 'Microsoft.App/containerApps/${nameOf(id)}' was not found.`);
      const { location, environmentId, managedEnvironmentId, configuration, template } = app.declaration;
      return {
        status: 200,
        body: {
          id,
          name: nameOf(id),
          type: 'Microsoft.App/containerApps',
          location,
          properties: {
            provisioningState: 'Succeeded',
            runningStatus: 'Running',
            latestRevisionName: app.revision,
            environmentId: environmentId ?? managedEnvironmentId,
            configuration: withoutValues(configuration),
            template,
          },
        },
      };
    }),
  ];
}
