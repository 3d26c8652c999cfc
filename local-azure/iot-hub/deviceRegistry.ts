import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';

export interface DeviceRecord {
  readonly hubId: string;
  readonly deviceId: string;
  readonly generationId: string;
  readonly etag: string;
  readonly status: 'enabled' | 'disabled';
  readonly statusReason: string | null;
  readonly statusUpdatedTime: string;
  /** Upper-case hex, SHA-1 or SHA-256 of the certificate's DER. */
  readonly primaryThumbprint: string;
  readonly secondaryThumbprint: string | null;
}

/** An error as the registry answers it: HTTP status and IoT Hub's own code. */
export class DeviceRegistryError extends Error {
  override readonly name = 'DeviceRegistryError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const deviceIdPattern = /^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/;
const thumbprint = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/, 'a SHA-1 or SHA-256 thumbprint in hex')
  .transform((value) => value.toUpperCase());
const description = z.looseObject({
  deviceId: z.string(),
  status: z.enum(['enabled', 'disabled']).default('enabled'),
  statusReason: z.string().max(128).nullish(),
  authentication: z.looseObject({
    type: z.literal(
      'selfSigned',
      'devices of this hub authenticate with X.509 thumbprints (authentication.type selfSigned), never with keys',
    ),
    x509Thumbprint: z.looseObject({
      primaryThumbprint: thumbprint,
      secondaryThumbprint: z.union([thumbprint, z.literal('').transform(() => null)]).nullish(),
    }),
  }),
});

const keyOf = (hubId: string, deviceId: string) => `${hubId.toLowerCase()}|${deviceId}`;
/** `If-Match` as clients send it: `*`, or an ETag with or without quotes. */
const matches = (ifMatch: string, etag: string) => ['*', etag].includes(ifMatch.replaceAll('"', ''));

/** Device identities of all hubs. Keeps thumbprints only: no device has a key. */
export class DeviceRegistry {
  constructor(
    private readonly devices: AppendOnlyStore<DeviceRecord>,
    private readonly clock: Clock,
  ) {}

  get(hubId: string, deviceId: string): DeviceRecord | undefined {
    return this.devices.get(keyOf(hubId, deviceId));
  }
  list(hubId: string): DeviceRecord[] {
    return [...this.devices.values()].filter((device) => device.hubId.toLowerCase() === hubId.toLowerCase());
  }

  /** Without `ifMatch` a device is created, with it an existing one is changed. */
  put(hubId: string, deviceId: string, body: unknown, ifMatch: string | undefined): DeviceRecord {
    if (!deviceIdPattern.test(deviceId)) throw new DeviceRegistryError(400, 'ArgumentInvalid', `"${deviceId}" is no device id`);
    const before = this.get(hubId, deviceId);
    if (ifMatch === undefined && before)
      throw new DeviceRegistryError(409, 'DeviceAlreadyExists', `A device with ID '${deviceId}' is already registered.`);
    if (ifMatch !== undefined && !before) throw new DeviceRegistryError(404, 'DeviceNotFound', `Device ${deviceId} not registered`);
    if (ifMatch !== undefined && before && !matches(ifMatch, before.etag))
      throw new DeviceRegistryError(412, 'PreconditionFailed', `Precondition failed: the device has the ETag "${before.etag}"`);
    const parsed = description.safeParse(body);
    if (!parsed.success)
      throw new DeviceRegistryError(
        400,
        'ArgumentInvalid',
        parsed.error.issues.map((issue) => `${issue.path.join('.')}: expected ${issue.message}`).join(', '),
      );
    if (parsed.data.deviceId !== deviceId)
      throw new DeviceRegistryError(400, 'ArgumentInvalid', `the path names ${deviceId}, the body ${parsed.data.deviceId}`);
    const {
      status,
      statusReason,
      authentication: { x509Thumbprint },
    } = parsed.data;
    const now = this.clock.now();
    const record: DeviceRecord = {
      hubId,
      deviceId,
      status,
      statusReason: statusReason ?? null,
      etag: randomBytes(6).toString('base64url'),
      generationId: before?.generationId ?? String(now.getTime() * 1_000),
      statusUpdatedTime: before?.status === status ? before.statusUpdatedTime : now.toISOString(),
      primaryThumbprint: x509Thumbprint.primaryThumbprint,
      secondaryThumbprint: x509Thumbprint.secondaryThumbprint ?? null,
    };
    this.devices.set(keyOf(hubId, deviceId), record);
    return record;
  }

  delete(hubId: string, deviceId: string, ifMatch: string | undefined): void {
    const before = this.get(hubId, deviceId);
    if (!before) throw new DeviceRegistryError(404, 'DeviceNotFound', `Device ${deviceId} not registered`);
    if (ifMatch === undefined) throw new DeviceRegistryError(400, 'ArgumentInvalid', 'a deletion needs an If-Match header');
    if (!matches(ifMatch, before.etag))
      throw new DeviceRegistryError(412, 'PreconditionFailed', `Precondition failed: the device has the ETag "${before.etag}"`);
    this.devices.delete(keyOf(hubId, deviceId));
  }
}

/** Certificate of a connection, as Node reads it. */
export interface PresentedCertificate {
  readonly fingerprint?: string;
  readonly fingerprint256?: string;
  readonly valid_from?: string;
  readonly valid_to?: string;
}

/** Why this certificate does not speak for the device; undefined when it does. */
export function certificateRefusal(device: DeviceRecord, certificate: PresentedCertificate | undefined, now: Date): string | undefined {
  if (certificate?.fingerprint === undefined) return 'no client certificate was presented';
  const presented = [certificate.fingerprint, certificate.fingerprint256].flatMap((fingerprint) =>
    fingerprint === undefined ? [] : [fingerprint.replaceAll(':', '').toUpperCase()],
  );
  const known = [device.primaryThumbprint, device.secondaryThumbprint];
  if (!presented.some((thumbprint) => known.includes(thumbprint)))
    return `the certificate has the thumbprint ${presented.at(-1) ?? ''}, which is not registered`;
  if (certificate.valid_to !== undefined && new Date(certificate.valid_to) < now)
    return `the certificate expired at ${certificate.valid_to}`;
  if (certificate.valid_from !== undefined && new Date(certificate.valid_from) > now)
    return `the certificate is valid from ${certificate.valid_from} on`;
  return undefined;
}
