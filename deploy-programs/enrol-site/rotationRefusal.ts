/** What is known of the certificate in use. */
export interface CertificateInUse {
  readonly serial: number;
  /** The serial that was in use before it. */
  readonly replaces: number | undefined;
  readonly handedOverAt: Date;
}
export interface RequestedSerial {
  readonly serial: number;
  /** The certificate before the requested one counts, too. */
  readonly overlap: boolean;
  /** How long a site may take to take up what was handed over to it. */
  readonly takeUpSeconds: number;
}

/** Why a serial must not be taken now: whoever may still sign in with a certificate would be locked out. Undefined where nobody would. */
export function rotationRefusal(
  { serial, overlap, takeUpSeconds }: RequestedSerial,
  inUse: CertificateInUse | undefined,
  now: Date,
): string | undefined {
  if (inUse === undefined || serial === inUse.serial) return undefined;
  if (serial < inUse.serial)
    return `expected edgeSite.certificateSerial ${inUse.serial + 1}, got ${serial}: the site uses certificate ${inUse.serial}, and numbers go up`;
  if (!overlap) return undefined;
  if (serial > inUse.serial + 1)
    return `expected edgeSite.certificateSerial ${inUse.serial + 1}, got ${serial}: the site uses certificate ${inUse.serial}, which counts beside the next one only; edgeSite.certificateOverlap false gives it up at once`;
  const takenUpAt = new Date(inUse.handedOverAt.getTime() + takeUpSeconds * 1_000);
  if (inUse.replaces === undefined || now >= takenUpAt) return undefined;
  return `certificate ${inUse.serial} was handed over at ${inUse.handedOverAt.toISOString()}, and until ${takenUpAt.toISOString()} the site may still use certificate ${inUse.replaces}, which ${serial} would end: deploy after that time, or set edgeSite.certificateOverlap to false to end it at once`;
}
