import type { X509Certificate } from 'node:crypto';
import { thumbprintOf } from '../../contracts/thumbprint';
import { CertificateError, type SiteKeys } from './siteKeys';

/** Whether this takes a key away from the site, or the site over to another one: then the one that stays must be known to Azure. */
export function certificateToKnow(action: 'rotate' | 'revoke', which: string | undefined, keys: SiteKeys) {
  const next = keys.find('next');
  if (action === 'rotate') return next;
  const previous = keys.find('previous');
  const meant = which?.replaceAll(':', '').toUpperCase();
  return previous !== undefined && (which === 'previous' || meant === previous.thumbprint) ? keys.current() : undefined;
}

/** The stack's file says what was asked for, the outputs what was deployed. Throws where the site would be left with a certificate that Azure does not know. */
export function requireDeployed(thumbprint: string, deployed: readonly X509Certificate[]): void {
  if (deployed.some((certificate) => thumbprintOf(certificate) === thumbprint)) return;
  throw new CertificateError(
    `Azure does not know ${thumbprint.slice(0, 16)}… yet, and the site would be left with it alone: run pulumi up first.`,
  );
}
