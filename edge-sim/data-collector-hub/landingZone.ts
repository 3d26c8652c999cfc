import { readFile } from 'node:fs/promises';
import { ClientCertificateCredential } from '@azure/identity';
import { BlobServiceClient, RestError, type ContainerClient } from '@azure/storage-blob';
import type { DataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import type { Log } from '../../contracts/program/log';

const uploadMs = 300_000;
const retryOptions = { maxTries: 3, tryTimeoutInMs: 120_000, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 };

/** Where batches go. Writing the same name again leaves what is there and is no error: a name stands for one content for good. */
export interface BatchStore {
  putOnce(name: string, content: Buffer, contentType: string): Promise<void>;
}

/** An adder has no right to replace, so Storage answers a second write with one refusal or the other. */
const isThere = (error: unknown) =>
  error instanceof RestError &&
  ((error.statusCode === 409 && error.code === 'BlobAlreadyExists') ||
    (error.statusCode === 403 && error.code === 'UnauthorizedBlobOverwrite'));

/** Step 13c: the landing zone, reached with the factory's certificate, which may add blobs and nothing else. */
export class LandingZone implements BatchStore {
  private signedIn: { readonly container: ContainerClient; readonly certificate: string } | undefined;

  constructor(
    private readonly settings: DataCollectorHubSettings,
    private readonly log: Log,
  ) {}

  /** The platform renews the certificate's file below the running program, and a credential keeps the one that it was made with. */
  private async connect(): Promise<ContainerClient> {
    const { settings } = this;
    const certificate = await readFile(settings.AAD_CLIENT_CERTIFICATE_PATH, 'utf8');
    if (this.signedIn?.certificate !== certificate) {
      const credential = new ClientCertificateCredential(
        settings.AAD_TENANT_ID,
        settings.AAD_CLIENT_ID,
        { certificate },
        {
          authorityHost: settings.AZURE_AUTHORITY_HOST,
          disableInstanceDiscovery: settings.DISABLE_INSTANCE_DISCOVERY === 'true',
        },
      );
      this.signedIn = {
        certificate,
        container: new BlobServiceClient(settings.EDGE_BLOB_ENDPOINT, credential, { retryOptions }).getContainerClient(
          settings.LANDING_ZONE_CONTAINER,
        ),
      };
    }
    return this.signedIn.container;
  }

  async putOnce(name: string, content: Buffer, contentType: string): Promise<void> {
    try {
      const container = await this.connect();
      // One Put Blob: blocks would need the right to write.
      await container.getBlockBlobClient(name).upload(content, content.length, {
        blobHTTPHeaders: { blobContentType: contentType },
        conditions: { ifNoneMatch: '*' },
        abortSignal: AbortSignal.timeout(uploadMs),
      });
    } catch (error) {
      if (isThere(error)) return this.log('info', 'was in the landing zone already', { blob: name });
      // The next attempt signs in anew.
      this.signedIn = undefined;
      throw error;
    }
  }
}
