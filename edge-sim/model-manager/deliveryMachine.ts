import { z } from 'zod';
import { isTerminal, simulatorStates, type LinkShown, type NewDeliveryBody, type SimulatorState } from '../../contracts/aimmMessages';

/** What the model manager knows of a delivery; kept on disk, so it never holds the link to the package. */
export const delivery = z.object({
  deliveryId: z.string(),
  projectId: z.string().optional(),
  packageId: z.string(),
  packageVersion: z.string(),
  /** What the cloud said of the package; it may say nothing. */
  sha256: z.string().optional(),
  sizeBytes: z.number().optional(),
  state: z.enum(simulatorStates),
  reason: z.string().optional(),
  /** Attempts at what the present state is about, and links asked for in all. */
  attempts: z.number(),
  linkRequests: z.number(),
  downloaded: z.object({ sha256: z.string(), sizeBytes: z.number() }).optional(),
  updatedAt: z.string(),
});
export type Delivery = z.output<typeof delivery>;

export type DeliveryEvent =
  | { readonly kind: 'announced' }
  /** The program has started anew; timers and running work are gone. */
  | { readonly kind: 'resumed'; readonly filePresent: boolean }
  | { readonly kind: 'due' }
  | { readonly kind: 'assessed'; readonly problem?: string }
  | { readonly kind: 'linkReceived'; readonly url: string; readonly sha256?: string | undefined; readonly sizeBytes?: number | undefined }
  | { readonly kind: 'downloaded'; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kind: 'imported' }
  | { readonly kind: 'activated' }
  | { readonly kind: 'failed'; readonly reason: string; readonly transient: boolean };

export type DeliveryAction =
  | {
      readonly kind: 'report';
      readonly state: SimulatorState;
      readonly previousState?: SimulatorState;
      readonly reason?: string;
      readonly link?: LinkShown;
    }
  | { readonly kind: 'requestLink' | 'assess' | 'import' | 'activate' | 'discardFile' }
  | { readonly kind: 'download'; readonly url: string }
  | { readonly kind: 'wakeUp'; readonly afterMs: number };
export interface Decision {
  readonly delivery: Delivery;
  readonly actions: readonly DeliveryAction[];
}

export const maximumLinkRequests = 8;
export const maximumAttempts = 40;
const linkPatienceMs = 30_000;
/** Without jitter: what is decided follows from the delivery and the event alone. */
const pauseMs = (attempt: number) => Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 10));
const uuid = z.uuid();

/** Blob, rights and end of a link, without its signature. */
function shownLink(link: string): LinkShown {
  const { pathname, searchParams } = new URL(link);
  return { blob: decodeURIComponent(pathname), permissions: searchParams.get('sp') ?? '', expiresAt: searchParams.get('se') ?? '' };
}

class Step {
  readonly actions: DeliveryAction[] = [];
  constructor(
    public delivery: Delivery,
    private readonly now: Date,
  ) {}

  to(state: SimulatorState, reason?: string, link?: LinkShown): this {
    const { state: previousState, attempts } = this.delivery;
    this.delivery = {
      ...this.delivery,
      state,
      reason,
      attempts: state === previousState ? attempts + 1 : 0,
      updatedAt: this.now.toISOString(),
    };
    this.actions.push({
      kind: 'report',
      state,
      previousState,
      ...(reason === undefined ? {} : { reason }),
      ...(link === undefined ? {} : { link }),
    });
    return this;
  }

  change(part: Partial<Delivery>): this {
    this.delivery = { ...this.delivery, ...part };
    return this;
  }

  act(...actions: DeliveryAction[]): this {
    this.actions.push(...actions);
    return this;
  }

  error(reason: string): this {
    return this.to('Error', reason).act({ kind: 'discardFile' });
  }

  askForLink(reason?: string): this {
    if (this.delivery.linkRequests >= maximumLinkRequests)
      return this.error(`no usable link after ${maximumLinkRequests} requests${reason === undefined ? '' : `: ${reason}`}`);
    return this.to('UrlRequested', reason)
      .change({ linkRequests: this.delivery.linkRequests + 1 })
      .act({ kind: 'requestLink' }, { kind: 'wakeUp', afterMs: linkPatienceMs * 2 ** Math.min(this.delivery.linkRequests, 4) });
  }

