import { SettingsError } from '../settings/settings';

export const exitCodes = { done: 0, failed: 1, wrongSettings: 2 } as const;

/** The exit code of a program that this error ends. */
export const exitCodeAfter = (error: unknown): number => (error instanceof SettingsError ? exitCodes.wrongSettings : exitCodes.failed);
