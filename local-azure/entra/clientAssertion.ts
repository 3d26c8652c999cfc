import { createPublicKey, X509Certificate } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { thumbprints, type Application } from './applications';

type AssertionCheck =
  | { readonly ok: true; readonly id: string; readonly expiresAt: Date }
  | { readonly ok: false; readonly code: number; readonly reason: string };

const refused = (code: number, reason: string): AssertionCheck => ({ ok: false, code, reason });
const clockToleranceSeconds = 300;
const maxLifetimeSeconds = 24 * 3_600;

/** Is this assertion signed by a registered and valid certificate of the application, for this token endpoint, now? */
export function checkAssertion(assertion: string, application: Application, tokenEndpoint: string, now: Date): AssertionCheck {
  const decoded = jwt.decode(assertion, { complete: true });
  if (!decoded || typeof decoded.payload === 'string') return refused(50027, 'the client assertion is not a JWT');
  const header = decoded.header as jwt.JwtHeader & { 'x5t#S256'?: string };
  const algorithm = header.alg;
  if (algorithm !== 'PS256' && algorithm !== 'RS256')
    return refused(5002738, `the client assertion is signed with ${algorithm}, expected PS256 or RS256`);
  const named = header['x5t#S256'] ?? header.x5t;
  const certificate = application.certificates.find(({ pem }) => {
    const { sha1, sha256 } = thumbprints(pem);
    return header['x5t#S256'] === undefined ? header.x5t === sha1 : header['x5t#S256'] === sha256;
  });
  if (named === undefined || !certificate)
    return refused(
      700027,
      `the certificate with the thumbprint ${String(named)} that signed the client assertion is not registered on the application`,
    );
  const { validFromDate, validToDate } = new X509Certificate(certificate.pem);
  const [from, to] = [
    new Date(Math.max(validFromDate.getTime(), Date.parse(certificate.startDate))),
    new Date(Math.min(validToDate.getTime(), Date.parse(certificate.endDate))),
  ];
  if (now < from || now > to)
    return refused(
      700027,
      `the certificate that signed the client assertion is valid from ${from.toISOString()} to ${to.toISOString()}, now is ${now.toISOString()}`,
    );
  try {
    const payload = jwt.verify(assertion, createPublicKey(certificate.pem), {
      algorithms: [algorithm],
      audience: tokenEndpoint,
      issuer: application.clientId,
      subject: application.clientId,
      clockTimestamp: Math.floor(now.getTime() / 1_000),
      clockTolerance: clockToleranceSeconds,
    });
    if (typeof payload === 'string' || typeof payload.exp !== 'number') return refused(50027, 'the client assertion has no expiry (exp)');
    if (typeof payload.jti !== 'string' || payload.jti === '') return refused(50027, 'the client assertion has no id (jti)');
    if (payload.exp - now.getTime() / 1_000 > maxLifetimeSeconds)
      return refused(700024, 'the client assertion is valid for more than 24 hours');
    return { ok: true, id: payload.jti, expiresAt: new Date(payload.exp * 1_000) };
  } catch (error) {
    const reason = (error as Error).message;
    return refused(reason === 'jwt expired' || reason === 'jwt not active' ? 700024 : 700027, `the client assertion is refused: ${reason}`);
  }
}
