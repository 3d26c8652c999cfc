import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { type z } from 'zod';
import { credential } from './credential';

const retryOptions = { maxTries: 4, tryTimeoutInMs: 60_000, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 };

export const blobService = (endpoint: string) => new BlobServiceClient(endpoint, credential(), { retryOptions });
export const blobContainer = (endpoint: string, name: string): ContainerClient => blobService(endpoint).getContainerClient(name);

const statusOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);
export const isNotFound = (error: unknown) => statusOf(error) === 404 && codeOf(error) !== 'ContainerNotFound';
/** A condition (If-None-Match, If-Match, lease) did not hold. */
export const isConflict = (error: unknown) => statusOf(error) === 409 || statusOf(error) === 412;

/** A whole blob in memory; undefined when it is not there. Refuses more than `maxBytes` before it has read them. */
export async function readBlob(
  container: ContainerClient,
  name: string,
  maxBytes: number,
): Promise<{ readonly content: Buffer; readonly etag: string } | undefined> {
  try {
    const response = await container.getBlobClient(name).download(0, undefined, { abortSignal: AbortSignal.timeout(300_000) });
    const size = response.contentLength ?? 0;
    if (size > maxBytes) throw new Error(`${container.containerName}/${name} has ${size} bytes, at most ${maxBytes} are accepted`);
    const chunks: Buffer[] = [];
    for await (const chunk of response.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
    return { content: Buffer.concat(chunks), etag: response.etag ?? '' };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A JSON blob that obeys its schema; undefined when it is not there. */
export async function readJsonBlob<T extends z.ZodType>(
  container: ContainerClient,
  name: string,
  schema: T,
  maxBytes = 4 * 1024 * 1024,
): Promise<{ readonly value: z.output<T>; readonly etag: string } | undefined> {
  const blob = await readBlob(container, name, maxBytes);
  if (blob === undefined) return undefined;
  const result = schema.safeParse(JSON.parse(blob.content.toString('utf8')));
  if (!result.success)
    throw new Error(
      `${container.containerName}/${name} is not what it should be: ${result.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .slice(0, 5)
        .join('; ')}`,
    );
  return { value: result.data, etag: blob.etag };
}

/** Streams a blob into a file. The digest is of what was received; `ifMatch` makes sure that it is the version meant. */
export async function downloadBlob(
  container: ContainerClient,
  name: string,
  file: string,
  limits: { readonly maxBytes: number; readonly ifMatch?: string },
): Promise<{ readonly sha256: string; readonly sizeBytes: number; readonly etag: string }> {
  const response = await container
    .getBlobClient(name)
    .download(0, undefined, { conditions: { ifMatch: limits.ifMatch }, maxRetryRequests: 3, abortSignal: AbortSignal.timeout(3_600_000) });
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      hash.update(chunk);
      if (sizeBytes > limits.maxBytes)
        done(new Error(`${container.containerName}/${name} is larger than the ${limits.maxBytes} bytes accepted`));
      else done(null, chunk);
    },
  });
  if (response.readableStreamBody === undefined) throw new Error(`${container.containerName}/${name} came without a body`);
  await pipeline(response.readableStreamBody, meter, createWriteStream(file));
  return { sha256: hash.digest('hex'), sizeBytes, etag: response.etag ?? '' };
}

/** Writes a blob whatever was there. */
export async function writeBlob(
  container: ContainerClient,
  name: string,
  content: Buffer | string,
  contentType: string,
  conditions: { ifNoneMatch?: string; ifMatch?: string } = {},
): Promise<string> {
  const body = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const response = await container
    .getBlockBlobClient(name)
    .uploadData(body, { blobHTTPHeaders: { blobContentType: contentType }, conditions, abortSignal: AbortSignal.timeout(300_000) });
  return response.etag ?? '';
}

/** Writes a file as a blob, block by block: it need not fit into memory. */
export async function writeBlobFile(container: ContainerClient, name: string, file: string, contentType: string): Promise<void> {
  await container
    .getBlockBlobClient(name)
    .uploadFile(file, { blobHTTPHeaders: { blobContentType: contentType }, abortSignal: AbortSignal.timeout(900_000) });
}

/** Writes a blob only where there is none; false when there was one, which then stays as it is. */
export async function writeBlobOnce(
  container: ContainerClient,
  name: string,
  content: Buffer | string,
  contentType: string,
): Promise<boolean> {
  try {
    await writeBlob(container, name, content, contentType, { ifNoneMatch: '*' });
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
