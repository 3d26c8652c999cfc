import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceAnswer, InferencePipeline } from '../../../../contracts/databus';
import { assessmentProblem } from '../../../../edge-sim/model-manager/assessment';
import { DeliveryStore } from '../../../../edge-sim/model-manager/deliveryStore';
import { DownloadError, type Download } from '../../../../edge-sim/model-manager/download';
import type { HubEvent, HubMessage } from '../../../../edge-sim/model-manager/hubConnection';
import type { InferenceQuestion } from '../../../../edge-sim/model-manager/inferenceClient';
import { ModelManager } from '../../../../edge-sim/model-manager/modelManager';

const packageId = '0f4e2c6a-1111-5000-8000-000000000001';
const sha256 = 'a'.repeat(64);
const deliveryId = '11111111-1111-4111-8111-111111111111';
const secret = 'https://account.blob.core.windows.net/packages/p.zip?sig=SECRET';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'factory-loop-aimm-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

class Site {
  readonly sent: HubEvent[] = [];
  readonly questions: InferenceQuestion[] = [];
  readonly pipelines: InferencePipeline[] = [];
  readonly logged: string[] = [];
  readonly told: string[] = [];
  hubIsDown = false;
  downloads: Download = async (_url, file) => {
    writeFileSync(file, 'zip');
    return { sha256, sizeBytes: 3 };
  };
  manager!: ModelManager;
  private handler: (message: HubMessage) => Promise<void> | void = () => undefined;

  async start(): Promise<this> {
    const store = await DeliveryStore.open(join(directory, 'model-manager', 'deliveries.json'), () => undefined);
    const hub = {
      onMessage: (handler: (message: HubMessage) => Promise<void> | void) => {
        this.handler = handler;
      },
      sendEvent: async (event: HubEvent) => {
        if (this.hubIsDown) throw new Error('hub is down');
        this.sent.push(event);
      },
      close: async () => undefined,
    };
    const ask = async (question: InferenceQuestion): Promise<InferenceAnswer> => {
      this.questions.push(question);
      if (question.kind === 'import')
        this.pipelines.push({
          packageId,
          packageVersion: '7',
          projectName: 'p',
          sha256: question.sha256,
          state: 'AVAILABLE',
          samplesIn: 0,
          results: 0,
        });
      if (question.kind === 'activate') this.pipelines.splice(0, 1, { ...(this.pipelines[0] as InferencePipeline), state: 'RUNNING' });
      return { id: '', ok: true, pipelines: [...this.pipelines], maxActivePipelines: 1 };
    };
    const surroundings = {
      hub,
      inference: { ask },
      download: ((url, file, maxBytes, stop) => this.downloads(url, file, maxBytes, stop)) as Download,
      freeBytes: async () => 1e9,
      telemetry: {
        log: (...entry: unknown[]) => {
          this.told.push(JSON.stringify(entry));
        },
      },
    };
    this.manager = new ModelManager(
      { siteDirectory: directory, minFreeBytes: 1, maxPackageBytes: 1e6 },
      store,
      surroundings,
      (...entry) => {
        this.logged.push(JSON.stringify(entry));
      },
    );
    await this.manager.start();
    return this;
  }

  receive(properties: Record<string, string>, body: unknown): Promise<void> | void {
    return this.handler({ messageId: randomUUID(), contentType: 'application/json', properties, body: Buffer.from(JSON.stringify(body)) });
  }
  announce = (attributes: object | undefined = { sha256, sizeBytes: 3 }) =>
    this.receive(
      { type: 'event', kind: 'newDelivery', deliveryId, projectId: randomUUID() },
      { packageId, packageVersion: '7', eventId: randomUUID(), timestamp: new Date().toISOString(), attributes },
    );
  respond = () =>
    this.receive(
      { type: 'data', kind: 'presignedUrlResponse', deliveryId, projectId: randomUUID() },
      { timestamp: new Date().toISOString(), attributes: { presignedUrl: secret } },
    );

