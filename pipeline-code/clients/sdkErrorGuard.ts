import { NotConnectedError, ServiceUnavailableError } from 'azure-iothub/dist/common-core/errors';

/**
 * azure-iothub 1.16 makes errors of these two classes their own cause (`error.amqpError = error`) and then follows causes without
 * end: a connection that breaks at the wrong moment ends the process with a stack overflow. An error is never its own cause here.
 */
export function guardSdkErrors(): void {
  const causes = new WeakMap<Error, unknown>();
  for (const { prototype } of [NotConnectedError, ServiceUnavailableError]) {
    Object.defineProperty(prototype, 'amqpError', {
      configurable: true,
      get(this: Error) {
        return causes.get(this);
      },
      set(this: Error, cause: unknown) {
        if (cause !== this) causes.set(this, cause);
      },
    });
  }
}
