import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';
import type { TlsMaterial } from '../../../local-azure/region/certificates';

interface Envelope {
  readonly name: string;
  readonly time: string;
  readonly iKey: string;
  readonly tags: Record<string, string>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: {
      readonly properties: Record<string, string>;
      readonly message?: string;
      readonly severityLevel?: string;
      readonly metrics?: { readonly name: string; readonly value: number }[];
    };
  };
}
export interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly timestamp: number;
}
type Refusal = { readonly status: number } | { readonly partial: (envelope: Envelope, index: number) => number | undefined };

const writeRequest = protobuf
  .parse(
    `syntax = "proto3"; package prometheus;
message WriteRequest { repeated TimeSeries timeseries = 1; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }`,
  )
  .root.lookupType('prometheus.WriteRequest');
const body = async (request: IncomingMessage) => Buffer.concat((await request.toArray()) as Buffer[]);

/** Azure Monitor's two front doors as far as a sender sees them, with every failure that a test wants. */
export class TelemetryReceivers {
  readonly envelopes: Envelope[] = [];
  readonly samples: Sample[] = [];
  readonly requests: { readonly url: string; readonly authorization: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Asked at each request of Application Insights; undefined takes all of it. */
  refuse: () => Refusal | undefined = () => undefined;
  refuseMetrics: () => number | undefined = () => undefined;
  private constructor(private readonly server: Server) {}

  static async open(tls: TlsMaterial): Promise<TelemetryReceivers> {
    const server = createServer({ key: tls.privateKey, cert: tls.certificate });
    const targets = new TelemetryReceivers(server);
    server.on(
      'request',
      (request, response) =>
        void targets.answer(request).then(([status, answer]) => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
        }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return targets;
  }

  get host(): string {
    return `localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** Item ids that Application Insights has, with how often. */
  ids(): Map<string, number> {
    const found = new Map<string, number>();
    for (const { data } of this.envelopes) {
      const id = data.baseData.properties['factoryloop.item_id'] as string;
      found.set(id, (found.get(id) ?? 0) + 1);
    }
    return found;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage): Promise<[number, unknown]> {
    const content = await body(request);
    this.requests.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '', headers: request.headers });
    if (request.url === '/v2.1/track') return this.track(JSON.parse(content.toString('utf8')) as Envelope[]);
    const refused = this.refuseMetrics();
    if (refused !== undefined) return [refused, { error: 'refused' }];
    const { timeseries } = writeRequest.toObject(writeRequest.decode(uncompress(content, 10_000_000)), { longs: Number }) as {
      timeseries: { labels: { name: string; value: string }[]; samples: { value?: number; timestamp: number }[] }[];
    };
    for (const { labels, samples } of timeseries) {
      for (const { value = 0, timestamp } of samples)
        this.samples.push({ labels: Object.fromEntries(labels.map((label) => [label.name, label.value])), value, timestamp });
    }
    return [200, {}];
  }

  private track(envelopes: Envelope[]): [number, unknown] {
    const refusal = this.refuse();
    if (refusal && 'status' in refusal) return [refusal.status, { error: 'refused' }];
    const errors = envelopes.flatMap((envelope, index) => {
      const statusCode = refusal?.partial(envelope, index);
      if (statusCode !== undefined) return [{ index, statusCode, message: 'refused' }];
      this.envelopes.push(envelope);
      return [];
    });
    return [errors.length === 0 ? 200 : 206, { itemsReceived: envelopes.length, itemsAccepted: envelopes.length - errors.length, errors }];
  }
}