  states = () =>
    this.sent
      .filter(({ properties }) => properties['type'] === 'state')
      .map(({ body }) => (JSON.parse(String(body)) as { state: string }).state);
  linkRequests = () => this.sent.filter(({ properties }) => properties['kind'] === 'presignedUrlRequest').length;
  async until(condition: () => boolean): Promise<void> {
    for (let attempt = 0; !condition(); attempt += 1) {
      if (attempt > 400) throw new Error(`not reached; states: ${this.states().join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

it("speaks Siemens' wire from the announcement to Success, and imports a re-announced delivery once", async () => {
  const site = await new Site().start();
  await site.announce();
  await site.until(() => site.linkRequests() === 1);
  await site.respond();
  await site.until(() => site.states().at(-1) === 'Success');
  await site.announce();
  await site.until(() => site.states().length === 9);
  await site.manager.close();
  expect(site.states()).toEqual([
    'Received',
    'Assessing',
    'UrlRequested',
    'Downloading',
    'Verifying',
    'Importing',
    'Activating',
    'Success',
    'Success',
  ]);
  expect(site.sent.map(({ properties }) => properties)).toEqual([
    ...Array(3).fill({ type: 'state', deliveryId }),
    { type: 'event', kind: 'presignedUrlRequest', deliveryId },
    ...Array(6).fill({ type: 'state', deliveryId }),
  ]);
  expect(site.questions.map(({ kind }) => kind)).toEqual(['status', 'import', 'activate']);
  expect(existsSync(join(directory, 'inbox', `${deliveryId}.zip`))).toBe(false);
  expect(site.told.join()).toContain('delivery from Activating to Success');
  expect([...site.logged, ...site.told, readFileSync(join(directory, 'model-manager', 'deliveries.json'), 'utf8')].join()).not.toContain(
    'SECRET',
  );
});

it('asks again when the link is refused', async () => {
  const site = await new Site().start();
  const works = site.downloads;
  site.downloads = async () => {
    throw new DownloadError('the storage account answered 403 AuthenticationFailed', true);
  };
  await site.announce(undefined);
  await site.until(() => site.linkRequests() === 1);
  await site.respond();
  await site.until(() => site.linkRequests() === 2);
  site.downloads = works;
  await site.respond();
  await site.until(() => site.states().at(-1) === 'Success');
  await site.manager.close();
  expect(site.questions.filter(({ kind }) => kind === 'import')).toHaveLength(1);
});

it('keeps its messages while the hub is away, over a restart, and sends them in order', async () => {
  const first = new Site();
  first.hubIsDown = true;
  await first.start();
  await first.announce();
  await first.until(() => first.logged.some((line) => line.includes('UrlRequested')));
  await first.manager.close();
  expect(first.sent).toEqual([]);

  const second = await new Site().start();
  await second.until(() => second.linkRequests() >= 2);
  expect(second.states().slice(0, 5)).toEqual(['Received', 'Assessing', 'UrlRequested', 'Assessing', 'UrlRequested']);
  await second.respond();
  await second.until(() => second.states().at(-1) === 'Success');
  await second.manager.close();
});

it('refuses a package that the inference server read as another one', async () => {
  const site = await new Site().start();
  site.downloads = async (_url, file) => {
    writeFileSync(file, 'zip');
    return { sha256: 'b'.repeat(64), sizeBytes: 3 };
  };
  await site.announce(undefined);
  await site.until(() => site.linkRequests() === 1);
  site.pipelines.push({ packageId, packageVersion: '7', projectName: 'p', sha256, state: 'AVAILABLE', samplesIn: 0, results: 0 });
  await site.respond();
  await site.until(() => site.states().at(-1) === 'Error');
  await site.manager.close();
  expect(site.questions.map(({ kind }) => kind)).not.toContain('activate');
});

it('survives messages that no cloud should send', async () => {
  const site = await new Site().start();
  await site.receive({}, {});
  await site.receive({ type: 'event', kind: 'newDelivery', deliveryId }, { packageId: 5 });
  await site.receive(
    { type: 'data', kind: 'presignedUrlResponse', deliveryId: 'unknown' },
    { timestamp: new Date().toISOString(), attributes: { presignedUrl: secret } },
  );
  await site.receive({ type: 'event', kind: 'newDelivery', deliveryId }, 'x'.repeat(70_000));
  await site.announce();
  await site.until(() => site.linkRequests() === 1);
  await site.manager.close();
  expect(site.states()).toEqual(['Received', 'Assessing', 'UrlRequested']);
});

it('puts an unreadable state file aside and starts', async () => {
  await (await new Site().start()).manager.close();
  writeFileSync(join(directory, 'model-manager', 'deliveries.json'), '{"half":');
  const site = await new Site().start();
  await site.announce();
  await site.until(() => site.linkRequests() === 1);
  await site.manager.close();
  expect(site.states()).toEqual(['Received', 'Assessing', 'UrlRequested']);
});

it('says why a site cannot take a package', () => {
  const running = (id: string): InferencePipeline => ({
    packageId: id,
    packageVersion: '1',
    projectName: 'p',
    sha256,
    state: 'RUNNING',
    samplesIn: 0,
    results: 0,
  });
  const facts = {
    freeBytes: 1_000,
    minFreeBytes: 100,
    packageBytes: 10,
    packageId,
    inference: { id: '', ok: true, pipelines: [] as InferencePipeline[], maxActivePipelines: 1 },
  };
  expect(assessmentProblem(facts)).toBeUndefined();
  expect(assessmentProblem({ ...facts, freeBytes: 120 })).toContain('free disk');
  expect(assessmentProblem({ ...facts, inference: undefined })).toContain('does not answer');
  expect(assessmentProblem({ ...facts, inference: { ...facts.inference, pipelines: [running('other')] } })).toContain('active pipelines');
  expect(assessmentProblem({ ...facts, inference: { ...facts.inference, pipelines: [running(packageId)] } })).toBeUndefined();
});
