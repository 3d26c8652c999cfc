import { randomUUID, X509Certificate } from 'node:crypto';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { base64urlThumbprint } from '../../contracts/thumbprint';
import type { Principal } from '../region/tokenAuthority';

export interface ApplicationCertificate {
  readonly keyId: string;
  readonly pem: string;
  readonly startDate: string;
  readonly endDate: string;
}
/** `objectId` is the application's own; what roles are given to is the service principal's. */
export interface Application {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly servicePrincipalId?: string;
  readonly certificates: readonly ApplicationCertificate[];
}

export class ApplicationError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Both thumbprints that an assertion's header may name, base64url as in a JWT. */
export function thumbprints(pem: string): { sha1: string; sha256: string } {
  const { fingerprint, fingerprint256 } = new X509Certificate(pem);
  return { sha1: base64urlThumbprint(fingerprint), sha256: base64urlThumbprint(fingerprint256) };
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ApplicationError('KeyCredentialsInvalid', 'expected a PEM certificate (-----BEGIN CERTIFICATE-----) as the key credential');
  }
}

/** Applications of the tenant, their service principals and the public certificates they sign in with. */
export class Applications {
  constructor(private readonly store: AppendOnlyStore<Application>) {}

  register(displayName: string, objectId: string = randomUUID()): Application {
    const known = this.store.get(objectId);
    const application: Application = known
      ? { ...known, displayName }
      : { objectId, clientId: randomUUID(), displayName, certificates: [] };
    this.store.set(objectId, application);
    return application;
  }
  application(objectId: string): Application | undefined {
    return this.store.get(objectId);
  }
  byClientId(clientId: string): Application | undefined {
    return [...this.store.values()].find((application) => application.clientId === clientId.toLowerCase());
  }
  unregister(objectId: string): void {
    this.store.delete(objectId);
  }

  /** Idempotent: an application has one service principal in its own tenant. */
  addServicePrincipal(clientId: string): Principal {
    const application = this.byClientId(clientId);
    if (!application) throw new ApplicationError('NoBackingApplicationObject', `there is no application with the client id ${clientId}`);
    const servicePrincipalId = application.servicePrincipalId ?? randomUUID();
    this.store.set(application.objectId, { ...application, servicePrincipalId });
    return { objectId: servicePrincipalId, clientId: application.clientId, displayName: application.displayName };
  }
  removeServicePrincipal(servicePrincipalId: string): void {
    for (const application of this.store.values()) {
      if (application.servicePrincipalId === servicePrincipalId)
        this.store.set(application.objectId, {
          objectId: application.objectId,
          clientId: application.clientId,
          displayName: application.displayName,
          certificates: application.certificates,
        });
    }
  }
  *servicePrincipals(): Iterable<Principal> {
    for (const { servicePrincipalId, clientId, displayName } of this.store.values())
      if (servicePrincipalId !== undefined) yield { objectId: servicePrincipalId, clientId, displayName };
  }

  /** The same certificate for the same time keeps its key id. `endDate` may shorten the certificate's own validity, never extend it. */
  addCertificate(
    objectId: string,
    pem: string,
    options: { keyId?: string; startDate?: string; endDate?: string } = {},
  ): ApplicationCertificate {
    const application = this.store.get(objectId);
    if (!application)
      throw new ApplicationError(
        'Request_ResourceNotFound',
        `Resource '${objectId}' does not exist or one of its queried reference-property objects are not present.`,
      );
    const certificate = certificateOf(pem);
    const endDate = options.endDate === undefined ? certificate.validToDate : new Date(options.endDate);
    if (endDate > certificate.validToDate)
      throw new ApplicationError(
        'KeyCredentialsInvalidEndDate',
        `the key credential ends ${endDate.toISOString()}, after its certificate (${certificate.validToDate.toISOString()})`,
      );
    const same = application.certificates.find((certificate) => thumbprints(certificate.pem).sha256 === thumbprints(pem).sha256);
    const validity = { startDate: options.startDate ?? certificate.validFromDate.toISOString(), endDate: endDate.toISOString() };
    const unchanged = same && same.startDate === validity.startDate && same.endDate === validity.endDate ? same : undefined;
    const added: ApplicationCertificate = { keyId: options.keyId ?? unchanged?.keyId ?? randomUUID(), pem, ...validity };
    this.store.set(objectId, {
      ...application,
      certificates: [...application.certificates.filter((certificate) => certificate !== same && certificate.keyId !== added.keyId), added],
    });
    return added;
  }
  removeCertificate(objectId: string, keyId: string): void {
    const application = this.store.get(objectId);
    if (application)
      this.store.set(objectId, {
        ...application,
        certificates: application.certificates.filter((certificate) => certificate.keyId !== keyId),
      });
  }
}
