/** A value that Azure always answers although its type says "maybe". */
export function known<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null || value === '') throw new Error(`expected ${what} in the resource's outputs, got nothing; refresh the stack and try again`);
  return value;
}
