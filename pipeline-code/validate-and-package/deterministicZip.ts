import { ZipFile } from 'yazl';

interface ZipEntry {
  readonly name: string;
  readonly content: Buffer | string;
}

/**
 * DOS times have no zone, so a local date far from the edges gives the same bytes in every zone. Entries are stored, not
 * compressed: compressed bytes differ between builds of zlib, and the digest is the identity of the package.
 */
const options = { mtime: new Date(1990, 0, 1), mode: 0o100644, forceDosTimestamp: true, compress: false };

/** A zip whose bytes depend on the entries alone. A name that ends in a slash is a directory. */
export async function deterministicZip(entries: readonly ZipEntry[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, content } of entries) {
    if (name.endsWith('/')) zip.addEmptyDirectory(name, { mtime: options.mtime, mode: 0o40755, forceDosTimestamp: true });
    else zip.addBuffer(Buffer.from(content), name, options);
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
