import { z } from 'zod';
import type { DeployAction } from '../programs';
import { sha1Thumbprint, sha256Thumbprint } from '../thumbprint';
import { roleAssignmentWait, vaultAddress } from './deployment';
import { integer, text, type SettingsSchema } from './settings';

const vault = {
  ...vaultAddress,
  /** Secret that the site reads; the certificate of each serial has a secret of its own, with the serial behind this name. */
  SECRET_NAME: z.string().regex(/^[0-9a-zA-Z-]{1,110}$/, 'the beginning of a Key Vault secret name'),
  ...roleAssignmentWait,
};
const serial = { CERTIFICATE_SERIAL: integer(1, 1_000_000) };
const certificate = { ...vault, ...serial, DEVICE_ID: text() };

/** Settings of `enrol-site`, by action. A command has one environment for all that it does, so `delete` reads a part of what `check` reads, and `forget` of what `certificate` does. */
export const enrolSiteSettings = {
  check: z.object({ ...certificate, CERTIFICATE_OVERLAP: z.enum(['true', 'false']), TAKE_UP_SECONDS: integer(0, 86_400) }),
  certificate: z.object(certificate),
  'hand-over': z.object({ ...certificate, CERTIFICATE_THUMBPRINT: sha256Thumbprint() }),
  forget: z.object({ ...vault, ...serial }),
  delete: z.object(vault),
} as const satisfies Record<DeployAction<'enrol-site'>, SettingsSchema>;

export type EnrolSiteSettings<A extends DeployAction<'enrol-site'>> = z.output<(typeof enrolSiteSettings)[A]>;

/** Answers of `enrol-site`, by action: what is public, never a key. */
export const enrolSiteAnswers = {
  check: z.object({ serial: z.number() }),
  certificate: z.object({
    certificatePem: z.string().includes('BEGIN CERTIFICATE'),
    thumbprintSha256: sha256Thumbprint(),
    thumbprintSha1: sha1Thumbprint(),
  }),
  'hand-over': z.object({ secretUri: z.url(), thumbprintSha256: sha256Thumbprint() }),
  forget: z.object({}),
  delete: z.object({}),
} as const satisfies Record<DeployAction<'enrol-site'>, z.ZodType>;
export type EnrolSiteAnswer<A extends DeployAction<'enrol-site'>> = z.output<(typeof enrolSiteAnswers)[A]>;
