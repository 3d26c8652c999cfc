import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryClient, ContainerRegistryContentClient, type OciImageManifest } from '@azure/container-registry';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { gzip, writeTar } from '../../local-azure/container-registry/tarball';
import { armId } from '../../local-azure/region/armId';
import { buildProgramImage } from '../../deploy-programs/build-image/buildImage';
import { platformRegion, type PlatformRegion } from './support/platformRegion';

const registryId = armId('rg', 'Microsoft.ContainerRegistry/registries', 'factoryloop1');
let region: PlatformRegion;
let loginServer: string;
let pusher: Principal;
let puller: Principal;
let nobody: Principal;

beforeAll(async () => {
  region = await platformRegion();
  ({ loginServer } = await region.registry.putRegistry({ id: registryId, name: 'factoryloop1', armAudience: false }));
  [pusher, puller, nobody] = ['pusher', 'puller', 'nobody'].map((name) => region.identity(name)) as [Principal, Principal, Principal];
  region.assign(pusher, 'acrPush', registryId);
  region.assign(puller, 'acrPull', registryId);
});
afterAll(() => region.stop());

const content = (who: Principal, repository = 'edge/package') =>
  new ContainerRegistryContentClient(`https://${loginServer}`, repository, region.credential(who), { retryOptions: { maxRetries: 0 } });
const registryClient = (who: Principal) =>
  new ContainerRegistryClient(`https://${loginServer}`, region.credential(who), { retryOptions: { maxRetries: 0 } });
async function push(who: Principal, payload: Buffer, tag: string, repository?: string) {
  const client = content(who, repository);
  const config = await client.uploadBlob(Buffer.from('{}'));
  const layer = await client.uploadBlob(payload);
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.example',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: config.digest, size: config.sizeInBytes },
    layers: [{ mediaType: 'application/zip', digest: layer.digest, size: layer.sizeInBytes }],
    annotations: { 'org.opencontainers.image.version': tag },
  };
  return { layer, ...(await client.setManifest(manifest as OciImageManifest, { tag })) };
}
async function download(who: Principal, digest: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await content(who).downloadBlob(digest)).content as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('artifacts through the genuine client', () => {
  it('come back as they were pushed, by tag and by digest, and are listed with their tags', async () => {
    const payload = Buffer.alloc(9 * 1024 * 1024, 'package');
    const pushed = await push(pusher, payload, '1');
    const byTag = await content(puller).getManifest('1');
    expect(byTag.digest).toBe(pushed.digest);
    expect((byTag.manifest as { annotations?: Record<string, string> }).annotations).toEqual({ 'org.opencontainers.image.version': '1' });
    expect((await download(puller, pushed.layer.digest)).equals(payload)).toBe(true);
    const names: string[] = [];
    for await (const name of registryClient(puller).listRepositoryNames()) names.push(name);
    expect(names).toContain('edge/package');
    const tags: string[] = [];
    for await (const tag of registryClient(puller).getArtifact('edge/package', pushed.digest).listTagProperties()) tags.push(tag.name);
    expect(tags).toEqual(['1']);
    const properties = await registryClient(puller).getArtifact('edge/package', '1').getManifestProperties();
    expect(properties).toMatchObject({ digest: pushed.digest, tags: ['1'], repositoryName: 'edge/package' });
  });

  it('cannot be pushed with AcrPull or pulled without a role, and the refusal is kept with its scope', async () => {
    await expect(push(puller, Buffer.from('x'), '2')).rejects.toMatchObject({ statusCode: 401 });
    await expect(content(nobody).getManifest('1')).rejects.toMatchObject({ statusCode: 401 });
    expect(region.context.gate.denials.at(-1)).toMatchObject({
      status: 403,
      identity: 'nobody',
      action: 'Microsoft.ContainerRegistry/registries/pull/read',
      scope: registryId,
      rolesThatGrant: expect.arrayContaining(['AcrPull']) as unknown,
    });
  });

  it('are refused at once when the role is taken away, with a token that is still valid', async () => {
    const guest = region.identity('guest');
    const assignment = region.assign(guest, 'acrPull', registryId);
    const client = content(guest);
    await client.getManifest('1');
    region.context.roles.unassign(assignment);
    await expect(client.getManifest('1')).rejects.toMatchObject({ statusCode: 401 });
  });

  it('are refused whole when a part is missing or lies in another repository', async () => {
    const { digest: known } = await content(pusher).uploadBlob(Buffer.from('honest'));
    await expect(
      content(pusher).setManifest(
        {
          schemaVersion: 2,
          config: { mediaType: 'a', digest: known, size: 6 },
          layers: [{ mediaType: 'b', digest: `sha256:${'0'.repeat(64)}`, size: 1 }],
        } as OciImageManifest,
        { tag: 'broken' },
      ),
    ).rejects.toThrow(/MANIFEST_BLOB_UNKNOWN/);
    await expect(content(puller).getManifest('broken')).rejects.toMatchObject({ statusCode: 404 });
    await expect(content(puller, 'other/repository').downloadBlob(known)).rejects.toMatchObject({ statusCode: 404 });
  });
});

