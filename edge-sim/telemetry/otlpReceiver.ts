import fastify from 'fastify';
import type { z } from 'zod';
import { logsRequest, maxTelemetryBodyBytes, metricsRequest } from '../../contracts/telemetry';
import { QueueFullError } from '../disk-queue/diskQueue';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { itemsOfLogs, itemsOfMetrics, type SiteTelemetryItem } from './telemetryItem';

/** Codes of the google.rpc.Status that OTLP answers failures with. */
const invalidArgument = 3;
const resourceExhausted = 8;
const unavailable = 14;
const statusOfError = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 503;

/** OTLP/HTTP with JSON bodies on this host. A request is answered with 200 only after `keep` has resolved. */
export async function receiveOtlp(port: number, keep: (items: SiteTelemetryItem[]) => Promise<void>, log: Log): Promise<Running> {
  const server = fastify({ bodyLimit: maxTelemetryBodyBytes, requestTimeout: 30_000, forceCloseConnections: true });
  server.setErrorHandler(async (error, _, reply) => {
    const status = statusOfError(error);
    const full = error instanceof QueueFullError;
    if (status >= 500) log(full ? 'warn' : 'error', 'telemetry not taken', { reason: messageOf(error) });
    if (status >= 500) void reply.header('retry-after', '5');
    await reply
      .code(status)
      .send({ code: full ? resourceExhausted : status < 500 ? invalidArgument : unavailable, message: messageOf(error) });
  });
  const route = <S extends z.ZodType>(path: string, schema: S, itemsOf: (request: z.output<S>) => SiteTelemetryItem[]) =>
    server.post(path, async (request, reply) => {
      const parsed = schema.safeParse(request.body);
      if (!parsed.success) {
        const reason = parsed.error.issues
          .slice(0, 3)
          .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
          .join('; ');
        log('warn', 'telemetry refused', { path, reason });
        return reply.code(400).send({ code: invalidArgument, message: reason });
      }
      await keep(itemsOf(parsed.data));
      return reply.send({ partialSuccess: {} });
    });
  route('/v1/metrics', metricsRequest, itemsOfMetrics);
  route('/v1/logs', logsRequest, itemsOfLogs);
  server.get('/health', async () => ({}));
  await server.listen({ host: '127.0.0.1', port });
  return { close: () => server.close() };
}
