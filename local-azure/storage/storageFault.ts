import { randomUUID } from 'node:crypto';

/** A refusal in Storage's own words; sent as XML with `x-ms-error-code`. */
export class StorageFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const permissionMismatch = () =>
  new StorageFault(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );
export const authenticationFailed = (reason: string) =>
  new StorageFault(
    403,
    'AuthenticationFailed',
    `Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature. ${reason}`,
  );

const challenge = (tenantId: string) => ({
  'www-authenticate': `Bearer authorization_uri=https://login.microsoftonline.com/${tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
});
export const noCredentials = (tenantId: string) =>
  new StorageFault(
    401,
    'NoAuthenticationInformation',
    'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
    challenge(tenantId),
  );
export const badToken = (tenantId: string, reason: string) =>
  new StorageFault(401, 'InvalidAuthenticationInfo', `Server failed to authenticate the request: ${reason}.`, challenge(tenantId));

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function faultAnswer(
  fault: StorageFault,
  now: Date,
): { readonly status: number; readonly headers: Record<string, string>; readonly body: string } {
  const requestId = randomUUID();
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${fault.code}</Code><Message>${escapeXml(fault.message)}\nRequestId:${requestId}\nTime:${now.toISOString()}</Message></Error>`;
  return {
    status: fault.status,
    headers: {
      ...fault.headers,
      'content-type': 'application/xml',
      'content-length': String(Buffer.byteLength(body)),
      'x-ms-error-code': fault.code,
      'x-ms-request-id': requestId,
      'x-ms-version': '2026-06-06',
    },
    body,
  };
}