it('an upload under a digest that is not its own is thrown away', async () => {
  const form = async (path: string, fields: Record<string, string>) =>
    (await (
      await fetch(`https://${loginServer}${path}`, { method: 'POST', body: new URLSearchParams({ service: loginServer, ...fields }) })
    ).json()) as Record<string, string>;
  const { refresh_token = '' } = await form('/oauth2/exchange', {
    grant_type: 'access_token',
    access_token: region.context.authority.issue(pusher, 'https://containerregistry.azure.net').token,
  });
  const { access_token = '' } = await form('/oauth2/token', {
    grant_type: 'refresh_token',
    refresh_token,
    scope: 'repository:edge/package:pull,push',
  });
  const call = (path: string, method: string, body?: string) =>
    fetch(`https://${loginServer}${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}` },
      ...(body === undefined ? {} : { body }),
    });
  const claimed = `sha256:${'1'.repeat(64)}`;
  const upload = (await call('/v2/edge/package/blobs/uploads/', 'POST')).headers.get('location') ?? '';
  expect((await call(upload, 'PATCH', 'other content')).status).toBe(202);
  const completed = await call(`${upload}?digest=${claimed}`, 'PUT');
  expect([completed.status, await completed.text()]).toEqual([400, expect.stringContaining('DIGEST_INVALID')]);
  expect((await call(`/v2/edge/package/blobs/${claimed}`, 'HEAD')).status).toBe(404);
  expect((await call(upload, 'PATCH', 'more')).status).toBe(404);
  expect((await call('/v2/another/blobs/uploads/', 'POST')).status).toBe(401);
});

const directory = mkdtempSync(join(tmpdir(), 'context-'));
const dockerfile = (text: string) => writeFileSync(join(directory, 'Dockerfile'), text);
const environment = () => ({
  REGISTRY_ID: registryId,
  REGISTRY_LOGIN_SERVER: loginServer,
  PROGRAM: 'sample',
  CONTENT_HASH: 'a'.repeat(64),
  CONTEXT_DIRECTORY: directory,
  AZURE_RESOURCE_MANAGER_ENDPOINT: region.resourceManager.endpoint,
  AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
  ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
});
const build = (over: Record<string, string> = {}, who = region.entra.deployer) =>
  buildProgramImage({ ...environment(), ...over }, region.credential(who));

