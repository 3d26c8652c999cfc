import * as pulumi from '@pulumi/pulumi';

/** A value that Azure always answers although its type says "maybe". In a preview nothing has answered yet: the value stays unknown. */
export function known<T>(value: T | null | undefined, what: string): T {
  if (value !== undefined && value !== null) return value;
  if (pulumi.runtime.isDryRun()) return pulumi.unknown as T;
  throw new Error(`expected ${what} in the resource's outputs, got nothing; refresh the stack and try again`);
}
