import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AnonymousCredential, BlobClient, RestError } from '@azure/storage-blob';
import { messageOf } from '../../contracts/program/log';

interface Downloaded {
  readonly sha256: string;
  readonly sizeBytes: number;
}
export type Download = (url: string, file: string, maxBytes: number, stop: AbortSignal) => Promise<Downloaded>;

export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  constructor(
    message: string,
    /** A new link or a later attempt may help. */
    readonly transient: boolean,
  ) {
    super(message);
  }
}
const timeoutMs = 15 * 60_000;

/** Says what went wrong without the link, which is a secret while it lasts. */
function explained(error: unknown): DownloadError {
  if (error instanceof DownloadError) return error;
  if (error instanceof RestError && error.statusCode !== undefined) {
    const final = error.statusCode === 404 || error.statusCode === 400;
    return new DownloadError(`the storage account answered ${error.statusCode} ${error.code ?? ''}`.trim(), !final);
  }
  return new DownloadError(
    `the download broke off: ${messageOf(error)
      .replaceAll(/https?:\/\/\S+/g, '<link>')
      .slice(0, 300)}`,
    true,
  );
}

/** Downloads the blob of a presigned link; the file appears under its name only when it is complete. */
export const downloadPackage: Download = async (url, file, maxBytes, stop) => {
  if (!url.startsWith('https://')) throw new DownloadError('expected a link with https', false);
  const part = `${file}.part`;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  try {
    const client = new BlobClient(url, new AnonymousCredential(), {
      retryOptions: { maxTries: 3, tryTimeoutInMs: 60_000, maxRetryDelayInMs: 5_000 },
    });
    const response = await client.download(0, undefined, { abortSignal: signal, maxRetryRequests: 3 });
    const tooLarge = (bytes: number) => new DownloadError(`expected a package of at most ${maxBytes} bytes, got ${bytes}`, false);
    if ((response.contentLength ?? 0) > maxBytes) throw tooLarge(response.contentLength as number);
    if (!response.readableStreamBody) throw new DownloadError('expected a body', true);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const measure = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        sizeBytes += chunk.length;
        hash.update(chunk);
        done(sizeBytes > maxBytes ? tooLarge(sizeBytes) : null, chunk);
      },
    });
    await pipeline(response.readableStreamBody, measure, createWriteStream(part, { mode: 0o600 }), { signal });
    await rename(part, file);
    return { sha256: hash.digest('hex'), sizeBytes };
  } catch (error) {
    await rm(part, { force: true });
    throw explained(error);
  }
};
