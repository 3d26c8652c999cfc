import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackOutputs } from '../../contracts/stackOutputs';
import { comparable } from './comparison';
import { EngineRegion, root, type EngineRun } from './engineRegion';
import { engineMissing, olderNode } from './engineLane';
import { leftovers, regionState, runningPrograms } from './regionState';
import { neverUpdated, updateCases } from './updateCases';

jest.setTimeout(300_000);
const missing = engineMissing();
if (missing !== undefined) console.log(missing);

/** Fails with what the CLI said. */
function succeeded(run: EngineRun): EngineRun {
  if (run.status !== 0) throw new Error(`the CLI ended with ${run.status}:\n${run.output}`);
  return run;
}
const inputAt = (inputs: unknown, path: string) =>
  path.split('.').reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], inputs);

/** The cases build on each other: one region, one stack `alpha` from its first preview to its end. */
(missing === undefined ? describe : describe.skip)('the real engine', () => {
  let engine: EngineRegion;
  let empty: readonly string[];
  const figures: Record<string, string> = {};
  const figure = (name: string, run: EngineRun) =>
    (figures[name] = `${(run.durationMs / 1_000).toFixed(1)} s ${JSON.stringify(run.changes)}`);
  const find = (stack: string, type: string, name: string) => {
    const found = engine.resources(stack).find((one) => one.type === type && one.name === name);
    if (!found) throw new Error(`${stack} has no ${type} ${name}`);
    return found;
  };

  beforeAll(async () => {
    engine = await EngineRegion.start('engine-test');
    empty = regionState(engine.region.context.directory);
    await engine.configure('alpha');
  });
  afterAll(async () => {
    console.log(
      Object.entries(figures)
        .map(([name, text]) => `${name.padEnd(24)}${text}`)
        .join('\n'),
    );
    await engine?.stop();
  });

  it('previews an empty stack, with everything that only a deployment knows unknown, and makes nothing', async () => {
    const run = succeeded(await engine.run('preview', 'alpha'));
    figure('preview', run);
    expect(Object.keys(run.changes)).toEqual(['create']);
    expect(engine.resources('alpha')).toEqual([]);
    expect(leftovers(empty, regionState(engine.region.context.directory))).toEqual([]);
  });

  it.each([
    [
      'a container name',
      'azure-native:storage:BlobContainer::data-raw',
      { containerName: 'Raw_Data' },
      /containerName is \\?"Raw_Data\\?": 3 to 63 lower case letters/,
    ],
    [
      'the name of a vault',
      'azure-native:resources:Resource::ml-vault',
      { resourceName: 'kv-a-name-that-is-longer-than-24' },
      /resourceName is \\?"kv-a-name-that-is-longer-than-24\\?": a vault name of 3 to 24 letters/,
    ],
    ['the tier of a hub', 'azure-native:iothub:IotHubResource::messages', { sku: { name: 'B1', capacity: 1 } }, /sku\.name is \\?"B1\\?"/],
  ])('refuses %s that Azure refuses, in the preview already', async (_, resource, set, reason) => {
    const { status, output } = await engine.run('preview', 'alpha', { changes: { set: { [resource]: set } } });
    expect(status).not.toBe(0);
    expect(output).toMatch(reason);
    expect(leftovers(empty, regionState(engine.region.context.directory))).toEqual([]);
  });

  it('passes the considerations of the architecture, and is refused by the rule whose property is broken', async () => {
    const judged = succeeded(await engine.run('preview', 'alpha', { policies: true }));
    expect(judged.output).toMatch(/✅ factory-loop@v/);
    const changes = { set: { 'azure-native:storage:StorageAccount::data': { allowSharedKeyAccess: true } } };
    const { status, output } = await engine.run('preview', 'alpha', { policies: true, changes });
    expect(status).not.toBe(0);
    expect([...output.matchAll(/\[mandatory\]\s+([\w-]+)\s+\(([^)]*)\)/g)].map(([, rule, resource]) => `${rule} ${resource}`)).toEqual([
      'entra-only azure-native:storage:StorageAccount: data',
    ]);
    expect(leftovers(empty, regionState(engine.region.context.directory))).toEqual([]);
  });

  it('brings the stack up', async () => {
    const run = succeeded(await engine.run('up', 'alpha'));
    figure('first up', run);
    expect(Object.keys(run.changes)).toEqual(['create']);
    for (const { type, id } of engine.resources('alpha')) expect(await engine.region.catalogue.resource(type)?.read(id)).toBeDefined();
  });

  it('finds nothing to do the second time', async () => {
    const run = succeeded(await engine.run('up', 'alpha'));
    figure('up without a change', run);
    expect(run.operations).toEqual([]);
    expect(Object.keys(run.changes)).toEqual(['same']);
  });

  it('gives the outputs that the contract names, none of them secret', async () => {
    const { status, stdout } = await engine.cli('stack', 'output', '--json', '--stack', 'alpha');
    expect(status).toBe(0);
    const outputs = JSON.parse(stdout) as Record<string, unknown>;
    expect(stackOutputs.parse(outputs)).toMatchObject({ factory: 'alpha', rawContainer: 'raw' });
    expect(stdout).not.toContain('[secret]');
    const documented = [...readFileSync(join(root, 'docs', 'outputs.md'), 'utf8').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(Object.keys(outputs).sort()).toEqual(documented.sort());
  });

  it('updates one resource of every type in place, and nothing else; the services have what is declared', async () => {
    const types = [...new Set(engine.resources('alpha').map(({ type }) => type))].sort();
    expect([...Object.keys(updateCases), ...Object.keys(neverUpdated)].sort()).toEqual(types);
    const set = Object.fromEntries(
      Object.entries(updateCases).map(([type, { name, path, value }]) => [`${type}::${name}`, { [path]: value }]),
    );
    const changed = Object.keys(set)
      .map((one) => `update ${one}`)
      .sort();

    expect(succeeded(await engine.run('up', 'alpha', { changes: { set } })).operations).toEqual(changed);
    for (const [type, { name, path, value }] of Object.entries(updateCases)) {
      const { id, inputs } = find('alpha', type, name);
      expect([type, inputAt(inputs, path)]).toEqual([type, value]);
      expect([type, inputAt(await engine.region.catalogue.resource(type)?.read(id), path)]).toEqual([type, value]);
    }
    expect(succeeded(await engine.run('refresh', 'alpha', { flags: ['--expect-no-changes'] })).operations).toEqual([]);
    expect(succeeded(await engine.run('up', 'alpha')).operations).toEqual(changed);
  });

  it('replaces what a change cannot update, what cannot live without it, and nothing more', async () => {
    const before = new Map(engine.resources('alpha').map(({ urn, id }) => [urn, id]));
    const changes = { set: { 'azure-native:storage:Queue::data-delivery': { queueName: 'deliveries-two' } } };
    const run = succeeded(await engine.run('up', 'alpha', { changes }));
    const replaced = run.operations.filter((one) => one.startsWith('replace ')).map((one) => one.slice('replace '.length));
    expect(replaced).toEqual([
      'azure-native:authorization:RoleAssignment::delivery-queueMessageProcessor-queue-delivery',
      'azure-native:authorization:RoleAssignment::tag-and-deliver-queueMessageSender-queue-delivery',
      'azure-native:storage:Queue::data-delivery',
    ]);
    expect(run.operations.filter((one) => one.startsWith('update '))).toEqual([
      'update azure-native:app:ContainerApp::delivery',
      'update azure-native:app:Job::tag-and-deliver',
    ]);
    expect(
      engine
        .resources('alpha')
        .filter(({ urn, id }) => before.get(urn) !== id)
        .map(({ type, name }) => `${type}::${name}`)
        .sort(),
    ).toEqual(replaced);
    expect(
      engine.region.storage.resources.has(
        before.get(find('alpha', 'azure-native:storage:Queue', 'data-delivery').urn)?.toLowerCase() ?? '',
      ),
    ).toBe(false);
    succeeded(await engine.run('up', 'alpha'));
  });

  it('finds by refresh what was changed and deleted behind its back, and repairs it', async () => {
    const deleted = [
      ['azure-native:storage:BlobContainer', 'data-quarantine'],
      ['azure-native:authorization:RoleAssignment', 'data-pipeline-acrPull-registry'],
      ['azure-native:eventgrid:SystemTopicEventSubscription', 'package-created'],
    ] as const;
    for (const [type, name] of deleted) await engine.region.catalogue.resource(type)?.delete(find('alpha', type, name).id, {});
    const { id, inputs, outputs, urn, name } = find('alpha', 'azure-native:app:Job', 'validate-and-package');
    await engine.region.catalogue
      .resource('azure-native:app:Job')
      ?.update(id, { name, urn, inputs: { ...inputs, tags: { by: 'hand' } }, old: outputs });

    const refreshed = succeeded(await engine.run('refresh', 'alpha'));
    expect(refreshed.changes).toMatchObject({ delete: deleted.length, update: 1 });
    const kept = new Set(engine.resources('alpha').map((one) => `${one.type}::${one.name}`));
    expect(deleted.filter(([type, one]) => kept.has(`${type}::${one}`))).toEqual([]);
    expect(find('alpha', 'azure-native:app:Job', 'validate-and-package').inputs['tags']).toEqual({ by: 'hand' });

    const repaired = succeeded(await engine.run('up', 'alpha'));
    expect(repaired.operations.filter((one) => one.startsWith('create '))).toEqual(
      deleted.map(([type, one]) => `create ${type}::${one}`).sort(),
    );
    expect(repaired.operations.filter((one) => one.startsWith('update '))).toContain('update azure-native:app:Job::validate-and-package');
    expect(succeeded(await engine.run('up', 'alpha')).operations).toEqual([]);
  });

  it('keeps no secret in clear in its state, nor in the history and the backups of it', async () => {
    const hush = 'hush-5fd1c9a07be24b0f';
    succeeded(
      await engine.run('up', 'alpha', { changes: { command: { name: 'tells-a-secret', create: 'echo "it is $HUSH"', secret: hush } } }),
    );
    const { text, resources } = engine.checkpoint('alpha');
    expect(resources.some(({ name }) => name === 'tells-a-secret')).toBe(true);
    const vaultSecrets = readFileSync(join(engine.region.context.directory, 'key-vault', 'secrets.jsonl'), 'utf8');
    const privateKeys = [...vaultSecrets.matchAll(/-----BEGIN PRIVATE KEY-----(?:\\n|\\\\n)([A-Za-z0-9+/=]{20,})/g)].map(
      ([, line = '']) => line,
    );
    expect(privateKeys.length).toBeGreaterThan(0);
    const kept = engine.backendFiles();
    for (const folder of ['stacks', 'history', 'backups'])
      expect([
        folder,
        kept.filter(({ name, content }) => name.startsWith(join('.pulumi', folder)) && content.includes('tells-a-secret')).length > 0,
      ]).toEqual([folder, true]);
    for (const { name, content } of [...kept, { name: 'checkpoint', content: text }]) {
      expect([name, [hush, 'PRIVATE KEY', ...privateKeys].filter((secret) => content.includes(secret))]).toEqual([name, []]);
      // Tokens are JSON Web Tokens, keys of accounts are 64 bytes in base64.
      expect([name, content.match(/\beyJ[\w-]{20,}\.[\w-]{20,}\./)?.[0]]).toEqual([name, undefined]);
      expect([name, content.match(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==/)?.[0]]).toEqual([name, undefined]);
    }
    succeeded(await engine.run('up', 'alpha'));
  });

  describe('with a second factory beside it', () => {
    const breaking = { command: { name: 'breaks', create: 'echo "no more of this" >&2; exit 3' } };

    it('goes on after a resource that failed', async () => {
      await engine.configure('bravo');
      const failed = await engine.run('up', 'bravo', { changes: breaking });
      expect(failed.status).not.toBe(0);
      expect(failed.output).toMatch(/breaks[\s\S]*CommandFailed[\s\S]*exit code 3[\s\S]*no more of this/);
      const { pending, resources } = engine.checkpoint('bravo');
      expect({ pending, broken: resources.filter(({ name }) => name === 'breaks') }).toEqual({ pending: 0, broken: [] });
    });

    it('is killed in the middle, and up ends as one that nobody disturbed', async () => {
      const before = engine.resources('bravo').length;
      const killed = await engine.killedUp('bravo', before + 40);
      expect(killed.status).not.toBe(0);
      const half = engine.resources('bravo').length;
      expect(half).toBeLessThan(engine.resources('alpha').length);
      expect((await engine.run('up', 'bravo')).output).toMatch(/locked/);
      expect((await engine.cli('cancel', '--yes', '--stack', 'bravo')).status).toBe(0);
      succeeded(await engine.run('up', 'bravo'));
      expect(comparable(engine.resources('bravo'), ['bravo'])).toEqual(comparable(engine.resources('alpha'), ['alpha']));
      expect(succeeded(await engine.run('up', 'bravo')).operations).toEqual([]);
      // The engine notes what it was creating until a refresh has looked.
      expect(
        succeeded(await engine.run('refresh', 'bravo', { flags: ['--clear-pending-creates', '--expect-no-changes'] })).operations,
      ).toEqual([]);
      expect(engine.checkpoint('bravo').pending).toBe(0);
    });

    it('shares nothing with it', async () => {
      const ids = new Set(engine.resources('alpha').map(({ id }) => id));
      expect(engine.resources('bravo').filter(({ id }) => ids.has(id))).toEqual([]);
      expect(succeeded(await engine.run('up', 'alpha')).operations).toEqual([]);
      figure('destroy', succeeded(await engine.run('destroy', 'bravo')));
      expect(engine.resources('bravo')).toEqual([]);
      expect(succeeded(await engine.run('up', 'alpha')).operations).toEqual([]);
      expect(succeeded(await engine.run('refresh', 'alpha', { flags: ['--expect-no-changes'] })).operations).toEqual([]);
    });
  });

  it('gives the same programs as a platform and a factory in stacks of their own', async () => {
    await engine.configure('ground', { parts: 'platform' });
    await engine.configure('delta', { parts: 'factory', platformStack: 'organization/factory-loop/ground' });
    const early = await engine.run('preview', 'delta');
    expect(early.status).not.toBe(0);
    expect(early.output).toMatch(/platformStack is organization\/factory-loop\/ground: it exports no platform; deploy it first/);
    succeeded(await engine.run('up', 'ground'));
    succeeded(await engine.run('up', 'delta'));
    expect(succeeded(await engine.run('up', 'delta')).operations).toEqual([]);
    const both = [...engine.resources('ground'), ...engine.resources('delta')];
    expect(comparable(both, ['ground', 'delta'])).toEqual(comparable(engine.resources('alpha'), ['alpha']));
    succeeded(await engine.run('destroy', 'delta'));
    expect(succeeded(await engine.run('up', 'ground')).operations).toEqual([]);
    succeeded(await engine.run('destroy', 'ground'));
  });

  const old = missing === undefined ? olderNode() : undefined;
  if (missing === undefined && old === undefined)
    console.log('skipped: no Node older than 22 on PATH, in /usr/bin or /usr/local/bin; FACTORY_LOOP_OLD_NODE may name the folder of one');
  (old === undefined ? it.skip : it)('says in one line which Node it needs when the CLI finds an older one', async () => {
    const { status, output } = await engine.run('preview', 'alpha', { node: old ?? '' });
    expect(status).not.toBe(0);
    expect(output.split('\n').filter((line) => /^\s*error:/.test(line))).toEqual([
      expect.stringMatching(/The Pulumi program needs Node 22 or newer, this is v\d+/),
    ]);
  });

  it('leaves the region empty when it is destroyed, and comes up again', async () => {
    expect(runningPrograms(engine.region.context.directory)).not.toEqual([]);
    succeeded(await engine.run('destroy', 'alpha'));
    expect(runningPrograms(engine.region.context.directory)).toEqual([]);
    expect(leftovers(empty, regionState(engine.region.context.directory))).toEqual([]);
    succeeded(await engine.run('up', 'alpha'));
    expect(succeeded(await engine.run('up', 'alpha')).operations).toEqual([]);
    succeeded(await engine.run('destroy', 'alpha'));
    expect(leftovers(empty, regionState(engine.region.context.directory))).toEqual([]);
  });
});
