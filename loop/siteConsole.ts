import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import {
  inferenceAnswerTopic,
  lineDataTopic,
  inferenceRequestTopic,
  inferenceResult,
  lineCommandTopic,
  lineStateTopic,
  resultDataPoint,
  simaticData,
  type InferenceAnswer,
  type InferenceResult,
  type LineCommand,
  type LineState,
} from '../contracts/databus';

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** The operator's place at the site: asks the inference server and commands the production line over the databus. */
export class SiteConsole {
  private constructor(private readonly client: MqttClient) {}

  /** The broker may still be starting, so a refused connection is tried again until the time is up. */
  static async connect(port: number, timeoutMs = 30_000): Promise<SiteConsole> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        return new SiteConsole(
          await mqtt.connectAsync(
            `mqtt://127.0.0.1:${port}`,
            { clientId: `console-${randomUUID().slice(0, 8)}`, connectTimeout: 5_000, reconnectPeriod: 250 },
            false,
          ),
        );
      } catch (error) {
        if (performance.now() > deadline) throw new Error(`the databus does not answer on port ${port}: ${(error as Error).message}`);
        await pause(250);
      }
    }
  }

  /** Sends a message and waits for the first answer that `accept` takes. */
  private async exchange<T>(
    topic: string,
    message: unknown,
    answerTopic: string,
    accept: (answer: T) => boolean,
    timeoutMs: number,
  ): Promise<T> {
    await this.client.subscribeAsync(answerTopic, { qos: 1 });
    return new Promise<T>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.client.off('message', listener);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no answer on ${answerTopic} within ${timeoutMs} ms`));
      }, timeoutMs);
      const listener = (from: string, payload: Buffer) => {
        if (from !== answerTopic) return;
        const answer = JSON.parse(payload.toString('utf8')) as T;
        if (!accept(answer)) return;
        done();
        resolve(answer);
      };
      this.client.on('message', listener);
      this.client.publish(topic, JSON.stringify(message), { qos: 1 });
    });
  }

  async status(): Promise<InferenceAnswer> {
    const id = randomUUID();
    return this.exchange<InferenceAnswer>(
      inferenceRequestTopic,
      { kind: 'status', id },
      inferenceAnswerTopic,
      (answer) => answer.id === id,
      5_000,
    );
  }

  /** Ends a package's work at the line; it stays on the site's disk. */
  async deactivate(packageId: string): Promise<InferenceAnswer> {
    const id = randomUUID();
    return this.exchange<InferenceAnswer>(
      inferenceRequestTopic,
      { kind: 'deactivate', id, packageId },
      inferenceAnswerTopic,
      (answer) => answer.id === id,
      30_000,
    );
  }

  /** What the line does; its last word is kept by the databus. */
  async lineState(): Promise<LineState> {
    // A topic that is subscribed to already would not tell its last word again.
    await this.client.unsubscribeAsync(lineStateTopic);
    return new Promise<LineState>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.client.off('message', listener);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error('the production line has not said what it does'));
      }, 5_000);
      const listener = (from: string, payload: Buffer) => {
        if (from !== lineStateTopic) return;
        done();
        resolve(JSON.parse(payload.toString('utf8')) as LineState);
      };
      this.client.on('message', listener);
      this.client.subscribe(lineStateTopic, { qos: 1 });
    });
  }

  /** Runs a command of the production line to its end and returns its last state. */
  async runLine(command: DistributiveOmit<LineCommand, 'id'>, timeoutMs: number): Promise<LineState> {
    const id = randomUUID();
    const state = await this.exchange<LineState>(
      lineCommandTopic,
      { ...command, id },
      lineStateTopic,
      (answer) => answer.id === id && (answer.finished || answer.error !== undefined),
      timeoutMs,
    );
    if (state.error !== undefined) throw new Error(`the production line refused: ${state.error}`);
    return state;
  }

  /** Calls back for each result of the active pipelines; returns how to stop. */
  async onResult(callback: (result: InferenceResult) => void): Promise<() => void> {
    const topic = 'ie/d/j/simatic/v1/inference-server/dp/w/+/default';
    await this.client.subscribeAsync(topic, { qos: 1 });
    const listener = (from: string, payload: Buffer) => {
      if (!from.startsWith('ie/d/j/simatic/v1/inference-server/')) return;
      const data = simaticData.safeParse(JSON.parse(payload.toString('utf8')));
      for (const value of data.success ? data.data.vals : []) {
        if (value.id !== resultDataPoint || typeof value.val !== 'string') continue;
        const result = inferenceResult.safeParse(JSON.parse(value.val));
        if (result.success) callback(result.data);
      }
    };
    this.client.on('message', listener);
    return () => this.client.off('message', listener);
  }

  /** Calls back with the time of each sample of the line; returns how to stop. */
  async onSample(callback: (time: string) => void): Promise<() => void> {
    await this.client.subscribeAsync(lineDataTopic, { qos: 1 });
    const listener = (from: string, payload: Buffer) => {
      if (from !== lineDataTopic) return;
      const data = simaticData.safeParse(JSON.parse(payload.toString('utf8')));
      const time = data.data?.vals[0]?.ts;
      if (time !== undefined) callback(time);
    };
    this.client.on('message', listener);
    return () => this.client.off('message', listener);
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
