import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import { archiveProblem, extractZip, type ZipLimits } from '../../../../edge-sim/inference-server/extractZip';
import { zipOf, type Files } from '../../support/samplePackage';

const limits: ZipLimits = { maxEntries: 10, maxTotalBytes: 50_000_000, maxRatio: 100 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'factory-loop-zip-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function extract(content: Buffer, with_ = limits): Promise<void> {
  const file = join(directory, 'archive.zip');
  writeFileSync(file, content);
  await extractZip(file, join(directory, 'out'), with_);
}
/** Writes a harmless archive and puts another name of the same length into its headers. */
const renamed = async (from: string, to: string, others: Files = {}) => {
  const zip = await zipOf({ [from]: 'content', ...others });
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
};
async function compressed(name: string, content: Buffer, mode = 0o100644): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(content, name, { compress: true, mode });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

it('unpacks files and directories', async () => {
  await extract(await zipOf({ 'a.txt': 'one', 'deep/b.txt': 'two' }));
  expect(readFileSync(join(directory, 'out', 'a.txt'), 'utf8')).toBe('one');
  expect(readFileSync(join(directory, 'out', 'deep', 'b.txt'), 'utf8')).toBe('two');
});

it.each(['../../a.txt', '/xx/a.txt', 'aa/../../b', 'C:/abc.txt', 'aa\\..\\b.t', './abc.txt', 'aa//b.txt'])(
  'refuses the path %s and writes nothing',
  async (name) => {
    await expect(extract(await renamed('x'.repeat(name.length), name))).rejects.toThrow('the archive is refused');
    expect(existsSync(join(directory, 'out'))).toBe(false);
    expect(existsSync(join(directory, '..', 'a.txt'))).toBe(false);
  },
);

it('refuses symbolic links', async () => {
  await expect(extract(await compressed('link', Buffer.from('/etc/passwd'), 0o120777))).rejects.toThrow('link');
});

it('refuses one path twice, in whatever case', async () => {
  await expect(extract(await renamed('first.txt', 'Other.txt', { 'other.txt': '2' }))).rejects.toThrow('twice');
});

it('refuses an archive that would grow beyond the ratio or the size', async () => {
  const zeros = await compressed('zeros', Buffer.alloc(20_000_000));
  await expect(extract(zeros)).rejects.toThrow('at most 100 bytes for each packed byte');
  await expect(extract(zeros, { ...limits, maxTotalBytes: 1_000_000 })).rejects.toThrow('at most 1000000 bytes unpacked');
  expect(existsSync(join(directory, 'out'))).toBe(false);
});

it('refuses an entry that yields more bytes than it declares', async () => {
  const content = await compressed('liar', Buffer.alloc(1_000_000, 'a'));
  const declared = Buffer.alloc(4);
  declared.writeUInt32LE(1_000_000);
  const smaller = Buffer.alloc(4);
  smaller.writeUInt32LE(1_000);
  await expect(
    extract(Buffer.from(content.toString('latin1').replaceAll(declared.toString('latin1'), smaller.toString('latin1')), 'latin1')),
  ).rejects.toThrow('the archive is refused');
});

it('refuses too many entries, and what is no archive', async () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`f${index}`, '']));
  await expect(extract(await zipOf(many))).rejects.toThrow('at most 10 entries');
  await expect(extract(Buffer.from('MZ not a zip'))).rejects.toThrow('the archive is refused');
});

it('refuses encrypted entries before reading them', () => {
  expect(
    archiveProblem([{ fileName: 'a', uncompressedSize: 1, externalFileAttributes: 0, generalPurposeBitFlag: 1 }], 100, limits),
  ).toContain('encrypted');
});
