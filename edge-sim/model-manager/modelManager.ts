import { randomUUID } from 'node:crypto';
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { newDeliveryBody, presignedUrlResponseBody, type StateBody } from '../../contracts/aimmMessages';
import { telemetryLabels } from '../../contracts/telemetry';
import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs, pause } from '../../contracts/program/retry';
import type { Running } from '../../contracts/program/run';
import type { Telemetry } from '../telemetry/emitter';
import { assessmentProblem } from './assessment';
import { decide, receive, type Decision, type Delivery, type DeliveryAction, type DeliveryEvent } from './deliveryMachine';
import type { DeliveryStore } from './deliveryStore';
import { DownloadError, type Download } from './download';
import type { HubConnection, HubMessage } from './hubConnection';
import type { InferenceClient, InferenceQuestion } from './inferenceClient';

interface ModelManagerOptions {
  readonly siteDirectory: string;
  readonly minFreeBytes: number;
  readonly maxPackageBytes: number;
}
interface Dependencies {
  readonly hub: Pick<HubConnection, 'onMessage' | 'sendEvent' | 'close'>;
  readonly inference: InferenceClient;
  readonly download: Download;
  readonly freeBytes: (directory: string) => Promise<number>;
  readonly telemetry: Pick<Telemetry, 'log'>;
}

const header = z.looseObject({
  type: z.string(),
  kind: z.string().optional(),
  deliveryId: z.string().min(1).max(200),
  projectId: z.string().max(200).optional(),
});
const maximumBodyBytes = 64 * 1024;
const statusSeconds = 5;
const importSeconds = 300;
const activateSeconds = 120;
const sendBackoff = { firstMs: 500, longestMs: 60_000 };

/** Siemens' AI Model Manager as far as its wire is public: takes deliveries, fetches and checks packages, gives them to the inference server. */
export class ModelManager implements Running {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly stopping = new AbortController();
  private readonly underway = new Set<Promise<void>>();
  private sending: Promise<void> = Promise.resolve();
  private wakeSender: (() => void) | undefined;

  constructor(
    private readonly options: ModelManagerOptions,
    private readonly store: DeliveryStore,
    private readonly dependencies: Dependencies,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await mkdir(join(this.options.siteDirectory, 'inbox'), { recursive: true });
    this.sending = this.sendOutbox();
    this.dependencies.hub.onMessage((message) =>
      this.handle(message).catch((error: unknown) => this.log('error', 'message not handled', { reason: messageOf(error) })),
    );
    for (const { deliveryId } of [...this.store.deliveries.values()])
      await this.happened(deliveryId, { kind: 'resumed', filePresent: await this.hasFile(deliveryId) });
  }

