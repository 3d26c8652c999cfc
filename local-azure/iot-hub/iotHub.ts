import type { Server, TLSSocket } from 'node:tls';
import { acceptAmqp } from '../amqp/amqpEndpoint';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { listen } from '../region/ports';
import type { RegionContext, Service } from '../region/regionContext';
import type { Directory } from '../region/serviceInterfaces';
import { cloudToDeviceLinks } from './cloudToDeviceLinks';
import { DeviceConnections, type DeviceSession } from './deviceConnections';
import { DeviceQueues, type PendingMessage } from './deviceQueues';
import { DeviceRegistry, type DeviceRecord } from './deviceRegistry';
import { createHubServer } from './hubPort';
import { hubProperties, type HubProperties, type HubRecord } from './hubRecord';
import { MessageRouter, type RoutedMessage, type RoutingTarget } from './messageRouter';
import { registryRest } from './registryRest';

interface OpenHub {
  readonly server: Server;
  readonly port: number;
  readonly devices: DeviceConnections;
  readonly sockets: Set<TLSSocket>;
}
const key = (id: string) => id.toLowerCase();

/** IoT Hub of the region: devices over MQTT with X.509 thumbprints, services over AMQP and HTTPS with tokens, routing to Event Hubs. */
export class IotHub implements Service {
  readonly name = 'iot-hub';
  readonly devices: DeviceRegistry;
  private readonly hubs: AppendOnlyStore<HubRecord>;
  private readonly ports: AppendOnlyStore<number>;
  private readonly sessions: AppendOnlyStore<DeviceSession>;
  private readonly queues: DeviceQueues;
  private readonly router: MessageRouter;
  readonly directory: Directory;
  /** What was declared and answered, for the provider. */
  readonly declared: AppendOnlyStore<Record<string, unknown>>;
  private readonly open = new Map<string, OpenHub>();
  private started = false;

  constructor(
    private readonly context: RegionContext,
    { directory, ingress }: { readonly directory: Directory; readonly ingress: RoutingTarget },
  ) {
    this.directory = directory;
    this.declared = context.openStore('iot-hub/declared');
    this.hubs = context.openStore('iot-hub/hubs');
    this.ports = context.openStore('iot-hub/ports');
    this.sessions = context.openStore('iot-hub/sessions');
    this.devices = new DeviceRegistry(context.openStore<DeviceRecord>('iot-hub/devices'), context.clock);
    this.queues = new DeviceQueues(context.openStore<PendingMessage>('iot-hub/cloud-to-device'), context.clock, (message, outcome) => {
      context.log(this.name, 'cloud-to-device message finished', {
        deviceId: message.deviceId,
        messageId: message.properties.system['mid'],
        outcome,
      });
    });
    this.router = new MessageRouter(context, context.openStore<RoutedMessage>('iot-hub/routing'), directory, ingress, (hubId) =>
      this.withProperties(hubId),
    );
  }

  async start(): Promise<void> {
    this.started = true;
    for (const hub of this.hubs.values()) await this.listen(hub);
    this.router.start();
  }

  async stop(): Promise<void> {
    this.started = false;
    this.router.stop();
    for (const id of [...this.open.keys()]) await this.close(id);
  }

  readonly now = () => this.context.clock.now();

  hub(id: string): HubRecord | undefined {
    return this.hubs.get(key(id));
  }
  /** `localhost:<port>`; the service must be started. */
  host(hubId: string): string {
    const open = this.open.get(key(hubId));
    if (!open) throw new Error(`the IoT hub ${hubId} is not open`);
    return `localhost:${open.port}`;
  }
  async putHub(id: string, name: string, properties: unknown): Promise<HubRecord> {
    hubProperties.parse(properties ?? {});
    const record: HubRecord = {
      id,
      name,
      properties: properties ?? {},
      createdAt: this.hub(id)?.createdAt ?? this.context.clock.now().toISOString(),
    };
    this.hubs.set(key(id), record);
    if (this.started) await this.listen(record);
    return record;
  }
  async deleteHub(id: string): Promise<void> {
    const open = this.open.get(key(id));
    for (const device of this.devices.list(id)) {
      this.devices.delete(id, device.deviceId, '*');
      this.queues.purge(id, device.deviceId);
      open?.devices.forget(device.deviceId);
    }
    await this.close(key(id));
    this.router.forget(id);
    this.hubs.delete(key(id));
    this.directory.remove(id);
  }

  private withProperties(id: string): { record: HubRecord; properties: HubProperties } | undefined {
    const record = this.hub(id);
    return record && { record, properties: hubProperties.parse(record.properties) };
  }

  private async listen(hub: HubRecord): Promise<void> {
    const id = key(hub.id);
    if (this.open.has(id)) return;
    const current = () => {
      const known = this.withProperties(id);
      if (!known) throw new Error(`the IoT hub ${hub.name} was deleted`);
      return { ...known, host: this.host(id) };
    };
    const devices = new DeviceConnections(this.context, current, this.devices, this.queues, this.sessions, (message) =>
      this.router.accept(current().record, current().properties, message),
    );
    const links = cloudToDeviceLinks({
      record: hub,
      properties: () => current().properties,
      registry: this.devices,
      queues: this.queues,
      clock: this.context.clock,
      queued: (deviceId) => devices.queued(deviceId),
    });
    const rest = registryRest({
      context: this.context,
      record: hub,
      registry: this.devices,
      isConnected: (deviceId) => devices.isConnected(deviceId),
      messageCount: (deviceId) => this.queues.waiting(hub.id, deviceId).length,
      changed: (device) => devices.disconnect(device.deviceId),
      deleted: (deviceId) => {
        devices.forget(deviceId);
        this.queues.purge(hub.id, deviceId);
      },
    });
    const sockets = new Set<TLSSocket>();
    const server = createHubServer(this.context, {
      amqp: (socket) => void acceptAmqp(this.context, socket, links),
      // A handshake may end after the hub was closed.
      mqtt: (stream, certificate) => void (this.open.has(id) ? devices.accept(stream, certificate) : stream.destroy()),
      http: rest,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    const port = await listen(server, this.ports, id);
    this.open.set(id, { server, port, devices, sockets });
    this.context.log(this.name, 'hub open', { hub: hub.name, port });
  }

  private async close(id: string): Promise<void> {
    const hub = this.open.get(id);
    if (!hub) return;
    hub.devices.closeAll();
    const closed = new Promise((resolve) => hub.server.close(resolve));
    for (const socket of hub.sockets) socket.destroy();
    this.open.delete(id);
    await closed;
  }
}