  /** Tries again later what the state is about, with a ceiling. */
  later(reason: string): this {
    const { state, attempts } = this.delivery;
    if (attempts >= maximumAttempts) return this.error(`${reason}; given up after ${attempts} attempts`);
    if (this.delivery.reason === reason) this.change({ attempts: attempts + 1 });
    else this.to(state, reason);
    return this.act({ kind: 'wakeUp', afterMs: pauseMs(attempts) });
  }

  importing(): this {
    const { sha256, sizeBytes, downloaded } = this.delivery;
    if (downloaded === undefined) return this.to('Assessing').act({ kind: 'assess' });
    if (sha256 !== undefined && sha256 !== downloaded.sha256)
      return this.error(`expected a package with the SHA-256 ${sha256}, got ${downloaded.sha256}`);
    if (sizeBytes !== undefined && sizeBytes !== downloaded.sizeBytes)
      return this.error(`expected a package of ${sizeBytes} bytes, got ${downloaded.sizeBytes}`);
    return this.to('Importing').act({ kind: 'import' });
  }
}

/** Opens a delivery that was not known before. */
export function receive(
  deliveryId: string,
  projectId: string | undefined,
  body: NewDeliveryBody,
  maxPackageBytes: number,
  now: Date,
): Decision {
  const { packageId, packageVersion, attributes } = body;
  const step = new Step(
    {
      deliveryId,
      projectId,
      packageId,
      packageVersion,
      sha256: attributes?.sha256,
      sizeBytes: attributes?.sizeBytes,
      state: 'Received',
      attempts: 0,
      linkRequests: 0,
      updatedAt: now.toISOString(),
    },
    now,
  ).act({ kind: 'report', state: 'Received' });
  if (!uuid.safeParse(packageId).success) return step.error(`expected a UUID as package id, got "${packageId.slice(0, 100)}"`);
  if (!/^[1-9]\d{0,9}$/.test(packageVersion))
    return step.error(`expected a whole number as package version, got "${packageVersion.slice(0, 100)}"`);
  if ((attributes?.sizeBytes ?? 0) > maxPackageBytes)
    return step.error(`expected a package of at most ${maxPackageBytes} bytes, ${attributes?.sizeBytes} are announced`);
  return step.to('Assessing').act({ kind: 'assess' });
}

/** What follows from an event. An event that does not belong to the state changes nothing; a delivery that has ended stays as it is. */
export function decide(before: Delivery, event: DeliveryEvent, now: Date): Decision {
  const step = new Step(before, now);
  const { state, reason } = before;
  const repeat: DeliveryAction = { kind: 'report', state, ...(reason === undefined ? {} : { reason }) };
  if (event.kind === 'announced') return state === 'UrlRequested' ? step.act(repeat, { kind: 'requestLink' }) : step.act(repeat);
  if (isTerminal(state)) return step;
  switch (event.kind) {
    case 'resumed':
      if (event.filePresent && (state === 'Importing' || state === 'Activating')) return step.importing();
      return step.to('Assessing').act({ kind: 'assess' });
    case 'due':
      if (state === 'Assessing') return step.act({ kind: 'assess' });
      if (state === 'UrlRequested') return step.askForLink('no answer to the last request');
      if (state === 'Importing') return step.act({ kind: 'import' });
      return state === 'Activating' ? step.act({ kind: 'activate' }) : step;
    case 'assessed':
      if (state !== 'Assessing') return step;
      return event.problem === undefined ? step.askForLink() : step.later(event.problem);
    case 'linkReceived': {
      if (state !== 'UrlRequested') return step;
      const { sha256 = event.sha256, sizeBytes = event.sizeBytes } = before;
      if (event.sha256 !== undefined && event.sha256 !== sha256)
        return step.error(`expected the announced SHA-256 ${sha256}, the link says ${event.sha256}`);
      return step
        .change({ sha256, sizeBytes })
        .to('Downloading', undefined, shownLink(event.url))
        .act({ kind: 'download', url: event.url });
    }
    case 'downloaded':
      return state === 'Downloading'
        ? step
            .change({ downloaded: { sha256: event.sha256, sizeBytes: event.sizeBytes } })
            .to('Verifying')
            .importing()
        : step;
    case 'imported':
      return state === 'Importing' ? step.to('Activating').act({ kind: 'activate' }) : step;
    case 'activated':
      return state === 'Activating' ? step.to('Success').act({ kind: 'discardFile' }) : step;
    case 'failed':
      if (state !== 'Downloading' && state !== 'Importing' && state !== 'Activating') return step;
      if (!event.transient) return step.error(event.reason);
      return state === 'Downloading' ? step.askForLink(event.reason) : step.later(event.reason);
  }
}
