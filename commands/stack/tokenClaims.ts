import { z } from 'zod';

const claims = z.object({
  oid: z.string(),
  tid: z.string(),
  idtyp: z.string().optional(),
  upn: z.string().optional(),
  unique_name: z.string().optional(),
  appid: z.string().optional(),
  roles: z.array(z.string()).default([]),
  wids: z.array(z.string()).default([]),
});

/** Who a token is for. Read to know whom to ask about, never to trust. */
export interface Claims {
  readonly objectId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly isApplication: boolean;
  readonly roles: readonly string[];
  readonly wids: readonly string[];
}

export function readClaims(token: string): Claims | undefined {
  try {
    const {
      oid,
      tid,
      idtyp,
      upn,
      unique_name: uniqueName,
      appid,
      roles,
      wids,
    } = claims.parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
    return { objectId: oid, tenantId: tid, name: upn ?? uniqueName ?? appid ?? oid, isApplication: idtyp === 'app', roles, wids };
  } catch {
    return undefined;
  }
}
