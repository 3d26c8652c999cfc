import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContentHashes } from '../../../../components/programs/contentHashes';
import { readAnswer } from '../../../../components/resource/deployCommand';
import { environmentVersionOf } from '../../../../components/training/trainingEnvironment';
import { blobDatastorePlace } from '../../../../components/training/datastorePlace';
import { nodeVersionProblem } from '../../../../components/programs/nodeVersion';
import { programs } from '../../../../contracts/programs';
import { builtImage } from '../../../../contracts/settings/buildImage';

const directory = mkdtempSync(join(tmpdir(), 'hashes-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('content hashes', () => {
  it('say what to do when nothing has been bundled, or only a part', () => {
    expect(() => readContentHashes(join(directory, 'images.json'))).toThrow(/images\.json does not exist: run npm run build first/);
    writeFileSync(join(directory, 'partial.json'), JSON.stringify({ train: 'a'.repeat(64) }));
    expect(() => readContentHashes(join(directory, 'partial.json'))).toThrow(/does not name every program/);
  });
  it('are read for every program', () => {
    writeFileSync(
      join(directory, 'all.json'),
      JSON.stringify(Object.fromEntries(Object.keys(programs).map((name) => [name, 'b'.repeat(64)]))),
    );
    expect(readContentHashes(join(directory, 'all.json')).train).toBe('b'.repeat(64));
  });
});

describe('a built image', () => {
  it('is taken by digest only', () => {
    const read = (stdout: string) => readAnswer('build-image of train', builtImage, stdout).image;
    expect(read(`{"image":"r.io/train@sha256:${'c'.repeat(64)}"}`)).toBe(`r.io/train@sha256:${'c'.repeat(64)}`);
    expect(() => read('{"image":"r.io/train:latest"}')).toThrow(
      /build-image of train answered .*r\.io\/train:latest.*, expected image: <registry>\/<name>@sha256:…: look at its log/,
    );
  });
  it('names the version of the training environment, so that a new image is a new version, and an old one that comes back is one, too', () => {
    expect(environmentVersionOf(`r.io/train@sha256:${'c'.repeat(64)}`, 'abc123')).toBe(`${'c'.repeat(16)}-abc123`);
    expect(environmentVersionOf(`r.io/train@sha256:${'d'.repeat(64)}`, 'abc123')).not.toBe(`${'c'.repeat(16)}-abc123`);
    expect(environmentVersionOf('a-registry-with-a-long-name.azurecr.io/train:latest', 'abc123')).toMatch(/^[A-Za-z0-9-]{1,30}$/);
  });
});

describe('places', () => {
  it.each([
    ['https://acc.blob.core.windows.net/', { protocol: 'https', endpoint: 'core.windows.net' }],
    ['https://acc.blob.core.chinacloudapi.cn/', { protocol: 'https', endpoint: 'core.chinacloudapi.cn' }],
    ['https://localhost:4711/acc', { protocol: 'https', endpoint: 'localhost:4711' }],
  ])('of a datastore follow from %s', (blobEndpoint, place) => {
    expect(blobDatastorePlace(blobEndpoint)).toEqual(place);
  });
});

describe('the Node version', () => {
  it('is checked with one clear line', () => {
    expect(nodeVersionProblem('v20.20.2')).toMatch(/needs Node 22 or newer, this is v20\.20\.2/);
    expect([nodeVersionProblem('v22.0.0'), nodeVersionProblem('v24.21.0')]).toEqual([undefined, undefined]);
  });
});