  private async handle(message: HubMessage): Promise<void> {
    const parsedHeader = header.safeParse(message.properties);
    const ignored = (reason: string) => this.log('warn', 'message ignored', { reason, messageId: message.messageId });
    if (!parsedHeader.success) return ignored('expected the properties type and deliveryId');
    if (message.body.length > maximumBodyBytes) return ignored(`expected at most ${maximumBodyBytes} bytes, got ${message.body.length}`);
    const { type, kind, deliveryId, projectId } = parsedHeader.data;
    let body: unknown;
    try {
      body = JSON.parse(message.body.toString('utf8'));
    } catch {
      return ignored('expected a JSON body');
    }
    if (type === 'event' && kind === 'newDelivery') {
      const parsed = newDeliveryBody.safeParse(body);
      if (!parsed.success) return ignored(`newDelivery: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
      this.log('info', 'delivery announced', { deliveryId, packageId: parsed.data.packageId, packageVersion: parsed.data.packageVersion });
      if (this.store.deliveries.has(deliveryId)) return this.happened(deliveryId, { kind: 'announced' });
      return this.follow(receive(deliveryId, projectId, parsed.data, this.options.maxPackageBytes, new Date()));
    }
    if (type === 'data' && kind === 'presignedUrlResponse') {
      const parsed = presignedUrlResponseBody.safeParse(body);
      if (!parsed.success) return ignored('presignedUrlResponse: expected attributes with a presignedUrl');
      const { presignedUrl, sha256, sizeBytes } = parsed.data.attributes;
      return this.happened(deliveryId, { kind: 'linkReceived', url: presignedUrl, sha256, sizeBytes });
    }
    ignored(`type "${type.slice(0, 50)}" and kind "${String(kind).slice(0, 50)}" are unknown`);
  }

  private async happened(deliveryId: string, event: DeliveryEvent): Promise<void> {
    const known = this.store.deliveries.get(deliveryId);
    if (!known) return this.log('warn', 'event of an unknown delivery ignored', { deliveryId, event: event.kind });
    if (this.stopping.signal.aborted) return;
    await this.follow(decide(known, event, new Date()));
  }

  /** First the new state and its messages go to disk, then the work starts. */
  private async follow({ delivery, actions }: Decision): Promise<void> {
    this.store.deliveries.set(delivery.deliveryId, delivery);
    for (const action of actions) {
      if (action.kind === 'report') this.report(delivery, action);
      if (action.kind === 'requestLink')
        this.post(
          { type: 'event', kind: 'presignedUrlRequest', deliveryId: delivery.deliveryId },
          { packageId: delivery.packageId, packageVersion: delivery.packageVersion },
        );
    }
    await this.store.save();
    this.wakeSender?.();
    for (const action of actions) this.perform(delivery, action);
  }

  private report(
    { deliveryId, packageId, packageVersion }: Delivery,
    { state, previousState, reason, link }: Extract<DeliveryAction, { kind: 'report' }>,
  ): void {
    const body: StateBody = {
      state,
      ...(previousState ? { previousState } : {}),
      ...(reason ? { reason: reason.slice(0, 2_000) } : {}),
      packageId,
      packageVersion,
      timestamp: new Date().toISOString(),
      ...(link ? { link } : {}),
    };
    const level = state === 'Error' ? 'error' : 'info';
    this.log(level, 'delivery state', { deliveryId, ...body });
    const message = `delivery ${previousState ? `from ${previousState} ` : ''}to ${state}${reason ? `: ${reason}` : ''}`;
    this.dependencies.telemetry.log(level, message, {
      [telemetryLabels.packageId]: packageId,
      [telemetryLabels.packageVersion]: packageVersion,
      delivery_id: deliveryId,
    });
    this.post({ type: 'state', deliveryId }, body);
  }

  private post(properties: Record<string, string>, body: Record<string, unknown>): void {
    this.store.outbox.push({ messageId: randomUUID(), properties, body });
  }

  private perform(delivery: Delivery, action: DeliveryAction): void {
    const { deliveryId } = delivery;
    if (action.kind === 'report' || action.kind === 'requestLink') return;
    if (action.kind === 'wakeUp') {
      clearTimeout(this.timers.get(deliveryId));
      this.timers.set(
        deliveryId,
        setTimeout(
          () =>
            void this.happened(deliveryId, { kind: 'due' }).catch((error: unknown) =>
              this.log('error', 'timer failed', { deliveryId, reason: messageOf(error) }),
            ),
          action.afterMs,
        ),
      );
      return;
    }
    const work = this.work(delivery, action)
      .then((event) => event && this.happened(deliveryId, event))
      .catch((error: unknown) => this.log('error', 'work failed', { deliveryId, action: action.kind, reason: messageOf(error) }))
      .finally(() => this.underway.delete(work));
    this.underway.add(work);
  }

  private async work(
    delivery: Delivery,
    action: Exclude<DeliveryAction, { kind: 'report' | 'requestLink' | 'wakeUp' }>,
  ): Promise<DeliveryEvent | undefined> {
    const { deliveryId, packageId, packageVersion } = delivery;
    switch (action.kind) {
      case 'assess': {
        const problem = await this.assess(delivery).catch(messageOf);
        return { kind: 'assessed', ...(problem === undefined ? {} : { problem }) };
      }
      case 'download':
        try {
          const maxBytes = Math.min(this.options.maxPackageBytes, delivery.sizeBytes ?? this.options.maxPackageBytes);
          return {
            kind: 'downloaded',
            ...(await this.dependencies.download(action.url, this.fileOf(deliveryId), maxBytes, this.stopping.signal)),
          };
        } catch (error) {
          return { kind: 'failed', reason: messageOf(error), transient: error instanceof DownloadError ? error.transient : true };
        }
      case 'import':
        return this.ask(
          { kind: 'import', file: this.nameOf(deliveryId), sha256: delivery.downloaded?.sha256 ?? '' },
          importSeconds,
          { kind: 'imported' },
          delivery,
        );
      case 'activate':
        return this.ask({ kind: 'activate', packageId, packageVersion }, activateSeconds, { kind: 'activated' }, delivery);
      case 'discardFile':
        await rm(this.fileOf(deliveryId), { force: true });
        return undefined;
    }
  }

  /** The inference server's answer as an event; what it imported has to be what was announced. */
  private async ask(
    question: InferenceQuestion,
    seconds: number,
    done: DeliveryEvent,
    { packageId, packageVersion, downloaded }: Delivery,
  ): Promise<DeliveryEvent> {
    try {
      const answer = await this.dependencies.inference.ask(question, seconds);
      if (!answer.ok) return { kind: 'failed', transient: false, reason: answer.error ?? 'the inference server refused without a reason' };
      const pipeline = answer.pipelines.find(
        (candidate) => candidate.packageId === packageId && candidate.packageVersion === packageVersion,
      );
      if (pipeline?.sha256 !== downloaded?.sha256)
        return {
          kind: 'failed',
          transient: false,
          reason: `expected the archive to hold package ${packageId} version ${packageVersion}, it holds another one`,
        };
      if (done.kind === 'activated' && pipeline?.state !== 'RUNNING')
        return {
          kind: 'failed',
          transient: false,
          reason: `expected the pipeline to run, its state is ${pipeline?.state}: ${pipeline?.error ?? ''}`,
        };
      return done;
    } catch (error) {
      return { kind: 'failed', transient: true, reason: messageOf(error) };
    }
  }

  private async assess({ packageId, sizeBytes }: Delivery): Promise<string | undefined> {
    const inference = await this.dependencies.inference.ask({ kind: 'status' }, statusSeconds).catch(() => undefined);
    return assessmentProblem({
      freeBytes: await this.dependencies.freeBytes(this.options.siteDirectory),
      minFreeBytes: this.options.minFreeBytes,
      packageBytes: sizeBytes ?? 0,
      packageId,
      inference,
    });
  }

  private nameOf(deliveryId: string): string {
    return `${deliveryId.replaceAll(/[^A-Za-z0-9-]/g, '_').slice(0, 100)}.zip`;
  }

  private fileOf(deliveryId: string): string {
    return join(this.options.siteDirectory, 'inbox', this.nameOf(deliveryId));
  }

  private hasFile(deliveryId: string): Promise<boolean> {
    return access(this.fileOf(deliveryId)).then(
      () => true,
      () => false,
    );
  }

  /** One message at a time and in order, each until the hub has stored it. */
  private async sendOutbox(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.stopping.signal.addEventListener('abort', () => resolve()));
    for (let attempt = 0; !this.stopping.signal.aborted;) {
      const [next] = this.store.outbox;
      if (!next) {
        await Promise.race([
          stopped,
          new Promise<void>((resolve) => {
            this.wakeSender = resolve;
          }),
        ]);
        continue;
      }
      try {
        await Promise.race([
          stopped,
          this.dependencies.hub.sendEvent({ properties: next.properties, body: JSON.stringify(next.body), messageId: next.messageId }),
        ]);
        if (this.stopping.signal.aborted) return;
        this.store.outbox.shift();
        attempt = 0;
        await this.store.save();
      } catch (error) {
        this.log('warn', 'message to the cloud not sent, trying again', { attempt, reason: messageOf(error) });
        await pause(backoffMs(attempt++, sendBackoff), this.stopping.signal);
      }
    }
  }

  async close(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    await this.sending;
    await this.dependencies.hub.close();
    // Work at the inference server may last longer than a stop may; it is resumed at the next start.
    await Promise.race([Promise.all(this.underway), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
    await this.store.save();
  }
}
