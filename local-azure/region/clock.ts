/** The one clock of the region. Tests shift it or speed it up; nothing else in the region reads the system's time. */
export interface Clock {
  now(): Date;
  /** Real timers scaled by the clock's speed; the returned function cancels. */
  after(durationMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  after(durationMs, run) {
    const timer = setTimeout(run, durationMs);
    return () => clearTimeout(timer);
  },
};

export class AdjustableClock implements Clock {
  private readonly realStart = Date.now();
  private shiftMs = 0;
  constructor(
    private readonly start = new Date(),
    private readonly speed = 1,
  ) {}
  now() {
    return new Date(this.start.getTime() + this.shiftMs + (Date.now() - this.realStart) * this.speed);
  }
  shift(durationMs: number) {
    this.shiftMs += durationMs;
  }
  after(durationMs: number, run: () => void) {
    return systemClock.after(durationMs / this.speed, run);
  }
}
