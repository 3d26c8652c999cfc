import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BlockList } from 'node:net';
import type { Principal } from '../region/tokenAuthority';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { hmac } from './sharedKey';
import { authenticationFailed, StorageFault } from './storageFault';
import type { StorageRequest } from './storageRequest';

const maxKeyLifetimeMs = 7 * 86_400_000;
const oldestVersion = '2020-12-06';
const sasParameters = new Set([
  'sv',
  'ss',
  'srt',
  'sr',
  'st',
  'se',
  'sp',
  'sip',
  'spr',
  'si',
  'sig',
  'skoid',
  'sktid',
  'skt',
  'ske',
  'sks',
  'skv',
  'saoid',
  'suoid',
  'scid',
  'sdd',
  'ses',
  'skdutid',
  'sduoid',
  'srh',
  'srq',
]);
const answerHeaderParameters = ['rscc', 'rscd', 'rsce', 'rscl', 'rsct'];

export interface VerifiedSas {
  readonly signer: Principal;
  readonly permissions: string;
}

export const withoutSas = (query: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...query].filter(([name]) => !sasParameters.has(name)));

/** Newline-joined fields that a user delegation SAS signs; two fields came with 2025-07-05, two with 2026-04-06. */
function stringToSign(query: ReadonlyMap<string, string>, canonicalName: string): string {
  const value = (name: string) => query.get(name) ?? '';
  const version = value('sv');
  const snapshot = value('sr') === 'bs' ? value('snapshot') : value('sr') === 'bv' ? value('versionid') : '';
  return [
    value('sp'),
    value('st'),
    value('se'),
    canonicalName,
    ...['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'saoid', 'suoid', 'scid'].map(value),
    ...(version >= '2025-07-05' ? [value('skdutid'), value('sduoid')] : []),
    value('sip'),
    value('spr'),
    version,
    value('sr'),
    snapshot,
    value('ses'),
    ...(version >= '2026-04-06' ? ['', ''] : []),
    ...answerHeaderParameters.map(value),
  ].join('\n');
}

function addressAllowed(range: string, address: string): boolean {
  const list = new BlockList();
  const [first = '', last = first] = range.split('-');
  try {
    list.addRange(first, last, 'ipv4');
  } catch {
    return false;
  }
  return list.check(address.replace(/^::ffff:/, ''), 'ipv4');
}

function instant(text: string | undefined): number {
  const at = Date.parse(text ?? '');
  if (Number.isNaN(at)) throw authenticationFailed('A time of the signature is missing or malformed.');
  return at;
}

/** User delegation keys and the SAS signed with them. Keys are derived, so a restart forgets none. */
export class UserDelegation {
  private readonly secret: Buffer;

  /** `delegators` remembers who asked for a key, because a SAS names its signer by object id only. */
  constructor(
    secretFile: string,
    private readonly tenantId: string,
    private readonly delegators: AppendOnlyStore<Principal>,
    private readonly clock: Clock,
  ) {
    if (!existsSync(secretFile)) {
      mkdirSync(dirname(secretFile), { recursive: true, mode: 0o700 });
      writeFileSync(secretFile, randomBytes(32), { mode: 0o600 });
    }
    this.secret = readFileSync(secretFile);
  }

  private keyFor(account: string, fields: readonly string[]): Buffer {
    return createHmac('sha256', this.secret)
      .update([account, ...fields].join('\n'))
      .digest();
  }

  /** Answers Get User Delegation Key; `body` is the KeyInfo document. */
  issue(account: string, signer: Principal, body: string, version: string): string {
    const field = (name: string) => new RegExp(`<${name}>\\s*([^<]{1,64}?)\\s*</${name}>`).exec(body)?.[1];
    const now = this.clock.now().getTime();
    const expiry = Date.parse(field('Expiry') ?? '');
    const start = Date.parse(field('Start') ?? new Date(now).toISOString());
    if (Number.isNaN(expiry) || Number.isNaN(start) || expiry <= start || expiry <= now)
      throw new StorageFault(400, 'InvalidXmlNodeValue', 'Expected KeyInfo with a Start and a later Expiry that is not in the past.');
    if (expiry - Math.max(start, now) > maxKeyLifetimeMs + 60_000)
      throw new StorageFault(400, 'InvalidXmlNodeValue', 'A user delegation key is valid for at most 7 days.');
    if (field('DelegatedUserTid') !== undefined)
      throw new StorageFault(501, 'NotImplemented', 'Keys for a delegated user of another tenant are not part of this region.');
    const second = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
    const fields = [signer.objectId, this.tenantId, second(start), second(expiry), 'b', version];
    this.delegators.set(signer.objectId, signer);
    const names = ['SignedOid', 'SignedTid', 'SignedStart', 'SignedExpiry', 'SignedService', 'SignedVersion'];
    const inner = names.map((name, index) => `<${name}>${fields[index]}</${name}>`).join('');
    return `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>${inner}<Value>${this.keyFor(account, fields).toString('base64')}</Value></UserDelegationKey>`;
  }

  /** Throws unless the signature holds for this very request. What the signer may do is not asked here. */
  verify({ account, container, rest, query }: StorageRequest, remoteAddress: string): VerifiedSas {
    const value = (name: string) => query.get(name) ?? '';
    if (value('skoid') === '')
      throw new StorageFault(
        403,
        'KeyBasedAuthenticationNotPermitted',
        'Key based authentication is not permitted on this storage account.',
      );
    if (value('sv') < oldestVersion)
      throw authenticationFailed(`The signature has version "${value('sv')}"; ${oldestVersion} or later is expected.`);
    const unknown = ['sduoid', 'skdutid', 'srh', 'srq', 'sdd', 'suoid'].find((name) => value(name) !== '');
    if (unknown !== undefined) throw new StorageFault(501, 'NotImplemented', `A SAS with ${unknown} is not part of this region.`);
    const resource = value('sr');
    const ofContainer = resource === 'c';
    if (container === undefined || (!ofContainer && (rest === undefined || !['b', 'bs', 'bv'].includes(resource))))
      throw authenticationFailed('Signature did not match: the signed resource is another one.');
    if (resource === 'b' && (query.has('snapshot') || query.has('versionid')))
      throw authenticationFailed('Signature did not match: the signed resource is the base blob.');
    const key = this.keyFor(account, ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'].map(value));
    const expected = Buffer.from(
      hmac(key, stringToSign(query, `/blob/${account}/${container}${ofContainer ? '' : `/${rest ?? ''}`}`)),
      'base64',
    );
    const given = Buffer.from(value('sig'), 'base64');
    const signer = this.delegators.get(value('skoid'));
    if (
      given.length !== expected.length ||
      !timingSafeEqual(given, expected) ||
      !signer ||
      value('sktid') !== this.tenantId ||
      value('sks') !== 'b'
    )
      throw authenticationFailed('Signature did not match.');
    const now = this.clock.now().getTime();
    const times = [query.has('st') ? instant(value('st')) : 0, instant(value('se')), instant(value('skt')), instant(value('ske'))] as const;
    if (now < times[0] || now >= times[1] || now < times[2] || now >= times[3])
      throw authenticationFailed('Signature not valid in the specified time frame.');
    if (value('sip') !== '' && !addressAllowed(value('sip'), remoteAddress))
      throw new StorageFault(
        403,
        'AuthorizationSourceIPMismatch',
        'This request is not authorized to perform this operation using this source IP.',
      );
    return { signer, permissions: value('sp') };
  }
}
