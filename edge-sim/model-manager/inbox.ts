type Handler<T> = (message: T) => Promise<void> | void;

/** Messages in order, each handled before the next; those that come before there is a handler wait for it. A handler that rejects ends the process. */
export class Inbox<T> {
  private readonly early: T[] = [];
  private handler: Handler<T> | undefined;
  private handled: Promise<void> = Promise.resolve();

  setHandler(handler: Handler<T>): void {
    this.handler = handler;
    for (const message of this.early.splice(0)) this.push(message);
  }

  push(message: T): void {
    const { handler } = this;
    if (!handler) {
      this.early.push(message);
      return;
    }
    this.handled = this.handled
      .then(() => handler(message))
      .catch((error: unknown) => {
        setImmediate(() => {
          throw error;
        });
      });
  }
}
