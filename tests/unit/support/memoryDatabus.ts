import type { Databus, RawSubscription } from '../../../edge-sim/databus/databusClient';

/** A databus without a network: who publishes calls those who have subscribed. */
export class MemoryDatabus implements Databus {
  private readonly subscriptions = new Map<string, RawSubscription[]>();
  readonly published: { readonly topic: string; readonly text: string }[] = [];
  private waiting: (() => void)[] = [];

  async publishText(topic: string, text: string): Promise<void> {
    this.published.push({ topic, text });
    for (const { receive } of this.subscriptions.get(topic) ?? []) await receive(Buffer.from(text), topic);
    for (const check of this.waiting) check();
  }

  publishJson(topic: string, value: unknown): Promise<void> {
    return this.publishText(topic, JSON.stringify(value));
  }

  async subscribe(topic: string, subscription: RawSubscription): Promise<void> {
    this.subscriptions.set(topic, [...(this.subscriptions.get(topic) ?? []), subscription]);
  }

  subscribeJson: Databus['subscribeJson'] = (topic, schema, receive) =>
    this.subscribe(topic, {
      receive: (payload) => {
        const parsed = schema.safeParse(JSON.parse(payload.toString('utf8')));
        if (parsed.success) void receive(parsed.data);
      },
    });

  texts(topic: string): string[] {
    return this.published.filter((one) => one.topic === topic).map(({ text }) => text);
  }

  /** Resolves when the topic has so many messages that satisfy the condition. */
  async until(topic: string, count: number, condition: (text: string) => boolean = () => true): Promise<string[]> {
    const found = () => this.texts(topic).filter(condition);
    if (found().length < count)
      await new Promise<void>((resolve) =>
        this.waiting.push(() => {
          if (found().length >= count) resolve();
        }),
      );
    return found();
  }

  async close(): Promise<void> {}
}
