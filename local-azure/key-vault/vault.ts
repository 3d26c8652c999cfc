import type { z } from 'zod';

export interface Vault {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletedAt?: string;
}

export class VaultError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly innerCode?: string,
  ) {
    super(message);
  }
}

export const softDeleteDays = (vault: Vault) => Number(vault.properties['softDeleteRetentionInDays'] ?? 90);
export const mayPurge = (vault: Vault) => vault.properties['enablePurgeProtection'] !== true;
export const recoveryOf = (vault: Vault) => ({
  recoveryLevel: mayPurge(vault) ? 'Recoverable+Purgeable' : 'Recoverable',
  recoverableDays: softDeleteDays(vault),
});

/** One request to a vault, with its caller known: `authorize` throws what refuses the action. */
export interface VaultCall<Action> {
  readonly vault: Vault;
  readonly origin: string;
  readonly method: string;
  readonly name: string | undefined;
  readonly part: string | undefined;
  readonly nowSeconds: number;
  authorize(action: Action): void;
  send(status: number, body?: unknown): void;
  body<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
  /** What is not served. */
  unknown(): VaultError;
}
