import type { AccessToken, TokenCredential } from '@azure/identity';
import type { LocalRegion } from '../local-azure/localRegion';
import type { Principal } from '../local-azure/region/tokenAuthority';

/** Signs a person in at the region: tokens of its authority for one principal. */
export const regionCredential = (region: LocalRegion, principal: Principal): TokenCredential => ({
  async getToken(scopes): Promise<AccessToken> {
    const audience = (Array.isArray(scopes) ? (scopes[0] ?? '') : scopes).replace(/\/\.default$/, '');
    const { token, expiresOn } = region.context.authority.issue(principal, audience);
    return { token, expiresOnTimestamp: expiresOn * 1_000 };
  },
});
