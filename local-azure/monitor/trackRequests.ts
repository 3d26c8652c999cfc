import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Properties } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { bearerToken } from '../region/bearerToken';
import { bodyItems, maxRequestBytes, readItem, telemetryRowsOf, UnreadableBody, type TelemetryEnvelope } from './telemetryItems';
import type { TelemetryStore } from './telemetryStore';

interface ItemError {
  readonly index: number;
  readonly statusCode: number;
  readonly message: string;
}
interface Component {
  readonly id: string;
  readonly name: string;
  readonly appId: string;
}
export const ingestionAudience = 'https://monitor.azure.com';

/** Ingestion of Application Insights: `/v2/track` and `/v2.1/track`. Each item goes to the component that its instrumentation key names, if the sender may write there. */
export class TrackRequests {
  constructor(
    private readonly context: RegionContext,
    private readonly declared: AppendOnlyStore<Properties>,
    private readonly store: TelemetryStore,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let items: unknown[];
    try {
      items = bodyItems(await readBody(request, maxRequestBytes), request.headers['content-encoding']);
    } catch (error) {
      if (error instanceof BodyTooLarge) return this.answer(response, 413, 0, 0, [{ index: 0, statusCode: 413, message: error.message }]);
      if (error instanceof UnreadableBody) return this.answer(response, 400, 0, 0, [{ index: 0, statusCode: 400, message: error.message }]);
      throw error;
    }
    const token = bearerToken(request);
    const senders = new Map<string, Component | ItemError>();
    const errors: ItemError[] = [];
    items.forEach((value, index) => {
      const read = readItem(value);
      if ('fault' in read) return void errors.push({ index, statusCode: 400, message: read.fault });
      const { iKey } = read.item;
      const component = senders.get(iKey) ?? this.component(iKey, token);
      senders.set(iKey, component);
      if ('statusCode' in component) errors.push({ ...component, index });
      else this.keep(read.item, component);
    });
    const accepted = items.length - errors.length;
    const status = errors.length === 0 ? 200 : accepted > 0 ? 206 : (errors[0]?.statusCode ?? 400);
    if (status === 401) response.setHeader('www-authenticate', `Bearer resource="${ingestionAudience}"`);
    this.answer(response, status, items.length, accepted, errors);
  }

  private keep(item: TelemetryEnvelope, component: Component): void {
    for (const { table, row } of telemetryRowsOf(item, component, this.store.sequence)) this.store.add(component.id, table, row);
  }

  private component(iKey: string, token: string | undefined): Component | ItemError {
    const found = [...this.declared.entries()].find(([, resource]) => resource['instrumentationKey'] === iKey.toLowerCase());
    if (found === undefined) return { index: 0, statusCode: 400, message: 'Invalid instrumentation key' };
    const [id, { name, appId }] = found;
    const decision = this.context.gate.authorize(token, {
      service: 'monitor',
      audiences: [ingestionAudience],
      actions: ['Microsoft.Insights/Telemetry/Write'],
      scope: id,
    });
    if (decision.allowed) return { id, name: String(name), appId: String(appId) };
    return {
      index: 0,
      statusCode: decision.status,
      message:
        decision.status === 401
          ? `Unauthorized: ${decision.reason}`
          : `Forbidden: the identity lacks Monitoring Metrics Publisher on ${id}`,
    };
  }

  private answer(
    response: ServerResponse,
    status: number,
    itemsReceived: number,
    itemsAccepted: number,
    errors: readonly ItemError[],
  ): void {
    sendJson(response, status, { itemsReceived, itemsAccepted, errors });
  }
}
