/**
 * Keeps what arrives until the pipelines are ready for it. Beyond `pauseAt` waiting messages the databus is asked to hold
 * back until `resumeAt` are left: nothing is lost and memory stays bounded, however fast a recording is replayed. The pauses are short, because a
 * connection that is held back cannot answer the databus's signs of life either.
 */
export class SampleIntake {
  private waiting: Buffer[] = [];
  private taken = 0;
  private arrived: (() => void) | undefined;
  private drained: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  private closed = false;

  constructor(
    private readonly pauseAt = 50_000,
    private readonly resumeAt = 49_000,
  ) {}

  get length(): number {
    return this.waiting.length - this.taken;
  }

  add(payload: Buffer): void | Promise<void> {
    if (this.closed) return;
    this.waiting.push(payload);
    this.arrived?.();
    if (this.length < this.pauseAt) return;
    if (!this.drained) {
      let resolve = () => undefined as void;
      this.drained = {
        promise: new Promise<void>((done) => {
          resolve = done;
        }),
        resolve: () => resolve(),
      };
    }
    return this.drained.promise;
  }

  /** Waits for messages and takes at most so many of them; an empty list means the end. */
  async take(maximum: number): Promise<Buffer[]> {
    while (this.length === 0 && !this.closed)
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
    const batch = this.waiting.slice(this.taken, this.taken + maximum);
    this.taken += batch.length;
    if (this.taken >= this.waiting.length || this.taken > 10_000) {
      this.waiting = this.waiting.slice(this.taken);
      this.taken = 0;
    }
    if (this.length <= this.resumeAt) this.release();
    return batch;
  }

  private release(): void {
    this.drained?.resolve();
    this.drained = undefined;
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
    this.taken = 0;
    this.release();
    this.arrived?.();
  }
}
