import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegionContext } from '../region/regionContext';
import { iotHubAudiences } from './cloudToDeviceLinks';
import { DeviceRegistryError, type DeviceRecord, type DeviceRegistry } from './deviceRegistry';
import type { HubRecord } from './hubRecord';

const maxBodyBytes = 64 * 1024;
const actions: Readonly<Record<string, string>> = {
  GET: 'Microsoft.Devices/IotHubs/devices/read',
  PUT: 'Microsoft.Devices/IotHubs/devices/write',
  DELETE: 'Microsoft.Devices/IotHubs/devices/delete',
};

interface RegistryParts {
  readonly context: RegionContext;
  readonly record: HubRecord;
  readonly registry: DeviceRegistry;
  isConnected(deviceId: string): boolean;
  messageCount(deviceId: string): number;
  changed(device: DeviceRecord): void;
  deleted(deviceId: string): void;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) throw new DeviceRegistryError(413, 'RequestEntityTooLarge', `a request may have ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new DeviceRegistryError(400, 'ArgumentInvalid', 'the body is not JSON');
  }
}

/** The device identity registry over HTTPS, for callers with a token and a role. */
export function registryRest(parts: RegistryParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { context, record, registry } = parts;
  const view = (device: DeviceRecord) => ({
    deviceId: device.deviceId,
    generationId: device.generationId,
    etag: device.etag,
    connectionState: parts.isConnected(device.deviceId) ? 'Connected' : 'Disconnected',
    status: device.status,
    statusReason: device.statusReason,
    connectionStateUpdatedTime: '0001-01-01T00:00:00Z',
    statusUpdatedTime: device.statusUpdatedTime,
    lastActivityTime: '0001-01-01T00:00:00Z',
    cloudToDeviceMessageCount: parts.messageCount(device.deviceId),
    capabilities: { iotEdge: false },
    authentication: {
      symmetricKey: { primaryKey: null, secondaryKey: null },
      x509Thumbprint: { primaryThumbprint: device.primaryThumbprint, secondaryThumbprint: device.secondaryThumbprint },
      type: 'selfSigned',
    },
  });

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown; etag?: string }> {
    const url = new URL(request.url ?? '/', 'https://hub');
    const match = /^\/devices(?:\/([^/]+))?\/?$/.exec(url.pathname);
    const action = actions[request.method ?? ''];
    if (!match || action === undefined)
      throw new DeviceRegistryError(404, 'NotFound', `the local region does not serve ${request.method ?? ''} ${url.pathname}`);
    const decision = context.gate.authorize(/^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1], {
      service: 'iot-hub',
      audiences: iotHubAudiences,
      actions: [action],
      scope: record.id,
    });
    if (!decision.allowed) throw new DeviceRegistryError(401, 'IotHubUnauthorizedAccess', `Unauthorized: ${action}: ${decision.reason}`);
    if (!url.searchParams.has('api-version'))
      throw new DeviceRegistryError(400, 'InvalidProtocolVersion', 'the query api-version is missing');
    if (match[1] === undefined) {
      if (request.method !== 'GET') throw new DeviceRegistryError(405, 'MethodNotAllowed', 'only GET is served on /devices');
      return { status: 200, body: registry.list(record.id).slice(0, 1_000).map(view) };
    }
    const deviceId = decodeURIComponent(match[1]);
    const ifMatch = request.headers['if-match'];
    if (request.method === 'DELETE') {
      registry.delete(record.id, deviceId, ifMatch);
      parts.deleted(deviceId);
      return { status: 204 };
    }
    if (request.method === 'PUT') {
      const device = registry.put(record.id, deviceId, await readBody(request), ifMatch);
      parts.changed(device);
      return { status: 200, body: view(device), etag: device.etag };
    }
    const device = registry.get(record.id, deviceId);
    if (!device) throw new DeviceRegistryError(404, 'DeviceNotFound', `Device ${deviceId} not registered`);
    return { status: 200, body: view(device), etag: device.etag };
  }

  return (request, response) => {
    answer(request).then(
      ({ status, body, etag }) => {
        response.writeHead(status, {
          'content-type': 'application/json; charset=utf-8',
          ...(etag === undefined ? {} : { etag: `"${etag}"` }),
        });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      },
      (error: unknown) => {
        const { status, code, message } =
          error instanceof DeviceRegistryError ? error : new DeviceRegistryError(400, 'ArgumentInvalid', (error as Error).message);
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'iothub-errorcode': code });
        // The only form of an error that IoT Hub's clients read; a semicolon inside the text would end it.
        response.end(JSON.stringify({ Message: `ErrorCode:${code};${message.replaceAll(';', ',')}` }));
      },
    );
  };
}
