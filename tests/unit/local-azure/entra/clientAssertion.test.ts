import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { makeKeyAndCertificate } from '../../../../deploy-programs/keyAndCertificate';
import { thumbprints, type Application } from '../../../../local-azure/entra/applications';
import { checkAssertion } from '../../../../local-azure/entra/clientAssertion';
import { audienceOfScope } from '../../../../local-azure/entra/tokenEndpoint';

const endpoint = 'https://localhost:1/tenant/oauth2/v2.0/token';
const clientId = '11111111-1111-4111-8111-111111111111';
const now = new Date();
let pem: string;
let application: Application;

beforeAll(async () => {
  pem = await makeKeyAndCertificate('site', now);
  const certificate = new X509Certificate(pem);
  application = {
    objectId: 'o',
    clientId,
    displayName: 'site',
    certificates: [
      {
        keyId: 'k',
        pem: certificate.toString(),
        startDate: certificate.validFromDate.toISOString(),
        endDate: certificate.validToDate.toISOString(),
      },
    ],
  };
});

const inSeconds = (seconds: number) => Math.floor(now.getTime() / 1_000) + seconds;
function assertion({
  claims = {},
  algorithm = 'PS256',
  key,
  header = {},
}: { claims?: object; algorithm?: jwt.Algorithm; key?: jwt.Secret; header?: object } = {}) {
  const { sha256 } = thumbprints(pem);
  const payload = { iss: clientId, sub: clientId, aud: endpoint, jti: 'id', nbf: inSeconds(0), exp: inSeconds(600), ...claims };
  return jwt.sign(JSON.stringify(payload), key ?? createPrivateKey(pem), {
    algorithm,
    header: { alg: algorithm, 'x5t#S256': sha256, ...header } as jwt.JwtHeader,
  });
}
const check = (text: string, at = now) => checkAssertion(text, application, endpoint, at);

it('an assertion of the registered certificate is accepted with both algorithms and both thumbprints', () => {
  expect(check(assertion())).toMatchObject({ ok: true, id: 'id' });
  expect(check(assertion({ algorithm: 'RS256', header: { 'x5t#S256': undefined, x5t: thumbprints(pem).sha1 } }))).toMatchObject({
    ok: true,
  });
});

it.each([
  ['for another endpoint', () => assertion({ claims: { aud: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token' } }), 700027],
  ['of another issuer', () => assertion({ claims: { iss: 'another' } }), 700027],
  ['about another subject', () => assertion({ claims: { sub: 'another' } }), 700027],
  ['that has expired', () => assertion({ claims: { exp: inSeconds(-400) } }), 700024],
  ['that is not valid yet', () => assertion({ claims: { nbf: inSeconds(400) } }), 700024],
  ['that is valid for days', () => assertion({ claims: { exp: inSeconds(2 * 86_400) } }), 700024],
  ['without an expiry', () => assertion({ claims: { exp: undefined } }), 50027],
  ['without an id', () => assertion({ claims: { jti: undefined } }), 50027],
  [
    'signed with the public certificate as a shared secret',
    () => assertion({ algorithm: 'HS256', key: String(createPublicKey(pem).export({ type: 'spki', format: 'pem' })) }),
    5002738,
  ],
  ['that is not signed', () => assertion({ algorithm: 'none', key: '' }), 5002738],
  ['that names no certificate', () => assertion({ header: { 'x5t#S256': undefined } }), 700027],
  ['that is no JWT', () => 'nonsense', 50027],
])('an assertion %s is refused', (_what, make, code) => {
  expect(check(make())).toMatchObject({ ok: false, code });
});

it('an assertion whose signature was changed is refused', () => {
  const [header, payload, signature = ''] = assertion().split('.');
  expect(check([header, payload, signature.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))].join('.'))).toMatchObject({
    ok: false,
    code: 700027,
  });
});

it('a certificate counts only while it is registered for that time', () => {
  const later = new Date(now.getTime() + 181 * 86_400_000);
  expect(check(assertion({ claims: { nbf: undefined, exp: Math.floor(later.getTime() / 1_000) + 60 } }), later)).toMatchObject({
    ok: false,
    code: 700027,
  });
});

it('the resource is found among the scopes', () => {
  expect(audienceOfScope('https://monitor.azure.com/.default openid profile')).toBe('https://monitor.azure.com');
  expect(audienceOfScope('https://eventhubs.azure.net//.default')).toBe('https://eventhubs.azure.net');
  expect(audienceOfScope('openid')).toBeUndefined();
});