describe('images', () => {
  beforeAll(() => writeFileSync(join(directory, 'index.js'), 'console.log("hello")'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('are built from a folder, found again by content, and run from where WORKDIR says', async () => {
    dockerfile(
      '# base\nFROM node:24-bookworm-slim\nWORKDIR /app\nENV NODE_ENV=production \\\n  GREETING="good day"\nCOPY . .\nRUN npm install --omit=dev\nUSER node\nCMD ["node", "index.js"]\n',
    );
    const { image } = await build();
    expect(image).toMatch(new RegExp(`^${loginServer}/sample@sha256:[0-9a-f]{64}$`));
    const unpacked = await region.registry.pull(image, puller);
    expect(readFileSync(join(unpacked.directory, 'index.js'), 'utf8')).toBe('console.log("hello")');
    expect(unpacked).toMatchObject({
      command: ['node', 'index.js'],
      environment: { NODE_ENV: 'production', GREETING: 'good day' },
      digest: image.split('@')[1],
    });
    expect(unpacked.directory.endsWith('/app')).toBe(true);
    dockerfile('FROM broken');
    expect(await build()).toEqual({ image });
    expect(await region.registry.pull(`${loginServer}/sample:${'a'.repeat(16)}`, puller)).toEqual(unpacked);
  });

  it('cannot name a working directory outside of themselves, nor be unpacked when a layer was changed on disk', async () => {
    const client = content(pusher, 'pushed');
    const tar = await writeTar(new Map([['index.js', { content: Buffer.from('1'), executable: false }]]));
    const config = await client.uploadBlob(
      Buffer.from(
        JSON.stringify({
          config: { WorkingDir: '../../../outside' },
          rootfs: { diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] },
        }),
      ),
    );
    const layer = await client.uploadBlob(gzip(tar));
    const manifest = (annotations: Record<string, string>) =>
      ({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        annotations,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.sizeInBytes },
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: layer.digest, size: layer.sizeInBytes }],
      }) as OciImageManifest;
    const { digest } = await client.setManifest(manifest({}), { tag: 'first' });
    const unpacked = await region.registry.pull(`${loginServer}/pushed:first`, puller);
    expect(unpacked.directory).toBe(join(region.directory, 'container-registry', 'images', digest.slice(7), 'outside'));
    await client.setManifest(manifest({ other: 'digest' }), { tag: 'second' });
    writeFileSync(
      join(region.directory, 'container-registry', 'blobs', 'sha256', layer.digest.slice(7)),
      gzip(await writeTar(new Map([['index.js', { content: Buffer.from('2'), executable: false }]]))),
    );
    await expect(region.registry.pull(`${loginServer}/pushed:second`, puller)).rejects.toThrow(/was changed on disk/);
  });

  it('begin with a copy of their base image in their own registry, imported once', async () => {
    const digest = `sha256:${'d'.repeat(64)}`;
    dockerfile(`ARG BASE_IMAGE=node:24-bookworm-slim@${digest}\nFROM \${BASE_IMAGE}\nWORKDIR /app\nCOPY . .\nCMD ["node", "index.js"]\n`);
    const { image } = await build({ CONTENT_HASH: '1'.repeat(64) });
    await build({ CONTENT_HASH: '1'.repeat(64), PROGRAM: 'another' });
    const { manifest } = await content(puller, 'sample').getManifest(image.split('@')[1] ?? '');
    expect((manifest as { annotations?: Record<string, string> }).annotations?.['org.opencontainers.image.base.digest']).toBe(digest);
    const imports = () => region.logged.filter((line) => line.includes('image imported'));
    expect(imports()).toEqual([expect.stringContaining(`docker.io/library/node@${digest}`)]);
    const mirrored = `sha256:${'c'.repeat(64)}`;
    dockerfile(`ARG BASE_IMAGE=node:24-bookworm-slim@${mirrored}\nFROM \${BASE_IMAGE}\nCOPY . .\nCMD ["node", "index.js"]\n`);
    await build({ CONTENT_HASH: '3'.repeat(64), BASE_IMAGE_REGISTRY: 'mirror.example/docker' });
    expect(imports().at(-1)).toContain(`mirror.example/docker/library/node@${mirrored}`);
    dockerfile(`FROM ${loginServer}/base/node@sha256:${'f'.repeat(64)}\nCOPY . .\n`);
    await expect(build({ CONTENT_HASH: '2'.repeat(64) })).rejects.toThrow(/base\/node@sha256:f+: manifest unknown/);
  });

  it('say which instruction failed the build', async () => {
    dockerfile('FROM node:24\nVOLUME /data\n');
    await expect(build({ CONTENT_HASH: 'b'.repeat(64) })).rejects.toThrow(/Dockerfile line 2: the instruction VOLUME is not supported/);
    dockerfile('FROM node:24\nCOPY missing /app\n');
    await expect(build({ CONTENT_HASH: 'c'.repeat(64) })).rejects.toThrow(/COPY missing: not found/);
  });

  it('are not built by an identity that may not schedule a run', async () => {
    region.assign(nobody, 'reader', registryId);
    await expect(build({ CONTENT_HASH: 'd'.repeat(64) }, pusher)).rejects.toMatchObject({ statusCode: 403, code: 'AuthorizationFailed' });
  });

  it('are not pulled without AcrPull, nor when they were never pushed', async () => {
    await expect(region.registry.pull(`${loginServer}/sample:${'a'.repeat(16)}`, region.identity('stranger'))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    await expect(region.registry.pull(`${loginServer}/sample:never`, puller)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });
});
