import { linkShown } from '../contracts/aimmMessages';
import type { DatasetManifest } from '../contracts/datasetManifest';
import { digestFileName, packageFileName, packageFolder } from '../contracts/edgePackage';
import { modelFiles, modelSignature, parseModelUri } from '../contracts/modelCatalog';
import type { ReceivedDeviceMessage, EvidenceReader } from './evidenceReader';
import { quarantinedFiles } from './quarantinedFiles';
import type { Observation, Observer, RoundFacts, Step } from './step';

const done = (evidence: Record<string, unknown>): Observation => ({ ok: true, evidence });
const failed = (evidence: Record<string, unknown>): Observation => ({ ok: false, evidence });

/** A trigger is shown by the platform's own record of the execution that it started. */
const triggered = (id: string, title: string, program: string): Step => ({
  id,
  title,
  program,
  observe: async ({ reader, facts }) => {
    const [run] = await reader.jobRuns(program, facts.startedAt);
    return run && done({ job: program, execution: run.name, started: run.startedAt.toISOString() });
  },
});

const stateMessage = (messages: readonly ReceivedDeviceMessage[], ...states: string[]) =>
  messages.find((message) => message.type === 'state' && states.includes(String(message.body['state'])));
const shownBy = (message: ReceivedDeviceMessage) => ({
  deliveryId: message.deliveryId,
  device: message.deviceId,
  enqueued: message.enqueuedAt.toISOString(),
});

async function findDelivery({ reader, facts }: Observer): Promise<readonly ReceivedDeviceMessage[] | undefined> {
  const { packageId, packageVersion } = facts.model?.tags ?? {};
  if (packageId === undefined || packageVersion === undefined) return undefined;
  const record = await reader.delivery(packageId, packageVersion);
  if (record) facts.delivery = record;
  return record && reader.deviceMessages(record.deliveryId);
}

/** Every file of this round is in quarantine, so there will be no data version. */
async function nothingGood(reader: EvidenceReader, facts: RoundFacts): Promise<Observation> {
  if (facts.rawBlobs.length === 0) return undefined;
  const bad = new Set((await quarantinedFiles(reader)).map(({ blob }) => blob));
  return facts.rawBlobs.every((name) => bad.has(name))
    ? failed({ missing: 'no raw file can be used', files: facts.rawBlobs.length })
    : undefined;
}

