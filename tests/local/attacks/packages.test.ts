import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ContainerRegistryContentClient, type OciImageManifest } from '@azure/container-registry';
import { pack } from 'tar-stream';
import { PackageStore } from '../../../edge-sim/inference-server/packageStore';
import { zipOf } from '../../unit/support/samplePackage';
import { attackedRegion, ids, type AttackedRegion } from '../support/attackedRegion';

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe('an edge package', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packages-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  /** All of the site's directory, so that a file anywhere in it would be seen. */
  const files = () => readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();

  it.each(['../../../evil.sh', '/tmp/evil.shx', 'components/../../e', 'a\\..\\..\\evil.s'])(
    'with the entry %s is refused whole, and nothing of it is on the disk',
    async (entry) => {
      const store = await PackageStore.open(directory, () => undefined);
      const placeholder = 'x'.repeat(entry.length);
      const zip = Buffer.from(
        (await zipOf({ 'pipeline_config.yml': 'content', [placeholder]: 'content' })).toString('latin1').replaceAll(placeholder, entry),
        'latin1',
      );
      const inbox = files().find((name) => name.endsWith('inbox')) ?? '';
      writeFileSync(join(directory, inbox, 'package.zip'), zip);
      const before = files();
      await expect(store.import('package.zip', sha256(zip))).rejects.toThrow(/the archive is refused/);
      expect(files()).toEqual(before);
      expect(store.list()).toEqual([]);
      expect(existsSync(join(directory, '..', 'evil.sh'))).toBe(false);
    },
  );
});

describe('an image', () => {
  let attacked: AttackedRegion;
  beforeAll(async () => {
    attacked = await attackedRegion();
  });
  afterAll(() => attacked.stop());

  it.each(['../../escaped', '/escaped', 'a/../../escaped'])('with the layer entry %s is not unpacked', async (name) => {
    const pusher = attacked.identity('pusher');
    if (attacked.context.roles.all().every(({ principalId }) => principalId !== pusher.objectId))
      attacked.assign(pusher, 'acrPush', ids.registry);
    const tar = pack();
    tar.entry({ name }, 'content');
    tar.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
    const layer = Buffer.concat(chunks);
    const client = new ContainerRegistryContentClient(`https://${attacked.loginServer}`, 'programs/evil', attacked.credential(pusher));
    const pushed = await client.uploadBlob(gzipSync(layer));
    const config = await client.uploadBlob(
      Buffer.from(JSON.stringify({ config: {}, rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] } })),
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.sizeInBytes },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: pushed.digest, size: pushed.sizeInBytes }],
    };
    const { digest } = await client.setManifest(manifest as OciImageManifest);
    const images = () =>
      readdirSync(attacked.directory, { recursive: true, encoding: 'utf8' }).filter(
        (file) => file.includes('escaped') || /images\/.+/.test(file),
      );
    const refusals = await attacked.refusals(() =>
      expect(attacked.region.containerRegistry.pull(`${attacked.loginServer}/programs/evil@${digest}`, pusher)).rejects.toThrow(
        /points outside/,
      ),
    );
    expect(refusals).toEqual([
      expect.objectContaining({
        service: 'container-registry',
        status: 400,
        identity: 'pusher',
        scope: ids.registry,
        reason: expect.stringMatching(/is not unpacked: .*points outside/) as string,
      }),
    ]);
    expect(images()).toEqual([]);
  });
});
