import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RegistryError } from './registryError';

export const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

interface Upload {
  readonly file: string;
  readonly repository: string;
  sizeBytes: number;
  busy: boolean;
}

/** Contents by digest on disk. Nothing gets a digest's name before its bytes have been hashed. */
export class BlobStore {
  private readonly blobs: string;
  private readonly uploadDirectory: string;
  private readonly uploads = new Map<string, Upload>();

  constructor(
    directory: string,
    private readonly maxBlobBytes: number,
  ) {
    this.blobs = join(directory, 'blobs', 'sha256');
    this.uploadDirectory = join(directory, 'uploads');
    rmSync(this.uploadDirectory, { recursive: true, force: true });
    for (const folder of [this.blobs, this.uploadDirectory]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  file(digest: string): string {
    if (!digestPattern.test(digest))
      throw new RegistryError(400, 'DIGEST_INVALID', `expected sha256:<64 hex digits>, got ${digest.slice(0, 100)}`);
    return join(this.blobs, digest.slice('sha256:'.length));
  }
  has(digest: string): boolean {
    return existsSync(this.file(digest));
  }
  sizeBytes(digest: string): number {
    return statSync(this.file(digest)).size;
  }
  stream(digest: string, range?: { start: number; end: number }): Readable {
    return createReadStream(this.file(digest), range);
  }
  /** Reads a small content whole and checks it against its name again. */
  async read(digest: string): Promise<Buffer> {
    const content = await readFile(this.file(digest));
    if (digestOf(content) !== digest)
      throw new RegistryError(500, 'DIGEST_INVALID', `the stored content of ${digest} has another digest: it was changed on disk`);
    return content;
  }
  put(content: Buffer): string {
    const digest = digestOf(content);
    if (!this.has(digest)) {
      const temporary = join(this.uploadDirectory, randomUUID());
      writeFileSync(temporary, content, { mode: 0o600 });
      renameSync(temporary, this.file(digest));
    }
    return digest;
  }
  async remove(digest: string): Promise<void> {
    await unlink(this.file(digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  /** Removes in one go whatever nobody holds at that moment, so that no upload comes in between. */
  keepOnly(digests: ReadonlySet<string>): void {
    for (const name of readdirSync(this.blobs)) if (!digests.has(`sha256:${name}`)) rmSync(join(this.blobs, name), { force: true });
  }

  startUpload(repository: string): string {
    const id = randomUUID();
    this.uploads.set(id, { file: join(this.uploadDirectory, id), repository, sizeBytes: 0, busy: false });
    return id;
  }
  upload(id: string, repository: string): { readonly sizeBytes: number } {
    const upload = this.uploads.get(id);
    if (!upload || upload.repository !== repository)
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', `there is no upload ${id} in this repository`);
    return upload;
  }

  async append(id: string, repository: string, content: Readable): Promise<number> {
    const upload = this.upload(id, repository) as Upload;
    if (upload.busy) throw new RegistryError(409, 'BLOB_UPLOAD_INVALID', 'another chunk of this upload is being received');
    upload.busy = true;
    const limit = this.maxBlobBytes;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        upload.sizeBytes += chunk.length;
        done(upload.sizeBytes > limit ? new RegistryError(413, 'SIZE_INVALID', `a blob may have at most ${limit} bytes`) : null, chunk);
      },
    });
    try {
      await pipeline(content, count, createWriteStream(upload.file, { flags: 'a', mode: 0o600 }));
      return upload.sizeBytes;
    } catch (error) {
      this.cancel(id, repository);
      throw error;
    } finally {
      upload.busy = false;
    }
  }

  /** The upload becomes the blob of that digest, or is thrown away. */
  async complete(id: string, repository: string, digest: string): Promise<number> {
    const upload = this.upload(id, repository) as Upload;
    const target = this.file(digest);
    this.uploads.delete(id);
    if (upload.sizeBytes === 0) writeFileSync(upload.file, '');
    const hash = createHash('sha256');
    await pipeline(createReadStream(upload.file), hash);
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== digest) {
      rmSync(upload.file, { force: true });
      throw new RegistryError(400, 'DIGEST_INVALID', `provided digest did not match uploaded content: expected ${digest}, got ${found}`);
    }
    renameSync(upload.file, target);
    return upload.sizeBytes;
  }
  cancel(id: string, repository: string): void {
    const upload = this.upload(id, repository) as Upload;
    this.uploads.delete(id);
    rmSync(upload.file, { force: true });
  }
}