/** Steps 1a to 10: from data to the running package. */
export const steps: readonly Step[] = [
  {
    id: '1a',
    title: 'raw data loaded and shaped',
    program: 'data-pipeline',
    observe: async ({ reader, facts }) => {
      const listsAll = ({ sources }: DatasetManifest) =>
        facts.recycled.every((blob) => sources.some((source) => source.origin === 'landing-zone' && source.name === blob));
      const manifest = await reader.manifest(facts.startedAt, listsAll);
      if (!manifest) return nothingGood(reader, facts);
      facts.manifest = manifest;
      const landingZone = manifest.sources.filter((source) => source.origin === 'landing-zone').length;
      return done({
        sources: manifest.sources.length,
        ...(landingZone > 0 ? { landingZone } : {}),
        rows: manifest.sources.reduce((sum, source) => sum + source.rows, 0),
        windows: manifest.windowCount,
        labelled: manifest.labelled,
      });
    },
    doneBefore: async (failure, { reader }) => {
      const { rawContainer, processedContainer, dataset } = reader.outputs;
      if (!String(failure['scope']).endsWith(`/containers/${processedContainer}`)) return undefined;
      return done({
        execution: failure['execution'],
        rawBlobs: (await reader.list(reader.container('data', rawContainer), `${dataset}/`)).length,
      });
    },
  },
  {
    id: '1b',
    title: 'processed data saved',
    program: 'data-pipeline',
    observe: async ({ reader, facts }) => {
      if (!facts.manifest) return undefined;
      const blob = await reader.blob(reader.container('data', reader.outputs.processedContainer), facts.manifest.windowsPath);
      return blob && done({ dataVersion: facts.manifest.dataVersion, blob: blob.name, sha256: blob.sha256, sizeBytes: blob.sizeBytes });
    },
  },
  triggered('2', 'model development triggered', 'model-development'),
  {
    id: '3a',
    title: 'model trained',
    program: 'model-development',
    observe: async ({ reader, facts }) => {
      const job = facts.manifest && (await reader.trainingJob(facts.manifest.dataVersion));
      if (!job) return undefined;
      if (job.status === 'Completed') return done({ job: job.name, status: job.status });
      return job.status === 'Failed' || job.status === 'Canceled' ? failed({ job: job.name, status: job.status }) : undefined;
    },
  },
  {
    id: '3b',
    title: 'model in the catalog',
    program: 'model-development',
    observe: async ({ reader, facts }) => {
      const model = facts.manifest && (await reader.modelVersion(facts.manifest.dataVersion));
      if (!model) return undefined;
      facts.model = model;
      const folder = parseModelUri(model.modelUri).path.replace(/\/$/, '');
      const container = reader.container('ml', reader.outputs.modelsContainer);
      const [onnx, signatureText] = await Promise.all([
        reader.blob(container, `${folder}/${modelFiles.onnx}`),
        reader.text(container, `${folder}/${modelFiles.signature}`),
      ]);
      if (!onnx || signatureText === undefined) return undefined;
      const signature = modelSignature.parse(JSON.parse(signatureText));
      return {
        ok: signature.onnxSha256 === onnx.sha256,
        evidence: {
          model: reader.outputs.modelName,
          version: model.version,
          dataVersion: model.tags.dataVersion,
          sha256: onnx.sha256,
          sizeBytes: onnx.sizeBytes,
        },
      };
    },
  },
  triggered('4', 'validation triggered', 'validate-and-package'),
  {
    id: '5a',
    title: 'model validated',
    program: 'validate-and-package',
    observe: async ({ reader, facts }) => {
      const model = facts.manifest && (await reader.modelVersion(facts.manifest.dataVersion));
      if (!model || model.tags.stage === 'candidate') return undefined;
      facts.model = model;
      const gate = Object.fromEntries(Object.entries(model.tags).filter(([key]) => key.startsWith('gate')));
      return model.tags.stage === 'rejected'
        ? {
            ok: false,
            final: true,
            evidence: { version: model.version, stage: model.tags.stage, because: model.tags.rejectedBecause, ...gate },
          }
        : done({ version: model.version, stage: model.tags.stage, ...gate });
    },
  },
  {
    id: '5b',
    title: 'package saved',
    program: 'validate-and-package',
    observe: async ({ reader, facts }) => {
      const model = facts.manifest && (await reader.modelVersion(facts.manifest.dataVersion));
      const { packageId, packageVersion } = model?.tags ?? {};
      if (!model || packageId === undefined || packageVersion === undefined) return undefined;
      facts.model = model;
      const container = reader.container('edge', reader.outputs.packagedModelsContainer);
      const folder = packageFolder(packageId, packageVersion);
      const digest = (await reader.list(container, `${folder}/`)).find((blob) => blob.name.endsWith('.sha256'));
      const [sha256 = '', file = ''] = (digest && (await reader.text(container, digest.name)))?.split('  ') ?? [];
      const blob = file === '' ? undefined : await reader.blob(container, `${folder}/${file}`);
      if (!blob) return undefined;
      facts.packageBlob = { name: blob.name, sha256: blob.sha256 };
      const name = file.replace(/-edge_.*$/, '');
      const named = file === packageFileName(name, packageVersion) && digest?.name === `${folder}/${digestFileName(name, packageVersion)}`;
      return {
        ok: named && blob.sha256 === sha256,
        evidence: { package: file, packageId, version: packageVersion, sha256: blob.sha256, sizeBytes: blob.sizeBytes },
      };
    },
  },
  triggered('6', 'delivery triggered', 'tag-and-deliver'),
  {
    id: '7',
    title: 'tagged, in the registry',
    program: 'tag-and-deliver',
    observe: async ({ reader, facts }) => {
      const model = facts.manifest && (await reader.modelVersion(facts.manifest.dataVersion));
      if (model?.tags.taggedAt === undefined) return undefined;
      facts.model = model;
      const [image, edgePackage] = await Promise.all([
        reader.artifact(reader.outputs.modelRepository, model.version),
        reader.artifact(reader.outputs.packageRepository, model.tags.packageVersion ?? ''),
      ]);
      return (
        image &&
        edgePackage && {
          ok: image.digest === model.tags.modelDigest && edgePackage.digest === model.tags.packageDigest,
          evidence: {
            model: image.digest,
            package: edgePackage.digest,
            pipelineVersion: model.tags.pipelineVersion,
            taggedAt: model.tags.taggedAt,
          },
        }
      );
    },
  },
  {
    id: '8a',
    title: 'delivery announced',
    program: 'delivery',
    observe: async (observer) => {
      const messages = await findDelivery(observer);
      const { delivery } = observer.facts;
      if (delivery?.state === 'AwaitingApproval') {
        if (!observer.approve)
          return failed({ deliveryId: delivery.deliveryId, missing: 'the delivery waits for the approval of a person' });
        await observer.approve(delivery.deliveryId);
        return undefined;
      }
      if (delivery?.state === 'Rejected')
        return failed({
          deliveryId: delivery.deliveryId,
          missing: `${delivery.decision?.by ?? 'a person'} rejected the delivery`,
          reason: delivery.decision?.reason,
        });
      const received = messages && (stateMessage(messages, 'Received') ?? messages[0]);
      return (
        received &&
        done({ ...shownBy(received), packageId: delivery?.packageId, ...(delivery?.decision ? { approvedBy: delivery.decision.by } : {}) })
      );
    },
  },
  {
    id: '8b',
    title: 'site ready, link asked for',
    program: 'delivery',
    observe: async (observer) => {
      const request = (await findDelivery(observer))?.find((message) => message.kind === 'presignedUrlRequest');
      return request && done(shownBy(request));
    },
  },
  {
    id: '8c',
    title: 'SAS link made',
    program: 'delivery',
    observe: async (observer) => {
      const messages = await findDelivery(observer);
      const link = linkShown.safeParse((messages && stateMessage(messages, 'Downloading'))?.body['link']);
      if (!link.success) return undefined;
      const { blob, permissions, expiresAt } = link.data;
      return {
        ok: blob.endsWith(`/${observer.facts.packageBlob?.name ?? ''}`) && permissions === 'r',
        evidence: { blob, permissions, expires: expiresAt },
      };
    },
  },
  {
    id: '8d',
    title: 'link sent and received',
    program: 'delivery',
    observe: async (observer) => {
      const messages = await findDelivery(observer);
      const downloading = messages && stateMessage(messages, 'Downloading');
      return downloading && done(shownBy(downloading));
    },
  },
  {
    id: '9',
    title: 'package downloaded',
    program: 'delivery',
    observe: async (observer) => {
      const messages = await findDelivery(observer);
      const error = messages && stateMessage(messages, 'Error');
      if (error) return failed({ ...shownBy(error), reason: error.body['reason'] });
      const verifying = messages && stateMessage(messages, 'Importing', 'Activating', 'Success');
      if (!verifying) return undefined;
      if (!observer.site) return done({ ...shownBy(verifying), reported: verifying.body['state'] });
      const [pipeline] = (await observer.site.status()).pipelines.filter((found) => found.sha256 === observer.facts.packageBlob?.sha256);
      return pipeline && done({ deliveryId: verifying.deliveryId, sha256: pipeline.sha256 });
    },
  },
  {
    id: '10',
    title: 'package deployed',
    program: 'delivery',
    observe: async (observer) => {
      const messages = await findDelivery(observer);
      const error = messages && stateMessage(messages, 'Error');
      if (error) return failed({ ...shownBy(error), reason: error.body['reason'] });
      const { delivery } = observer.facts;
      const success = messages && stateMessage(messages, 'Success');
      if (!observer.site)
        return (
          success &&
          done({
            packageId: delivery?.packageId,
            version: delivery?.packageVersion,
            reported: 'Success',
            at: success.enqueuedAt.toISOString(),
          })
        );
      const pipeline = (await observer.site.status()).pipelines.find(
        (running) =>
          running.packageId === delivery?.packageId && running.packageVersion === delivery.packageVersion && running.state === 'RUNNING',
      );
      return pipeline && success
        ? done({ packageId: pipeline.packageId, version: pipeline.packageVersion, state: pipeline.state, reported: 'Success' })
        : undefined;
    },
  },
];
